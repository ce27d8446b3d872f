"""The attachments of an e-mail, each as a document of its own, without the e-mail ever being whole in memory.

The standard library's parser holds a message several times over; here it parses the headers of each part, and
the parts themselves are passed on line by line.
"""

from __future__ import annotations

import binascii
import quopri
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.parser import BytesParser
from typing import IO, NamedTuple

from redress.documents.email_headers import TooMuchToParse, bounded
from redress.documents.errors import WrongType
from redress.documents.spool import Spool

MOST_PARTS = 500
"""Parts of an e-mail, beyond which no more are looked at."""

DEEPEST = 20
"""How deep the parts of an e-mail may be nested."""

LONGEST_LINE = 64 * 1024
LONGEST_HEADERS = 256 * 1024

DECODED_AT_ONCE = 64 * 1024
"""Bytes that are decoded at once."""


class Attachment(NamedTuple):
    """What was attached, and what it was called there; empty where it had no name."""

    name: str
    content: Spool


def attachments(email: Spool) -> Iterator[Attachment]:
    """Each attachment of an e-mail, and each e-mail that was forwarded with it; to be closed by the caller.

    What is part of the text, with no name and not called an attachment, is none. Raises `StoreUnavailable`,
    and `WrongType` where its headers are longer than any that people write.
    """
    walk = _Walk(email)
    try:
        with walk.file:
            yield from walk.parts(walk.headers(), [])
    except TooMuchToParse:
        raise WrongType("its headers are longer than those of any e-mail") from None


class _Walk:
    """One way through an e-mail, from beginning to end."""

    def __init__(self, email: Spool) -> None:
        self.file: IO[bytes] = email.reader()
        self._spool = email
        self._number = 0
        self._policy = bounded()
        self._ended = b""
        """The delimiter that ended the last part."""

    def headers(self) -> EmailMessage:
        """The headers that stand next, up to the empty line; none of an overlong block's rest."""
        block = b""
        while (line := self.file.readline(LONGEST_LINE)) and line.strip(b"\r\n"):
            if len(block) < LONGEST_HEADERS:
                block += line
        return BytesParser(policy=self._policy).parsebytes(block, headersonly=True)

    def parts(self, headers: EmailMessage, around: list[bytes]) -> Iterator[Attachment]:
        """The attachments of the part that stands next; `around`: the delimiters of those it stands in."""
        boundary = headers.get_boundary() if headers.get_content_maintype() == "multipart" else None
        if boundary is None:
            yield from self._leaf(headers, around)
            return
        own = b"--" + boundary.encode("utf-8", "surrogateescape")
        within = [*around, own]
        self._copy(within, None)  # what stands before the first part
        while self._ended == own and self._number < MOST_PARTS and len(within) <= DEEPEST:
            self._number += 1
            yield from self.parts(self.headers(), within)
        if self._ended in (own, own + b"--"):
            self._copy(around, None)  # what stands after the last one

    def _leaf(self, headers: EmailMessage, around: list[bytes]) -> Iterator[Attachment]:
        name = _name(headers)
        is_forwarded = headers.get_content_type() == "message/rfc822"
        is_attached = headers.get_content_disposition() == "attachment"
        if not (name or is_attached or (is_forwarded and around)):
            self._copy(around, None)
            return
        content = self._spool.beside()
        try:
            decoder = _decoder(
                str(headers.get("content-transfer-encoding", "")).strip().lower(), content.write
            )
            self._copy(around, decoder)
            decoder(b"")
        except BaseException:
            content.close()
            raise
        yield Attachment(name, content)

    def _copy(self, around: list[bytes], to: Callable[[bytes], None] | None) -> None:
        """Pass lines on up to one of the delimiters; the line break before it belongs to it."""
        held, self._ended = b"", b""
        ends = {end: end for boundary in around for end in (boundary, boundary + b"--")}
        while line := self.file.readline(LONGEST_LINE):
            self._ended = ends.get(line.rstrip(b" \t\r\n"), b"")
            if self._ended:
                break
            if to is not None:
                whole = held + line
                body = whole.removesuffix(b"\n").removesuffix(b"\r") if whole.endswith(b"\n") else whole
                held = whole[len(body) :]
                if body:
                    to(body)
        if to is not None and held and not self._ended:
            to(held)


def _decoder(encoding: str, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """What writes decoded what it is given: each line with the line break before it, at the end nothing."""
    held = bytearray()

    def base64(line: bytes) -> None:
        held.extend(line.translate(None, b" \t\r\n"))
        if line and len(held) < DECODED_AT_ONCE:
            return
        whole = len(held) // 4 * 4 if line else len(held)
        padding = b"=" * (-whole % 4)
        with suppress(binascii.Error):  # not base64 after all: what cannot be decoded is not there
            write(binascii.a2b_base64(held[:whole] + padding))
        del held[:whole]

    def quoted(line: bytes) -> None:
        breaks = line[: len(line) - len(line.lstrip(b"\r\n"))]
        if breaks or not line:
            write(quopri.decodestring(bytes(held) + breaks))  # its last character may say that none is meant
            held.clear()
        held.extend(line[len(breaks) :])

    return {"base64": base64, "quoted-printable": quoted}.get(encoding, write)


def _name(headers: EmailMessage) -> str:
    try:
        return str(headers.get_filename() or "")
    except (ValueError, LookupError, AttributeError):  # a header that nobody can read names nothing
        return ""
