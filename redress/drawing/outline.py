"""The outline that a terminal shows: every section in order, what is owed in it, the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import TextWrapper
from typing import NamedTuple

from redress.drawing.plan import ProcedurePlan, Section
from redress.drawing.wording import one_line

KEY = (
    "limit: missing it is a breach; target: missing it is told, and is no breach; window: time to ask. "
    "Day 0 is the day it counts from; the last day named is still in time."
)
UNVERIFIED = "† known from the law or guidance, or local practice, and not re-read against a text"


class Line(NamedTuple):
    """One line of the outline."""

    text: str
    heading: bool = False


def outline(plan: ProcedurePlan, width: int = 100) -> list[Line]:
    """The plan as lines of at most `width` characters (40 at least)."""
    lines = []
    for lead, text, heading in _paragraphs(plan):
        wrapper = TextWrapper(max(width, 40), lead, " " * len(lead), break_on_hyphens=False)
        wrapped = wrapper.wrap(one_line(text))
        lines += [Line(line, heading) for line in wrapped or [""]]
    return lines


_Paragraph = tuple[str, str, bool]
"""What its first line begins with, its text, and whether it is a heading."""


def _paragraphs(plan: ProcedurePlan) -> Iterator[_Paragraph]:
    yield "", plan.title, True
    yield "", f"{plan.council} ({plan.authority})", False
    for section in plan.sections:
        yield "", "", False
        yield "", section.title, True
        yield from ((lead, text, False) for lead, text in _section(section))
    for who in (plan.ombudsman, plan.contact, plan.advocacy):
        if who:
            yield from (("", "", False), ("", who[0], False), ("  ", ", ".join(who[1:]), False))
    yield "", "", False
    yield "", KEY, False
    if not all(planned.limit.verified for planned in plan.limits):
        yield "", UNVERIFIED, False


def _section(section: Section) -> Iterator[tuple[str, str]]:
    if section.answered_by:
        yield "  ", f"answered by: {section.answered_by} ({section.source})"
    yield from (("  ", remark) for remark in section.remarks)
    if section.questions:
        yield "  ", "A person decides first whether it is taken where this is in question:"
        yield from (("    - ", question) for question in section.questions)
    for planned in section.limits:
        limit = planned.limit
        what = [f"{limit.kind}, {planned.counted}", planned.owner, planned.extension, *planned.notes]
        yield f"  {planned.length:<17} ", limit.title
        yield " " * 20, "; ".join(filter(None, what))
        yield " " * 20, f"source: {limit.source}" + ("" if limit.verified else " †")
    yield from (("  × ", f"{way.name}: {way.when}") for way in section.ways_out)
    if section.onward:
        yield "  → ", section.onward
