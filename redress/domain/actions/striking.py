"""Striking out what came by mistake."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import StrikeOut
from redress.domain.state import ComplaintState


@carries_out(StrikeOut)
def strike_out(state: ComplaintState, entry: LogEntry, message: StrikeOut) -> Outcome:
    """Nothing is left to do: what it strikes out never came (`redress.domain.folding`)."""
    if state.strikes.made_by(entry.seq) is None:
        return refused(
            "message: no message of that id in this complaint is dated before this one and can be struck out."
        )
    return APPLIED
