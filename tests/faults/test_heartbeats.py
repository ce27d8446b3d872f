"""An activity that takes long is not taken for dead; one that gives no sign is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker

from redress.temporal.heartbeats import HeartbeatInterceptor


@activity.defn
def long_errand() -> str:
    """Twice as long as the time within which a heartbeat is wanted."""
    time.sleep(6)
    return "done"


@workflow.defn
class Waits:
    """Has one long activity done, once."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            long_errand,
            start_to_close_timeout=timedelta(seconds=60),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


async def _outcome(client: Client, name: str, interceptors: list[Interceptor]) -> str:
    worker = Worker(
        client,
        task_queue=name,
        workflows=[Waits],
        activities=[long_errand],
        activity_executor=ThreadPoolExecutor(1),
        max_concurrent_activities=1,
        max_heartbeat_throttle_interval=timedelta(milliseconds=200),
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=interceptors,
    )
    async with worker:
        return await client.execute_workflow(Waits.run, id=name, task_queue=name)


async def test_it_beats_while_it_runs(server: tuple[str, Client]) -> None:
    beating = HeartbeatInterceptor(timedelta(milliseconds=200))
    assert await _outcome(server[1], "beats", [beating]) == "done"


async def test_without_a_sign_it_is_taken_for_dead(server: tuple[str, Client]) -> None:
    with pytest.raises(WorkflowFailureError):
        await _outcome(server[1], "silent", [])
