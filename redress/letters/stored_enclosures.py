"""The documents of the register as enclosures of its letters: what is there, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from redress.documents.errors import Infected, NoSuchFile
from redress.documents.scanning import Scanner, scanner_for
from redress.documents.spool import Spool
from redress.documents.storage import DocumentStore, store_for
from redress.domain.case import Case
from redress.domain.enclosures import FOLLOW_UP
from redress.letters.delivery.outbound import Enclosure
from redress.letters.enclosures import Enclosures, FirstCopy, Reader, encloses_any, enclosures_of
from redress.letters.letter import Enclosing
from redress.security.encryption import Place
from redress.security.keyring import Unreadable
from redress.security.streaming import decrypt_stream
from redress.settings import Settings
from redress.store import documents, letters
from redress.store.outbound import Recipient
from redress.store.register import Register

LARGEST = 2**40
"""Bytes of a document; what is attached is bounded when it comes."""


class EnclosureLookup:
    """What each reader of a letter is sent with it, as the register stands."""

    def __init__(self, register: Register, db: Connection) -> None:
        self._register = register
        self._db = db

    def of(self, case: Case, effect: Mapping[str, Any]) -> Enclosing | None:
        """For the letter of an effect; None where it never encloses anything."""
        if not encloses_any(case, effect):
            return None
        rows = documents.in_one(self._db, self._register, case.reference)
        first = self._copies_of_first(case, effect) if effect["template"] == FOLLOW_UP else None

        def enclosing(reader: Reader) -> Enclosures | None:
            return enclosures_of(case, effect, reader, rows, first)

        return enclosing

    def _copies_of_first(self, case: Case, effect: Mapping[str, Any]) -> dict[str, FirstCopy]:
        """The copies of the letter that one follows, by their readers."""
        found: dict[str, FirstCopy] = {}
        for row in letters.copies_of(self._db, case.reference, str(effect["facts"]["of"])):
            if row.envelope is None:
                found[row.recipient] = FirstCopy(is_written=False)
                continue
            copy = letters.recipient_of(self._register.cipher, row)
            on = row.on_date.isoformat()
            found[row.recipient] = FirstCopy(True, tuple(copy.follow), copy.subject, on)
        return found


class EnclosedContent:
    """What is in enclosed documents, from the document store. `folder`: where they lie while they leave.

    Where there is a `scanner`, what was not scanned yet is scanned before it is given out.
    """

    def __init__(
        self, register: Register, store: DocumentStore, folder: Path, scanner: Scanner | None = None
    ) -> None:
        self._register = register
        self._store = store
        self._folder = folder
        self._scanner = scanner

    def of(self, reference: str, recipient: Recipient) -> tuple[Enclosure, ...]:
        """The enclosures of a letter, read anew from the store each time."""
        return tuple(
            Enclosure(
                each.name, each.media_type, each.size, partial(self._given_out, reference, each.document)
            )
            for each in recipient.enclosed
        )

    def fetched(self, enclosures: Sequence[Enclosure], stack: ExitStack) -> tuple[Enclosure, ...]:
        """The same, whole and at hand until the stack is closed: nothing of a letter leaves before.

        Raises `StoreUnavailable`, `CannotScan`, `Infected`, and `Unreadable` where one is missing or not as
        it was attached.
        """
        at_hand = []
        for each in enclosures:
            spool = stack.enter_context(Spool(self._folder, LARGEST))
            for piece in each.content():
                spool.write(piece)
            if spool.size != each.size:
                raise Unreadable("an enclosure has another size than when it was attached")
            at_hand.append(each._replace(content=spool.pieces))
        return tuple(at_hand)

    def _given_out(self, reference: str, document: str) -> Iterator[bytes]:
        if self._scanner is not None:
            state = documents.state_of(self._register, reference, document)
            if state == "unscanned":
                found = self._scanner.scan(self._pieces(reference, document))
                state = "clean" if found is None else "infected"
                documents.change_state(self._register, reference, document, state)
            if state == "infected":
                raise Infected(f"ClamAV found something in {document}")
        yield from self._pieces(reference, document)

    def _pieces(self, reference: str, document: str) -> Iterator[bytes]:
        place = Place("documents", "content", reference, document)
        try:
            yield from decrypt_stream(self._register.cipher, self._store.get(reference, document), place)
        except NoSuchFile:
            raise Unreadable(f"{place}: the document store does not have it") from None


def content_for(register: Register, settings: Settings) -> EnclosedContent:
    """What is in the documents of a register, in the store that the settings name. Raises `SetupError`."""
    return EnclosedContent(register, store_for(settings), settings.spool_folder, scanner_for(settings))
