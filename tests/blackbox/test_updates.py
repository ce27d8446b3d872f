"""What the sender of an update is told, whoever sends it (finding A10; the contract, "A refused update")."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from tests.blackbox.conftest import Installation, until

pytestmark = pytest.mark.timeout(240)

ANSWER = {"message_id", "on", "applied", "pending", "repeated", "reason", "changed"}


async def failure(installation: Installation, reference: str, action: str, *args: Any) -> ApplicationError:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await installation.handle(reference).execute_update(action, args=args)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def test_a_refusal_fails_the_update_and_holds_the_whole_answer(installation: Installation) -> None:
    """The same for a sender who gives a name (every client does), and for each repeat."""
    reference = await installation.open()
    refused = {"reason": "Too much.", "until": "2031-12-01", "message_id": "m-refused"}
    for repeated in (False, True):
        cause = await failure(installation, reference, "extend", refused)
        assert cause.type == "Refused"
        (answer,) = cause.details
        assert set(answer) == ANSWER
        assert (answer["applied"], answer["pending"], answer["repeated"]) == (False, False, repeated)
    status, answer = await installation.send(reference, "extend", **refused)
    assert (status, answer["applied"], answer["repeated"]) == (4, False, True)
    assert "refused" in str((await installation.command("show", reference))[1]["messages"])


NOT_JSON = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))
UNKNOWN = RawValue(Payload(metadata={"encoding": b"invented/encoding"}, data=b"\x00\x01"))

UNREADABLE: dict[str, tuple[list[Any], str]] = {
    "no JSON": ([NOT_JSON], "not valid JSON"),
    "unknown encoding": ([UNKNOWN], "invented/encoding"),
    "two arguments": ([{}, {}], "not 2 arguments"),
    "wrong type": (["a text"], "should be one JSON object"),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read_is_told_to_an_update_and_kept_of_a_signal(
    installation: Installation, what: str
) -> None:
    args, problem = UNREADABLE[what]
    reference = await installation.open()
    cause = await failure(installation, reference, "escalate", *args)
    assert cause.type == "Malformed"
    assert cause.details[0]["field"] == "message"
    assert problem in cause.details[0]["problem"]
    await installation.handle(reference).signal("escalate", args=args)
    refused = []
    for _ in range(100):
        refused = (await installation.command("show", reference))[1]["refused"]
        if refused:
            break
    assert [each["action"] for each in refused] == ["escalate"]
    assert problem in refused[0]["reason"]
    assert (await installation.send(reference, "acknowledge"))[0] == 0, "and the complaint goes on"
    assert await until(lambda: installation.recorded(reference, "acknowledge") == 1)


async def test_no_argument_is_a_message_without_fields(installation: Installation) -> None:
    reference = await installation.open()
    answer = await installation.handle(reference).execute_update("acknowledge")
    assert answer["applied"]
    cause = await failure(installation, reference, "decline")
    assert cause.type == "Malformed"
    assert cause.details[0]["field"] == "reason"
