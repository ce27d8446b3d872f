"""The acknowledgement of the complaint, or of the request for a later stage."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import LogEntry
from redress.domain.messages import Acknowledge
from redress.domain.outcome import APPLIED, Outcome
from redress.domain.state import ComplaintState


@carries_out(Acknowledge)
def acknowledge(state: ComplaintState, entry: LogEntry, message: Acknowledge) -> Outcome:
    """The acknowledgement goes out; where none is owed, that is noted."""
    stage = state.stage_rules
    milestones = ("acknowledged", f"acknowledged:{stage.name}")
    if not any(milestone in d.limit.met_by for d in state.running for milestone in milestones):
        state.note_irregular(entry, "nothing is waiting to be acknowledged")
        return APPLIED
    for milestone in milestones:
        state.deadlines.reach(milestone, message.on, assumed=entry.assumed)
    state.effects.send(stage.acknowledgement_letter, entry)
    return APPLIED
