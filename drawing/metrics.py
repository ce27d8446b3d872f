"""How wide text is on the poster: the widths of Helvetica, which Arial and Liberation Sans share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Thousandths of the size, for the characters from the space to the tilde.
_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 "
    "556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 "
    "611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 "
    "667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 "
    "222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 "
    "556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 "
    "611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 "
    "667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 "
    "278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_MORE = {
    "–": 556,
    "‘": 278,
    "’": 278,
    "“": 500,
    "”": 500,
    "•": 350,
    "†": 556,
    "£": 556,
    "·": 333,
    "\N{NO-BREAK SPACE}": 278,
}
_WIDEST = 1100
"""For whatever is not listed: no letter is taken for narrower than it is."""

ROOM_TO_SPARE = 1.04
"""Some renderers set the same font a little wider."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in the units of its size."""
    return sum(_thousandths(each, bold) for each in text) * size * ROOM_TO_SPARE / 1000


@lru_cache(maxsize=4096)
def _thousandths(character: str, bold: bool) -> int:
    plain = unicodedata.normalize("NFD", character)[0]
    table = _TABLES[bold]
    return table.get(plain) or _MORE.get(plain) or _WIDEST


_TABLES = [
    {chr(32 + at): int(number) for at, number in enumerate(numbers.split())} for numbers in (_REGULAR, _BOLD)
]


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """The text in lines that fit the room; a word that is too long for a line is broken."""
    lines: list[str] = []
    for word in _words(text, size, room, bold):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _words(text: str, size: float, room: float, bold: bool) -> Iterator[str]:
    for word in text.split():
        start = 0
        for end in range(1, len(word)):
            if width(word[start : end + 1], size, bold=bold) > room and end > start:
                yield word[start:end]
                start = end
        yield word[start:]
