"""A complaint whose workflow somebody ended, or began anew, while a letter had not left."""

from __future__ import annotations

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from redress.letters import dispatcher
from tests.conftest import Life
from tests.workflows.paths import with_a_letter_that_cannot_leave

LETTER = "acknowledgement-complainant"


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox that cannot be used is tried again at once: the worker runs in this process."""
    monkeypatch.setattr(dispatcher, "LEFT_ALONE_FOR", 0.0)


async def test_taken_up_by_the_next_message_it_sends_what_had_not_left(life: Life) -> None:
    await with_a_letter_that_cannot_leave(life)
    await life.handle.terminate("by mistake")
    life.outbox.unlink()
    assert (await life.send("add_note", note="An invented note.")).applied
    await life.settled(lambda: life.letters() == [LETTER])


async def test_begun_anew_by_a_reset_it_sends_what_had_not_left(life: Life) -> None:
    await with_a_letter_that_cannot_leave(life)
    run = WorkflowExecution(workflow_id=life.handle.id, run_id=(await life.handle.describe()).run_id)
    life.outbox.unlink()
    await life.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=life.client.namespace,
            workflow_execution=run,
            workflow_task_finish_event_id=4,  # the first: what the command line calls FirstWorkflowTask
            request_id=life.reference,
            reason="its history fits no version",
        )
    )
    await life.settled(lambda: life.letters() == [LETTER])
    assert (await life.handle.describe()).status is WorkflowExecutionStatus.RUNNING
