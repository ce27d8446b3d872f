"""A complaint's record as those follow it who want to know what changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from redress.security.encryption import decrypt_document
from redress.security.keyring import Unreadable
from redress.store import tables
from redress.store.database import utc
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
    record, messages, references = tables.events, tables.messages, tables.references
    wanted = select(record).where(record.c.reference == reference, record.c.id > after).order_by(record.c.id)
    with register.reading() as db:
        rows = db.execute(wanted.limit(most)).all()
        if not rows:
            known = select(references.c.reference).where(references.c.reference == reference)
            return [] if db.execute(known).first() is not None else None
        outcomes = {
            f"message:{seq}": (action, outcome)
            for seq, action, outcome in db.execute(
                select(messages.c.seq, messages.c.action, messages.c.outcome).where(
                    messages.c.reference == reference
                )
            )
        }
    return [_recorded(register, row, outcomes, with_text=with_text) for row in rows]


def _recorded(
    register: Register,
    row: Row[*tuple[Any, ...]],
    outcomes: dict[str, tuple[str, str]],
    *,
    with_text: bool,
) -> Recorded:
    try:
        body = decrypt_document(register.cipher, row.body)
    except Unreadable:  # erased
        body = None
    kind, what, outcome, details = row.kind, "", "", None
    if kind == "message":
        what, outcome = outcomes.get(row.key, ("", ""))
    elif kind == "effect":
        kind, what, outcome = _effect(row.key, body)
    if with_text and body is not None:
        details = _details(row.kind, body)
    return Recorded(row.id, row.on_date, utc(row.recorded_at), kind, what, outcome, details)


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
            return dict(body.get("opening", {}))
        case "message":
            return {"message_id": body.get("body", {}).get("message_id"), **body.get("body", {})}
        case "rejected" | "effect":
            return body
        case _:
            return None
