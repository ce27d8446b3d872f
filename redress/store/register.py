"""The case record: references, the append-only events, and what people query.

Every write may come more than once and counts once: events are unique by (reference, key).
Projections are made anew from the events of one complaint in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from functools import cache
from threading import Lock
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from redress.contract import RegisterEntry
from redress.domain.case import Case, LoggedMessage, Rejected, SavedCase
from redress.domain.erasure import Erased
from redress.domain.intake_content import comparable
from redress.domain.london import london_date
from redress.domain.opening import Opening
from redress.domain.packing import unpack
from redress.domain.procedure import RulesSnapshot
from redress.domain.splitting import PartOpening
from redress.domain.status import Status
from redress.security.encryption import (
    Cipher,
    EnvelopeCipher,
    Place,
    PlaintextCipher,
    decrypt_document,
    encrypt_document,
    encrypt_lasting,
)
from redress.security.keyring import KeyDestroyed, Unreadable
from redress.store import tables
from redress.store.chain import link
from redress.store.database import count_up, insert_new, one_of, writing
from redress.store.places import place_of
from redress.store.read_models import project
from redress.store.schema import check

log = logging.getLogger(__name__)

_EVENT = [tables.events.c[name] for name in ("id", "reference", "key", "kind", "on_date", "body")]

_EVENTS = select(*_EVENT).where(tables.events.c.reference == bindparam("of")).order_by(tables.events.c.number)

_LAST_EVENT = select(func.max(tables.events.c.id)).where(tables.events.c.reference == bindparam("of"))


@cache
def _last_or_there(keys: int) -> Select[Any]:
    """The last event of a complaint, and those of so many keys that are there already."""
    table = tables.events
    of_complaint = table.c.reference == bindparam("of")
    last = select(func.max(table.c.number)).where(of_complaint).scalar_subquery()
    there = one_of(table.c.key, (bindparam(f"key_{at}") for at in range(keys)))
    wanted = select(table.c.number, table.c.key, table.c.chain)
    return wanted.where(of_complaint, there | (table.c.number == last))


_NEW_EVENTS = insert(tables.events)
_NEW_REFERENCE = insert(tables.references)
_NEW_ARRIVAL = insert(tables.arrivals)

_ITS_TURN = (
    select(tables.references.c.reference)
    .where(tables.references.c.reference == bindparam("of"))
    .with_for_update()
)

_AUTHORITY = select(tables.references.c.authority).where(tables.references.c.reference == bindparam("of"))

_TERMS = select(tables.terms.c.digest).where(tables.terms.c.digest == bindparam("digest"))

_WAITING_LETTERS = (
    select(*_EVENT, tables.letters.c.on_date.label("letters_on"), tables.letters.c.recipient)
    .join(
        tables.letters,
        (tables.letters.c.reference == tables.events.c.reference)
        & ("effect:" + tables.letters.c.key == tables.events.c.key),
    )
    .where(tables.events.c.reference == bindparam("of"), tables.letters.c.state == "waiting")
    .order_by(tables.events.c.id)
)

MOST_READ = 500
"""Complaints that are kept folded for whoever reads them next."""


MOST_AUTHORITIES = 10_000
"""Complaints of which it is kept whose they are."""


class Reserved(NamedTuple):
    """A reference for an intake. `created` the first time; `differs` where other content came again."""

    reference: str
    created: bool
    differs: bool
    started: bool
    opening: dict[str, Any]
    accepted_on: date
    """The London date on which it was reserved: what was accepted then is never judged again."""


class Appended(NamedTuple):
    """How many events were new; how many there are now, and the chain's code over all of them."""

    new: int
    entries: int
    head: str


class Arrival(NamedTuple):
    """Whose a complaint is, and the identity of the caller who brought it over HTTP; None: nobody known."""

    authority: str
    brought_by: str | None


class Underway(NamedTuple):
    """A complaint that may still live. `is_recorded`: its opening has reached the record."""

    reference: str
    received_on: date
    is_recorded: bool
    is_closed: bool


_Event = Row[*tuple[Any, ...]]

Intake = tuple[str, str, str]
INTAKE = ("authority", "source", "source_id")
"""What makes an intake one."""

_BY_INTAKE = select(tables.references).where(
    *(tables.references.c[name] == bindparam(name) for name in INTAKE)
)


