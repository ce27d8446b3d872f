"""Documents in S3, or in what the library `obstore` reaches the same way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from redress.documents.errors import NoSuchFile, StoreUnavailable
from redress.documents.storage import PIECE, S3Settings
from redress.startup import SetupError

PART = 5 * 1024 * 1024
"""Bytes of a part of a file, the least that S3 takes; smaller files go in one."""


@contextmanager
def _reached(what: str, *, reads: bool = False) -> Iterator[None]:
    """`reads`: a file is asked for; else what is not there is the bucket."""
    try:
        yield
    except (OSError, BaseError) as error:
        if reads and isinstance(error, FileNotFoundError):
            raise NoSuchFile("the document store does not have it") from None
        raise StoreUnavailable(
            f"the document store ({what}) cannot be used: {type(error).__name__}"
        ) from None


class ObjectStore:
    """S3, or what is reached the same way; which address means what, the library `obstore` says.

    What goes there in parts is there once the last one is, and parts of what broke off are deleted.
    """

    def __init__(self, address: str, s3: S3Settings) -> None:
        self._what = address.partition("://")[0]
        named = {
            "endpoint": s3.endpoint,
            "region": s3.region,
            "access_key_id": s3.access_key,
            "secret_access_key": s3.secret_key,
        }
        config: Any = {name: value for name, value in named.items() if value}
        try:
            self._store = from_url(
                address,
                config=config or None,
                client_options={
                    "connect_timeout": "5s",
                    "timeout": "60s",
                    "allow_http": s3.endpoint.startswith("http://"),
                },
                retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            )
        except (BaseError, ValueError, TypeError) as error:
            raise SetupError(
                f"REDRESS_DOCUMENTS: {self._what}://… cannot be used ({type(error).__name__}): give "
                "a folder, or an address as s3://bucket/prefix"
            ) from None

    def put(self, reference: str, name: str, data: Iterable[bytes]) -> None:
        """In one request, or in parts."""
        with _reached(self._what):
            obstore.put(self._store, f"{reference}/{name}", iter(data), chunk_size=PART, max_concurrency=1)

    def get(self, reference: str, name: str) -> Iterator[bytes]:
        """Its pieces, as they come."""
        with _reached(self._what, reads=True):
            found = obstore.get(self._store, f"{reference}/{name}").stream(min_chunk_size=PIECE)

        def pieces() -> Iterator[bytes]:
            with _reached(self._what):
                for piece in found:
                    yield bytes(piece)

        return pieces()

    def names(self, reference: str) -> list[str]:
        """What lies under its reference."""
        with _reached(self._what):
            found = [each for batch in obstore.list(self._store, f"{reference}/") for each in batch]
        return sorted(each["path"].rpartition("/")[2] for each in found)

    def delete(self, reference: str, name: str) -> None:
        """The file; S3 says nothing where it was not there."""
        with suppress(NoSuchFile), _reached(self._what, reads=True):
            obstore.delete(self._store, f"{reference}/{name}")
