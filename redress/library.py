"""Reads procedures and authorities from their files and lays one over the other.

A mistake in a file is a `FileMistake` that says the file, the place and what is wrong. Nothing here
is read by a running complaint: its terms are recorded when it opens.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from redress.holidays_england import holiday_table
from redress.opening import Opening
from redress.packing import pack
from redress.parse import Malformed, Problem, problems_of
from redress.procedure import Data, Policy, Procedure, Terms

T = TypeVar("T", bound=Data)

ROOT = Path(__file__).resolve().parent.parent
PROCEDURES = ROOT / "procedures"
AUTHORITIES = ROOT / "authorities"

YEARS_BACK, YEARS_AHEAD = 2, 14
"""How many years around a complaint's opening its table of bank holidays covers."""


class FileMistake(ValueError):
    """A procedure or authority file cannot be used; says where and why."""


class Contact(Data):
    """Where the authority can be reached; printed on letters."""

    team: str
    address: list[str] = []
    email: str = ""
    telephone: str = ""


class Service(Data):
    """Somebody outside the authority whom letters name: the advocacy service, the Ombudsman."""

    name: str
    address: list[str] = []
    telephone: str = ""
    email: str = ""
    web: str = ""


class Authority(Data):
    """An authority's own choices: names, contact details, policy, limits of its own."""

    name: str
    title: str
    prefix: str = Field(pattern=r"^[A-Z]{2,6}$")
    procedures: dict[str, str]
    policy: dict[str, Any] = {}
    limits: dict[str, dict[str, Any]] = {}
    roles: dict[str, dict[str, Any]] = {}
    contact: Contact
    advocacy: Service | None = None
    ombudsman: Service
    titles: dict[str, str] = {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise FileMistake(f"{path.name}: {error}") from None
    except OSError as error:
        raise FileMistake(f"{path.name}: cannot be read: {error.strerror}") from None


def _checked(kind: type[T], raw: dict[str, Any], file: str) -> T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        said = [_by_name(problem, raw) for problem in problems_of(error)]
        raise FileMistake("; ".join(f"{file}: {line}" for line in said)) from None


def _by_name(problem: Problem, raw: dict[str, Any]) -> str:
    """A problem with an entry of a list, named as people know it: `limits.panel_report.days`."""
    if problem.field == "message":
        return problem.what
    part, _, rest = problem.field.partition("[")
    number, closed, field = rest.partition("]")
    if closed and part in raw:
        entry = raw[part][int(number)]
        return f"{part}.{entry.get('name') or entry.get('role')}{field}: {problem.what}"
    return str(problem)


def authority_names() -> list[str]:
    """The authorities shipped or added, by file."""
    return sorted(path.stem for path in AUTHORITIES.glob("*.toml"))


@lru_cache(maxsize=256)
def authority(name: str) -> Authority:
    """One authority. Raises `Malformed` where there is none, `FileMistake` where its file is wrong."""
    if name not in authority_names():
        raise Malformed([Problem("authority", f"{name!r} is none of {', '.join(authority_names())}")])
    found = _checked(Authority, _read(AUTHORITIES / f"{name}.toml"), f"{name}.toml")
    if found.name != name:
        raise FileMistake(f"{name}.toml: name: should be {name!r}, as the file is called")
    return found


@lru_cache(maxsize=256)
def procedure(name: str, authority_name: str) -> Procedure:
    """A procedure with an authority's choices laid over it."""
    chosen = authority(authority_name)
    file = chosen.procedures.get(name)
    if file is None:
        known = ", ".join(chosen.procedures)
        raise Malformed([Problem("procedure", f"{name!r}: {authority_name} has {known}")])
    raw = _read(PROCEDURES / f"{file}.toml")
    where = f"{authority_name}.toml"
    for part, key in (("limits", "name"), ("roles", "role")):
        own: dict[str, dict[str, Any]] = getattr(chosen, part)
        rows = {row[key]: row for row in raw[part]}
        for each, choice in own.items():
            if each not in rows:
                raise FileMistake(f"{where}: {part}.{each}: the procedure has no such entry")
            if choice.get(key, each) != each:
                raise FileMistake(f"{where}: {part}.{each}.{key}: an entry keeps its {key}")
            rows[each].update(choice)
    policy = raw.get("policy", {}) | chosen.policy
    raw["policy"] = _checked(Policy, policy, f"{where}: policy").model_dump(mode="json")
    return _checked(Procedure, raw, f"{file}.toml with {where}")


def procedure_for(opening: Opening) -> str:
    """The procedure a matter follows: what the opening says, else the authority's rule."""
    return opening.procedure or "statutory"


def terms_for(opening: Opening, opened_on: date | None = None) -> Terms:
    """The terms a complaint is recorded with: its procedure, and today's table of bank holidays.

    The table covers the years around its receipt and its opening here.
    """
    return _terms(*_which(opening, opened_on))


def packed_terms_for(opening: Opening, opened_on: date | None = None) -> str:
    """The same, packed."""
    return _packed_terms(*_which(opening, opened_on))


def _which(opening: Opening, opened_on: date | None) -> tuple[str, str, int, int]:
    received_on = opening.received_on
    last = max(received_on, opened_on or received_on).year + YEARS_AHEAD
    return procedure_for(opening), opening.authority, received_on.year - YEARS_BACK, last


@lru_cache(maxsize=256)
def _terms(procedure_name: str, authority_name: str, first: int, last: int) -> Terms:
    table = holiday_table()
    cut = table.cut(max(table.first, date(first, 1, 1)), min(table.last, date(last, 12, 31)))
    return Terms(procedure=procedure(procedure_name, authority_name), holidays=cut)


@lru_cache(maxsize=256)
def _packed_terms(procedure_name: str, authority_name: str, first: int, last: int) -> str:
    return pack(_terms(procedure_name, authority_name, first, last))


def check_all() -> None:
    """Read every file once; raises the first `FileMistake`."""
    for name in authority_names():
        for each in authority(name).procedures:
            procedure(each, name)
