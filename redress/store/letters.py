"""The letters of the register: each one row, from when it is written until it has arrived.

    ready ──lease──> sending ──> sent, accepted (taken by somebody who will still say what became of it)
      ^                 │
      └── not now ──────┼──> failed, unsure (raised to the Complaints Manager; a person decides)

Only who holds the claim of a letter may say what became of it. `waiting`: not written yet, or it waits for an
enclosure. `draft` and `approved`: it waits, for its approval or for office hours; `withdrawn`: it is not to
leave any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    case,
    exists,
    false,
    select,
    tuple_,
    update,
)

from redress.domain.drafts import READERS
from redress.domain.london import london_date
from redress.security.encryption import Cipher, decrypt_document, decrypt_text, encrypt_document, encrypt_text
from redress.security.keyring import KeyDestroyed
from redress.store import tables
from redress.store.database import one_of, upsert
from redress.store.outbound import Recipient, Route, mark_of
from redress.store.places import Columns, place_of

State = Literal[
    "waiting",
    "draft",
    "approved",
    "ready",
    "sending",
    "accepted",
    "sent",
    "failed",
    "unsure",
    "by_hand",
    "withdrawn",
    "erased",
]

OPEN: tuple[State, ...] = ("ready", "sending", "accepted")
"""Letters that somebody still has to do something about, without being asked."""

TO_APPROVE: tuple[State, ...] = ("draft", "approved")
"""Letters that are not written for good: nobody keeps their text."""

RAISED: tuple[State, ...] = ("failed", "unsure")
"""Letters that wait for a person."""

LetterRow = Row[Any]

TABLE = tables.letters

LetterState = Literal[
    "waiting",
    "draft",
    "approved",
    "leaving",
    "done",
    "arrived",
    "failed",
    "unsure",
    "by_hand",
    "withdrawn",
    "erased",
]
"""What people are told of a letter. `draft`: it waits to be approved; `done`: a carrier took it, or somebody
sent it; `arrived`: that it has is known; `by_hand`: somebody has to send it, from the outbox folder or,
without an address, however they can."""

Place = tuple[str, str, str]
"""What makes a letter one: reference, key, recipient."""


class LetterFilter(NamedTuple):
    """Which letters are wanted."""

    reference: str | None = None
    authority: str | None = None
    state: LetterState | None = None
    among: Select[tuple[str]] | None = None
    """The references that the caller reaches; None: not limited by this."""


class NewLetter(NamedTuple):
    """A letter that was written, and how it is to leave."""

    key: str
    recipient: str
    letter: str
    on_date: date
    means: Route
    envelope: Recipient
    text: str
    missing: tuple[str, ...] = ()
    """The kinds of documents that it waits for."""
    why_it_waits: str = ""


def put(
    db: Connection,
    cipher: Cipher,
    reference: str,
    letters: Sequence[NewLetter],
    last: int,
    rounds: Mapping[tuple[str, str], int] = {},
) -> None:
    """Keep letters, ready to leave, after the `last` of those there are; what is personal is encrypted.

    `rounds`: of those that are written anew, the how manieth time it is.
    """
    if not letters:
        return
    fresh = {"reference": reference, "state": "ready", "round": 0, "attempts": 0}
    rows = []
    for at, letter in enumerate(letters, 1):
        row = {**fresh, **_columns(letter), "position": last + at}
        row["round"] = rounds.get((letter.key, letter.recipient), 0)
        envelope = encrypted_recipient(cipher, letter.envelope, row)
        text = encrypt_text(cipher, letter.text, place_of("letters", "text", row))
        rows.append(row | {"envelope": envelope, "text": text})
    upsert(db, TABLE, rows)


def encrypted_recipient(cipher: Cipher, recipient: Recipient, row: Columns) -> Any:
    """What is on a letter's envelope, as it is kept in its row."""
    return encrypt_document(cipher, recipient.model_dump(mode="json"), place_of("letters", "envelope", row))


def put_unwritten(db: Connection, reference: str, effect: dict[str, Any], on: date) -> None:
    """Note that the letters of an effect could not be written."""
    row = {"key": effect["key"], "recipient": "", "letter": effect["template"], "on_date": on}
    blank = {"position": 0, "state": "waiting", "round": 0, "attempts": 0}
    upsert(db, TABLE, [{"reference": reference, **row, **blank}])


