"""Answers for `due`: a date, whether it is provisional, and every day that was passed over."""

from __future__ import annotations

from datetime import date, timedelta

from redress.domain.calendar import OutsideTable, Skipped
from redress.procedures.bank_holidays import calendar_today


def due(
    start: date, days: int, *, calendar_days: bool = False, before: bool = False
) -> tuple[date, bool, list[Skipped]]:
    """The date `days` after (or before) `start`, by today's calendar.

    Raises `OutsideTable` where the calendar does not reach, `FileError` where its file is wrong.
    """
    calendar = calendar_today()
    if calendar_days:
        step = timedelta(days=-days if before else days)
        try:
            return start + step, False, []
        except OverflowError:
            raise OutsideTable("no calendar reaches that far") from None
    answer = calendar.before(start, days) if before else calendar.add(start, days)
    first, last = (answer, start) if before else (start, answer)
    skipped = [day for day in calendar.skipped(first, last) if day.on != start]
    return answer, calendar.is_provisional(max(start, answer)), skipped
