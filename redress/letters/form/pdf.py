"""A letter as a PDF on the authority's letterhead: A4, tagged, accessible (PDF/UA-1), to print or to attach.

Typst draws it (decision 0026), from the text's blocks as data: nothing that people wrote is ever markup. It
uses no network, no packages and no fonts but its own and those that stand in `fonts` beside the authorities'
files. The same letter is the same bytes, whenever it is drawn.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from redress.domain.postal_address import envelope_lines
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.form.blocks import Block, letter_of
from redress.letters.form.letterhead import font_folders, letterhead_of, logo_file
from redress.procedures import loader
from redress.procedures.authority import Letterhead
from redress.procedures.files import FileError, close_to, tell_all
from redress.startup import SetupError
from redress.store.outbound import Recipient

LAYOUT = Path(__file__).with_name("letter.typ")

FONTS_OF_TYPST = ("Libertinus Serif", "DejaVu Sans Mono")
"""Those within its package: Latin, Greek, Cyrillic and Hebrew; and what the second has beside them."""

FIRST_PICTURE = 0x1F000
"""From here on Unicode has emoji and other pictures."""

_LONG_WORD = re.compile(r"\S{45}")

_JOINING = "\u200d\ufe0e\ufe0f"
"""What makes one picture of several: nothing by itself."""

_NOT_DRAWN = re.compile(r'the text `"(?P<text>.+?)"` could not be displayed', re.DOTALL)
"""What Typst says of characters that none of the fonts can draw; of some it says the number."""

_NUMBER = re.compile(r"\\u\{([0-9a-f]+)\}")


def pdf_of(letter: OutboundLetter) -> bytes:
    """A letter as a PDF, without its enclosures.

    A character that no font has is printed by its name in Unicode: `[grinning face]`. Raises `SetupError`
    where the authority's letterhead cannot be drawn.
    """
    head = letterhead_of(letter.authority)
    data = _data(letter, head)
    while True:
        try:
            return _drawn(json.dumps(data, ensure_ascii=False), head, letter)
        except _NotDrawnError as missing:
            named = _by_name(data, missing.kin)
            if named == data:
                raise SetupError(f"a character of {letter.reference} cannot be drawn") from None
            data = named


def check_letterheads() -> None:
    """Draw on every letterhead that names files of a council's own. Raises `FileError` with all mistakes."""
    own = [name for name in loader.authority_names() if any(letterhead_of(name).model_dump().values())]
    tell_all(*(partial(_check, name) for name in own))


def _check(name: str) -> None:
    import typst

    head = letterhead_of(name)
    known = typst.Fonts(include_system_fonts=False, font_paths=font_folders()).families()
    if head.font and head.font not in known:
        what = (
            f"there is no font {head.font!r}{close_to(head.font, known)}: lay its files into the folder fonts"
        )
        raise FileError(f"{name}.toml: letterhead.font: {what}")
    to = Recipient(subject="A letter", sender=name)
    letter = OutboundLetter("", "", "", "", date(2026, 1, 1), "none", "", to, "A letter", name)
    try:
        pdf_of(letter)
    except SetupError as error:
        raise FileError(f"{name}.toml: letterhead.logo: {error}") from None


class _NotDrawnError(Exception):
    """There are characters that no font has, of these kinds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kin = {_kin(each) for each in _NUMBER.sub(lambda number: chr(int(number[1], 16)), text)}


def _drawn(data: str, head: Letterhead, letter: OutboundLetter) -> bytes:
    import typst  # here: a worker that sends no PDF, and the workflows, go without it

    files: Any = {"main.typ": LAYOUT.read_bytes(), "letter.json": data.encode()}
    if head.logo:
        files[head.logo] = logo_file(head).read_bytes()
    try:
        pdf: bytes = typst.compile(  # its types do not know of files in memory
            files,
            format="pdf",
            font_paths=font_folders(),
            ignore_system_fonts=True,  # what stands on one machine must not change a letter
            pdf_standards="ua-1",
            timestamp=int(datetime.combine(letter.on, time(), UTC).timestamp()),
        )
        return pdf
    except typst.TypstError as error:
        missing = _NOT_DRAWN.search(str(error))
        if missing:
            raise _NotDrawnError(missing["text"]) from None
        raise SetupError(f"the letterhead cannot be drawn: {str(error).splitlines()[0]}") from None


def _data(letter: OutboundLetter, head: Letterhead) -> dict[str, Any]:
    """What the layout draws."""
    parts = letter_of(letter)
    name, *rest = parts.head or [""]
    return {
        "title": parts.subject or letter.recipient.subject,
        "author": name,
        "name": name,
        "head": parts.head if head.logo else rest,
        "logo": head.logo,
        "colour": head.colour,
        "fonts": [*filter(None, [head.font]), *FONTS_OF_TYPST],
        "address": _on_envelope(letter) or parts.address,
        "facts": [line for line in (parts.email, parts.date, parts.reference) if line],
        "footer": parts.reference,
        "long-words": _LONG_WORD.search(letter.text) is not None,
        "subject": parts.subject,
        "body": [_block(block) for block in parts.body],
    }


def _on_envelope(letter: OutboundLetter) -> list[str]:
    """Where a letter on paper goes, as carriers read it: it may have been corrected since it was written."""
    recipient = letter.recipient
    by_post = letter.route in ("post", "none") and recipient.address
    return envelope_lines(recipient.name, recipient.address) if by_post else []


def _block(block: Block) -> dict[str, Any]:
    runs = [[*items] for _, items in groupby(block.items, key=lambda item: item.number > 0)]
    return {"kind": block.kind, "lines": block.lines, "runs": [[i._asdict() for i in run] for run in runs]}


def _by_name(data: Any, kin: Collection[str]) -> Any:
    """What is drawn, with characters of these kinds by their names."""
    if isinstance(data, dict):
        return {key: _by_name(value, kin) for key, value in data.items()}
    if isinstance(data, list):
        return [_by_name(value, kin) for value in data]
    if not isinstance(data, str):
        return data
    return "".join(_named(each) if _kin(each) in kin else each for each in data)


def _named(character: str) -> str:
    return "" if character in _JOINING else f"[{_name(character)}]"


def _name(character: str) -> str:
    return unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"


def _kin(character: str) -> str:
    """What is missing together as a rule: a whole letter in another script is not tried one by one."""
    if ord(character) >= FIRST_PICTURE:
        return "picture"
    return character if character.isascii() else _name(character).partition(" ")[0]
