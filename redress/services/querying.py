"""Asking a complaint's workflow something."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from time import monotonic
from typing import Any, cast

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import STATUS, STILL_OPENING, workflow_id
from redress.domain.status import Status
from redress.services.errors import NoAnswer

BUSY = {
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.ABORTED,
    RPCStatusCode.FAILED_PRECONDITION,
}
"""What the server says to more at once than one run takes, or while a new run takes over."""

PAUSE = 0.2
"""Seconds between two tries."""

ONLY_OPEN = QueryRejectCondition.NOT_OPEN
"""Asks only a workflow that runs."""

UNLESS_ENDED_FROM_OUTSIDE = QueryRejectCondition.NOT_COMPLETED_CLEANLY
"""Asks one that runs or has come to its end, and none that was terminated."""


class NotRunning(Exception):
    """Temporal has no such workflow, or none that may be asked."""


async def ask(
    client: Client,
    reference: str,
    query: str,
    *args: Any,
    within: float,
    condition: QueryRejectCondition | None = None,
) -> dict[str, Any]:
    """The answer to a query, within so many seconds; a complaint that is just being opened is waited for.

    Raises `NotRunning`, `NoAnswer`, and `KeyDestroyed` where it was erased.
    """
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id(reference))
    silence = f"no answer within {within:.0f} s: is a worker running?"
    ends_at = monotonic() + within
    while True:
        left = max(ends_at - monotonic(), 0.1)
        answer = handle.query(
            query,
            args=args,
            result_type=dict,
            reject_condition=condition,
            rpc_timeout=timedelta(seconds=left),
        )
        try:
            async with asyncio.timeout(left):
                found: dict[str, Any] = await answer
            return found
        except WorkflowQueryRejectedError:
            raise NotRunning(reference) from None
        except WorkflowQueryFailedError as error:
            if STILL_OPENING not in str(error) or monotonic() >= ends_at:
                raise NoAnswer(f"it could not be read: {error}", reference=reference) from None
        except TimeoutError:
            raise NoAnswer(silence, reference=reference) from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise NotRunning(reference) from None
            if error.status not in BUSY or monotonic() >= ends_at:
                raise NoAnswer(f"{silence} ({error.message})", reference=reference) from None
        await asyncio.sleep(PAUSE)


async def live_status(
    client: Client,
    reference: str,
    as_of: date,
    within: float,
    condition: QueryRejectCondition | None = None,
) -> Status:
    """Where a complaint stands as its workflow has it. Raises as `ask` does."""
    answer = await ask(client, reference, STATUS, as_of.isoformat(), within=within, condition=condition)
    return cast(Status, answer)
