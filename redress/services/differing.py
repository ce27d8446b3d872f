"""What came again with other content: shown to staff, dismissed, or turned into messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from temporalio.client import Client

from redress.domain.corrections import OPENING_FIELDS
from redress.domain.intake_content import differing_fields
from redress.domain.log import Answer
from redress.domain.parsing import Malformed, Problem
from redress.domain.status import DifferingStatus
from redress.services import sending
from redress.services.errors import NotFound, Rejected
from redress.store import differing as store
from redress.store.register import Register

LONGEST_NOTE = 6000
"""Characters of one note that holds what no other message does."""


def shown(register: Register, reference: str) -> list[DifferingStatus]:
    """What differs of a complaint, in the order it came. Raises `NotFound`."""
    if not register.knows(reference):
        raise NotFound(reference)
    return sending.differing_of(register, reference)


async def dismiss(
    client: Client, register: Register, reference: str, number: int, within: float, *, by: str
) -> list[DifferingStatus]:
    """Staff decide that one changes nothing; a note says who did. Raises as `take` does."""
    _find(register, reference, number)
    note = f"Number {number} of what came again with other content was dismissed: it changes nothing."
    said = {"note": note, "message_id": f"differing-{number}-dismissed", "by": by}
    name, message = sending.accept("add_note", said)
    await sending.send(client, register, reference, name, message, within)
    _settle(register, reference, number, "dismissed")
    return shown(register, reference)


async def take(
    client: Client, register: Register, reference: str, number: int, within: float, *, by: str
) -> list[Answer]:
    """Turn one into messages: corrections, an advocate, and notes for what has no message of its own.

    Each has an id of its own, so that doing it again sends nothing twice. It stays kept where one was
    refused. `by`: who takes it. What came over HTTP is from whoever sent it there, whoever takes it: an
    address or advocate waits to be confirmed. Raises `NotFound`, `Malformed`, `Rejected`, `NoAnswer`.
    """
    kept, opening = _find(register, reference, number)
    first = register.opening(reference) or {}
    answers = []
    for action, message_id, fields in _messages(differing_fields(first, opening), number):
        said = {**fields, "message_id": message_id, "by": by}
        name, message = sending.accept(action, said, from_intake=bool(kept.brought_by))
        answers.append(await sending.send(client, register, reference, name, message, within))
    if all(answer.applied or answer.pending for answer in answers):
        _settle(register, reference, number, "taken")
    return answers


def _messages(fields: dict[str, Any], number: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Action, id and fields of the messages that say what the later opening said."""
    reason = "It came so in a later submission of the same intake."
    rest = {}
    for name, value in fields.items():
        message_id = f"differing-{number}-{name}"
        if name in OPENING_FIELDS:
            yield "correct", message_id, {"field": name, "value": value, "reason": reason}
        elif name == "advocate":
            yield "set_advocate", message_id, {"advocate": value}
        else:
            rest[name] = value
    text = json.dumps(rest, ensure_ascii=False) if rest else ""
    for at in range(0, len(text), LONGEST_NOTE):
        note = f"{reason} {text[at : at + LONGEST_NOTE]}"
        yield "add_note", f"differing-{number}-note-{at // LONGEST_NOTE + 1}", {"note": note}


def _find(register: Register, reference: str, number: int) -> tuple[store.Differing, dict[str, Any]]:
    if not register.knows(reference):
        raise NotFound(reference)
    for each in store.of(register, reference):
        if each.number == number and each.opening is not None:
            if each.state != "kept":
                raise Rejected(f"number {number} was {each.state} already")
            return each, each.opening
    raise Malformed([Problem("number", f"{reference} has no differing submission {number}")])


def _settle(register: Register, reference: str, number: int, state: store.State) -> None:
    if not store.settle(register, reference, number, state):
        raise Rejected(f"number {number} was decided meanwhile")
