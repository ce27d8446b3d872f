"""Named changes in how the rules are read.

A complaint keeps to the reading it was opened under. A change of the rules that would give another date,
letter or refusal to a complaint that is open already is registered here, and asked for where it matters
(`rules.has("name")`). New complaints get every flag there is; one that was opened earlier lacks those that
came later. `tests/domain/test_flags.py` fails for a flag without a test of both sides.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Flag(NamedTuple):
    """One change: what it means in a line, and the day since which new complaints have it."""

    name: str
    meaning: str
    since: date


ENDS_REPLIES, TAKES_UP_AGAIN = "decision_ends_replies", "late_points_take_up_again"

REGISTERED: tuple[Flag, ...] = (
    Flag(
        ENDS_REPLIES,
        "once the Ombudsman has decided no reply to an earlier enquiry or draft is owed",
        date(2026, 11, 28),
    ),
    Flag(
        TAKES_UP_AGAIN,
        "late points that are to join a complaint which lapsed meanwhile take it up again",
        date(2026, 11, 28),
    ),
)
"""Every flag there is. A new one is a line: `Flag("name", "what is read otherwise", date(2027, 1, 4))`."""

FLAGS: dict[str, Flag] = {flag.name: flag for flag in REGISTERED}
"""The same by name."""


def current_flags() -> tuple[str, ...]:
    """The flags that a complaint gets which is opened now."""
    return tuple(sorted(FLAGS))
