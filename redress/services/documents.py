"""Documents of a complaint: attached, listed, given out, scanned, verified; and gone with its erasure.

What is in a document goes through this process piece by piece, and lies outside Temporal and the databases.
While the document store is out of reach nothing can be attached or read, and everything else goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, get_args

from sqlalchemy.exc import SQLAlchemyError

from redress.documents.email_parts import attachments
from redress.documents.errors import CannotScan, Infected, NoSuchFile, StoreUnavailable, WrongType
from redress.documents.scanning import Scanner, scanner_for
from redress.documents.spool import Spool
from redress.documents.storage import DocumentStore, store_for
from redress.documents.types import EMAIL, ENDINGS, TAKEN, media_type_of
from redress.domain.erasure import Erased
from redress.domain.log import APPLIED
from redress.domain.parsing import Malformed, Problem
from redress.letters.enclosures import kinds
from redress.security.encryption import EnvelopeCipher, Place
from redress.security.keyring import KeyDestroyed, MissingKey, Unreadable
from redress.security.streaming import decrypt_stream, digest_for, encrypt_stream
from redress.services.clock import today
from redress.services.errors import NotFound, Rejected
from redress.services.letters import one as letter_of
from redress.settings import Settings
from redress.store import documents as store
from redress.store import letters
from redress.store.documents import DocumentRow, LeftOut
from redress.store.register import Register

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")

NAME = re.compile(r"[0-9a-f]{32}")
"""What a document is called within its complaint."""

LONGEST_NAME = 200
"""Characters of a file's name."""

OTHER_ENDINGS = {"image/jpeg": (".jpeg", ".jpe"), "image/tiff": (".tiff",), "image/heif": (".heif",)}
"""How the names of files may end besides `ENDINGS`."""

DocumentState = Literal["unscanned", "clean", "infected", "erased"]


class Withheld(TypedDict):
    """What is kept from somebody: from whom, which parts (empty: all of it), and why."""

    withheld_from: str
    parts: str
    reason: str


class DocumentLine(TypedDict):
    """A document, without what is in it.

    `document`: what it is called within the complaint. `state`: `unscanned` until ClamAV looked into it.
    `attached_at`: UTC. `part_of`: the e-mails that it came with. `left_out`: what came with an e-mail and
    stays in it alone. `in_place_of`: the document in whose place it goes to whoever that is withheld from.
    """

    reference: str
    document: str
    name: str
    kind: str
    media_type: str
    size: int
    state: DocumentState
    attached_at: str
    attached_by: str
    messages: list[str]
    letters: list[str]
    part_of: list[str]
    left_out: list[dict[str, str]]
    in_place_of: str
    withheld: list[Withheld]


class Attached(NamedTuple):
    """What was attached: the document, and those that came with it, if it is an e-mail.

    `created`: whether it was new; otherwise the complaint had it already. `was`: the kind that it had, where
    it has another one now.
    """

    document: DocumentLine
    parts: list[DocumentLine]
    created: bool
    was: str = ""


class Attachment(NamedTuple):
    """What somebody says of a file that they attach."""

    name: str
    kind: str = "document"
    message: str = ""
    letter: str = ""
    in_place_of: str = ""


class _Judged(NamedTuple):
    """A file that may be taken, with what it is."""

    name: str
    content: Spool
    media_type: str
    state: store.State


