"""Open complaints and what is due, for whoever asks: command line and HTTP. Temporal may be down."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, get_args

from redress.domain.fields import Kind
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import StageName, WaitingFor
from redress.domain.status import Status
from redress.procedures.loader import authority_names
from redress.services.letters import with_delivery
from redress.services.struck_out import without_what_it_said
from redress.store import listing
from redress.store.listing import ComplaintFilter, Line, OwedDate, OwedFilter, Place
from redress.store.register import Register


class ComplaintPage(NamedTuple):
    """Complaints, late limits first, then by next due date; `next`: what gives the page after this one."""

    complaints: list[Line]
    next: str | None


class DuePage(NamedTuple):
    """Dates that are owed, by day; `next`: what gives the page after this one."""

    due: list[OwedDate]
    next: str | None


def list_complaints(
    register: Register, wanted: ComplaintFilter, as_of: date, *, limit: int | None = None, after: str = ""
) -> ComplaintPage:
    """A page of complaints as they stand on a London date; `after`: `next` of the page before.

    Pages follow the reference; on a page, and so where there is but one, late limits come first, the longest
    late before others, and then it is by next due date. Raises `Malformed`.
    """
    for name, known in (("stage", StageName), ("waiting_for", WaitingFor), ("kind", Kind)):
        value = getattr(wanted, name)
        if value is not None and value not in get_args(known):
            raise Malformed([Problem(name, f"{value!r} is none of {', '.join(get_args(known))}")])
    start = _place(after, (str,)) if after else ("",)
    rows = listing.complaints(register, wanted, as_of, after=start[0], most=_one_more(limit))
    _known(wanted.authority, rows)
    page = rows[:limit]
    more = _token((page[-1].reference,)) if len(rows) > len(page) else None
    return ComplaintPage(sorted(page, key=_most_urgent), more)


def _most_urgent(line: Line) -> tuple[date, date, str]:
    return line.late_since or date.max, line.next_due_on or date.max, line.reference


def list_due(
    register: Register, wanted: OwedFilter, as_of: date, *, limit: int | None = None, after: str = ""
) -> DuePage:
    """A page of the dates that are owed on a London date, in the same way. Raises `Malformed`."""
    start: Place | None = None
    if after:
        reference, name, number = _place(after, (str, str, int))
        start = (reference, name, number)
    rows = listing.owed(register, wanted, as_of, after=start, most=_one_more(limit))
    _known(wanted.authority, rows)
    page = rows[:limit]
    more = _token(page[-1][0]) if len(rows) > len(page) else None
    return DuePage(sorted(owed for _, owed in page), more)


def statuses(register: Register, lines: Sequence[Line], as_of: date) -> list[Status]:
    """The statuses of listed complaints, without their messages."""
    shown = []
    with register.reading() as db:
        for line in lines:
            status = register.latest_status(db, line.reference, as_of)
            if status is not None:
                status.pop("messages", None)
                shown.append(status)
    return [without_what_it_said(with_delivery(register, status)) for status in shown]


def _one_more(limit: int | None) -> int | None:
    return limit + 1 if limit is not None else None


def _known(authority: str | None, rows: Sequence[object]) -> None:
    """Turn away a filter by an authority that is none: misspelt, it would say that nothing is owed."""
    if authority is not None and not rows and authority not in authority_names():
        raise Malformed(
            [Problem("authority", f"{authority!r} is none of {', '.join(authority_names())}", "not_one_of")]
        )


def _token(place: tuple[object, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(after: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    try:
        place = json.loads(base64.urlsafe_b64decode(after.encode("ascii")))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if not isinstance(place, list) or [type(each) for each in place] != [*kinds]:
        raise Malformed([Problem("after", "is no place of a page: give `next` of the page before")])
    return tuple(place)
