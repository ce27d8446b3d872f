"""The keyring: what each key is needed for, wrapping anew with the present one, one taken out."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import Engine, select

from redress.security.encryption import KEYRING_KEY, EnvelopeCipher, key_of
from redress.security.keyring import LOOKED_AT_EVERY, KeyringError, remove_key
from redress.store import webhooks
from redress.store.api_store import waiting
from redress.store.register import Register


class KeyUse(BaseModel):
    """One key of the keyring, and what it is needed for.

    `wraps`: keys of complaints, and unassigned ones. `encrypts`: what it encrypted itself in register and
    api, that is secrets of webhooks, and openings that came while the key store was down.
    """

    name: str
    is_present: bool
    wraps: int
    encrypts: int
    is_missing: bool = False
    """Whether it is needed and does not stand in the file."""


class KeyManagement:
    """The keyring in a file, and all that its keys encrypted.

    `api_store`: None where no API ever ran. Raises `KeyringError` where there are no keys.
    """

    def __init__(
        self, file: Path, register: Register, api_store: Engine | None, *, is_file: bool = True
    ) -> None:
        if not isinstance(register.cipher, EnvelopeCipher):
            raise KeyringError("REDRESS_KEYS: there is no keyring: this is a trial")
        self.file = file
        self.is_file = is_file
        self.register = register
        self.cipher = register.cipher
        self.api_store = api_store

    def uses(self) -> list[KeyUse]:
        """The keys of the keyring, the present one first, and those that are missing."""
        names, present = self.cipher.keyring.names, self.cipher.keyring.present
        wraps, encrypts = self.cipher.key_store.keyring_names(), self._encrypts()
        missing = sorted({*wraps, *encrypts} - {*names})
        return [
            KeyUse(
                name=name,
                is_present=name == present,
                wraps=wraps.get(name, 0),
                encrypts=encrypts[name],
                is_missing=name in missing,
            )
            for name in [*names, *missing]
        ]

    def rewrap(self) -> tuple[int, int]:
        """Wrap every complaint's key with the present key; gives how many were wrapped anew, and of how many.

        The secrets of webhooks, which belong to no complaint, are encrypted with it anew as well.
        """
        webhooks.reencrypt(self.register)
        return self.cipher.key_store.rewrap()

    def remove(self, name: str) -> None:
        """Take a key out of the keyring. Raises `KeyringError` where something still needs it."""
        if not self.is_file:
            raise KeyringError("keys are removed where they are held: in Vault, or with AWS KMS")
        time.sleep(max(0.0, LOOKED_AT_EVERY + 1 - self._age()))  # by then all use the present key
        use = next((use for use in self.uses() if use.name == name and not use.is_missing), None)
        if use is not None and not use.is_present:
            needed = [f"it wraps {use.wraps} keys (starter.py keys rewrap)"] if use.wraps else []
            if use.encrypts:
                needed.append(
                    f"it encrypts {use.encrypts} values of register and api (starter.py keys rewrap)"
                )
            if needed:
                raise KeyringError(f"{name} is still needed: {'; '.join(needed)}")
        remove_key(self.file, name)

    def _age(self) -> float:
        """Seconds since the file of the keyring was changed."""
        try:
            return max(0.0, time.time() - self.file.stat().st_mtime)
        except OSError:
            return LOOKED_AT_EVERY + 1

    def _encrypts(self) -> Counter[str]:
        """How much each key of the keyring encrypted itself, in the register and in the API's store."""
        names = webhooks.key_names(self.register)
        if self.api_store is not None:
            with self.api_store.connect() as db:
                names += [key_of(body) for body in db.execute(select(waiting.c.body)).scalars()]
        return Counter(name.removeprefix(KEYRING_KEY) for name in names if name.startswith(KEYRING_KEY))
