"""The CSV file of a directory: one person a line, the first line names the columns."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, NamedTuple

from redress.domain.directory import DirectoryEntry
from redress.domain.parsing import Malformed, Problem

COLUMNS: tuple[str, ...] = tuple(DirectoryEntry.model_fields)
"""What columns may be called: the fields of an entry."""

LISTS = ("roles", "teams", "absences")
"""Columns that hold several values, with `;` between them."""

_ABSENCE = re.compile(r"\s*(\S+)\s*(?:\.\.|to)\s*(\S+)\s*")


class Row(NamedTuple):
    """One person of a file. `line`: where their row begins, from 1."""

    line: int
    fields: dict[str, Any]

    def place(self, field: str) -> str:
        """The line and column of a field: `line 3, email`."""
        return f"line {self.line}, {re.split(r'[.[]', field)[0]}"


def read_rows(text: str) -> list[Row]:
    """The rows of a file, whose cells may still be wrong. Raises `Malformed` where it is no such file."""
    reader = csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}"), newline=""), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
        _check_columns(names)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(names):
                    what = f"has {len(cells)} cells, and the first line names {len(names)} columns"
                    problems.append(Problem(f"line {line}", what))
                else:
                    rows.append(Row(line, {n: _value(n, c) for n, c in zip(names, cells, strict=True)}))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Malformed([Problem(f"line {reader.line_num}", f"is not CSV: {error}")]) from None
    if problems:
        raise Malformed(problems)
    if not rows:
        raise Malformed([Problem("line 2", "should be a person: the file has none")])
    return rows


def _check_columns(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    wrong = [
        Problem("line 1", f"{name[:60]!r} is no column; choose from {', '.join(COLUMNS)}") for name in unknown
    ]
    wrong += [Problem("line 1", f"{name!r} is there twice") for name in COLUMNS if names.count(name) > 1]
    if "name" not in names:
        wrong.append(Problem("line 1", "should have the column 'name'"))
    if wrong:
        raise Malformed(wrong)


def _value(name: str, cell: str) -> Any:
    """A cell as its field takes it. An empty one empties the field."""
    if name == "address":
        return "\n".join(line.strip() for line in re.split(r"[;\n]", cell) if line.strip())
    if name not in LISTS:
        return cell.strip() or _EMPTY.get(name, "")
    values = [value.strip() for value in cell.split(";") if value.strip()]
    return [_absence(value) for value in values] if name == "absences" else values


_EMPTY: dict[str, Any] = {"id": None, "connection": "employee"}
"""What an empty cell means where that is not an empty text."""


def _absence(text: str) -> dict[str, str]:
    """`2026-12-21..2027-01-04`; a single day is its own end."""
    found = _ABSENCE.fullmatch(text)
    first, last = found.groups() if found else (text, text)
    return {"from": first, "to": last}
