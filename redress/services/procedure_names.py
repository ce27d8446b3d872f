"""Which procedure is meant, and under whose choices."""

from __future__ import annotations

from collections.abc import Iterable

from redress.domain.parsing import Malformed, Problem
from redress.procedures.loader import authority, authority_names

USUAL = "family-rights"
"""Whose choices are laid over a procedure where nobody is named, if it has the procedure."""


def resolve(name: str, authority_name: str | None) -> tuple[str, str]:
    """The names of a procedure and its authority, given with `-` or `_`; without one, of one that has it.

    Raises `Malformed` where no authority has the procedure.
    """
    chosen = _one_of(authority_name, authority_names()) if authority_name else _having(name)
    return _one_of(name, authority(chosen).procedures), chosen


def _having(name: str) -> str:
    """The usual authority if it has the procedure, else the first that has it."""
    known: dict[str, None] = {}
    for each in sorted(authority_names(), key=lambda each: (each != USUAL, each)):
        known |= dict.fromkeys(authority(each).procedures)
        if _same(name) in map(_same, authority(each).procedures):
            return each
    raise Malformed([Problem("procedure", f"{name!r} is none of {', '.join(known)}")])


def _one_of(wanted: str, known: Iterable[str]) -> str:
    """The known name that is meant; what was asked for where there is none."""
    return next((each for each in known if _same(each) == _same(wanted)), wanted)


def _same(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
