"""Reads procedures and authorities from their files and lays one over the other.

A mistake in a file is a `FileMistake` that says the file, the place and what is wrong. Nothing here
is read by a running complaint: its terms are recorded when it opens.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field, ValidationError

from redress.fields import Kind
from redress.holidays_england import holiday_table
from redress.opening import Opening
from redress.packing import pack
from redress.parse import Malformed, Problem, problems_of
from redress.procedure import Data, Limit, Policy, Procedure, Question, RoleRule, Stage, Terms
from redress.words import mentioned, same_words

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


class Choice(Data):
    """A rule that chooses the procedure of a matter: all that it names must fit."""

    procedure: str
    kinds: list[Kind] = []
    statutory: bool | None = None
    roles: list[str] = []
    services: list[str] = []
    """Words looked for in what the matter is about (`about`: service, team, people)."""
    reason: str
    """Told to the person and kept with the complaint."""

    def fits(self, opening: Opening) -> bool:
        """Whether the rule is about this matter."""
        role = opening.complainant.role if opening.complainant else ""
        return (
            (not self.kinds or opening.kind in self.kinds)
            and (self.statutory is None or opening.statutory is self.statutory)
            and (not self.roles or same_words(role) in {same_words(each) for each in self.roles})
            and (not self.services or bool(mentioned(self.services, *opening.subjects)))
        )


class Choices(Data):
    """The rules that every authority has after its own."""

    choose: list[Choice]


class Overlay(Data):
    """What an authority changes in procedures."""

    policy: dict[str, Any] = {}
    limits: dict[str, dict[str, Any]] = {}
    new_limits: list[dict[str, Any]] = []
    """Limits of its own, with all their keys."""
    roles: dict[str, dict[str, Any]] = {}
    stages: dict[str, dict[str, Any]] = {}
    questions: list[dict[str, Any]] = []
    """Asked beside the procedure's own; one of the same name takes its place."""
    plain: dict[str, dict[str, str]] = {}


