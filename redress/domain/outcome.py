"""What became of a message."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple


class Outcome(NamedTuple):
    """What became of a message, and why.

    `applied`, `pending` or `refused`; of what waited also `overtaken` or `not_accepted`. `since`: the day on
    which what waited took effect.
    """

    outcome: Literal["applied", "pending", "refused", "overtaken", "not_accepted"]
    reason: str = ""
    since: date | None = None


APPLIED = Outcome("applied")


def refused(reason: str) -> Outcome:
    """A refusal, with its reason in one sentence."""
    return Outcome("refused", reason)


def pending(reason: str) -> Outcome:
    """A message that waits, and for what."""
    return Outcome("pending", reason)


class Irregular(NamedTuple):
    """Something that should have been there before a message and was not."""

    seq: int
    action: str
    on: date
    what: str
