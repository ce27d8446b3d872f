"""Encrypting text and documents, each under the key of the complaint it belongs to, or under the keyring's.

What is encrypted carries the name of its key in the open: `complaint/CYP-2026-000123`, `keyring/2026-11-22`,
or `unassigned/` and a number for what belongs to a complaint that is not known yet. None holds personal data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Protocol

from redress.security.keyring import Keyring, Unreadable, decrypt, encrypt

COMPLAINT_KEY, KEYRING_KEY, UNASSIGNED_KEY = "complaint/", "keyring/", "unassigned/"
"""How the names of keys begin, by whose they are."""

MARK = "sealed:1:"
"""How encrypted text begins, wherever it is kept as text."""


class KeyStore(Protocol):
    """The complaints' own keys. A name is a complaint's reference, or begins with `UNASSIGNED_KEY`."""

    def key(self, name: str, *, make: bool = False) -> bytes:
        """A key; `make`: a new one where there is none yet. Raises `KeyDestroyed`, `Unreadable`."""

    def remembered(self, name: str) -> bytes | None:
        """The key of a name, if it was asked for a moment ago: does not block."""

    def unassigned(self) -> str:
        """A new key that belongs to no complaint yet; gives its name."""

    def assign(self, name: str, reference: str) -> bool:
        """Let an unassigned key belong to the first complaint that asks; whether that is this one."""

    def owner(self, name: str) -> str:
        """The complaint that an unassigned key was assigned to; any other name as it is."""

    def destroy(self, name: str, what_stays: str | None = None) -> bool:
        """Destroy a complaint's keys for good; whether there were any. `what_stays` is kept in the open."""

    def is_destroyed(self, name: str) -> bool:
        """Whether a complaint's key was destroyed."""

    def destroyed(self) -> list[str]:
        """The references of all complaints whose keys were destroyed."""

    def what_stays(self, name: str) -> str | None:
        """What may still be known of a complaint whose key was destroyed."""

    def has(self, name: str) -> bool:
        """Whether a name ever had a key."""

    def rewrap(self) -> tuple[int, int]:
        """Wrap every key with the keyring's present key; gives how many were and how many there are."""

    def keyring_names(self) -> dict[str, int]:
        """How many keys each key of the keyring wraps."""


class EnvelopeCipher:
    """Real encryption: AES-256-GCM by the complaints' own keys and the keyring's.

    `name` is a complaint's reference; empty: what is encrypted belongs to none.
    """

    def __init__(self, keyring: Keyring, key_store: KeyStore) -> None:
        self.keyring = keyring
        self.key_store = key_store

    def encrypt(self, data: bytes, name: str) -> tuple[str, bytes]:
        """The name of the key used, and the encrypted bytes.

        Under the complaint's own key, made where there is none; without a name under the keyring's.
        """
        if not name:
            return self.keyring.encrypt_by_name(data, KEYRING_KEY)
        about = COMPLAINT_KEY + name
        return about, encrypt(self.key_store.key(name, make=True), data, about)

    def encrypt_unassigned(self, data: bytes) -> tuple[str, bytes]:
        """The same for what belongs to a complaint that is not known yet, under a key of its own."""
        name = self.key_store.unassigned()
        return name, encrypt(self.key_store.key(name), data, name)

    def assign(self, key_name: str, name: str) -> None:
        """Say to which complaint an unassigned key belongs; other keys stay as they are."""
        self.key_store.assign(key_name, name)

    def decrypt(self, key_name: str, data: bytes) -> bytes:
        """What was encrypted. Raises `Unreadable`, `KeyDestroyed` where the complaint was erased."""
        if key_name.startswith(KEYRING_KEY):
            return self.keyring.decrypt(key_name.removeprefix(KEYRING_KEY), data, key_name)
        if key_name.startswith((COMPLAINT_KEY, UNASSIGNED_KEY)):
            return decrypt(self.key_store.key(key_name.removeprefix(COMPLAINT_KEY)), data, key_name)
        raise Unreadable("it names no key that is known here")

    def digest(self, document: Any, name: str) -> str:
        """A digest (HMAC-SHA-256) that only those with the complaint's key can compare."""
        text = json.dumps(document, sort_keys=True).encode()
        return hmac.new(self.key_store.key(name, make=True), text, hashlib.sha256).hexdigest()


class PlaintextCipher:
    """No encryption, for a trial: everything stays readable."""

    def encrypt(self, data: bytes, name: str) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def encrypt_unassigned(self, data: bytes) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def assign(self, key_name: str, name: str) -> None:
        """Nothing: nothing is encrypted."""

    def decrypt(self, key_name: str, data: bytes) -> bytes:
        """As it came; what somebody else encrypted cannot be read here."""
        if key_name:
            raise Unreadable("there are no keys here: this is a trial")
        return data

    def digest(self, document: Any, name: str) -> str:
        """SHA-256."""
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


Cipher = EnvelopeCipher | PlaintextCipher
"""What encrypts and decrypts."""


def encrypt_text(cipher: Cipher, text: str, name: str) -> str:
    """Text as it is kept in a column: `sealed:1:KEY:BASE64`, or as it came where there are no keys."""
    key_name, data = cipher.encrypt(text.encode(), name)
    return f"{MARK}{key_name}:{base64.b64encode(data).decode()}" if key_name else text


def key_of_text(text: str) -> str:
    """The name of the key that encrypted a text; empty where it is not encrypted."""
    return text.removeprefix(MARK).rpartition(":")[0] if text.startswith(MARK) else ""


def decrypt_text(cipher: Cipher, text: str) -> str:
    """The text in a column. Raises `Unreadable`."""
    if not text.startswith(MARK):
        return text
    key_name, _, data = text.removeprefix(MARK).rpartition(":")
    try:
        return cipher.decrypt(key_name, base64.b64decode(data)).decode()
    except ValueError:
        raise Unreadable("it was changed") from None


def encrypt_document(cipher: Cipher, document: Any, name: str) -> Any:
    """A document as it is kept in a JSON column."""
    return _stored(document, *cipher.encrypt(json.dumps(document).encode(), name))


def encrypt_unassigned(cipher: Cipher, document: Any) -> Any:
    """The same for a document of which nobody knows yet to which complaint it belongs."""
    return _stored(document, *cipher.encrypt_unassigned(json.dumps(document).encode()))


def _stored(document: Any, key_name: str, data: bytes) -> Any:
    return {"sealed": f"{key_name}:{base64.b64encode(data).decode()}"} if key_name else document


def key_of(stored: Any) -> str:
    """The name of the key that encrypted a document in a JSON column; empty where it is not encrypted."""
    return _encrypted(stored).rpartition(":")[0]


def decrypt_document(cipher: Cipher, stored: Any) -> Any:
    """The document in a JSON column. Raises `Unreadable`."""
    key_name, _, data = _encrypted(stored).rpartition(":")
    return json.loads(cipher.decrypt(key_name, base64.b64decode(data))) if key_name else stored


def _encrypted(stored: Any) -> str:
    """`KEY:BASE64` of a document; empty where it is not encrypted."""
    return str(stored["sealed"]) if isinstance(stored, dict) and stored.keys() == {"sealed"} else ""
