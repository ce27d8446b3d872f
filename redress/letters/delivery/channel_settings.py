"""The settings of one channel, looked at before its first letter leaves."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from redress.startup import SetupError


class ChannelConfigError(SetupError):
    """The settings of sending cannot be used; a line for each: which, what is wrong, what would be right."""


def refuse(problems: Iterable[str]) -> None:
    """Raise `ChannelConfigError` where there are problems with the settings of a channel."""
    if text := "\n".join(problems):
        raise ChannelConfigError(text)


def is_uuid(text: str) -> bool:
    """Whether text is a UUID as people write it."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
