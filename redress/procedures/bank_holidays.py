"""Today's table of England's bank holidays: the `holidays` package, and what it does not know yet.

Kept apart from `redress.domain.calendar`, so that workflow code never imports the package: a library
update must not move a running complaint's dates (docs/decisions/0003, 0010).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import holidays
from pydantic import model_validator

from redress.domain.calendar import Calendar, HolidayTable, calendar_for, long_date
from redress.domain.fields import Day, Short
from redress.domain.procedure import Data
from redress.procedures.files import FileError, checked, read_toml

OFFICIAL_UNTIL = date(2028, 12, 31)
"""The last day that the government's published list covers (GOV.UK, bank holidays, England and Wales)."""

FIRST_YEAR, LAST_YEAR = 1990, 2075

FILE = Path(__file__).resolve().parent / "data" / "bank-holidays.toml"
"""The days that the package does not know yet."""

SETTING = "REDRESS_BANK_HOLIDAYS"
"""Names another file (`redress.settings` has it among all settings)."""


class Proclaimed(Data):
    """A day from Monday to Friday that has been made a bank holiday."""

    on: Day
    name: Short
    source: Short


class Withdrawn(Data):
    """A bank holiday of the package's list that is none: moved to another day, or revoked."""

    on: Day
    source: Short


class BankHolidays(Data):
    """What the file says, over the package's list."""

    proclaimed: list[Proclaimed] = []
    withdrawn: list[Withdrawn] = []

    @model_validator(mode="after")
    def _each_day_once(self) -> BankHolidays:
        named = Counter([*(day.on for day in self.proclaimed), *(day.on for day in self.withdrawn)])
        wrong = [f"{long_date(day)} stands twice" for day, times in named.items() if times > 1]
        for day in named:
            if day.weekday() >= 5:
                wrong.append(f"{long_date(day)} is a weekend: name the day that is taken instead of it")
            if not FIRST_YEAR <= day.year <= LAST_YEAR:
                wrong.append(f"{long_date(day)}: the calendar covers {FIRST_YEAR} to {LAST_YEAR}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


@lru_cache(maxsize=1)
def holiday_table() -> HolidayTable:
    """The whole table, as this process found it. Raises `FileError` where the file is wrong."""
    return table_with(Path(os.environ.get(SETTING) or FILE))


def table_with(file: Path) -> HolidayTable:
    """The table that a file of proclaimed and withdrawn days makes; its version names package and content."""
    changes = checked(BankHolidays, read_toml(file), file.name)
    days = _listed()
    unknown = [long_date(withdrawn.on) for withdrawn in changes.withdrawn if withdrawn.on not in days]
    if unknown:
        what = "is no bank holiday in the list: take it out"
        raise FileError("\n".join(f"{file.name}: withdrawn: {day} {what}" for day in unknown))
    for withdrawn in changes.withdrawn:
        del days[withdrawn.on]
    days |= {proclaimed.on: proclaimed.name for proclaimed in changes.proclaimed}
    days = dict(sorted(days.items()))
    content = "".join(f"{day}{name}" for day, name in days.items()) + f"until {OFFICIAL_UNTIL}"
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return HolidayTable(
        version=f"england-{version('holidays')}-{digest}",
        first=date(FIRST_YEAR, 1, 1),
        last=date(LAST_YEAR, 12, 31),
        official_until=OFFICIAL_UNTIL,
        holidays=days,
    )


def _listed() -> dict[date, str]:
    """The package's list: every bank holiday from Monday to Friday, by its English name."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    named = holidays.country_holidays("GB", subdiv="ENG", years=years, language="en_GB")
    # GOV.UK calls a holiday that was moved a substitute day.
    return {day: named[day].replace("(observed)", "(substitute day)") for day in named if day.weekday() < 5}


def calendar_today() -> Calendar:
    """The calendar for questions that belong to no complaint (`starter.py due`)."""
    return calendar_for(holiday_table())
