"""`procedure`: finds a procedure by its name, shows its outline, writes its poster and its page."""

from __future__ import annotations

import re
from pathlib import Path

from rich.text import Text

from drawing.mermaid import mermaid
from drawing.outline import outline
from drawing.page import page
from drawing.plan import Plan
from drawing.poster import poster as svg
from drawing.reading import plan_of
from redress.cli.console import MALFORMED, fail, problem_lines
from redress.cli.tables import console
from redress.domain.parsing import Malformed, Problem
from redress.procedures.files import FileError
from redress.procedures.loader import authority, authority_names, procedure

__all__ = ["document", "mermaid", "plan", "save", "show", "svg"]

USUAL = "family-rights"
"""Whose choices are laid over a procedure where nobody is named, if it has the procedure."""

WIDEST = 110
"""Longer lines are hard to read, however wide the terminal is."""


def plan(name: str, authority_name: str | None) -> Plan:
    """A procedure under an authority's choices, both named with `-` or `_`; an end where there is none."""
    try:
        chosen = _one_of(authority_name, authority_names()) if authority_name else _having(name)
        return plan_of(procedure(_one_of(name, authority(chosen).procedures), chosen), authority(chosen))
    except Malformed as error:
        fail(MALFORMED, problem_lines(error.problems))
    except FileError as error:
        fail(MALFORMED, str(error).splitlines())


def document(drawn: Plan) -> dict[str, str]:
    """What `--json` prints."""
    return {
        "procedure": drawn.procedure,
        "authority": drawn.authority,
        "title": drawn.title,
        "mermaid": mermaid(drawn),
        "svg": svg(drawn),
    }


def show(drawn: Plan) -> None:
    """The outline, for people at a terminal."""
    lines = outline(drawn, min(console.width, WIDEST))
    whole = Text("\n").join(Text(line.text, style="bold" if line.head else "") for line in lines)
    console.print(whole)


def save(drawn: Plan, folder: Path) -> list[Path]:
    """Write poster and page into a folder, which is made where it is missing; gives their paths."""
    name = re.sub(r"[^\w-]", "_", drawn.procedure)
    files = {f"{name}.svg": svg(drawn), f"{name}.md": page(drawn, f"{name}.svg")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
            (folder / file).chmod(0o644)  # it names no complainant and is to be hung up
    except OSError as error:
        fail(MALFORMED, [f"out: {folder}: cannot be written: {error.strerror}"])
    return [folder / file for file in files]


def _having(name: str) -> str:
    """The authority whose choices are shown where nobody is named: the usual one, else the first with it."""
    known: dict[str, None] = {}
    for each in sorted(authority_names(), key=lambda each: (each != USUAL, each)):
        known |= dict.fromkeys(authority(each).procedures)
        if _same(name) in map(_same, authority(each).procedures):
            return each
    raise Malformed([Problem("procedure", f"{name!r} is none of {', '.join(known)}")])


def _one_of(said: str, known: dict[str, str] | list[str]) -> str:
    """The known name that is meant; what is said itself where there is none."""
    return next((each for each in known if _same(each) == _same(said)), said)


def _same(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
