"""From what came over the wire to a message or an opening: every problem named by its field."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from redress.domain.messages import KNOWN, MESSAGES, Message

LONGEST = 32 * 1024
"""Bytes of JSON that one message may have."""

LONGEST_OPENING = 600 * 1024
"""Bytes of JSON that an opening may have, the messages of a case under way included."""

FIRST_YEAR = 1995
"""Complaints received before this year are beyond the calendar."""

ABOUT_ANY_DAY = ("add_note", "recount")
"""Actions that may be dated before the receipt; a calendar brought before a correction of the receipt is."""

FURTHEST_AHEAD = timedelta(days=3660)
"""How far ahead of today a date may lie where it may lie ahead at all."""


ProblemCode = Literal[
    "missing",
    "unknown_field",
    "wrong_type",
    "too_long",
    "too_short",
    "out_of_range",
    "not_one_of",
    "not_a_date",
    "in_future",
    "too_early",
    "not_an_email",
    "not_a_telephone",
    "not_an_address",
    "odd_character",
    "repeated",
    "invalid",
]
"""What is wrong with a field, for programs: closed, and each stays as it is. `invalid`: only words say it."""


class Problem(NamedTuple):
    """What is wrong with one field, said to whoever can mend it; `code` says it to programs."""

    field: str
    what: str
    code: ProblemCode = "invalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


class Malformed(ValueError):
    """Something came that cannot be taken; nothing has changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


ENVELOPE = ("accepted_on", "assumed", "from_intake")
"""What an entry point (command line, HTTP) puts beside a message's own fields; no sender of its may."""

AHEAD_AT_MOST = timedelta(days=1)
"""How far the clock of an entry point may be ahead of the workflow's for its date to count as today."""


class Parsed(NamedTuple):
    """A well-formed message. `assumed`: nobody gave its date.

    `content` is its fingerprint where the sender gave no id, by which it is known when it comes again.
    `from_intake`: an intake system passed it on, not the authority's staff.
    """

    message: Message
    assumed: bool
    content: str = ""
    from_intake: bool = False

    @property
    def named(self) -> bool:
        """Whether the sender gave its id."""
        return not self.content


def opening_problems(received_on: date, events_on: date | None, today: date) -> list[Problem]:
    """What is wrong with an opening's own dates."""
    problems = []
    if received_on > today:
        problems.append(_in_future("received_on", received_on, today))
    if received_on.year < FIRST_YEAR:
        problems.append(Problem("received_on", f"{received_on} lies before {FIRST_YEAR}", "too_early"))
    if events_on is not None and events_on > received_on:
        problems.append(Problem("events_on", "should not be later than received_on", "out_of_range"))
    return problems


def parse_message(
    action: str,
    raw: object,
    *,
    received_on: date,
    today: date,
    message_id: str = "",
    by_entry_point: bool = True,
) -> Parsed:
    """The message in a decoded JSON document.

    `received_on` is the complaint's, `today` the London date of processing, `message_id` what to
    call it where the document does not say (else its content names it). `by_entry_point`: it may be in the
    envelope of one (`ENVELOPE`), whose `accepted_on` its dates are judged by where later than `today`.
    Raises `Malformed`.
    """
    action = action.replace("-", "_")
    kind = KNOWN.get(action)
    if kind is None:
        raise Malformed([Problem("action", f"{action!r} is none of {', '.join(MESSAGES)}", "not_one_of")])
    body = _body(raw)
    if body.get("action") == action:
        del body["action"]
    envelope = _envelope(body) if by_entry_point else Envelope()
    accepted = max(today, envelope.accepted_on or today)
    assumed = envelope.assumed or body.get("on") is None
    named = body.get("message_id") not in (None, "")
    if body.get("on") is None:
        body["on"] = today
    elif assumed and isinstance(body["on"], str) and body["on"] < received_on.isoformat():
        body["on"] = received_on  # an entry point's clock that is behind dated it: nobody said so
    if not named:
        body["message_id"] = message_id or "-"
    try:
        message = kind.model_validate(body)
    except ValidationError as error:
        raise Malformed(problems_of(error)) from None
    problems = when_problems(message, received_on, accepted, assumed=assumed)
    if problems:
        raise Malformed(problems)
    if named:
        return Parsed(message, assumed, from_intake=envelope.from_intake)
    content = fingerprint(message)
    if not message_id:
        message = message.model_copy(update={"message_id": f"content-{content[:24]}"})
    return Parsed(message, assumed, content, envelope.from_intake)


