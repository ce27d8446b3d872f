"""The worker's health check: that Temporal hears from a worker of complaints on this machine.

Exit status 0: yes, within the last seconds. 1: no, or Temporal does not answer; the reason stands on
standard error. It shows that the worker runs and is connected, not that it gets through its work.
"""

from __future__ import annotations

import asyncio
import socket
import sys

from temporalio.service import RPCError

from redress.contract import TASK_QUEUE
from redress.exit import leave
from redress.security.encryption import PlaintextCipher
from redress.temporal.client import connect, quiet_runtime, running_workers


async def problem() -> str:
    """What is wrong, in a sentence; empty where nothing is."""
    quiet_runtime()
    try:
        async with asyncio.timeout(10):
            workers = await running_workers(await connect(PlaintextCipher()))
    except (RuntimeError, RPCError, TimeoutError) as error:
        return f"Temporal does not answer: {error or 'no answer in time'}"
    here = socket.gethostname()
    if any(each.task_queue == TASK_QUEUE and each.host_info.host_name == here for each in workers):
        return ""
    return f"no worker on this machine has asked for work on {TASK_QUEUE} lately"


if __name__ == "__main__":
    wrong = asyncio.run(problem())
    sys.stderr.write(f"{wrong}\n" if wrong else "")
    leave(1 if wrong else 0)
