"""The API's own store: tokens, browser sessions, and openings that wait. Apart from the register."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from redress.store.database import connect
from redress.store.database import utc as utc
from redress.store.schema import check

metadata = MetaData()

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("authority", String(100)),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    UniqueConstraint("digest", name="one_token_a_digest"),
    Index("tokens_by_name", "name"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("token", Integer),
    Column("name", String(200), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("authority", String(100)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

waiting = Table(
    "waiting_openings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("receipt", String(40), nullable=False),
    Column("intake", String(64), nullable=False),
    Column("authority", String(100), nullable=False),
    Column("caller", String(200), nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    Column("body", JSON),
    Column("reference", String(40)),
    Column("created", Boolean, nullable=False),
    Column("differs", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("problem", Text, nullable=False),
    UniqueConstraint("receipt", name="one_opening_a_receipt"),
    UniqueConstraint("intake", name="one_opening_an_intake"),
    Index("waiting_by_state", "state", "id"),
)


def open_store(url: str) -> Engine:
    """The store at a URL. What is written there has reached the disk. Raises `SchemaNotCurrent`."""
    engine = connect(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _settle(connection: Any, _record: object) -> None:
            connection.cursor().execute("PRAGMA synchronous=FULL").close()

    check(engine, "api_store")
    return engine
