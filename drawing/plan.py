"""A procedure as it is drawn: its places in order, what is owed in each and by whom, the ways out."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One limit as it is drawn. `days` and `most` are in its own unit; `most` is None without extension."""

    name: str
    title: str
    kind: str
    days: int
    most: int | None
    unit: str
    starts: str
    met_by: list[str]
    since: str
    before: bool
    named_day: bool
    who: str
    complainants: bool
    """Whether it is the complainant's own time."""
    extension: str
    often: str
    """How often it may be extended, where the rule says so."""
    notes: list[str]
    source: str
    verified: bool

    @property
    def span(self) -> str:
        """How long it is, in words: `10 working days`."""
        return "day as named" if self.named_day else f"{self.days} {self.unit}"

    @property
    def counted(self) -> str:
        """From what it counts: `from the request for Stage 2`."""
        if self.named_day:
            return f"by the day named with {self.since}"
        return f"before {self.since}" if self.before else f"from {self.since}"


class Way(NamedTuple):
    """A way out: how the complaint ends there, and when it may be taken."""

    name: str
    when: str
    leaves: str = ""
    """The limit after which it lies; empty: it lies open from the beginning of its place."""


class Place(NamedTuple):
    """A stage, or what stands before, beside or after the stages."""

    name: str
    title: str
    who: str
    """Who answers it."""
    says: list[str]
    """Who takes part, and how it is entered."""
    rows: list[Row]
    ways: list[Way]
    asked: list[str] = []
    """What a person decides before it is taken."""
    onward: str = ""
    """When the next stage may be asked for."""
    source: str = ""
    response: str = ""
    """The limit that its answer meets."""
    next: str = ""
    """The next stage's name."""


class Reach(NamedTuple):
    """Somebody's name and where they can be reached, a line each."""

    name: str
    lines: list[str]


class Plan(NamedTuple):
    """The whole drawing, before it takes a form."""

    procedure: str
    authority: str
    title: str
    council: str
    intake: Place
    stages: list[Place]
    any_time: Place
    after: Place
    contact: Reach
    advocacy: Reach | None
    ombudsman: Reach | None

    @property
    def command(self) -> str:
        """What draws it again."""
        return f"starter.py procedure {self.procedure} --authority {self.authority}"

    @property
    def places(self) -> list[Place]:
        """Every place, in order."""
        return [self.intake, *self.stages, self.any_time, self.after]

    @property
    def rows(self) -> list[Row]:
        """Every limit that is drawn."""
        return [row for place in self.places for row in place.rows]
