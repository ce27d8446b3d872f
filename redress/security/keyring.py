"""The keyring: the first key encrypts, all of them decrypt, each has a name.

`REDRESS_KEYS` names a file with one key a line, `NAME BASE64`, the present one first. A key is 32
random bytes (AES-256-GCM). To rotate: `starter.py keys new`, then `starter.py keys rewrap`; running
processes find the new line by themselves. `starter.py keys remove` takes an old one out that nothing needs.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redress.startup import SetupError

NONCE = 12
"""Bytes; drawn anew for every encryption."""

LOOKED_AT_EVERY = 5.0
"""Seconds after which a process looks whether its keyring's file has changed."""

NAME = r"[A-Za-z0-9._-]{1,40}"
"""What a key may be called."""

KEY = 32
"""Bytes of a key."""

CHANGED = "it was changed, or stands where it does not belong"
"""Of what does not open with its own key."""


class MasterKeys(Protocol):
    """The keys that wrap all others, wherever they are held: in a file, in Vault, with a cloud's service.

    What a name stands for never changes. `about` is bound to a wrapped key. Wrapping and unwrapping raise
    `KeysUnavailable` where the keys are out of reach or their use is refused.
    """

    @property
    def present(self) -> str:
        """The name of the key that wraps."""

    @property
    def names(self) -> list[str]:
        """The names of the keys that unwrap, the present one first."""

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the present one; gives that one's name, and the wrapped key."""

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `Unreadable`."""

    def rotate(self, name: str = "") -> str:
        """Make a new present key; gives its name. Raises `KeyringError`."""


class KeyringError(SetupError):
    """The keyring cannot be used; says which line, and what would be right."""


class Unreadable(Exception):
    """Something was encrypted with a key that is not here, or no longer, or it was changed."""


class KeyDestroyed(Unreadable):
    """The complaint's key was destroyed: its personal data is erased."""


class KeysUnavailable(ConnectionError):
    """The master keys are out of reach, or their use is refused: what needs them is tried again."""


class MissingKey(Unreadable):
    """A key of the keyring is needed that does not stand in its file. Its text names the key, and nobody."""

    def __init__(self, name: str) -> None:
        known = name if re.fullmatch(NAME, name) else "of a strange name"
        missing = f"the keyring has no key {known}"
        super().__init__(f"{missing}: put its line back; what it encrypted waits until then")


