"""The tables of version 1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.create_table(
        "reading_complaints",
        sa.Column("complaints", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("complaints", "reference"),
    )
    op.create_index("reading_complaints_by_authority", "reading_complaints", ["authority", "complaints"])
    op.create_index("reading_complaints_by_reference", "reading_complaints", ["reference", "complaints"])
    op.create_table(
        "readings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reader", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.String(length=200), nullable=False),
        sa.Column("reader_kind", sa.String(length=20), nullable=False),
        sa.Column("door", sa.String(length=100), nullable=False),
        sa.Column("complaints", sa.String(length=64), nullable=False),
        sa.Column("removed_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("readings_by_complaints", "readings", ["complaints", "at"])
    op.create_index("readings_by_reader", "readings", ["reader", "at"])
    op.create_index("readings_by_time", "readings", ["at", "id"])
    _let_readings_only_be_added_to(op.get_bind().dialect.name)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=True),
        sa.Column("access", sa.String(length=20), nullable=False),
        sa.Column("sources", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("teams", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest", name="one_token_a_digest"),
    )
    op.create_index("tokens_by_name", "tokens", ["name"])
    op.create_table(
        "waiting_openings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("intake", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=False),
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=True),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("intake", "content", name="one_opening_a_content"),
        sa.UniqueConstraint("receipt", name="one_opening_a_receipt"),
    )
    op.create_index("waiting_by_state", "waiting_openings", ["state", "id"])


MAY_BE_REMOVED = {
    "readings": "EXISTS (SELECT 1 FROM readings WHERE removed_before > OLD.at)",
    "reading_complaints": "NOT EXISTS (SELECT 1 FROM readings WHERE complaints = OLD.complaints)",
}
"""When a row may be removed: an entry says that it was; no entry names that list of complaints any more."""


def _let_readings_only_be_added_to(dialect: str) -> None:
    """Triggers that refuse every change of a reading, and every removal that no entry tells of."""
    for table, condition in MAY_BE_REMOVED.items():
        if dialect == "postgresql":
            op.execute(
                f"CREATE FUNCTION {table}_only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF TG_OP = 'DELETE' THEN IF {condition} THEN RETURN OLD; END IF; END IF; "
                f"RAISE EXCEPTION '{table} are only added to'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_only_added()"
            )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} are only added to'); END"
        op.execute(f"CREATE TRIGGER {table}_not_changed BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} WHEN NOT ({condition}) {refuse}")
