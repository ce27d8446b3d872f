"""One argument for each handler, whatever a sender gives: several become one that says so."""

from __future__ import annotations

from typing import Any

from temporalio import worker

from redress.contract import Inbound, text_of
from redress.domain.messages import SIGNALS
from redress.domain.parsing import Problem


class OneArgument(worker.Interceptor):
    """For a worker of complaints: a handler called with two would stop the workflow task for good."""

    def workflow_interceptor_class(
        self, input: worker.WorkflowInterceptorClassInput
    ) -> type[worker.WorkflowInboundInterceptor]:
        """What surrounds each handler."""
        return _OneArgument


class _OneArgument(worker.WorkflowInboundInterceptor):
    async def handle_signal(self, input: worker.HandleSignalInput) -> None:
        if input.signal in SIGNALS:  # any other goes to the dynamic handler, which takes all there is
            input.args = _one(input.args)
        await super().handle_signal(input)

    def handle_update_validator(self, input: worker.HandleUpdateInput) -> None:
        input.args = _one(input.args)
        super().handle_update_validator(input)

    async def handle_update_handler(self, input: worker.HandleUpdateInput) -> Any:
        input.args = _one(input.args)
        return await super().handle_update_handler(input)


def _one(arguments: Any) -> list[Any]:
    if len(arguments) < 2:
        return list(arguments)
    problem = Problem("message", f"should be one JSON object, not {len(arguments)} arguments")
    return [Inbound(problems=(problem,), unread=text_of(arguments))]
