"""What a document is: told by what stands in it, never by its name or by what its sender says."""

from __future__ import annotations

from email.errors import MultipartInvariantViolationDefect
from email.parser import BytesHeaderParser
from io import SEEK_SET, RawIOBase
from typing import IO
from zipfile import BadZipFile, ZipFile

import puremagic

PDF, EMAIL = "application/pdf", "message/rfc822"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

ENDINGS = {
    PDF: ".pdf",
    DOCX: ".docx",
    DOC: ".doc",
    EMAIL: ".eml",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/heif": ".heic",
}
"""Every type that is taken, and how the names of such files end."""

TAKEN = (
    "PDF, Word (.docx or .doc, without macros), a picture (JPEG, PNG, GIF, TIFF, WebP, HEIC), "
    "an e-mail (.eml)"
)
"""The same for people."""

ZIP, OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
"""How the files of newer and of older office programs begin."""

WORD_STREAM, MACROS = (name.encode("utf-16-le") for name in ("WordDocument", "_VBA_PROJECT"))
"""Names within a file of an older office program."""

HEADERS = frozenset(
    {"from", "to", "subject", "date", "message-id", "received", "mime-version", "return-path"}
)
"""Headers of which an e-mail has some."""

LONGEST_HEAD = 64 * 1024
"""Bytes among which the headers of an e-mail are looked for."""

MOST_ENTRIES = 10_000
"""Files in an office document, beyond which it is none that is taken."""

LONGEST_DIRECTORY = 2 * 1024 * 1024
"""Bytes of the list of those files, of which each entry takes many times as much memory once it is read."""

PIECE = 256 * 1024


class _LittleAtOnce(RawIOBase):
    """A file of which no more is read at once than the list of its files may have."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, at: int, whence: int = SEEK_SET, /) -> int:
        """As the file does."""
        return self._file.seek(at, whence)

    def tell(self) -> int:
        """As the file does."""
        return self._file.tell()

    def read(self, size: int = -1, /) -> bytes:
        """As the file does. Raises `BadZipFile` where that is much."""
        data = self._file.read(LONGEST_DIRECTORY + 1 if size < 0 else min(size, LONGEST_DIRECTORY + 1))
        if len(data) > LONGEST_DIRECTORY:
            raise BadZipFile("more than the list of its files may have")
        return data


def media_type_of(file: IO[bytes]) -> str | None:
    """The media type, if it is one that is taken. Reads here and there in the file, and never all at once."""
    file.seek(0)
    head = file.read(LONGEST_HEAD)
    if head.startswith(ZIP):
        return DOCX if _is_word(file) else None
    if head.startswith(OLE):
        return DOC if _holds(file, WORD_STREAM) and not _holds(file, MACROS) else None
    if is_email(head):
        return EMAIL
    file.seek(0)
    try:
        found = puremagic.magic_stream(file)
    except (puremagic.PureError, ValueError):
        return None
    # What Word and e-mail look like is judged above alone: their beginnings are those of other things, too.
    likeliest = found[0].mime_type if found else ""
    return likeliest if likeliest in ENDINGS.keys() - {DOC, DOCX, EMAIL} else None


def is_email(head: bytes) -> bool:
    """Whether it begins with the headers of an e-mail: two at least that e-mails have, and no other line."""
    block = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if b"\0" in block or not block.partition(b"\n")[0].partition(b":")[1]:
        return False
    message = BytesHeaderParser().parsebytes(block + b"\n\n")
    # Some Pythons 3.11 miss the parts of a multipart message whose body nobody asked them to read.
    wrong = [each for each in message.defects if not isinstance(each, MultipartInvariantViolationDefect)]
    return not wrong and len({name.lower() for name in message} & HEADERS) >= 2


def _is_word(file: IO[bytes]) -> bool:
    try:
        with ZipFile(_LittleAtOnce(file)) as archive:
            names = {entry.filename for entry in archive.infolist()[:MOST_ENTRIES]}
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    return {"[Content_Types].xml", "word/document.xml"} <= names and not any(
        name.lower().endswith("vbaproject.bin") for name in names
    )


def _holds(file: IO[bytes], wanted: bytes) -> bool:
    file.seek(0)
    before = b""
    while piece := file.read(PIECE):
        if wanted in before + piece:
            return True
        before = piece[-len(wanted) :]
    return False
