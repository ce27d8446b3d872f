"""Working days in England: which days count, and the date N of them after or before a date.

A working day is any day except Saturday, Sunday, Christmas Day, Boxing Day, Good Friday and a
bank holiday under the Banking and Financial Dealings Act 1971 (SI 2006/1738 reg 2). A council's
own closure days are working days.

This module holds no list of holidays: it counts over a `HolidayTable`, which for a running
complaint is the one recorded in its history. `redress.procedures.bank_holidays` makes today's table.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, model_validator

MOST_YEARS = 150
"""How many years a table may cover: a calendar holds a number for each of their days."""


class HolidayTable(BaseModel):
    """The days from Monday to Friday that are no working days, with the version they came in.

    `first` and `last` bound what the table covers; `official_until` is the last day for which the
    government has published the list: later dates are computed by rule, hence provisional.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    first: date
    last: date
    official_until: date
    holidays: dict[date, str]

    @model_validator(mode="after")
    def _reaches_no_further_than_it_can(self) -> HolidayTable:
        if not 0 <= self.last.year - self.first.year <= MOST_YEARS:
            raise ValueError(f"covers {self.first} to {self.last}: should be up to {MOST_YEARS} years")
        return self

    def cut(self, first: date, last: date) -> HolidayTable:
        """The part of the table that one complaint needs, under the same version."""
        inside = {day: name for day, name in self.holidays.items() if first <= day <= last}
        return self.model_copy(update={"first": first, "last": last, "holidays": inside})

    def covers(self, other: HolidayTable) -> bool:
        """Whether every day that another table covers is covered by this one."""
        return self.first <= other.first and other.last <= self.last


class OutsideTable(ValueError):
    """A date that the calendar's table does not cover."""


class Skipped(NamedTuple):
    """A day that was passed over while counting, and why (`Saturday`, `Good Friday`)."""

    on: date
    why: str


class Differing(NamedTuple):
    """A day that is a holiday in one of two tables only; `now`: in the newer one."""

    on: date
    name: str
    now: bool

    def __str__(self) -> str:
        change = "is a bank holiday now" if self.now else "is no bank holiday any more"
        return f"{long_date(self.on)} ({self.name}) {change}"


class Calendar:
    """Counts days over one table. Every answer takes constant time.

    Dates are London dates. Day 0 is the date counted from, whatever day of the week it is.
    """

    __slots__ = ("_base", "_count", "_days", "table")

    def __init__(self, table: HolidayTable) -> None:
        self.table = table
        self._base = table.first.toordinal()
        closed = {day.toordinal() for day in table.holidays}
        # _days[k] is the k-th working day; _count[i] how many working days lie on or before day i.
        self._days: list[date] = []
        self._count: list[int] = []
        for ordinal in range(self._base, table.last.toordinal() + 1):
            if ordinal % 7 not in (6, 0) and ordinal not in closed:
                self._days.append(date.fromordinal(ordinal))
            self._count.append(len(self._days))

    @property
    def last_sure(self) -> date:
        """The last date from which a working day can still be found in the table."""
        return self._days[-1]

    @property
    def version(self) -> str:
        """The version of the table, as it stands in histories and on letters."""
        return self.table.version

    def add(self, start: date, working_days: int) -> date:
        """The date `working_days` (0 or more) after `start`; 0 gives `start` itself.

        Raises `OutsideTable` where the table ends before the answer.
        """
        if working_days == 0:
            return start
        try:
            return self._days[self._counted(start) + working_days - 1]
        except IndexError:
            raise self._outside(start) from None

    def before(self, start: date, working_days: int) -> date:
        """The date `working_days` before `start`: the last day that leaves so many, `start` not counted."""
        if working_days == 0:
            return start
        at = self._counted(start) - working_days
        if at >= 0 and self._days[at + working_days - 1] == start:
            at -= 1  # itself a working day, and not counted
        if at < 0:
            raise self._outside(start)
        return self._days[at]

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; negative the other way."""
        return self._counted(end) - self._counted(start)

    def is_working_day(self, day: date) -> bool:
        """Whether `day` counts."""
        counted = self._counted(day)
        return counted > 0 and self._days[counted - 1] == day

    def on_or_after(self, day: date) -> date:
        """`day` itself where it is a working day, else the next one."""
        return day if self.is_working_day(day) else self.add(day, 1)

    def is_provisional(self, day: date) -> bool:
        """Whether `day` lies beyond the last year with an official list of bank holidays."""
        return day > self.table.official_until

    def differs(self, newer: HolidayTable) -> list[Differing]:
        """The days that are holidays in one of the two tables only, where both reach."""
        ours, theirs = self.table.holidays, newer.holidays
        first, last = max(self.table.first, newer.first), min(self.table.last, newer.last)
        days = sorted(day for day in ours.keys() ^ theirs.keys() if first <= day <= last)
        return [Differing(day, ours.get(day) or theirs[day], day in theirs) for day in days]

    def skipped(self, first: date, last: date) -> list[Skipped]:
        """Every day from `first` to `last`, both included, that is no working day, and why."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [
            Skipped(day, self.table.holidays.get(day, f"{day:%A}"))
            for day in days
            if not self.is_working_day(day)
        ]

    def _counted(self, day: date) -> int:
        at = day.toordinal() - self._base
        if at < 0 or at >= len(self._count):
            raise self._outside(day)
        return self._count[at]

    def _outside(self, day: date) -> OutsideTable:
        table = self.table
        return OutsideTable(
            f"{day.isoformat()}: the calendar covers {table.first.isoformat()} to {table.last.isoformat()}"
        )


def differing_within(days: list[Differing], *dates: date) -> str:
    """The days for whose sake a due date moved, as people read them: those between the dates it hangs on."""
    within = [str(day) for day in days if min(dates) <= day.on <= max(dates)]
    more = f" and {len(within) - 2} more" if len(within) > 3 else ""
    return ", ".join(within[:2] if more else within) + more or "newer bank holidays"


_known: dict[str, Calendar] = {}


def calendar_for(table: HolidayTable) -> Calendar:
    """The calendar of a table, one object for each version and range however many complaints use it."""
    key = f"{table.version}:{table.first}:{table.last}"
    calendar = _known.get(key)
    if calendar is None or calendar.table != table:
        calendar = _known[key] = Calendar(table)
    return calendar


@lru_cache(maxsize=4096)
def long_date(day: date) -> str:
    """A date as people read it: `Fri 4 Dec 2026`."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def full_date(day: date) -> str:
    """A date in full, as letters say it: `Friday 4 December 2026`."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