class Register:
    """The register behind one engine. What is personal in it is encrypted with the complaint's own key."""

    def __init__(self, engine: Engine, cipher: Cipher | None = None) -> None:
        self.engine = engine
        self.cipher: Cipher = cipher or PlaintextCipher()
        self._checked = False
        self._packed: dict[str, str] = {}  # packed rules by digest: what a digest stands for never changes
        self._recent: dict[str, tuple[int, Case]] = {}  # by reference, with the last event
        self._authorities: dict[str, str] = {}  # by reference
        self._reading = Lock()
        self._turn = Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def writing(self, *, within: float | None = None) -> Iterator[Connection]:
        """A transaction. Raises `SchemaNotCurrent` on first use where the tables are not this version's.

        SQLite has one writer at a time: within a process they take turns here, which is quicker than
        each asking the file again and again. `within`: seconds to wait for one's turn, for as long as it
        takes where left out. Raises `TimeoutError` where it does not come by then.
        """
        self._check()
        if self._turn is not None and not self._turn.acquire(timeout=-1 if within is None else within):
            raise TimeoutError("the register is busy")
        try:
            with writing(self.engine) as db:
                yield db
        finally:
            if self._turn is not None:
                self._turn.release()

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read by."""
        self._check()
        return self.engine.connect()

    def _check(self) -> None:
        if not self._checked:
            check(self.engine, "register")
            self._checked = True

    # --- references ------------------------------------------------------------------------------

    def reserve(self, opening: Opening, raw: dict[str, Any], prefix: str, brought_by: str = "") -> Reserved:
        """The one reference of an intake (`authority`, `source`, `source_id`), made where there is none.

        `brought_by`: the identity of the caller who brings it, as the API knows it and not as they say; it is
        noted with the reference that this makes, or never.
        """
        intake = (opening.authority, opening.source, opening.source_id)
        for _ in range(3):
            reserved = self._reserved(intake, raw)
            if reserved is not None:
                return reserved
            try:
                with self.writing() as db:
                    reference = self._next_reference(db, f"{prefix}-{opening.received_on.year}")
                    row = self._reference_row(reference, intake, raw)
                    db.execute(_NEW_REFERENCE, row)
                    if brought_by:
                        arrival = {"reference": reference, "caller": brought_by}
                        db.execute(_NEW_ARRIVAL, arrival | {"arrived_at": row["reserved_at"]})
                return Reserved(
                    reference,
                    created=True,
                    differs=False,
                    started=False,
                    opening=raw,
                    accepted_on=london_date(row["reserved_at"]),
                )
            except IntegrityError:
                continue  # somebody else brought the same intake at the same moment
        raise RuntimeError("the register did not settle who reserved the reference")

    def _next_reference(self, db: Connection, series: str) -> str:
        """The next reference of a series that was never given out.

        A register that was put back from a backup does not know what was given out after it; the key store,
        which is never the older one, does.
        """
        while True:
            reference = f"{series}-{count_up(db, tables.counters, series=series):06d}"
            if not isinstance(self.cipher, EnvelopeCipher) or self.cipher.key_store.make(reference):
                return reference
            log.warning("%s was given out before: skipped", reference)

    def _reference_row(self, reference: str, intake: Intake, raw: dict[str, Any]) -> dict[str, Any]:
        row = {
            "reference": reference,
            "reserved_at": datetime.now(UTC),
            **dict(zip(INTAKE, intake, strict=True)),
        }
        opening = encrypt_document(self.cipher, raw, place_of("complaint_references", "opening", row))
        return row | {"content_hash": self.cipher.digest(comparable(raw), reference), "opening": opening}

    def _reserved(self, intake: Intake, raw: dict[str, Any]) -> Reserved | None:
        record = tables.events
        with self.reading() as db:
            row = db.execute(_BY_INTAKE, dict(zip(INTAKE, intake, strict=True))).one_or_none()
            if row is None:
                return None
            opened = db.execute(
                select(record.c.id).where(record.c.reference == row.reference, record.c.key == "opened")
            ).first()
        try:
            differs = not self.has_content(row, raw)
            first = self.opening_of(row)
        except KeyDestroyed:  # erased: that it was here is all that is known
            differs, first = False, {}
        return Reserved(
            row.reference,
            created=False,
            differs=differs,
            started=opened is not None,
            opening=first,
            accepted_on=london_date(row.reserved_at),
        )

    def has_content(self, row: Row[Any], opening: dict[str, Any]) -> bool:
        """Whether a reference was reserved for an opening that says the same."""
        return bool(row.content_hash == self.cipher.digest(comparable(opening), row.reference))

    def reserved(self, reference: str) -> Reserved | None:
        """What a reference was reserved for, whether or not it was started; None where there is none."""
        table, record = tables.references, tables.events
        with self.reading() as db:
            row = db.execute(select(table).where(table.c.reference == reference)).one_or_none()
            if row is None:
                return None
            opened = (record.c.reference == reference) & (record.c.key == "opened")
            started = db.execute(select(record.c.id).where(opened)).first() is not None
        opening = self.opening_of(row)
        return Reserved(reference, False, False, started, opening, london_date(row.reserved_at))

    def reserve_part(self, db: Connection, part: PartOpening) -> None:
        """Keep the reference of a part that is split off, within a transaction; once, however often asked."""
        intake = (part.opening["authority"], part.opening["source"], part.opening["source_id"])
        insert_new(db, tables.references, [self._reference_row(part.reference, intake, part.opening)])

    def authority_of(self, reference: str) -> str | None:
        """Whose complaint a reference is, erased or not; None where there never was one."""
        known = self._authorities.get(reference)
        if known is None:
            with self.reading() as db:
                known = db.execute(_AUTHORITY, {"of": reference}).scalar()
            if known is not None:  # for good: no reference is given out again
                if len(self._authorities) >= MOST_AUTHORITIES:
                    self._authorities.clear()
                self._authorities[reference] = known
        return known

    def authorities_of(self, references: Iterable[str]) -> dict[str, str]:
        """The same of several; those that there never were are left out."""
        table = tables.references
        wanted = select(table.c.reference, table.c.authority).where(table.c.reference.in_(references))
        with self.reading() as db:
            return {row.reference: row.authority for row in db.execute(wanted)}

    def arrival(self, reference: str) -> Arrival | None:
        """Whose complaint a reference is and who brought it; None where there never was one."""
        table, brought = tables.references, tables.arrivals
        wanted = (
            select(table.c.authority, brought.c.caller)
            .outerjoin(brought, brought.c.reference == table.c.reference)
            .where(table.c.reference == reference)
        )
        with self.reading() as db:
            row = db.execute(wanted).one_or_none()
        return Arrival(*row) if row is not None else None

    def knows(self, reference: str) -> bool:
        """Whether there ever was a complaint of this reference, erased or not."""
        return self.authority_of(reference) is not None

    def opening(self, reference: str) -> dict[str, Any] | None:
        """What a complaint was opened with; None where there never was one of this reference."""
        table = tables.references
        with self.reading() as db:
            row = db.execute(select(table).where(table.c.reference == reference)).first()
        return self.opening_of(row) if row is not None else None

    def opening_of(self, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
        """What a row of the references was opened with. Raises `Unreadable`."""
        place = place_of("complaint_references", "opening", row._mapping)
        return cast(dict[str, Any], decrypt_document(self.cipher, row.opening, place))

    def accepted_on(self, reference: str) -> date | None:
        """The London date on which a complaint's opening was accepted; None where there never was one."""
        table = tables.references
        with self.reading() as db:
            at = db.execute(select(table.c.reserved_at).where(table.c.reference == reference)).scalar()
        return london_date(at) if at is not None else None

    def not_begun(self, before: datetime) -> list[tuple[str, datetime]]:
        """Complaints accepted before an instant of which nothing is recorded yet, oldest first."""
        table, record = tables.references, tables.events
        recorded = select(record.c.id).where(record.c.reference == table.c.reference).exists()
        wanted = (
            select(table.c.reference, table.c.reserved_at)
            .where(table.c.reserved_at < before, ~recorded)
            .order_by(table.c.reserved_at)
        )
        with self.reading() as db:
            return [(row.reference, row.reserved_at) for row in db.execute(wanted)]

    def underway(self, authority: str | None = None) -> list[Underway]:
        """Every complaint whose workflow may live, by reference: all but those whose file has closed."""
        table, lines, record = tables.references, tables.complaints, tables.events
        last = select(func.max(record.c.id)).group_by(record.c.reference)
        over = record.c.kind.in_(("ended", "erased"))
        ended = select(record.c.reference).where(record.c.id.in_(last), over)
        wanted = (
            select(table, lines.c.received_on, lines.c.state)
            .outerjoin(lines, lines.c.reference == table.c.reference)
            .where(table.c.reference.not_in(ended))
            .order_by(table.c.reference)
        )
        if authority is not None:
            wanted = wanted.where(table.c.authority == authority)
        with self.reading() as db:
            rows = db.execute(wanted).all()
        return [
            Underway(row.reference, received_on, row.state is not None, row.state == "closed")
            for row in rows
            if (received_on := self._received_on(row)) is not None
        ]

    def _received_on(self, row: Row[*tuple[Any, ...]]) -> date | None:
        """A complaint's receipt: from its line, or, before there is one, from what it was opened with.

        None where that was erased.
        """
        if row.received_on is not None:
            return cast(date, row.received_on)
        try:
            return date.fromisoformat(self.opening_of(row)["received_on"])
        except KeyDestroyed:
            return None

    # --- the record ------------------------------------------------------------------------------

    def append(self, db: Connection, reference: str, entries: Sequence[RegisterEntry]) -> Appended:
        """Add events that are not there yet, within a transaction; each is chained to the one before it.

        Writers of one complaint take turns from here on: none folds what another is about to add to.
        """
        if self._turn is None:
            db.execute(_ITS_TURN, {"of": reference})
        now = datetime.now(UTC)
        keys = {entry.key: entry for entry in entries}
        asked = {f"key_{at}": key for at, key in enumerate(keys)}
        found = db.execute(_last_or_there(len(keys)), {"of": reference, **asked}).all() if keys else []
        there = {row.key for row in found}
        number, chain = max(((row.number, row.chain) for row in found), default=(0, ""))
        rows = []
        for entry in keys.values():
            if entry.key in there:
                continue
            number += 1
            on = date.fromisoformat(entry.on)
            row = {
                "reference": reference,
                "number": number,
                "key": entry.key,
                "kind": entry.kind,
                "on_date": on,
            }
            row |= {"recorded_at": now, "body": self._body(db, entry, place_of("events", "body", row))}
            row["chain"] = chain = link(self.cipher, row, chain)
            rows.append(row)
        if rows:
            db.execute(_NEW_EVENTS, rows)
        return Appended(len(rows), number, chain)

    def keep_head(self, reference: str, appended: Appended) -> None:
        """Keep the length and head of a complaint's chain with its key, which outlives its history."""
        if isinstance(self.cipher, EnvelopeCipher):
            self.cipher.key_store.keep_head(reference, appended.entries, appended.head)

    def _body(self, db: Connection, entry: RegisterEntry, place: Place) -> Any:
        """An entry's body as it is kept."""
        if entry.kind == "erased":
            return encrypt_lasting(self.cipher, entry.body, place)
        body = entry.body
        if entry.kind == "opened":
            body = body | {"terms": self._keep_terms(db, body["terms"])}
        return encrypt_document(self.cipher, body, place)

    def body_of(self, row: _Event) -> Any:
        """The body of an event, opened. Raises `Unreadable`."""
        return decrypt_document(self.cipher, row.body, place_of("events", "body", row._mapping))

    def case(self, db: Connection, reference: str) -> tuple[Case, date] | None:
        """The case made anew from its events, and the date of the last; None where it was never recorded.

        One state: what is passed on from here to letters, tables and notices is this case.
        """
        return self._folded(db, reference, db.execute(_EVENTS, {"of": reference}).all())

    def _folded(self, db: Connection, reference: str, rows: Sequence[_Event]) -> tuple[Case, date] | None:
        bodies: dict[str, list[Any]] = {"opened": [], "message": [], "rejected": [], "effect": []}
        for row in rows:
            if row.kind in bodies:
                bodies[row.kind].append(self.body_of(row))
        if not bodies["opened"]:
            return None
        [opened] = bodies["opened"]
        rules = self._terms(db, opened["terms"])
        opening = Opening.model_validate(opened["opening"])
        case = Case(rules, reference, opening, date.fromisoformat(opened["opened_on"]))
        case.resume(
            [LoggedMessage.model_validate(body) for body in bodies["message"]],
            [Rejected.model_validate(body) for body in bodies["rejected"]],
            {body["key"]: body["state"] for body in bodies["effect"]},
        )
        last = max(row.on_date for row in rows)
        case.state.advance(max(last, case.state.day))
        return case, last

    def _keep_terms(self, db: Connection, packed: str) -> str:
        """Keep terms once for all complaints that share them; gives the digest they are found by."""
        digest = hashlib.sha256(packed.encode()).hexdigest()
        if (
            db.execute(_TERMS, {"digest": digest}).first() is None
        ):  # asked each time: what is remembered may have been undone
            insert_new(db, tables.terms, [{"digest": digest, "packed": packed}])
        return digest

    def _terms(self, db: Connection, digest: str) -> RulesSnapshot:
        if digest not in self._packed:
            wanted = select(tables.terms.c.packed).where(tables.terms.c.digest == digest)
            packed: str = db.execute(wanted).scalar_one()
            if hashlib.sha256(packed.encode()).hexdigest() != digest:
                raise Unreadable(f"terms.packed, row {digest}: it was changed")
            self._packed[digest] = packed
        return unpack(self._packed[digest])

    def waiting_letters(
        self, db: Connection, reference: str, today: date = date.min
    ) -> list[tuple[dict[str, Any], date]]:
        """The effects whose letters are not all written, each with the London date that these bear.

        What waits for an enclosure bears the day on which it is written.
        """
        found: dict[int, tuple[dict[str, Any], date]] = {}
        for row in db.execute(_WAITING_LETTERS, {"of": reference}):
            on = max(row.letters_on, today) if row.recipient else row.letters_on
            found.setdefault(row.id, (self.body_of(row), on))
        return [*found.values()]

    def forget_unwritten(self, db: Connection, reference: str) -> None:
        """Drop the notes of letters that could not be written: they are about to be tried again."""
        table = tables.letters
        db.execute(delete(table).where(table.c.reference == reference, table.c.state == "waiting"))

    def project(self, db: Connection, case: Case, as_of: date, *, first: bool = False) -> None:
        """Make the tables that people query from a case; `first`: there are no rows of it yet."""
        project(db, case, as_of, self.cipher, first=first)

    def erased(self, db: Connection, reference: str) -> Status | None:
        """What is left of a complaint whose personal data was destroyed."""
        table = tables.events
        wanted = select(*_EVENT).where(table.c.reference == reference, table.c.kind == "erased")
        row = db.execute(wanted).first()
        return cast(Status, self.body_of(row)["status"]) if row is not None else None

    def noted_as_erased(self) -> set[str]:
        """The complaints of which it stands here that they were erased: the last step of it."""
        table = tables.events
        with self.reading() as db:
            return set(db.execute(select(table.c.reference).where(table.c.kind == "erased")).scalars())

    def what_stays(self, reference: str) -> Status | None:
        """The same from the key store, for a register that is older than the erasure."""
        if not isinstance(self.cipher, EnvelopeCipher):
            return None
        status = self.cipher.key_store.what_stays(reference)
        return cast(Status, json.loads(status)) if status is not None else None

    def recall(self, reference: str) -> tuple[str, SavedCase] | None:
        """What is needed to take a complaint up again: its packed terms and its state."""
        with self.reading() as db:
            left = self.erased(db, reference)
            try:
                found = self.case(db, reference) if left is None else None
            except KeyDestroyed:
                left = self.what_stays(reference)
                raise Erased(reference, str(left["erased_on"]) if left else "an earlier day") from None
        if left is not None:
            raise Erased(reference, str(left.get("erased_on")))
        return (found[0].rules.packed, found[0].saved()) if found else None

    # --- what people ask -------------------------------------------------------------------------

    def status(self, reference: str, as_of: date) -> Status | None:
        """Where a complaint stands on a date, from the record alone; None where it was never recorded."""
        with self.reading() as db:
            return self.latest_status(db, reference, as_of)

    def latest_status(self, db: Connection, reference: str, as_of: date) -> Status | None:
        """The same on a connection that reads; where nothing new is recorded it is not folded again."""
        try:
            case = self._read(db, reference)
        except KeyDestroyed:
            return self.what_stays(reference)
        if not isinstance(case, Case):
            return case
        with self._reading:  # taking a state on to a date is for one at a time
            return case.latest_status(as_of)

    def _read(self, db: Connection, reference: str) -> Case | Status | None:
        """A case for reading, or what is left of it. Raises `KeyDestroyed`, also for one that was kept."""
        recent = self._recent.pop(reference, None)
        if recent is not None and isinstance(self.cipher, EnvelopeCipher):
            self.cipher.key_store.key(reference)
        last = db.execute(_LAST_EVENT, {"of": reference}).scalar()
        if recent is None or recent[0] != last:
            rows = db.execute(_EVENTS, {"of": reference}).all()
            erased = next((row for row in rows if row.kind == "erased"), None)
            if erased is not None:
                return cast(Status, self.body_of(erased)["status"])
            folded = self._folded(db, reference, rows)
            if folded is None:
                return None
            recent = (rows[-1].id, folded[0])
        with self._reading:
            self._recent[reference] = recent
            while len(self._recent) > MOST_READ:
                del self._recent[next(iter(self._recent))]
        return recent[1]
