"""Whom a letter is for, and by what it leaves: what the register keeps beside its text."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from redress.domain.effects import letter_mark

Route = Literal["email", "text", "post", "staff", "none"]
"""What a letter leaves by. `staff`: to somebody at the authority; `none`: nobody but a person can send it."""


class EnclosedDocument(BaseModel):
    """A document that leaves with a letter: what it is called within the complaint, and its file."""

    document: str
    name: str
    kind: str
    media_type: str
    size: int


class Recipient(BaseModel):
    """All that is personal about a letter but its text, kept encrypted; addresses as people wrote them."""

    subject: str
    name: str = ""
    email: str = ""
    telephone: str = ""
    address: str = ""
    routes: list[Route] = []
    """What it can leave by, the preferred route first."""
    why_no_route: str = ""
    """Why there is none of them."""
    sender: str
    """The authority's title."""
    reply_to: str = ""
    enclosed: list[EnclosedDocument] = []
    """What leaves with the letter."""
    follow: list[str] = []
    """The kinds of documents that it leaves without, and that follow."""


def mark_of(key: str, recipient: str) -> str:
    """What a letter is called at the command line: short, without personal data, its own in its complaint."""
    return letter_mark(key, recipient)
