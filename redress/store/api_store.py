"""The API's own store: tokens, browser sessions, openings that wait, readings. Apart from the register."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Engine, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from redress.store.columns import Moment, optional, primary_key, required, serial
from redress.store.database import connect
from redress.store.schema import check

metadata = MetaData()

tokens = Table(
    "tokens",
    metadata,
    serial(),
    *required(String(100), "name"),
    *required(String(64), "digest"),
    *required(JSON, "roles"),
    *optional(String(100), "authority"),
    *required(String(20), "access"),
    *optional(JSON(none_as_null=True), "sources", "teams"),
    *required(Moment, "made_at"),
    *optional(Moment, "expires_at", "revoked_at"),
    UniqueConstraint("digest", name="one_token_a_digest"),
    Index("tokens_by_name", "name"),
)

sessions = Table(
    "sessions",
    metadata,
    *primary_key(String(64), "digest"),
    *optional(Integer, "token"),
    *required(String(200), "name", "identity"),
    *required(JSON, "roles"),
    *optional(String(100), "authority"),
    *required(Moment, "expires_at", "used_at"),
)

waiting = Table(
    "waiting_openings",
    metadata,
    serial(),
    *required(String(40), "receipt"),
    *required(String(64), "intake", "content"),
    *required(String(100), "authority"),
    *required(String(200), "caller"),
    *required(Moment, "kept_at", "next_at"),
    *optional(Moment, "done_at"),
    *optional(JSON(none_as_null=True), "body"),
    *optional(String(40), "reference"),
    *required(Boolean, "created", "differs"),
    *required(String(20), "state"),
    *required(Integer, "tries"),
    *required(Text, "problem"),
    UniqueConstraint("receipt", name="one_opening_a_receipt"),
    UniqueConstraint("intake", "content", name="one_opening_a_content"),
    Index("waiting_by_state", "state", "id"),
)

# Only added to: triggers (in the migrations) refuse every change, and every removal but that of entries which
# an entry with a later `removed_before` says were removed.
readings = Table(
    "readings",
    metadata,
    *primary_key(String(64), "id"),
    *required(Moment, "at"),
    *required(String(200), "reader", "roles"),
    *required(String(20), "reader_kind"),
    *required(String(100), "door"),
    *required(String(64), "complaints"),
    *optional(Moment, "removed_before"),
    Index("readings_by_time", "at", "id"),
    Index("readings_by_reader", "reader", "at"),
    Index("readings_by_complaints", "complaints", "at"),
)

# The complaints that a reading shows, by the digest of all of them: a list that is read each minute is kept
# once.
reading_complaints = Table(
    "reading_complaints",
    metadata,
    *primary_key(String(64), "complaints"),
    *primary_key(String(80), "reference"),
    *required(String(100), "authority"),
    Index("reading_complaints_by_reference", "reference", "complaints"),
    Index("reading_complaints_by_authority", "authority", "complaints"),
)


def open_store(url: str) -> Engine:
    """The store at a URL. What is written there has reached the disk. Raises `SchemaNotCurrent`."""
    engine = connect(url, synchronous="FULL")
    check(engine, "api_store")
    return engine
