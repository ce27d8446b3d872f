"""A file that is being taken in: on disk, encrypted, and gone with the process whatever befalls it.

It lies in a file without a name, under a key that is in memory alone. What breaks off leaves nothing, and
nobody can read what a disk keeps of it.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from redress.documents.errors import StoreUnavailable, TooLarge

AES_BLOCK = 16

PIECE = 256 * 1024
"""Bytes that are read at once."""


class Spool:
    """Written from beginning to end, then read as often as needed.

    Raises `StoreUnavailable` where the folder cannot be written to.
    """

    def __init__(self, folder: Path, most: int) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # On Linux one that never has a name (O_TMPFILE).
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise _not_taken_in(error) from None
        self._key = AES(os.urandom(32))
        self._encryptor = Cipher(self._key, CTR(bytes(AES_BLOCK))).encryptor()
        self._folder = folder
        self._most = most
        self._is_writing = True
        self.size = 0
        """Bytes that were written."""

    def write(self, data: bytes) -> None:
        """Take in what follows. Raises `TooLarge`, and `StoreUnavailable` where the disk is full."""
        if self.size + len(data) > self._most:
            raise TooLarge(self._most)
        try:
            if not self._is_writing:
                self._file.seek(self.size)
                self._is_writing = True
            self._file.write(self._encryptor.update(data))
        except OSError as error:
            raise _not_taken_in(error) from None
        self.size += len(data)

    def beside(self) -> Spool:
        """An empty one in the same folder, within the same bounds."""
        return Spool(self._folder, self._most)

    def read_at(self, place: int, size: int) -> bytes:
        """Some bytes from a place on; fewer at the end."""
        self._is_writing = False
        block, skipped = divmod(place, AES_BLOCK)
        self._file.seek(block * AES_BLOCK)
        encrypted = self._file.read(max(min(size, self.size - place), 0) + skipped)
        return Cipher(self._key, CTR(block.to_bytes(AES_BLOCK))).decryptor().update(encrypted)[skipped:]

    def pieces(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        for place in range(0, self.size, PIECE):
            yield self.read_at(place, PIECE)

    def reader(self) -> io.BufferedReader:
        """A file to read and to seek in."""
        return io.BufferedReader(_Reader(self), PIECE)

    def close(self) -> None:
        """Let go of it: nothing of it is left."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def _not_taken_in(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"a document cannot be taken in: {type(error).__name__}")


class _Reader(io.RawIOBase):
    """A spool as a file."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = (
            offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._spool.size}[whence]
        )
        if self._place < 0:
            raise OSError("before the beginning")
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._spool.read_at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
