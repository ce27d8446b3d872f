"""The dated course of a complaint: what happened, what went out, what was late."""

from __future__ import annotations

from datetime import date
from typing import TypedDict, cast

from redress.domain.calendar import long_date
from redress.domain.messages import MESSAGES
from redress.domain.status import DeadlineStatus, Status


class Happening(TypedDict):
    """One line of the course; `on` is an ISO London date."""

    on: str
    kind: str
    what: str


def course(status: Status) -> list[Happening]:
    """Everything in a status that has a date, in order."""
    lines: list[tuple[str, int, str, str]] = [(status["received_on"], 0, "received", "received")]
    for deadline in status["deadlines"]:
        lines += _of_deadline(deadline)
    for message in status.get("messages", []):
        action = str(message["action"])
        title = MESSAGES[action].title if action in MESSAGES else action
        outcome = "" if message["outcome"] == "applied" else f" ({message['outcome']})"
        lines.append((str(message["on"]), 2, "message", f"{action.replace('_', ' ')}: {title}{outcome}"))
    for letter in status["letters"]:
        if (letter["letter"], letter["state"]) == ("chase", "history"):
            continue
        about = f" ({letter['about']})" if letter.get("about") else ""
        name = str(letter["letter"]).replace("_", " ") + about
        said = {"history": "not sent: before it came here"}.get(str(letter["state"]), str(letter["state"]))
        said = "" if said == "done" else f" ({said})"
        lines.append((str(letter["on"]), 3, "letter", f"  letter: {name}{said}"))
    if status["closed_on"]:
        closed_as = str(status["closed_as"]).replace("_", " ")
        lines.append((status["closed_on"], 4, "closed", f"closed as {closed_as}"))
    return [cast(Happening, {"on": on, "kind": kind, "what": what}) for on, _, kind, what in sorted(lines)]


def _of_deadline(deadline: DeadlineStatus) -> list[tuple[str, int, str, str]]:
    lines = []
    title, due_on = deadline["title"], date.fromisoformat(deadline["due_on"])
    if deadline["days_late"] and deadline["kind"] != "window":
        unit = deadline["unit"].replace("_", " ").removesuffix("s" if deadline["days_late"] == 1 else "")
        late = f"{title} was due {long_date(due_on)}: {deadline['days_late']} {unit} late"
        lines.append((_day_after(deadline), 1, "late", late))
    for moved in deadline["moved"]:
        if moved["breach"]:
            was = long_date(date.fromisoformat(moved["due_on"]))
            lines.append((moved["due_on"], 1, "late", f"{title} was missed on {was}"))
    return lines


def _day_after(deadline: DeadlineStatus) -> str:
    return deadline["met_on"] or deadline["due_on"]
