"""Whether a matter belongs on another route: asked of the Complaints Manager while it goes on here.

Where the points suggest it (special educational needs, housing, a court), nobody waits: the complaint is at
the first stage of the procedure that was chosen, its clocks run, and whatever is decided they count on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from redress.domain.combinations import GAP
from redress.domain.opening import SPLIT_SOURCE, Opening
from redress.domain.points import Point
from redress.domain.procedure import Procedure, Question
from redress.domain.words import mentioned

ROUTE_DECISION = "route_decision"
"""The limit by which it is decided."""


MOST_READ = 20_000
"""How many characters of the points are read for it: a workflow's turn is short."""


class RouteAsked(NamedTuple):
    """A question that came up. `points`: which suggest it; none: what the matter is said to be about."""

    question: Question
    points: frozenset[int]
    found: tuple[str, ...]
    """The phrases of the file that suggest it."""

    @property
    def asked(self) -> str:
        """The question as the manager reads it, with why it is asked."""
        shown = [phrase.replace(GAP, "…").replace("*", "…") for phrase in self.found]
        words = ", ".join(f'"{phrase}"' for phrase in shown)
        numbers = [str(number) for number in sorted(self.points)]
        where = f"point{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else "the service"
        return f"{self.question.asked} Asked because of {words} ({where})."


class Routes:
    """The questions of one complaint that nobody has decided yet."""

    def __init__(self, procedure: Procedure, opening: Opening) -> None:
        asks = opening.kind == "complaint" and opening.source != SPLIT_SOURCE
        self._questions = [question for question in procedure.questions if asks and question.is_of_route]
        self._follows = procedure.name
        self._service = [opening.about.service, *opening.about.all_teams] if opening.about else []
        self.open: list[RouteAsked] = []

    def __iter__(self) -> Iterator[RouteAsked]:
        return iter(self.open)

    def ask(self, points: Iterable[Point], *, opening: bool = False) -> bool:
        """Ask about points that came, at the `opening` about the service too; whether there is cause."""
        texts = _read(points)
        elsewhere = [question for question in self._questions if self._follows not in question.leads_to]
        asked = [each for question in elsewhere if (each := self._asked(question, texts, opening))]
        known = {each.question.name: each for each in self.open}
        self.open = [*(known | {each.question.name: _both(known, each) for each in asked}).values()]
        return bool(asked)

    def _asked(self, question: Question, points: dict[int, str], opening: bool) -> RouteAsked | None:
        about = mentioned(question.values, *self._service) if opening else []
        told = {number: question.suggested_by(text) for number, text in points.items()}
        found = [*about, *(word for words in told.values() for word in words)]
        by = frozenset(number for number, words in told.items() if words)
        return RouteAsked(question, by, tuple(dict.fromkeys(found))) if found else None

    def split(self, gone: Collection[int]) -> None:
        """These points have left: what only they, or only the service, suggested is decided."""
        self.open = [each for each in self.open if each.points - {*gone}]

    def decide(self, procedure: str) -> None:
        """A person has said by which route the whole goes on: under this procedure."""
        self.open = []
        self._follows = procedure


def _read(points: Iterable[Point]) -> dict[int, str]:
    """The texts of points by their numbers, up to the most that is read."""
    left, texts = MOST_READ, {}
    for point in points:
        texts[point.number] = point.text[:left]
        left -= len(texts[point.number])
    return texts


def _both(known: dict[str, RouteAsked], now: RouteAsked) -> RouteAsked:
    """A question that was open already, and is asked of new points too."""
    before = known.get(now.question.name)
    if before is None:
        return now
    return RouteAsked(
        now.question, before.points | now.points, tuple(dict.fromkeys(before.found + now.found))
    )
