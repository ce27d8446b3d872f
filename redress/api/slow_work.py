"""Work that may take long: documents taken in, given out and printed, letters made to be seen, the audit.

The document store and ClamAV may say nothing for a minute, and an audit may be of millions of readings.
Whoever waits for them does so in threads of their own, so that no other request waits for a thread; and of
one caller a few are under way at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import thread_time
from typing import TypeVar

from redress.api.problems import Refusal
from redress.services.backends import ASKING

T = TypeVar("T")


class SlowWork:
    """Slow work of one kind: `at_most` side by side, `of_one_caller` so many; each takes memory or disk."""

    def __init__(self, name: str, at_most: int, of_one_caller: int) -> None:
        self._name = name
        self._at_most, self._of_one_caller = at_most, of_one_caller
        self._under_way: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(at_most, name)

    @contextmanager
    def under_way(self, identity: str) -> Iterator[None]:
        """One more, of a caller. Raises `Refusal` where there are too many."""
        if self._under_way[identity] >= self._of_one_caller or self._under_way.total() >= self._at_most:
            wait = {"Retry-After": "5"}
            raise Refusal("too-many", f"Other {self._name} are under way. Try again.", headers=wait)
        self._under_way[identity] += 1
        try:
            yield
        finally:
            self._under_way -= Counter([identity])

    async def run(self, work: Callable[[], T]) -> T:
        """Do something in a thread; what work it was counts in the caller's rate."""
        asking = ASKING.get()

        def done() -> T:
            began = thread_time()
            try:
                return work()
            finally:
                if asking is not None:
                    asking.seconds += thread_time() - began

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    async def alone(self, identity: str, work: Callable[[], T]) -> T:
        """The same, as one more of a caller. Raises `Refusal` where there are too many."""
        with self.under_way(identity):
            return await self.run(work)

    async def pieces(self, of: Iterator[bytes]) -> AsyncIterator[bytes]:
        """What comes piece by piece. Whoever takes the pieces slowly holds no thread meanwhile."""
        while piece := await self.run(lambda: next(of, b"")):
            yield piece
