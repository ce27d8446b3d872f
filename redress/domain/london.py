"""London dates and UTC instants. The only place that knows the time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def london_date(instant: datetime) -> date:
    """The date in London at a UTC instant."""
    return instant.astimezone(LONDON).date()


@lru_cache(maxsize=4096)
def instant(day: date, at: str = "00:00") -> datetime:
    """The UTC instant of a time of day (`HH:MM`) in London, summer time or not."""
    hour, minute = at.split(":")
    local = datetime.combine(day, time(int(hour), int(minute)), tzinfo=LONDON)
    return local.astimezone(UTC)


def london_time(instant: datetime) -> str:
    """The time of day in London, `HH:MM`."""
    return f"{instant.astimezone(LONDON):%H:%M}"
