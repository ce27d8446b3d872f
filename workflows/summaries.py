"""What the timeline of a complaint's page says of its activities: one sentence each, nobody named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redress.contract import RegisterEntry
from redress.domain.complainants import without_names
from redress.domain.sentences import cut, with_long_dates


def recorded(entries: Sequence[RegisterEntry]) -> str:
    """What one batch records, in the order it does; no personal data."""
    text = "; ".join(_of_entry(entry) for entry in entries)
    return cut(f"{text[:1].upper()}{text[1:]}")


def letters_in(entries: Sequence[RegisterEntry]) -> list[str]:
    """The names of the letters that a batch writes."""
    effects = [entry.body for entry in entries if entry.kind == "effect" and entry.body["state"] == "done"]
    return [_words(body["template"]) for body in effects if body["template"]]


def leaving(letters: Sequence[str]) -> str:
    """Which letters are sent; none are known of after a new start."""
    return cut(f"Letters leave: {', '.join(dict.fromkeys(letters))}") if letters else "Letters leave"


def _of_entry(entry: RegisterEntry) -> str:
    match entry.kind:
        case "message":
            return _of_message(entry.body)
        case "effect":
            return _of_effect(entry.body)
        case "opened":
            return "the opening is recorded"
        case "rejected":
            return f"{_words(entry.body.get('action'))} could not be taken and is kept"
        case "ended":
            return "the file is closed"
        case "erased":
            return "the personal data are erased"


def _of_message(body: Mapping[str, Any]) -> str:
    action, answer = _words(body.get("action")), body.get("answer") or {}
    if answer.get("applied", True):
        return f"{action} is recorded"
    outcome, reason = "waits" if answer.get("pending") else "is refused", answer.get("reason", "")
    return f"{action} {outcome}: {with_long_dates(without_names(reason))}".rstrip(". ")


def _of_effect(body: Mapping[str, Any]) -> str:
    facts = body.get("facts") or {}
    match body.get("kind"):
        case "breach":
            return f"{facts.get('title', 'a limit')} is late"
        case "split":
            return "points become a linked complaint"
        case "reminder":
            what = f"the reminder of {facts.get('title', 'a limit')}"
        case _:
            what = f"the letter '{_words(body.get('template'))}'"
    return f"{what} is left out as overtaken" if body.get("state") == "skipped" else f"{what} is written"


def _words(name: object) -> str:
    return str(name).replace("_", " ")
