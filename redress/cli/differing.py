"""`differing`: the same intake sent again with other content, and what becomes of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import client, register
from redress.services import differing

app = typer.Typer()


@app.command("differing")
def differing_(
    reference: console.Reference,
    number: Annotated[int | None, typer.Argument(help="Its number within the complaint.")] = None,
    take: Annotated[
        bool, typer.Option("--take", help="Turn it into messages: corrections, an advocate, notes.")
    ] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Record that it changes nothing.")] = False,
    as_json: console.AsJson = False,
) -> None:
    """What came again under the same source_id with other content; and what is to become of one.

    It changed nothing and is kept until it is taken or dismissed.
    """
    if (take or dismiss) and (number is None or take is dismiss):
        console.fail(console.MALFORMED, ["NUMBER: name one, and either --take or --dismiss"])

    async def work() -> list[Any]:
        if take and number is not None:
            within = console.settings().answer_within
            return await differing.take(await client(), register(), reference, number, within)
        if dismiss and number is not None:
            return list(differing.dismiss(register(), reference, number))
        write_down(register(), "differing", [reference])
        return [each for each in differing.shown(register(), reference) if number in (None, each["number"])]

    done = console.run(work)
    if as_json:
        console.print_json(
            [each if isinstance(each, dict) else each.model_dump(mode="json") for each in done]
        )
    elif take:
        for answer in done:
            tables.console.print(f"{answer.message_id}: {answer.reason or 'applied'}")
    else:
        for each in done:
            names = ", ".join(each["fields"]) or f"{each['times']} more"
            tables.console.print(f"{each['number']}: {each['state']}, {each['arrived_at'][:10]}: {names}")
        if not done:
            tables.console.print("nothing to show")
    if take and not all(answer.applied or answer.pending for answer in done):
        raise typer.Exit(console.REFUSED)
