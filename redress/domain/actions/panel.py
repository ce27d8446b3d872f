"""Calling the Review Panel."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.deadline import Deadline
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import SchedulePanel
from redress.domain.state import ComplaintState


def _judge_day(state: ComplaintState, entry: LogEntry, message: SchedulePanel, limit: Deadline) -> None:
    """A day later than the limit is a breach to come, unless the complainant wished it."""
    asked = message.at_request_of == "complainant"
    offered = message.offered_on is not None and message.offered_on <= limit.due_on
    if message.meeting_on <= limit.due_on:
        state.deadlines.excuse(limit, None)
    elif asked and offered:
        state.deadlines.excuse(limit, message.meeting_on)
    else:
        state.deadlines.excuse(limit, None)
        last = limit.due_on.isoformat()
        why = "; no day within it is recorded as offered (offered_on)" if asked else ""
        state.note_irregular(entry, f"the panel is called for later than its limit, {last}{why}")


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
    if limit is not None and limit.is_open:
        _judge_day(state, entry, message, limit)
    sitting = state.latest.get("panel_sitting")
    if sitting is not None and sitting.is_open:
        state.deadlines.renew_until(sitting.limit, message.on, max(message.meeting_on, message.on))
    state.call_panel(message.meeting_on, message.on, assumed=entry.assumed)
    state.effects.send("panel_date", entry)
    return APPLIED
