"""Where documents lie: in a folder, or in a store that is reached by an address, as S3.

A store holds encrypted files under `REFERENCE/NAME` and knows nothing of what is in them. What is put there
is there whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import NamedTuple, Protocol

from redress.documents.errors import NoSuchFile, StoreUnavailable
from redress.settings import Settings

PIECE = 256 * 1024

INCOMING = "incoming"
"""The folder of what is being written."""

STALE = 24 * 3600.0
"""Seconds after which what is being written belongs to nobody any more."""


class DocumentStore(Protocol):
    """Where documents lie. Every method raises `StoreUnavailable`."""

    def put(self, reference: str, name: str, data: Iterable[bytes]) -> None:
        """Keep a file of a complaint, whole or not at all; what had its name is replaced."""

    def get(self, reference: str, name: str) -> Iterator[bytes]:
        """A file, piece by piece. Raises `NoSuchFile` at once."""

    def names(self, reference: str) -> list[str]:
        """What there is of a complaint."""

    def delete(self, reference: str, name: str) -> None:
        """Delete a file, if it is there."""


class S3Settings(NamedTuple):
    """How S3 is reached; what is empty comes from AWS's own settings, or the machine's role."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


def store_at(address: str, s3: S3Settings = S3Settings()) -> DocumentStore:  # noqa: B008  # a constant
    """The store at an address: a folder's path, or a URL as `s3://BUCKET/PREFIX`. Raises `SetupError`."""
    if "://" not in address:
        return FolderStore(Path(address))
    from redress.documents.object_store import ObjectStore  # who keeps them in a folder waits for none of it

    return ObjectStore(address, s3)


def store_for(settings: Settings) -> DocumentStore:
    """The store that the settings name. Raises `SetupError`."""
    s3 = S3Settings(
        settings.documents_endpoint,
        settings.documents_region,
        settings.documents_access_key,
        settings.documents_secret_key.get_secret_value(),
    )
    return store_at(settings.documents_address, s3)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NoSuchFile("the document store does not have it") from None
    except OSError as error:
        raise StoreUnavailable(
            f"the document store (a folder) cannot be used: {type(error).__name__}"
        ) from None


class FolderStore:
    """A folder with one folder for each complaint."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, reference: str, name: str, data: Iterable[bytes]) -> None:
        """Written beside, brought to the disk, and given its name in one step."""
        with _reached():
            folder, incoming = self._root / reference, self._root / INCOMING
            for each in (folder, incoming):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            _remove_stale(incoming)
            handle, part = tempfile.mkstemp(dir=incoming)
            try:
                with os.fdopen(handle, "wb") as file:
                    for piece in data:
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                Path(part).replace(folder / name)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
            _to_disk(folder)

    def get(self, reference: str, name: str) -> Iterator[bytes]:
        """Its pieces; the file is open until they were read, and is not lost if it is deleted meanwhile."""
        with _reached():
            file = (self._root / reference / name).open("rb")

        def pieces() -> Iterator[bytes]:
            with file, _reached():
                while piece := file.read(PIECE):
                    yield piece

        return pieces()

    def names(self, reference: str) -> list[str]:
        """The files of its folder."""
        with _reached():
            # A folder that cannot be made is out of reach, and not empty.
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = self._root / reference
            return sorted(each.name for each in folder.iterdir()) if folder.exists() else []

    def delete(self, reference: str, name: str) -> None:
        """The file, and its folder with the last one."""
        with _reached():
            (self._root / reference / name).unlink(missing_ok=True)
            with suppress(OSError):  # others are left in it
                (self._root / reference).rmdir()


def _remove_stale(incoming: Path) -> None:
    """Remove what a process left that was killed while it wrote."""
    for each in incoming.iterdir():
        with suppress(FileNotFoundError):
            if each.stat().st_mtime < time() - STALE:
                each.unlink()


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
