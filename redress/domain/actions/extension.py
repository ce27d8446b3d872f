"""More time for the answer at the current stage."""

from __future__ import annotations

from datetime import date

from redress.domain.actions.registry import carries_out
from redress.domain.deadline import Deadline
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Extend
from redress.domain.state import ComplaintState


@carries_out(Extend)
def extend(state: ComplaintState, entry: LogEntry, message: Extend) -> Outcome:
    """More time at this stage, up to the most that the procedure allows."""
    if state.closed_on is not None:
        return refused("The complaint is closed: nothing runs that could be extended.")
    deadline = state.latest.get(state.stage_rules.response)
    if deadline is None or not deadline.is_open:
        return refused("No answer is owed at this stage, so nothing can be extended.")
    most = deadline.most(state.calendar)
    until = message.until or most
    if until is not None and most is not None and until > most and entry.seq in state.granted:
        state.capped[entry.seq] = until = (
            most  # it was given in time, on a date that has been corrected since
        )
    why_not = _forbidden(deadline, most) or _unfit(deadline, most, until, message.on)
    if why_not or until is None:
        return refused(why_not)
    before = deadline.due_on
    state.deadlines.extend(deadline, until, message.reason)
    state.effects.send(
        "extension", entry, deadline=deadline.name, before=before.isoformat(), due_on=until.isoformat()
    )
    return APPLIED


def _forbidden(deadline: Deadline, most: date | None) -> str:
    """Why a limit cannot be extended at all, or not once more; empty: it can."""
    limit = deadline.limit
    if most is None and not limit.extend_freely:
        return f"{limit.title}: the rule allows no extension ({limit.source})."
    if limit.extensions is not None and deadline.extended >= limit.extensions:
        return f"{limit.title} has been extended before, and the rule allows it once ({limit.source})."
    return ""


def _unfit(deadline: Deadline, most: date | None, until: date | None, on: date) -> str:
    """Why it cannot be extended to a date; empty: it can."""
    limit = deadline.limit
    if until is None:
        return f"{limit.title}: say until when (until); the rule names no most."
    if most is not None and until > most:
        return (
            f"until {until.isoformat()} is beyond the most allowed, {limit.extend_to} "
            f"{limit.unit.replace('_', ' ')} from {deadline.counts_from.isoformat()}: "
            f"{most.isoformat()} ({limit.source})."
        )
    if until <= deadline.due_on:
        due_on = deadline.due_on.isoformat()
        return f"until {until.isoformat()} gives no more time than the present due date, {due_on}."
    if until < on:
        return f"until {until.isoformat()} lies before {on.isoformat()}, the day on which it is given."
    return ""
