"""What people see at the command line: dates as `Fri 4 Dec 2026`, lateness first."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from redress.domain.calendar import Skipped, long_date
from redress.domain.case import Answer
from redress.domain.plain_words import PlainWords
from redress.domain.sentences import with_long_dates
from redress.domain.status import DeadlineStatus, Status

if TYPE_CHECKING:  # what only few commands use is not loaded for all
    from redress.services.erasing import Proof
    from redress.services.letters import LetterLine
    from redress.store.letters import State
    from redress.store.listing import Line


class _Console(Console):
    """Rich's own ends with status 1 where whoever reads has seen enough (`| head`); that is no failure."""

    def on_broken_pipe(self) -> None:
        """Leave it to the door, which ends quietly."""
        raise BrokenPipeError


console = _Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160)

LEFT: dict[State, str] = {
    "waiting": "not written yet",
    "ready": "about to leave",
    "sending": "being handed over",
    "accepted": "taken, not known to have arrived",
    "sent": "sent",
    "failed": "not deliverable",
    "unsure": "perhaps sent, perhaps not",
    "by_hand": "sent by hand",
    "erased": "erased",
}
"""What became of a letter, in words."""

COLOURS = {"overdue": "bold red", "met_late": "red", "running": "", "met": "green", "paused": "yellow"}


def show_status(status: Status) -> None:
    """The whole of a complaint on one screen."""
    stage = status["stage"].replace("_", " ")
    closed_on = date.fromisoformat(status["closed_on"]) if status["closed_on"] else None
    state = _state(status["state"], closed_on, status["closed_as"])
    console.print(f"[bold]{status['reference']}[/bold]  {stage}, {state}")
    console.print(f"received {_day(status['received_on'])} by {status['authority']}")
    console.print(f"procedure: {status['procedure']}, because {status['procedure_reason']}")
    if erased_on := status.get("erased_on"):
        console.print(f"its personal data was destroyed on {_day(erased_on)}: dates and outcomes are left")
    if status["next_due_on"]:
        late = "[bold red]overdue[/bold red]: " if status["overdue"] else ""
        who = status["waiting_for"].replace("_", " ")
        console.print(f"{late}waiting for the {who}, by {_day(status['next_due_on'])}")
    for question in status["questions"]:
        console.print(f"[yellow]to decide:[/yellow] {question}")
    if status["contact_restricted_until"]:
        console.print(f"contact is restricted until {_day(status['contact_restricted_until'])}")
    _plain(status["plain"])
    console.print()
    console.print(_deadlines(status["deadlines"]))
    if any(d["provisional"] for d in status["deadlines"]):
        console.print("(p) provisional: it may still move")
    _lines("points", [line for point in status["points"] for line in _point(point)])
    _lines("linked", [_link(link) for link in status["linked"]])
    _lines("moved", _moves(status["deadlines"]))
    _lines(
        "letters",
        [
            f"{_day(str(e['on']))}  {_words(e['letter'])}{about(e)}  ({e['state']})"
            for e in status["letters"]
            if (e["letter"], e["state"]) != ("chase", "history")
        ],
    )
    _lines(
        "messages",
        [
            f"{_day(str(m['on']))}  {_words(m['action'])}  ({_words(m['outcome'])})"
            + (" date assumed" if m["assumed"] else "")
            for m in status.get("messages", [])
        ],
    )
    for name in ("pending", "refused"):
        rows = status["pending"] if name == "pending" else status["refused"]
        _lines(name, [_remark(row, "reason") for row in rows])
    _lines("irregular", [_remark(row, "what") for row in status["irregular"]])
    console.print(f"\nas of {_day(status['as_of'])}, calendar {status['calendar']}", style="dim")


def _plain(words: PlainWords) -> None:
    """The plain words of the place it is at, as the person concerned may read them."""
    said = [words["what"], words["who"], words["next"]]
    if any(said):
        console.print(f"\n[bold]in plain words[/bold]  {words['title']}")
        for line in filter(None, said):
            console.print(Text(line), width=100)


def _point(point: Mapping[str, Any]) -> list[str]:
    state = "" if point["state"] == "open" else f"  ({_words(point['state'])})"
    lines = [f"{point['point']}. {point['text']}{state}"]
    for found in point["findings"]:
        why = f": {found['reason']}" if found["reason"] else ""
        lines.append(f"   {_words(found['stage'])}: {_words(found['outcome'])}{why}")
    return lines


def _link(link: Mapping[str, Any]) -> str:
    if link["how"] == "linked_to":
        return f"belongs to {link['reference']}"
    return f"{link['reference']}, split off on {_day(link['on'])} under {_words(link['procedure'])}"