def put_waiting(
    db: Connection,
    reference: str,
    letters: Sequence[NewLetter],
    rounds: Mapping[tuple[str, str], int] = {},
) -> None:
    """Note copies that wait for what they enclose: no text, no address. `rounds`: as for `put`."""
    blank = {"position": 0, "state": "waiting", "attempts": 0, "envelope": None, "text": None}
    rows = [{"reference": reference, **_columns(letter), **blank} for letter in letters]
    for row, letter in zip(rows, letters, strict=True):
        row["round"] = rounds.get((letter.key, letter.recipient), 0)
    if rows:
        upsert(db, TABLE, rows)


def _columns(letter: NewLetter) -> dict[str, Any]:
    """A letter as columns, with what it waits for."""
    row = letter._asdict()
    missing, why = row.pop("missing"), row.pop("why_it_waits")
    return row | {"waits_for": ",".join(missing)[:400] or None, "reason": why[:200] or None}


def kinds_missing(row: LetterRow) -> list[str]:
    """The kinds of documents that a copy of a letter waits for."""
    waits = row.state in ("waiting", "approved") and row.waits_for
    return str(row.waits_for).split(",") if waits else []


def copies_of(db: Connection, reference: str, key: str) -> list[LetterRow]:
    """The copies of one letter."""
    return list(db.execute(select(TABLE).where(TABLE.c.reference == reference, TABLE.c.key == key)))


def written(db: Connection, reference: str) -> dict[tuple[str, str], int]:
    """The letters of a complaint that are written, by (key, recipient), with their position.

    They are never written again.
    """
    rows = db.execute(_WRITTEN, {"of": reference})
    return {(row.key, row.recipient): row.position for row in rows}


def in_state(db: Connection, states: Sequence[State], reference: str | None = None) -> list[LetterRow]:
    """The letters in certain states, oldest first; of one complaint or of all."""
    of = {} if reference is None else {"of": reference}
    return list(db.execute(_in_state(tuple(states), bool(of)), of))


@cache
def shown_state(posted: tuple[str, ...]) -> ColumnElement[str]:
    """What people are told of a letter, in SQL; `posted`: authorities whose outbox folder is posted daily.

    Of an erased complaint nothing waits for anybody.
    """
    state, refs = TABLE.c.state, tables.references
    its = select(refs.c.reference).where(refs.c.authority.in_(posted))
    is_posted = TABLE.c.reference.in_(its) if posted else false()
    is_in_folder = (state == "sent") & (TABLE.c.channel == "outbox")
    has_no_way = (TABLE.c.means == "none") & ((state == "failed") | is_in_folder)
    events = tables.events.c
    is_erased = exists().where(events.reference == TABLE.c.reference, events.key == "erased")
    has_left = state.in_(("accepted", "by_hand", "withdrawn")) | (
        (state == "sent") & (~is_in_folder | is_posted)
    )
    return case(
        (~has_left & is_erased, "erased"),
        (state.in_(("ready", "sending")), "leaving"),
        (has_no_way | (is_in_folder & ~is_posted), "by_hand"),
        ((state == "sent") & (TABLE.c.channel == "notify"), "arrived"),
        (state.in_(("accepted", "sent", "by_hand")), "done"),
        else_=state,
    )


def told(
    db: Connection,
    wanted: LetterFilter,
    posted: Sequence[str],
    *,
    most: int | None = None,
    after: Place | None = None,
) -> list[LetterRow]:
    """Letters with their `shown` state, by place, which never moves; `after`: the place before the first."""
    place, shown = (TABLE.c.reference, TABLE.c.key, TABLE.c.recipient), shown_state((*posted,))
    chosen = select(TABLE, shown.label("shown")).order_by(*place).limit(most)
    if wanted.reference is not None:
        chosen = chosen.where(TABLE.c.reference == wanted.reference)
    if wanted.authority is not None:
        refs = tables.references
        own = select(refs.c.reference).where(refs.c.authority == wanted.authority)
        chosen = chosen.where(TABLE.c.reference.in_(own))
    if wanted.among is not None:
        chosen = chosen.where(TABLE.c.reference.in_(wanted.among))
    if wanted.state is not None:
        chosen = chosen.where(shown == wanted.state)
    if after is not None:
        chosen = chosen.where(tuple_(*place) > tuple_(*after))
    return list(db.execute(chosen))


