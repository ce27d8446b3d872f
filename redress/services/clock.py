"""Today, by the real clock. It is put on what comes without a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from redress.domain.london import london_date

GRACE = timedelta(minutes=1)
"""How far this clock may be behind the sender's without anybody being told that a date lies in the future."""


def today() -> date:
    """Today's date in London."""
    return london_date(datetime.now(UTC))


def latest_today() -> date:
    """The London date by a clock that is a little ahead of this one: what dates are judged by."""
    return london_date(datetime.now(UTC) + GRACE)
