"""The ring of keys: the first encrypts, all of them decrypt, each has a name.

`REDRESS_KEYS` names a file with one key a line, `NAME BASE64`, the present one first. A key is 32
random bytes (AES-256-GCM). To rotate: `starter.py keys new`, then `starter.py keys rewrap`; running
processes find the new line by themselves. The old line stays until everything sealed by the ring itself,
such as what operators typed into the UI, has left Temporal (docs/operating.md).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
"""Bytes; drawn anew for every encryption."""

KEY = 32
"""Bytes of a key."""


class KeyMistake(ValueError):
    """The ring cannot be used; says which line, and what would be right."""


class Unreadable(Exception):
    """Something was sealed with a key that is not here, or no longer, or it was changed."""


def encrypt(key: bytes, data: bytes, about: str) -> bytes:
    """AES-GCM: a fresh nonce, then the text with its tag. `about` is bound to it, not hidden."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, about.encode())


def decrypt(key: bytes, data: bytes, about: str) -> bytes:
    """What `encrypt` was given. Raises `Unreadable`."""
    try:
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable(about) from None


class Ring:
    """Named keys; the first is the present one."""

    def __init__(self, keys: dict[str, bytes], path: Path | None = None) -> None:
        if not keys:
            raise KeyMistake("the ring has no key")
        self._keys = keys
        self._path = path

    @property
    def present(self) -> str:
        """The name of the key that encrypts."""
        return next(iter(self._keys))

    def _read_anew(self) -> None:
        """A name that is not here may have been put on top since: no process has to be restarted for that."""
        if self._path is not None:
            with suppress(KeyMistake):
                self._keys = read_ring(self._path)._keys

    @property
    def names(self) -> list[str]:
        """The names of all keys, the present one first."""
        return [*self._keys]

    def seal(self, data: bytes, about: str) -> tuple[str, bytes]:
        """Encrypt with the present key; gives its name and the sealed bytes."""
        return self.present, encrypt(self._keys[self.present], data, about)

    def open(self, name: str, data: bytes, about: str) -> bytes:
        """Decrypt with the key of a name. Raises `Unreadable`."""
        if name not in self._keys:
            self._read_anew()
        if name not in self._keys:
            raise Unreadable(f"no key {name!r} in the ring")
        return decrypt(self._keys[name], data, about)


def read_ring(path: Path) -> Ring:
    """The ring in a file. Raises `KeyMistake`; never says anything of a key but its name and place."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMistake(f"{path}: cannot be read: {type(error).__name__}") from None
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        name = words[0]
        if len(words) != 2 or not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name):
            raise KeyMistake(
                f"{path}: line {number}: should be a name and a key, for example: 2026-11 BASE64"
            )
        if name in keys:
            raise KeyMistake(f"{path}: line {number}: the name {name} stands twice")
        keys[name] = _key(words[1], path, number)
    if not keys:
        raise KeyMistake(f"{path}: holds no key; make one with: starter.py keys new")
    if path.stat().st_mode & 0o077:
        raise KeyMistake(f"{path}: others can read it; chmod 600 {path.name}")
    return Ring(keys, path)


def _key(text: str, path: Path, number: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY:
        raise KeyMistake(f"{path}: line {number}: the key should be {KEY} bytes in Base64")
    return key


def new_line(name: str = "") -> str:
    """A line with a new key, named after this month where nobody says otherwise."""
    name = name or datetime.now(UTC).strftime("%Y-%m-%d")
    return f"{name} {base64.b64encode(os.urandom(KEY)).decode()}"


def add_key(path: Path, name: str = "") -> str:
    """Put a new key on top of the ring in a file (made where there is none); gives its name."""
    line = new_line(name)
    made = line.split()[0]
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if any(each.split()[:1] == [made] for each in before.splitlines()):
        raise KeyMistake(f"{path}: there is a key {made} already; give another name")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{line}\n{before}")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return made