def encrypt(key: bytes, data: bytes, about: str) -> bytes:
    """AES-GCM: a fresh nonce, then the text with its tag. `about` is bound to it, not hidden."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, about.encode())


def decrypt(key: bytes, data: bytes, about: str) -> bytes:
    """What `encrypt` was given. Raises `Unreadable`."""
    try:
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable(CHANGED) from None


class Keyring:
    """Named keys; the first is the present one."""

    def __init__(self, keys: dict[str, bytes], path: Path | None = None) -> None:
        if not keys:
            raise KeyringError("the keyring has no key")
        self._keys = keys
        self._path = path
        self._looked_at = monotonic()
        self._version = _version(path)

    @property
    def present(self) -> str:
        """The name of the key that encrypts."""
        return self._known()[1]

    def _known(self) -> tuple[dict[str, bytes], str]:
        """The keys of this moment, and the name of the present one among them."""
        if monotonic() - self._looked_at > LOOKED_AT_EVERY:
            self._looked_at = monotonic()
            if _version(self._path) != self._version:
                self._read_anew()
        keys = self._keys  # another thread may read the file anew meanwhile
        return keys, next(iter(keys))

    def _read_anew(self) -> None:
        """The file may have changed: no process is restarted for that, nor stops for a bad line in it."""
        if self._path is not None:
            with suppress(KeyringError):
                version = _version(self._path)
                self._keys, self._version = read_keyring(self._path)._keys, version

    @property
    def names(self) -> list[str]:
        """The names of all keys, the present one first."""
        return [*self._keys]

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the present one; gives that one's name, and the wrapped key."""
        keys, name = self._known()
        return name, encrypt(keys[name], key, about)

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `Unreadable`, `MissingKey`."""
        if name not in self._keys:
            self._read_anew()
        key = self._keys.get(name)
        if key is None:
            raise MissingKey(name)
        return decrypt(key, wrapped, about)

    def rotate(self, name: str = "") -> str:
        """Put a new key on top of the file; gives its name."""
        if self._path is None:
            raise KeyringError("the keyring has no file to put a new key into")
        made = add_key(self._path, name)
        self._read_anew()
        return made


def _version(path: Path | None) -> tuple[int, int, int]:
    """By what it is seen that a file is another; zeros where it cannot be looked at."""
    try:
        stat = path.stat() if path else None
    except OSError:
        stat = None
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size) if stat else (0, 0, 0)


def read_keyring(path: Path) -> Keyring:
    """The keyring in a file. Raises `KeyringError`; never says anything of a key but its name and place."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyringError(f"{path}: cannot be read: {type(error).__name__}") from None
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        name = words[0]
        if len(words) != 2 or not re.fullmatch(NAME, name):
            example = "for example: 2026-11 BASE64"
            raise KeyringError(f"{path}: line {number}: should be a name and a key, {example}")
        if name in keys:
            raise KeyringError(f"{path}: line {number}: the name {name} stands twice")
        keys[name] = _key(words[1], path, number)
    if not keys:
        raise KeyringError(f"{path}: holds no key; make one with: starter.py keys new")
    if path.stat().st_mode & 0o077:
        raise KeyringError(f"{path}: others can read it; chmod 600 {path.name}")
    return Keyring(keys, path)


def _key(text: str, path: Path, number: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY:
        raise KeyringError(f"{path}: line {number}: the key should be {KEY} bytes in Base64")
    return key


def add_key(path: Path, name: str = "") -> str:
    """Put a new key on top of the keyring in a file (made where there is none); gives its name.

    Without a name it has today's date, with a number from the second of a day on. Raises `KeyringError`
    where a name that was given is taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(path):
        return _add_key(path, name)


def _add_key(path: Path, name: str) -> str:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    taken = {word for line in before.splitlines() for word in line.split()[:1]}
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    free = (f"{today}-{number}" for number in count(2) if f"{today}-{number}" not in taken)
    made = name or (next(free) if today in taken else today)
    if made in taken:
        raise KeyringError(f"{path}: there is a key {made} already; give another name")
    _write(path, f"{made} {base64.b64encode(os.urandom(KEY)).decode()}\n{before}")
    return made


def remove_key(path: Path, name: str) -> None:
    """Take a key's line out of the file; whether nothing needs it any more is for the caller to know.

    Raises `KeyringError` where there is no such key, or it is the present one.
    """
    with _locked(path):
        _remove_key(path, name)


def _remove_key(path: Path, name: str) -> None:
    keyring = read_keyring(path)
    if name not in keyring.names:
        raise KeyringError(f"{path}: there is no key {name}; there are {', '.join(keyring.names)}")
    if name == keyring.present:
        first = "put a new one on top first: starter.py keys new"
        raise KeyringError(f"{path}: {name} is the present key; {first}")
    lines = path.read_text(encoding="utf-8").splitlines()
    _write(path, "".join(f"{line}\n" for line in lines if line.split()[:1] != [name]))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer of the file at a time, in every process of this machine: two at once would lose a key.

    The lock is a file beside it, since the keyring's own is replaced; the system frees it with its process.
    """
    with open(path.with_suffix(".lock"), "w", opener=partial(os.open, mode=0o600)) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, text: str) -> None:
    """Put a whole new file in the place of the old one, for its owner alone, and have it on the disk."""
    beside = path.with_suffix(".new")
    with open(beside, "w", encoding="utf-8", opener=partial(os.open, mode=0o600)) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # that it has another file by this name
    finally:
        os.close(folder)
