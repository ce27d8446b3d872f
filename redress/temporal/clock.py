"""How far the clock of this machine is from Temporal's: two that differ put one moment on two days."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError

from redress.contract import workflow_id

log = logging.getLogger(__name__)

MOST = timedelta(minutes=1)
"""Clocks that are further apart are said to be."""

WITHIN = timedelta(seconds=3)


async def seconds_ahead(client: Client, reference: str, since: datetime) -> float | None:
    """How many seconds this clock is ahead of Temporal's, or behind (below 0); None where it cannot be told.

    Temporal has written something to the complaint's history after `since` (UTC, by this clock) and before
    now: where its last event lies outside that, the clocks differ by at least that much.
    """
    execution = WorkflowExecution(workflow_id=workflow_id(reference))
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, execution=execution, maximum_page_size=1
    )
    try:
        page = await client.workflow_service.get_workflow_execution_history_reverse(request, timeout=WITHIN)
    except RPCError:
        return None
    if not page.history.events:
        return None
    written = page.history.events[0].event_time.ToDatetime(UTC)
    now = datetime.now(UTC)
    if written < since:
        return (since - written).total_seconds()
    return min((now - written).total_seconds(), 0.0)


def is_apart(seconds: float | None) -> bool:
    """Whether that is too much."""
    return seconds is not None and abs(seconds) > MOST.total_seconds()


def said_of(seconds: float) -> str:
    """A sentence for operators."""
    where = "ahead of" if seconds > 0 else "behind"
    return f"this machine's clock is {abs(seconds):.0f} s {where} Temporal's: set it right (NTP)"
