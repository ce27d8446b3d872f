"""What the API's own database role may do in the register on PostgreSQL, where it has one.

It reads every table. It writes what callers bring and what it tells receivers, and can change nothing in a
complaint's record: that is the worker's, whose role owns the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import Connection, Engine, text

from redress.store import tables

Right = Literal["INSERT", "UPDATE", "DELETE"]

API_WRITES: Mapping[str, tuple[Right, ...]] = {
    tables.references.name: ("INSERT",),
    tables.counters.name: ("INSERT", "UPDATE"),
    tables.arrivals.name: ("INSERT",),
    tables.differing.name: ("INSERT", "UPDATE"),
    tables.documents.name: ("INSERT", "UPDATE"),
    tables.letters.name: ("UPDATE",),
    tables.notices.name: ("UPDATE",),
    tables.subscriptions.name: ("INSERT", "UPDATE"),
    tables.deliveries.name: ("INSERT", "UPDATE"),
    tables.unmatched.name: ("INSERT", "UPDATE", "DELETE"),
    tables.directory.name: ("INSERT",),
}
"""By table, beside reading it; docs/compose.md lists them."""


def grant_api_rights(engine: Engine, role: str) -> None:
    """Give a role these rights in the register and take all others from it; nothing on SQLite."""
    if engine.dialect.name != "postgresql":
        return
    with engine.begin() as db:
        name = db.dialect.identifier_preparer.quote(role)
        everything = "ALL TABLES IN SCHEMA public"
        _run(db, f"REVOKE ALL ON {everything} FROM {name}")
        _run(db, f"GRANT USAGE ON SCHEMA public TO {name}")
        _run(db, f"GRANT SELECT ON {everything} TO {name}")
        _run(db, f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
        for table, rights in API_WRITES.items():
            _run(db, f"GRANT {', '.join(rights)} ON {db.dialect.identifier_preparer.quote(table)} TO {name}")


def _run(db: Connection, statement: str) -> None:
    db.execute(text(statement))
