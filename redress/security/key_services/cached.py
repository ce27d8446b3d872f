"""Unwrapped keys are kept for a while: a key service is not asked each time, and revoking still works."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TypeVar

from redress.security.keyring import KeysUnavailable, MasterKeys

T = TypeVar("T")

MOST_KEPT = 20_000

SLOW, LEFT_ALONE_FOR = 1.0, 5.0
"""Seconds after which a failure is a silence, and for how long nobody asks then."""


class CachedKeys:
    """Master keys whose unwrapped keys are remembered for `seconds`; after that they are asked for again."""

    def __init__(self, keys: MasterKeys, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._keys = keys
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[tuple[str, bytes, str], tuple[float, bytes]] = {}
        self._lock = Lock()
        self._silent_until = float("-inf")

    @property
    def present(self) -> str:
        """The name of the key that wraps."""
        return self._asked(lambda: self._keys.present)

    @property
    def names(self) -> list[str]:
        """The names of the keys that unwrap, the present one first."""
        return self._asked(lambda: self._keys.names)

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the present one; gives that one's name, and the wrapped key."""
        name, wrapped = self._asked(lambda: self._keys.wrap(key, about))
        self._keep((name, wrapped, about), key, self._clock())
        return name, wrapped

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `Unreadable`, `KeysUnavailable`."""
        asked = self._clock()  # counted from before the question: an answer that was slow is no fresher
        at, key = self._kept.get((name, wrapped, about), (0.0, b""))
        if key and asked - at < self._seconds:
            return key
        key = self._asked(lambda: self._keys.unwrap(name, wrapped, about))
        self._keep((name, wrapped, about), key, asked)
        return key

    def rotate(self, name: str = "") -> str:
        """Make a new present key; gives its name."""
        return self._keys.rotate(name)

    def _asked(self, ask: Callable[[], T]) -> T:
        """What the service answers. Raises `KeysUnavailable`, at once where it said nothing a moment ago.

        Whoever asks may hold the register meanwhile, in which those wait whose keys are kept here.
        """
        began = self._clock()
        if began < self._silent_until:
            raise KeysUnavailable("the key service did not answer a moment ago; it is asked again")
        try:
            return ask()
        except KeysUnavailable:
            if self._clock() - began > SLOW:
                self._silent_until = self._clock() + LEFT_ALONE_FOR
            raise

    def _keep(self, asked: tuple[str, bytes, str], key: bytes, at: float) -> None:
        if self._seconds <= 0:
            return
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[asked] = at, key
