"""Starts that failed: seen, and tried again by themselves, until the complaint runs."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from redress.security.keyring import KeysUnavailable
from redress.services.sending import take_up_again
from redress.store.register import Register

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=1)
"""A complaint that was accepted is begun within seconds; after that its start counts as failed."""

LOOK_EVERY = 15.0
"""Seconds between two looks."""

BEGIN_WITHIN = 30.0
"""Seconds that one start may take; the others wait for it."""

LONGEST_PAUSE = 3600.0
"""Seconds between two starts of one complaint, at most."""


class NotBegun(NamedTuple):
    """A complaint that was accepted and does not run. Nothing in it is personal."""

    reference: str
    accepted_at: datetime


def not_begun(register: Register) -> list[NotBegun]:
    """The complaints whose start failed, or did not reach Temporal; the oldest first."""
    return [NotBegun(*each) for each in register.not_begun(datetime.now(UTC) - OVERDUE_AFTER)]


class BeginningAgain:
    """Starts what is not begun, each after ever longer pauses. Doing it twice starts nothing twice."""

    def __init__(self, client: Client, register: Register) -> None:
        self._client = client
        self._register = register
        self._tries: dict[str, tuple[int, float]] = {}

    async def run(self) -> None:
        """For as long as a worker runs."""
        while True:
            try:
                await self.once()
            except Exception as error:  # what is out of reach, or a fault of ours: it goes on
                log.warning("starts that failed could not be looked at: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def once(self) -> None:
        """Start those whose turn it is."""
        found = await asyncio.to_thread(not_begun, self._register)
        self._tries = {each.reference: self._tries.get(each.reference, (0, 0.0)) for each in found}
        for reference, (tries, next_at) in self._tries.items():
            if monotonic() >= next_at:
                pause = min(2.0**tries * OVERDUE_AFTER.total_seconds(), LONGEST_PAUSE)
                self._tries[reference] = (tries + 1, monotonic() + pause)
                await self._begin(reference)

    async def _begin(self, reference: str) -> None:
        try:
            async with asyncio.timeout(BEGIN_WITHIN):
                await take_up_again(self._client, self._register, reference)
        except (SQLAlchemyError, KeysUnavailable):  # each of them would wait for it
            raise
        except Exception as error:  # whatever is wrong with one, the others are begun
            log.error("%s was accepted and cannot be begun: %s", reference, type(error).__name__)
        else:
            log.warning("%s was accepted and not begun: it is started again", reference)
