"""Sealing text and documents, each under the key of the complaint it belongs to, or under the ring's own.

What is sealed carries the name of its key in the open (`complaint/CYP-2026-000123`, `ring/2026-11-22`,
`slip/` and a number): none holds personal data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Protocol

from redress.security.keyring import Keyring, Unreadable, decrypt, encrypt
from redress.store.key_store import SLIP, KeyStore

OF_COMPLAINT, OF_RING = "complaint/", "ring/"
MARK = "sealed:1:"
"""How sealed text begins, wherever it is kept as text."""


class Cipher(Protocol):
    """What seals and opens. `name` is a complaint's reference; empty: it belongs to none."""

    def seal(self, data: bytes, name: str) -> tuple[str, bytes]:
        """The name of the key used, and the sealed bytes."""
        ...

    def seal_on_slip(self, data: bytes) -> tuple[str, bytes]:
        """The same for what belongs to a complaint that is not known yet: see `take_over`."""
        ...

    def take_over(self, key_name: str, name: str) -> None:
        """Say to which complaint something belongs that was sealed on a slip; other keys stay as they are."""
        ...

    def open(self, key_name: str, data: bytes) -> bytes:
        """What was sealed. Raises `Unreadable`."""
        ...

    def digest(self, document: Any, name: str) -> str:
        """A digest of a document that only those with the complaint's key can compare."""
        ...


class EnvelopeCipher:
    """Real seals: AES-256-GCM by the vault's and the ring's keys."""

    def __init__(self, keyring: Keyring, key_store: KeyStore) -> None:
        self.keyring = keyring
        self.key_store = key_store

    def seal(self, data: bytes, name: str) -> tuple[str, bytes]:
        """Seal under the complaint's own key, made where there is none; without a name under the ring's."""
        if not name:
            return self.keyring.seal_by_name(data, OF_RING)
        about = OF_COMPLAINT + name
        return about, encrypt(self.key_store.key(name, make=True), data, about)

    def seal_on_slip(self, data: bytes) -> tuple[str, bytes]:
        """Seal under a key that nothing else has."""
        slip = self.key_store.slip()
        return slip, encrypt(self.key_store.key(slip), data, slip)

    def take_over(self, key_name: str, name: str) -> None:
        """Let the slip go with the complaint."""
        self.key_store.take_over(key_name, name)

    def open(self, key_name: str, data: bytes) -> bytes:
        """What was sealed. Raises `Unreadable`, `KeyDestroyed` where the complaint was erased."""
        if key_name.startswith(SLIP):
            return decrypt(self.key_store.key(key_name), data, key_name)
        if key_name.startswith(OF_RING):
            return self.keyring.open(key_name.removeprefix(OF_RING), data, key_name)
        if key_name.startswith(OF_COMPLAINT):
            return decrypt(self.key_store.key(key_name.removeprefix(OF_COMPLAINT)), data, key_name)
        raise Unreadable("it names no key that is known here")

    def digest(self, document: Any, name: str) -> str:
        """HMAC-SHA-256 by the complaint's key."""
        text = json.dumps(document, sort_keys=True).encode()
        return hmac.new(self.key_store.key(name, make=True), text, hashlib.sha256).hexdigest()


class PlaintextCipher:
    """No seals, for a trial: everything stays readable."""

    def seal(self, data: bytes, name: str) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def seal_on_slip(self, data: bytes) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def take_over(self, key_name: str, name: str) -> None:
        """Nothing: nothing is sealed."""

    def open(self, key_name: str, data: bytes) -> bytes:
        """As it came; what somebody else sealed cannot be read here."""
        if key_name:
            raise Unreadable("there are no keys here: this is a trial")
        return data

    def digest(self, document: Any, name: str) -> str:
        """SHA-256."""
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def encrypt_text(cipher: Cipher, text: str, name: str) -> str:
    """Text as it is kept in a column: `sealed:1:KEY:BASE64`, or as it came where there are no keys."""
    key_name, data = cipher.seal(text.encode(), name)
    return f"{MARK}{key_name}:{base64.b64encode(data).decode()}" if key_name else text


def key_of_text(text: str) -> str:
    """The name of the key that sealed a text; empty where it is not sealed."""
    return text.removeprefix(MARK).rpartition(":")[0] if text.startswith(MARK) else ""


def decrypt_text(cipher: Cipher, text: str) -> str:
    """The text in a column. Raises `Unreadable`."""
    if not text.startswith(MARK):
        return text
    key_name, _, data = text.removeprefix(MARK).rpartition(":")
    try:
        return cipher.open(key_name, base64.b64decode(data)).decode()
    except ValueError:
        raise Unreadable("it was changed") from None


def encrypt_document(cipher: Cipher, document: Any, name: str) -> Any:
    """A document as it is kept in a JSON column."""
    return _kept(document, *cipher.seal(json.dumps(document).encode(), name))


def encrypt_unassigned(cipher: Cipher, document: Any) -> Any:
    """The same for a document of which nobody knows yet to which complaint it belongs."""
    return _kept(document, *cipher.seal_on_slip(json.dumps(document).encode()))


def _kept(document: Any, key_name: str, data: bytes) -> Any:
    return {"sealed": f"{key_name}:{base64.b64encode(data).decode()}"} if key_name else document


def key_of(kept: Any) -> str:
    """The name of the key that sealed a document in a JSON column; empty where it is not sealed."""
    if not (isinstance(kept, dict) and kept.keys() == {"sealed"}):
        return ""
    return str(kept["sealed"]).rpartition(":")[0]


def decrypt_document(cipher: Cipher, kept: Any) -> Any:
    """The document in a JSON column. Raises `Unreadable`."""
    if not (isinstance(kept, dict) and kept.keys() == {"sealed"}):
        return kept
    key_name, _, data = str(kept["sealed"]).rpartition(":")
    return json.loads(cipher.open(key_name, base64.b64decode(data)))