class Envelope(BaseModel):
    """What an entry point says of a message beside its fields.

    The London date it judged its dates by, whether it dated it, and whether an intake system brought it.
    """

    model_config = ConfigDict(extra="forbid")

    accepted_on: date | None = None
    assumed: bool = False
    from_intake: bool = False


def _envelope(body: dict[str, Any]) -> Envelope:
    """Take the envelope off a message's fields. Raises `Malformed`."""
    try:
        return Envelope.model_validate({name: body.pop(name) for name in ENVELOPE if name in body})
    except ValidationError as error:
        raise Malformed(problems_of(error)) from None


def judged_on(today: date, accepted_on: date | None) -> date:
    """The date that counts as today where an entry point accepted it: its own, if not too far ahead."""
    return today if accepted_on is None else max(today, min(accepted_on, today + AHEAD_AT_MOST))


def fingerprint(message: Message, *without: str) -> str:
    """A digest of a message's action and all that it says but its id, and the fields named.

    A field that says what it says when it is left out is left out: one that is added later changes no digest.
    """
    # The rules of another procedure are for an entry point to fill in.
    left_out = {"message_id", "rules", *without}
    fields = message.model_dump(mode="json", by_alias=True, exclude=left_out, exclude_defaults=True)
    text = json.dumps([message.action, fields], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _body(raw: object) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        what = "should be one JSON object with the message's fields"
        raise Malformed([Problem("message", what, "wrong_type")])
    check_text(raw, "message", LONGEST)
    return dict(raw)


def check_text(raw: object, name: str, longest: int) -> None:
    """Turn away what no database or JSON document can hold, and what is longer than a message may be."""
    try:
        text = json.dumps(raw, default=str, ensure_ascii=False)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Malformed(_where(raw, name, _LONE, "holds half a character, which is no valid text")) from None
    except (ValueError, RecursionError):
        raise Malformed([Problem(name, "holds something that is no valid JSON text")]) from None
    if "\\u0000" in text and any(_NUL.search(value) for _, value in _texts(raw, "")):
        raise Malformed(_where(raw, name, _NUL, "holds a NUL character, which no text may"))
    if size > longest:
        what = f"is {size} bytes long; at most {longest}: keep documents elsewhere"
        raise Malformed([Problem(name, what, "too_long")])


_NUL = re.compile("\x00")
_LONE = re.compile("[\ud800-\udfff]")
"""Half of a pair that only together is a character: no text in UTF-8 holds it."""


def _where(raw: object, name: str, odd: re.Pattern[str], what: str) -> list[Problem]:
    """The fields whose text holds something odd; `name` where it is the name of a field itself."""
    places = dict.fromkeys(place or name for place, text in _texts(raw, "") if odd.search(text))
    return [
        Problem(name if odd.search(place) else place, what, "odd_character") for place in places or (name,)
    ]


def _texts(raw: object, place: str) -> Iterator[tuple[str, str]]:
    """Every text in it, with the field it stands in; the name of a field stands in what holds the field."""
    if isinstance(raw, str):
        yield place, raw
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield place, str(key)
            yield from _texts(value, f"{place}.{key}" if place else str(key))
    elif isinstance(raw, list):
        for number, value in enumerate(raw):
            yield from _texts(value, f"{place}[{number}]")


def when_problems(
    message: Message, received_on: date, today: date, *, assumed: bool = False
) -> list[Problem]:
    """What is wrong with a message's dates, given the complaint's receipt and the London date today."""
    problems = []
    if message.on > today:
        problems.append(_in_future("on", message.on, today))
    if message.on < received_on and message.action not in ABOUT_ANY_DAY:
        what = f"{message.on} lies before the complaint was received, {received_on}"
        problems.append(Problem("on", what, "too_early"))
    since, last = received_on if assumed else message.on, today + FURTHEST_AHEAD
    problems += [
        _in_future(name, day, today)
        if day > today
        else Problem(name, f"{day} lies before the message itself, {message.on}", "too_early")
        for name, day in _days(message, message.dates_back)
        if not since <= day <= today
    ]
    problems += [
        _in_future(name, day, today)
        if day > today
        else Problem(name, f"{day} lies before the complaint was received, {received_on}", "too_early")
        for name, day in _days(message, message.dates_past)
        if not received_on <= day <= today
    ]
    ahead = [(name, day, received_on) for name, day in _days(message, message.dates_ahead)]
    for at, remedy in enumerate(getattr(message, "remedies", [])):
        if remedy.due_on is not None:
            ahead.append((f"remedies[{at}].due_on", remedy.due_on, message.on))
    problems += [
        Problem(name, f"{day} lies out of range: it should lie between {first} and {last}", "out_of_range")
        for name, day, first in ahead
        if not first <= day <= last
    ]
    return problems


def _days(message: Message, names: tuple[str, ...]) -> list[tuple[str, date]]:
    """The dates that a message gives in some of its fields."""
    return [(name, day) for name in names if (day := getattr(message, name)) is not None]


def _in_future(field: str, given: date, today: date) -> Problem:
    return Problem(field, f"{given} lies in the future; today is {today} in London", "in_future")


def problems_of(error: ValidationError) -> list[Problem]:
    """What pydantic found, field by field, in words for whoever filled the form in."""
    return problems_in(error.errors(include_url=False))


def problems_in(errors: Iterable[ErrorDetails], whole: str = "message") -> list[Problem]:
    """The same of its errors; `whole` names what came where no field of it is wrong."""
    return [
        *dict.fromkeys(
            Problem(_place(wrong) or whole, plain_message(wrong), _CODES.get(wrong["type"], "invalid"))
            for wrong in errors
        )
    ]


_CODES: dict[str, ProblemCode] = {
    "bool_parsing": "wrong_type",
    "bool_type": "wrong_type",
    "date_from_datetime_parsing": "not_a_date",
    "date_type": "not_a_date",
    "dict_type": "wrong_type",
    "enum": "not_one_of",
    "extra_forbidden": "unknown_field",
    "float_type": "wrong_type",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "int_from_float": "wrong_type",
    "int_parsing": "wrong_type",
    "int_parsing_size": "out_of_range",
    "int_type": "wrong_type",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "list_type": "wrong_type",
    "literal_error": "not_one_of",
    "missing": "missing",
    "model_attributes_type": "wrong_type",
    "model_type": "wrong_type",
    "not_a_date": "not_a_date",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_type": "wrong_type",
    "too_long": "too_long",
    "too_short": "too_short",
}
"""What programs are told, by pydantic's kind of mistake."""


NUMBER_FOR_TEXT = "should be text: put it between quotes"

_PLAINLY = {
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "date_from_datetime_parsing": "is no date; write YYYY-MM-DD, for example 2026-11-20",
    "decimal_parsing": "should be a number alone, for example 250.00",
    "decimal_type": "should be a number alone, for example 250.00",
    "dict_type": "should be an object, with fields in { }",
    "greater_than_equal": "should be at least {ge}",
    "int_from_float": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "less_than_equal": "should be at most {le}",
    "list_type": "should be a list, with its entries in [ ]",
    "model_attributes_type": "should be an object, with fields in { }",
    "model_type": "should be an object, with fields in { }",
    "string_too_long": "should have at most {max_length} characters",
    "string_too_short": "should say something",
    "string_type": "should be text",
    "too_long": "should have at most {max_length} entries",
    "too_short": "should name at least {min_length}",
}
"""What would be right, by the kind of mistake; the rest pydantic says well enough."""


def plain_message(error: ErrorDetails) -> str:
    """What is wrong with one value and what would be right, in words for whoever gave it."""
    plain = _PLAINLY.get(error["type"])
    if error["type"] == "string_type" and isinstance(error["input"], int | float):
        plain = NUMBER_FOR_TEXT
    return _message(error) if plain is None else plain.replace("{ }", "{{ }}").format(**error.get("ctx", {}))


def _place(error: ErrorDetails) -> str:
    place = ""
    for part in error["loc"]:
        if isinstance(part, int):
            place += f"[{part}]"
        elif not part.startswith(("list[", "function-", "constrained")):
            place += f".{part}" if place else part
    return place


def _message(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "no such field"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case _:
            return error["msg"][0].lower() + error["msg"][1:]
