"""Both kinds of store: whole or not at all, and nothing left of what broke off."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from redress.documents.errors import NoSuchFile, StoreUnavailable
from redress.documents.storage import INCOMING, STALE, DocumentStore, FolderStore, S3Settings, store_at
from redress.startup import SetupError
from tests.documents.conftest import S3

ONE = "CYP-2026-000001"
BIG = [os.urandom(1_000_000)] * 12


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    if request.param == "folder":
        return store_at(str(tmp_path / "documents"))
    s3: S3 = request.getfixturevalue("s3")
    given = s3.settings()
    named = S3Settings(s3.url, given["documents_region"], "invented", "invented")
    return store_at(f"s3://papers/{tmp_path.name}", named)


def test_kept_listed_read_and_deleted(store: DocumentStore) -> None:
    assert store.names(ONE) == []
    store.put(ONE, "a" * 32, [b"one ", b"", b"two"])
    store.put(f"{ONE}-1", "b" * 32, iter(BIG))
    assert store.names(ONE) == ["a" * 32], "of a part that was split off it has nothing"
    assert b"".join(store.get(ONE, "a" * 32)) == b"one two"
    assert b"".join(store.get(f"{ONE}-1", "b" * 32)) == b"".join(BIG)
    store.put(ONE, "a" * 32, [b"again"])
    assert b"".join(store.get(ONE, "a" * 32)) == b"again"
    for _ in range(2):
        store.delete(ONE, "a" * 32)
    assert store.names(ONE) == []
    with pytest.raises(NoSuchFile):
        store.get(ONE, "a" * 32)


def test_what_breaks_off_leaves_nothing(store: DocumentStore, tmp_path: Path, s3: S3) -> None:
    def broken() -> Iterator[bytes]:
        yield from BIG
        raise KeyError("the key was destroyed in the middle")

    with pytest.raises(KeyError):
        store.put(ONE, "a" * 32, broken())
    assert store.names(ONE) == []
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]
    assert s3.unfinished() == 0


def test_a_store_that_is_out_of_reach_is_said_to_be(tmp_path: Path, s3: S3) -> None:
    (tmp_path / "file").write_text("no folder")
    away = S3Settings("http://127.0.0.1:9", "eu-west-2", "x", "y")
    other = S3Settings(s3.url, "eu-west-2", "x", "y")
    stores = [
        FolderStore(tmp_path / "file"),
        store_at("s3://papers/x", away),
        store_at("s3://other/x", other),
    ]
    for store in stores:
        with pytest.raises(StoreUnavailable):
            store.names(ONE)
        with pytest.raises(StoreUnavailable):
            store.put(ONE, "a" * 32, [b"x"])


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(SetupError, match="REDRESS_DOCUMENTS"):
        store_at("ftp://invented.example/papers")


def test_a_folder_is_its_owners_alone_and_is_cleared_of_what_a_killed_process_left(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "documents")
    store.put(ONE, "a" * 32, [b"x"])
    incoming = tmp_path / "documents" / INCOMING
    stale, fresh = incoming / "stale", incoming / "fresh"
    for each in (stale, fresh):
        each.write_bytes(b"half")
    os.utime(stale, (0, stale.stat().st_mtime - STALE - 1))
    store.put(ONE, "b" * 32, [b"y"])
    assert (stale.exists(), fresh.exists()) == (False, True)
    for each in (tmp_path / "documents" / ONE, *(tmp_path / "documents" / ONE).iterdir()):
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0
