"""Who read personal data: a record in the API's own store that is only added to.

One entry for each reader, complaint, door and minute; a list is one entry that names its complaints. No
content is kept. Retention removes the oldest entries, and adds one that says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
)

from redress.store.api_store import reading_complaints, readings
from redress.store.database import insert_new, writing

ReaderKind = Literal["token", "oidc", "command_line", "retention"]

RETENTION = "retention"
"""The reader, and the door, of an entry that says what was removed."""

Place = tuple[datetime, str]
"""Where an entry stands: its minute and its id."""


class Reading(NamedTuple):
    """Somebody read what is personal. `at`: a UTC minute; `complaints`: each reference with its authority.

    An authority is empty where it was not known. Who reads at the command line is who the system says.
    """

    at: datetime
    reader: str
    reader_kind: ReaderKind
    roles: tuple[str, ...]
    door: str
    complaints: Mapping[str, str]

    @property
    def digest(self) -> str:
        """What stands for its complaints, together with their authorities."""
        return _digest(sorted(self.complaints.items()))

    @property
    def id(self) -> str:
        """The same for the same reader, complaints, door and minute."""
        return _digest([self.at.isoformat(), self.reader_kind, self.reader, self.door, self.digest])


class ReadingFilter(NamedTuple):
    """Which readings are wanted. `authority`: those that show a complaint of it, and of those alone."""

    reference: str | None = None
    reader: str | None = None
    authority: str | None = None


class Entry(NamedTuple):
    """A reading as it is shown, or a note of retention (`removed_before`)."""

    id: str
    at: datetime
    reader: str
    reader_kind: ReaderKind
    roles: list[str]
    door: str
    complaints: list[str]
    removed_before: datetime | None


def minute() -> datetime:
    """The present minute, in UTC."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


class Readings:
    """The readings in one store."""

    def __init__(self, store: Engine) -> None:
        self._store = store

    def add(self, new: Sequence[Reading]) -> None:
        """Add readings that are not there yet, in one transaction."""
        if not new:
            return
        complaints = [
            {"complaints": each.digest, "reference": reference, "authority": authority}
            for each in new
            for reference, authority in each.complaints.items()
        ]
        with writing(self._store) as db:
            insert_new(db, readings, [_row(each) for each in new])  # first: `remove_before` waits for it
            if complaints:
                insert_new(db, reading_complaints, complaints)

    def page(self, wanted: ReadingFilter, most: int, after: Place | None = None) -> list[Entry]:
        """Readings, the newest first; `after`: the place of the last one of the page before."""
        with self._store.connect() as db:
            rows = db.execute(_selected(wanted, most, after)).all()
            named = _named(db, {row.complaints for row in rows}, wanted.authority)
        return [_entry(row, named.get(row.complaints, [])) for row in rows]

    def remove_before(self, moment: datetime) -> int:
        """Remove the entries before a moment, once an entry says so; gives how many there were."""
        with writing(self._store) as db:
            if db.dialect.name == "postgresql":  # nobody adds an entry for complaints that are removed here
                db.execute(text("LOCK TABLE readings IN SHARE ROW EXCLUSIVE MODE"))
            old = select(func.count()).select_from(readings).where(readings.c.at < moment)
            number: int = db.execute(old).scalar_one()
            if number:
                note = Reading(minute(), RETENTION, "retention", (), f"{RETENTION}: {number} removed", {})
                db.execute(insert(readings).values(_row(note) | {"removed_before": moment}))
                db.execute(delete(readings).where(readings.c.at < moment))
                used = exists().where(readings.c.complaints == reading_complaints.c.complaints)
                db.execute(delete(reading_complaints).where(~used))
        return number


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _row(reading: Reading) -> dict[str, Any]:
    return {
        "id": reading.id,
        "at": reading.at,
        "reader": reading.reader,
        "reader_kind": reading.reader_kind,
        "roles": " ".join(reading.roles),
        "door": reading.door,
        "complaints": reading.digest,
    }


def _selected(wanted: ReadingFilter, most: int, after: Place | None) -> Select[Any]:
    place = (readings.c.at, readings.c.id)
    chosen = select(readings).order_by(*(column.desc() for column in place)).limit(most)
    if wanted.reader is not None:
        chosen = chosen.where(readings.c.reader == wanted.reader)
    its = {"reference": wanted.reference, "authority": wanted.authority}
    of = [reading_complaints.c[name] == value for name, value in its.items() if value is not None]
    if of:
        shows: ColumnElement[bool] = exists().where(
            reading_complaints.c.complaints == readings.c.complaints, *of
        )
        if wanted.reference is not None:  # of few: by what shows it, not by all there are
            shows = readings.c.complaints.in_(select(reading_complaints.c.complaints).where(*of))
        of_retention = (readings.c.reader == RETENTION) & (readings.c.reader_kind == RETENTION)
        chosen = chosen.where(or_(shows, of_retention))
    return chosen.where(tuple_(*place) < tuple_(*after)) if after is not None else chosen


def _named(db: Connection, lists: set[str], authority: str | None) -> dict[str, list[str]]:
    """The references of each list of complaints; `authority`: only those of its own."""
    table = reading_complaints
    chosen = select(table).where(table.c.complaints.in_(lists)).order_by(table.c.reference)
    if authority is not None:
        chosen = chosen.where(table.c.authority == authority)
    named: dict[str, list[str]] = {}
    for row in db.execute(chosen):
        named.setdefault(row.complaints, []).append(row.reference)
    return named


def _entry(row: Row[*tuple[Any, ...]], complaints: list[str]) -> Entry:
    roles, removed_before = row.roles.split(), row.removed_before
    return Entry(row.id, row.at, row.reader, row.reader_kind, roles, row.door, complaints, removed_before)
