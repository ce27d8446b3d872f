"""A date and how it was counted: `due`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from redress.cli import tables
from redress.cli.console import fail, print_json, read_date
from redress.domain.calendar import OutsideTable, Skipped
from redress.procedures.files import FileError
from redress.services import due_dates
from redress.services.errors import MALFORMED

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]

app = typer.Typer()


@app.command()
def due(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The date counted from, YYYY-MM-DD: day 0.")],
    days: Annotated[int, typer.Argument(metavar="N", help="How many days.", min=0, max=5000)],
    calendar_days: Annotated[bool, typer.Option("--calendar-days", help="Count every day.")] = False,
    before: Annotated[bool, typer.Option("--before", help="Count back.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show every skipped day and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """The date N working days after (or before) a date. Needs no server."""
    from_day = read_date("FROM", start)
    try:
        answer, provisional, skipped = due_dates.due(
            from_day, days, calendar_days=calendar_days, before=before
        )
    except OutsideTable as error:
        fail(MALFORMED, [f"FROM: {error}"])
    except FileError as error:
        fail(MALFORMED, str(error).splitlines())
    if as_json:
        print_json(_due_document(answer, provisional, skipped))
    else:
        tables.show_due(from_day, answer, provisional, skipped if explain else [])


def _due_document(answer: date, provisional: bool, skipped: list[Skipped]) -> dict[str, Any]:
    days = [{"on": day.on.isoformat(), "why": day.why} for day in skipped]
    return {"due_on": answer.isoformat(), "provisional": provisional, "skipped": days}
