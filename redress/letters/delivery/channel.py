"""What every channel does with a letter, and the ways in which that can end."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from redress.letters.delivery.outbound import OutboundLetter


class NotNow(Exception):
    """It has certainly not left, and may later. `down`: whatever is wrong is wrong for every letter.

    Reasons are shown, kept and logged: they never hold a name, an address or a server's own words.
    """

    def __init__(self, reason: str, *, down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.down = down


class Refused(Exception):
    """It has certainly not left, and never will by this channel."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Lost(Exception):
    """It was taken and lost, through no fault of the address: it may be handed over anew."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsure(Exception):
    """It was handed over, and nobody said whether it was taken."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotAsk(Exception):
    """The channel cannot say (any more) whether it has taken a letter."""


class Accepted(NamedTuple):
    """A letter that was taken. `place`: where it is found; `arrived`: nothing more is to be heard of it."""

    place: str
    arrived: bool


class Channel(Protocol):
    """Something that letters leave by."""

    @property
    def name(self) -> str:
        """What it is called in the register: `outbox`, `smtp`, `notify`."""
        ...

    def send(self, parcel: OutboundLetter) -> Accepted:
        """Hand a letter over. Raises `NotNow`, `Refused` or `Unsure`."""
        ...

    def find(self, parcel: OutboundLetter) -> Accepted | None:
        """Whether the letter was handed over before. Raises `CannotAsk`, `NotNow`."""
        ...

    def has_arrived(self, place: str) -> bool:
        """Whether a letter that was taken has arrived. Raises `Refused`, `Lost`, `CannotAsk`, `NotNow`."""
        ...
