"""The register's tables. `events` is the record, append-only; the others are projected from it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

references = Table(
    "complaint_references",
    metadata,
    Column("reference", String(40), primary_key=True),
    Column("authority", String(100), nullable=False),
    Column("source", String(200), nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("opening", JSON, nullable=False),
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("authority", "source", "source_id", name="one_reference_an_intake"),
)

calendars = Table(
    "calendars",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("holidays", JSON, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("series", String(40), primary_key=True),
    Column("last", Integer, nullable=False),
)

terms = Table(
    "terms",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("packed", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reference", String(40), nullable=False),
    Column("key", String(400), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("body", JSON, nullable=False),
    UniqueConstraint("reference", "key", name="one_event_a_step"),
    Index("events_by_reference", "reference", "id"),
    Index("events_by_kind", "kind", "reference"),
)

complaints = Table(
    "complaints",
    metadata,
    Column("reference", String(40), primary_key=True),
    Column("authority", String(100), nullable=False),
    Column("procedure", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("received_on", Date, nullable=False),
    Column("next_due_on", Date),
    Column("waiting_for", String(40), nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("closed_on", Date),
    Column("closed_as", String(20)),
    # Whether it stands in lists of open complaints: closed ones of which something is still owed do.
    Column("is_listed", Boolean, nullable=False),
    # The last day on which this row, and what is owed in `deadlines`, is right without a word from anybody.
    Column("good_until", Date, nullable=False),
    Column("calendar", String(64), nullable=False),
    Index("complaints_listed", "is_listed", "reference"),
    Index("complaints_by_authority", "authority", "reference"),
    Index("complaints_good_until", "is_listed", "good_until"),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("reference", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String(60), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("counts_from", Date, nullable=False),
    Column("days", Integer, nullable=False),
    Column("unit", String(20), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("met_on", Date),
    Column("state", String(20), nullable=False),
    Column("days_late", Integer, nullable=False),
    Column("breaches", Integer, nullable=False),
    Column("source", Text, nullable=False),
    # Whether somebody still owes it: it runs, late or not, and is not paused.
    Column("is_owed", Boolean, nullable=False),
    PrimaryKeyConstraint("reference", "number"),
    Index("deadlines_owed", "is_owed", "reference", "name", "number"),
)

letters = Table(
    "letters",
    metadata,
    Column("reference", String(40), nullable=False),
    Column("key", String(400), nullable=False),
    Column("recipient", String(40), nullable=False),
    # In the order of their causes, within a complaint; 0 while a letter is not written yet.
    Column("position", Integer, nullable=False),
    Column("letter", String(60), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("place", String(400)),
    Column("sent_at", DateTime(timezone=True)),
    # What is personal, encrypted; none of it while a letter could not be written, nor once it is erased.
    Column("envelope", JSON(none_as_null=True)),
    Column("text", Text),
    Column("means", String(10)),
    Column("channel", String(10)),
    Column("round", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", DateTime(timezone=True)),
    Column("claim", String(32)),
    Column("claimed_at", DateTime(timezone=True)),
    Column("reason", String(200)),
    Column("raised_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("reference", "key", "recipient"),
    Index("letters_by_state", "state", "reference"),
)

appointments = Table(
    "appointments",
    metadata,
    Column("reference", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("role", String(40), nullable=False),
    Column("connection", String(40), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("until", Date),
    PrimaryKeyConstraint("reference", "number"),
)

messages = Table(
    "messages",
    metadata,
    Column("reference", String(40), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("message_id", String(250), nullable=False),
    Column("action", String(40), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("assumed", Boolean, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("reference", "seq"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("reference", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("message_id", String(250)),
    Column("action", String(200), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("reference", "number"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("reference", String(40), primary_key=True),
    Column("caller", String(200), nullable=False),
    Column("arrived_at", DateTime(timezone=True), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reference", String(40), nullable=False),
    Column("key", String(400), nullable=False),
    Column("authority", String(100), nullable=False),
    Column("event", String(40), nullable=False),
    Column("noticed_at", DateTime(timezone=True), nullable=False),
    Column("body", JSON, nullable=False),
    Column("fanned_out", Boolean, nullable=False),
    UniqueConstraint("reference", "key", name="one_notice_an_event"),
    Index("notices_to_fan_out", "fanned_out", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("authority", String(100)),
    Column("events", JSON, nullable=False),
    Column("secret", Text, nullable=False),
    Column("former_secret", Text),
    Column("former_until", DateTime(timezone=True)),
    Column("made_by", String(200), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("subscription", String(40), nullable=False),
    Column("notice", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("last_answer", String(100), nullable=False),
    PrimaryKeyConstraint("subscription", "notice"),
    Index("deliveries_by_next", "state", "next_at"),
)
