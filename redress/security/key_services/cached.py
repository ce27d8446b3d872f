"""Unwrapped keys are kept for a while: a key service is not asked each time, and revoking still works."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

from redress.security.keyring import MasterKeys

MOST_KEPT = 20_000


class CachedKeys:
    """Master keys whose unwrapped keys are remembered for `seconds`; after that they are asked for again."""

    def __init__(self, keys: MasterKeys, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._keys = keys
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[tuple[str, bytes, str], tuple[float, bytes]] = {}
        self._lock = Lock()

    @property
    def present(self) -> str:
        """The name of the key that wraps."""
        return self._keys.present

    @property
    def names(self) -> list[str]:
        """The names of the keys that unwrap, the present one first."""
        return self._keys.names

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the present one; gives that one's name, and the wrapped key."""
        name, wrapped = self._keys.wrap(key, about)
        self._keep((name, wrapped, about), key, self._clock())
        return name, wrapped

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `Unreadable`, `KeysUnavailable`."""
        asked = self._clock()  # counted from before the question: an answer that was slow is no fresher
        at, key = self._kept.get((name, wrapped, about), (0.0, b""))
        if key and asked - at < self._seconds:
            return key
        key = self._keys.unwrap(name, wrapped, about)
        self._keep((name, wrapped, about), key, asked)
        return key

    def rotate(self, name: str = "") -> str:
        """Make a new present key; gives its name."""
        return self._keys.rotate(name)

    def _keep(self, asked: tuple[str, bytes, str], key: bytes, at: float) -> None:
        if self._seconds <= 0:
            return
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[asked] = at, key
