"""Encrypting text and documents, each under the key of the complaint it belongs to, or under the keyring's.

What is encrypted carries the name of its key in the open: `complaint/CYP-2026-000123`, `keyring/2026-11-22`,
`unassigned/` and a number for what belongs to a complaint that is not known yet, `authority/rotherham` for
its directory, or `register/1`. None holds personal data. It is bound to its place (AES-GCM's associated data)
and opens nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import Any, NamedTuple, Protocol

from redress.security.keyring import CHANGED, KEY, MasterKeys, MissingKey, Unreadable, decrypt, encrypt

COMPLAINT_KEY, KEYRING_KEY, UNASSIGNED_KEY = "complaint/", "keyring/", "unassigned/"
AUTHORITY_KEY = "authority/"
"""How the names of keys begin, by whose they are."""

REGISTER_KEY = "register/1"
"""The register's own key, which outlives erasures: for its chain, and what stays of an erased complaint."""

FORMAT = 2
"""The version of the format of what is kept encrypted; bound to it, so that none passes for another's."""

MARK = f"encrypted:{FORMAT}:"
"""How encrypted text begins, wherever it is kept as text."""


class InClear(Unreadable):
    """Something stands unencrypted where there are keys: nobody knows who wrote it, so it is not believed."""


class Place(NamedTuple):
    """Where a value is kept, which it is bound to: pasted elsewhere it does not open.

    `reference`: the complaint that it belongs to; empty: to none, or to one not known yet. `row`: what of the
    row's key tells it from the complaint's others. `bound`: more of the row that must not be changed.
    """

    table: str
    column: str
    reference: str = ""
    row: str = ""
    bound: tuple[str, ...] = ()

    def about(self, key_name: str) -> str:
        """The associated data."""
        return json.dumps([FORMAT, key_name, *self[:4], *self.bound])

    def __str__(self) -> str:
        """For messages to people; `bound` may hold a source's own key, and is left out."""
        of = f" of {self.reference}" if self.reference else ""
        row = f", row {self.row}" if self.row else ""
        return f"{self.table}.{self.column}{of}{row}"


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

    def owner(self, name: str) -> str | None:
        """The complaint that an unassigned key belongs to; None where it still belongs to none."""

    def destroy(self, name: str, what_stays: str | None = None) -> bool:
        """Destroy a complaint's keys for good; whether there were any. `what_stays` is kept in the open."""

    def is_destroyed(self, name: str) -> bool:
        """Whether a complaint's key was destroyed."""

    def destroyed(self) -> list[str]:
        """The references of all complaints whose keys were destroyed."""

    def what_stays(self, name: str) -> str | None:
        """What may still be known of a complaint whose key was destroyed."""

    def make(self, name: str) -> bool:
        """Make a key for a name that never had one; whether that was so."""

    def keep_head(self, name: str, entries: int, head: str) -> None:
        """Keep how long a complaint's record is, and the code over it all."""

    def heads(self) -> dict[str, tuple[int, str]]:
        """What was kept so, by reference."""

    def rewrap(self) -> tuple[int, int]:
        """Wrap every key with the keyring's present key; gives how many were and how many there are."""

    def keyring_names(self) -> dict[str, int]:
        """How many keys each key of the keyring wraps."""


