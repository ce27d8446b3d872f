"""Addresses and advocates that an intake system brings on a complaint that is here: staff confirm them first.

What opens a complaint is its first contact and is trusted. What an intake system brings later could come from
anybody who fills in a form, and would send a child's letters there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from redress.domain.fields import Advocate, Contact
from redress.domain.log import LogEntry
from redress.domain.messages import ConfirmContact, Correct, Message, SetAdvocate

CONTACT_FIELDS = ("complainant", "also_complaining", "on_behalf_of", "advocate", "person")
"""Fields, of the opening or of a message, that say where letters go."""

WAITS = (
    "An intake system brought this address or advocate: no letter goes there before staff confirm it "
    "(confirm_contact)."
)


class Former(NamedTuple):
    """One of those who complain, by number, as known before a correction."""

    number: int
    contact: Contact | None
    successor: Contact | None = None
    """Who was to go on in the complainant's place by then, as known before."""


class Contacts:
    """What of one complaint waits to be confirmed, in the order it took its turn."""

    def __init__(self) -> None:
        self.waiting: list[LogEntry] = []
        self.former: dict[int, Former] = {}
        """Whom each correction that counts is about, as known before it, by its place in the log."""

    def take(self, confirmed: ConfirmContact, seq: int) -> LogEntry | None:
        """What a confirmation is about, which then waits no more; None where nothing of that name does.

        A confirmation is of what was there when it was given, never of what comes later under the same name.
        """
        for entry in self.waiting:
            if entry.message.message_id == confirmed.message and entry.seq < seq:
                self.waiting.remove(entry)
                return entry
        return None


def must_be_confirmed(entry: LogEntry, advocate: Advocate | None) -> bool:
    """Whether a message brings somebody to whom no letter may go yet; `advocate` is the one there is."""
    return entry.from_intake and _brings_contact(entry.message, advocate)


def _brings_contact(message: Message, advocate: Advocate | None) -> bool:
    if isinstance(message, SetAdvocate):
        return message.advocate not in (None, advocate)
    if isinstance(message, Correct):
        return any(name in CONTACT_FIELDS for name in re.split(r"[.[]", message.field))
    brought = [getattr(message, name, None) for name in CONTACT_FIELDS]
    return any(value and not isinstance(value, str) for value in brought)  # a name alone is no address


def unconfirmed(log: Iterable[LogEntry]) -> set[int]:
    """The places in the log of corrections of contacts that nobody has confirmed."""
    entries = [*log]
    brought = {
        entry.message.message_id: entry.seq
        for entry in entries
        if isinstance(entry.message, Correct) and must_be_confirmed(entry, None)
    }
    if not brought:
        return set()
    confirmed = {
        brought[entry.message.message]
        for entry in entries
        if isinstance(entry.message, ConfirmContact)
        and entry.message.accept
        and entry.seq > brought.get(entry.message.message, entry.seq)
    }
    return {*brought.values()} - confirmed
