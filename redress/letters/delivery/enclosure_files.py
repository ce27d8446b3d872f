"""What is enclosed in a letter, on its way: read piece by piece, and named so that any computer keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redress.letters.delivery.channel import NotNow
from redress.letters.delivery.outbound import Enclosure
from redress.letters.naming import one_line

LONGEST = 150
"""Characters of a file's name."""

_LONGEST_ENDING = 10

_NO_PART_OF_A_NAME = re.compile(r'[/\\:*?"<>|;]+')


def pieces_of(enclosure: Enclosure) -> Iterator[bytes]:
    """The content of an enclosure. Raises `NotNow` where it cannot be read, or is shorter or longer."""
    read = 0
    try:
        for piece in enclosure.content():
            read += len(piece)
            yield piece
    except Exception as error:  # of whatever store: it has certainly not left
        raise NotNow(f"what is enclosed cannot be read: {type(error).__name__}") from None
    if read != enclosure.size:
        raise NotNow("what is enclosed is not as long as it should be")


def file_name(name: str) -> str:
    """A name under which anybody's computer can keep a file, with its ending: no folders, nothing unseen."""
    shown = _NO_PART_OF_A_NAME.sub("_", one_line(name)).strip(". ") or "document"
    stem, dot, ending = shown.rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        return shown[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"


def ending_of(name: str) -> str:
    """The ending of a file's name, as `.pdf`; `.bin` where it has none that says anything."""
    ending = file_name(name).rpartition(".")[2].lower() if "." in name else ""
    return (
        f".{ending}" if ending.isalnum() and ending.isascii() and len(ending) <= _LONGEST_ENDING else ".bin"
    )
