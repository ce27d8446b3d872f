"""How large a whole life's history becomes: sent late all at once, and lived day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from redress.domain.london import instant
from redress.store import tables
from scripts.bench.harness import Figure, Handle, Stack, report, running
from scripts.bench.scenario import opening, steps, today
from scripts.devserver import WORKER

_ORDER = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED
_MOVED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED
_TASK = [
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
]


async def sizes(state: Path) -> list[Figure]:
    """Events and bytes of one three-stage life, sent message by message in two ways."""
    async with running(state, moves_time=True) as stack:
        skipper = TimeSkipper(stack.client, config=TimeSkippingConfig(enabled=False))
        stack = stack._replace(client=skipper.client)
        with stack.process(WORKER):
            report("a life sent a year late, all at once")
            late = await _sent_late(stack)
            report("the same life, day by day")
            lived = await _lived(stack, skipper)
    lived = _without_the_clock(lived)
    return [*_size("late", "sent a year late, all at once", late), *_size("lived", "day by day", lived)]


def _size(key: str, title: str, history: Sequence[HistoryEvent]) -> list[Figure]:
    kilobytes = sum(event.ByteSize() for event in history) / 1024
    return [
        Figure(f"{key}_events", f"{title}: events", len(history), at_most=400),
        Figure(f"{key}_kb", f"{title}: size", kilobytes, "KB", at_most=150),
    ]


ENCLOSED = ("investigation_report", "independent_person_report", "panel_papers", "panel_report")
"""What letters of this life wait for."""


async def _opened(stack: Stack, received_on: date, source_id: str) -> Handle:
    handle = await stack.open(opening(received_on, source_id))
    stack.attach(handle.id.removeprefix("complaint-"), *ENCLOSED)
    return handle


async def _sent_late(stack: Stack) -> list[HistoryEvent]:
    received_on = today() - timedelta(days=365)
    handle = await _opened(stack, received_on, "late")
    life = steps(received_on)
    for step in life:
        await handle.execute_update(step.action, {"on": step.on.isoformat(), **step.body})
    await stack.wait_for(tables.events, len(life), kind="message")
    return list((await handle.fetch_history()).events)


async def _lived(stack: Stack, skipper: TimeSkipper) -> list[HistoryEvent]:
    handle = await _opened(stack, today(), "lived")
    now = datetime.now(UTC)
    for number, step in enumerate(steps(today()), stack.count(tables.events, kind="message") + 1):
        then = max(now, instant(step.on, "11:00"))
        if then > now:
            await skipper.fast_forward(handle, then - now)
            now = then
        answer = await handle.execute_update(step.action, step.body)
        assert answer["applied"], f"{step.action}: {answer['reason']}"
        await stack.wait_for(tables.events, number, kind="message")
    await skipper.fast_forward(handle, timedelta(days=120))
    await handle.result()
    return list((await handle.fetch_history()).events)


def _without_the_clock(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """All but what moving a clock writes into a history, which a life outside tests never has.

    The order to move it may wake the workflow before it has moved, for a task in which nothing happens;
    the busier the machine, the more of these.
    """
    kinds = [event.event_type for event in events]
    moved = {at for at, kind in enumerate(kinds) if kind in (_ORDER, _MOVED)}
    for at in range(len(kinds)):
        if kinds[at : at + 5] == [_ORDER, *_TASK, _MOVED]:
            moved.update(range(at, at + 5))
    return [event for at, event in enumerate(events) if at not in moved]
