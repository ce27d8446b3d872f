"""What follows by itself is waited for, for as long as a busy machine may take."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar, cast, overload

from sqlalchemy import func, select

from redress.store import letters, tables
from redress.store.register import Register

T = TypeVar("T")

PATIENCE = 150.0
"""Seconds: nothing that works takes nearly as long."""


@overload
async def eventually(
    ask: Callable[[], Awaitable[T]], fits: Callable[[T], bool], seconds: float = PATIENCE
) -> T: ...
@overload
async def eventually(ask: Callable[[], T], fits: Callable[[T], bool], seconds: float = PATIENCE) -> T: ...
async def eventually(
    ask: Callable[[], Awaitable[T]] | Callable[[], T], fits: Callable[[T], bool], seconds: float = PATIENCE
) -> T:
    """The first answer that fits; where none does within the time the last one, for the test to judge."""
    ends = monotonic() + seconds
    while True:
        answer = ask()
        found = await answer if inspect.isawaitable(answer) else answer
        if fits(found) or monotonic() > ends:
            return found
        await asyncio.sleep(0.05)


async def until(what: Callable[[], Awaitable[bool] | bool], seconds: float = PATIENCE) -> None:
    """Wait until it is so."""
    assert await eventually(cast(Callable[[], bool], what), bool, seconds), "it did not come to pass"


async def recorded(register: Register, reference: str, messages: int) -> None:
    """Wait until so many messages of a complaint stand in the register and its letters have left."""
    wanted = select(func.count()).where(tables.messages.c.reference == reference)

    def at_rest() -> bool:
        with register.reading() as db:
            waiting = letters.in_state(db, ("waiting", *letters.OPEN), reference)
            return db.execute(wanted).scalar_one() == messages and not waiting

    await until(at_rest)
