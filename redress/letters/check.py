"""Whether every letter that a procedure or an authority's file names is there to be written.

Asked when a worker starts, so that a wrong name is told with its file, its place and what may have
been meant, and no complaint ever waits for a letter that nobody can write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from redress.letters.catalogue import catalogue
from redress.procedures.files import FileError, close_to, read_toml
from redress.procedures.loader import AUTHORITIES, PROCEDURES

OF_STAGE = ("answer_letter", "acknowledgement_letter", "opening_letter")
"""The keys of a stage that name a letter to the person concerned."""

Raw = Mapping[str, Any]


def check_letters(procedures: Path = PROCEDURES, authorities: Path = AUTHORITIES) -> None:
    """Look through every file in both folders; raises a `FileError` with a line for each mistake.

    Whether the files are right otherwise is the loader's to say: what cannot be read is passed over here.
    """
    wrong = [
        f"{path.name}: {line}"
        for folder in (procedures, authorities)
        for path in sorted(folder.glob("*.toml"))
        for line in _wrong(_read(path))
    ]
    if wrong:
        raise FileError("\n".join(wrong))


def _read(path: Path) -> Raw:
    try:
        return read_toml(path)
    except FileError:
        return {}


def _wrong(raw: Raw, before: str = "") -> Iterator[str]:
    """What is wrong in a file, or in an authority's part for one procedure."""
    for part in ("stages", "limits", "new_limits", "shared"):
        for name, row in _rows(raw.get(part)):
            yield from (f"{before}{part}.{name}.{line}" for line in _wrong_names(row))
    for procedure, own in _rows(raw.get("only")):
        yield from _wrong(own, f"{before}only.{procedure}.")


def _rows(part: object) -> Iterable[tuple[str, Raw]]:
    """The entries of a part, by name: a list in a procedure, a table in an authority's file."""
    if isinstance(part, Mapping):
        return [(str(name), row) for name, row in part.items() if isinstance(row, Mapping)]
    rows = part if isinstance(part, list) else []
    return [(str(row.get("name")), row) for row in rows if isinstance(row, Mapping)]


def _wrong_names(row: Raw) -> Iterator[str]:
    """The letters of one stage or limit that are none, or that would reach nobody they are for."""
    for key in (*OF_STAGE, "late_letters", "remind_letter"):
        if key not in row or (key in OF_STAGE and not row[key]):  # an empty opening_letter means none
            continue
        for name in row[key] if isinstance(row[key], list) else [row[key]]:
            entry = catalogue().get(str(name))
            if entry is None:
                hint = close_to(str(name), catalogue())
                yield f"{key}: there is no letter {name!r} in letters/templates{hint}"
            elif key != "remind_letter" and "complainant" not in entry.to:
                yield f"{key}: the letter {name!r} goes to staff only; this one is for the person concerned"
