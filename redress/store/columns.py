"""The columns of the three stores. In a table those of one type stand together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator, TypeEngine

ColumnType = TypeEngine[Any] | type[TypeEngine[Any]]


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, also from SQLite, which keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What was kept, with its time zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def required(kind: ColumnType, *names: str) -> list[Column[Any]]:
    """Columns of a type that always hold something."""
    return [Column(name, kind, nullable=False) for name in names]


def optional(kind: ColumnType, *names: str) -> list[Column[Any]]:
    """Columns of a type that may be empty."""
    return [Column(name, kind) for name in names]


def primary_key(kind: ColumnType, *names: str) -> list[Column[Any]]:
    """Columns of a type by which a row is known."""
    return [Column(name, kind, primary_key=True) for name in names]


def serial() -> Column[int]:
    """The key of a table whose rows are numbered as they come."""
    return Column("id", Integer, primary_key=True, autoincrement=True)
