"""What waits to be recorded or to leave: every complaint answers at once, and this is what it still owes.

Temporal alone knows it. What a complaint does within a moment is not seen here.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import BEGIN, RECORD, SEND_LETTERS, WORKFLOW, WORKFLOW_ID_PREFIX
from redress.services.errors import NoAnswer

ASKED_AT_ONCE = 16
"""Complaints that Temporal is asked about at once."""

WHAT = {BEGIN: "its opening", RECORD: "the record", SEND_LETTERS: "letters"}
"""What waits, by the activity that stands for it."""


class Waiting(NamedTuple):
    """One thing that waits. `since`, `next_at`: UTC instants; `next_at` is None while it is being tried."""

    reference: str
    what: str
    since: datetime
    tries: int
    next_at: datetime | None
    problem: str
    """The class of the last error, or where to look; its text is in the log alone: it could name somebody."""

    def seconds(self, now: datetime) -> int:
        """For how long it has waited."""
        return max(0, int((now - self.since).total_seconds()))

    def document(self, now: datetime) -> dict[str, object]:
        """The same as `--json` gives it."""
        next_at = self.next_at.isoformat() if self.next_at else None
        moments = {"since": self.since.isoformat(), "seconds": self.seconds(now), "next_at": next_at}
        return self._asdict() | moments


async def waiting(client: Client, longer_than: float) -> list[Waiting]:
    """What has waited for more than so many seconds, the longest first. Raises `NoAnswer`."""
    turns = asyncio.Semaphore(ASKED_AT_ONCE)
    now = datetime.now(UTC)

    async def of(run: WorkflowExecution) -> list[Waiting]:
        async with turns:
            return await _of_one(client, run)

    query = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
    try:
        runs = [run async for run in client.list_workflows(query)]
        found = await asyncio.gather(*map(of, runs))
    except RPCError as error:
        raise NoAnswer(f"Temporal did not answer ({error.status.name})") from None
    each = [one for of_run in found for one in of_run if one.seconds(now) > longer_than]
    return sorted(each, key=lambda one: (one.since, one.reference))


async def _of_one(client: Client, run: WorkflowExecution) -> list[Waiting]:
    try:
        described = await client.get_workflow_handle(run.id, run_id=run.run_id).describe()
        pending = [
            activity
            for activity in described.raw_description.pending_activities
            if activity.activity_type.name in WHAT
        ]
        since = await _scheduled_at(client, run, pending) if pending else {}
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:  # it has ended meanwhile
            return []
        raise
    reference = run.id.removeprefix(WORKFLOW_ID_PREFIX)
    return [_waiting(reference, activity, since.get(activity.activity_id)) for activity in pending]


async def _scheduled_at(
    client: Client, run: WorkflowExecution, pending: list[PendingActivityInfo]
) -> dict[str, datetime]:
    """When each was asked for, by its id: of one that is tried again Temporal tells only the next try."""
    wanted = {activity.activity_id for activity in pending}
    request = GetWorkflowExecutionHistoryReverseRequest(namespace=client.namespace)
    request.execution.workflow_id, request.execution.run_id = run.id, run.run_id or ""
    found: dict[str, datetime] = {}
    while wanted - found.keys():
        page = await client.workflow_service.get_workflow_execution_history_reverse(request)
        for event in page.history.events:
            id = event.activity_task_scheduled_event_attributes.activity_id
            if id in wanted:
                found[id] = event.event_time.ToDatetime(UTC)
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    return found


def _waiting(reference: str, activity: PendingActivityInfo, since: datetime | None) -> Waiting:
    is_tried_again = activity.HasField("next_attempt_schedule_time")
    next_at = activity.next_attempt_schedule_time.ToDatetime(UTC) if is_tried_again else None
    started = since or activity.scheduled_time.ToDatetime(UTC)
    problem = _class_of(activity.last_failure) if activity.HasField("last_failure") else ""
    return Waiting(reference, WHAT[activity.activity_type.name], started, activity.attempt, next_at, problem)


def _class_of(failure: Failure) -> str:
    """Temporal cuts an error with a long trace down to its text."""
    return failure.application_failure_info.type or "in the worker's log"
