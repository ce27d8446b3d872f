"""Opening for callers who cannot wait: what cannot be opened now is kept, and opened in its turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from redress.domain.london import london_date
from redress.domain.opening import Opening
from redress.domain.parsing import Malformed
from redress.domain.status import MessageOutcome
from redress.services import intake
from redress.services.backends import Backends, Unavailable
from redress.services.errors import NoAnswer
from redress.services.linking_back import link_back
from redress.store.intake_queue import Due, IntakeQueue, Receipt, State
from redress.store.register import Register, Reserved

log = logging.getLogger("redress.api")

LOOK_EVERY = 0.5
"""Seconds between two looks at what waits."""

START_WITHIN = 10.0
"""Seconds that Temporal has for the start of one that waits: no caller does."""

BATCH_SIZE = 20
"""How many are opened, one after the other, before that is written down: each writing waits for the disk."""

MISSING = "the register no longer has it, since an older one was put back: send it again"


class Outcome(NamedTuple):
    """What became of an opening; the reference is None while only the receipt is known."""

    reference: str | None
    created: bool
    differs: bool
    state: State
    receipt: str | None = None
    problem: str = ""
    refused: Sequence[MessageOutcome] = ()


class _Missing(Exception):
    """What has a reference, and the register does not know it any more."""


class Openings:
    """Opens what comes, in the order it came."""

    def __init__(self, backends: Backends, queue: IntakeQueue) -> None:
        self._backends = backends
        self._queue = queue
        self._moved = asyncio.Event()
        self._linking: set[asyncio.Task[None]] = set()

    async def open(self, opening: Opening, raw: dict[str, Any], caller: str, within: float) -> Outcome:
        """Reserve and start; what cannot be done `within` so many seconds is kept. Raises `Malformed`."""
        ends_at = monotonic() + within
        others, same = await asyncio.to_thread(self._queue.ahead_of, opening)
        if same:  # the same one waits already: what it brought first counts
            return await self._keep(opening, raw, caller, None, ends_at)
        try:
            reserved = await self._backends.ask(
                lambda register: _reserve(register, opening, raw, caller), _left(ends_at)
            )
        except Unavailable:
            return await self._keep(opening, raw, caller, None, ends_at)
        if not reserved.started and (others or not await self._begun(opening, reserved, ends_at)):
            return await self._keep(opening, raw, caller, reserved, ends_at)
        refused = await asyncio.to_thread(intake.refused_of, reserved)
        opened = Outcome(reserved.reference, reserved.created, reserved.differs, "opened")
        return opened._replace(refused=refused)

    async def _begun(self, opening: Opening, reserved: Reserved, ends_at: float) -> bool:
        """Start it; whether Temporal took it in time."""
        parsed, since = opening if reserved.created else None, datetime.now(UTC)
        try:
            client = self._backends.temporal()
            async with asyncio.timeout(_left(ends_at)):
                await intake.begin(client, reserved, parsed)
        except Unavailable:
            return False
        except (NoAnswer, TimeoutError):
            self._backends.temporal_failed()
            return False
        if reserved.created:
            await self._backends.compare_clocks(reserved.reference, since)
            await link_back(client, self._backends.register, reserved.reference, opening)
        return True

    async def _keep(
        self, opening: Opening, raw: dict[str, Any], caller: str, reserved: Reserved | None, ends_at: float
    ) -> Outcome:
        """Keep it, and give it the seconds that are left to be opened in its turn."""
        known = (reserved.reference, reserved.created, reserved.differs) if reserved else None
        first = await asyncio.to_thread(self._queue.put, opening, raw, caller, known)
        latest = first
        backends = self._backends
        while latest.state == "waiting" and monotonic() < ends_at:
            if not (backends.temporal_answers and backends.register_answers):
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(min(ends_at - monotonic(), LOOK_EVERY)):
                    await self._moved.wait()
            known_now = await asyncio.to_thread(self._queue.receipt, first.receipt)
            latest = known_now or latest
        return outcome_of(latest)._replace(
            created=latest.created and first.created,
            differs=latest.differs or first.differs,
            reference=latest.reference or (reserved.reference if reserved else None),
        )

    # --- what waits ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open what waits, for as long as the API runs."""
        while True:
            try:
                while await self._open_some():
                    pass
                await asyncio.to_thread(self._queue.forget)
            except (Unavailable, NoAnswer, TimeoutError):
                pass  # looked for again in a moment
            except SQLAlchemyError as error:
                log.error("the API's store or the key store cannot be used: %s", type(error).__name__)
            except Exception as error:  # a fault of ours must not end it
                log.error("what waits could not be opened: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def _open_some(self) -> bool:
        """Open the oldest that can be, in order; whether there were any. Raises where something is down."""
        batch = await asyncio.to_thread(self._queue.due, BATCH_SIZE)
        opened: list[int] = []
        try:
            for due in batch:
                opened += [due.id] if await self._opened(due) else []
        finally:
            if opened:  # if this is never written, each is started again: it counts once
                await asyncio.to_thread(self._queue.settle, opened, "opened")
            self._moved.set()
            self._moved = asyncio.Event()
        return bool(batch)

    async def _opened(self, due: Due) -> bool:
        """Open one; False where it was put off or refused, so that it holds up no others."""
        client = self._backends.temporal()
        try:
            reserved = await self._reserved(due)
            if not reserved.started:
                async with asyncio.timeout(START_WITHIN):
                    await intake.begin(client, reserved)
                opening = intake.check(dict(reserved.opening), london_date(due.kept_at))
                self._link_back(client, reserved.reference, opening)
        except (NoAnswer, TimeoutError) as error:
            if not _is_its_own_fault(error):
                self._backends.temporal_failed()
                raise
            log.error("Temporal does not take what waits under %s", due.receipt)
            await asyncio.to_thread(self._queue.put_off, due)
        except (Unavailable, OperationalError):  # also the key store: all wait for it, in their order
            raise
        except _Missing:
            log.error("what waits under %s is gone: the register is older than it", due.receipt)
            await asyncio.to_thread(self._queue.settle, [due.id], "refused", MISSING)
        except Malformed as error:  # since it came, its authority or procedure went
            fields = ", ".join(problem.field for problem in error.problems)
            log.error("what waits under %s can no longer be opened: %s", due.receipt, fields)
            await asyncio.to_thread(self._queue.settle, [due.id], "refused", str(error))
        except Exception as error:  # a fault of ours in one must not hold up the others
            log.error("what waits under %s did not open: %s", due.receipt, type(error).__name__)
            await asyncio.to_thread(self._queue.put_off, due)
        else:
            log.info("opened what waited under %s: %s", due.receipt, reserved.reference)
            return True
        return False

    def _link_back(self, client: Client, reference: str, opening: Opening) -> None:
        """Tell those that it belongs with; one that does not answer holds up none that wait."""
        linking = asyncio.create_task(link_back(client, self._backends.register, reference, opening))
        self._linking.add(linking)
        linking.add_done_callback(self._linking.discard)

    async def _reserved(self, due: Due) -> Reserved:
        """The reference of one, and what it is to be started with."""
        reference = due.reference
        if reference is not None:
            known = await self._backends.ask(lambda register: register.reserved(reference))
            if known is None:
                raise _Missing
            return known
        raw = self._queue.opening_of(due)
        opening = intake.check(raw, london_date(due.kept_at))
        reserved = await self._backends.ask(lambda register: _reserve(register, opening, raw, due.caller))
        await asyncio.to_thread(
            self._queue.know, due, reserved.reference, created=reserved.created, differs=reserved.differs
        )
        return reserved


def outcome_of(row: Receipt) -> Outcome:
    """What became of an opening that had to wait."""
    return Outcome(row.reference, row.created, row.differs, row.state, row.receipt, row.problem)


def _reserve(register: Register, opening: Opening, raw: dict[str, Any], caller: str) -> Reserved:
    """The reference, with a note of who brought it."""
    return intake.reserve(register, opening, raw, caller)


def _left(ends_at: float) -> float:
    return max(ends_at - monotonic(), 0.2)


def _is_its_own_fault(error: BaseException) -> bool:
    """Whether Temporal answers and will not have this one: then it must not hold up the others."""
    cause = error.__context__
    return isinstance(cause, RPCError) and cause.status == RPCStatusCode.INVALID_ARGUMENT
