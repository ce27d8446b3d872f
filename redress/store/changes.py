"""A complaint's record as those follow it who want to know what changed."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, String, cast, select

from redress.domain.effect_log import mark_of_id
from redress.security.encryption import decrypt_document
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.places import place_of
from redress.store.register import Register
from redress.store.row_ids import MOST_DIGITS, id_of_row


class Recorded(NamedTuple):
    """One entry. `details` hold what people wrote: None for others, once struck out, and once erased."""

    id: str
    on: date
    recorded_at: datetime
    kind: str
    what: str
    outcome: str
    details: dict[str, Any] | None


def recorded(
    register: Register, reference: str, after: str, most: int, *, with_text: bool
) -> list[Recorded] | None:
    """The entries of a complaint after the one with an id; None where there never was such a complaint.

    From the first one where no entry has that id: nothing was read yet, or the register was restored from a
    backup that is older than the entry, whose number has been given to another since.
    """
    record, messages = tables.events, tables.messages
    with register.reading() as db:
        wanted = (
            select(record, messages.c.action, messages.c.outcome)
            .outerjoin(messages, _its_message())
            .where(record.c.reference == reference, record.c.id > _number(db, reference, after))
            .order_by(record.c.id)
            .limit(most)
        )
        rows = db.execute(wanted).all()
        struck = _struck(register, db, reference)
    if not rows and not register.knows(reference):
        return None
    return [_recorded(register, row, struck, with_text=with_text) for row in rows]


def _struck(register: Register, db: Connection, reference: str) -> list[str]:
    """What keys of effects have in them that a message caused which was struck out."""
    record, messages = tables.events, tables.messages
    wanted = (
        select(record)
        .join(messages, _its_message())
        .where(record.c.reference == reference, messages.c.outcome == "struck_out")
    )
    bodies = [_body(register, row) for row in db.execute(wanted)]
    return [f":{mark_of_id(body['body']['message_id'])}" for body in bodies if body is not None]


def _its_message() -> ColumnElement[bool]:
    record, messages = tables.events, tables.messages
    its_key = "message:" + cast(messages.c.seq, String) == record.c.key
    return (messages.c.reference == record.c.reference) & its_key


def _body(register: Register, row: Row[*tuple[Any, ...]]) -> dict[str, Any] | None:
    """What an entry says; None once it was erased."""
    try:
        body: dict[str, Any] = decrypt_document(
            register.cipher, row.body, place_of("events", "body", row._mapping)
        )
    except KeyDestroyed:
        return None
    return body


def _number(db: Connection, reference: str, id: str) -> int:
    """The number of the entry with an id; 0 where there is none."""
    found = re.match(rf"([0-9]{{1,{MOST_DIGITS}}})-", id)
    if found is None:
        return 0
    record, number = tables.events, int(found[1])
    entry = select(record).where(record.c.id == number, record.c.reference == reference)
    row = db.execute(entry).one_or_none()
    return number if row is not None and _id_of(row) == id else 0


def _id_of(row: Row[*tuple[Any, ...]]) -> str:
    return id_of_row(row.id, row.recorded_at, row.reference, row.key)


def _recorded(
    register: Register, row: Row[*tuple[Any, ...]], struck: Collection[str], *, with_text: bool
) -> Recorded:
    body = _body(register, row)
    kind, what, outcome = row.kind, row.action or "", row.outcome or ""
    if kind == "effect":
        kind, what, outcome = _effect(row.key, body)
    is_sealed = outcome == "struck_out" or any(mark in row.key for mark in struck)
    details = _details(row.kind, body) if with_text and body is not None and not is_sealed else None
    return Recorded(_id_of(row), row.on_date, row.recorded_at, kind, what, outcome, details)


def _effect(key: str, body: dict[str, Any] | None) -> tuple[str, str, str]:
    """What an effect is: its kind, what it is about, and what became of it."""
    if body is None:
        return ("breach" if key.startswith("effect:breach:") else "letter"), "", ""
    facts = body.get("facts", {})
    about = facts.get("deadline") if body["kind"] == "breach" else body.get("template")
    return str(body["kind"]), str(about or ""), str(body.get("state", ""))


def _details(kind: str, body: dict[str, Any]) -> dict[str, Any] | None:
    match kind:
        case "opened":
            return dict(body["opening"])
        case "message":
            return dict(body["body"])
        case "rejected" | "effect":
            return body
        case _:
            return None
