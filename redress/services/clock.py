"""Today, by the real clock. It is put on what comes without a date."""

from __future__ import annotations

from datetime import UTC, date, datetime

from redress.domain.london import london_date


def today() -> date:
    """Today's date in London."""
    return london_date(datetime.now(UTC))
