"""What was measured, beside what is promised."""

from __future__ import annotations

import json
from typing import NamedTuple


class Figure(NamedTuple):
    """One measured figure; without `at_least` and `at_most` it is for information."""

    key: str
    title: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether what is promised is so; also where nothing is promised."""
        least = float("-inf") if self.at_least is None else self.at_least
        most = float("inf") if self.at_most is None else self.at_most
        return least <= self.value <= most

    @property
    def line(self) -> str:
        """The figure for people, with the promise beside it."""
        limit, word = (self.at_most, "at most") if self.at_least is None else (self.at_least, "at least")
        promise = "" if limit is None else f"{word} {_short(limit):<9}{'kept' if self.holds else 'NOT KEPT'}"
        return f"  {self.title:<62}{_short(self.value) + ' ' + self.unit:>14}   {promise}".rstrip()


Results = dict[str, list[Figure]]
"""The figures of each part of a run."""


def as_table(results: Results) -> str:
    """The figures for people."""
    return "\n".join(
        line for part, figures in results.items() for line in (part, *(figure.line for figure in figures))
    )


def as_json(results: Results) -> str:
    """The figures for programs, by part and key."""
    found = {
        part: {figure.key: figure._asdict() | {"holds": figure.holds} for figure in figures}
        for part, figures in results.items()
    }
    return json.dumps(found, indent=2)


def _short(value: float) -> str:
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.3f}"
