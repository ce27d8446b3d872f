"""What an API reaches for: Temporal and the register, either of which may be down or say nothing.

Both are watched, so that no request waits for what is known not to answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, thread_time
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.client import Client, Interceptor

from redress.security.encryption import Cipher
from redress.settings import Settings
from redress.store import tables
from redress.store.database import connect as connect_database
from redress.store.register import Register
from redress.telemetry.traces import tracing
from redress.temporal.client import connect
from redress.temporal.clock import is_apart, said_of, seconds_ahead

log = logging.getLogger("redress.api")

T = TypeVar("T")

LOOK_EVERY = 1.0
"""Seconds between two looks at what is down."""

ASK_WITHIN = 8.0
"""Seconds that reading the register may take."""


LOOK_WITHIN = 3.0
"""Seconds that the register has to say that it is there."""

THREADS, AT_ONCE = 16, 6
"""Questions to the register side by side, and those of one caller."""

BUSY = "This caller asks for more at once than the register gets through: ask again in a moment"
READ_CLOCK_EVERY = 30.0
"""Seconds between two looks at Temporal's clock."""


class Unavailable(Exception):
    """Temporal or the register does not answer; says which."""


class Busy(Unavailable):
    """The register answers, but this caller asks for more at once than it gets through."""


@dataclass
class Asking:
    """Who asks, and the seconds of work that it was so far."""

    who: str
    seconds: float = 0.0


ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)
"""Set for each request; None: the API itself asks."""


class Backends:
    """The register and Temporal, as far as they answer."""

    def __init__(self, settings: Settings, cipher: Cipher) -> None:
        self.cipher = cipher
        self._interceptors: list[Interceptor] = tracing("redress-api")
        self.register = Register(connect_database(settings.database_url), cipher)
        self._threads = ThreadPoolExecutor(THREADS, "register")
        self._looker = ThreadPoolExecutor(1, "register-look")
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._in_doubt = False
        self._client: Client | None = None
        self.temporal_answers = False
        """Whether Temporal answered when it was last asked."""
        self.register_answers = True
        """Whether the register answered when it was last asked."""
        self.clock_ahead: float | None = None
        """Seconds that this clock was ahead of Temporal's when something was last written; None: unknown."""
        self._clock_read_at = float("-inf")

    def temporal(self) -> Client:
        """A client of Temporal. Raises `Unavailable` at once where it is known not to answer."""
        if self._client is None or not self.temporal_answers:
            raise Unavailable("Temporal")
        return self._client

    def temporal_failed(self) -> None:
        """Somebody waited for Temporal in vain: until it is seen to answer, nobody else does."""
        self.temporal_answers = False

    async def compare_clocks(self, reference: str, since: datetime) -> None:
        """After something was written to a complaint since an instant, now and then: whether clocks agree."""
        if self._client is None or monotonic() - self._clock_read_at < READ_CLOCK_EVERY:
            return
        self._clock_read_at = monotonic()
        was, self.clock_ahead = self.clock_ahead, await seconds_ahead(self._client, reference, since)
        if self.clock_ahead is not None and is_apart(self.clock_ahead) and not is_apart(was):
            log.error("%s", said_of(self.clock_ahead))

    async def ask(self, work: Callable[[Register], T], within: float = ASK_WITHIN) -> T:
        """Do something with the register, in a thread. Raises `Unavailable`; `Busy` where it is not down."""
        if not self.register_answers:
            raise Unavailable("The register")
        ends_at = monotonic() + within
        turn = await self._turn(within)
        asking = ASKING.get()

        def done() -> T:
            began = thread_time()
            try:
                return work(self.register)
            finally:
                if asking is not None:
                    asking.seconds += thread_time() - began

        loop = asyncio.get_running_loop()
        working = self._threads.submit(done)
        working.add_done_callback(lambda _: loop.call_soon_threadsafe(turn.release))
        try:
            async with asyncio.timeout(max(ends_at - monotonic(), 0.1)):
                return await asyncio.wrap_future(working)
        except TimeoutError as error:
            if within < ASK_WITHIN:  # this caller cannot wait: it is looked at without them
                self._in_doubt = True
                raise Unavailable("The register") from None
            if await self._answers():
                raise Busy(BUSY) from None
            raise self._failed(error) from None
        except PoolTimeout:
            raise Busy(BUSY) from None
        except (DataError, IntegrityError, ProgrammingError):
            raise  # a fault of ours
        except (DBAPIError, OSError) as error:
            raise self._failed(error) from None

    async def _turn(self, within: float) -> asyncio.Semaphore:
        """The turn of whoever asks, among their own requests: nobody fills the threads alone."""
        asking = ASKING.get()
        turn = self._turns.setdefault(asking.who if asking else "", asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(within):
                await turn.acquire()
        except TimeoutError:
            raise Busy(BUSY) from None
        return turn

    def _failed(self, error: Exception) -> Unavailable:
        log.warning("the register does not answer: %s", type(error).__name__)
        self.register_answers = False
        return Unavailable("The register")

    async def _answers(self) -> bool:
        """Whether the register answers at all, asked beside whatever is asked of it."""
        looking = self._looker.submit(_look, self.register)
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                await asyncio.wrap_future(looking)
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def watch(self, cipher: Cipher) -> None:
        """Look after both for as long as the API runs."""
        await asyncio.gather(self._watch_temporal(cipher), self._watch_register())

    async def _watch_temporal(self, cipher: Cipher) -> None:
        while True:
            try:
                if self._client is None:
                    async with asyncio.timeout(5):
                        self._client = await connect(cipher, self._interceptors)
                async with asyncio.timeout(3):
                    answers = await self._client.service_client.check_health(timeout=timedelta(seconds=2))
            except Exception as error:  # whatever the SDK says: it does not answer
                if self.temporal_answers:
                    log.warning("Temporal does not answer: %s", type(error).__name__)
                answers = False
            if answers and not self.temporal_answers:
                log.info("Temporal answers")
            self.temporal_answers = answers
            await asyncio.sleep(LOOK_EVERY)

    async def _watch_register(self) -> None:
        asked_at = float("-inf")
        while True:
            # A register that says nothing keeps a thread: it is asked more seldom.
            if self._in_doubt or (not self.register_answers and monotonic() - asked_at > LOOK_EVERY):
                self._in_doubt, answered = False, self.register_answers
                self.register_answers = await self._answers()
                if self.register_answers and not answered:
                    log.info("the register answers")
                elif answered and not self.register_answers:
                    log.warning("the register does not answer")
                asked_at = monotonic() + (0.0 if self.register_answers else 2 * LOOK_EVERY)
            await asyncio.sleep(LOOK_EVERY)


def _look(register: Register) -> None:
    with register.reading() as db:
        db.execute(select(tables.references.c.reference).limit(1))
