"""Finds a procedure by its name and draws it: as a document, and as a page in a folder."""

from __future__ import annotations

import re
from pathlib import Path

from redress.domain.parsing import Malformed, Problem
from redress.drawing.mermaid import mermaid, page
from redress.drawing.outline import outline
from redress.drawing.plan import ProcedurePlan, plan_of
from redress.procedures.loader import authority, procedure
from redress.services.procedure_names import resolve


def plan(name: str, authority_name: str | None) -> ProcedurePlan:
    """A procedure under an authority's choices, both named with `-` or `_`.

    Raises `Malformed` where there is none of that name, `FileError` where a file has a mistake.
    """
    found, chosen = resolve(name, authority_name)
    return plan_of(procedure(found, chosen), authority(chosen))


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
