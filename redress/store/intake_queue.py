"""Openings that wait: kept in the API's own store, encrypted, until they can be opened.

A row is put before the caller is answered, and every step after that may be repeated: reserving a reference
and starting a workflow count once however often they are done. So the API may be killed at any moment.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from redress.domain.intake_content import comparable
from redress.domain.opening import Opening
from redress.security.encryption import (
    Cipher,
    Place,
    decrypt_document,
    encrypt_document,
    encrypt_unassigned,
    key_of,
)
from redress.store.api_store import waiting
from redress.store.database import writing
from redress.store.places import place_of

RECEIPTS_KEPT = timedelta(days=90)
"""How long a receipt can be asked about after its complaint was opened."""

LONGEST_PAUSE = timedelta(hours=1)

State = Literal["waiting", "opened", "refused"]
"""`refused`: it can never be opened."""


class Receipt(NamedTuple):
    """What is known of an opening that waits, or has waited."""

    receipt: str
    authority: str
    caller: str
    state: State
    reference: str | None
    created: bool
    differs: bool
    kept_at: datetime
    problem: str = ""


RECEIPT = [waiting.c[name] for name in Receipt._fields]


class Due(NamedTuple):
    """An opening whose turn it is. With a reference the register holds what was sent, else `body` does."""

    id: int
    receipt: str
    caller: str
    reference: str | None
    body: Any
    tries: int
    authority: str
    kept_at: datetime


class IntakeQueue:
    """The queue. Its methods block."""

    def __init__(self, store: Engine, cipher: Cipher) -> None:
        self._store = store
        self._cipher = cipher

    def put(
        self, opening: Opening, raw: dict[str, Any], caller: str, reserved: tuple[str, bool, bool] | None
    ) -> Receipt:
        """Keep an opening; the same one again is the same row. Blocks until it is on the disk.

        The same intake with other content is a row of its own: in its turn it is kept for staff.
        `reserved`: the reference, whether this made it, and whether it was made for other content. With a
        reference the register holds what was sent, and nothing of it is kept here.
        """
        mark, now = _mark(opening), datetime.now(UTC)
        known: tuple[str | None, bool, bool] = reserved or (None, True, False)
        made = Receipt(f"rc_{secrets.token_hex(16)}", opening.authority, caller, "waiting", *known, now)
        content = _digest([mark, comparable(raw)])
        other = waiting.c.content != content
        body = None if reserved else self._encrypted(raw, _place(made))
        try:
            with writing(self._store) as db:
                db.execute(delete(waiting).where(waiting.c.intake == mark, waiting.c.state == "refused"))
                if db.execute(select(waiting.c.id).where(waiting.c.intake == mark, other).limit(1)).first():
                    made = made._replace(created=False, differs=True)
                queued = {"intake": mark, "content": content, "body": body, "tries": 0, "next_at": now}
                db.execute(insert(waiting).values(made._asdict() | queued))
        except IntegrityError:
            same = (waiting.c.intake == mark, waiting.c.content == content)
            with self._store.connect() as db:
                first = Receipt(*db.execute(select(*RECEIPT).where(*same)).one())
            return first._replace(created=False)
        return made

    def _encrypted(self, raw: dict[str, Any], place: Place) -> Any:
        """Under a key of its own, which the complaint takes over; without the key store, the keyring's."""
        try:
            return encrypt_unassigned(self._cipher, raw, place)
        except SQLAlchemyError:
            return encrypt_document(self._cipher, raw, place)

    def receipt(self, receipt: str) -> Receipt | None:
        """What became of one."""
        with self._store.connect() as db:
            row = db.execute(select(*RECEIPT).where(waiting.c.receipt == receipt)).one_or_none()
        return Receipt(*row) if row is not None else None

    def count(self) -> int:
        """How many wait."""
        wanted = select(func.count()).select_from(waiting).where(waiting.c.state == "waiting")
        with self._store.connect() as db:
            return db.execute(wanted).scalar_one()

    def ahead_of(self, opening: Opening) -> tuple[bool, bool]:
        """Whether any waits for its turn (none that was put off), and whether this very intake does."""
        same = select(waiting.c.id).where(waiting.c.intake == _mark(opening), waiting.c.state == "waiting")
        with self._store.connect() as db:
            return bool(self.due(1)), db.execute(same).first() is not None

    # --- opening them ----------------------------------------------------------------------------

    def due(self, most: int) -> list[Due]:
        """Those whose turn it is, the oldest first."""
        due = (waiting.c.state == "waiting") & (waiting.c.next_at <= datetime.now(UTC))
        columns = [waiting.c[name] for name in Due._fields]
        with self._store.connect() as db:
            rows = db.execute(select(*columns).where(due).order_by(waiting.c.id).limit(most)).all()
        return [Due(*row) for row in rows]

    def opening_of(self, due: Due) -> dict[str, Any]:
        """What was sent. Raises `Unreadable`."""
        opening: dict[str, Any] = decrypt_document(self._cipher, due.body, _place(due))
        return opening

    def know(self, due: Due, reference: str, *, created: bool, differs: bool) -> None:
        """Note the reference: from now on the register holds what was sent, under the key it had here."""
        self._cipher.assign(key_of(due.body), reference)
        known = {"reference": reference, "created": created, "differs": differs, "body": None}
        with writing(self._store) as db:
            db.execute(update(waiting).where(waiting.c.id == due.id).values(known))

    def settle(self, ids: list[int], state: State, problem: str = "") -> None:
        """Note that these have ended."""
        done = {"state": state, "problem": problem[:2000], "body": None, "done_at": datetime.now(UTC)}
        with writing(self._store) as db:
            db.execute(update(waiting).where(waiting.c.id.in_(ids)).values(done))

    def put_off(self, due: Due) -> None:
        """Let the others pass; each time for longer."""
        pause = min(timedelta(seconds=2 ** min(due.tries, 12)), LONGEST_PAUSE)
        later = {"tries": due.tries + 1, "next_at": datetime.now(UTC) + pause}
        with writing(self._store) as db:
            db.execute(update(waiting).where(waiting.c.id == due.id).values(later))

    def forget(self) -> None:
        """Drop receipts that nobody can want any more."""
        old = waiting.c.done_at < datetime.now(UTC) - RECEIPTS_KEPT
        with self._store.connect() as db:
            if db.execute(select(waiting.c.id).where(old).limit(1)).first() is None:
                return
        with writing(self._store) as db:
            db.execute(delete(waiting).where(old))


def _place(row: Receipt | Due) -> Place:
    return place_of("waiting_openings", "body", {"receipt": row.receipt, "authority": row.authority})


def _mark(opening: Opening) -> str:
    """What makes an intake one: as the register has it, without showing the source's own key."""
    return _digest([opening.authority, opening.source, opening.source_id])


def _digest(document: Any) -> str:
    text = json.dumps(document, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
