"""What Redress is measured against: a workflow that takes the same messages and knows nothing.

Same codec, same payloads, as many threads and cached workflows, and as many activities, scheduled as Redress
schedules them: one local one before anything else, further ones when a message was answered, then the others,
in batches that start together, on a task queue of their own as letters have one. For the rest as the SDK runs
a workflow by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from temporalio import activity, workflow
from temporalio.api.history.v1 import HistoryEvent
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from redress.bootstrap_keys import cipher_for
    from redress.settings import Settings
    from redress.temporal.client import connect, quiet_runtime

BARE, TASK_QUEUE, OTHER_QUEUE = "Bare", "bare", "bare-letters"
TIMEOUT = timedelta(seconds=30)
DONE = "bare-activities"
"""A file in the state folder, in which each activity leaves one byte: so it is known when all are done."""


class Plan(NamedTuple):
    """How many activities a life has: local ones, and the others by the workflow task that schedules them."""

    local: int
    batches: tuple[int, ...]

    @property
    def activities(self) -> int:
        """How many in all."""
        return self.local + sum(self.batches)


def plan_of(history: list[HistoryEvent]) -> Plan:
    """The activities of a complaint's history."""
    markers = [event.marker_recorded_event_attributes.marker_name for event in history]
    tasks = [
        event.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
        for event in history
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    batches = tuple(tasks.count(task) for task in sorted(set(tasks)))
    return Plan(markers.count("core_local_activity"), batches)


@activity.defn
def leave_a_byte(_body: dict[str, Any]) -> None:
    """Do next to nothing with what was brought."""
    with Path(os.environ["REDRESS_STATE"], DONE).open("ab") as file:
        file.write(b".")


def activities_done(state: Path) -> int:
    """How many activities of bare workflows have ended."""
    done = state / DONE
    return done.stat().st_size if done.exists() else 0


@workflow.defn(name=BARE)
class Bare:
    """Runs its activities, until it is ended from outside."""

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []

    @workflow.run
    async def run(self, opening: dict[str, Any], local: int, batches: list[int]) -> None:
        """Start, then carry out what each message causes."""
        if local:
            await workflow.execute_local_activity(leave_a_byte, opening, start_to_close_timeout=TIMEOUT)
        while True:
            await workflow.wait_condition(lambda: bool(self._messages))
            body = self._messages.pop(0)
            for _ in range(local - 1):
                await workflow.execute_local_activity(leave_a_byte, body, start_to_close_timeout=TIMEOUT)
            for size in batches:
                batch = [
                    workflow.execute_activity(
                        leave_a_byte, body, task_queue=OTHER_QUEUE, start_to_close_timeout=TIMEOUT
                    )
                    for _ in range(size)
                ]
                await asyncio.gather(*batch)

    @workflow.update
    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a message, and answer at once."""
        self._messages.append(body)
        return {"applied": True}


async def main() -> None:
    """Run its worker until told to stop."""
    quiet_runtime()
    settings = Settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(cipher_for(settings))
    async with (
        Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[Bare],
            activities=[leave_a_byte],
            activity_executor=ThreadPoolExecutor(settings.activity_threads),
            max_concurrent_activities=settings.activity_threads,
            max_cached_workflows=settings.cached_complaints,
        ),
        Worker(
            client,
            task_queue=OTHER_QUEUE,
            activities=[leave_a_byte],
            activity_executor=ThreadPoolExecutor(settings.activity_threads),
            max_concurrent_activities=settings.activity_threads,
        ),
    ):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
