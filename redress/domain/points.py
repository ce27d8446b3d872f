"""The points of a complaint: each with its own finding at each stage, and its remedies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from redress.domain.fields import AnswerOutcome
from redress.domain.procedure import StageName

MOST_POINTS = 50

PointState = Literal["open", "resting", "suspended", "split_off", "replaced"]
"""`resting`: not taken to the present stage; `replaced`: the agreed statement words it anew."""

Named = Sequence[int] | Sequence[str] | None
"""How a message names points: by number, by their text, or not at all, which means all."""


class PointFinding(NamedTuple):
    """What was found on one point at one stage."""

    stage: StageName
    outcome: AnswerOutcome
    reason: str
    on: date


class SplitOff(NamedTuple):
    """Points that became a linked complaint of their own; `part` is in its reference."""

    part: int
    on: date
    points: list[str]
    procedure: str


@dataclass(slots=True, eq=False)
class Point:
    """One point. Its number, from 1, stays with it, and so does what was found."""

    number: int
    text: str
    state: PointState = "open"
    findings: list[PointFinding] = field(default_factory=list)

    @property
    def is_gone(self) -> bool:
        """Whether it is no point of this complaint any more."""
        return self.state in ("split_off", "replaced")


class Points:
    """All points there ever were, in the order of their numbers."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.all = [Point(number, text) for number, text in enumerate(texts, 1)]
        self.split_off: list[SplitOff] = []

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

    def named(self, wanted: Named) -> tuple[list[Point], list[str]]:
        """The points a message names, and what it names that is no point."""
        if wanted is None:
            return self.at_issue, []
        points, unknown = [], []
        for name in wanted:
            if isinstance(name, int):
                point = self.all[name - 1] if name <= len(self.all) else None
            else:
                point = self._worded(name) or self._numbered(name)
            if point is None:
                unknown.append(str(name))
            elif point not in points:
                points.append(point)
        return points, unknown

    def _numbered(self, text: str) -> Point | None:
        """The point of a number that was given as a text."""
        number = (
            int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_POINTS)) else 0
        )
        return self.all[number - 1] if 0 < number <= len(self.all) else None

    def _worded(self, text: str) -> Point | None:
        """The point of these words, whatever their case and spacing; the last, where several have them."""
        wanted = " ".join(text.casefold().split())
        alike = (p for p in reversed(self.all) if " ".join(p.text.casefold().split()) == wanted)
        return next(alike, None)

    @property
    def any_upheld(self) -> bool:
        """Whether anything was upheld, at least partly, at any stage; of each the last finding counts."""
        return any(
            finding.outcome in ("upheld", "partly_upheld")
            for point in self.all
            for finding in {finding.stage: finding for finding in point.findings}.values()
        )

    def suspend(self, named: Sequence[Point]) -> None:
        """These wait for proceedings elsewhere, those of them that are at issue."""
        for point in named:
            if point.state == "open":
                point.state = "suspended"

    def end_suspension(self) -> list[Point]:
        """What waited is at issue like the rest; gives those points."""
        waited = self.suspended
        for point in waited:
            point.state = "open"
        return waited

    def rest_all_but(self, chosen: Sequence[Point]) -> None:
        """Only these are to be answered at the present stage; the others rest as they were answered."""
        for point in self.open:
            if point not in chosen:
                point.state = "resting"

    def return_to(self, stage: StageName, *, answered: bool) -> None:
        """A later stage is not wanted any more: what rested since this one is at issue again."""
        for point in self.all:
            if point.state == "resting" and (not answered or any(f.stage == stage for f in point.findings)):
                point.state = "open"

    def take_on(self, wanted: Named) -> list[str]:
        """Only the points named go to the next stage; gives what is odd about the names.

        Where none of those named can go, all at issue do.
        """
        chosen, unknown = self.named(wanted)
        remarks = [f"there is no point {name!r}" for name in unknown]
        remarks += [f"point {p.number} is {p.state.replace('_', ' ')}" for p in chosen if p.is_gone]
        going = [point for point in chosen if not point.is_gone] or self.at_issue
        for point in self.all:
            if point.state in ("open", "resting"):
                point.state = "open" if point in going else "resting"
        return remarks

    def add(self, texts: Iterable[str]) -> None:
        """New points are at issue at the present stage; their numbers follow on."""
        for text in texts:
            self.all.append(Point(len(self.all) + 1, text))

    def split(self, named: Sequence[Point], part: int, on: date, procedure: str) -> SplitOff:
        """These leave for a linked complaint under another procedure."""
        for point in named:
            point.state = "split_off"
        return self.set_apart([point.text for point in named], part, on, procedure)

    def set_apart(self, texts: Sequence[str], part: int, on: date, procedure: str) -> SplitOff:
        """These go on as a linked complaint, whether they were points of this one before or not."""
        apart = SplitOff(part, on, [*texts], procedure)
        self.split_off.append(apart)
        return apart

    def bring_back(self, stages: Collection[StageName]) -> None:
        """Stages are gone through anew: what had an answer there is at issue again, though it rests."""
        for point in self.all:
            if point.state == "resting" and any(finding.stage in stages for finding in point.findings):
                point.state = "open"

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
        present = {point.text for point in now}
        self.add(text for text in texts if text not in present)
