"""Whether every letter that a procedure or an authority's file names is there to be written.

Asked when a worker starts, so that a wrong name is told with its file, its place and what may have
been meant, and no complaint ever waits for a letter that nobody can write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from redress.domain.drafting import DECISIONS, NEVER_WAITS
from redress.letters.catalogue import catalogue
from redress.procedures.files import FileError, close_to, read_toml
from redress.procedures.loader import AUTHORITIES, PROCEDURES

OF_STAGE = ("answer_letter", "acknowledgement_letter", "opening_letter", "named_letter")
"""The keys of a stage that name a letter."""

MAY_BE_FOR_STAFF = ("remind_letter", "named_letter")
"""Keys whose letter need not be for the person concerned."""

Raw = Mapping[str, Any]


def check_letters(procedures: Path = PROCEDURES, authorities: Path = AUTHORITIES) -> None:
    """Look through every file in both folders; raises a `FileError` with a line for each mistake.

    Whether the files are right otherwise is the loader's to say: what cannot be read is passed over here.
    """
    files = {
        path: _read(path) for folder in (procedures, authorities) for path in sorted(folder.glob("*.toml"))
    }
    answers = {name for raw in files.values() for name in _answers(raw)} - {*NEVER_WAITS}
    wrong = [f"{path.name}: {line}" for path, raw in files.items() for line in _wrong(raw, answers)]
    if wrong:
        raise FileError("\n".join(wrong))


def _read(path: Path) -> Raw:
    try:
        return read_toml(path)
    except FileError:
        return {}


def _wrong(raw: Raw, answers: Collection[str], before: str = "") -> Iterator[str]:
    """What is wrong in a file, or in an authority's part for one procedure."""
    for part in ("stages", "limits", "new_limits", "shared"):
        for name, row in _rows(raw.get(part)):
            yield from (f"{before}{part}.{name}.{line}" for line in _wrong_names(row))
    yield from (f"{before}{line}" for line in _wrong_drafts(raw.get("policy"), answers))
    signatures = raw.get("signatures")
    for name in signatures if isinstance(signatures, Mapping) else ():
        if name not in catalogue():
            yield f"signatures.{name}: there is no such letter in letters/templates{_hint(name)}"
        elif not {"complainant", "advocate", "appointed"} & {*catalogue()[name].to}:
            yield f"signatures.{name}: this letter goes to staff only, and nobody signs it"
    for procedure, own in _rows(raw.get("only")):
        yield from _wrong(own, answers, f"{before}only.{procedure}.")


def _wrong_drafts(policy: object, answers: Collection[str]) -> Iterator[str]:
    """What is said of the approval of letters that are none, or that never wait."""
    letters = policy.get("letters") if isinstance(policy, Mapping) else None
    for name in letters if isinstance(letters, Mapping) else ():
        if name not in catalogue():
            yield f"policy.letters.{name}: there is no such letter in letters/templates{_hint(name)}"
        elif name not in {*DECISIONS, *answers} and not _is_of_enclosures(letters, name):
            yield f"policy.letters.{name}: this letter decides nothing, and never waits to be approved"


def _is_of_enclosures(letters: object, name: str) -> bool:
    """Whether nothing is said of a letter but what it encloses."""
    said = letters.get(name) if isinstance(letters, Mapping) else None
    return isinstance(said, Mapping) and bool(said) and said.keys() <= {"enclosures", "encloses"}


def _hint(name: object) -> str:
    return close_to(str(name), catalogue())


def _answers(raw: Raw) -> Iterator[str]:
    """The letters of a file with which a stage is answered."""
    parts = [raw, *(own for _, own in _rows(raw.get("only")))]
    for part in parts:
        yield from (
            str(row["answer_letter"]) for _, row in _rows(part.get("stages")) if "answer_letter" in row
        )


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
                yield f"{key}: there is no letter {name!r} in letters/templates{_hint(name)}"
            elif key not in MAY_BE_FOR_STAFF and "complainant" not in entry.to:
                yield f"{key}: the letter {name!r} goes to staff only; this one is for the person concerned"
