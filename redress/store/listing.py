"""Lists in SQL: open complaints, and what is owed, as of a date.

A row stands as it was written until time alone changes something (`good_until`). Complaints that have passed
that day, since no worker ran or none has got so far, are worked out from their record; all others are
filtered and paged by the database. Pages follow the reference, which never changes: dates move while somebody
turns pages, and a complaint that was open throughout must be on one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, not_, or_, select, tuple_

from redress.domain.calendar import Calendar
from redress.domain.deadline import late_by
from redress.domain.status import Status
from redress.store import tables
from redress.store.calendars import calendars
from redress.store.read_models import OWED, row_of
from redress.store.register import Register

COMPLAINTS, DEADLINES = tables.complaints, tables.deadlines


class Line(NamedTuple):
    """A complaint in a line. Nothing in it is personal."""

    reference: str
    authority: str
    procedure: str
    kind: str
    state: str
    stage: str
    received_on: date
    next_due_on: date | None
    waiting_for: str
    overdue: bool
    closed_on: date | None
    closed_as: str | None


class OwedDate(NamedTuple):
    """A date that somebody owes. `days_late` in the limit's own unit."""

    due_on: date
    reference: str
    authority: str
    name: str
    stage: str
    kind: str
    owner: str
    state: str
    days_late: int
    provisional: bool
    source: str


class ComplaintFilter(NamedTuple):
    """Which complaints are wanted; `closed`: those too of which nothing is owed any more."""

    closed: bool = False
    authority: str | None = None
    stage: str | None = None
    overdue: bool = False
    due_before: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as SQL, but for the authority."""
        wanted: list[ColumnElement[bool]] = [] if self.closed else [COMPLAINTS.c.is_listed]
        wanted += [COMPLAINTS.c.stage == self.stage] if self.stage else []
        wanted += [COMPLAINTS.c.overdue] if self.overdue else []
        wanted += [COMPLAINTS.c.next_due_on < self.due_before] if self.due_before else []
        return wanted

    def fits(self, line: Line) -> bool:
        """The same of a line that was worked out."""
        return (
            (self.closed or line.state != "closed" or line.next_due_on is not None)
            and self.stage in (None, line.stage)
            and (line.overdue or not self.overdue)
            and (self.due_before is None or (line.next_due_on or date.max) < self.due_before)
        )


class OwedFilter(NamedTuple):
    """Which dates are wanted: due between two days, both included, owed by a role."""

    authority: str | None = None
    first: date | None = None
    last: date | None = None
    owner: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as SQL, but for the authority."""
        wanted = [DEADLINES.c.due_on >= self.first] if self.first else []
        wanted += [DEADLINES.c.due_on <= self.last] if self.last else []
        wanted += [DEADLINES.c.owner == self.owner] if self.owner else []
        return wanted

    def fits(self, owed: OwedDate) -> bool:
        """The same of a date that was worked out."""
        return (
            (self.first is None or owed.due_on >= self.first)
            and (self.last is None or owed.due_on <= self.last)
            and self.owner in (None, owed.owner)
        )


Place = tuple[str, str, int]
"""Where a date stands among all that are owed: reference, name, number in the complaint's ledger."""


def complaints(
    register: Register, wanted: ComplaintFilter, as_of: date, *, after: str = "", most: int | None = None
) -> list[Line]:
    """The next complaints after a reference, in the order of their references; `most`: at most so many."""
    own = _of(wanted.authority)
    good = or_(COMPLAINTS.c.good_until >= as_of, not_(COMPLAINTS.c.is_listed))
    columns = [COMPLAINTS.c[name] for name in Line._fields]
    fresh = select(*columns).where(*own, good, *wanted.conditions(), COMPLAINTS.c.reference > after)
    with register.reading() as db:
        rows = db.execute(fresh.order_by(COMPLAINTS.c.reference).limit(most)).all()
        found = [Line(*row) for row in rows]
        last = found[-1].reference if most is not None and len(found) == most else None
        among = (*own, COMPLAINTS.c.reference > after, *_up_to(last))
        lines = map(_line, _worked_out(register, db, as_of, *among))
        found += islice(filter(wanted.fits, lines), most)
    return sorted(found)[:most]


