"""What somebody starts by hand that can be no complaint fails at once, and touches nobody's record."""

from __future__ import annotations

import base64
import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from temporalio.client import ActivityFailureError, Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from redress.contract import BEGIN, ERASE_DUE, LETTERS_QUEUE, RECORD, SEND_LETTERS, TASK_QUEUE, WORKFLOW
from redress.store import tables
from tests.conftest import Life
from tests.domain.conftest import document

REFERENCE = "STRANGE-2026-000001"

BOMB = object()
"""200 MB in 260 KB: packed by the test that has it, not by every process that looks for tests."""


def _carried(terms: str, state: str) -> dict[str, Any]:
    return {"reference": REFERENCE, "carried": {"terms": terms, "state": state}}


@pytest.mark.parametrize(
    ("reference", "started_with", "says"),
    [
        ("../../../x", {"reference": "../../../x", "opening": document()}, "a complaint's reference"),
        (REFERENCE, {"reference": "../../../x", "opening": document()}, "a complaint's reference"),
        (REFERENCE, {"reference": REFERENCE, "opening": document(authority="nowhere")}, "authority"),
        (REFERENCE, {"reference": REFERENCE, "opening": document(authority="../../x")}, "authority"),
        (REFERENCE, _carried("nonsense", "nonsense"), "carried"),
        (REFERENCE, _carried(base64.b64encode(zlib.compress(b"{}")).decode(), "nonsense"), "carried"),
        (REFERENCE, BOMB, "carried"),
        (REFERENCE, {"reference": REFERENCE}, "register"),
        (REFERENCE, "nonsense", "starter.py open"),
    ],
)
async def test_what_can_be_no_complaint_fails_at_once(
    life: Life, reference: str, started_with: Any, says: str
) -> None:
    if started_with is BOMB:
        bomb = base64.b64encode(zlib.compress(b"0" * 200_000_000, 9)).decode()
        started_with = _carried(bomb, bomb)
    run = await life.client.start_workflow(
        WORKFLOW,
        started_with,
        id=f"complaint-{reference}",
        task_queue=TASK_QUEUE,
        execution_timeout=timedelta(seconds=120),
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    cause: BaseException | None = failed.value.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    assert cause is not None, "it timed out: its tasks failed, or an activity was tried again and again"
    assert says in str(cause)
    assert not list(life.outbox.parent.glob("**/x"))


@pytest.mark.parametrize(
    ("activity", "queue"),
    [(BEGIN, TASK_QUEUE), (RECORD, TASK_QUEUE), (SEND_LETTERS, LETTERS_QUEUE), (ERASE_DUE, TASK_QUEUE)],
)
async def test_an_activity_serves_nobody_who_calls_it_alone(life: Life, activity: str, queue: str) -> None:
    await life.open()
    before = _events(life)
    forged = {"key": "forged", "kind": "rejected", "on": "2026-06-01", "body": {}}
    asked: dict[str, list[Any]] = {
        BEGIN: [{"reference": life.reference, "opened_on": "2026-06-01"}],
        RECORD: [{"reference": life.reference, "entries": [forged]}],
        SEND_LETTERS: [{"reference": life.reference}],
        ERASE_DUE: [],
    }
    client: Client = life.client
    with pytest.raises(ActivityFailureError) as failed:
        await client.execute_activity(
            activity,
            args=asked[activity],
            id=f"alone-{uuid4().hex}",
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=60),
            schedule_to_close_timeout=timedelta(seconds=120),
        )
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.non_retryable
    assert _events(life) == before


def _events(life: Life) -> int:
    events = tables.events
    with life.register.reading() as db:
        wanted = select(func.count()).where(events.c.reference == life.reference, events.c.key == "forged")
        return db.execute(wanted).scalar_one()
