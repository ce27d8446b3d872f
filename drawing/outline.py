"""The outline that a terminal shows: every place in order, what is owed in it, the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import NamedTuple

from drawing.plan import Place, Plan, Reach, Row

KEY = (
    "limit: missing it is a breach; target: missing it is told, and is no breach; window: time to ask. "
    "Day 0 is the day it counts from; the last day named is still in time."
)
UNVERIFIED = "† known from the law or guidance, or local practice, and not re-read against a text"

SPAN = 18
"""How many characters the number of days has, with its unit."""


class Line(NamedTuple):
    """One line; a head is a title."""

    text: str
    head: bool = False


def outline(plan: Plan, width: int = 100) -> list[Line]:
    """The plan as lines of at most `width` characters (40 at least)."""
    width = max(width, 40)
    lines = [Line(text, True) for text in wrap(plan.title, width)]
    lines += [Line(text) for text in wrap(f"{plan.council} ({plan.authority})", width)]
    for place in plan.places:
        lines += [Line(""), *(Line(text, True) for text in wrap(place.title, width))]
        lines += [Line(text) for text in _place(place, width)]
    return [*lines, *(Line(text) for text in _end(plan, width))]


def _end(plan: Plan, width: int) -> Iterator[str]:
    for who in (plan.ombudsman, plan.contact, plan.advocacy):
        if who is not None:
            yield ""
            yield from _reach(who, width)
    yield ""
    yield from wrap(KEY, width)
    if not all(row.verified for row in plan.rows):
        yield from wrap(UNVERIFIED, width)


def _place(place: Place, width: int) -> Iterator[str]:
    if place.who:
        yield from _indented(f"answered by: {place.who}", width, 2)
    for said in place.says:
        yield from _indented(said, width, 2)
    if place.asked:
        yield from _indented(
            "A person decides first whether it is taken where this is in question:", width, 2
        )
    for asked in place.asked:
        yield from _indented(f"- {asked}", width, 4)
    for row in place.rows:
        yield from _row(row, width)
    for way in place.ways:
        yield from _indented(f"× {way.name}: {way.when}", width, 2)
    if place.onward:
        yield from _indented(f"→ {place.onward}", width, 2)


def _row(row: Row, width: int) -> Iterator[str]:
    yield from _indented(f"{row.span:<{SPAN}}{row.title}", width, 2, SPAN)
    said = "; ".join(
        each for each in [f"{row.kind}, {row.counted}", row.who, row.extension, *row.notes] if each
    )
    yield from _indented(said, width, 2 + SPAN, 2)
    yield from _indented(row.source + ("" if row.verified else " †"), width, 2 + SPAN, 2)


def _reach(who: Reach, width: int) -> Iterator[str]:
    yield from wrap(who.name, width)
    yield from _indented(", ".join(who.lines), width, 2)


def _indented(text: str, width: int, indent: int, more: int = 4) -> list[str]:
    return wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + more))
