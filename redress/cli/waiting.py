"""For operators: `waiting`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from redress.cli import console, tables
from redress.cli.shared import client
from redress.domain.london import london_time
from redress.services import waiting as service

app = typer.Typer()


@app.command()
def waiting(
    longer_than: Annotated[float, typer.Option(min=0, help="Only what waits for more seconds.")] = 5,
    as_json: console.AsJson = False,
) -> None:
    """What complaints have answered and the register does not have yet, and letters that have not left.

    The longest first, with the tries so far. It is tried again by itself; docs/stuck.md says what helps.
    """

    async def work() -> list[service.Waiting]:
        return await service.waiting(await client(reading=True), longer_than)

    found, now = console.run(work), datetime.now(UTC)
    if as_json:
        console.print_json([each.document(now) for each in found])
        return
    table = tables.table_of("complaint", "waits", "since", "seconds", "tries", "next try", "last problem")
    for each in found:
        next_at = london_time(each.next_at) if each.next_at else "now"
        figures = str(each.seconds(now)), str(each.tries)
        table.add_row(each.reference, each.what, london_time(each.since), *figures, next_at, each.problem)
    if found:
        tables.console.print(table)
    console.say(f"{len(found)} waiting")
