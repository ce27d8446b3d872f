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
from redress.domain.sentences import with_long_dates
from redress.services.wording import about, day, late, words

if TYPE_CHECKING:  # what only few commands use is not loaded for all
    from redress.domain.case import Answer
    from redress.domain.plain_words import PlainWords
    from redress.domain.status import DeadlineStatus, Status
    from redress.services.erasing import Proof
    from redress.services.letters import LetterLine
    from redress.services.recounting import RecountReport
    from redress.store.listing import Line


class _Console(Console):
    """Rich's own ends with status 1 where whoever reads has seen enough (`| head`); that is no failure."""

    def on_broken_pipe(self) -> None:
        """Leave it to the command, which ends quietly."""
        raise BrokenPipeError


console = _Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160)

COLOURS = {"overdue": "bold red", "met_late": "red", "running": "", "met": "green", "paused": "yellow"}


def table_of(*columns: str, whole: int = 1) -> Table:
    """A table with these headings; the first `whole` columns are never broken into lines."""
    table = Table(box=box.SIMPLE_HEAD)
    for number, name in enumerate(columns):
        table.add_column(name, no_wrap=number < whole, overflow="ellipsis" if number < whole else "fold")
    return table


def show_status(status: Status) -> None:
    """The whole of a complaint on one screen."""
    console.print(f"[bold]{status['reference']}[/bold]  {words(status['stage'])}, {_state(status)}")
    console.print(f"received {day(status['received_on'])} by {status['authority']}")
    console.print(f"procedure: {status['procedure']}, because {status['procedure_reason']}")
    if erased_on := status.get("erased_on"):
        console.print(f"its personal data was destroyed on {day(erased_on)}: dates and outcomes are left")
    if status["next_due_on"]:
        overdue = "[bold red]overdue[/bold red]: " if status["overdue"] else ""
        due = day(status["next_due_on"])
        console.print(f"{overdue}waiting for the {words(status['waiting_for'])}, by {due}")
    for question in status["questions"]:
        console.print(f"[yellow]to decide:[/yellow] {question}")
    if status["contact_restricted_until"]:
        console.print(f"contact is restricted until {day(status['contact_restricted_until'])}")
    _show_plain_words(status["plain"])
    console.print()
    console.print(_deadlines(status["deadlines"]))
    if any(deadline["provisional"] for deadline in status["deadlines"]):
        console.print("(p) provisional: it may still move")
    _show_lines("points", [line for point in status["points"] for line in _point(point)])
    _show_lines("linked", [_link(link) for link in status["linked"]])
    _show_lines("moved", [_moved(d["title"], moved) for d in status["deadlines"] for moved in d["moved"]])
    letters = [each for each in status["letters"] if (each["letter"], each["state"]) != ("chase", "history")]
    _show_lines(
        "letters",
        [f"{day(str(e['on']))}  {words(e['letter'])}{about(e)}  ({e['state']})" for e in letters],
    )
    _show_lines("messages", [_message(message) for message in status.get("messages", [])])
    _show_lines("pending", [_remark(row, "reason") for row in status["pending"]])
    _show_lines("refused", [_remark(row, "reason") for row in status["refused"]])
    _show_lines("irregular", [_remark(row, "what") for row in status["irregular"]])
    console.print(f"\nas of {day(status['as_of'])}, calendar {status['calendar']}", style="dim")


def _show_plain_words(plain: PlainWords) -> None:
    """The plain words of the place it is at, as the person concerned may read them."""
    lines = [line for line in (plain["what"], plain["who"], plain["next"]) if line]
    if lines:
        console.print(f"\n[bold]in plain words[/bold]  {plain['title']}")
        for line in lines:
            console.print(Text(line), width=100)


def _show_lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/bold]")
        for line in lines:
            console.print(Text(f"  {line}"))


def _point(point: Mapping[str, Any]) -> list[str]:
    state = "" if point["state"] == "open" else f"  ({words(point['state'])})"
    findings = [
        f"   {words(finding['stage'])}: {words(finding['outcome'])}"
        + (f": {finding['reason']}" if finding["reason"] else "")
        for finding in point["findings"]
    ]
    return [f"{point['point']}. {point['text']}{state}", *findings]


def _link(link: Mapping[str, Any]) -> str:
    if link["how"] == "linked_to":
        return f"belongs to {link['reference']}"
    return f"{link['reference']}, split off on {day(link['on'])} under {words(link['procedure'])}"


def _moved(title: str, moved: Mapping[str, Any]) -> str:
    breach = " (breached)" if moved["breach"] else ""
    return f"{title} was due {day(moved['due_on'])}{breach}: {moved['reason']}"


def _message(message: Mapping[str, object]) -> str:
    assumed = " date assumed" if message["assumed"] else ""
    return f"{day(str(message['on']))}  {words(message['action'])}  ({words(message['outcome'])}){assumed}"


def _remark(row: Mapping[str, object], what: str) -> str:
    """What is to be known of a message, with its day and its action."""
    return f"{day(str(row['on']))}  {words(row['action'])}: {with_long_dates(str(row[what]))}"


def _state(status: Status) -> str:
    closed_on = status["closed_on"]
    return _closed(date.fromisoformat(closed_on), status["closed_as"]) if closed_on else status["state"]


def _closed(on: date, how: str | None) -> str:
    return f"closed {long_date(on)} as {words(how)}"


