"""Settling a complaint informally."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import LogEntry
from redress.domain.messages import ResolveInformally
from redress.domain.outcome import APPLIED, Outcome, refused
from redress.domain.state import ComplaintState


@carries_out(ResolveInformally)
def resolve_informally(state: ComplaintState, entry: LogEntry, message: ResolveInformally) -> Outcome:
    """Settled informally: closes only where the person agrees."""
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    if state.stage not in ("intake", "informal", "stage_1"):
        return refused("An informal settlement belongs before or in Stage 1; this is a later stage.")
    state.deadlines.reach("informally_tried", message.on, assumed=entry.assumed)
    if message.agreed:
        state.close("resolved", "resolved", entry)
    else:
        state.effects.send("informal_not_settled", entry)
    return APPLIED