class EnvelopeCipher:
    """Real encryption: AES-256-GCM by the complaints' own keys and the keyring's.

    `name` is a complaint's reference. `place`: where what is kept in a table stands; without one it is bound
    to the name of its key alone, as payloads are, which open only for the complaint whose key that is.
    """

    def __init__(self, keyring: MasterKeys, key_store: KeyStore) -> None:
        self.keyring = keyring
        self.key_store = key_store

    def encrypt(self, data: bytes, name: str, place: Place | None = None) -> tuple[str, bytes]:
        """The name of the key used, and the encrypted bytes.

        Under the complaint's own key, made where there is none; without a name under the keyring's.
        """
        if not name:
            return self._encrypt_by_keyring(data, place)
        key_name = COMPLAINT_KEY + name
        return key_name, encrypt(self.key_store.key(name, make=True), data, _about(key_name, place))

    def encrypt_unassigned(self, data: bytes, place: Place | None = None) -> tuple[str, bytes]:
        """The same for what belongs to a complaint that is not known yet, under a key of its own."""
        name = self.key_store.unassigned()
        return name, encrypt(self.key_store.key(name), data, _about(name, place))

    def encrypt_lasting(self, data: bytes, place: Place) -> tuple[str, bytes]:
        """The same for what stays of an erased complaint, under the register's own key: nothing personal."""
        key = self.key_store.key(REGISTER_KEY, make=True)
        return REGISTER_KEY, encrypt(key, data, place.about(REGISTER_KEY))

    def encrypt_for_authority(self, data: bytes, authority: str, place: Place) -> tuple[str, bytes]:
        """The same for what belongs to an authority and to no complaint, under a key of its own."""
        name = AUTHORITY_KEY + authority
        return name, encrypt(self.key_store.key(name, make=True), data, place.about(name))

    def assign(self, key_name: str, name: str) -> None:
        """Say to which complaint an unassigned key belongs; other keys stay as they are."""
        self.key_store.assign(key_name, name)

    def decrypt(self, key_name: str, data: bytes, place: Place | None = None) -> bytes:
        """What was encrypted.

        Raises `Unreadable` where it was changed, or belongs to another complaint or place; `KeyDestroyed`
        where the complaint was erased.
        """
        what = place or key_name.partition("/")[0]
        if key_name.startswith(KEYRING_KEY):
            return self._decrypt_by_keyring(key_name, data, place)
        known = (COMPLAINT_KEY, UNASSIGNED_KEY, AUTHORITY_KEY)
        if not key_name.startswith(known) and key_name != REGISTER_KEY:
            raise Unreadable(f"{what}: it names no key that is known here")
        of_complaint = COMPLAINT_KEY + place.reference if place is not None else key_name
        if key_name.startswith(COMPLAINT_KEY) and key_name != of_complaint:
            raise Unreadable(f"{what}: it was encrypted for another complaint")
        key = self.key_store.key(key_name.removeprefix(COMPLAINT_KEY))
        try:
            return decrypt(key, data, _about(key_name, place))
        except Unreadable:
            raise Unreadable(f"{what}: {CHANGED}") from None

    def _encrypt_by_keyring(self, data: bytes, place: Place | None) -> tuple[str, bytes]:
        """Under a key of its own that the keyring wraps: a key service takes no long texts."""
        key, about = os.urandom(KEY), _about(KEYRING_KEY, place)
        name, wrapped = self.keyring.wrap(key, about)
        return KEYRING_KEY + name, len(wrapped).to_bytes(2) + wrapped + encrypt(key, data, about)

    def _decrypt_by_keyring(self, key_name: str, data: bytes, place: Place | None) -> bytes:
        about, end = _about(KEYRING_KEY, place), 2 + int.from_bytes(data[:2])
        try:
            key = self.keyring.unwrap(key_name.removeprefix(KEYRING_KEY), data[2:end], about)
            return decrypt(key, data[end:], about)
        except MissingKey:
            raise
        except Unreadable:
            raise Unreadable(f"{place or 'keyring'}: {CHANGED}") from None

    def mac(self, text: str, reference: str) -> str:
        """A code (HMAC-SHA-256) over text about a complaint, by a key that outlives its erasure."""
        key = self.key_store.key(REGISTER_KEY, make=True)
        of_complaint = hmac.digest(key, f"chain:{reference}".encode(), "sha256")
        return hmac.new(of_complaint, text.encode(), hashlib.sha256).hexdigest()

    def digest(self, document: Any, name: str) -> str:
        """A digest (HMAC-SHA-256) that only those with the complaint's key can compare."""
        text = json.dumps(document, sort_keys=True).encode()
        return hmac.new(self.key_store.key(name, make=True), text, hashlib.sha256).hexdigest()


