"""Bringing a newer table of bank holidays to a complaint."""

from __future__ import annotations

from datetime import date

from redress.domain.actions.registry import carries_out
from redress.domain.calendar import Differing, long_date
from redress.domain.deadline import Deadline
from redress.domain.effects import Fact
from redress.domain.facts import move_of
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Recount
from redress.domain.state import ComplaintState


@carries_out(Recount)
def recount(state: ComplaintState, entry: LogEntry, message: Recount) -> Outcome:
    """A newer table of bank holidays: due dates that count over it move, and whom it concerns is told.

    What is paused moves too, and is told with the date it has when the complaint is taken up again.
    """
    newer, was = message.holidays, state.calendar
    if newer.version == was.version:
        return Outcome("applied", "the complaint counts with this calendar already")
    if not newer.covers(was.table):
        return refused(
            f"The calendar reaches from {newer.first.isoformat()} to {newer.last.isoformat()}; "
            f"this complaint needs {was.table.first.isoformat()} to {was.table.last.isoformat()}."
        )
    moved = [deadline for deadline in state.deadlines.change_calendar(newer) if deadline.paused_on is None]
    panel_on = state.panel_on or date.min
    if panel_on >= state.day and panel_on in newer.holidays and panel_on not in was.table.holidays:
        state.note_irregular(entry, f"the panel is called for {long_date(panel_on)}, now a bank holiday")
    if moved:
        _write_about(state, entry, moved, was.differs(newer))
    return APPLIED


def _write_about(
    state: ComplaintState, entry: LogEntry, moved: list[Deadline], differing: list[Differing]
) -> None:
    """Letters: to the people concerned about all of it, to each owner about what they owe.

    Targets too: letters have named some of them. Another reading of a limit stands in no letter to them.
    Each letter to staff goes to its fact `owner`; the Complaints Manager's has all of it.
    """
    days: list[Fact] = [
        {**day._asdict(), "on": day.on.isoformat()}
        for day in differing
        if any(_lies_within(day.on, deadline) for deadline in moved)
    ]
    public = [move_of(d, d.moved[-1].due_on) for d in moved if not d.limit.follows]
    if public:
        state.effects.send(
            "dates_moved",
            entry,
            moved=public,
            days=days,
        )
    owners = {deadline.owner for deadline in moved} - {"complainant", "ombudsman", "nobody"}
    for owner in sorted(owners | {"complaints_manager"}):
        theirs = [move_of(d, d.moved[-1].due_on) for d in moved if owner in (d.owner, "complaints_manager")]
        state.effects.send("dates_moved_staff", entry, to=owner, moved=theirs, days=days)


def _lies_within(day: date, deadline: Deadline) -> bool:
    ends = (deadline.counts_from, deadline.moved[-1].due_on, deadline.due_on)
    return min(ends) <= day <= max(ends)
