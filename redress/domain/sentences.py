"""Sentences for whoever watches a complaint: who owes what by when. No personal data.

The Temporal UI cuts a label at 120 characters, so none is longer.
"""

from __future__ import annotations

import re
from datetime import date

from redress.domain.calendar import long_date
from redress.domain.deadline import Deadline
from redress.domain.drafts import APPROVAL
from redress.domain.effects import Effect
from redress.domain.procedure import Procedure, WaitingFor
from redress.domain.words import TITLES

LONGEST = 120
"""Characters that a timeline shows of a label."""


_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b", re.ASCII)


def with_long_dates(text: str) -> str:
    """A sentence as people read it: `2026-12-04` in it becomes `Fri 4 Dec 2026`."""
    return _ISO_DATE.sub(_long, text)


def _long(match: re.Match[str]) -> str:
    try:
        return long_date(date.fromisoformat(match[0]))
    except ValueError:  # no day of the calendar
        return match[0]


def cut(text: str) -> str:
    """A label that fits."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def title_of(procedure: Procedure, owner: WaitingFor) -> str:
    """What somebody who owes something is called at this authority."""
    own = procedure.titles.get(owner) if owner != "approver" else None
    return own or TITLES.get(owner, owner.replace("_", " "))


def what(deadline: Deadline) -> str:
    """What is owed, in the procedure's words; an agreed action with its number."""
    number = deadline.name.rpartition("_")[2]
    return f"{deadline.limit.title} {number}" if number.isdigit() else deadline.limit.title


def owed(procedure: Procedure, deadline: Deadline) -> str:
    """By which day, who, what, counted how: what stands beside the timer of a limit."""
    day = long_date(deadline.due_on)
    if deadline.name == APPROVAL.name:
        who = title_of(procedure, deadline.owner)
        return cut(f"By {day} the {who} approves a letter; after that it passes to the deputy")
    if deadline.owner == "complainant":
        text = f"Until {day} it is the complainant's turn: {what(deadline)}"
    else:
        text = f"By {day} the {title_of(procedure, deadline.owner)} owes: {what(deadline)}"
    counted_back = " before the meeting" if deadline.limit.before else ""
    budget = f" ({in_days(deadline.days, deadline.limit.unit)}{counted_back})"
    return text + budget if len(text + budget) <= LONGEST else cut(text)


def reminder(procedure: Procedure, deadline: Deadline, on: date) -> str:
    """What the timer says that waits for a reminder before the last day."""
    who, due = title_of(procedure, deadline.owner), long_date(deadline.due_on)
    return cut(f"On {long_date(on)} the {who} is reminded of what is due {due}: {what(deadline)}")


def chase(procedure: Procedure, deadline: Deadline, on: date) -> str:
    """What the timer says that waits for the next notice of something late."""
    who, due = title_of(procedure, "complaints_manager"), long_date(deadline.due_on)
    if deadline.name == APPROVAL.name:
        return cut(f"On {long_date(on)} a letter that nobody has approved is urgent, for the {who}")
    return cut(f"On {long_date(on)} the {who} is told again of what was due {due}: {what(deadline)}")


def goes_on(procedure: Procedure, deadline: Deadline, on: date) -> str:
    """What the timer says that waits for the last day of a pause within the most allowed."""
    who = title_of(procedure, deadline.owner)
    return cut(f"On {long_date(on)} this counts on for the {who}: {what(deadline)}")


def letter_leaves(effect: Effect, on: date) -> str:
    """What the timer says that waits for the hour at which a letter leaves."""
    return cut(f"On {long_date(on)} this leaves: {effect.template.replace('_', ' ')}")


def in_days(days: int, unit: str) -> str:
    """So many days of a unit: `1 working day`."""
    words = unit.replace("_", " ")
    return f"{days} {words.removesuffix('s') if days == 1 else words}"