class PlaintextCipher:
    """No encryption, for a trial: everything stays readable."""

    def encrypt(self, data: bytes, name: str, place: Place | None = None) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def encrypt_unassigned(self, data: bytes, place: Place | None = None) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def encrypt_lasting(self, data: bytes, place: Place) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def encrypt_for_authority(self, data: bytes, authority: str, place: Place) -> tuple[str, bytes]:
        """As it came."""
        return "", data

    def assign(self, key_name: str, name: str) -> None:
        """Nothing: nothing is encrypted."""

    def decrypt(self, key_name: str, data: bytes, place: Place | None = None) -> bytes:
        """As it came; what somebody else encrypted cannot be read here."""
        if key_name:
            raise Unreadable("there are no keys here: this is a trial")
        return data

    def mac(self, text: str, reference: str) -> str:
        """SHA-256: whoever can change the text can make this anew."""
        return hashlib.sha256(text.encode()).hexdigest()

    def digest(self, document: Any, name: str) -> str:
        """SHA-256."""
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


Cipher = EnvelopeCipher | PlaintextCipher
"""What encrypts and decrypts."""


def _about(key_name: str, place: Place | None) -> str:
    return key_name if place is None else place.about(key_name)


def encrypt_text(cipher: Cipher, text: str, place: Place) -> str:
    """Text as it is kept in a column: `encrypted:2:KEY:BASE64`, or as it came where there are no keys."""
    key_name, data = cipher.encrypt(text.encode(), place.reference, place)
    return f"{MARK}{key_name}:{base64.b64encode(data).decode()}" if key_name else text


def key_of_text(text: str) -> str:
    """The name of the key that encrypted a text; empty where it is not encrypted."""
    return text.removeprefix(MARK).rpartition(":")[0] if text.startswith(MARK) else ""


def decrypt_text(cipher: Cipher, text: str, place: Place) -> str:
    """The text in a column. Raises `Unreadable`, `InClear` where there are keys and it is not encrypted."""
    key_name, data = key_of_text(text), text.rpartition(":")[2]
    return _opened(cipher, key_name, data, place).decode() if _is_encrypted(cipher, key_name, place) else text


def encrypt_document(cipher: Cipher, document: Any, place: Place) -> Any:
    """A document as it is kept in a JSON column."""
    return _stored(document, *cipher.encrypt(_text_of(document), place.reference, place))


def encrypt_unassigned(cipher: Cipher, document: Any, place: Place) -> Any:
    """The same for a document of which nobody knows yet to which complaint it belongs."""
    return _stored(document, *cipher.encrypt_unassigned(_text_of(document), place))


def encrypt_lasting(cipher: Cipher, document: Any, place: Place) -> Any:
    """The same for what stays of an erased complaint."""
    return _stored(document, *cipher.encrypt_lasting(_text_of(document), place))


def encrypt_for_authority(cipher: Cipher, document: Any, authority: str, place: Place) -> Any:
    """The same for a document of an authority's own."""
    return _stored(document, *cipher.encrypt_for_authority(_text_of(document), authority, place))


def _text_of(document: Any) -> bytes:
    return json.dumps(document).encode()


def _stored(document: Any, key_name: str, data: bytes) -> Any:
    return {"encrypted": f"{key_name}:{base64.b64encode(data).decode()}"} if key_name else document


def key_of(stored: Any) -> str:
    """The name of the key that encrypted a document in a JSON column; empty where it is not encrypted."""
    return _encrypted(stored).rpartition(":")[0]


def decrypt_document(cipher: Cipher, stored: Any, place: Place) -> Any:
    """The document in a JSON column. Raises `Unreadable`, `InClear` as `decrypt_text` does."""
    key_name, _, data = _encrypted(stored).rpartition(":")
    if not _is_encrypted(cipher, key_name, place):
        return stored
    return json.loads(_opened(cipher, key_name, data, place))


def _is_encrypted(cipher: Cipher, key_name: str, place: Place) -> bool:
    if not key_name and isinstance(cipher, EnvelopeCipher):
        raise InClear(f"{place}: stands unencrypted though there are keys, so it is not believed")
    return bool(key_name)


def _opened(cipher: Cipher, key_name: str, data: str, place: Place) -> bytes:
    try:
        return cipher.decrypt(key_name, base64.b64decode(data), place)
    except ValueError:
        raise Unreadable(f"{place}: it was changed") from None


def _encrypted(stored: Any) -> str:
    """`KEY:BASE64` of a document; empty where it is not encrypted."""
    return str(stored["encrypted"]) if isinstance(stored, dict) and stored.keys() == {"encrypted"} else ""
