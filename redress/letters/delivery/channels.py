"""Which channel takes what, as the settings say."""

from __future__ import annotations

from typing import NamedTuple

from redress.letters.delivery.channel import Channel
from redress.letters.delivery.outbound import Recipient, Route


class Channels(NamedTuple):
    """The channels. `text`: none where no text messages are sent."""

    outbox: Channel
    email: Channel
    post: Channel
    staff: Channel
    text: Channel | None = None

    def channel(self, means: Route) -> Channel | None:
        """What takes letters of a means; none where only a person can send it."""
        if means == "none":  # where people fetch every letter from the outbox, that is how it is sent
            return self.outbox if self.email is self.outbox and self.post is self.outbox else None
        if means == "text":
            return self.text
        return {"email": self.email, "post": self.post, "staff": self.staff}[means]

    def named(self, name: str) -> Channel | None:
        """The channel of a name, where it is still in use."""
        known = [self.outbox, self.email, self.post, self.staff, self.text]
        return next((channel for channel in known if channel is not None and channel.name == name), None)

    def instead(self, means: Route, envelope: Recipient) -> Route | None:
        """By what a letter can still leave that cannot by this means: something that needs no person."""
        after = envelope.ways[envelope.ways.index(means) + 1 :] if means in envelope.ways else []
        return next((each for each in after if self.channel(each) not in (None, self.outbox)), None)


def by_outbox(outbox: Channel) -> Channels:
    """Everything into the outbox folder: what is done where nothing else is said."""
    return Channels(outbox, outbox, outbox, outbox)
