"""How a worker runs complaints: without the SDK's sandbox, payloads in one form (docs/decisions/0009)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.converter import SerializationContext, StorageDriverStoreContext, WorkflowSerializationContext
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails
from temporalio.workflow import Info

from redress.contract import SURPLUS, Surplus
from redress.domain.messages import SIGNALS
from redress.domain.rejects import KEPT_WHOLE

STARTS_A_CHILD = CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION


class _OnePayloadForm(WorkflowInstance):
    """A workflow whose payloads look the same wherever they belong.

    The SDK asks, several times for each payload, in which context it is to be encoded, and makes a codec
    for each answer. Ours are encoded alike wherever they belong within one complaint, under its own key, so
    the answer is nearly always the same; only a part that is split off has a key of its own.
    """

    def __init__(self, inner: WorkflowInstance, info: Info) -> None:
        self._inner = inner
        self._own = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)

    def activate(self, act: Any) -> Any:
        for job in act.jobs:
            if job.HasField("initialize_workflow") and len(job.initialize_workflow.arguments) > 1:
                # Several arguments fit no constructor, and the task would fail for ever; without any the
                # workflow fails at once and says how a complaint is opened.
                del job.initialize_workflow.arguments[:]
        SURPLUS.set(_surplus(act))
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        if command_info is not None and command_info.command_type == STARTS_A_CHILD:
            return self._inner.get_serialization_context(command_info)
        return self._own

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _surplus(act: Any) -> Surplus | None:
    """Take signals of unknown names out of a step, beyond those that are kept whole, and count them.

    The SDK makes a task for each, and gives up a step that takes over 2 s: thousands at once would stop
    the complaint, and the worker from ever ending.
    """
    unknown = [at for at, job in enumerate(act.jobs) if _is_unknown(job)]
    rest = unknown[KEPT_WHOLE:]
    if not rest:
        return None
    names = Counter(act.jobs[at].signal_workflow.signal_name for at in rest)
    dropped = {*rest}
    kept = [job for at, job in enumerate(act.jobs) if at not in dropped]
    del act.jobs[:]
    act.jobs.extend(kept)
    return Surplus(KEPT_WHOLE, names)


def _is_unknown(job: Any) -> bool:
    if not job.HasField("signal_workflow"):
        return False
    name = job.signal_workflow.signal_name
    return name not in SIGNALS and not name.startswith("__temporal")


class _Runner(UnsandboxedWorkflowRunner):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _OnePayloadForm(super().create_instance(det), det.info)


RUNNER = _Runner()
"""What the sandbox would catch, clocks and chance, the linter forbids in `redress` and `workflows`, and the
golden histories are replayed in the strict sandbox."""
