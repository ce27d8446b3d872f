"""Headers of e-mails, which anybody may have written: Python's parser takes its time, so it gets so much."""

from __future__ import annotations

from contextlib import suppress
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from typing import Any

MOST_PARSED = 256 * 1024
"""Characters of the headers of one e-mail that are parsed, those that are asked for again each time."""


STUMBLES = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What Python's parser ends with over some headers, comments within comments for one."""


class TooMuchToParse(Exception):
    """An e-mail has more in its headers than one that people write."""


class _Bounded(HeaderRegistry):
    """Headers as Python parses them, up to so many characters; what it stumbles over is text, or empty."""

    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_PARSED

    def __call__(self, name: str, value: Any) -> Any:
        self._left -= len(value)
        if self._left < 0:
            raise TooMuchToParse
        with suppress(*STUMBLES):
            return super().__call__(name, value)
        if name.lower().startswith("content-"):
            return super().__call__(name, "")
        return self["subject"](name, "".join(filter(str.isprintable, value)))


def bounded() -> EmailPolicy[EmailMessage]:
    """By what one e-mail is parsed; what asks for too much raises `TooMuchToParse`."""
    return default.clone(header_factory=_Bounded())
