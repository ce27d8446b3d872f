"""What the world must do about a case: write a letter, remind somebody, record a breach."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import JsonValue

from redress.domain.messages import Message

EffectKind = Literal["letter", "reminder", "breach", "split"]
Fact = JsonValue


@dataclass(slots=True, eq=False)
class Effect:
    """One thing to be done once. The key is the same each time the complaint is made anew.

    `on` is the London date from which it is due; `by_clock` that time caused it, not a message;
    `seq` the place in the log of the message that did. `once`: whichever message caused it, there is one: an
    earlier answer that is logged later takes the place of the one that was sent.
    """

    key: str
    kind: EffectKind
    template: str
    on: date
    facts: dict[str, Fact]
    by_clock: bool = False
    message: Message | None = None
    seq: int | None = None
    once: bool = False

    @property
    def releases_a_draft(self) -> bool:
        """Whether it has an approved draft written for good, whose letter is another effect once it left."""
        return "draft" in self.facts

    def shown(self) -> dict[str, Fact]:
        """The facts that a letter or a record may use, those of the message that caused it included."""
        if self.message is None:
            return self.facts
        without = {"message_id", "by", "note", "holidays", "rules"}
        message = self.message.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=True)
        return {**self.facts, "message": message}


def letter_mark(key: str, recipient: str) -> str:
    """What a letter is called: short, without personal data, its own in its complaint."""
    return hashlib.sha256(f"{key}:{recipient}".encode()).hexdigest()[:8]
