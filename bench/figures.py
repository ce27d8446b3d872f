"""What was measured, beside what was promised."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
    def holds(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is not None:
            return f"at least {_short(self.at_least)}"
        if self.at_most is not None:
            return f"at most {_short(self.at_most)}"
        return ""


class Measured(NamedTuple):
    """One part of the run: its figures under a heading, and what a reader must know about them."""

    title: str
    figures: Sequence[Figure]
    remarks: Sequence[str] = ()


Say = Callable[[str], None]
"""Where progress goes."""


def table(parts: Sequence[Measured]) -> str:
    """The figures for people."""
    lines = []
    for part in parts:
        lines += ["", part.title]
        for figure in part.figures:
            verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[figure.holds]
            value = f"{_short(figure.value)} {figure.unit}"
            lines.append(f"  {figure.title:<58}{value:>20}   {figure.target:<17}{verdict}".rstrip())
        lines += [f"  ({remark})" for remark in part.remarks]
    return "\n".join(lines[1:])


def as_json(parts: Sequence[Measured]) -> str:
    """The figures for programs, by key."""
    found = {
        figure.key: {
            "title": figure.title,
            "value": round(figure.value, 4),
            "unit": figure.unit,
            "at_least": figure.at_least,
            "at_most": figure.at_most,
            "holds": figure.holds,
        }
        for part in parts
        for figure in part.figures
    }
    return json.dumps({"figures": found, "remarks": [r for part in parts for r in part.remarks]}, indent=2)


def _short(value: float) -> str:
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.3f}"
