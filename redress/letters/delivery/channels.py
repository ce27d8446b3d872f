"""Which channel takes what, as the settings say."""

from __future__ import annotations

from typing import NamedTuple

from redress.letters.delivery.channel import Channel
from redress.store.outbound import Recipient, Route


class Channels(NamedTuple):
    """The channels. `text`: none where no text messages are sent."""

    outbox: Channel
    email: Channel
    post: Channel
    staff: Channel
    text: Channel | None = None

    def channel(self, route: Route) -> Channel | None:
        """What takes letters by a route; none where only a person can send it."""
        if route == "none":  # where people fetch every letter from the outbox, that is how it is sent
            return self.outbox if self.email is self.outbox and self.post is self.outbox else None
        if route == "text":
            return self.text
        return {"email": self.email, "post": self.post, "staff": self.staff}[route]

    def named(self, name: str) -> Channel | None:
        """The channel of a name, where it is still in use."""
        return next((channel for channel in self if channel is not None and channel.name == name), None)

    def fallback(self, route: Route, recipient: Recipient) -> Route | None:
        """By what a letter can still leave that cannot by this route: something that needs no person."""
        routes = recipient.routes
        after = routes[routes.index(route) + 1 :] if route in routes else []
        return next((other for other in after if self.channel(other) not in (None, self.outbox)), None)


def by_outbox(outbox: Channel) -> Channels:
    """Everything into the outbox folder: what is done where nothing else is said."""
    return Channels(outbox, outbox, outbox, outbox)
