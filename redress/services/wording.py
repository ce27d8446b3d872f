"""Codes and dates of a status in words for people."""

from __future__ import annotations

from datetime import date

from redress.domain.calendar import long_date
from redress.domain.sentences import in_days


def words(code: object) -> str:
    """`stage_2` as `stage 2`."""
    return str(code).replace("_", " ")


def day(iso: str | None) -> str:
    """An ISO date as `Fri 4 Dec 2026`; empty for none."""
    return long_date(date.fromisoformat(iso)) if iso else ""


def late(days: int, unit: str) -> str:
    """`3 working days late`."""
    return f"{in_days(days, unit)} late"


def about(letter: object) -> str:
    """Which limit a letter of a status is about, where it is about one."""
    return f" ({letter['about']})" if isinstance(letter, dict) and letter.get("about") else ""
