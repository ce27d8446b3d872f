"""Which daily digests were sent: a row for each mailbox, day and kind, there before anything is handed over.

The row is the constraint: a digest is sent once, whoever asks for it and however often.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from redress.store import letters as letter_store
from redress.store import tables
from redress.store.letters import LetterFilter

DigestState = Literal["sending", "sent", "failed", "unsure", "already"]
"""What became of one. `already`: it was seen to before."""

TABLE = tables.digests

LEASE = 120.0
"""Seconds after which whoever had one in hand is taken to be gone."""


class DigestPlace(NamedTuple):
    """What makes a digest one. `mailbox`: a keyed digest of it."""

    authority: str
    mailbox: str
    on_date: date
    kind: str


class Waiting(NamedTuple):
    """Something of a complaint that waits for a person without a limit of its own, and since when."""

    reference: str
    why: Literal["pending", "differing", "failed", "unsure", "by_hand"]
    what: str
    on_date: date | None


def claim(db: Connection, place: DigestPlace, cases: int) -> Literal["sending", "held", "ended"] | None:
    """Claim a digest for sending; none: it is the caller's now.

    `held`: somebody has it in hand; `sending`: somebody had, and is gone; `ended`: it was seen to.
    """
    now = datetime.now(UTC)
    try:
        with db.begin_nested():
            db.execute(insert(TABLE).values(**place._asdict(), state="sending", cases=cases, claimed_at=now))
    except IntegrityError:
        row = db.execute(select(TABLE.c.state, TABLE.c.claimed_at).where(*_at(place))).one_or_none()
        if row is None or row.state != "sending":
            return "held" if row is None else "ended"
        return "sending" if (now - row.claimed_at).total_seconds() > LEASE else "held"
    return None


def give_back(db: Connection, place: DigestPlace) -> None:
    """It has certainly not left: it can be claimed again."""
    db.execute(delete(TABLE).where(*_at(place), TABLE.c.state == "sending"))


def end(
    db: Connection, place: DigestPlace, state: DigestState, *, reason: str | None, found_at: str | None
) -> None:
    """Note what became of a digest that was claimed."""
    values = {"state": state, "reason": reason, "place": found_at}
    db.execute(update(TABLE).where(*_at(place), TABLE.c.state == "sending").values(**values))


def waiting(db: Connection, authority: str, posted: Sequence[str]) -> list[Waiting]:
    """What waits for the Complaints Manager of an authority without a limit of its own, by reference."""
    lines, messages, differing = tables.complaints.c, tables.messages.c, tables.differing.c
    its = select(lines.reference).where(lines.authority == authority, lines.is_listed)
    pending = select(messages.reference, messages.action, messages.on_date).where(
        messages.outcome == "pending", messages.reference.in_(its)
    )
    found = [Waiting(row.reference, "pending", row.action, row.on_date) for row in db.execute(pending)]
    kept = select(differing.reference).where(differing.state == "kept", differing.reference.in_(its))
    found += [Waiting(row.reference, "differing", "", None) for row in db.execute(kept)]
    for state in ("failed", "unsure", "by_hand"):
        rows = letter_store.told(db, LetterFilter(authority=authority, state=state), posted)
        found += [Waiting(row.reference, state, "", letter_store.handed_on(row)) for row in rows]
    return sorted(found, key=lambda each: (each.reference, each.why, each.what, each.on_date or date.min))


def _at(place: DigestPlace) -> list[ColumnElement[bool]]:
    return [TABLE.c[name] == value for name, value in place._asdict().items()]
