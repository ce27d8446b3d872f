"""Putting a wrong date or detail right: the log as it should have been from the start."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pydantic import ValidationError

from redress.fold import Entry
from redress.messages import Correct
from redress.opening import Opening
from redress.parse import Malformed, Problem, problems_of

OPENING_FIELDS = ("received_on", "events_on", "channel", "desired_outcome", "complainant", "about")
"""The fields of the opening that may be corrected."""


class Corrected(NamedTuple):
    """The opening and the messages with the corrections in them."""

    opening: Opening
    entries: list[Entry]
    corrections: int
    reasons: list[str]


def corrected(opening: Opening, log: list[Entry], today: date, upto: int | None = None) -> Corrected:
    """Carry out the log's corrections (the first `upto` of them), each on what the one before left.

    A `correct` message names an opening's field (`received_on`) or a message's (`<message_id>.on`).
    Raises `Malformed` where the last of them names no such thing or leaves something impossible.
    """
    wanted = [e.message for e in log if isinstance(e.message, Correct)]
    wanted = wanted if upto is None else wanted[:upto]
    entries = list(log)
    for message in wanted:
        opening, entries = _carry_out(message, opening, entries, today)
    if wanted and any(e.message.on < opening.received_on for e in entries if e.message.action != "add_note"):
        raise Malformed([Problem("value", "some message would lie before the complaint's receipt")])
    return Corrected(opening, entries, len(wanted), [each.reason for each in wanted])


def _carry_out(
    message: Correct, opening: Opening, entries: list[Entry], today: date
) -> tuple[Opening, list[Entry]]:
    field = message.field
    message_id, dot, name = field.rpartition(".")
    if not dot:
        if field not in OPENING_FIELDS:
            known = ", ".join(OPENING_FIELDS)
            raise Malformed([Problem("field", f"should be one of {known}, or MESSAGE_ID.FIELD")])
        return _of_opening(message, opening, today), entries
    for at, entry in enumerate(entries):
        if entry.message.message_id == message_id and name not in ("message_id", "action"):
            if name not in type(entry.message).model_fields:
                raise Malformed([Problem("field", f"{entry.message.action} has no field {name!r}")])
            said = entry.message.model_dump(mode="json", by_alias=True)
            try:
                put_right = type(entry.message).model_validate(said | {name: message.value})
            except ValidationError as error:
                raise Malformed(_as_value(error)) from None
            if put_right.on > today:
                raise Malformed([Problem("value", f"{put_right.on} lies in the future")])
            changed = entries.copy()
            changed[at] = Entry(entry.seq, put_right, entry.assumed and name != "on")
            return opening, changed
    raise Malformed([Problem("field", f"no message {message_id!r} in this complaint")])


def _of_opening(message: Correct, opening: Opening, today: date) -> Opening:
    said = opening.model_dump(mode="json", exclude_unset=True)
    try:
        put_right = Opening.model_validate(said | {message.field: message.value})
    except ValidationError as error:
        raise Malformed(_as_value(error)) from None
    if put_right.received_on > today:
        raise Malformed([Problem("value", f"{put_right.received_on} lies in the future")])
    return put_right


def _as_value(error: ValidationError) -> list[Problem]:
    return [Problem("value", problem.what) for problem in problems_of(error)]
