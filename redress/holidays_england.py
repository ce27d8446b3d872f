"""Today's table of England's bank holidays, from the `holidays` package.

Kept apart from `redress.calendar`, so that workflow code never imports the package: a library
update must not move a running complaint's dates (docs/decisions/0003).
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from importlib.metadata import version

import holidays

from redress.calendar import Calendar, HolidayTable, calendar_for

OFFICIAL_UNTIL = date(2028, 12, 31)
"""The last day that the government's published list covers (GOV.UK, bank holidays, England and Wales)."""

FIRST_YEAR, LAST_YEAR = 1990, 2075


@lru_cache(maxsize=1)
def holiday_table() -> HolidayTable:
    """The whole table; its version names the package and the content."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    named = holidays.country_holidays("GB", subdiv="ENG", years=years, language="en_GB")
    weekdays = {day: _in_english(named[day]) for day in sorted(named) if day.weekday() < 5}
    content = "".join(f"{day}{name}" for day, name in weekdays.items())
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return HolidayTable(
        version=f"england-{version('holidays')}-{digest}",
        first=date(FIRST_YEAR, 1, 1),
        last=date(LAST_YEAR, 12, 31),
        official_until=OFFICIAL_UNTIL,
        holidays=weekdays,
    )


def _in_english(name: str) -> str:
    """The name as GOV.UK has it: a moved holiday is a substitute day."""
    return str(name).replace("(observed)", "(substitute day)")


def calendar_today() -> Calendar:
    """The calendar for questions that belong to no complaint (`starter.py due`)."""
    return calendar_for(holiday_table())