def show_list(lines: Sequence[Line]) -> None:
    """Complaints in a table, by next due date."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("reference", no_wrap=True, min_width=15)
    for name in ("stage", "state", "next due", "waiting for", "received"):
        table.add_column(name, overflow="fold")
    for line in lines:
        due = Text(long_date(line.next_due_on) if line.next_due_on else "")
        if line.overdue:
            due = Text(f"{due} overdue", style="bold red")
        table.add_row(
            line.reference,
            line.stage.replace("_", " "),
            _state(line.state, line.closed_on, line.closed_as),
            due,
            line.waiting_for.replace("_", " "),
            long_date(line.received_on),
        )
    console.print(table if lines else "no complaints to show")


def show_letters(letters: Sequence[LetterLine]) -> None:
    """Letters in a table, each with what became of it."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("reference", no_wrap=True)
    table.add_column("mark", no_wrap=True)
    for name in ("letter", "to", "of", "what became of it"):
        table.add_column(name, overflow="fold")
    for letter in letters:
        said = LEFT[letter["state"]] + (f": {letter['reason']}" if letter["reason"] else "")
        colour = "bold red" if letter["state"] in ("failed", "unsure") else ""
        by_text = " (text message)" if letter["to"].endswith("_text") else ""
        table.add_row(
            letter["reference"],
            letter["mark"],
            _words(letter["letter"]),
            _words(letter["to"].removesuffix("_text")) + by_text,
            _day(letter["on"]),
            Text(said, style=colour),
        )
    console.print(table if letters else "no letters to show")


def show_answer(reference: str, action: str, answer: Answer) -> None:
    """What a message did."""
    outcome = "applied" if answer.applied else "pending" if answer.pending else "refused"
    again = " (a repeat: this is the first answer)" if answer.repeated else ""
    console.print(f"{reference}: {_words(action)} of {long_date(answer.on)} {outcome}{again}")
    if answer.reason:
        console.print(f"  {with_long_dates(answer.reason)}")
    for moved in answer.changed:
        was, now = moved.get("was_due_on"), moved.get("due_on")
        dates = f", due {_day(now)}" if now else ""
        dates += f" instead of {_day(was)}" if was and was != now else ""
        state = _words(moved["is"] or "gone")
        console.print(f"  {_words(moved['what'])}: {state}{dates}")


def show_proofs(done: Sequence[Proof | str]) -> None:
    """What was destroyed, and what a search found afterwards."""
    if not done:
        console.print("nothing is due for erasure")
    for each in done:
        if isinstance(each, str):
            console.print(f"{each}: its retention has passed")
            continue
        again = "was erased before" if each.already else "is erased"
        left = "nothing of it can be read any more" if each.holds else "SOMETHING can still be read"
        console.print(f"{each.reference} {again}: {left}")
        for place in each.searched:
            found = f": {', '.join(place.found)}" if place.found else ""
            console.print(f"  {place.where}: {place.looked_at} looked at, {place.readable} readable{found}")
        if each.linked:
            console.print(f"  not erased with it, and about the same matter: {', '.join(each.linked)}")


def show_due(start: date, answer: date, provisional: bool, skipped: Sequence[Skipped]) -> None:
    """A date and how it was counted."""
    console.print(long_date(answer) + ("  (provisional)" if provisional else ""))
    if provisional:
        console.print(
            "no official list of bank holidays covers this date yet; it may still move", style="dim"
        )
    for day in skipped:
        console.print(f"  {long_date(day.on)} does not count: {day.why}")


def _deadlines(deadlines: Sequence[DeadlineStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("limit", overflow="fold")
    for name in ("due", "", "met"):
        table.add_column(name, no_wrap=True)
    table.add_column("owed by")
    for d in deadlines:
        state = _words(d["state"])
        if d["days_late"]:
            state += f", {d['days_late']} {_unit(d['unit'], d['days_late'])} late"
        table.add_row(
            d["title"],
            _day(d["due_on"]) + (" (p)" if d["provisional"] else ""),
            Text(state, style=COLOURS.get(d["state"], "")),
            _day(d["met_on"]) if d["met_on"] else "",
            d["owner"].replace("_", " "),
        )
    return table


def about(letter: Mapping[str, object]) -> str:
    """Which limit a letter is about, where it is about one."""
    return f" ({letter['about']})" if letter.get("about") else ""


def _moves(deadlines: Sequence[DeadlineStatus]) -> list[str]:
    return [
        f"{d['title']} was due {_day(moved['due_on'])}"
        + (" (breached)" if moved["breach"] else "")
        + f": {moved['reason']}"
        for d in deadlines
        for moved in d["moved"]
    ]


def _lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/bold]")
        for line in lines:
            console.print(Text(f"  {line}"))


def _state(state: str, closed_on: date | None, closed_as: str | None) -> str:
    return f"closed {long_date(closed_on)} as {_words(closed_as)}" if closed_on else state


def _unit(unit: str, number: int) -> str:
    words = unit.replace("_", " ")
    return words.removesuffix("s") if number == 1 else words


def _day(iso: str | None) -> str:
    return long_date(date.fromisoformat(iso)) if iso else ""


def _remark(row: Mapping[str, object], what: str) -> str:
    """What is said of a message, with its day and its action."""
    return f"{_day(str(row['on']))}  {_words(row['action'])}: {with_long_dates(str(row[what]))}"


def _words(name: object) -> str:
    return str(name).replace("_", " ")
