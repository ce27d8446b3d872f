"""A complaint's record as those follow it who want to know what changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, String, cast, select

from redress.security.encryption import decrypt_document
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.places import place_of
from redress.store.register import Register


class Recorded(NamedTuple):
    """One entry. `details` hold what people wrote: None for whoever may not read it, and once erased."""

    id: int
    on: date
    recorded_at: datetime
    kind: str
    what: str
    outcome: str
    details: dict[str, Any] | None


def recorded(
    register: Register, reference: str, after: int, most: int, *, with_text: bool
) -> list[Recorded] | None:
    """The entries of a complaint after a place; None where there never was such a complaint."""
    record, messages = tables.events, tables.messages
    its_message = (messages.c.reference == record.c.reference) & (
        "message:" + cast(messages.c.seq, String) == record.c.key
    )
    wanted = (
        select(record, messages.c.action, messages.c.outcome)
        .outerjoin(messages, its_message)
        .where(record.c.reference == reference, record.c.id > after)
        .order_by(record.c.id)
        .limit(most)
    )
    with register.reading() as db:
        rows = db.execute(wanted).all()
    if not rows and not register.knows(reference):
        return None
    return [_recorded(register, row, with_text=with_text) for row in rows]


def _recorded(register: Register, row: Row[*tuple[Any, ...]], *, with_text: bool) -> Recorded:
    try:
        body = decrypt_document(register.cipher, row.body, place_of("events", "body", row._mapping))
    except KeyDestroyed:
        body = None
    kind, what, outcome = row.kind, row.action or "", row.outcome or ""
    if kind == "effect":
        kind, what, outcome = _effect(row.key, body)
    details = _details(row.kind, body) if with_text and body is not None else None
    return Recorded(row.id, row.on_date, row.recorded_at, kind, what, outcome, details)


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
