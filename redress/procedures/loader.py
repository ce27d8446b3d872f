"""Reads procedures and authorities from their files and lays one over the other.

A mistake in a file is a `FileError` that says the file, the place and what is wrong. Nothing here
is read by a running complaint: its terms are recorded when it opens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from redress.domain.calendar import HolidayTable
from redress.domain.flags import current_flags
from redress.domain.opening import SPLIT_SOURCE, Opening
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import Procedure, RulesSnapshot
from redress.procedures.authority import Authority, Choice, Choices, Contact, Overlay, Service
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.files import FileError, checked, close_to, read_toml, tell_all
from redress.procedures.merge import bare, lay_over, used_only, wrong_overlay
from redress.procedures.validation import mistakes

__all__ = ["Authority", "Choice", "Contact", "FileError", "Overlay", "Service"]

DATA = Path(__file__).resolve().parent / "data"
PROCEDURES = DATA
AUTHORITIES = DATA / "authorities"

YEARS_BACK, YEARS_AHEAD = 2, 14
"""How many years around a complaint's opening its table of bank holidays covers."""

CORRECTED_WITHIN = 2
"""How many years a corrected receipt may lie after the one that was said (`corrections.FURTHEST`)."""


def authority_names() -> list[str]:
    """The authorities shipped or added, by file."""
    return sorted(path.stem for path in AUTHORITIES.glob("*.toml"))


@lru_cache(maxsize=256)
def authority(name: str) -> Authority:
    """One authority. Raises `Malformed` where there is none, `FileError` where its file is wrong."""
    if name not in authority_names():
        raise Malformed(
            [Problem("authority", f"{name!r} is none of {', '.join(authority_names())}", "not_one_of")]
        )
    where = f"{name}.toml"
    own = checked(Authority, read_toml(AUTHORITIES / where), where)
    wrong = [] if own.name == name else [f"{where}: name: should be {name!r}, as the file is called"]
    wrong += wrong_overlay(own, {key: _bare(key, file, where) for key, file in own.procedures.items()})
    logo = own.letterhead.logo
    if logo and not (AUTHORITIES / logo).is_file():
        wrong.append(f"{where}: letterhead.logo: there is no {logo} beside this file")
    if wrong:
        raise FileError("\n".join(wrong))
    return own


def _bare(name: str, file: str, where: str) -> dict[str, Any]:
    """A procedure's own file, which an authority's file names."""
    files = sorted(path.stem for path in PROCEDURES.glob("*.toml"))
    if file not in files:
        what = f"there is no procedures/{file}.toml{close_to(file, files)}"
        raise FileError(f"{where}: procedures.{name}: {what}")
    raw = bare(PROCEDURES, file)
    if raw.get("name") != name:
        raise FileError(f"{where}: procedures.{name}: {file}.toml holds the procedure {raw.get('name')!r}")
    return raw


@lru_cache(maxsize=256)
def procedure(name: str, authority_name: str) -> Procedure:
    """A procedure with an authority's choices laid over it."""
    chosen = authority(authority_name)
    file = chosen.procedures.get(name)
    if file is None:
        known = ", ".join(chosen.procedures)
        raise Malformed([Problem("procedure", f"{name!r}: {authority_name} has {known}")])
    where = f"{authority_name}.toml over {file}.toml"
    raw = _bare(name, file, f"{authority_name}.toml")
    lay_over(raw, chosen)
    if name in chosen.only:
        lay_over(raw, chosen.only[name])
    used_only(raw)
    raw["titles"] = raw.get("titles", {}) | chosen.titles
    overlaid = checked(Procedure, raw, where)
    wrong = mistakes(overlaid)
    if wrong:
        raise FileError("\n".join(f"{where}: {line}" for line in wrong))
    return overlaid


@lru_cache(maxsize=1)
def _usual_choices() -> tuple[Choice, ...]:
    raw = read_toml(PROCEDURES / "choose.toml")
    return tuple(checked(Choices, raw, "choose.toml").choose)


