"""Sentences for whoever watches a complaint: who owes what by when. No personal data.

The Temporal UI cuts a label at 120 characters, so none is longer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from redress.domain.calendar import long_date
from redress.domain.deadline import Deadline
from redress.domain.effects import Effect
from redress.domain.procedure import Limit, Owner, Procedure
from redress.domain.record_entry import RegisterEntry
from redress.domain.words import TITLES

LONGEST = 120
"""Characters that a timeline shows of a label."""


_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b", re.ASCII)


def with_long_dates(text: str) -> str:
    """A sentence as people read it: `2026-12-04` in it becomes `Fri 4 Dec 2026`."""
    return _ISO_DATE.sub(_long, text)


def _long(found: re.Match[str]) -> str:
    try:
        return long_date(date.fromisoformat(found[0]))
    except ValueError:  # no day of the calendar
        return found[0]


def cut(text: str) -> str:
    """A label that fits."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def title_of(procedure: Procedure, owner: Owner) -> str:
    """What somebody who owes something is called at this authority."""
    return procedure.titles.get(owner) or TITLES.get(owner, owner.replace("_", " "))


def what(deadline: Deadline) -> str:
    """What is owed, in the procedure's words; an agreed action with its number."""
    number = deadline.name.rpartition("_")[2]
    return f"{deadline.limit.title} {number}" if number.isdigit() else deadline.limit.title


def owed(procedure: Procedure, deadline: Deadline) -> str:
    """By which day, who, what, counted how: what stands beside the timer of a limit."""
    day = long_date(deadline.due_on)
    if deadline.owner == "complainant":
        said = f"Until {day} it is the complainant's turn: {what(deadline)}"
    else:
        said = f"By {day} the {title_of(procedure, deadline.owner)} owes: {what(deadline)}"
    budget = f" ({_budget(deadline)})"
    return said + budget if len(said + budget) <= LONGEST else cut(said)


def reminder(procedure: Procedure, deadline: Deadline, on: date) -> str:
    """What the timer says that waits for a reminder before the last day."""
    who, due = title_of(procedure, deadline.owner), long_date(deadline.due_on)
    return cut(f"On {long_date(on)} the {who} is reminded of what is due {due}: {what(deadline)}")


def chase(procedure: Procedure, deadline: Deadline, on: date) -> str:
    """What the timer says that waits for the next notice of something late."""
    who, due = title_of(procedure, "complaints_manager"), long_date(deadline.due_on)
    return cut(f"On {long_date(on)} the {who} is told again of what was due {due}: {what(deadline)}")


def letter_leaves(effect: Effect, on: date) -> str:
    """What the timer says that waits for the hour at which a letter leaves."""
    return cut(f"On {long_date(on)} this leaves: {effect.template.replace('_', ' ')}")


def counted(days: int, limit: Limit) -> str:
    """So many days, in the limit's own unit."""
    unit = limit.unit.replace("_", " ")
    return f"{days} {unit[:-1] if days == 1 else unit}"


def _budget(deadline: Deadline) -> str:
    said = counted(deadline.days, deadline.limit)
    return f"{said} before the meeting" if deadline.limit.before else said


def errand(entries: Sequence[RegisterEntry]) -> str:
    """What one errand records and sends, in the order it does."""
    said = "; ".join(_of_entry(entry) for entry in entries)
    return cut(f"{said[:1].upper()}{said[1:]}")


def _of_entry(entry: RegisterEntry) -> str:
    match entry.kind:
        case "message":
            return _of_message(entry.body)
        case "effect":
            return _of_effect(entry.body)
        case "opened":
            return "the opening is recorded"
        case "rejected":
            return f"{_words(entry.body.get('action'))} could not be taken and is kept"
        case "ended":
            return "the file is closed"
        case "erased":
            return "the personal data are erased"


def _of_message(body: Mapping[str, Any]) -> str:
    said, answer = _words(body.get("action")), body.get("answer") or {}
    if answer.get("applied", True):
        return f"{said} is recorded"
    verdict, reason = "waits" if answer.get("pending") else "is refused", answer.get("reason", "")
    return f"{said} {verdict}: {with_long_dates(reason)}".rstrip(". ")


def _of_effect(body: Mapping[str, Any]) -> str:
    facts = body.get("facts") or {}
    match body.get("kind"):
        case "breach":
            return f"{facts.get('title', 'a limit')} is late"
        case "split":
            return "points become a linked complaint"
        case "reminder":
            said = f"the reminder of {facts.get('title', 'a limit')}"
        case _:
            said = f"the letter '{_words(body.get('template'))}'"
    return f"{said} is left out as overtaken" if body.get("state") == "skipped" else f"{said} leaves"


def _words(name: object) -> str:
    return str(name).replace("_", " ")