class Authority(Overlay):
    """An authority's own choices: names, contact details, policy, limits of its own."""

    name: str
    title: str
    prefix: str = Field(pattern=r"^[A-Z]{2,6}$")
    procedures: dict[str, str]
    choose: list[Choice] = []
    """Which procedure a matter follows; the usual rules come after these."""
    only: dict[str, Overlay] = {}
    """Changes to one of its procedures only."""
    contact: Contact
    advocacy: Service | None = None
    ombudsman: Service
    titles: dict[str, str] = {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise FileMistake(f"{path.name}: {error}") from None
    except UnicodeDecodeError:
        raise FileMistake(f"{path.name}: is not written in UTF-8") from None
    except OSError as error:
        raise FileMistake(f"{path.name}: cannot be read: {error.strerror}") from None


def _checked(kind: type[T], raw: dict[str, Any], file: str) -> T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        said = [f"{file}: {_by_name(problem, raw, kind)}" for problem in problems_of(error)]
        raise FileMistake("\n".join(said)) from None


def _by_name(problem: Problem, raw: dict[str, Any], kind: type[Data]) -> str:
    """A problem with an entry of a list, named as people know it, and what may have been meant."""
    field, what = problem
    part, opened, rest = field.partition("[")
    number, closed, key = rest.partition("]")
    if opened and closed and part in raw:
        entry = raw[part][int(number)]
        named = next(
            (entry[key] for key in ("name", "role", "to") if isinstance(entry.get(key), str)), number
        )
        field = f"{part}.{named}{key}"
    if what == "no such field":
        known = [*kind.model_fields, *_KEYS.get(part, ())]
        close = get_close_matches(field.rpartition(".")[2], known, n=1)
        what += f" (is {close[0]} meant?)" if close else ""
    return what if field == "message" else f"{field}: {what}"


_KEYS: dict[str, list[str]] = {
    "limits": [*Limit.model_fields],
    "new_limits": [*Limit.model_fields],
    "roles": [*RoleRule.model_fields],
    "stages": [*Stage.model_fields],
    "questions": [*Question.model_fields],
    "choose": [*Choice.model_fields],
    "contact": [*Contact.model_fields],
}


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
    _check_overlay(found)
    return found


@lru_cache(maxsize=256)
def procedure(name: str, authority_name: str) -> Procedure:
    """A procedure with an authority's choices laid over it."""
    chosen = authority(authority_name)
    file = chosen.procedures.get(name)
    if file is None:
        known = ", ".join(chosen.procedures)
        raise Malformed([Problem("procedure", f"{name!r}: {authority_name} has {known}")])
    raw = _bare(file)
    where = f"{authority_name}.toml"
    if raw.get("name") != name:
        raise FileMistake(f"{where}: procedures.{name}: {file}.toml holds the procedure {raw.get('name')!r}")
    _lay_over(raw, chosen, where, everywhere=True)
    if name in chosen.only:
        _lay_over(raw, chosen.only[name], f"{where}: only.{name}", everywhere=False)
    raw["limits"] = [limit for limit in raw["limits"] if limit.get("used", True) is not False]
    raw["titles"] = raw.get("titles", {}) | chosen.titles
    raw["policy"] = _checked(Policy, raw.get("policy", {}), f"{where}: policy").model_dump(mode="json")
    return _checked(Procedure, raw, f"{where} over {file}.toml")


def _bare(file: str) -> dict[str, Any]:
    """A procedure as its file has it, with what it takes from the shared file."""
    raw = _read(PROCEDURES / f"{file}.toml")
    for part in ("limits", "stages"):
        if not _are_tables(raw.get(part)):
            raise FileMistake(f"{file}.toml: {part}: should be one or more [[{part}]]")
    shared = _read(PROCEDURES / "shared.toml")
    known = {limit["name"]: limit for limit in shared["limits"]}
    for name, own in raw.pop("shared", {}).items():
        if name not in known:
            raise FileMistake(f"{file}.toml: shared.{name}: shared.toml has no such limit")
        raw["limits"].append(known[name] | own)
    raw["plain"] = shared["plain"] | raw.get("plain", {})
    return raw


def _lay_over(raw: dict[str, Any], own: Overlay, where: str, *, everywhere: bool) -> None:
    """Change a procedure as an overlay says; one for all of an authority's procedures may not fit each."""
    for part, key in (("limits", "name"), ("roles", "role"), ("stages", "name")):
        changes: dict[str, dict[str, Any]] = getattr(own, part)
        rows = {row.get(key): row for row in raw.get(part, [])}
        for each, choice in changes.items():
            if choice.get(key, each) != each:
                raise FileMistake(f"{where}: {part}.{each}.{key}: an entry keeps its {key}")
            if each in rows:
                rows[each].update(choice)
            elif not everywhere:
                raise FileMistake(f"{where}: {part}.{each}: {_no_entry(each, rows)}")
    raw["limits"] += own.new_limits
    replaced = {question.get("name") for question in own.questions}
    kept = [each for each in raw.get("questions", []) if each.get("name") not in replaced]
    raw["questions"] = kept + own.questions
    raw["policy"] = raw.get("policy", {}) | own.policy
    for place, words in own.plain.items():
        raw["plain"][place] = raw["plain"].get(place, {}) | words


def _no_entry(name: str, rows: Iterable[str | None]) -> str:
    known = sorted(row for row in rows if row)
    close = get_close_matches(name, known, n=1)
    return "the procedure has no such entry" + (f" (is {close[0]} meant?)" if close else "")


def _are_tables(said: object) -> bool:
    return isinstance(said, list) and bool(said) and all(isinstance(each, dict) for each in said)


def _check_overlay(chosen: Authority) -> None:
    """What an authority changes must be there in at least one of its procedures."""
    where = f"{chosen.name}.toml"
    bare = {name: _bare(file) for name, file in chosen.procedures.items()}
    for part, key in (("limits", "name"), ("roles", "role"), ("stages", "name")):
        known = [row.get(key) for raw in bare.values() for row in raw.get(part, [])]
        for each in getattr(chosen, part):
            if each not in known:
                raise FileMistake(f"{where}: {part}.{each}: {_no_entry(each, known)}")
    for name in chosen.only:
        if name not in chosen.procedures:
            raise FileMistake(f"{where}: only.{name}: {chosen.name} has no such procedure")
    for place, choice in enumerate(chosen.choose):
        if choice.procedure not in chosen.procedures:
            said = f"{chosen.name} has no procedure {choice.procedure!r}"
            raise FileMistake(f"{where}: choose[{place}].procedure: {said}")


@lru_cache(maxsize=1)
def _usual_choices() -> tuple[Choice, ...]:
    raw = _read(PROCEDURES / "choose.toml")
    return tuple(_checked(Choices, raw, "choose.toml").choose)


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
            said = f"{opening.procedure!r}: {opening.authority} has {', '.join(having)}"
            raise Malformed([Problem("procedure", said)])
        if opening.statutory is not None and opening.statutory is not (opening.procedure == "statutory"):
            what = f"contradicts procedure, which is {opening.procedure!r}: leave one of them out"
            raise Malformed([Problem("statutory", what)])
        return Chosen(opening.procedure, "it was brought under this procedure")
    for choice in (*authority(opening.authority).choose, *_usual_choices()):
        if choice.procedure in having and choice.fits(opening):
            return Chosen(choice.procedure, choice.reason)
    what = f"none of {opening.authority}'s procedures takes this matter; name one of {', '.join(having)}"
    raise Malformed([Problem("procedure", what)])


def terms_for(opening: Opening, opened_on: date | None = None) -> Terms:
    """The terms a complaint is recorded with: its procedure, and today's table of bank holidays.

    The table covers the years around its receipt and its opening here.
    """
    return _terms(*_which(opening, opened_on))


def packed_terms_for(opening: Opening, opened_on: date | None = None) -> str:
    """The same, packed."""
    return _packed_terms(*_which(opening, opened_on))


def _which(opening: Opening, opened_on: date | None) -> tuple[str, str, str, int, int]:
    received_on = opening.received_on
    last = max(received_on, opened_on or received_on).year + YEARS_AHEAD
    return *procedure_for(opening), opening.authority, received_on.year - YEARS_BACK, last


@lru_cache(maxsize=256)
def _terms(name: str, reason: str, authority_name: str, first: int, last: int) -> Terms:
    table = holiday_table()
    return Terms(
        procedure=procedure(name, authority_name),
        holidays=table.cut(max(table.first, date(first, 1, 1)), min(table.last, date(last, 12, 31))),
        chosen=reason,
        procedures=list(authority(authority_name).procedures),
    )


@lru_cache(maxsize=256)
def _packed_terms(name: str, reason: str, authority_name: str, first: int, last: int) -> str:
    return pack(_terms(name, reason, authority_name, first, last))


def check_all() -> None:
    """Read every file once; raises a `FileMistake` that names every mistake."""
    wrong = []
    for name in authority_names():
        try:
            for each in authority(name).procedures:
                procedure(each, name)
        except FileMistake as mistake:
            wrong.append(str(mistake))
    try:
        _usual_choices()
    except FileMistake as mistake:
        wrong.append(str(mistake))
    if wrong:
        raise FileMistake("\n".join(wrong))
