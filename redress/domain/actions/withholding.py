"""Keeping a document, or part of it, from somebody."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome
from redress.domain.messages import Withhold
from redress.domain.state import ComplaintState


@carries_out(Withhold)
def withhold(state: ComplaintState, entry: LogEntry, message: Withhold) -> Outcome:
    """Recorded, whatever the complaint's state: papers go out after it has closed, too. It stops no clock."""
    state.enclosures.withheld.append(message)
    return APPLIED
