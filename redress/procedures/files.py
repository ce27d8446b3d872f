"""Reading the files that people write: TOML, and what is wrong with it in words for whoever wrote it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from redress.domain.parsing import Problem, raw_problems_of
from redress.domain.procedure import Data

T = TypeVar("T", bound=Data)


class FileError(ValueError):
    """A procedure or authority file cannot be used; says file, place and what would be right, a line each."""


_TOML_HINTS = {
    "Invalid value": ' (text stands between straight quotes: "…")',
    "Illegal character '\\n'": " (is the quote at the end of the line missing?)",
}
"""What may have been meant, by what the reader of TOML says."""


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a file. Raises `FileError`."""
    try:
        return parse_toml(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError:
        raise FileError(f"{path.name}: is not written in UTF-8") from None
    except OSError as error:
        raise FileError(f"{path.name}: cannot be read: {error.strerror}") from None


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The document in a text, which `where` holds. Raises `FileError`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = next((hint for words, hint in _TOML_HINTS.items() if words in str(error)), "")
        raise FileError(f"{where}: {error}{hint}") from None


def tell_all(*checks: Callable[[], object]) -> None:
    """Make several checks of files. Raises one `FileError` with what all of them tell."""
    wrong: list[str] = []
    for check in checks:
        try:
            check()
        except FileError as mistake:
            wrong += str(mistake).splitlines()
    if wrong:
        raise FileError("\n".join(dict.fromkeys(wrong)))


def checked(kind: type[T], raw: dict[str, Any], where: str) -> T:
    """The document as what it should be. Raises `FileError` with a line for each mistake."""
    try:
        return kind.model_validate(raw, strict=True)  # "2" is no 2, and "yes" is not true
    except ValidationError as error:
        problems = raw_problems_of(error)
        lines = dict.fromkeys(line for problem in problems for line in _lines(problem, raw, kind))
        raise FileError("\n".join(f"{where}: {line}" for line in lines)) from None


def close_to(name: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, where something is close."""
    close = get_close_matches(name, [*known], n=1)
    return f" (is {close[0]} meant?)" if close else ""


def _lines(problem: Problem, raw: dict[str, Any], kind: type[Data]) -> list[str]:
    """A problem with the place named as people know it, and what would be right."""
    if problem.field == "message":  # what a whole document says of itself, several at once
        return problem.what.split("; ")
    path = [step for step in problem.field.replace("[", ".").replace("]", "").split(".") if step]
    of_key = path[-1] == "key" and len(path) > 1  # a table's key is wrong, not what stands under it
    path = path[:-1] if of_key else path
    place = _place(path, raw)
    what = _WORDS.get(problem.what, problem.what)
    what = what.replace("input should be greater than or equal to", "should be at least")
    what = what.replace("input should be less than or equal to", "should be at most")
    if what == _NUMBER and isinstance(_at(path, raw), float):
        what = "should be a whole number"
    if what == "no such field":
        what += _MISPLACED.get(path[-1]) or close_to(path[-1], _keys_beside(path, kind))
    elif what == _A_LIST and path[-1] in _LISTS:
        what = f"should be a list, written as [[{place}]]"
    elif what in _SHAPES:
        what = _SHAPES[what].format(place=place)
    elif what.startswith("input should be '"):
        what += close_to(path[-1] if of_key else str(_at(path, raw)), what.split("'")[1::2])
    return [f"{place}: {what}"]


_NUMBER = "should be a number, without quotes"

_WORDS = {
    "input should be a valid integer, unable to parse string as an integer": _NUMBER,
    "input should be a valid integer": _NUMBER,
    "input should be a valid string": "should be text between quotes",
    "input should be a valid boolean, unable to interpret input": "should be true or false",
    "input should be a valid boolean": "should be true or false",
    "string should have at least 1 character": "should say something",
    "list should have at least 1 item after validation, not 0": "should name at least one",
    "dictionary should have at least 1 item after validation, not 0": "should name at least one",
    "input should be a valid integer, got a number with a fractional part": "should be a whole number",
}

_A_LIST = "input should be a valid list"

_LISTS = {"new_limits", "questions", "choose", "limits", "stages", "roles", "direct", "early_referral"}
_LISTS |= {"proclaimed", "withdrawn"}
"""Lists of tables."""

_SHAPES = {
    _A_LIST: 'should be a list, for example ["one", "two"]',
    "input should be a valid dictionary": "should be a table, written as [{place}]",
}

_MISPLACED = {
    "direct": ": it belongs into the procedure's own file",
    "expects": ": it belongs into the procedure's own file",
    "early_referral": ": it belongs into the procedure's own file",
}


def _place(path: list[str], raw: Any) -> str:
    """The place of a mistake: entries of a list by their name, else by their number from 1."""
    names: list[str] = []
    part = raw
    for step in path:
        if isinstance(part, list) and step.isdigit() and int(step) < len(part):
            part = part[int(step)]
            named = name_of(part)
            names[-1] += f".{named}" if named else f", number {int(step) + 1}"
            continue
        part = part.get(step) if isinstance(part, dict) else None
        names.append(step)
    return ".".join(names)


def name_of(entry: Any) -> str:
    """The name by which people know an entry of a list; empty: it has none."""
    if not isinstance(entry, dict):
        return ""
    return next((entry[key] for key in ("name", "role") if isinstance(entry.get(key), str)), "")


def _at(path: list[str], raw: Any) -> Any:
    for step in path:
        if isinstance(raw, list) and step.isdigit():
            raw = raw[int(step)] if int(step) < len(raw) else None
        else:
            raw = raw.get(step) if isinstance(raw, dict) else None
    return raw


def _keys_beside(path: list[str], kind: type[BaseModel]) -> list[str]:
    """The keys that may stand where an unknown one stands."""
    for step in path[:-1]:
        field = kind.model_fields.get(step)
        if field is not None:
            inner = _model_in(field.annotation)
            if inner is None:
                return []
            kind = inner
    return [field.alias or name for name, field in kind.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds: itself, in a list, in a table, or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
