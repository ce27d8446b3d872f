"""A letter's plain text taken apart into blocks, from which its HTML and its PDF are drawn.

The text is the one source: a block holds words of the text and nothing else, in the order of the text. Where
a line looks like something else than it is meant to be, it is drawn in another place; it never gets lost.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.visible import visible

CLOSINGS = ("Yours sincerely", "With best wishes")
"""How the frames of letters (`templates/_letter.txt`, `templates/young/_letter.txt`) close one."""

_ITEM = re.compile(r"^ {2,4}(?:(?P<number>[1-9]\d{0,8})\.|-) +(?P<words>\S.*)$")
"""A line that begins an item of a list: the templates indent them, and nothing that people write."""


class Item(NamedTuple):
    """An item of a list: its number, 0 where it has none, and its paragraphs by their lines."""

    number: int
    paragraphs: list[list[str]]


class Block(NamedTuple):
    """A paragraph or the closing by its lines, or a list by its items."""

    kind: Literal["paragraph", "closing", "list"]
    lines: list[str]
    items: list[Item]


class Letter(NamedTuple):
    """A letter by its parts. What it does not have, a digest for example, is empty."""

    head: list[str]
    """The authority's name, address, telephone number and e-mail address."""

    address: list[str]
    """Whoever it is for, as it stands in the window of an envelope."""

    email: str
    """Their e-mail address, which does not belong into a window."""

    date: str
    reference: str
    """The line that says our reference."""

    subject: str
    body: list[Block]


def letter_of(letter: OutboundLetter) -> Letter:
    """The parts of a letter, by the shape that its frame gives it."""
    chunks = [chunk.splitlines() for chunk in re.split(r"\n{2,}", visible(letter.text).strip("\n"))]
    head = chunks.pop(0) if chunks else []
    address: list[str] = []
    date, reference, subject = "", "", ""
    marked = f"Our reference: {letter.reference}"
    at = next((at for at, lines in enumerate(chunks[:2]) if len(lines) == 2 and lines[1] == marked), None)
    if at is not None:
        address = chunks[0] if at else []
        date, reference = chunks[at]
        chunks = chunks[at + 1 :]
        if chunks and len(chunks[0]) == 1:
            subject = chunks.pop(0)[0]
    email = next((line for line in address[1:] if line == letter.recipient.email), "")
    if email:
        address.remove(email)
    return Letter(head, address, email, date, reference, subject, _blocks(chunks))


def _blocks(chunks: list[list[str]]) -> list[Block]:
    """The blocks of what stands between empty lines: a list may go on over those."""
    blocks: list[Block] = []
    for lines in chunks:
        for number, line in enumerate(lines):
            last = blocks[-1] if blocks else Block("paragraph", [], [])
            item = _ITEM.match(line)
            if item:
                if last.kind != "list":
                    last = Block("list", [], [])
                    blocks.append(last)
                last.items.append(Item(int(item["number"] or 0), [[item["words"]]]))
            elif last.kind == "list" and line.startswith("   "):
                if number == 0:
                    last.items[-1].paragraphs.append([])
                last.items[-1].paragraphs[-1].append(line.strip())
            elif number == 0 or last.kind == "list":
                blocks.append(Block("closing" if line in CLOSINGS else "paragraph", [line], []))
            else:
                last.lines.append(line)
    return blocks
