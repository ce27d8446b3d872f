"""Encrypting files of any size, block by block, under the key of the complaint that they belong to.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), as age and Tink have it: each block is
encrypted with AES-256-GCM under a nonce that holds its number and whether it is the last. So no block can be
changed, moved, left out or added, and a file that was cut off does not pass for a whole one. The key is made
for each file (HKDF) from the complaint's own, a salt, and the place that the file is bound to.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from redress.security.encryption import COMPLAINT_KEY, Cipher, EnvelopeCipher, InClear, Place
from redress.security.keyring import CHANGED, KEY, Unreadable

HEAD = b"redress encrypted file 1\n"
"""How an encrypted file begins; its salt follows."""

SALT, TAG = 32, 16
"""Bytes of a file's salt, and of what each block is longer by once it is encrypted."""

BLOCK = 64 * 1024
"""Bytes of a block before it is encrypted."""


class Digest(Protocol):
    """What makes a digest of a file while it is read."""

    def update(self, data: bytes, /) -> None:
        """Take in what follows."""

    def hexdigest(self) -> str:
        """The digest of all that was taken in."""


def digest_for(cipher: Cipher, reference: str) -> Digest:
    """HMAC-SHA-256 under a key derived from the complaint's own, made where there is none yet.

    Only those with that key can say what a file is called, or whether two complaints have the same one. In a
    trial: SHA-256. Raises `KeyDestroyed`.
    """
    if not isinstance(cipher, EnvelopeCipher):
        return hashlib.sha256()
    key = cipher.key_store.key(reference, make=True)
    return hmac.new(hmac.digest(key, b"names of documents", "sha256"), digestmod="sha256")


def encrypt_stream(cipher: Cipher, data: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """Data as it is kept: encrypted, or as it came in a trial. Raises `KeyDestroyed`."""
    if not isinstance(cipher, EnvelopeCipher):
        yield from data
        return
    salt = os.urandom(SALT)
    aead, about = _aead(cipher.key_store.key(place.reference, make=True), salt, place)
    yield HEAD + salt
    for number, (block, is_last) in enumerate(_blocks(data, BLOCK)):
        yield aead.encrypt(_nonce(number, is_last), block, about)


def decrypt_stream(cipher: Cipher, data: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """What `encrypt_stream` was given, block by block; none is given out before it is known to be genuine.

    Raises `Unreadable` where the file was changed, cut off, or stands where it does not belong (`InClear`:
    it was never encrypted), and `KeyDestroyed`.
    """
    if not isinstance(cipher, EnvelopeCipher):
        yield from data
        return
    key = cipher.key_store.key(place.reference)
    parts = iter(data)
    head, begun = b"", len(HEAD) + SALT
    while len(head) < begun and (part := next(parts, b"")):
        head += part
    if not head.startswith(HEAD):
        raise InClear(f"{place}: stands unencrypted though there are keys, so it is not believed")
    aead, about = _aead(key, head[len(HEAD) : begun], place)

    def rest() -> Iterator[bytes]:
        yield head[begun:]
        yield from parts

    for number, (block, is_last) in enumerate(_blocks(rest(), BLOCK + TAG)):
        try:
            yield aead.decrypt(_nonce(number, is_last), block, about)
        except (InvalidTag, ValueError):
            raise Unreadable(f"{place}: {CHANGED}") from None


def _aead(key: bytes, salt: bytes, place: Place) -> tuple[AESGCM, bytes]:
    about = place.about(COMPLAINT_KEY + place.reference).encode()
    derived = HKDF(algorithm=SHA256(), length=KEY, salt=salt, info=about).derive(key)
    return AESGCM(derived), about


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _blocks(data: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same data in blocks of one size, the last one perhaps shorter; each with whether it is the last."""
    held = bytearray()
    for part in data:
        held += part
        while len(held) > size:  # never all of it: whatever is left is the last block
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