class Chosen(NamedTuple):
    """The procedure that a matter follows, and why."""

    procedure: str
    reason: str


def procedure_for(opening: Opening) -> Chosen:
    """The procedure a matter follows: what the opening says, else the authority's rule.

    Raises `Malformed` where the opening contradicts itself or nothing of the authority fits.
    """
    having = authority(opening.authority).procedures
    if opening.procedure is not None:
        if opening.procedure not in having:
            what = f"{opening.procedure!r}: {opening.authority} has {', '.join(having)}"
            raise Malformed([Problem("procedure", what)])
        if opening.statutory is not None and opening.statutory is not (opening.procedure == "statutory"):
            what = f"contradicts procedure, which is {opening.procedure!r}: leave one of them out"
            raise Malformed([Problem("statutory", what)])
        if (opening.procedure == "representation") is (opening.kind == "complaint"):
            what = f"{opening.kind!r} does not go together with procedure, which is {opening.procedure!r}"
            raise Malformed([Problem("kind", what)])
        if opening.source == SPLIT_SOURCE and opening.linked_to:
            return Chosen(opening.procedure, f"it was split off {opening.linked_to}")
        return Chosen(opening.procedure, "whoever took it down chose this procedure")
    for choice in (*authority(opening.authority).choose, *_usual_choices()):
        if choice.procedure in having and choice.fits(opening):
            if opening.statutory and opening.kind == "complaint" and choice.procedure != "statutory":
                break
            return Chosen(choice.procedure, choice.reason)
    what = f"none of {opening.authority}'s procedures takes this matter; name one of {', '.join(having)}"
    raise Malformed([Problem("procedure", what)])


def rules_for(opening: Opening, opened_on: date | None = None) -> RulesSnapshot:
    """The terms a complaint is recorded with: its procedure, and today's table of bank holidays.

    The table covers the years around its receipt and its opening here.
    """
    received_on = opening.received_on
    last = max(received_on, opened_on or received_on).year + YEARS_AHEAD
    first = received_on.year - YEARS_BACK
    return _snapshot(*procedure_for(opening), opening.authority, first, last, current_flags())


@lru_cache(maxsize=256)
def _snapshot(
    name: str, reason: str, authority_name: str, first: int, last: int, flags: tuple[str, ...]
) -> RulesSnapshot:
    return RulesSnapshot(
        procedure=procedure(name, authority_name),
        holidays=_holidays(first, last),
        chosen=reason,
        procedures=list(authority(authority_name).procedures),
        flags=flags,
    )


@lru_cache(maxsize=256)
def _holidays(first: int, last: int) -> HolidayTable:
    table = holiday_table()
    return table.cut(max(table.first, date(first, 1, 1)), min(table.last, date(last, 12, 31)))


def newer_holidays(received_on: date, today: date) -> HolidayTable:
    """Today's table for a complaint that was opened some time ago, cut as for one that is opened today.

    Some more years back: its receipt may have been corrected to a later one since.
    """
    first = received_on.year - YEARS_BACK - CORRECTED_WITHIN
    return _holidays(first, max(received_on, today).year + YEARS_AHEAD)


def check_all() -> None:
    """Read every file once. Raises a `FileError` that names the mistakes of all of them.

    What does not hang together in a file is told once each part of it is right by itself.
    """
    checks: list[Callable[[], object]] = [holiday_table, _usual_choices]
    tell_all(*checks, *(partial(_check_authority, name) for name in authority_names()))


def _check_authority(name: str) -> None:
    """An authority and all its procedures; a mistake that several of them have is told once."""
    wrong: dict[str, str] = {}
    for procedure_name in authority(name).procedures:
        try:
            procedure(procedure_name, name)
        except FileError as mistake:
            for line in str(mistake).splitlines():
                wrong.setdefault(line.partition(": ")[2], line)
    if wrong:
        raise FileError("\n".join(wrong.values()))
