"""How much of a complaint's file each kind of message may fill, so that nobody fills it for the others.

A run hands the whole file to the next, and Temporal takes 2 MB. What people bring and note has shares far
below the whole; the rest is for the authority's own duties, and its end for what ends the complaint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from redress.domain.messages import AddNote, Close, Decline, Message, Recount
from redress.domain.parsing import Malformed, Problem

WHOLE = 1_100_000
"""Bytes of a complaint's opening and messages; packed at worst they are still below Temporal's 2 MB."""

FOR_ENDING = 50_000
"""The last of it: for what ends the complaint, and nothing else."""

FOR_SHORT = 250_000
"""What is left then is for messages of at most `SHORT` bytes."""

FOR_DUTIES = 400_000
"""At least so much is left to the authority's own duties, whatever else comes."""

NOTES, REQUESTS = 400_000, 150_000
"""Bytes of all notes, and of all that people ask for and an intake system may pass on."""

NOTES_OF_ONE, REQUESTS_OF_ONE = 200_000, 50_000
"""The same of one sender (`by`)."""

SHORT = 4000
"""Bytes that are few enough until the file is full."""

OVERHEAD = 200
"""Bytes that a message takes beside its own: its place, its answer."""

ELSEWHERE = "keep documents elsewhere, and note where they are"

STILL_TAKEN = "What the authority has to do (acknowledge, respond, correct, close, …) is still taken"

TO_END = (
    f"it can only be closed now, by 'close' with at most {SHORT} bytes; what goes on is opened as another "
    "complaint, with 'linked_to'"
)


class Room:
    """What of a complaint's file is used, by kind of message and by sender. Sizes are bytes of UTF-8."""

    def __init__(self, opening: int) -> None:
        """`opening`: bytes of what it was opened with, without its messages."""
        self.used = opening
        self._shares: Counter[str] = Counter()

    def check(self, message: Message) -> None:
        """Raise `Malformed`, with what can be done instead, where a message has no room."""
        size = _size(message.model_dump(mode="json", by_alias=True, exclude_unset=True))
        for what, share, most in _shares(message):
            if self._shares[share] + size > most:
                used = f"{what} have used {self._shares[share]} of the {most} bytes that they may"
                raise Malformed([Problem("message", f"{used}: {ELSEWHERE}. {STILL_TAKEN}")])
        left = WHOLE - self.used - size
        if isinstance(message, Close | Decline):
            is_long = left < FOR_ENDING and size > SHORT + OVERHEAD
            if is_long or left < 0:
                raise Malformed([Problem("message", f"is too long for a file that is full: {TO_END}")])
        elif _is_others(message):
            if left < FOR_DUTIES:
                used = f"this complaint's file holds {self.used} bytes; the rest is kept for the authority"
                raise Malformed([Problem("message", f"{used}: {ELSEWHERE}. {STILL_TAKEN}")])
        elif left < FOR_ENDING:
            raise Malformed([Problem("message", f"this complaint's file is full: {TO_END}")])
        elif left < FOR_SHORT and size > SHORT + OVERHEAD and not isinstance(message, Recount):
            what = f"is too long for a file that holds {self.used} bytes: send at most {SHORT} bytes"
            raise Malformed([Problem("message", f"{what}; {ELSEWHERE}")])

    def add(self, message: Message, body: Mapping[str, Any]) -> None:
        """Count a message, with the body as it is recorded."""
        self._count(message, _size(body))

    def begin_shares(self) -> None:
        """What was there when the complaint was opened is in nobody's share."""
        self._shares.clear()

    def take_back(self, message: Message, body: Mapping[str, Any]) -> None:
        """Count it no more."""
        self._count(message, -_size(body))

    def _count(self, message: Message, size: int) -> None:
        self.used += size
        for _, share, _ in _shares(message):
            self._shares[share] += size


def _size(body: Mapping[str, Any]) -> int:
    return len(str(body).encode("utf-8", "replace")) + OVERHEAD


def _is_others(message: Message) -> bool:
    """Whether it may come from others than the authority itself, or only says something."""
    return "intake" in message.sent_by


def _shares(message: Message) -> list[tuple[str, str, int]]:
    """The shares that a message counts in: in words, by name, and how large."""
    if not _is_others(message):
        return []
    is_note = isinstance(message, AddNote)
    words, most, of_one = (
        ("the notes of this complaint", NOTES, NOTES_OF_ONE)
        if is_note
        else ("the requests of this complaint", REQUESTS, REQUESTS_OF_ONE)
    )
    shares = [(words, message.action if is_note else "request", most)]
    if message.by:
        shares.append((f"{words} by one sender", f"{words} {message.by}", of_one))
    return shares
