"""A late answer is told from the one that the next stage owes (finding R2; the contract, `respond`)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from tests.blackbox.conftest import Installation

pytestmark = pytest.mark.timeout(240)

ANSWER = {"on": date.today().isoformat(), "outcome": "not_upheld", "message_id": "letter-7"}


async def asked_beyond(installation: Installation) -> str:
    """Received ninety days ago and never answered; Stage 2 asked for ten days ago."""
    today = date.today()
    asked = {"action": "escalate", "on": (today - timedelta(days=10)).isoformat()}
    received_on = (today - timedelta(days=90)).isoformat()
    return await installation.open(received_on=received_on, messages=[asked])


async def state_of(installation: Installation, reference: str) -> dict[str, str]:
    status: dict[str, Any] = await installation.handle(reference).query("status")
    return {each["name"]: each["state"] for each in status["deadlines"]}


async def test_an_update_names_the_stages_and_a_signal_waits_until_it_is_corrected(
    installation: Installation,
) -> None:
    reference = await asked_beyond(installation)
    handle = installation.handle(reference)
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("respond", ANSWER)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.details[0]["field"] == "stage"
    assert "stage_1, stage_2" in failed.value.cause.details[0]["problem"]

    await handle.signal("respond", ANSWER)
    status: dict[str, Any] = await handle.query("status")
    assert [each["message_id"] for each in status["pending"]] == ["letter-7"]
    assert (await state_of(installation, reference))["stage_2_response"] == "running"

    right = {"field": "letter-7.stage", "value": "stage_1", "reason": "It is the late letter."}
    assert (await handle.execute_update("correct", right))["applied"]
    found = await state_of(installation, reference)
    assert (found["stage_1_response"], found["stage_2_response"]) == ("met_late", "running")
    assert "stage_3_request" not in found
