"""`differing`: the same intake sent again with other content, and what becomes of it."""

from __future__ import annotations

import getpass
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
        if number is not None and (take or dismiss):
            decide = differing.take if take else differing.dismiss
            within, by = console.settings().answer_within, getpass.getuser()
            return [*await decide(await client(), register(), reference, number, within, by=by)]
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
