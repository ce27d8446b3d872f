"""Finds a procedure by its name and draws it: as a document, and as a page in a folder."""

from __future__ import annotations

import re
from pathlib import Path

from redress.domain.parsing import Malformed, Problem
from redress.drawing.mermaid import mermaid, page
from redress.drawing.outline import outline
from redress.drawing.plan import ProcedurePlan, plan_of
from redress.procedures.loader import authority, authority_names, procedure

USUAL = "family-rights"
"""Whose choices are laid over a procedure where nobody is named, if it has the procedure."""


def plan(name: str, authority_name: str | None) -> ProcedurePlan:
    """A procedure under an authority's choices, both named with `-` or `_`.

    Raises `Malformed` where there is none of that name, `FileError` where a file has a mistake.
    """
    chosen = _one_of(authority_name, authority_names()) if authority_name else _having(name)
    return plan_of(procedure(_one_of(name, authority(chosen).procedures), chosen), authority(chosen))


def document(drawn: ProcedurePlan) -> dict[str, str]:
    """What `--json` prints."""
    return {
        "procedure": drawn.procedure,
        "authority": drawn.authority,
        "title": drawn.title,
        "outline": "\n".join(line.text for line in outline(drawn)),
        "mermaid": mermaid(drawn),
    }


def save(drawn: ProcedurePlan, folder: Path) -> Path:
    """Write the page into a folder, which is made where it is missing; gives its path.

    Raises `Malformed` where it cannot be written.
    """
    file = folder / f"{re.sub(r'[^a-zA-Z0-9_-]', '_', drawn.procedure)}.md"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(page(drawn), encoding="utf-8", newline="\n")
        file.chmod(0o644)  # it names no complainant and is to be shown
    except OSError as error:
        raise Malformed([Problem("out", f"{folder}: cannot be written: {error.strerror}")]) from error
    return file


def _having(name: str) -> str:
    """The authority whose choices are shown where nobody is named: the usual one, else the first with it."""
    known: dict[str, None] = {}
    for each in sorted(authority_names(), key=lambda each: (each != USUAL, each)):
        known |= dict.fromkeys(authority(each).procedures)
        if _same(name) in map(_same, authority(each).procedures):
            return each
    raise Malformed([Problem("procedure", f"{name!r} is none of {', '.join(known)}")])


def _one_of(wanted: str, known: dict[str, str] | list[str]) -> str:
    """The known name that is meant; what was asked for where there is none."""
    return next((each for each in known if _same(each) == _same(wanted)), wanted)


def _same(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
