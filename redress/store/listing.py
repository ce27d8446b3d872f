"""Lists in SQL: open complaints, and what is owed, as of a date.

A row stands as it was written until time alone changes something (`good_until`). Complaints that have passed
that day, since no worker ran or none has got so far, are worked out from their record; all others are
filtered and paged by the database. Pages follow the reference, which never changes: dates move while somebody
turns pages, and a complaint that was open throughout must be on one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, not_, or_, select, tuple_

from redress.domain.calendar import Calendar
from redress.domain.deadline import late_by
from redress.domain.status import Status
from redress.security.encryption import Cipher
from redress.store import tables
from redress.store.calendars import calendars
from redress.store.read_models import OWED, row_of, team_mark
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
    late_since: date | None
    closed_on: date | None
    closed_as: str | None
    duplicate_of: str | None


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
    due_on_without_pause: date
    days_late_without_pause: int
    provisional: bool
    source: str


class ComplaintFilter(NamedTuple):
    """Which complaints are wanted; `closed`: those too of which nothing is owed any more.

    What was closed as a duplicate, and owes nothing any more, is found by its reference alone, by what intake
    calls it, or with `duplicates`: else it would be counted twice.
    """

    closed: bool = False
    authority: str | None = None
    stage: str | None = None
    overdue: bool = False
    due_before: date | None = None
    waiting_for: str | None = None
    kind: str | None = None
    procedure: str | None = None
    team: str | None = None
    received_from: date | None = None
    received_to: date | None = None
    reference: str | None = None
    source_id: str | None = None
    duplicates: bool = False
    only_teams: frozenset[str] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What time alone may change, as SQL."""
        wanted: list[ColumnElement[bool]] = [] if self.closed else [COMPLAINTS.c.is_listed]
        wanted += [COMPLAINTS.c.stage == self.stage] if self.stage else []
        wanted += [COMPLAINTS.c.waiting_for == self.waiting_for] if self.waiting_for else []
        wanted += [COMPLAINTS.c.overdue] if self.overdue else []
        if self.due_before:
            late = COMPLAINTS.c.late_since < self.due_before
            wanted.append(or_(COMPLAINTS.c.next_due_on < self.due_before, late))
        return wanted

    def lasting(self, cipher: Cipher) -> list[ColumnElement[bool]]:
        """What no passing of time changes, as SQL: it holds of rows that are no longer good, too."""
        wanted = [
            COMPLAINTS.c[name] == value
            for name in ("authority", "kind", "procedure", "reference")
            if (value := getattr(self, name)) is not None
        ]
        wanted += [_is_about(team_mark(cipher, self.team))] if self.team is not None else []
        wanted += of_teams(cipher, self.only_teams)
        if not self.duplicates and self.reference is None and self.source_id is None:
            wanted.append(or_(is_counted(), COMPLAINTS.c.is_listed))
        wanted += [COMPLAINTS.c.received_on >= self.received_from] if self.received_from else []
        wanted += [COMPLAINTS.c.received_on <= self.received_to] if self.received_to else []
        if self.source_id is not None:
            intake = tables.references.c
            same = select(intake.reference).where(intake.source_id == self.source_id)
            wanted.append(COMPLAINTS.c.reference.in_(same))
        return wanted

    def fits(self, line: Line) -> bool:
        """The same of a line that was worked out, as far as time alone changes it."""
        dates = [day for day in (line.next_due_on, line.late_since) if day is not None]
        return (
            (self.closed or line.state != "closed" or line.next_due_on is not None)
            and self.stage in (None, line.stage)
            and (line.overdue or not self.overdue)
            and self.waiting_for in (None, line.waiting_for)
            and (self.due_before is None or min(dates, default=date.max) < self.due_before)
        )


def is_counted() -> ColumnElement[bool]:
    """What figures count: of two complaints about the same matter one, even while both are open.

    What was closed as a duplicate is counted with the one that goes on; else the one that came first counts.
    """
    other = COMPLAINTS.alias("other")
    first = select(other.c.reference).where(
        other.c.reference == COMPLAINTS.c.duplicate_of,
        other.c.closed_as.is_distinct_from("duplicate"),
        tuple_(other.c.received_on, other.c.reference)
        < tuple_(COMPLAINTS.c.received_on, COMPLAINTS.c.reference),
    )
    return and_(COMPLAINTS.c.closed_as.is_distinct_from("duplicate"), ~first.exists())


def _is_about(mark: str) -> ColumnElement[bool]:
    """Whether a complaint is about a team; without a mark, about none."""
    return COMPLAINTS.c.teams.contains(mark) if mark else COMPLAINTS.c.teams == ""


def of_teams(cipher: Cipher, teams: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Those about one of these teams alone: what a caller reaches who is limited to them. None: no limit."""
    if teams is None:
        return []
    marks = filter(None, (team_mark(cipher, team) for team in teams))
    return [or_(false(), *(COMPLAINTS.c.teams.contains(mark) for mark in marks))]


class OwedFilter(NamedTuple):
    """Which dates are wanted: due between two days, both included, owed by a role."""

    authority: str | None = None
    first: date | None = None
    last: date | None = None
    owner: str | None = None
    only_teams: frozenset[str] | None = None

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
    own = wanted.lasting(register.cipher)
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
    own = [*_of(wanted.authority), *of_teams(register.cipher, wanted.only_teams)]
    place = (DEADLINES.c.reference, DEADLINES.c.name, DEADLINES.c.number)
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
        known = calendars(db, {row.calendar for row in rows if row.due_on_without_pause < as_of})
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


def references_of_teams(cipher: Cipher, teams: Collection[str]) -> Select[tuple[str]]:
    """The references of the complaints about one of these teams."""
    return select(COMPLAINTS.c.reference).where(*of_teams(cipher, teams))


def is_of_teams(register: Register, reference: str, authority: str, teams: Collection[str]) -> bool:
    """Whether a complaint of an authority is about one of these teams, as the register has it."""
    its = (COMPLAINTS.c.reference == reference, COMPLAINTS.c.authority == authority)
    wanted = select(COMPLAINTS.c.reference).where(*its, *of_teams(register.cipher, teams))
    with register.reading() as db:
        return db.execute(wanted).scalar() is not None


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
    excused_until, without = row.excused_until or date.min, 0
    late = max(row.due_on, excused_until) < as_of
    as_it_stands = {**row._mapping, "state": "overdue" if late else "running", "days_late": 0}
    if max(row.due_on_without_pause, excused_until) < as_of:
        without = late_by(known[row.calendar], row.unit, row.due_on_without_pause, as_of)
    if late:
        days = late_by(known[row.calendar], row.unit, row.due_on, min(as_of, row.paused_on or as_of))
        as_it_stands["days_late"] = max(days - row.rested, 1)
    as_it_stands["days_late_without_pause"] = without
    return OwedDate(**{name: as_it_stands[name] for name in OwedDate._fields})
