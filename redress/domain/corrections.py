"""Putting a wrong date or detail right: the log as it should have been from the start."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import JsonValue, ValidationError

from redress.domain.contacts import Former, unconfirmed
from redress.domain.fields import Part
from redress.domain.log import LogEntry
from redress.domain.messages import Correct, Message, Reopen
from redress.domain.opening import Opening
from redress.domain.parsing import Malformed, Problem, opening_problems, problems_of, when_problems

P = TypeVar("P", bound=Part)

OPENING_FIELDS = (
    "received_on",
    "events_on",
    "channel",
    "desired_outcome",
    "themes",
    "complainant",
    "also_complaining",
    "on_behalf_of",
    "about",
)
"""The fields of the opening that may be corrected."""

DETAILED = ("complainant", "also_complaining", "on_behalf_of", "about")
"""Those of them that have details of their own, each of which may be corrected alone."""

_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<at>\d+)\])?(?:\.(?P<detail>.+))?")
"""A dotted field from its first name on; `[0]` is the first entry of a list."""

FURTHEST = timedelta(days=366)
"""How far a correction may move the receipt: the complaint's calendar covers that and more."""

MOST_CORRECTIONS = 40


class Corrected(NamedTuple):
    """The opening and the messages with the corrections in them, and each correction's reason."""

    opening: Opening
    entries: list[LogEntry]
    reasons: list[str]
    former: dict[int, Former]
    """The person whom each correction is about, as known before it, by its place in the log."""
    openings: list[Opening]
    """The opening as it came, and as each correction left it."""


def corrected(opening: Opening, log: list[LogEntry]) -> Corrected:
    """Carry out the log's corrections in the order of their dates, each on what the last one left.

    A `correct` message names an opening's field (`received_on`) or a message's (`<message_id>.on`).
    One that fits nothing is passed over: `check_correction` turned those away when they came. So is one that
    staff have not confirmed (`redress.domain.contacts`).
    """
    waits = unconfirmed(log)
    wanted = [
        (entry.seq, entry.message)
        for entry in sorted(log, key=LogEntry.by_date)
        if isinstance(entry.message, Correct) and entry.seq not in waits
    ]
    entries = list(log) if wanted else log
    former: dict[int, Former] = {}
    openings = [opening]
    for seq, message in wanted:
        former[seq] = _former(message, opening, entries)
        try:
            opening, entries = _carry_out(message, opening, entries)
        except Malformed:
            continue
        openings.append(opening)
    return Corrected(opening, entries, [message.reason for _, message in wanted], former, openings)


def _former(message: Correct, opening: Opening, entries: list[LogEntry]) -> Former:
    """Whom a correction of an address is about, as known before it."""
    step = _STEP.fullmatch(message.field)
    number = 1
    if step is not None and step["name"] == "also_complaining" and step["at"]:
        number = int(step["at"]) + 2
    people = opening.people
    at = _reopening_before(message, entries)
    reopened = entries[at].message if at is not None else None
    successor = reopened.complainant if isinstance(reopened, Reopen) else None
    return Former(number, people[number - 1] if number <= len(people) else None, successor)


def check_correction(opening: Opening, log: list[LogEntry], today: date) -> None:
    """Raise `Malformed` where the last entry, a correction, fits nothing or leaves something impossible."""
    newest = log[-1].message
    assert isinstance(newest, Correct), "asked about a message that corrects nothing"
    if newest.field.endswith(".letter") and newest.value != "sent":
        what = (
            "what becomes of a letter is not corrected, since it counts from the day it leaves: approve the "
            "draft (approve_letter), or record the decision anew; only 'sent' is, where yours had gone"
        )
        raise Malformed([Problem("value", what)])
    if newest.field.endswith(".by"):
        what = "who a message is from is not corrected: whoever wrote a letter does not approve it"
        raise Malformed([Problem("field", what)])
    before = corrected(opening, log[:-1])
    if len(before.reasons) >= MOST_CORRECTIONS:
        raise Malformed([Problem("action", f"{MOST_CORRECTIONS} corrections are enough for one complaint")])
    _carry_out(newest, before.opening, before.entries)
    after = corrected(opening, log)
    # an entry point's date may be ahead of this clock's.
    _check_outcome(opening, after.opening, after.entries, max(today, *(entry.message.on for entry in log)))


def _check_outcome(was: Opening, opening: Opening, entries: list[LogEntry], today: date) -> None:
    """Raise `Malformed` where a correction leaves something impossible."""
    problems = opening_problems(opening.received_on, opening.events_on, today)
    if abs(opening.received_on - was.received_on) > FURTHEST:
        problems.append(Problem("received_on", "moves by more than a year: open it as a new complaint"))
    for entry in entries:
        for problem in when_problems(entry.message, opening.received_on, today):
            problems.append(problem._replace(what=f"{entry.message.action}: {problem.what}"))
    if problems:
        raise Malformed([Problem("value", f"{p.field}: {p.what}", p.code) for p in problems])


