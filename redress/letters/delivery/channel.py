"""What every channel does with a letter, and the ways in which that can end.

A channel is a module of this package that has the name by which the settings choose it (`smtp` for
`REDRESS_SEND_EMAIL=smtp`), with a function `build` that is a `Build`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from redress.letters.delivery.outbound import OutboundLetter
from redress.settings import Settings
from redress.store.outbound import Route


class DeliveryError(Exception):
    """How a letter did not leave. Reasons never hold a name, an address or a server's own words.

    They are shown, kept and logged.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotNow(DeliveryError):
    """It has certainly not left, and may later. `down`: whatever is wrong is wrong for every letter."""

    def __init__(self, reason: str, *, down: bool = False) -> None:
        super().__init__(reason)
        self.down = down


class Refused(DeliveryError):
    """It has certainly not left, and never will by this channel."""


class TooLarge(Refused):
    """It has certainly not left: it is more than this way carries, by itself or with its enclosures.

    Nothing is wrong with it: as it is, it may go another way, or by hand.
    """


class Lost(DeliveryError):
    """It was taken and lost, through no fault of the address: it may be sent anew."""


class Unsure(DeliveryError):
    """It was sent, and nobody said whether it was taken."""


class CannotAsk(Exception):
    """The channel cannot say (any more) what became of a letter. Its words, if any, say why."""


class Accepted(NamedTuple):
    """A letter that was taken. `place`: where it is found; `arrived`: nothing more is to be heard of it."""

    place: str
    arrived: bool


class Channel(Protocol):
    """Something that letters leave by."""

    @property
    def name(self) -> str:
        """What it is called in the settings and in the register: `outbox`, `smtp`, `notify`."""
        ...

    def send(self, letter: OutboundLetter) -> Accepted:
        """Send a letter. Raises `NotNow`, `Refused`, `TooLarge` or `Unsure`."""
        ...

    def find(self, letter: OutboundLetter) -> Accepted | None:
        """Whether the letter was sent before. Raises `CannotAsk`, `NotNow`."""
        ...

    def has_arrived(self, place: str) -> bool:
        """Whether a letter that was taken has arrived. Raises `Refused`, `Lost`, `CannotAsk`, `NotNow`."""
        ...


Build = Callable[[Settings, frozenset[Route]], Channel]
"""Makes a channel from the settings, for the routes that it is to serve. Raises `ChannelConfigError`."""
