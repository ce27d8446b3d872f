"""Why a document is not taken, or cannot be had."""

from __future__ import annotations


class TooLarge(ValueError):
    """A document has more bytes than one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"a document may have {most:,} bytes at most")


class WrongType(ValueError):
    """A document is of no type that is taken, whatever its name says."""


class Infected(ValueError):
    """A scanner found something in a document: nothing of it is kept, or given out."""


class CannotScan(ConnectionError):
    """The scanner does not answer, or not with a result; what it was given may be given again."""


class StoreUnavailable(ConnectionError):
    """The document store is out of reach, full, or refuses; nothing else waits for it."""


class NoSuchFile(LookupError):
    """The document store does not have a file."""
