"""Procedures drawn and rehearsed: `procedure`, `rehearse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from redress.cli import tables
from redress.cli.console import fail, print_json, read_date, run, say
from redress.cli.shared import AsJson
from redress.domain.parsing import Malformed
from redress.drawing.mermaid import mermaid
from redress.drawing.outline import outline
from redress.procedures.files import FileError
from redress.services import drawing, rehearsal
from redress.services.clock import today
from redress.services.errors import MALFORMED, problem_lines

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
    try:
        plan = drawing.plan(name, authority)
        saved = drawing.save(plan, out) if out else None
    except Malformed as error:
        fail(MALFORMED, problem_lines(error.problems))
    except FileError as error:
        fail(MALFORMED, str(error).splitlines())
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
    as_json: AsJson = False,
) -> None:
    """Walk a made-up complaint through a whole procedure in seconds, on a server of its own."""
    day = read_date("received", received) if received else today()
    if procedure is None and not everything:
        fail(MALFORMED, ["PROCEDURE: is missing; name one, or give --all"])
    if everything:
        all_of_them = run(lambda: rehearsal.rehearse_all(day, progress=say))
        if as_json:
            print_json([_rehearsal_document(each) for each in all_of_them])
        for each in all_of_them if not as_json else []:
            tables.console.print(rehearsal.ending_line(each))
        return
    rehearsed = run(lambda: rehearsal.rehearse(procedure or "", authority, day, progress=say))
    if as_json:
        print_json(_rehearsal_document(rehearsed))
    else:
        for line in rehearsal.course_lines(rehearsed):
            tables.console.print(line)


def _rehearsal_document(rehearsed: rehearsal.Rehearsed) -> dict[str, Any]:
    return {
        "procedure": rehearsed.procedure,
        "authority": rehearsed.authority,
        "status": rehearsed.status,
        "course": rehearsed.course,
    }
