"""What was struck out: managers read what it said; in lists and files of a person only that something was."""

from __future__ import annotations

from typing import Any

from redress.domain.case import Case
from redress.domain.status import Status
from redress.store.register import Register

SAYS_NO_MORE = ("action", "on", "outcome", "assumed", "message_id")
"""What a strike itself is told by in a person's file: its reason may name another family."""


def with_what_it_said(register: Register, status: Status) -> Status:
    """A status for managers: what was struck out, as it came. Without a record or its key, as it was."""
    if not status.get("struck_out"):
        return status
    with register.reading() as db:
        recorded = register.case(db, status["reference"])
    said = _said(recorded[0]) if recorded is not None else {}
    for struck in status["struck_out"]:
        content = said.get(struck.get("message_id", ""))
        if content is not None:
            struck["content"] = content
    return status


def without_what_it_said(status: Status) -> Status:
    """A status for a list or a person's file: that something was struck out, and when."""
    status["struck_out"] = [{"on": struck["on"]} for struck in status.get("struck_out", [])]
    for message in status.get("messages", []):
        if message["action"] == "strike_out":
            for name in [*message]:
                if name not in SAYS_NO_MORE:
                    del message[name]  # type: ignore[misc]
    return status


def _said(case: Case) -> dict[str, dict[str, Any]]:
    """What each struck message said, by its id."""
    messages = [struck.entry.message for struck in case.state.strikes.struck.values()]
    return {
        message.message_id: {
            "action": message.action,
            **message.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }
        for message in messages
    }
