"""The worker's health check: that Temporal sees this machine ask for complaints' work.

Exit status 0: yes, within the last minutes. 1: no, or Temporal does not answer; the reason stands on
standard error. It shows that the worker is connected and asks for work, not that it gets through it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from redress.contract import TASK_QUEUE
from redress.exit import leave
from redress.security.encryption import PlaintextCipher
from redress.temporal.client import connect, quiet_runtime

RECENT = timedelta(minutes=3)
"""A worker that waits asks anew every minute."""


async def complaint() -> str:
    """What is wrong, in a sentence; empty where nothing is."""
    quiet_runtime()
    try:
        async with asyncio.timeout(10):
            client = await connect(PlaintextCipher())
            answer = await client.workflow_service.describe_task_queue(
                DescribeTaskQueueRequest(
                    namespace=client.namespace,
                    task_queue=TaskQueue(name=TASK_QUEUE),
                    task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
                )
            )
    except (RuntimeError, RPCError, TimeoutError) as error:
        return f"Temporal does not answer: {error or 'no answer in time'}"
    here = f"@{socket.gethostname()}"  # the SDK calls a worker <process>@<host>
    since = datetime.now(UTC) - RECENT
    for poller in answer.pollers:
        if poller.identity.endswith(here) and poller.last_access_time.ToDatetime(UTC) > since:
            return ""
    return f"no worker on this machine has asked for work on {TASK_QUEUE} lately"


if __name__ == "__main__":
    wrong = asyncio.run(complaint())
    sys.stderr.write(f"{wrong}\n" if wrong else "")
    leave(1 if wrong else 0)
