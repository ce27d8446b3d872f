"""The poster: a plan laid out on one sheet of A3, as large as its text allows, and printed as SVG."""

from __future__ import annotations

import math
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from drawing.lanes import BAR, GAP, Columns, columns, draw_lane, draw_owner, lanes, source_of
from drawing.metrics import wrapped
from drawing.outline import UNVERIFIED, outline
from drawing.phrases import capital
from drawing.plan import Place, Plan, Reach, Row, Way
from drawing.sheet import DARK, GREY, PALE, STYLES, WARM, Sheet, measure

MARGIN = 34
LONG, SHORT = 420, 297
"""The sides of A3 in millimetres."""

NARROWEST, WIDEST, STEP = 900, 6000, 10
"""The widths tried, in units of the sheet: the narrower it is, the larger its letters are in print."""

BETWEEN, MOST_BETWEEN = 14, 34
"""The room between blocks, and how far it is stretched where the sheet has room left."""

ACROSS = 4
"""How many things that may come at any stage stand side by side at most."""

LEGEND = (
    ("bar_limit", "limit: missing it is a breach"),
    ("bar_more", "as far as it may be extended, with reasons"),
    ("bar_target", "target: missing it is told, and is no breach"),
    ("bar_window", "window: the complainant's own time"),
)
SCALE = "Each step of a line is a week. Day 0 is the day it counts from; the last day told is still in time."


class Page(NamedTuple):
    """A sheet of A3: how wide and high it is in its own units, and in millimetres."""

    wide: float
    high: float
    across: int
    down: int


def poster(plan: Plan) -> str:
    """The plan as an SVG document that stands by itself: no fonts, scripts or files from elsewhere."""
    page, sheet = _fitted(plan)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("poster.svg.jinja").render(
        page=page,
        sheet=sheet,
        styles=STYLES,
        plan=plan,
        told="\n".join(line.text for line in outline(plan)),
        colour={"dark": DARK, "grey": GREY, "pale": PALE, "warm": WARM},
    )


def _fitted(plan: Plan) -> tuple[Page, Sheet]:
    """The sheet with the largest letters on which everything has room: upright, or lying."""
    upright, lying = _narrowest(plan, SHORT, LONG), _narrowest(plan, LONG, SHORT)
    page = min(upright, lying, key=lambda page: page.wide / page.across)
    room = (each for each in range(MOST_BETWEEN, BETWEEN, -1) if _high(plan, page.wide, each) <= page.high)
    return page, _laid_out(plan, page.wide, next(room, BETWEEN))[0]


def _narrowest(plan: Plan, across: int, down: int) -> Page:
    def fits(wide: int) -> bool:
        return _high(plan, wide, BETWEEN) <= wide * down / across

    widths = range(NARROWEST, WIDEST, STEP)
    at = bisect_left(widths, True, key=fits)
    if at < len(widths):
        return Page(widths[at], round(widths[at] * down / across, 2), across, down)
    high = _high(plan, WIDEST, BETWEEN)  # a procedure of hundreds of limits: a longer sheet
    return Page(WIDEST, round(high, 2), across, round(high * across / WIDEST))


def _high(plan: Plan, wide: float, between: float) -> float:
    return _laid_out(plan, wide, between)[1]


def _laid_out(plan: Plan, wide: float, between: float) -> tuple[Sheet, float]:
    """The sheet, and how high it is filled."""
    sheet, at = Sheet(), columns(plan, wide, MARGIN)
    y = _head(sheet, at, plan)
    for place in (plan.intake, *plan.stages):
        y = _place(sheet, at, y + between, place)
        if place is plan.stages[-1]:
            y = _onward(sheet, at, y, between, " ".join(plan.after.says))
        else:
            y = _onward(sheet, at, y, between, place.onward)
    y = _foot(sheet, at, y, between, plan)
    return sheet, y + MARGIN


