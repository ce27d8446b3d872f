"""Who may do what: the one table that is enforced, shown in the documentation and walked by the tests.

What is not in it is open to nobody.
"""

from __future__ import annotations

from typing import Literal, get_args

from redress.domain.messages import MESSAGES

Role = Literal["intake", "staff", "complaints_manager", "reader", "codec"]

ROLES: tuple[Role, ...] = get_args(Role)

WHAT_ROLES_ARE: dict[Role, str] = {
    "intake": "a system that people write into: opens, and passes on what the person says; reads dates only",
    "staff": "a tool that caseworkers use: reads everything, does the daily work",
    "complaints_manager": "the same, and what the Complaints Manager decides; looks after webhooks",
    "reader": "a report, a screen on the wall, Prometheus: dates, states and counts, nothing personal",
    "codec": "the Temporal UI and command: reads and writes payloads, nothing else",
}

INTAKE: frozenset[Role] = frozenset({"intake"})
STAFF: frozenset[Role] = frozenset({"staff", "complaints_manager"})
MANAGER: frozenset[Role] = frozenset({"complaints_manager"})
READERS: frozenset[Role] = STAFF | {"reader"}
EVERYBODY: frozenset[Role] = READERS | INTAKE

SAID_BY_THE_PERSON = frozenset({"escalate", "withdraw", "set_advocate", "add_note"})
"""Messages that an intake system passes on: what the person asks for or says."""

SAID_BY_THE_AUTHORITY: dict[str, frozenset[str]] = {"escalate": frozenset({"agreed_by_authority"})}
"""Fields of such messages that only the authority itself can say: its staff, not an intake system."""

DECIDED_BY_THE_MANAGER = frozenset(
    {"decline", "decide_late", "close", "reopen", "split", "restrict_contact", "correct"}
)
"""Messages that take something away from the person, or put the record right."""


def _who_may_send(action: str) -> frozenset[Role]:
    if action in DECIDED_BY_THE_MANAGER:
        return MANAGER
    return STAFF | INTAKE if action in SAID_BY_THE_PERSON else STAFF


ACCESS: dict[str, frozenset[Role]] = {
    "open_complaint": STAFF | INTAKE,
    "read_receipt": STAFF | INTAKE,
    "list_complaints": READERS,
    "read_complaint": STAFF,
    "read_standing": EVERYBODY,
    "follow_changes": READERS,
    "list_due": READERS,
    "count_days": EVERYBODY,
    "make_webhook": MANAGER,
    "list_webhooks": MANAGER,
    "read_webhook": MANAGER,
    "end_webhook": MANAGER,
    "renew_webhook_secret": MANAGER,
    "retry_webhook": MANAGER,
    "metrics": frozenset({"reader"}),
    "codec_encode": frozenset({"codec"}),
    "codec_decode": frozenset({"codec"}),
    **{f"send_{action}": _who_may_send(action) for action in MESSAGES},
}
"""Operation to the roles that reach it."""

OPEN: frozenset[str] = frozenset(
    {"healthz", "readyz", "openapi", "docs", "codec_login_page", "codec_login", "codec_logout"}
)
"""Operations that need no token. None of them shows anything of a complaint."""

READS_TEXT: frozenset[Role] = STAFF
"""Roles that read what people wrote."""

BRINGS_CASES: frozenset[Role] = MANAGER
"""Roles that bring a case already under way: its messages could be any, decisions included."""
