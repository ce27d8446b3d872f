"""Who brought a complaint: the caller that the gateway knew, not who the caller says they are."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from privacy.vault import Destroyed
from register import schema
from register.database import insert_new
from register.naming import kept_id
from register.register import Register


def note(register: Register, reference: str, caller: str) -> None:
    """Write down who brought a reference first; whoever repeats it changes nothing."""
    row = {"reference": reference, "caller": caller, "arrived_at": datetime.now(UTC)}
    with register.writing() as db:
        insert_new(db, schema.arrivals, [row])


def who_brought(register: Register, reference: str) -> str | None:
    """The caller who brought a complaint; None where it did not come through the gateway."""
    table = schema.arrivals
    with register.reading() as db:
        return db.execute(select(table.c.caller).where(table.c.reference == reference)).scalar_one_or_none()


def authority_of(register: Register, reference: str) -> str | None:
    """Whose complaint a reference is; None where there never was one."""
    table = schema.references
    with register.reading() as db:
        return db.execute(
            select(table.c.authority).where(table.c.reference == reference)
        ).scalar_one_or_none()


def dated(register: Register, reference: str, message_id: str) -> str | None:
    """The London date of a message that came before under the same id."""
    table = schema.messages
    with register.reading() as db:
        rows = db.execute(
            select(table.c.message_id, table.c.on_date).where(table.c.reference == reference)
        ).all()
    if not rows:
        return None  # and no key is made for a reference that nobody has
    try:
        names = {
            message_id,
            kept_id(register.seals, message_id, reference),
        }  # earlier versions kept it as it came
    except Destroyed:
        return None
    return next((row.on_date.isoformat() for row in rows if row.message_id in names), None)
