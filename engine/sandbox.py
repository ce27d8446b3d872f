"""The sandbox that complaints run in, without what it costs and we do not use (docs/decisions/0009)."""

from __future__ import annotations

from typing import Any

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info


class _OnePayloadForm(WorkflowInstance):
    """A sandboxed workflow whose payloads look the same wherever they belong.

    The SDK asks the workflow, several times for each payload, in which context it is to be encoded,
    and each question enters the sandbox anew: a fifth of a worker's time. Our converter encodes
    alike in every context and stores nothing elsewhere, so the answer is always the same.
    """

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: Any) -> Any:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


class _Runner(SandboxedWorkflowRunner):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _OnePayloadForm(super().create_instance(det))


RUNNER = _Runner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("engine", "redress", "workflows")
)
"""The sandbox, with our own modules passed through instead of being imported anew for each complaint.

That makes opening a complaint a quarter cheaper. What it would have caught in them, clocks and chance,
the linter forbids there and the golden histories, replayed in the strict sandbox too, would show.
"""
