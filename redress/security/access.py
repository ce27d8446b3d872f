"""The roles of callers. An endpoint says itself which of them may use it, a message who may send it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Role = Literal["intake", "team_manager", "staff", "complaints_manager", "reader", "codec"]

Access = Literal["brought", "authority"]
"""What the role `intake` reaches: what this very caller brought, or all of its authority."""

ROLES: tuple[Role, ...] = get_args(Role)

ACCESSES: tuple[Access, ...] = get_args(Access)

WHAT_ROLES_ARE: dict[Role, str] = {
    "intake": "a system that people write into: opens, and passes on what the person says; reads dates only",
    "team_manager": "somebody who manages teams: drafts, and reads everything, of their complaints alone",
    "staff": "a tool that caseworkers use: reads everything, does the daily work",
    "complaints_manager": "the same, and what the Complaints Manager decides; looks after webhooks",
    "reader": "a report, a screen on the wall, Prometheus: dates, states and counts, nothing personal",
    "codec": "the Temporal UI and command: reads and writes payloads, nothing else",
}

INTAKE: frozenset[Role] = frozenset({"intake"})
STAFF: frozenset[Role] = frozenset({"staff", "complaints_manager"})
MANAGER: frozenset[Role] = frozenset({"complaints_manager"})
READERS: frozenset[Role] = STAFF | {"reader"}
METRICS: frozenset[Role] = frozenset({"reader"})
CODEC: frozenset[Role] = frozenset({"codec"})
TEAMS: frozenset[Role] = frozenset({"team_manager"})
CASEWORK: frozenset[Role] = STAFF | TEAMS
"""For what names one complaint, or lists those that the caller reaches: a team manager's teams' alone."""

EVERYBODY: frozenset[Role] = READERS | INTAKE | TEAMS

READS_TEXT: frozenset[Role] = CASEWORK
"""Roles that read what people wrote."""

BRINGS_CASES: frozenset[Role] = MANAGER
"""Roles that bring a case already under way: its messages could be any, decisions included."""


def effective(roles: Iterable[Role]) -> frozenset[Role]:
    """The roles that somebody has of those named: what limits a team manager limits all that they do.

    Beside a role of the whole authority's staff it is no limit, and counts for nothing; beside any other it
    stands alone.
    """
    named = frozenset(roles)
    if not named & TEAMS:
        return named
    return named - TEAMS if named & STAFF else TEAMS
