"""The settings of one channel, looked at before its first letter leaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from uuid import UUID

from redress.startup import SetupError


class ChannelConfigError(SetupError):
    """The settings of sending cannot be used; a line for each: which, what is wrong, what would be right."""


def refuse(problems: Iterable[str]) -> None:
    """Raise `ChannelConfigError` where there are problems with the settings of a channel."""
    if text := "\n".join(problems):
        raise ChannelConfigError(text)


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, by its name or number alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_uuid(text: str) -> bool:
    """Whether text is a UUID as people write it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
