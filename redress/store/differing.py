"""Openings that came again with other content: kept under the complaint's own key until staff decide."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from redress.domain.intake_content import comparable
from redress.security.encryption import Place, decrypt_document, encrypt_document
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.places import place_of
from redress.store.register import Register

MOST_KEPT = 20
"""Of one complaint; what comes beyond is counted."""

COUNTED = 0
"""The number of the row that counts what was not kept."""

TABLE = tables.differing

State = Literal["kept", "dismissed", "taken", "counted"]


class Differing(NamedTuple):
    """One of them: its number within the complaint, and what it said; None once erased, or only counted.

    `times`: how many a row stands for that only counts.
    """

    number: int
    arrived_at: datetime
    brought_by: str
    state: State
    times: int
    opening: dict[str, Any] | None


def keep(register: Register, reference: str, raw: dict[str, Any], brought_by: str) -> None:
    """Keep what differs, once however often it comes. Nothing of an erased complaint."""
    try:
        content = register.cipher.digest(comparable(raw), reference)
        body = encrypt_document(register.cipher, raw, _place(reference, content))
    except KeyDestroyed:
        return None
    for _ in range(3):
        try:
            return _kept(register, reference, content, body, brought_by)
        except IntegrityError:
            continue  # another came at the same moment
    raise RuntimeError("the register did not settle what differs")


def _kept(register: Register, reference: str, content: str, body: Any, brought_by: str) -> None:
    own = TABLE.c.reference == reference
    row = {"reference": reference, "caller": brought_by, "arrived_at": datetime.now(UTC), "times": 1}
    with register.writing() as db:
        if db.execute(select(TABLE.c.number).where(own, TABLE.c.content_hash == content)).first():
            return
        last = db.execute(select(func.max(TABLE.c.number)).where(own)).scalar() or 0
        if last < MOST_KEPT:
            kept = {"number": last + 1, "content_hash": content, "state": "kept", "body": body}
            db.execute(insert(TABLE).values(row | kept))
            return
        one_more = {"times": TABLE.c.times + 1, "arrived_at": row["arrived_at"]}
        if not db.execute(update(TABLE).where(own, TABLE.c.number == COUNTED).values(one_more)).rowcount:
            counted = {"number": COUNTED, "content_hash": "", "state": "counted", "body": None}
            db.execute(insert(TABLE).values(row | counted))


def of(register: Register, reference: str) -> list[Differing]:
    """All of a complaint, in the order they came; what was only counted last."""
    wanted = select(TABLE).where(TABLE.c.reference == reference).order_by(TABLE.c.number)
    with register.reading() as db:
        rows = db.execute(wanted).all()
    found = [
        Differing(row.number, row.arrived_at, row.caller, row.state, row.times, _opening(register, row))
        for row in rows
    ]
    return sorted(found, key=lambda each: each.number or MOST_KEPT + 1)


def _opening(register: Register, row: Row[*tuple[Any, ...]]) -> dict[str, Any] | None:
    if row.body is None:
        return None
    try:
        opening: dict[str, Any] = decrypt_document(
            register.cipher, row.body, _place(row.reference, row.content_hash)
        )
    except KeyDestroyed:
        return None
    return opening


def _place(reference: str, content_hash: str) -> Place:
    return place_of(TABLE.name, "body", {"reference": reference, "content_hash": content_hash})


def settle(register: Register, reference: str, number: int, state: State) -> bool:
    """Note what staff decided on one that is kept; whether it still was."""
    kept = (TABLE.c.reference == reference, TABLE.c.number == number, TABLE.c.state == "kept")
    with register.writing() as db:
        return bool(db.execute(update(TABLE).where(*kept).values(state=state)).rowcount)
