"""What people see at the command line: dates as `Fri 4 Dec 2026`, lateness first."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from redress.domain.calendar import Skipped, long_date
from redress.services.wording import day, late, words

if TYPE_CHECKING:  # what only few commands use is not loaded for all
    from redress.domain.case import Answer
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


def counted(number: int, one: str, several: str = "") -> str:
    """A number of things: `1 complaint`, `2 complaints`, `0 entries`."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def show_status(status: Status) -> None:
    """The whole of a complaint on one screen."""
    width = min(100, console.width)  # of plain words, which are sentences
    _print("status", status, plain_width=width)
    console.print()
    console.print(_deadlines(status["deadlines"]))
    _print("status_details", status)


def _print(name: str, *values: Mapping[str, Any], **more: object) -> None:
    """Print a template, in which nothing that is shown is taken as a mark of rich's."""
    from redress.services.text_templates import text_template  # loads Jinja, which `due` does not need

    file = Path(__file__).parent / "templates" / f"{name}.txt.jinja"
    template = text_template(file, lambda value: escape(value) if type(value) is str else value)
    console.print(template.render(*values, **more), end="", emoji=False)


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


def show_list(lines: Sequence[Line], approvers: Mapping[str, str]) -> None:
    """Complaints in a table, late limits first, then by next due date; `approvers`: who is asked, by name."""
    table = table_of("reference", "stage", "state", "next due", "waiting for", "received")
    table.columns[0].min_width = 15
    for line in lines:
        state = line.state
        if line.closed_on:
            state = f"closed {long_date(line.closed_on)} as {words(line.closed_as)}"
        if line.duplicate_of:
            state += f", duplicate of {line.duplicate_of}"
        due = long_date(line.next_due_on) if line.next_due_on else ""
        if line.late_since:
            due = f"[bold red]{long_date(line.late_since)} overdue[/bold red]"
        table.add_row(
            line.reference,
            words(line.stage),
            state,
            due,
            approvers.get(line.reference) or words(line.waiting_for),
            long_date(line.received_on),
        )
    console.print(table if lines else "no complaints to show")


def show_letters(letters: Sequence[LetterLine]) -> None:
    """Letters in a table, each with what became of it."""
    from redress.services.letters import BECAME

    table = table_of("reference", "mark", "letter", "to", "of", "what became of it", whole=2)
    for letter in letters:
        became = BECAME[letter["state"]] + (f" by {day(letter['send_by'])}" if letter["send_by"] else "")
        became += f": {letter['reason']}" if letter["reason"] else ""
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
    _print("answer", reference=reference, action=action, answer=answer)


def show_proofs(due: Sequence[str], proofs: Sequence[Proof]) -> None:
    """What is due to be destroyed; what was, and what a search found afterwards."""
    _print("proofs", due=due, proofs=proofs)


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
    if recounted.of("moved"):
        table = table_of("reference", "limit", "was", "is", "")
        for each in recounted.of("moved"):
            for move in each.dates:
                paused = "paused" if move.paused else ""
                table.add_row(each.reference, move.title, day(move.was_due_on), day(move.due_on), paused)
        console.print(table)
    counts = {name: len(recounted.of(name)) for name in ("moved", "unmoved", "untouched", "failed")}
    _print("recount", counts, recounted=recounted, most_days=MOST_DAYS)
