"""One line of the case record, as it travels to the register."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

EntryKind = Literal["opened", "message", "rejected", "effect", "ended", "erased"]


class RegisterEntry(BaseModel):
    """One event. The key is unique within a complaint; `on` is an ISO London date."""

    key: str
    kind: EntryKind
    on: str
    body: dict[str, Any]