class Documents:
    """The documents of one register, in one store."""

    def __init__(self, register: Register, settings: Settings) -> None:
        self._register = register
        self._settings = settings
        self.store: DocumentStore = store_for(settings)
        self.scanner: Scanner | None = scanner_for(settings)

    def spool(self) -> Spool:
        """Where a file is written while it comes; to be closed. Raises `StoreUnavailable`."""
        return Spool(self._settings.spool_folder, self._settings.document_bytes)

    # --- attaching -----------------------------------------------------------------------------------

    def check(self, reference: str, what: Attachment) -> None:
        """Whether something could be attached, judged without its content.

        Raises `NotFound`, `Erased`, `Malformed`.
        """
        register = self._register
        if not register.knows(reference):
            raise NotFound(reference)
        if _is_destroyed(register, reference):
            raise Erased(reference, _erased_on(register, reference))
        problems = []
        if not KIND.fullmatch(what.kind):
            problems.append(Problem("kind", "should be a word in small letters, for example report"))
        known = {each.get("message_id") for each in _messages(register, reference)} if what.message else set()
        if what.message and what.message not in known:
            problems.append(Problem("message", f"{reference} has no message with this message_id"))
        if what.in_place_of and what.in_place_of not in self._known(reference):
            problems.append(Problem("in_place_of", f"{reference} has no document of this name"))
        if problems:
            raise Malformed(problems)
        if what.letter:
            letter_of(register, reference, what.letter)

    def attach(
        self,
        reference: str,
        content: Spool,
        what: Attachment,
        by: str,
        *,
        from_intake: bool = False,
        is_checked: bool = False,
    ) -> Attached:
        """Attach what has come; an e-mail with its attachments, each as a document of its own.

        `is_checked`: the complaint has just said that it has the message, which the register does in seconds.

        Raises what `check` does; `WrongType`, `Infected` where it is not taken; `Rejected` where the
        complaint has as many as it may have; and `StoreUnavailable`: in all cases nothing is kept. What the
        complaint has already is kept once.
        """
        if not is_checked:
            self.check(reference, what)
        if not content.size:
            raise Malformed([Problem("file", "is empty")])
        with ExitStack() as stack:
            whole = self._judged(content, what.name)
            parts, left_out = self._parts_of(whole, stack)
            by_name: dict[str, _Judged] = {}  # what came twice is one document
            for each in (whole, *parts):
                by_name.setdefault(self._name_of(reference, each.content), each)
            mother = next(iter(by_name))
            at = store.now()
            rows = [
                DocumentRow(
                    reference=reference,
                    document=name,
                    media_type=each.media_type,
                    state=each.state,
                    size=each.content.size,
                    caller=by,
                    attached_at=at,
                    name=each.name,
                    kind=what.kind if each is whole else "attachment",
                    messages=(what.message,) if what.message else (),
                    letters=(what.letter,) if what.letter else (),
                    part_of=(mother,) if each is not whole else (),
                    left_out=tuple(left_out) if each is whole else (),
                    in_place_of=what.in_place_of if each is whole else "",
                )
                for name, each in by_name.items()
            ]
            known = {each.document: each.kind for each in store.of(self._register, reference)}
            contents = {name: each.content for name, each in by_name.items()}
            noted = self._keep(reference, rows, contents, self._most(from_intake=from_intake))
        withheld = _withheld(self._register, reference)
        lines = [_line(row, withheld) for row in noted]
        was = known.get(mother, "")
        return Attached(lines[0], lines[1:], mother not in known, was if was != noted[0].kind else "")

    def _judged(self, content: Spool, name: str) -> _Judged:
        """Raises `WrongType`, `Infected`."""
        with content.reader() as file:
            media_type = media_type_of(file)
        if media_type is None:
            raise WrongType(f"what is in it is none of what is taken: {TAKEN}")
        state: store.State = "unscanned"
        if self.scanner is not None:
            try:
                found = self.scanner.scan(content.pieces())
            except CannotScan:
                pass  # it stays unscanned until it is asked for
            else:
                state = "clean"
                if found is not None:
                    raise Infected(f"ClamAV found {found} in it: it was not kept")
        return _Judged(_named(name, media_type), content, media_type, state)

    def _parts_of(self, whole: _Judged, stack: ExitStack) -> tuple[list[_Judged], list[LeftOut]]:
        """What came with an e-mail, each to be a document of its own; and what stays in the e-mail alone."""
        parts: list[_Judged] = []
        left_out: list[LeftOut] = []
        if whole.media_type != EMAIL:
            return parts, left_out
        for name, content in attachments(whole.content):
            stack.enter_context(content)
            try:
                if not content.size:
                    raise WrongType("it is empty, or could not be decoded")
                parts.append(self._judged(content, name))
            except WrongType as error:
                content.close()
                left_out.append(LeftOut(_cleaned(name) or "without a name", str(error)))
        return parts, left_out

    def _keep(
        self, reference: str, rows: list[DocumentRow], contents: dict[str, Spool], most: int
    ) -> list[DocumentRow]:
        """Bring files into the store, and then note them; where that fails, take them out again."""
        there = {*self.store.names(reference)}
        new = [name for name in contents if name not in there]
        try:
            for name in new:
                data = encrypt_stream(self._register.cipher, contents[name].pieces(), _place(reference, name))
                self.store.put(reference, name, data)
            noted = store.add(self._register, rows, most)
            if _is_destroyed(
                self._register, reference
            ):  # meanwhile: whoever did that did not find these files
                raise KeyDestroyed
        except BaseException as error:
            self._take_out(reference, new, with_rows=isinstance(error, KeyDestroyed))
            if isinstance(error, store.Full):
                raise _full(reference, most) from None
            if isinstance(error, KeyDestroyed):
                raise Erased(reference, _erased_on(self._register, reference)) from None
            raise
        return noted

    def _take_out(self, reference: str, names: list[str], *, with_rows: bool) -> None:
        """Delete files again, but for those that somebody else has noted meanwhile."""
        with suppress(StoreUnavailable, SQLAlchemyError):
            kept = set() if with_rows else self._known(reference)
            for name in names:
                if name not in kept:
                    self.store.delete(reference, name)

    def _known(self, reference: str) -> set[str]:
        return {each.document for each in store.of(self._register, reference)}

    def _name_of(self, reference: str, content: Spool) -> str:
        digest = digest_for(self._register.cipher, reference)
        for piece in content.pieces():
            digest.update(piece)
        return digest.hexdigest()[:32]

    def _most(self, *, from_intake: bool) -> int:
        """How many a complaint may have: intake systems leave the authority its half."""
        most = self._settings.documents_at_most
        return most // 2 if from_intake else most

    # --- reading -------------------------------------------------------------------------------------

    def listed(self, reference: str) -> list[DocumentLine]:
        """The documents of a complaint, in the order in which they were attached. Raises `NotFound`."""
        if not self._register.knows(reference):
            raise NotFound(reference)
        rows = store.of(self._register, reference)
        withheld = _withheld(self._register, reference) if rows else []
        return [_line(row, withheld) for row in rows]

    def one(self, reference: str, document: str) -> DocumentLine:
        """One of them. Raises `NotFound`, `Malformed`."""
        for line in self.listed(reference):
            if line["document"] == document:
                return line
        raise Malformed([Problem("document", f"{reference} has no document {document[:60]!r}")])

    def read(self, reference: str, document: str) -> tuple[DocumentLine, Iterator[bytes]]:
        """A document and what is in it, piece by piece, each as it was attached.

        Where ClamAV is set, what was not scanned yet is scanned first. Raises `NotFound`, `Malformed`,
        `Erased`, `Rejected` where it is infected, `StoreUnavailable`, `CannotScan`, and `Unreadable` where
        it is missing or not as it was attached.
        """
        line = self.one(reference, document)
        if line["state"] == "erased":
            raise Erased(reference, _erased_on(self._register, reference))
        if line["state"] == "unscanned" and self.scanner is not None:
            line = self._scanned(line)
        if line["state"] == "infected":
            raise Rejected(f"ClamAV found something in {document}: it is not given out")
        pieces = self._pieces(reference, document)
        first = next(pieces, b"")  # what cannot be read is told before anything is sent
        return line, chain([first], pieces)

    def copy(self, reference: str, document: str, to: str, by: str) -> Attached:
        """Attach a document to a linked complaint of the same authority too, under that complaint's key.

        Both have it from then on, each with its own erasure. What it belongs to in the first one stays there:
        messages, letters, and that it leaves with letters. Raises as `read` and `attach` do; `Malformed` for
        a complaint that is not linked, and `Rejected` for a document of which something is withheld.
        """
        line = self.one(reference, document)
        if not self._is_linked(reference, to):
            what = "should be the reference of a complaint of this authority that is linked to this one"
            raise Malformed([Problem("to", what)])
        if line["withheld"]:
            raise Rejected(
                "part of this document is withheld from somebody: attach there what may be seen there"
            )
        kind = "document" if line["kind"] in kinds() else line["kind"]
        with self.spool() as content:
            for piece in self.read(reference, document)[1]:
                content.write(piece)
            return self.attach(to, content, Attachment(line["name"], kind), by)

    def _is_linked(self, reference: str, other: str) -> bool:
        """Whether two complaints of one authority are linked; one side that shows it is enough."""
        register = self._register
        if reference == other or register.authority_of(reference) != register.authority_of(other):
            return False
        for one, to in ((reference, other), (other, reference)):
            status = register.status(one, today())
            if status is not None and any(link["reference"] == to for link in status.get("links", [])):
                return True
        return False

    def scan(self, reference: str) -> list[DocumentLine]:
        """Scan what was not scanned yet; gives all documents. Raises as `read`, `Rejected` without ClamAV."""
        if self.scanner is None:
            raise Rejected("REDRESS_CLAMAV is not set: there is nothing to scan documents with")
        lines = self.listed(reference)
        return [self._scanned(each) if each["state"] == "unscanned" else each for each in lines]

    def _scanned(self, line: DocumentLine) -> DocumentLine:
        assert self.scanner is not None, "asked for where there is one"
        reference, document = line["reference"], line["document"]
        found = self.scanner.scan(self._pieces(reference, document))
        state: store.State = "clean" if found is None else "infected"
        store.change_state(self._register, reference, document, state)
        return {**line, "state": state}

    def _pieces(self, reference: str, document: str) -> Iterator[bytes]:
        place = _place(reference, document)
        try:
            yield from decrypt_stream(self._register.cipher, self.store.get(reference, document), place)
        except NoSuchFile:
            raise Unreadable(f"{place}: the document store does not have it") from None

    # --- the record ----------------------------------------------------------------------------------

    def faults(self, reference: str) -> Iterator[tuple[Literal["missing", "changed"], str]]:
        """What is wrong with a complaint's documents: each has to be there, and as it was attached.

        Raises `StoreUnavailable`, and what the keys raise where they are out of reach.
        """
        there = {*self.store.names(reference)}
        if _is_destroyed(self._register, reference):
            for name in sorted(there):
                yield "changed", f"document {name[:60]}: was erased, and its file is there: erase it again"
            return
        for row in self._rows(reference):
            if row.document not in there:
                yield "missing", f"document {row.document}: its file is not in the document store"
                continue
            there.remove(row.document)
            if not self._is_whole(row):
                yield "changed", f"document {row.document}: its file is not as it was attached"
        for document in sorted(self._enclosed(reference) - store.names(self._register, reference)):
            yield "missing", f"document {document}: a letter encloses it, and its row is not in the register"
        for name in sorted(there):
            what = "its file is in the document store, and its row is not in the register"
            yield "missing", f"document {name[:60]}: {what}"

    def _enclosed(self, reference: str) -> set[str]:
        """The documents that letters enclose."""
        found: set[str] = set()
        with self._register.reading() as db:
            rows = letters.in_state(db, get_args(letters.State), reference)
        for row in rows:
            try:
                envelope = letters.recipient_of(self._register.cipher, row) if row.envelope else None
            except MissingKey:
                raise
            except Unreadable:  # it is said where every encrypted value is looked at
                continue
            found |= {each.document for each in envelope.enclosed} if envelope is not None else set()
        return found

    def _rows(self, reference: str) -> list[DocumentRow]:
        try:
            return store.of(self._register, reference)
        except MissingKey:
            raise
        except Unreadable:  # which one it is, is said where every encrypted value is looked at
            return []

    def _is_whole(self, row: DocumentRow) -> bool:
        try:
            digest, size = digest_for(self._register.cipher, row.reference), 0
            for piece in self._pieces(row.reference, row.document):
                digest.update(piece)
                size += len(piece)
        except MissingKey:
            raise
        except Unreadable:
            return False
        return digest.hexdigest()[:32] == row.document and size == row.size

    def of_erased(self) -> list[str]:
        """The erased complaints of which the store has files: an older backup has brought them back.

        Raises `StoreUnavailable`.
        """
        cipher = self._register.cipher
        destroyed = cipher.key_store.destroyed() if isinstance(cipher, EnvelopeCipher) else []
        return [reference for reference in destroyed if self.store.names(reference)]

    def erase(self, reference: str) -> tuple[int, list[str]]:
        """Delete all files of a complaint; gives how many there were, and those that are still there.

        Raises `StoreUnavailable`.
        """
        names = self.store.names(reference)
        for name in names:
            self.store.delete(reference, name)
        return len(names), self.store.names(reference)