def of_drafts(db: Connection, reference: str, keys: Sequence[str]) -> list[LetterRow]:
    """The copies of the letters of these keys, and whatever else is not written for good."""
    wanted = TABLE.c.key.in_(keys) | TABLE.c.state.in_(TO_APPROVE)
    return list(db.execute(select(TABLE).where(TABLE.c.reference == reference, wanted)))


def put_drafts(db: Connection, reference: str, letters: Sequence[NewLetter], state: State) -> None:
    """Note letters that are not written for good, each copy once: neither text nor address is kept."""
    rows = of_drafts(db, reference, [*{letter.key for letter in letters}])
    rounds = {(row.key, row.recipient): row.round for row in rows}
    blank = {"position": 0, "state": state, "attempts": 0, "envelope": None, "text": None}
    noted = [
        {"reference": reference, **_columns(letter), **blank}
        | {"round": rounds.get((letter.key, letter.recipient), 0)}
        for letter in letters
    ]
    if noted:
        upsert(db, TABLE, noted)


def is_to_leave(db: Connection, reference: str) -> bool:
    """Whether a complaint has a letter that nobody has tried to send yet, or that waits for an enclosure."""
    return db.execute(_TO_LEAVE, {"of": reference}).first() is not None


def references_of(db: Connection, mark: str) -> list[str]:
    """The complaints that have a letter of this mark, or a draft one copy of which would have it."""
    columns = [TABLE.c[name] for name in ("reference", "key", "recipient", "state")]
    rows = db.execute(select(*columns).where(TABLE.c.recipient != "")).all()
    found = {row.reference for row in rows if mark_of(row.key, row.recipient) == mark}
    return sorted(found or {row.reference for row in rows if is_draft_of(row, mark)})


def is_draft_of(row: Row[*tuple[Any, ...]], mark: str) -> bool:
    """Whether a copy is of the draft that a mark means, though it be that of a copy which nobody gets.

    A draft is called by the copy for the first of those who complain, who may get none: they have left, or it
    is about another's request alone.
    """
    return row.state in TO_APPROVE and any(mark_of(row.key, reader) == mark for reader in READERS)


class SentAs(NamedTuple):
    """A letter that left as the e-mail of an id, or may have."""

    id: str
    reference: str
    recipient: str


def token_of(cipher: Cipher, row: LetterRow, round_: int | None = None) -> str:
    """What a letter is called on its way, which tells nobody whose it is; `round_`: when it was sent before.

    Raises `KeyDestroyed` where its complaint was erased.
    """
    which = [row.reference, row.key, row.recipient, row.round if round_ is None else round_, row.means]
    return cipher.digest(which, row.reference)[:32]


def sent_as(db: Connection, cipher: Cipher, ids: Sequence[str]) -> list[SentAs]:
    """The letters that left as e-mails of these ids (without `<>`), in their order.

    Also where nobody knows whether one left, and where it was sent again since.
    """
    by_place = {f"smtp/{id}": id for id in ids}
    left = select(TABLE.c.place, TABLE.c.reference, TABLE.c.recipient).where(TABLE.c.place.in_(by_place))
    found = [SentAs(by_place[row.place], row.reference, row.recipient) for row in db.execute(left)]
    by_token = {id.partition("@")[0]: id for id in ids}
    again = select(TABLE).where(TABLE.c.channel == "smtp", (TABLE.c.state == "unsure") | (TABLE.c.round > 0))
    for row in db.execute(again) if ids else ():
        tokens = by_token.keys() & _tokens(cipher, row)
        found += [SentAs(by_token[token], row.reference, row.recipient) for token in tokens]
    return sorted(set(found), key=lambda each: (ids.index(each.id), each))


def _tokens(cipher: Cipher, row: LetterRow) -> list[str]:
    """What a letter was called each time that it was sent."""
    try:
        return [token_of(cipher, row, number) for number in range((row.round or 0) + 1)]
    except KeyDestroyed:
        return []


def recipient_of(cipher: Cipher, row: LetterRow) -> Recipient:
    """What is on a letter's envelope. Raises `Unreadable`."""
    place = place_of("letters", "envelope", row._mapping)
    return Recipient.model_validate(decrypt_document(cipher, row.envelope, place))


