"""How a use case ends where it cannot be done, whoever asked: command line and API report it."""

from __future__ import annotations

from typing import Literal

Applied = Literal["", "no", "unknown"]


class NoAnswer(Exception):
    """Nobody answered in time: Temporal is out of reach, or no worker runs."""

    def __init__(self, why: str, *, reference: str = "", applied: Applied = "") -> None:
        super().__init__(why)
        self.reference = reference
        self.applied: Applied = applied
        """Whether what was sent is known to be applied; empty where nothing was to be applied."""


class NotFound(Exception):
    """There never was such a complaint."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"there never was a complaint {reference}")


class Rejected(Exception):
    """Why something cannot be done now, as things stand."""


class Decided(Rejected):
    """The same where somebody else decided or changed it before."""
