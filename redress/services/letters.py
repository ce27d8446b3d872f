"""Letters: which did not leave, and what a person decides about one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TypedDict, get_args

from sqlalchemy.exc import SQLAlchemyError

from redress.domain.parsing import Malformed, Problem
from redress.domain.status import Status
from redress.letters.addressing import readdress
from redress.letters.dispatcher import LetterDispatcher
from redress.services.errors import NotFound, Rejected
from redress.store import letters as store
from redress.store.letters import LetterRow, State
from redress.store.outbound import mark_of
from redress.store.register import Register

NOT_DONE: tuple[State, ...] = ("waiting", *store.OPEN, *store.RAISED)
"""Letters about which something is still to be done, by the software or by a person."""


BECAME: dict[State, str] = {
    "waiting": "not written yet",
    "ready": "about to leave",
    "sending": "being handed over",
    "accepted": "taken, not known to have arrived",
    "sent": "sent",
    "failed": "not deliverable",
    "unsure": "perhaps sent, perhaps not",
    "by_hand": "sent by hand",
    "erased": "erased",
}
"""What became of a letter, in words."""


class LetterLine(TypedDict):
    """What became of one letter. Nothing in it is personal."""

    reference: str
    mark: str
    letter: str
    to: str
    on: str
    state: State
    by: str
    attempts: int
    reason: str
    place: str


def lines(register: Register, reference: str | None) -> list[LetterLine]:
    """The letters of a complaint; without one, those of all with which something is still to be done.

    Raises `NotFound`.
    """
    if reference is not None and not register.knows(reference):
        raise NotFound(reference)
    with register.reading() as db:
        rows = store.in_state(db, get_args(State) if reference else NOT_DONE, reference)
    return [_line(row) for row in rows]


def text(register: Register, reference: str, mark: str) -> str:
    """A letter as it was written. Raises `Malformed` where there is none of this mark."""
    row = _found(register, reference, mark)
    if row.text is None:
        raise Malformed(
            [Problem("MARK", "its text is not kept here: an earlier version sent it, or it was erased")]
        )
    return store.text_of(register.cipher, row)


def again(dispatcher: LetterDispatcher, reference: str, mark: str) -> LetterLine:
    """Send a letter that was raised once more, or try one now that waits; gives what became of it.

    It goes to where whoever it is for is reached now: a wrong address is corrected first. Where it cannot
    leave now it is as before: nobody but whoever asked is trying. Raises `Malformed`, and `Rejected`
    where it has been sent.
    """
    register = dispatcher.register
    row = _found(register, reference, mark)
    if row.state not in (*store.OPEN, *store.RAISED):
        raise Rejected(f"this letter is {BECAME[row.state]}: there is nothing to send again")
    with register.writing() as db:
        recorded = register.case(db, reference)
        if recorded is not None:
            readdress(register, db, recorded[0], row)
        if row.state in store.RAISED:
            store.requeue(db, row)
    dispatcher.send(reference)
    if row.state in store.RAISED:
        now = _found(register, reference, mark)
        with register.writing() as db:
            store.change(db, now, ("ready",), state=row.state)
    return _line(_found(register, reference, mark))


def by_hand(register: Register, reference: str, mark: str) -> LetterLine:
    """Record that a person sent it; it is not tried any more. Raises `Malformed`, `Rejected`."""
    row = _found(register, reference, mark)
    with register.writing() as db:
        if not store.change(db, row, (*store.RAISED, "ready"), state="by_hand"):
            raise Rejected(f"this letter is {BECAME[row.state]}: it cannot be recorded as sent by hand")
    return _line(_found(register, reference, mark))


def with_delivery(register: Register, status: Status) -> Status:
    """A status whose letters say what became of them, where the register can be asked."""
    with suppress(SQLAlchemyError, OSError), register.reading() as db:
        rows = store.in_state(db, NOT_DONE, status["reference"])
        for letter in status["letters"]:
            states = {row.state for row in rows if row.key == letter["key"]}
            if letter["state"] == "done":
                letter["state"] = next((shown for state, shown in SHOWN if state in states), "done")
    return status


SHOWN: Sequence[tuple[State, Literal["failed", "unsure", "leaving"]]] = (
    ("failed", "failed"),
    ("unsure", "unsure"),
    ("ready", "leaving"),
    ("sending", "leaving"),
    ("waiting", "leaving"),
)
"""How a letter that is done with in the rules stands in a status, the worst of its copies first."""


def _found(register: Register, reference: str, mark: str) -> LetterRow:
    with register.reading() as db:
        row = store.marked(db, reference, mark)
    if row is None:
        what = f"{reference} has no letter {mark!r}; see them all: starter.py letters {reference}"
        raise Malformed([Problem("MARK", what)])
    return row


def _line(row: LetterRow) -> LetterLine:
    return LetterLine(
        reference=row.reference,
        mark=mark_of(row.key, row.recipient),
        letter=row.letter,
        to=row.recipient,
        on=row.on_date.isoformat(),
        state=row.state,
        by=row.channel or "",
        attempts=row.attempts or 0,
        reason=row.reason or "",
        place=row.place or "",
    )
