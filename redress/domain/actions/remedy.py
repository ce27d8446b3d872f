"""Agreed actions that are done."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import LogEntry
from redress.domain.messages import CompleteRemedy
from redress.domain.outcome import APPLIED, Outcome, refused
from redress.domain.state import ComplaintState


@carries_out(CompleteRemedy)
def complete_remedy(state: ComplaintState, entry: LogEntry, message: CompleteRemedy) -> Outcome:
    """An agreed action was done."""
    agreed = state.remedies.numbered(message.remedy)
    if agreed is None:
        return refused(f"There is no remedy {message.remedy}; {len(state.remedies)} are agreed.")
    if agreed.done_on is not None:
        return refused(f"Remedy {message.remedy} was done on {agreed.done_on.isoformat()} already.")
    state.remedies.complete(agreed, message.on, assumed=entry.assumed)
    return APPLIED
