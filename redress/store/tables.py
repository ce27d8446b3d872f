"""The register's tables. `events` is the record, append-only; the others are projected from it."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Date, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from redress.store.columns import Moment, optional, primary_key, required, serial

metadata = MetaData()

references = Table(
    "complaint_references",
    metadata,
    *primary_key(String(40), "reference"),
    *required(String(100), "authority"),
    *required(String(200), "source", "source_id"),
    *required(String(64), "content_hash"),
    *required(JSON, "opening"),
    *required(Moment, "reserved_at"),
    UniqueConstraint("authority", "source", "source_id", name="one_reference_an_intake"),
)

calendars = Table("calendars", metadata, *primary_key(String(64), "digest"), *required(JSON, "holidays"))

differing = Table(
    "differing_openings",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "number"),
    *required(String(64), "content_hash"),
    *required(String(200), "caller"),
    *required(Moment, "arrived_at"),
    *required(String(20), "state"),
    *required(Integer, "times"),
    *optional(JSON(none_as_null=True), "body"),
    UniqueConstraint("reference", "content_hash", name="one_row_a_content"),
)

counters = Table("counters", metadata, *primary_key(String(40), "series"), *required(Integer, "last"))

terms = Table("terms", metadata, *primary_key(String(64), "digest"), *required(Text, "packed"))

events = Table(
    "events",
    metadata,
    serial(),
    *required(String(40), "reference"),
    *required(String(400), "key"),
    *required(String(20), "kind"),
    # In the order they were received, from 1 within a complaint; `chain` binds each to all before it.
    *required(Integer, "number"),
    *required(String(64), "chain"),
    *required(Date, "on_date"),
    *required(Moment, "recorded_at"),
    *required(JSON, "body"),
    UniqueConstraint("reference", "key", name="one_event_a_step"),
    UniqueConstraint("reference", "number", name="one_event_a_number"),
    Index("events_by_reference", "reference", "id"),
    Index("events_by_kind", "kind", "reference"),
)

complaints = Table(
    "complaints",
    metadata,
    *primary_key(String(40), "reference"),
    *required(String(100), "authority"),
    *required(String(40), "procedure", "kind", "waiting_for"),
    *required(String(20), "state", "stage"),
    *required(Date, "received_on"),
    *optional(Date, "next_due_on", "late_since", "closed_on"),
    *optional(String(20), "closed_as"),
    *optional(String(40), "duplicate_of"),
    # Keyed digests of the teams it is about, so that lists can be filtered by any; empty: none.
    *required(Text, "teams"),
    *required(Boolean, "overdue"),
    # Whether it stands in lists of open complaints: closed ones of which something is still owed do.
    *required(Boolean, "is_listed"),
    # The last day on which this row, and what is owed in `deadlines`, is right without a word from anybody.
    *required(Date, "good_until"),
    *required(String(64), "calendar"),
    Index("complaints_listed", "is_listed", "reference"),
    Index("complaints_by_authority", "authority", "reference"),
    Index("complaints_good_until", "is_listed", "good_until"),
)

deadlines = Table(
    "deadlines",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "number"),
    *required(String(40), "owner"),
    *required(String(60), "name"),
    *required(String(20), "stage", "kind", "state", "unit"),
    *required(Date, "counts_from", "due_on", "due_on_without_pause"),
    # `excused_until`: the later day that the complainant asked for; until then it is not late.
    *optional(Date, "met_on", "paused_on", "excused_until"),
    # `rested`: the days that passed in pauses while it was late already.
    *required(Integer, "days", "days_late", "days_late_without_pause", "rested", "breaches"),
    *required(Text, "source"),
    # `is_owed`: whether somebody still owes it: it runs, late or not, and is not paused.
    *required(Boolean, "provisional", "is_owed"),
    Index("deadlines_owed", "is_owed", "reference", "name", "number"),
)

letters = Table(
    "letters",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(String(400), "key"),
    *primary_key(String(40), "recipient"),
    *required(String(60), "letter"),
    *required(String(20), "state"),
    *required(Date, "on_date"),
    # `position`: in the order of their causes, within a complaint; 0 while a letter is not written yet.
    *required(Integer, "position", "round", "attempts"),
    # What is personal, encrypted; none of it while a letter could not be written, nor once it is erased.
    *optional(JSON(none_as_null=True), "envelope"),
    *optional(Text, "text"),
    *optional(String(10), "means", "channel"),
    *optional(String(32), "claim"),
    *optional(String(200), "reason"),
    # The kinds of documents that it waits for, by commas.
    *optional(String(400), "waits_for"),
    *optional(String(400), "place"),
    *optional(Moment, "sent_at", "tried_at", "claimed_at", "raised_at"),
    Index("letters_by_state", "state", "reference"),
)

digests = Table(
    "digests",
    metadata,
    *primary_key(String(100), "authority"),
    # A keyed digest of the mailbox: it may be a person's.
    *primary_key(String(64), "mailbox"),
    *primary_key(Date, "on_date"),
    # `digest`, or `urgent`: what cannot wait for it.
    *primary_key(String(10), "kind"),
    # `sending`, then `sent`, `unsure` (never sent again) or `failed`; gone again where it has not left.
    *required(String(20), "state"),
    *required(Integer, "cases"),
    *required(Moment, "claimed_at"),
    *optional(String(200), "reason"),
    *optional(String(400), "place"),
)

appointments = Table(
    "appointments",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "number"),
    *required(String(40), "role", "connection"),
    *required(Date, "on_date"),
    *optional(Date, "until"),
)

messages = Table(
    "messages",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "seq"),
    *required(String(40), "action"),
    *required(String(250), "message_id"),
    *required(Date, "on_date"),
    # `in_clear`: it came unencrypted though there are keys.
    *required(Boolean, "assumed", "in_clear"),
    *required(String(20), "outcome"),
    *required(Text, "reason"),
)

findings = Table(
    "findings",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "number"),
    *required(Integer, "point"),
    *required(String(20), "stage", "outcome"),
    *required(Date, "on_date"),
)

refusals = Table(
    "refusals",
    metadata,
    *primary_key(String(40), "reference"),
    *primary_key(Integer, "number"),
    *optional(String(250), "message_id"),
    *required(String(200), "action"),
    *required(Date, "on_date"),
    *required(Boolean, "in_clear"),
    *required(Text, "reason"),
)

arrivals = Table(
    "arrivals",
    metadata,
    *primary_key(String(40), "reference"),
    *required(String(200), "caller"),
    *required(Moment, "arrived_at"),
)

notices = Table(
    "notices",
    metadata,
    serial(),
    *required(String(40), "reference", "event"),
    *required(String(400), "key"),
    *required(String(100), "authority"),
    *required(Moment, "noticed_at"),
    *required(JSON, "body"),
    *required(Boolean, "fanned_out"),
    UniqueConstraint("reference", "key", name="one_notice_an_event"),
    Index("notices_to_fan_out", "fanned_out", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    *primary_key(String(40), "id"),
    *required(String(2000), "url"),
    *optional(String(100), "authority"),
    *required(JSON, "events"),
    *required(Text, "secret"),
    *optional(Text, "former_secret"),
    *required(String(200), "made_by"),
    *required(Moment, "made_at"),
    *optional(Moment, "former_until", "ended_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    *primary_key(String(40), "subscription"),
    *primary_key(Integer, "notice"),
    *required(Integer, "tries"),
    *required(String(20), "state"),
    *required(Moment, "next_at"),
    *required(String(100), "last_answer"),
    Index("deliveries_by_next", "state", "next_at"),
)

unmatched = Table(
    "unmatched_requests",
    metadata,
    serial(),
    *required(String(40), "request", "claimed", "action", "state"),
    *required(String(64), "digest"),
    *required(String(200), "caller", "caller_name"),
    *optional(String(100), "authority"),
    *required(Date, "on_date"),
    *required(Moment, "received_at"),
    # Encrypted under a key of its own, which the complaint takes over that it is matched to.
    *optional(JSON(none_as_null=True), "body"),
    # The complaint that it is matched to; `claimed` is the one that the caller named.
    *optional(String(40), "reference"),
    *optional(String(200), "decided_by"),
    *optional(Moment, "decided_at"),
    UniqueConstraint("request", name="one_unmatched_a_request"),
    UniqueConstraint("digest", name="one_unmatched_a_message"),
    Index("unmatched_by_state", "state", "id"),
    Index("unmatched_by_caller", "caller", "state"),
)

# Each change to an authority's directory, append-only: the newest of a person is who they are now.
directory = Table(
    "directory",
    metadata,
    *primary_key(String(100), "authority"),
    *primary_key(Integer, "number"),
    *required(String(40), "person"),
    *required(String(20), "change"),
    *required(String(200), "changed_by"),
    *required(Moment, "changed_at"),
    # Encrypted under the authority's own key.
    *required(JSON, "body"),
    Index("directory_by_person", "person", "number"),
)

documents = Table(
    "documents",
    metadata,
    *primary_key(String(40), "reference"),
    # What its file is called in the document store: a keyed digest of what is in it.
    *primary_key(String(32), "document"),
    *required(String(200), "caller"),
    *required(Moment, "attached_at"),
    *required(String(100), "media_type"),
    *required(String(20), "state"),
    *required(Integer, "size"),
    # Its name, kind, and what it is attached to, encrypted.
    *required(JSON, "body"),
)
