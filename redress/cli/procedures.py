"""Procedures drawn and rehearsed: `procedure`, `rehearse`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client

from redress.bootstrap import build_worker, errands_for
from redress.cli import tables
from redress.cli.console import MALFORMED, AsJson, fail, print_json, read_date, run, say
from redress.security.encryption import PlaintextCipher
from redress.services import drawing, rehearsal, wording
from redress.services.clock import today
from redress.settings import Settings
from redress.store.register import Register

app = typer.Typer()


@app.command("procedure")
def procedure_(
    name: Annotated[str, typer.Argument(help="The procedure, for example statutory.")],
    authority: Annotated[
        str | None, typer.Option(help="Under whose choices; left out: those of one that has it.")
    ] = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print it as Mermaid text.")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Print it as a poster, an SVG document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write NAME.svg and NAME.md into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a procedure from its data: its stages, limits and ways out. Needs no server.

    Example: starter.py procedure statutory --authority north-somerset --out pictures
    """
    drawn = drawing.plan(name, authority)
    if as_mermaid and as_svg:
        fail(MALFORMED, ["svg: ask for --svg or --mermaid, or for --json, which holds both"])
    saved = drawing.save(drawn, out) if out else []
    if as_json:
        print_json(drawing.document(drawn))
    elif as_svg or as_mermaid:
        print(drawing.svg(drawn) if as_svg else drawing.mermaid(drawn), end="")  # noqa: T201  # for a file
    elif saved:
        print(*saved, sep="\n")  # noqa: T201  # the paths alone, for scripts
    else:
        drawing.show(drawn)


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
    as_json: AsJson = False,
) -> None:
    """Walk a made-up complaint through a whole procedure in seconds, on a server of its own."""
    day = read_date("received", received) if received else today()
    if procedure is None and not everything:
        fail(MALFORMED, ["PROCEDURE: is missing; name one, or give --all"])
    if everything:
        rehearsed = run(lambda: rehearsal.rehearse_all(day, _worker, say))
        if as_json:
            print_json([each._asdict() for each in rehearsed])
        for each in rehearsed if not as_json else []:
            letters = len(each.status["letters"])
            tables.console.print(f"{each.authority}, {each.procedure}: {each.ending}, {letters} letters")
        return
    one = run(lambda: rehearsal.rehearse(procedure or "", authority, day, _worker, say))
    if as_json:
        print_json(one._asdict())
    else:
        for entry in one.course:
            tables.console.print(f"{wording.day(entry['on'])}  {entry['what']}")
        tables.console.print(f"ended: {one.ending}")


@asynccontextmanager
async def _worker(client: Client, folder: Path) -> AsyncIterator[Register]:
    """A worker without keys, whose letters stay in the folder."""
    settings = Settings(state=folder, register_url="", outbox=None)
    errands = errands_for(settings, PlaintextCipher())
    async with build_worker(client, errands, settings):
        yield errands.register
