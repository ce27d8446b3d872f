"""The dated course of a complaint: what happened, what went out, what was late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from redress.domain.messages import MESSAGES
from redress.domain.status import DeadlineStatus, Status
from redress.services.wording import about, day, late, words


class TimelineEntry(TypedDict):
    """One line; `on` is an ISO London date."""

    on: str
    kind: str
    what: str


KINDS = ("received", "late", "message", "letter", "closed")
"""In this order on one day."""


def timeline(status: Status) -> list[TimelineEntry]:
    """Everything in a status that has a date, in order."""
    return sorted(
        _entries(status), key=lambda entry: (entry["on"], KINDS.index(entry["kind"]), entry["what"])
    )


def _entries(status: Status) -> Iterator[TimelineEntry]:
    yield {"on": status["received_on"], "kind": "received", "what": "received"}
    for deadline in status["deadlines"]:
        yield from _lateness(deadline)
    for message in status.get("messages", []):
        action = str(message["action"])
        if message["outcome"] == "struck_out":
            yield {"on": str(message["on"]), "kind": "message", "what": "something that was struck out"}
            continue
        title = MESSAGES[action].title if action in MESSAGES else action
        outcome = "" if message["outcome"] == "applied" else f" ({message['outcome']})"
        what = f"{words(action)}: {title}{outcome}"
        yield {"on": str(message["on"]), "kind": "message", "what": what}
    for letter in status["letters"]:
        if (letter["letter"], letter["state"]) != ("chase", "history"):
            state = {"done": "", "history": " (not sent: before it came here)"}
            became = state.get(str(letter["state"]), f" ({letter['state']})")
            what = f"  letter: {words(letter['letter'])}{about(letter)}{became}"
            yield {"on": str(letter["on"]), "kind": "letter", "what": what}
    if status["closed_on"]:
        yield {"on": status["closed_on"], "kind": "closed", "what": f"closed as {words(status['closed_as'])}"}


def _lateness(deadline: DeadlineStatus) -> Iterator[TimelineEntry]:
    title, due_on = deadline["title"], deadline["due_on"]
    if deadline["days_late"] and deadline["kind"] != "window":
        what = f"{title} was due {day(due_on)}: {late(deadline['days_late'], deadline['unit'])}"
        yield {"on": deadline["met_on"] or due_on, "kind": "late", "what": what}
    for moved in deadline["moved"]:
        if moved["breach"]:
            what = f"{title} was missed on {day(moved['due_on'])}"
            yield {"on": moved["due_on"], "kind": "late", "what": what}
