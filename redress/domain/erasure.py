"""What is left of a complaint once its personal data is destroyed: dates and outcomes, and no texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast

from redress.domain.calendar import long_date
from redress.domain.status import Status

SHORTEST = 4
"""Characters of a text that is worth searching for: shorter ones stand everywhere by chance."""

_MESSAGE_FIELDS = ("action", "on", "outcome", "assumed", "decided", "kind", "role", "connection", "until")
_IMPERSONAL_FIELDS = ("action", "on", "outcome", "assumed", "message_id", "decided")

_OF_ANSWERS = ("stage", "round", "on", "outcome", "points", "letter", "left_on", "received_on")


class Erased(Exception):
    """The complaint's personal data was destroyed: nothing can be sent to it any more."""

    def __init__(self, reference: str, on: str) -> None:
        try:
            day = long_date(date.fromisoformat(on))
        except ValueError:  # nobody knows the day any more
            day = on
        super().__init__(
            f"the personal data of {reference} was destroyed on {day}: only dates and outcomes stay"
        )


def scrubbed(status: Status, erased_on: date) -> dict[str, Any]:
    """A status without anything that anybody wrote, and without anybody's name."""
    messages = [
        {name: v for name, v in message.items() if name in _MESSAGE_FIELDS and isinstance(v, (str, bool))}
        for message in status.get("messages", [])
    ]
    complainants = [{**each, "advocate": None} for each in status.get("complainants", [])]
    return {
        **status,
        **({"complainants": complainants} if complainants else {}),
        "complainant": None,
        "also_complaining": [],
        "on_behalf_of": None,
        "about": None,
        "desired_outcome": "",
        "advocate": None,
        "questions": [],
        "linked": _only(("reference", "how"), status["linked"]),
        "links": _only(("reference", "how"), status["linked"]),
        "officer": None,
        "struck_out": _only(("on",), status.get("struck_out", [])),
        "deadlines": [_deadline(deadline) for deadline in status["deadlines"]],
        "letters": [_letter(letter) for letter in status["letters"]],
        "messages": messages,
        "contacts": _only(("on", "direction", "channel"), status.get("contacts", [])),
        "answers": _only(_OF_ANSWERS, status.get("answers", [])),
        **({"sittings": _only(("on", "adjourned_to"), status["sittings"])} if "sittings" in status else {}),
        "appointments": _only(("role", "connection", "on", "until", "round"), status["appointments"]),
        "remedies": _only(("remedy", "kind", "due_on", "done_on", "origin"), status["remedies"]),
        "ombudsman": _ombudsman(status.get("ombudsman")),
        "points": [_point(point) for point in status["points"]],
        "pending": [],
        "refused": [],
        "irregular": [],
        "erased_on": erased_on.isoformat(),
    }


def _only(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names if name in row} for row in rows]


def _ombudsman(passed: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Dates and categories; the Ombudsman's reference and words may lead to a person."""
    if passed is None:
        return None
    return {
        **passed,
        "reference": "",
        "enquiries": _only(("on", "kind", "deadline", "reply_by", "replied_on"), passed["enquiries"]),
        "decisions": _only(("on", "category", "returns_to"), passed["decisions"]),
    }


def _letter(letter: Mapping[str, Any]) -> dict[str, Any]:
    """Of a draft that was sent back who did that, and why, is what somebody wrote."""
    return {**letter, "about": None, **({"remarks": []} if "remarks" in letter else {})}


def _deadline(deadline: Mapping[str, Any]) -> dict[str, Any]:
    moved = [{"due_on": m["due_on"], "breach": m["breach"], "reason": ""} for m in deadline["moved"]]
    return {**deadline, "moved": moved}


def _point(point: Mapping[str, Any]) -> dict[str, Any]:
    findings = [{**f, "reason": ""} for f in cast("list[dict[str, Any]]", point["findings"])]
    left = {"point": point["point"], "text": "", "state": point["state"]}
    return {**left, "findings": findings, "remedies": []}


def marks_of(opening: Mapping[str, Any], status: Mapping[str, Any]) -> set[str]:
    """The texts of a complaint that must be found nowhere any more: what people wrote, and their names."""
    own = {name: value for name, value in opening.items() if name not in _NOT_PERSONAL}
    texts = {*_texts(own)}
    for message in status.get("messages", []):
        texts |= {*_texts({name: v for name, v in message.items() if name not in _IMPERSONAL_FIELDS})}
    for struck in status.get("struck_out", []):
        texts |= {*_texts(struck.get("reason", ""))}
    for appointed in status.get("appointments", []):
        texts |= {*_texts(appointed.get("person", {}))}
    return {text for text in texts if len(text) >= SHORTEST and not _is_a_word_of_ours(text)}


_NOT_PERSONAL = (
    "authority",
    "kind",
    "source",
    "source_id",
    "channel",
    "received_on",
    "events_on",
    "procedure",
    "statutory",
    "linked_to",
    "themes",
    "messages",
)


def _is_a_word_of_ours(text: str) -> bool:
    """Dates, and codes such as roles: they name nobody."""
    return (text.replace("_", "").replace("-", "").islower() and " " not in text) or text[:4].isdigit()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
