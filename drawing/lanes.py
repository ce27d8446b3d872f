"""Limits on the poster: those that count from the same day share a line on which time runs."""

from __future__ import annotations

import math
from typing import NamedTuple

from drawing.phrases import capital
from drawing.plan import Place, Plan, Row
from drawing.sheet import STYLES, Sheet, measure

MOST_WEEKS = 26
"""Longer times are drawn with a break in them."""
FEWEST_WEEKS = 4

BAR = 15
NUMBER_ROOM = 84
GAP = 14
TICK_ROOM = 26


class Columns(NamedTuple):
    """Where the columns of the poster begin and how wide they are; `week` is the length of a week."""

    left: float
    wide: float
    text: float
    text_wide: float
    time: float
    time_wide: float
    ways: float
    ways_wide: float
    week: float

    def long(self, days: int, row: Row) -> float:
        """How long so many days of a row's unit are drawn."""
        return days / _week(row) * self.week


class Lane(NamedTuple):
    """Limits of a place that count from the same day in the same unit."""

    since: str
    rows: list[Row]


def columns(plan: Plan, wide: float, margin: float) -> Columns:
    """The columns of a poster so wide; every line of time on it has the same scale."""
    inner = wide - 2 * margin
    ways_wide = max(170, round(inner * 0.2))
    time_wide = round(inner * 0.3)
    text = margin + GAP + NUMBER_ROOM + 8
    ways = wide - margin - GAP - ways_wide
    time = ways - 2 * GAP - time_wide
    rows = [row for place in (plan.intake, *plan.stages) for row in place.rows]
    weeks = max((weeks_of(row) for row in rows), default=FEWEST_WEEKS)
    week = time_wide / min(max(weeks, FEWEST_WEEKS), MOST_WEEKS)
    return Columns(margin, inner, text, time - GAP - text, time, time_wide, ways, ways_wide, week)


def lanes(place: Place) -> list[Lane]:
    """The limits of a place by the day they count from, in the order in which those come first."""
    found: dict[tuple[str, str], Lane] = {}
    for row in place.rows:
        key = (row.counted, row.unit.removesuffix("s"))
        since = f"{capital(key[1])}s {row.counted}"
        found.setdefault(key, Lane(since, [])).rows.append(row)
    return list(found.values())


def draw_lane(sheet: Sheet, at: Columns, y: float, lane: Lane, *, ruled: bool) -> float:
    """One lane from its top `y`, ruled off from what is above; gives where it ends."""
    x = at.left + GAP
    if ruled:
        sheet.box(x, y, at.time + at.time_wide - x, 0.8, "rule")
    foot = sheet.block(x, y + 6, f"{lane.since}:", "since", at.time - x - GAP) + 3
    axis = foot - 3
    for row in lane.rows:
        foot = _row(sheet, at, foot, row)
    _axis(sheet, at, axis, foot, lane.rows)
    return foot + 2


def _row(sheet: Sheet, at: Columns, y: float, row: Row) -> float:
    left = _number(sheet, at.left + GAP, y, row)
    right = _who(sheet, at.text, y + 4, row, at.text_wide)
    right = sheet.block(at.text, right, capital(notes_of(row)), "note", at.text_wide)
    right = sheet.block(at.text, right + 1, source_of(row), "source", at.text_wide)
    foot = max(left, right) + 6
    if row.complainants:
        x = at.left + GAP - 6
        sheet.box(x, y, at.time + at.time_wide - x + 6, foot - y - 2, "own_time", under=True)
    _bar(sheet, at, y + 5, row)
    return foot


def _number(sheet: Sheet, x: float, y: float, row: Row) -> float:
    """How many days, large; the unit beside it where it has room, else below."""
    style = "days_target" if row.kind == "target" else "days"
    number, unit = str(row.days), row.unit.split()
    sheet.line(x, y, number, style)
    beside = measure(number, style) + 5
    leading = STYLES["unit"].leading
    if beside + max(measure(word, "unit") for word in unit) <= NUMBER_ROOM:
        for at, word in enumerate(unit):
            sheet.line(x + beside, y + 4.5 + at * leading, word, "unit")
        y += 33
    else:
        y = sheet.block(x, y + 32, row.unit, "unit", NUMBER_ROOM)
    if row.most is not None:
        most = f"at most {row.most}" + (f", {row.often}" if row.often else "")
        y = sheet.block(x, y - 1, most, "most", NUMBER_ROOM)
    return y


