"""What is kept of a case outside its own memory: answers, messages, and all that makes it again."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from redress.domain.messages import KNOWN, Message
from redress.domain.opening import Opening

EffectStatus = Literal["done", "skipped", "history"]
"""What became of an effect: carried out, overtaken, or of a day before the complaint came here."""


class Answer(BaseModel):
    """What the sender of a message is told: first whether it took effect, and why it did not."""

    applied: bool
    pending: bool
    reason: str = ""
    changed: list[dict[str, str | None]] = []
    on: date
    message_id: str
    repeated: bool = False


class Rejected(BaseModel):
    """A signal that could not be taken: kept, since nobody waited for an answer."""

    action: str
    on: date
    problems: list[str]
    received: str


class LoggedMessage(BaseModel):
    """A message as it is kept outside the case's own memory."""

    seq: int
    action: str
    body: dict[str, Any]
    assumed: bool = False
    named: bool = True
    answer: Answer | None = None

    def message(self) -> Message:
        """The message itself; its form was checked when it first came."""
        return KNOWN[self.action].model_validate(self.body)


class CaseState(BaseModel):
    """All of a case that must be kept to make it again: what a new run or the register hands on."""

    reference: str
    opening: Opening
    """Without its messages: they stand under `messages`, the first `loaded` of them."""
    opened_on: date
    loaded: int = 0
    messages: list[LoggedMessage] = []
    rejected: list[Rejected] = []
    settled: dict[str, EffectStatus] = {}
