"""Heartbeats of every activity, by themselves: what a killed worker was doing is taken up soon by another.

An activity's code knows nothing of it, and a heartbeat is no mark of progress.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity, worker

from redress.contract import HEARTBEAT_INTERVAL


class HeartbeatInterceptor(worker.Interceptor):
    """Lets every activity of a worker send heartbeats while it runs, so often."""

    def __init__(self, every: timedelta = HEARTBEAT_INTERVAL) -> None:
        self.every = every

    def intercept_activity(
        self, next: worker.ActivityInboundInterceptor
    ) -> worker.ActivityInboundInterceptor:
        """What surrounds each activity."""
        return _Beating(next, self.every)


class _Beating(worker.ActivityInboundInterceptor):
    def __init__(self, next: worker.ActivityInboundInterceptor, every: timedelta) -> None:
        super().__init__(next)
        self._every = every.total_seconds()

    def init(self, outbound: worker.ActivityOutboundInterceptor) -> None:
        self._outbound = outbound
        super().init(outbound)

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:
        if activity.info().is_local:  # part of a workflow task, which has a limit of its own
            return await super().execute_activity(input)
        self._later()
        try:
            return await super().execute_activity(input)
        finally:
            self._next.cancel()

    def _later(self) -> None:
        self._next = asyncio.get_running_loop().call_later(self._every, self._beat)

    def _beat(self) -> None:
        self._outbound.heartbeat()
        self._later()