def owed(
    register: Register,
    wanted: OwedFilter,
    as_of: date,
    *,
    after: Place | None = None,
    most: int | None = None,
) -> list[tuple[Place, OwedDate]]:
    """The next dates that are owed after a place, in the order of their places; paused limits apart."""
    own, place = _of(wanted.authority), (DEADLINES.c.reference, DEADLINES.c.name, DEADLINES.c.number)
    fresh = (
        select(DEADLINES, COMPLAINTS.c.authority, COMPLAINTS.c.calendar)
        .join(COMPLAINTS, COMPLAINTS.c.reference == DEADLINES.c.reference)
        .where(*own, DEADLINES.c.is_owed, COMPLAINTS.c.is_listed, COMPLAINTS.c.good_until >= as_of)
        .where(*wanted.conditions())
        .order_by(*place)
        .limit(most)
    )
    if after is not None:
        fresh = fresh.where(tuple_(*place) > tuple_(*after))
    with register.reading() as db:
        rows = db.execute(fresh).all()
        known = calendars(db, {row.calendar for row in rows if row.due_on < as_of})
        found = [((row.reference, row.name, row.number), _of_row(row, known, as_of)) for row in rows]
        last = found[-1][0][0] if most is not None and len(found) == most else None
        # Of the complaint in which the last page ended there may be more: it is looked at again.
        among = (*own, COMPLAINTS.c.reference >= (after[0] if after is not None else ""), *_up_to(last))
        dates = (
            (at, owed)
            for status in _worked_out(register, db, as_of, *among)
            for at, owed in sorted(_of_status(status))
            if wanted.fits(owed) and (after is None or at > after)
        )
        found += islice(dates, most)
    return sorted(found)[:most]


def _of(authority: str | None) -> list[ColumnElement[bool]]:
    return [COMPLAINTS.c.authority == authority] if authority is not None else []


def _up_to(last: str | None) -> list[ColumnElement[bool]]:
    return [COMPLAINTS.c.reference <= last] if last is not None else []


def _worked_out(
    register: Register, db: Connection, as_of: date, *among: ColumnElement[bool]
) -> Iterator[Status]:
    """Where complaints stand whose rows are no longer good, from their record, in the order of references."""
    stale = (COMPLAINTS.c.is_listed, COMPLAINTS.c.good_until < as_of, *among)
    references = select(COMPLAINTS.c.reference).where(*stale).order_by(COMPLAINTS.c.reference)
    for reference in db.execute(references).scalars().all():
        status = register.latest_status(db, reference, as_of)
        if status is not None and "erased_on" not in status:  # erased after this register's backup
            yield status


def _line(status: Status) -> Line:
    row = row_of(COMPLAINTS, status)
    return Line(**{name: row[name] for name in Line._fields})


def _of_status(status: Status) -> Iterator[tuple[Place, OwedDate]]:
    of_complaint = {"reference": status["reference"], "authority": status["authority"]}
    for number, deadline in enumerate(status["deadlines"], 1):
        if deadline["state"] in OWED:
            row = of_complaint | row_of(DEADLINES, deadline)
            owed = OwedDate(**{name: row[name] for name in OwedDate._fields})
            yield (owed.reference, owed.name, number), owed


def _of_row(row: Row[*tuple[Any, ...]], known: dict[str, Calendar], as_of: date) -> OwedDate:
    late = row.due_on < as_of
    days_late = late_by(known[row.calendar], row.unit, row.due_on, as_of) if late else 0
    as_it_stands = {**row._mapping, "state": "overdue" if late else "running", "days_late": days_late}
    return OwedDate(**{name: as_it_stands[name] for name in OwedDate._fields})
