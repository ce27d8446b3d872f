"""All mistakes of a file at once: what one check finds wrong is left out, and the next one looks at the rest.

What a council changed wrongly is put back as the procedure has it; what has nothing to go back to is dropped.
Nothing is told of what was dropped or put back but the mistake itself, so that no mistake is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from redress.domain.procedure import Data, Procedure
from redress.procedures.files import FileError, checked, name_of
from redress.procedures.validation import mistakes

T = TypeVar("T", bound=Data)
Raw = dict[str, Any]
Step = str | int

ROUNDS = 20
"""How often something is left out before a file is given up; leaving out one thing may show another."""


LEAN_ON_OTHERS = ((), ("extend_to",), ("met_by",))
"""Keys whose mistakes may come from another key of the same entry: where that was wrong they are not told."""


class Rest(NamedTuple, Generic[T]):
    """What is left of a document (None: nothing that could be checked further), and what was told of it.

    `dropped` are the names of the entries that are not there any more.
    """

    found: T | None
    told: list[str]
    dropped: set[str]


def rest_of(
    kind: type[T],
    raw: Raw,
    where: str,
    *,
    base: Raw | None = None,
    stand_ins: Mapping[str, Any] | None = None,
) -> Rest[T]:
    """The document as far as it is right.

    `base` is what the document was laid over, `stand_ins` what takes the place of a key that has to be there.
    """
    try:
        return Rest(checked(kind, raw, where), [], set())
    except FileError as mistake:
        told = str(mistake).splitlines()
    rest, dropped = deepcopy(raw), set[str]()
    for _ in range(ROUNDS):
        try:
            return Rest(kind.model_validate(rest, strict=True), told, dropped)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                path = [step for step in each["loc"] if not _is_inner(step)]
                if path and path[0] in (stand_ins or {}):
                    rest[str(path[0])] = (stand_ins or {})[str(path[0])]
                elif path:
                    _put_right(rest, base or {}, path, dropped)
            _without_gaps(rest)
    return Rest(None, told, dropped)


def mistakes_in(rest: Rest[Procedure], where: str) -> list[str]:
    """Everything that is wrong in a procedure, of which `rest` was left: also what does not hang together."""
    if rest.found is None:
        return rest.told
    places = {_place(line.removeprefix(f"{where}: ")) for line in rest.told}
    entries = {place[:2] for place in places}
    further = []
    for line in mistakes(rest.found):
        place = _place(line)
        told = place in places or (place[:2] in entries and place[2:] in LEAN_ON_OTHERS)
        if not told and not any(re.search(rf"\b{re.escape(name)}\b", line) for name in rest.dropped):
            further.append(line)
    return rest.told + [f"{where}: {line}" for line in further]


def once(lines: list[str]) -> list[str]:
    """Each mistake once, though it was found in several procedures or by several checks."""
    found: dict[str, str] = {}
    for line in lines:
        _, _, told = line.partition(": ")
        found.setdefault(re.sub(r"^only\.\w+\.", "", told), line)
    return [*found.values()]


def _is_inner(step: Step) -> bool:
    """Whether a step of pydantic's is none of the document's."""
    return isinstance(step, str) and step.startswith(("[key]", "list[", "function-", "constrained"))


def _place(line: str) -> tuple[str, ...]:
    """Where a line's mistake is: `limits`, `acknowledgement`, `days`."""
    place, _, _ = line.partition(":")
    return tuple(place.split("."))


def _put_right(rest: Raw, base: Any, path: list[Step], dropped: set[str]) -> None:
    """Put back what stands at a path as `base` has it; what it has not goes, with its entry where need be."""
    here: Any = rest
    entry: tuple[list[Any], int] | None = None  # the innermost entry of a list on the way
    for step in path[:-1]:
        if isinstance(here, list) and isinstance(step, int):
            entry = (here, step)
        inner = _at(here, step)
        if not isinstance(inner, dict | list):
            return  # gone already, with something told before
        here, base = inner, _same(base, step, inner)
    last = path[-1]
    if isinstance(here, list) and isinstance(last, int):
        _drop(here, last, _same(base, last, _at(here, last)), dropped)
    elif isinstance(here, dict):
        own = base.get(last) if isinstance(base, dict) else None
        if own is not None and own != here.get(last):
            here[last] = deepcopy(own)
        elif last in here:
            del here[last]
        elif entry is not None:
            _drop(*entry, None, dropped)
        elif len(path) > 1:
            rest.pop(str(path[0]), None)


def _drop(entries: list[Any], at: int, own: Any, dropped: set[str]) -> None:
    if at >= len(entries) or entries[at] is None:
        return
    was, entries[at] = entries[at], None if own == entries[at] else deepcopy(own)
    if entries[at] is None and name_of(was):
        dropped.add(name_of(was))


def _at(here: Any, step: Step) -> Any:
    if isinstance(here, list):
        return here[step] if isinstance(step, int) and step < len(here) else None
    return here.get(step) if isinstance(here, dict) else None


def _same(base: Any, step: Step, inner: Any) -> Any:
    """What `base` has in the place of a part: entries of a list by their name."""
    if isinstance(base, list):
        name = name_of(inner)
        return next((row for row in base if name and name_of(row) == name), None)
    return base.get(step) if isinstance(base, dict) else None


def _without_gaps(here: Any) -> None:
    """Take out of every list what was dropped from it."""
    if isinstance(here, list):
        here[:] = [each for each in here if each is not None]
    for inner in here.values() if isinstance(here, dict) else here if isinstance(here, list) else ():
        _without_gaps(inner)
