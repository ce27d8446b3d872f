"""`python -m tests.temporal.newer_worker`: the worker as a later version could be, with a step of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import temporalio.client
import temporalio.worker
from temporalio import workflow

from redress import worker
from redress.exit import leave


class _AStepMore(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    def workflow_interceptor_class(
        self, input: temporalio.worker.WorkflowInterceptorClassInput
    ) -> type[temporalio.worker.WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(temporalio.worker.WorkflowInboundInterceptor):
    async def execute_workflow(self, input: temporalio.worker.ExecuteWorkflowInput) -> Any:
        if workflow.patched("a-step-of-the-newer-version"):
            await workflow.sleep(0.01)
        return await super().execute_workflow(input)


if __name__ == "__main__":
    vars(worker)["tracing"] = lambda service: [_AStepMore()]
    leave(asyncio.run(worker.run()))
