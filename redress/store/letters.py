"""The letters of the register: each one row, from when it is written until it has arrived.

    ready ──lease──> sending ──> sent, accepted (taken by somebody who will still say what became of it)
      ^                 │
      └── not now ──────┼──> failed, unsure (raised to the Complaints Manager; a person decides)

Only who holds the claim of a letter may say what became of it. Rows of earlier versions are `sent`, or
`waiting`: their letters are written anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, Select, Update, bindparam, func, or_, select, update

from redress.security.encryption import Cipher, decrypt_document, decrypt_text, encrypt_document, encrypt_text
from redress.store import tables
from redress.store.database import upsert, utc
from redress.store.outbound import Recipient, Route, mark_of

State = Literal["waiting", "ready", "sending", "accepted", "sent", "failed", "unsure", "by_hand", "erased"]

OPEN: tuple[State, ...] = ("ready", "sending", "accepted")
"""Letters that somebody still has to do something about, without being asked."""

RAISED: tuple[State, ...] = ("failed", "unsure")
"""Letters that wait for a person."""

LetterRow = Row[Any]

TABLE = tables.letters


class NewLetter(NamedTuple):
    """A letter that was written, and how it is to leave."""

    key: str
    recipient: str
    letter: str
    on: date
    means: Route
    envelope: Recipient
    text: str


def put(db: Connection, cipher: Cipher, reference: str, letters: Sequence[NewLetter]) -> None:
    """Keep letters, ready to leave, after those there are; what is personal in them is encrypted."""
    if not letters:
        return
    last = db.execute(_LAST, {"of": reference}).scalar_one()
    rows = [
        {
            "reference": reference,
            "position": last + at,
            "key": letter.key,
            "recipient": letter.recipient,
            "letter": letter.letter,
            "on_date": letter.on,
            "state": "ready",
            "envelope": encrypt_document(cipher, letter.envelope.model_dump(mode="json"), reference),
            "text": encrypt_text(cipher, letter.text, reference),
            "means": letter.means,
            "round": 0,
            "attempts": 0,
        }
        for at, letter in enumerate(letters, 1)
    ]
    upsert(db, TABLE, rows)


def put_unwritten(db: Connection, reference: str, effect: dict[str, Any], on: date) -> None:
    """Note that the letters of an effect could not be written."""
    row = {"key": effect["key"], "recipient": "", "letter": effect["template"], "on_date": on}
    blank = {"position": 0, "state": "waiting", "round": 0, "attempts": 0}
    upsert(db, TABLE, [{"reference": reference, **row, **blank}])


def written(db: Connection, reference: str, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Which letters of these keys are written, as (key, recipient); they are never written again."""
    rows = db.execute(_WRITTEN, {"of": reference})
    return {(row.key, row.recipient) for row in rows if row.key in keys}


def in_state(db: Connection, states: Sequence[State], reference: str | None = None) -> list[LetterRow]:
    """The letters in certain states, oldest first; of one complaint or of all."""
    of = {} if reference is None else {"of": reference}
    return list(db.execute(_in_state(tuple(states), bool(of)), of))


def marked(db: Connection, reference: str, mark: str) -> LetterRow | None:
    """The letter of a complaint that a mark stands for."""
    rows = db.execute(select(TABLE).where(TABLE.c.reference == reference, TABLE.c.recipient != ""))
    return next((row for row in rows if mark_of(row.key, row.recipient) == mark), None)


def recipient_of(cipher: Cipher, row: LetterRow) -> Recipient:
    """What is on a letter's envelope. Raises `Unreadable`."""
    return Recipient.model_validate(decrypt_document(cipher, row.envelope))


def text_of(cipher: Cipher, row: LetterRow) -> str:
    """A letter's text. Raises `Unreadable`."""
    return decrypt_text(cipher, row.text)


