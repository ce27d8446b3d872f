"""Text as people read it: without characters that nobody sees, or that turn what stands around them."""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

_SPELLING = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Format characters that words and numbers are spelt with: joiners, and marks of Arabic and Syriac."""


def visible(text: str) -> str:
    """Text without control characters, overrides of direction, tags and the like; one kind of line end."""
    lines = _LINE_END.sub("\n", text).split("\n")
    # What is printable has nothing of the kind: so it is with nearly every line.
    return "\n".join(line if line.isprintable() else "".join(map(_shown, line)) for line in lines)


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return character if character == "\t" else " "
        case "Cf":
            return character if character in _SPELLING else ""
        case "Cs" | "Co":  # halves of characters, and what has a meaning for one machine alone
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character