def _who(sheet: Sheet, x: float, y: float, row: Row, room: float) -> float:
    """Title, tag and owner: in one line where they have room, else in two."""
    title = measure(row.title, row.kind) + 10
    if title + _tag_width(row) + 6 + measure(row.who, "who") <= room:
        sheet.line(x, y, row.title, row.kind)
        return draw_owner(sheet, x + title, y + 1.5, row, room - title) + 1
    y = sheet.block(x, y, row.title, row.kind, room)
    return draw_owner(sheet, x, y + 1, row, room)


def draw_owner(sheet: Sheet, x: float, y: float, row: Row, room: float) -> float:
    """A tag with the kind, and beside it who owes it."""
    style, wide = f"tag_{row.kind}", _tag_width(row)
    sheet.box(x, y + 1, wide, 13, f"{style}_box" if row.complainants or row.kind != "window" else "tag_box")
    sheet.line(x + 5, y + 3, row.kind.upper(), style)
    return max(sheet.block(x + wide + 6, y, row.who, "who", room - wide - 6), y + 16)


def _tag_width(row: Row) -> float:
    return measure(row.kind.upper(), f"tag_{row.kind}") + 10


def notes_of(row: Row) -> str:
    """What stands under the title; an extension that has a most stands under the number."""
    return "; ".join([*([row.extension] if row.extension and row.most is None else []), *row.notes])


def source_of(row: Row) -> str:
    """The source in small print, marked where nobody has read it again."""
    return row.source + ("" if row.verified else " †")


def weeks_of(row: Row) -> float:
    """How many weeks a row takes at most."""
    return max(row.days, row.most or 0) / _week(row)


def _week(row: Row) -> int:
    return 7 if row.unit.startswith("calendar") else 5


def _bar(sheet: Sheet, at: Columns, y: float, row: Row) -> None:
    """The time of a row: its days, then how far they may be extended."""
    end = at.long(row.days, row)
    if row.before:
        sheet.box(at.time, y, min(end, at.time_wide), BAR, "bar_before")
        sheet.box(at.time, y, 6, BAR, "bar_limit")
    elif row.days == 0:
        half = BAR / 2
        sheet.path(f"bar_{row.kind}", *((at.time + dx, y + half + dy) for dx, dy in _diamond(half)))
    else:
        sheet.box(at.time, y, min(end, at.time_wide), BAR, f"bar_{row.kind}")
    if row.extension and row.most is None:
        x, half = at.time + min(end, at.time_wide) + 4, BAR / 2
        sheet.path("open_end", (x, y + 3), (x + 8, y + half), (x, y + BAR - 3))
    if row.most is not None and row.most > row.days and end < at.time_wide:
        most = min(at.long(row.most, row), at.time_wide)
        sheet.box(at.time + end, y, most - end, BAR, "bar_more")
    if max(end, at.long(row.most or 0, row)) > at.time_wide + 0.01:
        x = at.time + at.time_wide - 24
        sheet.path("break", (x, y + BAR + 2), (x + 6, y - 2), (x + 11, y - 2), (x + 5, y + BAR + 2))


def _diamond(half: float) -> list[tuple[float, float]]:
    return [(0, -half), (half, 0), (0, half), (-half, 0)]


def _axis(sheet: Sheet, at: Columns, y: float, foot: float, rows: list[Row]) -> None:
    """The line on which time runs: a step a week, the days told above it."""
    weeks = min(
        max(1, math.ceil(max(weeks_of(row) for row in rows))), math.floor(at.time_wide / at.week + 0.01)
    )
    row, back = rows[0], rows[0].before
    end = at.time + (weeks * at.week if not back else at.long(max(row.days for row in rows), row))
    end = min(end, at.time + at.time_wide)
    sheet.box(at.time, y - 1, end - at.time, 1.2, "axis")
    every = max(1, math.ceil(TICK_ROOM / at.week))
    for week in range(weeks + 1):
        x = end - week * at.week if back else at.time + week * at.week
        if x < at.time - 0.01:
            break
        sheet.box(x - 0.4, y, 0.8, foot - y, "grid", under=True)
        sheet.box(x - 0.5, y - 4, 1, 4, "axis")
        if week % every == 0:
            sheet.line(x, y - 15, str(week * _week(row)), "tick", "middle")
    zero = end if back else at.time
    sheet.path("axis", *((zero + dx, y - 0.4 + dy) for dx, dy in _diamond(4)))