def lease(db: Connection, row: LetterRow, channel: str) -> str | None:
    """Take a ready letter in hand; gives the claim, or None where somebody else has it."""
    now, made = datetime.now(UTC), secrets.token_hex(16)
    taken = {"by": channel, "held": made, "now": now, "first": row.tried_at or now}
    done = db.execute(_CLAIM, _named(row) | taken | {"in_round": row.round, "by_means": row.means})
    return made if done.rowcount else None


def acknowledge(db: Connection, row: LetterRow, held: str | None, state: State, **values: object) -> bool:
    """Say what became of a letter one has in hand; whether it was still in one's hands."""
    said = {f"new_{name}": value for name, value in {"state": state, **values}.items()}
    done = db.execute(_settled(("state", *values)), _named(row) | said | {"held": held})
    return bool(done.rowcount)


def change(db: Connection, row: LetterRow, states: Sequence[State], **values: object) -> bool:
    """Change a letter that is in one of these states; whether it was."""
    done = db.execute(update(TABLE).where(*_is(row), TABLE.c.state.in_(states)).values(**values))
    return bool(done.rowcount)


def end(db: Connection, row: LetterRow, held: str | None, state: State, **values: object) -> bool:
    """Say what became of a letter, whether one has it in hand or nobody has; whether it was so."""
    if held is None:
        return change(db, row, ("ready",), state=state, **values)
    return acknowledge(db, row, held, state, **values)


def requeue(db: Connection, row: LetterRow) -> bool:
    """Make a letter that was raised ready once more; it counts as another one, with a token of its own."""
    fresh = {"attempts": 0, "tried_at": None, "raised_at": None, "claim": None}
    return change(db, row, RAISED, state="ready", round=row.round + 1, **fresh)


def age_of(moment: datetime | None) -> float:
    """Seconds since a moment of the register; 0 for none."""
    return (datetime.now(UTC) - utc(moment)).total_seconds() if moment is not None else 0.0


def _is(row: LetterRow) -> tuple[Any, ...]:
    return (
        TABLE.c.reference == row.reference,
        TABLE.c.key == row.key,
        TABLE.c.recipient == row.recipient,
    )


# Statements for every letter there is, built once: building one costs more than running it.

_THIS = (
    TABLE.c.reference == bindparam("of"),
    TABLE.c.key == bindparam("named"),
    TABLE.c.recipient == bindparam("to"),
)

_WRITTEN = select(TABLE.c.key, TABLE.c.recipient).where(
    TABLE.c.reference == bindparam("of"), TABLE.c.state != "waiting"
)

_LAST = select(func.coalesce(func.max(TABLE.c.position), 0)).where(TABLE.c.reference == bindparam("of"))

_CLAIM = (
    update(TABLE)
    .where(
        *_THIS,
        TABLE.c.state == "ready",
        TABLE.c.round == bindparam("in_round"),
        TABLE.c.means == bindparam("by_means"),
    )
    .values(
        state="sending",
        channel=bindparam("by"),
        claim=bindparam("held"),
        claimed_at=bindparam("now"),
        attempts=TABLE.c.attempts + 1,
        tried_at=bindparam("first"),
    )
)


def _named(row: LetterRow) -> dict[str, Any]:
    return {"of": row.reference, "named": row.key, "to": row.recipient}


@cache
def _in_state(states: tuple[State, ...], of_one: bool) -> Select[Any]:
    wanted = select(TABLE).where(or_(*(TABLE.c.state == state for state in states)))
    if of_one:
        return wanted.where(TABLE.c.reference == bindparam("of")).order_by(TABLE.c.position)
    return wanted.order_by(TABLE.c.on_date, TABLE.c.reference, TABLE.c.position)


@cache
def _settled(names: tuple[str, ...]) -> Update:
    # `unsure` too: who is only slow may still bring the answer that everybody had given up.
    in_hand = or_(*(TABLE.c.state == state for state in ("sending", "accepted", "unsure")))
    return (
        update(TABLE)
        .where(*_THIS, TABLE.c.claim == bindparam("held"), in_hand)
        .values({name: bindparam(f"new_{name}") for name in names})
    )
