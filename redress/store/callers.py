"""Who brought a complaint: the caller that the API knew, not who the caller says they are."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.database import insert_new
from redress.store.naming import kept_id
from redress.store.register import Register


def note(register: Register, reference: str, caller: str) -> None:
    """Write down who brought a reference first; whoever repeats it changes nothing."""
    row = {"reference": reference, "caller": caller, "arrived_at": datetime.now(UTC)}
    with register.writing() as db:
        insert_new(db, tables.arrivals, [row])


def who_brought(register: Register, reference: str) -> str | None:
    """The caller who brought a complaint; None where it did not come through the API."""
    table = tables.arrivals
    with register.reading() as db:
        return db.execute(select(table.c.caller).where(table.c.reference == reference)).scalar_one_or_none()


def authority_of(register: Register, reference: str) -> str | None:
    """Whose complaint a reference is; None where there never was one."""
    table = tables.references
    with register.reading() as db:
        return db.execute(
            select(table.c.authority).where(table.c.reference == reference)
        ).scalar_one_or_none()


def dated(register: Register, reference: str, message_id: str) -> str | None:
    """The London date of a message that came before under the same id."""
    table = tables.messages
    with register.reading() as db:
        rows = db.execute(
            select(table.c.message_id, table.c.on_date).where(table.c.reference == reference)
        ).all()
    if not rows:
        return None  # and no key is made for a reference that nobody has
    try:
        names = {
            message_id,
            kept_id(register.cipher, message_id, reference),
        }  # earlier versions kept it as it came
    except KeyDestroyed:
        return None
    return next((row.on_date.isoformat() for row in rows if row.message_id in names), None)
