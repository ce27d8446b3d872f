"""How a door ends: each way has its exit status, and says what to do about it."""

from __future__ import annotations

from redress.parse import Problem

DONE, MALFORMED, NO_ANSWER, REFUSED, UNKNOWN = 0, 2, 3, 4, 5


class NoAnswer(Exception):
    """Nobody answered: Temporal is out of reach, or no worker runs."""

    def __init__(self, why: str, *, message_id: str = "", reference: str = "", applied: str = "no") -> None:
        super().__init__(why)
        self.message_id = message_id
        self.reference = reference
        self.applied = applied
        """Whether what was sent is known to be applied: `no`, or `unknown`."""


class UnknownComplaint(Exception):
    """There never was such a complaint."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there never was a complaint {reference}")


def problem_lines(problems: list[Problem]) -> list[str]:
    """One line a problem, `field: what is wrong`."""
    return [" ".join(str(problem).split()) for problem in problems]
