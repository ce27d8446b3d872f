"""Reading an opening, with the messages of a case that is already under way."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from redress.domain.corrections import MOST_CORRECTIONS, check_corrections
from redress.domain.fields import Day
from redress.domain.log import LogEntry
from redress.domain.messages import MESSAGES, Correct
from redress.domain.opening import MOST_MESSAGES, Opening
from redress.domain.parsing import (
    LONGEST_OPENING,
    Malformed,
    Parsed,
    Problem,
    check_text,
    opening_problems,
    parse_message,
    problems_of,
)

_DAY: TypeAdapter[date] = TypeAdapter(Day)


def parse_opening(raw: object, today: date) -> Opening:
    """The opening in a decoded JSON document, its messages' form checked too. Raises `Malformed`."""
    if not isinstance(raw, dict):
        raise Malformed([Problem("opening", "should be a JSON object", "wrong_type")])
    check_text(raw, "opening", LONGEST_OPENING)
    problems: list[Problem] = []
    opening: Opening | None = None
    try:
        opening = Opening.model_validate(raw)
    except ValidationError as error:
        problems += problems_of(error)
    received_on = opening.received_on if opening else _date_of(raw.get("received_on"))
    bodies = raw.get("messages")
    messages: list[Parsed] = []
    if isinstance(bodies, list):
        too_many = _too_many(bodies)
        problems += [too_many] if too_many and opening is not None else []
        bodies = None if too_many else bodies
    if received_on is not None:
        problems += opening_problems(received_on, opening.events_on if opening else None, today)
        if isinstance(bodies, list):
            problems += _message_problems(bodies, received_on, today, messages)
    if opening is not None and not problems:
        problems += _correction_problems(opening, messages, today)
    if opening is None or problems:
        raise Malformed(problems)
    return opening.with_parsed(messages)


def past_messages(opening: Opening, today: date) -> tuple[Parsed, ...]:
    """The messages that an opening came with, parsed now where that was not done yet.

    Raises `Malformed` for the first that is not well formed.
    """
    if opening.parsed_messages is not None:
        return opening.parsed_messages
    return tuple(parse_loaded(body, opening.received_on, today) for body in opening.messages)


def _message_problems(
    bodies: list[Any], received_on: date, today: date, messages: list[Parsed]
) -> list[Problem]:
    """What is wrong with an opening's messages; the well-formed ones are added to `messages`."""
    problems: list[Problem] = []
    known: set[str] = set()
    for at, body in enumerate(bodies):
        if not isinstance(body, dict):
            continue  # that is among the problems already
        try:
            parsed = parse_loaded(body, received_on, today)
        except Malformed as malformed:
            problems += [p._replace(field=f"messages[{at}].{p.field}") for p in malformed.problems]
            continue
        message_id = parsed.message.message_id
        if message_id in known and parsed.named:
            problems.append(Problem(f"messages[{at}].message_id", "stands twice", "repeated"))
        known.add(message_id)
        messages.append(parsed)
    return problems


def _too_many(bodies: list[Any]) -> Problem | None:
    """What is wrong with the number of messages, counted before anything is made of them."""
    if len(bodies) > MOST_MESSAGES:
        return Problem("messages", f"should have at most {MOST_MESSAGES} entries", "too_long")
    if (
        sum(isinstance(body, dict) and body.get("action") == Correct.action for body in bodies)
        > MOST_CORRECTIONS
    ):
        return Problem("messages", f"should have at most {MOST_CORRECTIONS} corrections: bring what is right")
    return None


def _correction_problems(opening: Opening, messages: list[Parsed], today: date) -> list[Problem]:
    log = [LogEntry(seq, parsed.message) for seq, parsed in enumerate(messages)]
    return [
        problem._replace(field=f"messages[{at}].{problem.field}")
        for at, problem in check_corrections(opening, log, today)
    ]


def _date_of(given: object) -> date | None:
    try:
        return _DAY.validate_python(given)
    except ValidationError:
        return None


def parse_loaded(body: dict[str, Any], received_on: date, today: date) -> Parsed:
    """One of an opening's own messages, which must say its action and its date."""
    action = body.get("action")
    if not isinstance(action, str) or action.replace("-", "_") not in MESSAGES:
        raise Malformed([Problem("action", f"should be one of {', '.join(MESSAGES)}")])
    if "on" not in body:
        raise Malformed([Problem("on", "a message of a case under way needs its date", "missing")])
    fields = {name: value for name, value in body.items() if name != "action"}
    return parse_message(action, fields, received_on=received_on, today=today, by_entry_point=False)