def saved_as(line: DocumentLine, number: int) -> Path:
    """What a document's file is called where several lie in a folder; those withheld lie apart."""
    name = Path(f"{number:02}-{line['name']}")
    return Path("withheld") / name if line["withheld"] else name


def _full(reference: str, most: int) -> Rejected:
    return Rejected(f"{reference} has {most} documents already, which is as many as may be attached")


def _place(reference: str, document: str) -> Place:
    return Place("documents", "content", reference, document)


def _is_destroyed(register: Register, reference: str) -> bool:
    cipher = register.cipher
    return isinstance(cipher, EnvelopeCipher) and cipher.key_store.is_destroyed(reference)


def _erased_on(register: Register, reference: str) -> str:
    status = register.status(reference, today())
    return str(status.get("erased_on") if status is not None else "an earlier day")


def _messages(register: Register, reference: str) -> list[dict[str, Any]]:
    status = register.status(reference, today())
    return [dict(each) for each in status.get("messages", [])] if status is not None else []


def _withheld(register: Register, reference: str) -> list[tuple[str, Withheld]]:
    """What is withheld, each with how its message names the document."""
    return [
        (
            str(each["document"]),
            Withheld(withheld_from=each["from"], parts=each.get("parts", ""), reason=each["reason"]),
        )
        for each in _messages(register, reference)
        if each["action"] == "withhold" and each["outcome"] == APPLIED.outcome and "document" in each
    ]


def _line(row: DocumentRow, withheld: list[tuple[str, Withheld]]) -> DocumentLine:
    named = {row.document, row.name} - {""}
    return DocumentLine(
        reference=row.reference,
        document=row.document,
        name=row.name,
        kind=row.kind,
        media_type=row.media_type,
        size=row.size,
        state="erased" if row.is_erased else row.state,
        attached_at=row.attached_at.isoformat(),
        attached_by=row.caller,
        messages=[*row.messages],
        letters=[*row.letters],
        part_of=[*row.part_of],
        left_out=[each._asdict() for each in row.left_out],
        in_place_of=row.in_place_of,
        withheld=[what for document, what in withheld if document in named],
    )


def _cleaned(name: str) -> str:
    """A name without folders, and without what moves or hides other characters."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    return shown.strip(" .")[:LONGEST_NAME]


def _named(name: str, media_type: str) -> str:
    """A file's name, which ends as those of its type do."""
    ending = ENDINGS[media_type]
    cleaned = _cleaned(name) or "document"
    if cleaned.lower().endswith((ending, *OTHER_ENDINGS.get(media_type, ()))):
        return cleaned
    return cleaned[: LONGEST_NAME - len(ending)] + ending
