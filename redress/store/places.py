"""The places of all that is kept encrypted: by which table, column and row a value is bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from redress.security.encryption import Place

Columns = Mapping[str, Any] | RowMapping


class _Kept(NamedTuple):
    """The encrypted columns of a table, what tells a row from others, and what of it must not be changed."""

    columns: tuple[str, ...]
    row: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    of_complaint: bool = True
    """Whether `reference`, where the table has it, is whose the row is from the first."""


ENCRYPTED = {
    "complaint_references": _Kept(("opening",), bound=("authority", "source", "source_id")),
    "differing_openings": _Kept(("body",), ("content_hash",)),
    "directory": _Kept(("body",), ("authority", "number"), ("person", "change", "changed_by")),
    "documents": _Kept(("body",), ("document",), ("media_type", "state", "size")),
    "events": _Kept(("body",), ("key",), ("kind", "on_date")),
    "letters": _Kept(("envelope", "text"), ("key", "recipient")),
    "messages": _Kept(("reason",), ("seq",)),
    "refusals": _Kept(("reason",), ("number",)),
    "subscriptions": _Kept(("secret",), ("id",)),
    "unmatched_requests": _Kept(
        ("body",), ("request",), ("claimed", "action", "on_date"), of_complaint=False
    ),
    "waiting_openings": _Kept(("body",), ("receipt",), ("authority",)),
}
"""A subscription's former secret keeps the place it was encrypted for."""


def place_of(table: str, column: str, row: Columns) -> Place:
    """The place of a column's value in a row."""
    kept = ENCRYPTED[table]
    name = " ".join(str(row[each]) for each in kept.row)
    bound = tuple(str(row[each]) for each in kept.bound)
    reference = str(row["reference"]) if kept.of_complaint and "reference" in row else ""
    return Place(table, column, reference, name, bound)
