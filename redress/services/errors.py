"""How a door ends: each way has its exit status, and says what to do about it."""

from __future__ import annotations

from typing import Literal

from redress.domain.parsing import Problem

Applied = Literal["", "no", "unknown"]

DONE, MALFORMED, NO_ANSWER, REFUSED, UNKNOWN = 0, 2, 3, 4, 5


class NoAnswer(Exception):
    """Nobody answered: Temporal is out of reach, or no worker runs."""

    def __init__(self, why: str, *, reference: str = "", applied: Applied = "") -> None:
        super().__init__(why)
        self.reference = reference
        self.applied: Applied = applied
        """Whether what was sent is known to be applied; empty where nothing was to be applied."""


class NoSuchComplaint(Exception):
    """There never was such a complaint."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there never was a complaint {reference}")


class NotErasable(Exception):
    """Why a complaint's personal data cannot be destroyed now."""


def problem_lines(problems: list[Problem]) -> list[str]:
    """One line a problem, `field: what is wrong`."""
    return [" ".join(str(problem).split()) for problem in problems]