def check_corrections(opening: Opening, log: list[LogEntry], today: date) -> list[tuple[int, Problem]]:
    """What is wrong with the corrections among the messages of an opening, each with its place in the log.

    All come at once: each is carried out once, in the order of their dates, on what the last one left.
    """
    problems: list[tuple[int, Problem]] = []
    entries = log
    right = opening
    for correction in sorted(log, key=LogEntry.by_date):
        if not isinstance(correction.message, Correct):
            continue
        try:
            then, changed = _carry_out(correction.message, right, entries)
            moved = then.received_on != right.received_on
            put_right = [now for was, now in zip(entries, changed, strict=True) if moved or now is not was]
            _check_outcome(opening, then, put_right, today)
        except Malformed as malformed:
            problems += [(correction.seq, problem) for problem in malformed.problems]
        else:
            right, entries = then, changed
    return problems


def _carry_out(message: Correct, opening: Opening, entries: list[LogEntry]) -> tuple[Opening, list[LogEntry]]:
    ids = {entry.message.message_id: at for at, entry in enumerate(entries)}
    meant = [each for each in ids if message.field.startswith(f"{each}.")]
    if meant:
        message_id = max(meant, key=len)  # an id may have dots of its own
        at, name = ids[message_id], message.field.removeprefix(f"{message_id}.")
        entry = entries[at]
        put_right = _of_message(message, entry.message, name)
        changed = entries.copy()
        assumed = entry.assumed and name != "on"
        changed[at] = entry._replace(message=put_right, assumed=assumed)
        return opening, changed
    name, dot, _ = message.field.partition(".")
    reopened_at = _reopening_before(message, entries) if name == "complainant" else None
    if reopened_at is not None:
        return _of_successor(message, opening, entries, reopened_at)
    if name.partition("[")[0] in DETAILED or not dot:
        return _of_opening(message, opening), entries
    raise Malformed([Problem("field", f"no message {message.field.rpartition('.')[0]!r} in this complaint")])


def _reopening_before(message: Correct, entries: list[LogEntry]) -> int | None:
    """Where the last reopening by somebody else stands that came before a correction; None: there is none."""
    reopened = [
        at
        for at, entry in enumerate(entries)
        if isinstance(entry.message, Reopen) and entry.message.complainant and entry.message.on <= message.on
    ]
    return max(reopened, key=lambda at: entries[at].by_date(), default=None)


def _of_successor(
    message: Correct, opening: Opening, entries: list[LogEntry], at: int
) -> tuple[Opening, list[LogEntry]]:
    """What is right of whoever goes on with it: in the message that took it up.

    In the opening too, where that fits: it may be that nobody could take it up.
    """
    changed = entries.copy()
    changed[at] = entries[at]._replace(message=_of_message(message, entries[at].message, message.field))
    with suppress(Malformed):
        opening = _of_opening(message, opening)
    return opening, changed


def _of_message(message: Correct, wrong: Message, name: str) -> Message:
    fields = wrong.model_dump(mode="json", by_alias=True)
    field = name.partition(".")[0]
    if field not in fields or field == "message_id" or isinstance(wrong, Correct):
        raise Malformed([Problem("field", f"{wrong.action} has no field {name!r} that can be corrected")])
    return _valid(type(wrong), _with(fields, name, message.value))


def _of_opening(message: Correct, opening: Opening) -> Opening:
    if re.split(r"[.[]", message.field)[0] not in OPENING_FIELDS:
        known = ", ".join(OPENING_FIELDS)
        raise Malformed([Problem("field", f"should be one of {known}, or MESSAGE_ID.FIELD")])
    fields = opening.model_dump(mode="json", exclude_unset=True)
    return _valid(Opening, _with(fields, message.field, message.value))


def _with(fields: dict[str, Any], name: str, value: JsonValue) -> dict[str, Any]:
    """The fields with one put right: a partial value changes what it names, and null takes a detail away.

    `name` may be dotted: `complainant.email` is that detail alone, `also_complaining[0]` the first of them.
    Raises `Malformed`.
    """
    step = _STEP.fullmatch(name)
    if step is None:
        raise Malformed([Problem("field", f"{name!r} is no field: for example complainant.email")])
    field, was = step["name"], fields.get(step["name"])
    if step["at"] is not None:
        return fields | {field: _with_entry(field, was, int(step["at"]), step["detail"], value)}
    if isinstance(was, list) and (step["detail"] or isinstance(value, dict)):
        raise Malformed([Problem("field", f"{field} has several entries: say which, for example {field}[0]")])
    if step["detail"]:
        return _with(fields, field, {step["detail"]: value})
    if isinstance(was, dict) and isinstance(value, dict):
        both = was | value
        return fields | {field: {name: detail for name, detail in both.items() if detail is not None}}
    return fields | {field: [] if value is None and isinstance(was, list) else value}


def _with_entry(field: str, was: object, at: int, detail: str | None, value: JsonValue) -> list[Any]:
    """A list with one entry put right, or one more after the last. Raises `Malformed`."""
    entries = [*was] if isinstance(was, list) else [was] if was else []
    if at > len(entries):
        raise Malformed([Problem("field", f"{field} has {len(entries)}, and this is none of them")])
    if value is None and not detail:
        what = "should say what is right: nobody is taken out of a list here (withdraw, or the whole list)"
        raise Malformed([Problem("value", what)])
    entries = entries if at < len(entries) else [*entries, {}]
    entries[at] = _with({"entry": entries[at]}, f"entry.{detail}" if detail else "entry", value)["entry"]
    return entries


def _valid(kind: type[P], fields: dict[str, Any]) -> P:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise Malformed([problem._replace(field="value") for problem in problems_of(error)]) from None
