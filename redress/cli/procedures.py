"""Procedures drawn and rehearsed: `procedure`, `rehearse`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text
from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.cli import tables
from redress.cli.console import MALFORMED, AsJson, ending, fail, print_json, read_date, run, say
from redress.drawing.mermaid import mermaid
from redress.drawing.outline import outline
from redress.security.encryption import PlaintextCipher
from redress.services import drawing, rehearsal, wording
from redress.services.clock import today
from redress.store.register import Register
from redress.store.schema import migrate

WIDEST = 110
"""Characters: longer lines are hard to read, however wide the terminal is."""

app = typer.Typer()


@app.command("procedure")
def procedure_(
    name: Annotated[str, typer.Argument(help="The procedure, for example statutory.")],
    authority: Annotated[
        str | None, typer.Option(help="Under whose choices; left out: those of one that has it.")
    ] = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print it as Mermaid text.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write a page, NAME.md, into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a procedure from its data: its stages, limits and ways out. Needs no server.

    Example: starter.py procedure statutory --authority north-somerset --out pictures
    """
    with ending():
        plan = drawing.plan(name, authority)
        saved = drawing.save(plan, out) if out else None
    if as_json:
        print_json(drawing.document(plan))
    elif as_mermaid:
        print(mermaid(plan), end="")  # noqa: T201  # for a file
    elif saved:
        print(saved)  # noqa: T201  # the path alone, for scripts
    else:
        lines = outline(plan, min(tables.console.width, WIDEST))
        text = Text("\n").join(Text(line.text, style="bold" if line.heading else "") for line in lines)
        tables.console.print(text)


@app.command()
def rehearse(
    procedure: Annotated[
        str | None, typer.Argument(help="The procedure: statutory, corporate, irm or representation.")
    ] = None,
    authority: Annotated[
        str | None, typer.Option(help="Under whose choices; the usual one if left out.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every procedure of every authority, instead of one.")
    ] = False,
    received: Annotated[str | None, typer.Option(help="Received on, YYYY-MM-DD: today or later.")] = None,
    keep: Annotated[Path | None, typer.Option(help="A folder for every letter of its life.")] = None,
    as_json: AsJson = False,
) -> None:
    """Walk a made-up complaint through a whole procedure in seconds, on a server of its own."""
    day = read_date("received", received) if received else today()
    if procedure is None and not everything:
        fail(MALFORMED, ["PROCEDURE: is missing; name one, or give --all"])
    wanted = None if everything else procedure
    rehearsed = run(lambda: rehearsal.rehearse(wanted, authority, day, _worker, say, keep))
    if as_json:
        documents = [each._asdict() for each in rehearsed]
        print_json(documents if everything else documents[0])
    elif everything:
        for each in rehearsed:
            letters = len(each.status["letters"])
            tables.console.print(f"{each.authority}, {each.procedure}: {each.ending}, {letters} letters")
    else:
        for entry in rehearsed[0].course:
            tables.console.print(f"{wording.day(entry['on'])}  {entry['what']}")
        tables.console.print(f"ended: {rehearsed[0].ending}")


@asynccontextmanager
async def _worker(client: Client, folder: Path) -> AsyncIterator[Register]:
    """A worker without keys, whose letters stay in the folder."""
    settings = rehearsal.settings_in(folder)
    activities = activities_for(settings, PlaintextCipher())
    migrate(activities.register.engine, "register")
    async with running_workers(client, activities, settings):
        yield activities.register
