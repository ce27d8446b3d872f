"""Connecting to a store: an SQLite file by default, any SQLAlchemy URL by setting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import OperationalError
from time import sleep
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    false,
    make_url,
    or_,
)
from sqlalchemy.dialects import postgresql, sqlite


def connect(url: str, *, synchronous: Literal["NORMAL", "FULL"] = "NORMAL") -> Engine:
    """An engine for the store at `url`; on SQLite the folder is made and writers wait for each other.

    `synchronous`: with `FULL`, what is committed on SQLite has reached the disk.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        wait = {} if "connect_timeout" in parsed.query else {"connect_timeout": 5}
        pool: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}
        return create_engine(parsed, connect_args=wait, hide_parameters=True, **pool)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(parsed, connect_args={"timeout": 5}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # Python begins no transaction by itself: `writing` does
        cursor = connection.cursor()
        _use_a_log(cursor)
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA secure_delete=ON")  # what is overwritten leaves no trace in the file
        cursor.close()

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes. Who only reads needs none: each statement sees what was committed before it.

    On SQLite it waits at its start for other writers: a reader that turned writer half-way would fail.
    """
    with engine.begin() as db:
        if db.dialect.name == "sqlite":
            db.exec_driver_sql("BEGIN IMMEDIATE")
        yield db


def _use_a_log(cursor: Any) -> None:
    """Let readers and a writer work side by side. Of several that make the file at once, one can say so."""
    for _ in range(50):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except OperationalError:
            sleep(0.05)
    cursor.execute("PRAGMA journal_mode=WAL")


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column has one of a few values; SQLAlchemy writes `IN` anew each time that it is run."""
    return or_(false(), *(column == value for value in values))


def insert_new(db: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows that are not there yet, by any of the table's keys; gives how many those were."""
    return db.execute(_insert(db.dialect.name, table, updates=False), rows).rowcount


def upsert(db: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or bring those with the same primary key up to date."""
    db.execute(_insert(db.dialect.name, table, updates=True), rows)


def count_up(db: Connection, table: Table, **key: str) -> int:
    """Add one to the column `last` of the row of a key, made where there is none; gives what it is then."""
    return int(db.execute(_count(db.dialect.name, table), {**key, "last": 1}).scalar_one())


@cache
def _count(dialect: str, table: Table) -> Executable:
    statement: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    counted: Executable = statement.on_conflict_do_update(
        index_elements=key, set_={"last": table.c.last + 1}
    ).returning(table.c.last)
    return counted


@cache
def _insert(dialect: str, table: Table, *, updates: bool) -> Executable:
    # Both databases say it in the same words, each in its own dialect's module.
    statement: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    rest = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
    inserted: Executable = (
        statement.on_conflict_do_update(index_elements=key, set_=rest)
        if updates
        else statement.on_conflict_do_nothing()
    )
    return inserted
