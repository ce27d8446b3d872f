"""How large a whole life's history becomes: sent late all at once, and lived day by day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from bench.crew import crew
from bench.desk import Desk, Handle
from bench.figures import Figure, Measured, Say
from bench.life import opening, steps
from redress.domain.london import instant
from redress.settings import Settings
from redress.temporal.embedded import embedded_server

MOST_EVENTS = 400
MOST_BYTES = 300 * 1024

KB = 1024

_MOVES = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED
_MOVED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED
_A_TASK = [
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
]


class Size(NamedTuple):
    """The size of one history."""

    events: int
    bytes: int
    clock_events: int


async def measure(state: Path, say: Say) -> Measured:
    """The history of one three-stage life, sent message by message in two ways."""
    settings = Settings(state=state)
    async with embedded_server(moves_time=True) as (address, client):
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        with crew("redress", address, state):
            desk = Desk(skipper.client, settings)
            say("a life sent a year late, all at once")
            late = await _sent_late(desk)
            say("a life lived day by day")

            async def wait(handle: Handle, pause: timedelta) -> None:
                await skipper.fast_forward(handle, pause)

            lived = await _lived(desk, wait)
    figures = []
    for key, title, size in (
        ("late", "sent a year late, all at once", late),
        ("lived", "lived day by day, to its end", lived),
    ):
        figures += [
            Figure(f"history_{key}_events", f"{title}: events", size.events, at_most=MOST_EVENTS),
            Figure(f"history_{key}_kb", f"{title}: size", size.bytes / KB, "KB", at_most=MOST_BYTES / KB),
        ]
    figures.append(
        Figure("history_clock_events", "events of the moved clock, not counted", lived.clock_events)
    )
    return Measured(f"The history of a life of {len(steps(desk.today))} messages in three stages", figures)


async def _sent_late(desk: Desk) -> Size:
    received_on = desk.today - timedelta(days=365)
    handle = await desk.open("late", opening(received_on, "late"))
    for step in steps(received_on):
        on = received_on + timedelta(days=step.day)
        await handle.execute_update(step.action, {"on": on.isoformat(), **step.body})
    life = len(steps(received_on))
    await desk.until(lambda: desk.recorded("message") == life)
    return await size_of(handle)


async def _lived(desk: Desk, wait: Callable[[Handle, timedelta], Awaitable[None]]) -> Size:
    before = desk.recorded("message")
    handle = await desk.open("lived")
    there = datetime.now(UTC)
    life = steps(desk.today)

    async def go_to(day: date) -> None:
        nonlocal there
        then = instant(day, "11:00")
        if then > there:
            await wait(handle, then - there)
            there = then

    for number, step in enumerate(life, 1):
        await go_to(desk.today + timedelta(days=step.day))
        answer = await handle.execute_update(step.action, step.body)
        assert answer["applied"], f"{step.action}: {answer['reason']}"
        await desk.until(partial(_has_recorded, desk, before + number))
    await go_to(desk.today + timedelta(days=life[-1].day + 120))
    await handle.result()
    return await size_of(handle)


def _has_recorded(desk: Desk, messages: int) -> bool:
    return desk.recorded("message") == messages


async def size_of(handle: Handle) -> Size:
    """Events and bytes of a history, without those of a moved clock."""
    events = list((await handle.fetch_history()).events)
    own = [event for at, event in enumerate(events) if not _is_the_clocks(events, at)]
    return Size(len(own), sum(event.ByteSize() for event in own), len(events) - len(own))


def _is_the_clocks(events: Sequence[HistoryEvent], at: int) -> bool:
    """What moving a clock writes into a history, and a life outside tests never has.

    The order to move it may wake the workflow before it has moved, for a task in which nothing happens;
    the busier the machine, the more of these.
    """
    if events[at].event_type in (_MOVES, _MOVED):
        return True
    for first in range(at - 3, at):  # the task's three events stand between the order and the move
        around = [event.event_type for event in events[max(first, 0) : first + 5]]
        if around == [_MOVES, *_A_TASK, _MOVED]:
            return True
    return False