def _head(sheet: Sheet, at: Columns, plan: Plan) -> float:
    y = sheet.block(at.left, MARGIN, plan.council, "council", at.wide)
    y = sheet.block(at.left, y, plan.title, "title", at.wide) + 8
    x, leading = at.left, STYLES["key"].leading + 6
    for style, said in _legend(plan):
        wide = 40 + measure(said, "key")
        if x > at.left and x + wide > at.left + at.wide:
            x, y = at.left, y + leading
        sheet.box(x, y, 32, BAR, style)
        sheet.line(x + 40, y + 1, said, "key")
        x += wide + 24
    return sheet.block(at.left, y + leading, SCALE, "key", at.wide)


def _legend(plan: Plan) -> list[tuple[str, str]]:
    """The kinds of bars and tags that are on this sheet."""
    shown = {f"bar_{row.kind}" for row in plan.rows if row.kind != "window" or row.complainants}
    shown |= {"bar_more" for row in plan.rows if row.most is not None}
    return [each for each in LEGEND if each[0] in shown]


def _place(sheet: Sheet, at: Columns, y: float, place: Place) -> float:
    """A block: its head, what is owed in it along the line of time, the ways out at its right."""
    top, is_stage = y, place.name != "intake"
    x, right = at.left + GAP, at.left + at.wide - GAP
    head = sheet.block(x, y + 7, place.title, "stage" if is_stage else "place", at.wide * 0.55)
    answers, line = f"answered by: {place.who}" if place.who else "", y + 12
    for each in _lines(answers, "stage_who", at.wide * 0.38):
        sheet.line(right, line, each, "stage_who", "end")
        line += STYLES["stage_who"].leading
    y = max(head + 4, line + 6)
    sheet.box(at.left, top, at.wide, y - top, "stage_head" if is_stage else "place_head", under=True)
    y += 8
    ways = ways_top = y
    for way in place.ways:
        ways = _way(sheet, at, ways, way)
    room = at.time + at.time_wide - x
    for said in place.says:
        y = sheet.block(x, y, said, "says", room) + 2
    y = _asked(sheet, x, y, place.asked, room)
    for lane in lanes(place):
        y = draw_lane(sheet, at, y + 1, lane, ruled=y > ways_top)
    ways = sheet.block(at.ways, ways, place.source, "source", at.ways_wide)
    y = max(y, ways) + 4
    sheet.box(at.left, top, at.wide, y - top, "frame")
    return y


def _asked(sheet: Sheet, x: float, y: float, asked: list[str], room: float) -> float:
    """The questions of intake in two columns."""
    if not asked:
        return y
    y = sheet.block(
        x, y, "A person decides first whether it is taken where this is in question:", "says", room
    )
    half, foot = (room - GAP) / 2, y
    for at, each in enumerate(asked):
        left = x + at % 2 * (half + GAP)
        sheet.line(left, y + 1, "•", "says")
        foot = max(foot, sheet.block(left + 12, y + 1, each, "says", half - 12))
        if at % 2:
            y = foot
    return foot + 2


def _way(sheet: Sheet, at: Columns, y: float, way: Way) -> float:
    """A way out as a sign that points away."""
    tip = 14
    top, room = y, at.ways_wide - tip - 12
    y = sheet.block(at.ways + 8, y + 5, way.name, "way", room)
    y = sheet.block(at.ways + 8, y, capital(way.when), "when", room) + 6
    end = at.ways + at.ways_wide
    corners = ((at.ways, top), (end - tip, top), (end, (top + y) / 2), (end - tip, y), (at.ways, y))
    sheet.path("sign", *corners)
    return y + 7


