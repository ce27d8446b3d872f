"""What Redress is measured against: a workflow that takes the same messages and knows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import Worker

BARE = "Bare"
TASK_QUEUE = "bare"


@activity.defn
def nothing(said: dict[str, Any]) -> None:
    """Do nothing with what was said."""


@workflow.defn(name=BARE)
class Bare:
    """One activity at its start, one for each message, until it is told that that was all."""

    def __init__(self) -> None:
        self._taken: list[str] = []

    @workflow.run
    async def run(self, opening: dict[str, Any]) -> None:
        """Start, then wait for ever."""
        await workflow.execute_activity(nothing, opening, start_to_close_timeout=timedelta(minutes=1))
        await workflow.wait_condition(lambda: False)

    @workflow.update(dynamic=True)
    async def message(self, action: str, arrived: Sequence[RawValue]) -> dict[str, Any]:
        """Take a message of any name, and answer."""
        body = workflow.payload_converter().from_payload(arrived[0].payload, dict)
        await workflow.execute_activity(nothing, body, start_to_close_timeout=timedelta(minutes=1))
        self._taken.append(action)
        return {"action": action, "number": len(self._taken)}


def build_worker(client: Client, threads: int, cached: int) -> Worker:
    """A worker for it, with as many threads and as large a cache as the real one's."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Bare],
        activities=[nothing],
        activity_executor=ThreadPoolExecutor(threads),
        max_concurrent_activities=threads,
        max_cached_workflows=cached,
    )
