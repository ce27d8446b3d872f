"""An authority's choices laid over a procedure's file, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redress.domain.procedure import PLACES
from redress.domain.routes import ROUTE_DECISION
from redress.procedures.authority import REPRESENTATION, Authority, Overlay
from redress.procedures.files import FileError, close_to, read_toml

KEYED = (("limits", "name"), ("roles", "role"), ("stages", "name"))
"""What of a procedure an overlay changes by name, and the key that holds the name."""

Raw = dict[str, Any]


def bare(folder: Path, file: str) -> Raw:
    """A procedure as its file has it, with what it takes from the shared file. Raises `FileError`."""
    raw = read_toml(folder / f"{file}.toml")
    for part in ("limits", "stages"):
        rows = raw.get(part)
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise FileError(f"{file}.toml: {part}: should be one or more [[{part}]]")
    shared = read_toml(folder / "shared.toml")
    known = {limit["name"]: limit for limit in shared["limits"]}
    for name, own in raw.pop("shared", {}).items():
        if name not in known:
            what = f"shared.toml has no such limit{close_to(name, known)}"
            raise FileError(f"{file}.toml: shared.{name}: {what}")
        raw["limits"].append(known[name] | own)
    if ROUTE_DECISION not in {limit.get("name") for limit in raw["limits"]}:
        raw["limits"].append(dict(known[ROUTE_DECISION]))
    if raw.get("name") != REPRESENTATION:
        own = {question.get("name") for question in raw.get("questions", [])}
        raw["questions"] = raw.get("questions", []) + [q for q in shared["questions"] if q["name"] not in own]
    raw["plain"] = shared["plain"] | raw.get("plain", {})
    raw["policy"] = shared["policy"] | raw.get("policy", {})
    raw.setdefault("pauses", shared["pauses"])
    return raw


def lay_over(raw: Raw, own: Overlay) -> None:
    """Change a procedure as an overlay says, as far as the procedure has what it names."""
    for part, key in KEYED:
        rows = {row.get(key): row for row in raw.get(part, [])}
        for name, changes in getattr(own, part).items():
            if name in rows:
                rows[name].update(changes)
    raw["limits"] += [dict(limit) for limit in own.new_limits]
    replaced = {question.get("name") for question in own.questions}
    others = [question for question in raw.get("questions", []) if question.get("name") not in replaced]
    raw["questions"] = [q for q in others + own.questions if q.get("name") not in own.not_asked]
    raw["policy"] = raw.get("policy", {}) | own.policy
    for place, words in own.plain.items():
        if place in _places(raw):
            raw["plain"][place] = raw["plain"].get(place, {}) | words


def wrong_overlay(chosen: Authority, procedures: dict[str, Raw]) -> list[str]:
    """What an authority changes that is not there, in one of its procedures or in the one it names.

    A line for each mistake.
    """
    where = f"{chosen.name}.toml"
    having = [*procedures]
    wrong = [f"{where}: {line}" for line in _wrong(chosen, [*procedures.values()], having)]
    for name, own in chosen.only.items():
        if name in procedures:
            wrong += [f"{where}: only.{name}.{line}" for line in _wrong(own, [procedures[name]], having)]
        else:
            hint = close_to(name, procedures)
            wrong.append(f"{where}: only.{name}: {chosen.name} has no such procedure{hint}")
    for number, choice in enumerate(chosen.choose, 1):
        if choice.procedure not in procedures:
            what = f"{chosen.name} has no procedure {choice.procedure!r}"
            hint = close_to(choice.procedure, procedures)
            wrong.append(f"{where}: choose, number {number}.procedure: {what}{hint}")
    return wrong


def _wrong(own: Overlay, raws: list[Raw], having: list[str]) -> Iterator[str]:
    for part, key in KEYED:
        known = [str(row.get(key)) for raw in raws for row in raw.get(part, [])]
        for name, changes in getattr(own, part).items():
            if name not in known:
                yield f"{part}.{name}: no procedure here has such an entry{close_to(name, known)}"
            if changes.get(key, name) != name:
                yield f"{part}.{name}.{key}: an entry keeps its {key}"
            if not isinstance(changes.get("used", True), bool):
                yield f"{part}.{name}.used: should be true or false"
    taken = {str(row.get("name")) for raw in raws for row in raw["limits"]}
    for number, limit in enumerate(own.new_limits, 1):
        if limit.get("name") in taken:
            name = limit["name"]
            yield f"new_limits.{name}: the procedure has it already: change it under [limits.{name}]"
        elif "name" not in limit:
            yield f"new_limits, number {number}: name: is missing"
    yield from _wrong_questions(own, raws, having)
    known = [place for raw in raws for place in _places(raw)]
    for place in own.plain:
        if place not in known:
            yield f"plain.{place}: no such place{close_to(place, known)}"


def _wrong_questions(own: Overlay, raws: list[Raw], having: list[str]) -> Iterator[str]:
    for number, question in enumerate(own.questions, 1):
        if not question.get("name"):
            yield f"questions, number {number}: name: is missing"
        for name in _texts(question.get("leads_to")):
            if name not in having:
                what = f"the authority has no procedure {name!r}{close_to(name, having)}"
                yield f"questions.{question.get('name')}.leads_to: {what}"
    asked = [str(question.get("name")) for raw in raws for question in raw.get("questions", [])]
    for name in own.not_asked:
        if name not in asked:
            yield f"not_asked: no procedure here has a question {name!r}{close_to(name, asked)}"
    names = [str(question.get("name")) for question in own.questions]
    yield from (f"questions.{name}: stands twice" for name in _twice(names))


def _texts(value: object) -> list[str]:
    """The texts of a list in a file; what is none is told when the question is read."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _places(raw: Raw) -> list[str]:
    return [*(str(stage.get("name")) for stage in raw["stages"]), *PLACES]


def used_only(raw: Raw) -> None:
    """Leave out the limits that the authority does not use."""
    raw["limits"] = [limit for limit in raw["limits"] if limit.get("used", True)]
