"""What a message to one complaint means for another one, and that the other one is there.

The entry points do this (command line, HTTP), not the workflow: a complaint waits for no other. Each
follow-up has an id that follows from what it follows, so that a repeat of the first does what was left
undone, once.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from redress.domain.case import IN_THE_FUTURE
from redress.domain.corrections import FURTHEST
from redress.domain.identifiers import other_reference
from redress.domain.log import Answer
from redress.domain.messages import Close
from redress.domain.parsing import Malformed, Problem
from redress.security.keyring import KeyDestroyed
from redress.store.register import Register

NAMES = {"link": "reference", "unlink": "reference", "close": "of", "strike_out": "to"}
"""The field in which an action names another complaint."""

OF_DRAFTS = ("approve_letter", "letter_left")
"""The actions by which a drafted closing comes to count."""


class FollowUp(NamedTuple):
    """A message to another complaint."""

    reference: str
    action: str
    body: dict[str, Any]


def other_named(register: Register, reference: str, action: str, body: dict[str, Any]) -> str | None:
    """The other complaint that a message names; None: none. Raises `Malformed` where there is none such."""
    field = NAMES.get(action)
    other = body.get(field) if field else None
    if not other:
        return None
    other = other_reference(str(other).strip())
    check_there(register, register.authority_of(reference), other, str(field))
    if other == reference:
        raise Malformed([Problem(str(field), "is this complaint itself: name another one")])
    if action == "close":
        _check_goes_on(register, reference, other)
    return other


def _check_goes_on(register: Register, reference: str, other: str) -> None:
    """Raise `Malformed` where the other one cannot go on in the place of its duplicate."""
    with register.reading() as db:
        there = register.case(db, other)
    if there is not None and there[0].state.closed_as == "duplicate":
        what = f"{other} was closed as a duplicate itself: name the complaint that goes on"
        raise Malformed([Problem("of", what)])
    first, kept = _brought_on(register, reference), _brought_on(register, other)
    if first is not None and kept is not None and kept - first > FURTHEST:
        what = f"{other} came more than a year after this one: close that one, as the duplicate of this"
        raise Malformed([Problem("of", what)])


def _brought_on(register: Register, reference: str) -> date | None:
    """When the authority had a complaint, as its opening says; None: it is erased, or never was."""
    try:
        opening = register.opening(reference)
    except KeyDestroyed:
        return None
    return date.fromisoformat(opening["received_on"]) if opening else None


def check_there(register: Register, council: str | None, other: str, field: str) -> None:
    """Raise `Malformed` where an authority has no complaint of a reference."""
    if register.authority_of(other) != council:
        raise Malformed([Problem(field, f"there is no complaint {other} of this authority")])


def before(
    register: Register, reference: str, other: str, action: str, body: dict[str, Any]
) -> list[FollowUp]:
    """What goes to the other complaint first: what is struck out here is recorded there, and not lost."""
    if action != "strike_out":
        return []
    with register.reading() as db:
        found = register.case(db, reference)
    record = found[0].logged.get(str(body.get("message"))) if found else None
    if record is None or record.action == "strike_out":
        return []
    return [
        FollowUp(other, record.action, {**record.body, "message_id": _id("moved", reference, record.body)})
    ]


def is_taken(answer: Answer) -> bool:
    """Whether what follows from a message goes to the other complaint.

    Also from what waits for its day: no entry point hears when that is. What waits for its letter to be
    approved is followed up then (`drafted`).
    """
    return answer.applied or answer.reason == IN_THE_FUTURE


def drafted(register: Register, reference: str, mark: str) -> tuple[str, dict[str, Any]] | None:
    """The complaint that goes on after a closing whose letter is approved, or has left, and that closing."""
    with register.reading() as db:
        found = register.case(db, reference)
    draft = found[0].state.drafts.marked(mark) if found is not None else None
    message = draft.entry.message if draft is not None else None
    if not isinstance(message, Close) or message.kind != "duplicate":
        return None
    return message.of, message.model_dump(mode="json")


def after(
    register: Register, reference: str, other: str, action: str, body: dict[str, Any]
) -> list[FollowUp]:
    """What goes to the other complaint once this one has taken a message: links are seen from both sides.

    The kept one of two duplicates takes the earlier receipt.
    """
    id_ = _id("follows", reference, body)
    said = {"on": body["on"], "by": body.get("by", ""), "message_id": id_, "reason": body.get("reason", "")}
    if action in ("link", "unlink"):
        how = {"how": body["how"]} if body.get("how") else {}
        return [FollowUp(other, action, {**said, **how, "reference": reference})]
    if action != "close":
        return []
    linked = FollowUp(other, "link", {**said, "how": "duplicate", "reference": reference})
    with register.reading() as db:
        here, there = register.case(db, reference), register.case(db, other)
    if here is None or there is None:
        return [linked]
    first, kept = here[0].opening.received_on, there[0].opening.received_on
    return [linked, *([_earlier(other, first, said)] if first < kept else [])]


def _earlier(other: str, received_on: date, said: dict[str, Any]) -> FollowUp:
    """The kept one counts from when the authority first had the matter."""
    right = {
        "field": "received_on",
        "value": received_on.isoformat(),
        "message_id": f"{said['message_id']}-r",
    }
    return FollowUp(other, "correct", {**said, **right})


def _id(what: str, reference: str, body: dict[str, Any]) -> str:
    """What a follow-up is called: the same each time."""
    mark = sha256(f"{reference} {body.get('message_id')}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{what}-{mark[:24]}"
