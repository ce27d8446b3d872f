"""A date and how it was counted: `due`."""

from __future__ import annotations

from typing import Annotated

import typer

from redress.cli import tables
from redress.cli.console import MALFORMED, AsJson, ending, fail, print_json, read_date
from redress.domain.calendar import OutsideTable
from redress.services import due_dates

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
    with ending():
        try:
            due_on, provisional, skipped = due_dates.due(
                from_day, days, calendar_days=calendar_days, before=before
            )
        except OutsideTable as error:
            fail(MALFORMED, [f"FROM: {error}"])
    if as_json:
        days_skipped = [{"on": day.on.isoformat(), "why": day.why} for day in skipped]
        print_json({"due_on": due_on.isoformat(), "provisional": provisional, "skipped": days_skipped})
    else:
        tables.show_due(due_on, provisional, skipped if explain else [])
