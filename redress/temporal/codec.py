"""Every payload encrypted: what Temporal stores can be read by nobody without the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from redress.domain.identifiers import REFERENCE
from redress.security.encryption import COMPLAINT_KEY, KEYRING_KEY, UNASSIGNED_KEY, EnvelopeCipher
from redress.security.keyring import KeyDestroyed, Unreadable, encrypt

ENCODING = b"binary/encrypted"
KEY_NAME = "encryption-key-id"

IN_CLEAR = "redress-in-clear"
"""Metadata that marks a payload which came unencrypted to a complaint with a key. Set here, never sent."""


ERASED, NO_KEY = b'"[erased]"', b'"[cannot be read: nobody here has its key]"'
"""What stands in place of a payload that cannot be read."""


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts under the key of the complaint whose workflow a payload belongs to.

    Where nobody says which (what an operator types into the UI), it has a key of its own, which the
    complaint that receives it takes over. What cannot be decrypted is handed on as it came: raising
    would stop a workflow task for good.
    """

    def __init__(
        self, cipher: EnvelopeCipher, prefix: str, reference: str = "", *, is_foreign: bool = False
    ) -> None:
        self.cipher = cipher
        self.prefix = prefix
        """What a workflow's id has before the reference."""
        self.reference = reference
        self.is_foreign = is_foreign
        """Whether it is for a workflow that is no complaint: it opens nothing of any."""

    def with_context(self, context: SerializationContext) -> EncryptionCodec:
        """The codec for one complaint, or for a workflow that is none."""
        if not isinstance(context, (WorkflowSerializationContext, ActivitySerializationContext)):
            return self
        workflow_id = context.workflow_id or ""
        reference = workflow_id.removeprefix(self.prefix)
        if not workflow_id.startswith(self.prefix) or not REFERENCE.fullmatch(reference):
            return EncryptionCodec(self.cipher, self.prefix, is_foreign=True)
        return EncryptionCodec(self.cipher, self.prefix, reference)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload, whole."""
        if not self.reference:
            return await asyncio.to_thread(self._encrypted_unassigned, payloads)
        if self.cipher.key_store.remembered(self.reference) is None:
            await asyncio.to_thread(self.cipher.key_store.key, self.reference, make=True)
        return [self._encrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        return _payload(*self.cipher.encrypt(payload.SerializeToString(), self.reference))

    def _encrypted_unassigned(self, payloads: Sequence[Payload]) -> list[Payload]:
        if not payloads:
            return []
        name = self.cipher.key_store.unassigned()
        key = self.cipher.key_store.key(name)
        return [_payload(name, encrypt(key, each.SerializeToString(), name)) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted and can be; the rest as it came."""
        others: set[str] = set()
        for name in _keys(payloads):
            if self.reference and name.startswith(UNASSIGNED_KEY):
                is_own = await asyncio.to_thread(self.cipher.key_store.assign, name, self.reference)
                others |= set() if is_own else {name}
            if self.cipher.key_store.remembered(name) is None:
                try:
                    await asyncio.to_thread(self.cipher.key_store.key, name)
                except Unreadable:
                    continue
        return [self._decrypted(payload, others) for payload in payloads]

    def _decrypted(self, payload: Payload, others: set[str]) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return self._marked(payload)
        if self._is_anothers(payload, others):
            return payload
        try:
            return open_payload(self.cipher, payload)
        except Unreadable:
            return payload

    def _is_anothers(self, payload: Payload, unassigned: set[str]) -> bool:
        """Whether it was encrypted for another complaint: copied here, it must not become readable here."""
        name = payload.metadata.get(KEY_NAME, b"").decode("utf-8", "replace")
        is_foreign = name.startswith(COMPLAINT_KEY) and name != COMPLAINT_KEY + self.reference
        return name in unassigned or (is_foreign and (self.is_foreign or bool(self.reference)))

    def _marked(self, payload: Payload) -> Payload:
        if not (self.reference or self.is_foreign):
            return payload
        marked = Payload()
        marked.CopyFrom(payload)
        marked.metadata[IN_CLEAR] = b""
        return marked


def open_payload(cipher: EnvelopeCipher, payload: Payload) -> Payload:
    """One encrypted payload, decrypted. Raises `Unreadable`."""
    name = payload.metadata.get(KEY_NAME, b"").decode("utf-8", "replace")
    opened = Payload()
    try:
        opened.ParseFromString(cipher.decrypt(name, payload.data))
    except Unreadable:
        raise
    except Exception:  # whatever protobuf says of foreign bytes
        raise Unreadable("it was changed") from None
    return opened


def complaint_of(cipher: EnvelopeCipher, payload: Payload) -> str | None:
    """The complaint that a payload is encrypted for; None for the keyring's, and while it belongs to none."""
    name = payload.metadata.get(KEY_NAME, b"").decode("utf-8", "replace")
    if name.startswith(COMPLAINT_KEY):
        return name.removeprefix(COMPLAINT_KEY)
    return cipher.key_store.owner(name) if name.startswith(UNASSIGNED_KEY) else None


def placeholder(
    cipher: EnvelopeCipher, payload: Payload, *, may_read: Callable[[str | None], bool] | None = None
) -> Payload:
    """What a reader sees of a payload: itself, or why it cannot be read.

    `may_read` says whether they may read what is encrypted for a complaint, or for none; left out, they may
    read all. What they may not is to them as if its key were missing.
    """
    if payload.metadata.get("encoding") != ENCODING:
        return payload
    if may_read is not None and not may_read(complaint_of(cipher, payload)):
        return _said(NO_KEY)
    try:
        return open_payload(cipher, payload)
    except KeyDestroyed:
        return _said(ERASED)
    except Unreadable:
        return _said(NO_KEY)


def _said(words: bytes) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=words)


def decrypted(
    cipher: EnvelopeCipher,
    payloads: Iterable[Payload],
    may_read: Callable[[str | None], bool] | None = None,
) -> tuple[list[Payload], set[str]]:
    """Payloads as a reader sees them (`placeholder`), and the complaints whose keys were used for it.

    A key that belongs to no complaint stands by its own name.
    """
    shown, used = [], set()
    for payload in payloads:
        shown.append(placeholder(cipher, payload, may_read=may_read))
        if payload.metadata.get("encoding") == ENCODING and shown[-1].data not in (ERASED, NO_KEY):
            used.add(payload.metadata[KEY_NAME].decode("utf-8", "replace"))
    names = {name.removeprefix(COMPLAINT_KEY) for name in used}
    return shown, {cipher.key_store.owner(name) or name for name in names}


def _payload(key_name: str, data: bytes) -> Payload:
    return Payload(metadata={"encoding": ENCODING, KEY_NAME: key_name.encode()}, data=data)


def _keys(payloads: Iterable[Payload]) -> set[str]:
    """The keys of the key store that are needed."""
    names = {p.metadata.get(KEY_NAME, b"").decode("utf-8", "replace") for p in payloads}
    return {
        name.removeprefix(COMPLAINT_KEY) for name in names if name.startswith((COMPLAINT_KEY, UNASSIGNED_KEY))
    }


__all__ = [
    "ENCODING",
    "KEYRING_KEY",
    "KEY_NAME",
    "EncryptionCodec",
    "decrypted",
    "open_payload",
    "placeholder",
]
