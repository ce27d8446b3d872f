"""The bank holidays that complaints count by, each table once: lists count days late without their rules."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from redress.domain.calendar import Calendar, HolidayTable, calendar_for
from redress.store import tables
from redress.store.database import insert_new

_KEPT = select(tables.calendars.c.digest).where(tables.calendars.c.digest == bindparam("digest"))


def keep_calendar(db: Connection, calendar: Calendar, kept: str = "") -> str:
    """Keep a calendar once for all complaints that count by it; gives the digest it is found by.

    `kept`: the digest of one that is there.
    """
    digest = _digest(calendar)
    if digest != kept and db.execute(_KEPT, {"digest": digest}).first() is None:
        insert_new(
            db, tables.calendars, [{"digest": digest, "holidays": calendar.table.model_dump(mode="json")}]
        )
    return digest


def calendars(db: Connection, digests: set[str]) -> dict[str, Calendar]:
    """Calendars by digest."""
    if not digests:
        return {}
    table = tables.calendars
    rows = db.execute(select(table).where(table.c.digest.in_(digests)))
    return {row.digest: calendar_for(HolidayTable.model_validate(row.holidays)) for row in rows}


@lru_cache(maxsize=64)
def _digest(calendar: Calendar) -> str:
    return hashlib.sha256(calendar.table.model_dump_json().encode()).hexdigest()
