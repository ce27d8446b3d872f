"""Lists from the projected tables: what stands there is used where it is still good, else counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from redress.domain.status import Status
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.register import Register


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


class Owed(NamedTuple):
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


def lines(
    register: Register, as_of: date, *, closed: bool = False, authority: str | None = None
) -> list[Line]:
    """Open complaints (`closed`: those too) as they stand on a date, by next due date and reference."""
    with register.reading() as db:
        found = [line for line, _ in _all(register, db, as_of, closed=closed, authority=authority)]
    return sorted(found, key=lambda line: (line.next_due_on or date.max, line.reference))


def owed(register: Register, as_of: date, *, authority: str | None = None) -> list[Owed]:
    """Every date that is still owed, as of a date, by day and reference; paused limits apart."""
    found: list[Owed] = []
    table = tables.deadlines
    with register.reading() as db:
        kept: dict[str, list[Row[*tuple[Any, ...]]]] = {}
        for row in db.execute(select(table).where(table.c.state.in_(("running", "overdue")))):
            kept.setdefault(row.reference, []).append(row)
        for line, status in _all(register, db, as_of, closed=False, authority=authority):
            if status is not None:
                found += _of_status(line, status)
            else:
                found += [_of_row(line, row) for row in kept.get(line.reference, [])]
    return sorted(found, key=lambda each: (each.due_on, each.reference, each.name))


def _all(
    register: Register, db: Connection, as_of: date, *, closed: bool, authority: str | None
) -> Iterator[tuple[Line, Status | None]]:
    """Each complaint's line, and its status where that had to be counted anew."""
    table = tables.complaints
    wanted = select(table).order_by(table.c.reference)
    if not closed:
        wanted = wanted.where((table.c.state != "closed") | table.c.next_due_on.is_not(None))
    if authority is not None:
        wanted = wanted.where(table.c.authority == authority)
    for row in db.execute(wanted).all():
        if row.good_until >= as_of or (row.state == "closed" and row.next_due_on is None):
            yield Line(**{name: getattr(row, name) for name in Line._fields}), None
            continue
        try:
            known = register.case(db, row.reference)
        except KeyDestroyed:  # it was erased after this register's backup
            continue
        if known is None:
            continue
        status = known[0].status(as_of)
        line = _line(status)
        if closed or line.state != "closed" or line.next_due_on is not None:
            yield line, status


def _line(status: Status) -> Line:
    return Line(
        reference=status["reference"],
        authority=status["authority"],
        procedure=status["procedure"],
        kind=status["kind"],
        state=status["state"],
        stage=status["stage"],
        received_on=date.fromisoformat(status["received_on"]),
        next_due_on=_day(status["next_due_on"]),
        waiting_for=status["waiting_for"],
        overdue=status["overdue"],
        closed_on=_day(status["closed_on"]),
        closed_as=status["closed_as"],
    )


def _of_status(line: Line, status: Status) -> list[Owed]:
    return [
        Owed(
            due_on=date.fromisoformat(d["due_on"]),
            reference=line.reference,
            authority=line.authority,
            name=d["name"],
            stage=d["stage"],
            kind=d["kind"],
            owner=d["owner"],
            state=d["state"],
            days_late=d["days_late"],
            provisional=d["provisional"],
            source=d["source"],
        )
        for d in status["deadlines"]
        if d["state"] in ("running", "overdue")
    ]


def _of_row(line: Line, row: Row[*tuple[Any, ...]]) -> Owed:
    return Owed(
        due_on=row.due_on,
        reference=line.reference,
        authority=line.authority,
        name=row.name,
        stage=row.stage,
        kind=row.kind,
        owner=row.owner,
        state=row.state,
        days_late=row.days_late,
        provisional=row.provisional,
        source=row.source,
    )


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
