"""Reading the files that people write: TOML, and what is wrong with it in words for whoever wrote it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from redress.domain.parsing import plain_message
from redress.domain.procedure import Data
from redress.startup import SetupError

T = TypeVar("T", bound=Data)


class FileError(SetupError):
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
        problems = error.errors(include_url=False)
        lines = dict.fromkeys(line for problem in problems for line in _lines(problem, raw, kind))
        raise FileError("\n".join(f"{where}: {line}" for line in lines)) from None


def close_to(name: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, where something is close."""
    close = get_close_matches(name, [*known], n=1)
    return f" (is {close[0]} meant?)" if close else ""


def _lines(error: ErrorDetails, raw: dict[str, Any], kind: type[Data]) -> list[str]:
    """A mistake with its place named as people know it, and what would be right."""
    path = [*error["loc"]]
    if not path:  # what a whole document says of itself, several at once
        return plain_message(error).split("; ")
    if path[-1] == "[key]":  # a table's key is wrong, not what stands under it
        path.pop()
    place, last = _place(path, raw), str(path[-1])
    what = _WORDS.get(error["type"]) or plain_message(error)
    match error["type"]:
        case "extra_forbidden" if last in ("direct", "expects", "early_referral", "pauses"):
            what += ": it belongs into the procedure's own file"
        case "extra_forbidden":
            what += close_to(last, _keys_beside(path, kind))
        case "int_type" if isinstance(error["input"], float):
            what = "should be a whole number"
        case "list_type" if last in _LISTS:
            what = f"should be a list, written as [[{place}]]"
        case "dict_type" | "model_type":
            what = f"should be a table, written as [{place}]"
        case "literal_error":
            what += close_to(str(error["input"]), error["ctx"]["expected"].split("'")[1::2])
    return [f"{place}: {what}"]


_WORDS = {
    "int_type": "should be a number, without quotes",
    "list_type": 'should be a list, for example ["one", "two"]',
    "string_type": "should be text between quotes",
    "too_short": "should name at least one",
}
"""What would be right where a file is not what a form is; the rest is told as of a message."""

_LISTS = {"new_limits", "questions", "choose", "limits", "stages", "roles", "direct", "early_referral"}
_LISTS |= {"pauses", "proclaimed", "withdrawn"}
"""Lists of tables."""


def _place(path: Sequence[int | str], raw: Any) -> str:
    """The place of a mistake: entries of a list by their name, else by their number from 1."""
    names: list[str] = []
    part = raw
    for step in path:
        if isinstance(step, int):
            part = part[step]
            named = _name_of(part)
            names[-1] += f".{named}" if named else f", number {step + 1}"
        else:
            part = part.get(step) if isinstance(part, dict) else None
            names.append(step)
    return ".".join(names)


def _name_of(entry: Any) -> str:
    """The name by which people know an entry of a list; empty: it has none."""
    if not isinstance(entry, dict):
        return ""
    return next((entry[key] for key in ("name", "role") if isinstance(entry.get(key), str)), "")


def _keys_beside(path: Sequence[int | str], kind: type[BaseModel]) -> list[str]:
    """The keys that may stand where an unknown one stands."""
    for step in path[:-1]:
        field = kind.model_fields.get(str(step))
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
