"""Files encrypted block by block: what was done to one is seen before any of it is given out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from redress.documents.spool import Spool
from redress.security.encryption import EnvelopeCipher, InClear, Place, PlaintextCipher
from redress.security.keyring import KeyDestroyed, Keyring, Unreadable
from redress.security.streaming import BLOCK, HEAD, SALT, TAG, decrypt_stream, digest_for, encrypt_stream
from redress.store.key_store import KeyStore
from tests.stores import new_store

ONE, OTHER = "CYP-2026-000001", "CYP-2026-000002"
PLACE = Place("documents", "content", ONE, "0" * 32)
BEGINS = len(HEAD) + SALT


@pytest.fixture
def cipher(tmp_path: Path) -> EnvelopeCipher:
    keyring = Keyring({"test": bytes(range(32))})
    return EnvelopeCipher(keyring, KeyStore(new_store(tmp_path / "keys.db", "key_store"), keyring))


def in_pieces(data: bytes, size: int = 10_000) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def kept(cipher: EnvelopeCipher, data: bytes, place: Place = PLACE) -> bytes:
    return b"".join(encrypt_stream(cipher, in_pieces(data), place))


def read(cipher: EnvelopeCipher, data: bytes, place: Place = PLACE) -> bytes:
    return b"".join(decrypt_stream(cipher, in_pieces(data, 7777), place))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5])
def test_what_was_encrypted_comes_back(cipher: EnvelopeCipher, size: int) -> None:
    data = os.urandom(size)
    stored = kept(cipher, data)
    assert read(cipher, stored) == data
    assert size < 16 or data[:16] not in stored
    assert kept(cipher, data) != stored, "twice the same is not seen to be so"


def _blocks(stored: bytes) -> list[bytes]:
    return [*in_pieces(stored[BEGINS:], BLOCK + TAG)]


def test_a_file_that_was_tampered_with_is_not_read(cipher: EnvelopeCipher) -> None:
    stored = kept(cipher, os.urandom(3 * BLOCK))
    kept(cipher, b"x", Place("documents", "content", OTHER, "0" * 32))
    head, blocks = stored[:BEGINS], _blocks(stored)
    flipped = bytearray(stored)
    flipped[BEGINS + 100] ^= 1
    salted = bytearray(stored)
    salted[len(HEAD)] ^= 1
    for changed in (
        bytes(flipped),
        bytes(salted),
        head + b"".join(blocks[:2]),  # cut off between two blocks
        stored[:-1],
        head,
        head + blocks[1] + blocks[0] + blocks[2],
        head + blocks[0] + blocks[0] + blocks[2],
        head + b"".join(blocks[1:]),
        stored + blocks[2],
        stored + b"x",
    ):
        with pytest.raises(Unreadable):
            read(cipher, changed)


def test_it_opens_in_its_place_alone(cipher: EnvelopeCipher) -> None:
    stored = kept(cipher, b"invented")
    kept(cipher, b"x", PLACE._replace(reference=OTHER))
    for place in (PLACE._replace(reference=OTHER), PLACE._replace(row="1" * 32), PLACE._replace(column="x")):
        with pytest.raises(Unreadable):
            read(cipher, stored, place)


def test_what_stands_unencrypted_is_not_believed(cipher: EnvelopeCipher) -> None:
    kept(cipher, b"x")
    with pytest.raises(InClear):
        read(cipher, b"%PDF-1.7 put here by somebody")


def test_it_goes_with_the_key(cipher: EnvelopeCipher) -> None:
    stored = kept(cipher, b"invented")
    cipher.key_store.destroy(ONE)
    with pytest.raises(KeyDestroyed):
        read(cipher, stored)
    with pytest.raises(KeyDestroyed):
        kept(cipher, b"again")


def test_a_digest_says_nothing_to_those_without_the_key(cipher: EnvelopeCipher) -> None:
    def digest(reference: str) -> str:
        made = digest_for(cipher, reference)
        made.update(b"the same ")
        made.update(b"report")
        return made.hexdigest()

    assert digest(ONE) == digest(ONE) != digest(OTHER)


def test_in_a_trial_it_stays_readable() -> None:
    assert b"".join(encrypt_stream(PlaintextCipher(), [b"a", b"b"], PLACE)) == b"ab"


def test_what_is_taken_in_lies_encrypted_and_without_a_name(tmp_path: Path) -> None:
    with Spool(tmp_path, 10**6) as spool:
        data = os.urandom(300_001)
        for piece in in_pieces(data):
            spool.write(piece)
        assert [*tmp_path.iterdir()] == []
        assert b"".join(spool.pieces()) == data
        spool.write(b"more")
        assert spool.read_at(300_000, 100) == data[300_000:] + b"more"
        with spool.reader() as file:
            file.seek(123_457)
            assert file.read(10) == data[123_457:123_467]
        spool._file.seek(0)
        assert data[:64] not in spool._file.read()
