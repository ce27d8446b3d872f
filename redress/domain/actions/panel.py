"""Calling the Review Panel."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import SchedulePanel
from redress.domain.state import ComplaintState


@carries_out(SchedulePanel)
def schedule_panel(state: ComplaintState, entry: LogEntry, message: SchedulePanel) -> Outcome:
    """The panel is called: papers count back from its day."""
    if not state.procedure.knows("panel_scheduled"):
        return refused("This procedure has no Review Panel.")
    if state.closed_on is not None:
        return refused("The complaint is closed: no panel can be called.")
    if state.stage != "stage_3":
        return state.wait(entry, "No panel has been asked for yet; the date is kept until one is.")
    if "panel_held" in state.reached:
        return refused("The panel has met already.")
    if message.meeting_on < message.on:
        state.note_irregular(entry, "the panel was called for a day that had passed")
    limit = state.latest.get("panel_meeting")
    if limit is not None and limit.is_open and message.meeting_on > limit.due_on:
        last = limit.due_on.isoformat()
        state.note_irregular(entry, f"the panel is called for later than its limit, {last}")
    state.call_panel(message.meeting_on, message.on, assumed=entry.assumed)
    state.effects.send("panel_date", entry)
    return APPLIED
