"""The search attributes of a complaint, in one place: worker, tests, embedded server and compose read it.

None holds personal data: search attributes are never encrypted.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from temporalio.common import SearchAttributeKey

AUTHORITY = SearchAttributeKey.for_keyword("Authority")
PROCEDURE = SearchAttributeKey.for_keyword("Procedure")
STAGE = SearchAttributeKey.for_keyword("Stage")
STATE = SearchAttributeKey.for_keyword("State")
WAITING_FOR = SearchAttributeKey.for_keyword("WaitingFor")
NEXT_DUE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("NextDue")
OVERDUE = SearchAttributeKey.for_bool("Overdue")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey, ...] = (  # type: ignore[type-arg]  # keys of several value types
    AUTHORITY,
    PROCEDURE,
    STAGE,
    STATE,
    WAITING_FOR,
    NEXT_DUE,
    OVERDUE,
)

TYPE_NAMES = {key.name: key.indexed_value_type.name.title() for key in SEARCH_ATTRIBUTES}
"""Name to type as the `temporal` command writes it: `Keyword`, `Datetime`, `Bool`."""

RUNNING = "ExecutionStatus = 'Running'"
"""In every list of open work: a run that went on as a new one keeps its last search attributes."""

ALL_OVERDUE = f"{OVERDUE.name} = true AND {RUNNING}"


def waiting_for(owner: str) -> str:
    """The query for what waits for a role."""
    return f"{WAITING_FOR.name} = '{owner}' AND {RUNNING}"


def list_path(namespace: str, query: str) -> str:
    """Where the Temporal UI lists what a query finds, from the root of its address."""
    return f"/namespaces/{namespace}/workflows?query={quote(query)}"
