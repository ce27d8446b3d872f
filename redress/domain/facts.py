"""What letters and records say of a case: a deadline in facts, and what happens next by when."""

from __future__ import annotations

from datetime import date, timedelta
from operator import attrgetter

from redress.domain.calendar import months_after
from redress.domain.deadline import Deadline, days_late
from redress.domain.deadlines import Deadlines
from redress.domain.effects import Fact

INSIDE = ("letter_approval", "enclosure", "enclosure_follows")
"""Steps inside the authority, about a letter, which lead to no next one of the procedure."""


def facts_of(deadlines: Deadlines, deadline: Deadline) -> dict[str, Fact]:
    """What a record or letter says of a deadline, as of the case's day."""
    return {
        "deadline": deadline.name,
        "title": deadline.limit.title,
        "due_on": deadline.due_on.isoformat(),
        "days": deadline.days,
        "unit": deadline.limit.unit,
        "owner": deadline.owner,
        "source": deadline.limit.source,
        "stage": deadlines.position.stage,
        "days_late": days_late(deadlines.calendar, deadline, deadlines.day),
    }


def next_step(deadlines: Deadlines, knew_on: date, besides: Deadline | None = None) -> Fact:
    """The date by which something happens next, what, and who owes it.

    `knew_on`: when the person knew of the matter; the Ombudsman's time counts from it.
    """
    ahead = [
        d
        for d in deadlines.running
        if d is not besides
        and d.last_in_time >= deadlines.day
        and d.paused_on is None
        and d.limit.follows is None
        and d.limit.name not in INSIDE
    ]
    if not ahead:
        return _nothing_ahead(deadlines, knew_on)
    more_than_targets = [d for d in ahead if d.limit.kind != "target"]
    return step_of(min(more_than_targets or ahead, key=attrgetter("due_on")))


def _nothing_ahead(deadlines: Deadlines, knew_on: date) -> Fact:
    if deadlines.position.closed_on is not None:
        return to_the_ombudsman(deadlines, knew_on)
    again = min((d.wakes_on for d in deadlines.running if d.wakes_on > deadlines.day), default=date.max)
    if again == date.max:
        again = deadlines.day + timedelta(days=28)
    what = "The Complaints Manager looks at the delay again"
    return _step("review", again, what, "complaints_manager", "review")


def to_the_ombudsman(deadlines: Deadlines, knew_on: date) -> Fact:
    """By when to go to the Ombudsman: 12 months from when the person knew of the matter.

    (Local Government Act 1974 s 26B.) Where those passed while the procedure ran: within a month.
    """
    last = last_for_the_ombudsman(knew_on)
    if last < deadlines.day:
        last = months_after(deadlines.day, 1)
    what = "The Ombudsman normally wants to hear of it by then"
    return _step("ombudsman", last, what, "complainant", "ombudsman")


def last_for_the_ombudsman(knew_on: date) -> date:
    """The last day of the 12 months from the day the person knew of the matter (1974 Act, s 26B)."""
    return months_after(knew_on, 12) - timedelta(days=1)


def step_of(deadline: Deadline) -> Fact:
    """A deadline as the next step that a letter names."""
    limit = deadline.limit
    return _step(deadline.name, deadline.due_on, limit.title, deadline.owner, limit.kind)


def _step(name: str, on: date, what: str, owner: str, kind: str) -> Fact:
    return {"name": name, "on": on.isoformat(), "what": what, "owner": owner, "kind": kind}


def move_of(deadline: Deadline, was: date) -> Fact:
    """What a letter says of a due date that has moved."""
    return {
        "name": deadline.name,
        "title": deadline.limit.title,
        "was": was.isoformat(),
        "due_on": deadline.due_on.isoformat(),
        "owner": deadline.owner,
    }
