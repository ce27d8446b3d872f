"""What intake callers said about complaints that they do not reach, until staff have matched it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, update

from redress.security.encryption import Place, decrypt_document, encrypt_unassigned
from redress.store.database import insert_new
from redress.store.places import place_of
from redress.store.register import Register
from redress.store.tables import unmatched

State = Literal["waiting", "matched", "dismissed"]


class Unmatched(NamedTuple):
    """A request. `claimed`: the reference that the caller named; `reference`: the one it is matched to.

    `body`: what came, encrypted; None once it was matched. `authority`: whose staff see it; None: only staff
    who are limited to none.
    """

    id: int
    request: str
    state: State
    caller: str
    caller_name: str
    authority: str | None
    claimed: str
    action: str
    on_date: date
    received_at: datetime
    body: Any
    reference: str | None
    decided_by: str | None
    decided_at: datetime | None


class NewRequest(NamedTuple):
    """A request to be kept. `digest` names the message of this caller about this reference."""

    request: str
    digest: str
    caller: str
    caller_name: str
    authority: str | None
    claimed: str
    action: str
    on_date: date
    message: dict[str, Any]


def put(register: Register, new: NewRequest, most_waiting: int) -> Unmatched | None:
    """Keep a request; the same one again is the first. None where so many of this caller wait already."""
    known = _one(register, unmatched.c.digest == new.digest)
    if known is not None:
        return known
    body = encrypt_unassigned(register.cipher, new.message, _place(new))
    row = new._asdict() | {"state": "waiting", "received_at": datetime.now(UTC), "body": body}
    del row["message"]
    with register.writing() as db:
        if _count_waiting(db, new.caller) >= most_waiting:
            return None
        insert_new(db, unmatched, [row])
    return _one(register, unmatched.c.digest == new.digest)


def _count_waiting(db: Connection, caller: str) -> int:
    its_own = (unmatched.c.caller == caller) & (unmatched.c.state == "waiting")
    return db.execute(select(func.count()).select_from(unmatched).where(its_own)).scalar_one()


def message_of(register: Register, row: Unmatched) -> dict[str, Any]:
    """What came. Raises `Unreadable`."""
    message: dict[str, Any] = decrypt_document(register.cipher, row.body, _place(row))
    return message


def waiting(register: Register, authority: str | None, after: str, most: int) -> list[Unmatched]:
    """What waits, in the order it came; `authority`: what its staff see; `after`: the request before."""
    place = select(unmatched.c.id).where(unmatched.c.request == after).scalar_subquery()
    is_later = unmatched.c.id > func.coalesce(place, 0)
    wanted = (
        _SELECT.where(unmatched.c.state == "waiting", is_later, _seen_by(authority))
        .order_by(unmatched.c.id)
        .limit(most)
    )
    with register.reading() as db:
        return [Unmatched(*row) for row in db.execute(wanted)]


def find(register: Register, request: str, authority: str | None) -> Unmatched | None:
    """One request, decided or not; `authority`: where its staff see it."""
    return _one(register, unmatched.c.request == request, _seen_by(authority))


def of_digest(register: Register, digest: str) -> Unmatched | None:
    """The request of a message of a caller about a reference."""
    return _one(register, unmatched.c.digest == digest)


def claim(register: Register, request: str, reference: str, by: str) -> bool:
    """Note the complaint that it is matched to, before it is sent there; whether no other was noted."""
    free = unmatched.c.reference.is_(None) | (unmatched.c.reference == reference)
    return _change(register, request, free, reference=reference, decided_by=by)


def release(register: Register, request: str) -> None:
    """Forget the complaint again: what came cannot be taken there."""
    _change(register, request, reference=None, decided_by=None)


def settle(register: Register, request: str) -> None:
    """Note that it is matched, and keep no more of it."""
    _change(register, request, state="matched", body=None, decided_at=datetime.now(UTC))


def dismiss(register: Register, row: Unmatched, message: dict[str, Any], by: str) -> bool:
    """Note that it belongs to no complaint; whether it was still nobody's. `message`: what stays of it."""
    done = {"state": "dismissed", "decided_by": by, "decided_at": datetime.now(UTC)}
    body = encrypt_unassigned(register.cipher, message, _place(row))
    return _change(register, row.request, unmatched.c.reference.is_(None), body=body, **done)


def decided_before(register: Register, moment: datetime) -> list[Unmatched]:
    """What was decided before a moment."""
    with register.reading() as db:
        return [Unmatched(*row) for row in db.execute(_SELECT.where(unmatched.c.decided_at < moment))]


def forget(register: Register, ids: list[int]) -> None:
    """Drop rows."""
    with register.writing() as db:
        db.execute(unmatched.delete().where(unmatched.c.id.in_(ids)))


_SELECT = select(*(unmatched.c[name] for name in Unmatched._fields))


def _place(row: Unmatched | NewRequest) -> Place:
    return place_of(unmatched.name, "body", row._asdict())


def _seen_by(authority: str | None) -> ColumnElement[bool]:
    return unmatched.c.authority == authority if authority is not None else unmatched.c.id > 0


def _one(register: Register, *conditions: ColumnElement[bool]) -> Unmatched | None:
    with register.reading() as db:
        row = db.execute(_SELECT.where(*conditions)).one_or_none()
    return Unmatched(*row) if row is not None else None


def _change(register: Register, request: str, *conditions: ColumnElement[bool], **values: object) -> bool:
    is_it = (unmatched.c.request == request) & (unmatched.c.state == "waiting")
    with register.writing() as db:
        return bool(db.execute(update(unmatched).where(is_it, *conditions).values(values)).rowcount)