def text_of(cipher: Cipher, row: LetterRow) -> str:
    """A letter's text. Raises `Unreadable`."""
    return decrypt_text(cipher, row.text, place_of("letters", "text", row._mapping))


def lease(db: Connection, row: LetterRow, channel: str) -> str | None:
    """Take a ready letter in hand; gives the claim, or None where somebody else has it."""
    now, claim = datetime.now(UTC), secrets.token_hex(16)
    as_read = {"round": row.round, "attempts": row.attempts, "means": row.means}
    taken = {"channel": channel, "claim": claim, "claimed_at": now, "tried_at": row.tried_at or now}
    values = {"state": "sending", "attempts": row.attempts + 1, **taken}
    return claim if change(db, row, ("ready",), as_read, **values) else None


def change(
    db: Connection,
    row: LetterRow,
    states: Sequence[State],
    as_read: Mapping[str, Any] = {},
    /,
    **values: object,
) -> bool:
    """Change a letter that is in one of these states and still has what was read; whether it was so."""
    same = {"reference": row.reference, "key": row.key, "recipient": row.recipient, **as_read}
    old = {f"old_{name}": value for name, value in same.items()}
    new = {f"new_{name}": value for name, value in values.items()}
    return bool(db.execute(_changed(tuple(states), tuple(same), tuple(values)), old | new).rowcount)


def end(db: Connection, row: LetterRow, leased: str | None, state: State, **values: object) -> bool:
    """Say what became of a letter, whether one has it in hand or nobody has; whether it was so."""
    if leased is None:
        return change(db, row, ("ready",), state=state, **values)
    # `unsure` too: who is only slow may still bring the answer that everybody had given up.
    in_hand: tuple[State, ...] = ("sending", "accepted", "unsure")
    return change(db, row, in_hand, {"claim": leased}, state=state, **values)


def requeue(db: Connection, row: LetterRow) -> bool:
    """Make a letter that was raised ready once more; it counts as another one, with a token of its own."""
    fresh = {"attempts": 0, "tried_at": None, "raised_at": None, "claim": None}
    return change(db, row, RAISED, state="ready", round=row.round + 1, **fresh)


def try_now(db: Connection, row: LetterRow) -> bool:
    """Let a letter that waits to be tried again be tried like a new one; whether it was waiting."""
    return change(db, row, ("ready",), attempts=0)


def handed_on(row: LetterRow) -> date | None:
    """The London date on which somebody was told to send a letter (of `told`) by hand; None: nobody was."""
    is_laid = row.shown == "by_hand" and row.place and row.raised_at is not None
    return london_date(row.raised_at) if is_laid else None


def age_of(moment: datetime | None) -> float:
    """Seconds since a moment of the register; 0 for none."""
    return (datetime.now(UTC) - moment).total_seconds() if moment is not None else 0.0


# Statements for every letter there is, built once: building one costs more than running it.

_WRITTEN = select(TABLE.c.key, TABLE.c.recipient, TABLE.c.position).where(
    TABLE.c.reference == bindparam("of"), TABLE.c.state != "waiting"
)


_TO_LEAVE = (
    select(TABLE.c.key)
    .where(
        TABLE.c.reference == bindparam("of"),
        ((TABLE.c.state == "ready") & (TABLE.c.attempts == 0))
        | (TABLE.c.state.in_(("waiting", "approved")) & TABLE.c.waits_for.is_not(None)),
    )
    .limit(1)
)


@cache
def _in_state(states: tuple[State, ...], of_one: bool) -> Select[Any]:
    wanted = select(TABLE).where(one_of(TABLE.c.state, states))
    if of_one:
        return wanted.where(TABLE.c.reference == bindparam("of")).order_by(TABLE.c.position)
    return wanted.order_by(TABLE.c.on_date, TABLE.c.reference, TABLE.c.position)


@cache
def _changed(states: tuple[State, ...], same: tuple[str, ...], values: tuple[str, ...]) -> Update:
    return (
        update(TABLE)
        .where(*(TABLE.c[name] == bindparam(f"old_{name}") for name in same), one_of(TABLE.c.state, states))
        .values({name: bindparam(f"new_{name}") for name in values})
    )