def _onward(sheet: Sheet, at: Columns, y: float, between: float, said: str) -> float:
    """The arrow to what comes next, with when it may be gone."""
    x, half = at.left + GAP + 30, 9
    room = at.wide - 100
    lines = len(_lines(said, "onward", room))
    high = max(between + 6, lines * STYLES["onward"].leading + 12)
    foot = y + high + between - 4
    shaft = ((x - half, y), (x + half, y), (x + half, foot - 14), (x + 2 * half, foot - 14))
    sheet.path("arrow", *shaft, (x, foot), (x - 2 * half, foot - 14), (x - half, foot - 14))
    sheet.block(x + 34, y + (foot - y - lines * STYLES["onward"].leading) / 2, said, "onward", room)
    return foot - between + 4


def _foot(sheet: Sheet, at: Columns, y: float, between: float, plan: Plan) -> float:
    """Who comes after the last stage, where to ask, and what may come at any stage."""
    y = _addresses(sheet, at, y + between, plan)
    y = _cells(sheet, at, y + between, plan.any_time)
    drawn = f"Drawn from its data by: {plan.command}"
    marked = "" if all(row.verified for row in plan.rows) else f"{UNVERIFIED}. "
    return sheet.block(at.left, y + 6, marked + drawn, "source", at.wide)


def _addresses(sheet: Sheet, at: Columns, y: float, plan: Plan) -> float:
    """The Ombudsman, the team that looks after complaints, the advocacy service: side by side."""
    every = [who for who in (plan.ombudsman, plan.contact, plan.advocacy) if who is not None]
    wide = (at.wide - (len(every) - 1) * GAP) / len(every)
    feet = []
    for number, who in enumerate(every):
        x = at.left + number * (wide + GAP)
        foot = _reach(sheet, x + GAP, y + 8, who, wide - 2 * GAP)
        if who is plan.ombudsman:
            for row in plan.after.rows:
                foot = _cell(sheet, x + GAP, foot + 5, row, wide - 2 * GAP)
        feet.append(foot + 6)
    for number, who in enumerate(every):
        x = at.left + number * (wide + GAP)
        sheet.box(x, y, wide, max(feet) - y, "place_head", under=True)
        if who is plan.ombudsman:
            sheet.box(x, y, wide, max(feet) - y, "frame")
    return max(feet)


def _cells(sheet: Sheet, at: Columns, y: float, place: Place) -> float:
    """What may come at any stage, in columns under one head."""
    top = y
    y = sheet.block(at.left + GAP, y + 6, place.title, "place", at.wide - 2 * GAP) + 3
    sheet.box(at.left, top, at.wide, y - top, "place_head", under=True)
    y += 6
    every: list[Row | Way] = [*place.ways, *place.rows]
    across = min(ACROSS, math.ceil(len(every) / math.ceil(len(every) / ACROSS)))
    wide = (at.wide - (across + 1) * GAP) / across
    for first in range(0, len(every), across):
        ends = [
            _cell(sheet, at.left + GAP + column * (wide + GAP), y, each, wide)
            for column, each in enumerate(every[first : first + across])
        ]
        y = max(ends) + 6
    sheet.box(at.left, top, at.wide, y - top, "frame")
    return y


def _cell(sheet: Sheet, x: float, y: float, what: Row | Way, room: float) -> float:
    """A way out or a limit without a line of time."""
    if isinstance(what, Way):
        y = sheet.block(x, y, what.name, "cell", room)
        return sheet.block(x, y, capital(what.when), "when", room)
    y = sheet.block(x, y, what.title, "cell", room)
    y = draw_owner(sheet, x, y + 1, what, room)
    said = "; ".join([what.counted if what.named_day else f"{what.span} {what.counted}", *what.notes])
    y = sheet.block(x, y, capital(said), "when", room)
    return sheet.block(x, y, source_of(what), "source", room)


def _reach(sheet: Sheet, x: float, y: float, who: Reach, room: float) -> float:
    y = sheet.block(x, y, who.name, "cell", room)
    for line in who.lines:
        y = sheet.block(x, y, line, "when", room)
    return y


def _lines(text: str, style: str, room: float) -> list[str]:
    return wrapped(text, STYLES[style].size, room, bold=STYLES[style].bold)
