"""Which channel takes what, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from redress.letters.delivery.channel import Channel
from redress.letters.delivery.outbox import FileChannel
from redress.store.outbound import Recipient, Route


class Channels(NamedTuple):
    """The channels: the outbox, and what serves each route. Without `text` no text messages are sent."""

    outbox: FileChannel
    by_route: Mapping[Route, Channel]

    def channel(self, route: Route) -> Channel | None:
        """What takes letters by a route; none where only a person can send it."""
        if route != "none":
            return self.by_route.get(route)
        # Where people fetch every letter from the outbox, that is how it is sent.
        return self.outbox if {self.by_route["email"], self.by_route["post"]} == {self.outbox} else None

    def named(self, name: str) -> Channel | None:
        """The channel of a name, where it is still in use."""
        channels = (self.outbox, *self.by_route.values())
        return next((channel for channel in channels if channel.name == name), None)

    def fallback(self, route: Route, recipient: Recipient) -> Route | None:
        """By what a letter can still leave that cannot by this route: something that needs no person."""
        routes = recipient.routes
        after = routes[routes.index(route) + 1 :] if route in routes else []
        return next((other for other in after if self.channel(other) not in (None, self.outbox)), None)


def by_outbox(outbox: FileChannel) -> Channels:
    """Everything into the outbox folder: what is done where nothing else is said."""
    return Channels(outbox, {"email": outbox, "post": outbox, "staff": outbox})
