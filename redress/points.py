"""The points of a complaint: each with its own finding at each stage, and its remedies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, NamedTuple

from redress.fields import Outcome
from redress.procedure import StageName

PointState = Literal["open", "resting", "suspended", "split_off"]
"""`resting`: the person did not take it to the present stage."""

Named = Sequence[int] | Sequence[str] | None
"""How a message names points: by number, by their text, or not at all, which means all."""


class Found(NamedTuple):
    """What was found on one point at one stage."""

    stage: StageName
    outcome: Outcome
    reason: str
    on: date


class Point:
    """One point; numbered from 1."""

    __slots__ = ("found", "number", "state", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.state: PointState = "open"
        self.found: list[Found] = []


class Points:
    """The points as they are worded now."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.all = [Point(number, text) for number, text in enumerate(texts, 1)]

    @property
    def at_issue(self) -> list[Point]:
        """Those that the present stage is about."""
        return [point for point in self.all if point.state in ("open", "suspended")]

    def named(self, said: Named) -> tuple[list[Point], list[str]]:
        """The points a message names, and what it names that is no point."""
        if said is None:
            return self.at_issue, []
        found, unknown = [], []
        by_text = {" ".join(point.text.casefold().split()): point for point in self.all}
        for each in said:
            if isinstance(each, int):
                point = self.all[each - 1] if each <= len(self.all) else None
            else:
                point = by_text.get(" ".join(each.casefold().split()))
            if point is None:
                unknown.append(str(each))
            elif point not in found:
                found.append(point)
        return found, unknown

    def take_on(self, chosen: Sequence[Point]) -> None:
        """Only these go to the next stage; the others rest where they were answered."""
        for point in self.all:
            if point.state != "split_off":
                point.state = "open" if point in chosen else "resting"

    def reword(self, texts: Sequence[str]) -> None:
        """The agreed statement words the points anew; what was found on a point of the same words stays."""
        earlier = {point.text: point for point in self.all}
        one_each = len(texts) == len(self.at_issue) == len(self.all)
        reworded = []
        for number, text in enumerate(texts, 1):
            point = Point(number, text)
            was = earlier.get(text) or (self.all[number - 1] if one_each else None)
            if was is not None:
                point.found = was.found
            reworded.append(point)
        self.all = reworded
