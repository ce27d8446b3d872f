"""A letter as HTML, as e-mail programs show it: the words of the text, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.form.blocks import Block, Item, letter_of

_STYLE = (
    "margin:0 auto;padding:16px;max-width:40em;background:#fff;color:#0b0c0c;"
    "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;overflow-wrap:anywhere"
)


def html_of(letter: OutboundLetter) -> str:
    """A letter as a whole HTML document: no scripts, no pictures, nothing that is fetched."""
    parts = letter_of(letter)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en-GB">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(parts.subject or letter.recipient.subject)}</title>",
        "</head>",
        f'<body style="{_STYLE}">',
        *_paragraph(parts.head),
        *_paragraph([*parts.address, parts.email]),
        *_paragraph([parts.date, parts.reference]),
        *([f'<h1 style="font-size:20px">{escape(parts.subject)}</h1>'] if parts.subject else []),
        *(line for block in parts.body for line in _block(block)),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if block.kind != "list":
        return _paragraph(block.lines)
    lines: list[str] = []
    for is_numbered, items in groupby(block.items, key=lambda item: item.number > 0):
        tag = "ol" if is_numbered else "ul"
        lines += [f"<{tag}>", *(_item(item) for item in items), f"</{tag}>"]
    return lines


def _item(item: Item) -> str:
    number = f' value="{item.number}"' if item.number else ""
    first, *others = (_lines(paragraph) for paragraph in item.paragraphs)
    return f"<li{number}>{first}{''.join(f'<p>{other}</p>' for other in others)}</li>"


def _paragraph(lines: Iterable[str]) -> list[str]:
    text = _lines(lines)
    return [f"<p>{text}</p>"] if text else []


def _lines(lines: Iterable[str]) -> str:
    return "<br>\n".join(escape(line) for line in lines if line)
