"""The points of a complaint: each with its own finding at each stage, and its remedies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, NamedTuple

from redress.domain.fields import AnswerOutcome
from redress.domain.procedure import StageName

PointState = Literal["open", "resting", "suspended", "split_off", "replaced"]
"""`resting`: not taken to the present stage; `replaced`: the agreed statement words it anew."""

Named = Sequence[int] | Sequence[str] | None
"""How a message names points: by number, by their text, or not at all, which means all."""


class Found(NamedTuple):
    """What was found on one point at one stage."""

    stage: StageName
    outcome: AnswerOutcome
    reason: str
    on: date


class Point:
    """One point. Its number, from 1, stays with it, and so does what was found."""

    __slots__ = ("found", "number", "state", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.state: PointState = "open"
        self.found: list[Found] = []


class Points:
    """All points there ever were, in the order of their numbers."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.all = [Point(number, text) for number, text in enumerate(texts, 1)]

    @property
    def at_issue(self) -> list[Point]:
        """Those that the present stage is about, the suspended ones included."""
        return [point for point in self.all if point.state in ("open", "suspended")]

    @property
    def open(self) -> list[Point]:
        """Those that the present stage has to answer."""
        return [point for point in self.all if point.state == "open"]

    @property
    def suspended(self) -> list[Point]:
        """Those that wait for proceedings elsewhere."""
        return [point for point in self.all if point.state == "suspended"]

    def named(self, said: Named) -> tuple[list[Point], list[str]]:
        """The points a message names, and what it names that is no point."""
        if said is None:
            return self.at_issue, []
        found, unknown = [], []
        for each in said:
            if isinstance(each, int):
                point = self.all[each - 1] if each <= len(self.all) else None
            else:
                point = self._worded(each)
            if point is None:
                unknown.append(str(each))
            elif point not in found:
                found.append(point)
        return found, unknown

    def _worded(self, text: str) -> Point | None:
        """The point of these words, whatever their case and spacing; the last, where several have them."""
        wanted = " ".join(text.casefold().split())
        alike = (p for p in reversed(self.all) if " ".join(p.text.casefold().split()) == wanted)
        return next(alike, None)

    def end_suspension(self) -> None:
        """What waited is at issue like the rest: nobody reviews a suspension once the complaint is closed."""
        for point in self.suspended:
            point.state = "open"

    def take_on(self, chosen: Sequence[Point]) -> None:
        """Only these go to the next stage; the others rest where they were answered."""
        for point in self.all:
            if point.state in ("open", "resting"):
                point.state = "open" if point in chosen else "resting"

    def reword(self, texts: Sequence[str]) -> None:
        """The agreed statement words the points at issue anew.

        One text for each: they keep their numbers. Otherwise those of the same words do, the others are
        replaced, and new ones get new numbers.
        """
        now = self.at_issue
        if len(texts) == len(now):
            for point, text in zip(now, texts, strict=True):
                point.text = text
            return
        for point in now:
            if point.text not in texts:
                point.state = "replaced"
        kept = {point.text for point in now}
        for text in texts:
            if text not in kept:
                self.all.append(Point(len(self.all) + 1, text))
