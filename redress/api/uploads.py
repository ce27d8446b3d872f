"""Forms that bring a file: read piece by piece to the disk, never whole into memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)
from starlette.requests import Request

from redress.api.problems import Refusal, wrong
from redress.documents.spool import Spool
from redress.domain.parsing import Malformed, Problem

LONGEST_FIELD = 1000
"""Bytes of a field of a form that is no file."""

MOST_PARTS = 20

AT_ONCE = 256 * 1024
"""Bytes that are gathered before they go to the disk."""


class _Form:
    """What has come of a form so far."""

    def __init__(self, into: Spool, known: frozenset[str]) -> None:
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self._into = into
        self._known = known
        self._part: str | None = None
        self._gathered = bytearray()

    async def take(self, event: MultipartSegment | bytearray | bytes | None) -> None:
        """The beginning of a part, some of what is in it, or its end."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is not None:
            self._gathered += event
            if self._is_file and len(self._gathered) >= AT_ONCE:
                await self._write()
            elif not self._is_file and len(self._gathered) > LONGEST_FIELD:
                raise wrong(self._part or "body", f"should have at most {LONGEST_FIELD} bytes")
        elif self._is_file:
            await self._write()
        else:
            self._end()

    @property
    def _is_file(self) -> bool:
        return self._part == "file"

    def _begin(self, part: MultipartSegment) -> None:
        name = self._part = part.name or ""
        self._gathered.clear()
        if name == "file":
            if self.file_name is not None:
                raise wrong("file", "is given more than once: attach one document at a time")
            self.file_name = part.filename or ""
        elif name not in self._known:
            shown = "".join(letter if letter.isprintable() else "?" for letter in name[:60])
            raise _malformed(Problem(shown or "?", "no such field", "unknown_field"))
        elif name in self.fields:
            raise _malformed(Problem(name, "is given more than once", "repeated"))

    def _end(self) -> None:
        assert self._part is not None, "a part ends after its beginning"
        try:
            self.fields[self._part] = self._gathered.decode("utf-8")
        except UnicodeDecodeError:
            raise wrong(self._part, "is not UTF-8") from None

    async def _write(self) -> None:
        await asyncio.to_thread(self._into.write, bytes(self._gathered))
        self._gathered.clear()


async def read_form(request: Request, into: Spool, known: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    """Read a form with a file and some fields; gives the file's name, which may be empty, and the fields.

    Raises `Refusal` where it is no such form, `TooLarge`, and `StoreUnavailable` where the disk is full.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise Refusal("not-multipart", "Send Content-Type: multipart/form-data, with the document as `file`.")
    form = _Form(into, known)
    try:
        with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
            async for chunk in _chunks(request):
                for event in parser.parse(chunk):
                    await form.take(event)
                if parser.closed:
                    break
    except ParserLimitReached:
        raise wrong("body", f"should have at most {MOST_PARTS} parts with short headers") from None
    except MultipartError:
        raise wrong("body", "is no whole form (multipart/form-data)") from None
    if form.file_name is None:
        raise _malformed(Problem("file", "is missing: the document", "missing"))
    return form.file_name, form.fields


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _malformed(problem: Problem) -> Malformed:
    return Malformed([problem])
