"""A letter as a channel gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from redress.letters.letter import Letter
from redress.store.outbound import Recipient, Route


class Enclosure(NamedTuple):
    """A document that leaves with a letter: `size` in bytes; `content` gives it anew, piece by piece."""

    name: str
    media_type: str
    size: int
    content: Callable[[], Iterator[bytes]]


class OutboundLetter(NamedTuple):
    """A letter on its way. `token` is the same each time it is tried, and tells nobody whose it is.

    `key` and `role` (`complainant`, `advocate`, one at the authority) name it in its complaint; `authority`
    names whose letterhead it has.
    """

    reference: str
    key: str
    role: str
    name: str
    on: date
    route: Route
    token: str
    recipient: Recipient
    text: str
    authority: str = ""
    enclosures: tuple[Enclosure, ...] = ()

    def as_letter(self) -> Letter:
        """The letter as it was written."""
        return Letter(self.key, self.name, self.role, self.on, self.recipient.subject, self.text)
