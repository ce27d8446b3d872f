"""Looks for what must not be there: a marked name in the files that a running house writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def holding(files: Iterable[Path], mark: str) -> list[str]:
    """The names of the files that hold the mark.

    A database that is in use makes and removes files beside it: one that went between being
    listed and being read holds nothing.
    """
    searched = {file: _contents(file) for file in files}
    assert any(searched.values()), "there is something to search"
    return [file.name for file, contents in searched.items() if mark.encode() in contents]


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
