"""Reading an opening, with the messages of a case that is already under way."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ValidationError

from redress.correction import check_correction
from redress.fold import Entry
from redress.messages import MESSAGES, Correct, Message
from redress.opening import Opening
from redress.parse import (
    LONGEST_OPENING,
    Malformed,
    Parsed,
    Problem,
    check_text,
    opening_problems,
    parse_message,
    problems_of,
)


def parse_opening(raw: object, today: date) -> Opening:
    """The opening in a decoded JSON document, its messages' form checked too. Raises `Malformed`."""
    if not isinstance(raw, dict):
        raise Malformed([Problem("opening", "should be a JSON object")])
    check_text(raw, "opening", LONGEST_OPENING)
    try:
        opening = Opening.model_validate(raw)
    except ValidationError as error:
        raise Malformed(problems_of(error)) from None
    problems = opening_problems(opening, today)
    named: set[str] = set()
    messages: list[Message] = []
    corrections: list[int] = []
    for at, body in enumerate(opening.messages):
        try:
            message = parse_loaded(body, opening, today).message
        except Malformed as malformed:
            problems += [Problem(f"messages[{at}].{p.field}", p.what) for p in malformed.problems]
            continue
        if message.message_id in named and "message_id" in body:
            problems.append(Problem(f"messages[{at}].message_id", "stands twice"))
        named.add(message.message_id)
        messages.append(message)
        if isinstance(message, Correct):
            corrections.append(at)
    if problems:
        raise Malformed(problems)
    for at in corrections:
        log = [Entry(seq, message) for seq, message in enumerate(messages[: at + 1])]
        try:
            check_correction(opening, log, today)
        except Malformed as malformed:
            raise Malformed(
                [Problem(f"messages[{at}].{p.field}", p.what) for p in malformed.problems]
            ) from None
    return opening


def parse_loaded(body: dict[str, Any], opening: Opening, today: date) -> Parsed:
    """One of an opening's own messages, which must say its action and its date."""
    action = body.get("action")
    if not isinstance(action, str):
        raise Malformed([Problem("action", f"should be one of {', '.join(MESSAGES)}")])
    if "on" not in body:
        raise Malformed([Problem("on", "a message of a case under way needs its date")])
    said = {name: value for name, value in body.items() if name != "action"}
    return parse_message(action, said, received_on=opening.received_on, today=today)
