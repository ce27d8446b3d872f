"""Looks for what must not be there: a marked name in the files that a running installation writes.

Also within what hides text from a plain search: PDFs, archives (Word's files are such), e-mails, compressed
files, and text in UTF-16.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from pypdf import PdfReader
from pypdf.errors import PyPdfError

DEEPEST = 5
"""How far one thing within another is looked into."""

HEADERS = (b"from:", b"to:", b"subject:", b"received:", b"return-path:", b"mime-version:", b"content-type:")
"""How e-mails begin."""


def holding(files: Iterable[Path], mark: str) -> list[str]:
    """The names of the files that hold the mark, in their own names or in what is in them.

    A database that is in use makes and removes files beside it: one that went between being
    listed and being read holds nothing.
    """
    searched = {file: _contents(file) for file in files}
    assert any(searched.values()), "there is something to search"
    return [file.name for file, contents in searched.items() if mark in file.name or says(contents, mark)]


def says(contents: bytes, mark: str) -> bool:
    """Whether some bytes hold the mark, as they are or once they are opened as what they are."""
    spellings = (mark.encode(), mark.encode("utf-16-le"), mark.encode("utf-16-be"))
    return any(spelling in opened for opened in _opened(contents) for spelling in spellings)


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _opened(contents: bytes, depth: int = 0) -> Iterator[bytes]:
    """Some bytes, and everything that is packed in them."""
    yield contents
    if depth < DEEPEST:
        for each in _within(contents):
            yield from _opened(each, depth + 1)


def _within(contents: bytes) -> Iterator[bytes]:
    if b"%PDF-" in contents[:1024]:
        yield from _of_pdf(contents)
    elif contents.startswith(b"PK\x03\x04"):
        with suppress(BadZipFile), ZipFile(BytesIO(contents)) as archive:
            yield "\n".join(archive.namelist()).encode()
            yield from (archive.read(name) for name in archive.namelist())
    elif contents.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(contents)
    elif contents[:500].lower().startswith(HEADERS):
        yield from _of_email(BytesParser(policy=default).parsebytes(contents))


def _of_pdf(contents: bytes) -> Iterator[bytes]:
    """The words of its pages, what it says of itself, and the files in it."""
    with suppress(PyPdfError, ValueError, KeyError):
        reader = PdfReader(BytesIO(contents))
        yield str(dict(reader.metadata or {})).encode()
        yield from (page.extract_text().encode() for page in reader.pages)
        yield from (file for files in reader.attachments.values() for file in files)


def _of_email(message: Message) -> Iterator[bytes]:
    yield "\n".join(f"{name}: {value}" for name, value in message.items()).encode()
    for part in message.walk():
        content = part.get_payload(decode=True)
        yield str(part.get_filename() or "").encode()
        if isinstance(content, bytes):
            yield content
