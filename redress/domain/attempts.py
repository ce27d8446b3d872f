"""What an authority has tried to reach somebody of whom nothing is heard."""

from __future__ import annotations

from datetime import date

from redress.domain.calendar import Calendar
from redress.domain.log import LogEntry
from redress.domain.messages import AgreeStatement, Escalate, RecordContact, SetAdvocate, Withdraw

ATTEMPTS, REPLY_DAYS = 2, 20
"""How many contacts by different ways, and how many working days the letter gives."""

_LETTER = ("post", "email")
_FROM_THE_PERSON = (AgreeStatement, Escalate, SetAdvocate, Withdraw)


def is_heard_of(entry: LogEntry) -> bool:
    """Whether a message comes from the person, or tells of something they said."""
    message = entry.message
    if isinstance(message, RecordContact):
        return message.direction == "in"
    return entry.from_intake or isinstance(message, _FROM_THE_PERSON)


class Attempts:
    """The contacts that the authority made since the person was last heard of, in their order."""

    def __init__(self) -> None:
        self.made: list[RecordContact] = []

    def missing(self, calendar: Calendar, on: date) -> str:
        """What is still to be tried before a day on which somebody counts as out of contact; empty: nothing.

        The letter counts besides the contacts.
        """
        letters = [
            (at, attempt.reply_by)
            for at, attempt in enumerate(self.made)
            if attempt.channel in _LETTER
            and attempt.reply_by is not None
            and attempt.reply_by >= calendar.add(attempt.on, REPLY_DAYS)
        ]
        ways = {attempt.channel for attempt in self.made}
        if not letters:
            enough = len(ways) >= ATTEMPTS
            return "the letter" if enough else "contacts by different ways, and the letter"
        passed = [at for at, reply_by in letters if reply_by < on]
        if not passed:
            return "the end of the time that the letter gave"
        others = [{a.channel for n, a in enumerate(self.made) if n != at} for at in passed]
        return "" if any(len(ways) >= ATTEMPTS for ways in others) else "contacts by different ways"
