"""What an authority has tried to reach somebody of whom nothing is heard."""

from __future__ import annotations

from collections.abc import Collection
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
    """The contacts that the authority made since a person was last heard of, in their order.

    Of several people who complain each must have been tried, and is heard of alone.
    """

    def __init__(self) -> None:
        self._made: list[tuple[RecordContact, set[int]]] = []

    def add(self, attempt: RecordContact, numbers: Collection[int]) -> None:
        """The authority tried to reach these of those who complain; nobody known counts as the first."""
        self._made.append((attempt, {*(numbers or (1,))}))

    def hear(self, numbers: Collection[int]) -> None:
        """These are in contact: what was tried before counts no more for them."""
        for _, tried in self._made:
            tried.difference_update(numbers or (1,))

    def missing(self, calendar: Calendar, on: date, number: int) -> str:
        """What is still to be tried before a day on which one of those who complain is out of contact.

        Empty: nothing. The letter counts besides the contacts.
        """
        made = [attempt for attempt, tried in self._made if number in tried]
        letters = [
            (at, attempt.reply_by)
            for at, attempt in enumerate(made)
            if attempt.channel in _LETTER
            and attempt.reply_by is not None
            and attempt.reply_by >= calendar.add(attempt.on, REPLY_DAYS)
        ]
        ways = {attempt.channel for attempt in made}
        if not letters:
            enough = len(ways) >= ATTEMPTS
            return "the letter" if enough else "contacts by different ways, and the letter"
        passed = [at for at, reply_by in letters if reply_by < on]
        if not passed:
            return "the end of the time that the letter gave"
        others = [{a.channel for n, a in enumerate(made) if n != at} for at in passed]
        return "" if any(len(ways) >= ATTEMPTS for ways in others) else "contacts by different ways"
