"""Invented enclosures, and letters that leave with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import typst
from temporalio.exceptions import ApplicationError

from redress.documents.storage import store_for
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.stored_enclosures import EnclosedContent
from redress.store.letters import LetterRow
from tests.letters.delivery.conftest import RecordedComplaint

GIF = bytes.fromhex("47494638396101000100800000ff0000ffffff2c00000000010001000002024401003b")
"""A picture of one red point."""


def drawn(source: str) -> bytes:
    """What Typst makes of a source, as a PDF: the same bytes whenever it does."""
    sources: Any = {"main.typ": source.encode()}  # its annotations do not know of this
    made: Any = typst.compile(sources, format="pdf", ignore_system_fonts=True, timestamp=0)
    assert isinstance(made, bytes)
    return made


def picture() -> bytes:
    """A red picture, as PNG."""
    sources: Any = {"main.typ": b"#set page(width: 40mm, height: 30mm, fill: red)"}
    made: Any = typst.compile(sources, format="png", ppi=72.0, ignore_system_fonts=True)
    return made if isinstance(made, bytes) else bytes(made[0])


def report(pages: int = 1, *, margin: str = "20mm") -> bytes:
    """A PDF of so many pages."""
    all_pages = (f"An invented report. Page {page}." for page in range(1, pages + 1))
    return drawn(f"#set page(margin: {margin})\n" + "\n#pagebreak()\n".join(all_pages))


def enclosure(name: str, content: bytes, media_type: str = "application/pdf") -> Enclosure:
    def pieces() -> Iterator[bytes]:
        yield content

    return Enclosure(name, media_type, len(content), pieces)


class AtHand(EnclosedContent):
    """Enclosures that lie in no store: they are at hand as they are."""

    def fetched(self, enclosures: Sequence[Enclosure], stack: ExitStack) -> tuple[Enclosure, ...]:
        return tuple(enclosures)


def enclose(at: RecordedComplaint, *enclosures: Enclosure) -> None:
    """From now on the answer leaves with these to who complains."""
    without = type(at.dispatcher)._letter_of

    def with_them(row: LetterRow) -> OutboundLetter:
        letter = without(at.dispatcher, row)
        its = (letter.name, letter.role) == ("stage_1_response", "complainant")
        return letter._replace(enclosures=enclosures) if its else letter

    at.dispatcher._letter_of = with_them  # type: ignore[method-assign]
    at.dispatcher.content = AtHand(at.register, store_for(at.settings), at.settings.spool_folder)


def send_again(at: RecordedComplaint, times: int = 3) -> None:
    for _ in range(times):
        try:
            at.activities.send_letters(at.reference)
        except ApplicationError:
            continue
