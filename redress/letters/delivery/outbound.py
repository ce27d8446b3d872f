"""A letter as a channel gets it, and what it is known by."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel

from redress.letters.letter import Letter

Route = Literal["email", "text", "post", "staff", "none"]
"""What a letter leaves by. `staff`: to somebody at the authority; `none`: nobody but a person can send it."""


class Recipient(BaseModel):
    """All that is personal about a letter but its text; kept sealed. Addresses are as people wrote them."""

    subject: str
    name: str = ""
    email: str = ""
    telephone: str = ""
    address: str = ""
    ways: list[Route] = []
    """What it can leave by, the preferred means first."""
    why_none: str = ""
    """Why there is none of them."""
    sender: str
    """The authority's title."""
    reply_to: str = ""


class OutboundLetter(NamedTuple):
    """A letter on its way. `token` is the same each time it is tried, and tells nobody whose it is."""

    reference: str
    key: str
    recipient: str
    letter: str
    on: date
    means: Route
    token: str
    envelope: Recipient
    text: str

    def as_letter(self) -> Letter:
        """The letter as it was written."""
        return Letter(self.key, self.letter, self.recipient, self.on, self.envelope.subject, self.text)


def mark_of(key: str, recipient: str) -> str:
    """What a letter is called at the command line: short, without personal data, its own in its complaint."""
    return hashlib.sha256(f"{key}:{recipient}".encode()).hexdigest()[:8]