def _deadlines(deadlines: Sequence[DeadlineStatus]) -> Table:
    table = table_of("limit", "due", "", "met", "owed by", whole=0)
    for column in table.columns[1:4]:
        column.no_wrap = True
    for each in deadlines:
        lateness = f", {late(each['days_late'], each['unit'])}" if each["days_late"] else ""
        table.add_row(
            each["title"],
            day(each["due_on"]) + (" (p)" if each["provisional"] else ""),
            Text(words(each["state"]) + lateness, style=COLOURS.get(each["state"], "")),
            day(each["met_on"]),
            words(each["owner"]),
        )
    return table


def show_list(lines: Sequence[Line]) -> None:
    """Complaints in a table, by next due date."""
    table = table_of("reference", "stage", "state", "next due", "waiting for", "received")
    table.columns[0].min_width = 15
    for line in lines:
        due = Text(
            (long_date(line.next_due_on) if line.next_due_on else "") + (" overdue" if line.overdue else ""),
            style="bold red" if line.overdue else "",
        )
        table.add_row(
            line.reference,
            words(line.stage),
            _closed(line.closed_on, line.closed_as) if line.closed_on else line.state,
            due,
            words(line.waiting_for),
            long_date(line.received_on),
        )
    console.print(table if lines else "no complaints to show")


def show_letters(letters: Sequence[LetterLine]) -> None:
    """Letters in a table, each with what became of it."""
    from redress.services.letters import BECAME

    table = table_of("reference", "mark", "letter", "to", "of", "what became of it", whole=2)
    for letter in letters:
        became = BECAME[letter["state"]] + (f": {letter['reason']}" if letter["reason"] else "")
        by_text = " (text message)" if letter["to"].endswith("_text") else ""
        table.add_row(
            letter["reference"],
            letter["mark"],
            words(letter["letter"]),
            words(letter["to"].removesuffix("_text")) + by_text,
            day(letter["on"]),
            Text(became, style="bold red" if letter["state"] in ("failed", "unsure") else ""),
        )
    console.print(table if letters else "no letters to show")


def show_answer(reference: str, action: str, answer: Answer) -> None:
    """What a message did."""
    outcome = "applied" if answer.applied else "pending" if answer.pending else "refused"
    again = " (a repeat: this is the first answer)" if answer.repeated else ""
    console.print(f"{reference}: {words(action)} of {long_date(answer.on)} {outcome}{again}")
    if answer.reason:
        console.print(f"  {with_long_dates(answer.reason)}")
    for moved in answer.changed:
        was, now = moved.get("was_due_on"), moved.get("due_on")
        dates = f", due {day(now)}" if now else ""
        dates += f" instead of {day(was)}" if was and was != now else ""
        console.print(f"  {words(moved['what'])}: {words(moved['is'] or 'gone')}{dates}")


def show_proofs(done: Sequence[Proof | str]) -> None:
    """What was destroyed, and what a search found afterwards; or, for a reference, that it is due."""
    if not done:
        console.print("nothing is due for erasure")
    for proof in done:
        if isinstance(proof, str):
            console.print(f"{proof}: its retention has passed")
            continue
        again = "was erased before" if proof.already else "is erased"
        left = "nothing of it can be read any more" if proof.holds else "SOMETHING can still be read"
        console.print(f"{proof.reference} {again}: {left}")
        for place in proof.searched:
            found = f": {', '.join(place.found)}" if place.found else ""
            console.print(f"  {place.where}: {place.looked_at} looked at, {place.readable} readable{found}")
        if proof.linked:
            console.print(f"  not erased with it, and about the same matter: {', '.join(proof.linked)}")


def show_due(due_on: date, provisional: bool, skipped: Sequence[Skipped]) -> None:
    """A date and how it was counted."""
    console.print(long_date(due_on) + ("  (provisional)" if provisional else ""))
    if provisional:
        console.print(
            "no official list of bank holidays covers this date yet; it may still move", style="dim"
        )
    for each in skipped:
        console.print(f"  {long_date(each.on)} does not count: {each.why}")


MOST_DAYS = 20
"""How many of the days that differ people are shown."""


def show_recount(recounted: RecountReport) -> None:
    """The dates that move, a line each; the days that differ; and how many complaints they concern."""
    moved, unmoved, failed = (len(recounted.of(each)) for each in ("moved", "unmoved", "failed"))
    if moved:
        table = table_of("reference", "limit", "was", "is", "")
        for each in recounted.of("moved"):
            for move in each.dates:
                paused = "paused" if move.paused else ""
                table.add_row(each.reference, move.title, day(move.was_due_on), day(move.due_on), paused)
        console.print(table)
    if not (moved or unmoved or failed):
        console.print(f"nothing newer for any complaint: the list is {recounted.to}")
        return
    for differing in recounted.days[:MOST_DAYS]:
        console.print(str(differing))
    if len(recounted.days) > MOST_DAYS:
        console.print(f"and {len(recounted.days) - MOST_DAYS} more days (--json has them all)")
    console.print(f"{len(recounted.complaints)} complaints looked at")
    console.print(f"  {moved}: dates {'would move' if recounted.dry_run else 'have moved'}")
    console.print(f"  {unmoved}: the newer list moves no date")
    console.print(f"  {len(recounted.of('untouched'))}: nothing newer")
    if failed:
        console.print(f"  {failed}: failed; run it again")
    if recounted.dry_run:
        console.print("dry run: nothing has changed")
