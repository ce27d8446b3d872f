"""`send`: applied, pending, refused, malformed, unknown, unanswered; and every repeat as the first."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from redress.bootstrap import activities_for, running_workers
from redress.cli import complaints
from redress.contract import workflow_id
from redress.domain.identifiers import typed_reference
from redress.domain.parsing import Malformed
from redress.domain.sentences import with_long_dates
from redress.services import sending
from redress.services.clock import today
from redress.settings import Settings
from redress.store.register import Register
from tests.cli.conftest import Cli, ahead
from tests.waiting import recorded

ANSWER = {"message_id", "on", "applied", "pending", "repeated", "reason", "changed"}


async def test_applied_pending_refused_and_their_repeats(cli: Cli) -> None:
    reference = await cli.open()
    applied = await cli("send", reference, "acknowledge", "--json")
    assert applied.status == 0
    assert set(applied.document) == ANSWER
    assert (applied.document["applied"], applied.document["on"]) == (True, today().isoformat())
    assert "acknowledgement" in [moved["what"] for moved in applied.document["changed"]]

    early = ("send", reference, "escalate", "--set", "reason=now", "--set", "message_id=early-1", "--json")
    pending = await cli(*early)
    assert pending.status == 0
    assert (pending.document["applied"], pending.document["pending"]) == (False, True)
    assert pending.document["reason"]

    words = ("--set", "reason=long", "--set", f"until={ahead(30)}", "--set", "message_id=long-1", "--json")
    refused = await cli("send", reference, "extend", *words)
    assert refused.status == 4
    assert (refused.document["applied"], refused.document["pending"]) == (False, False)
    assert refused.lines == [with_long_dates(refused.document["reason"])]
    assert refused.lines != [refused.document["reason"]]  # it names days
    assert refused.document["reason"].endswith(".")

    for first, again in ((pending, early), (refused, ("send", reference, "extend", *words))):
        repeated = await cli(*again)
        assert repeated.status == first.status
        assert repeated.document == first.document | {"repeated": True}
    status = (await cli("show", reference, "--json")).document
    assert [m["action"] for m in status["messages"]] == ["acknowledge", "escalate", "extend"]
    assert [r["message_id"] for r in status["refused"]] == ["long-1"]

    people = await cli("send", reference, "extend", *words[:-1])
    assert (people.status, people.out, people.lines) == (4, "", refused.lines)


async def test_an_answer_is_the_same_where_the_refused_update_fails(cli: Cli) -> None:
    """To a sender without a name a refusal comes as a failure, whose first detail is the answer."""
    assert cli.register is not None
    client = await Client.connect(cli.address)
    client.service_client.config.identity = ""
    reference = await cli.open()
    name, message = sending.complete(
        "extend", {"reason": "long", "until": ahead(30), "message_id": "long-2", "by": "A. Inventata"}
    )
    with pytest.raises(WorkflowUpdateFailedError):
        await client.get_workflow_handle(workflow_id(reference)).execute_update(name, message)
    answer = await sending.send(client, cli.register, reference, name, message, 20)
    assert (answer.applied, answer.pending, answer.repeated) == (False, False, True)
    words = [f"--set={field}={value}" for field, value in message.items()]
    refused = await cli("send", reference, "extend", *words, "--json")
    assert (refused.status, refused.document) == (4, answer.model_dump(mode="json"))


async def test_the_same_id_with_other_content(cli: Cli) -> None:
    reference = await cli.open()
    note = ("send", reference, "add_note", "--set", "message_id=n-1")
    assert (await cli(*note, "--set", "note=One.")).status == 0
    both = await cli("send", reference, "add_note", "--set", "note=One.", "message_id=n-1", "--json")
    assert (both.status, both.document["repeated"]) == (0, True), "one --set, several pairs"
    stray = await cli("send", reference, "add_note", "--set", "note=One.", "n-1")
    assert (stray.status, stray.err) == (2, "--set n-1: should be name=value\n")
    other = await cli(*note, "--set", "note=Two.", "--json")
    assert other.status == 2
    assert [line.split(": ")[0] for line in other.lines] == ["message_id"]
    assert other.document["problems"] == other.lines
    status = (await cli("show", reference, "--json")).document
    assert [m["note"] for m in status["messages"]] == ["One."]


async def test_four_of_one_message_at_once(cli: Cli) -> None:
    reference = await cli.open()
    words = ("send", reference, "add-note", "--set", "note=Once.", "--set", "message_id=four", "--json")
    ran = await asyncio.gather(*(cli(*words) for _ in range(4)))
    assert {each.status for each in ran} == {0}
    assert sum(each.document["repeated"] for each in ran) == 3
    status = (await cli("show", reference, "--json")).document
    assert len(status["messages"]) == 1


async def test_how_fields_are_given(cli: Cli, tmp_path: Path) -> None:
    """Hyphen or underscore; JSON where it parses as JSON, else text; `--set` wins over `--data`."""
    reference = await cli.open()
    file = tmp_path / "answer.json"
    file.write_text(json.dumps({"outcome": "upheld", "summary": "of the file", "by": "the file"}))
    ran = await cli(
        *("send", reference, "respond", "--data", str(file), "--set", "summary=of the line = sign"),
        *("--set", f'remedies=[{{"what": "Say sorry", "due_on": "{ahead(3)}"}}]'),
        *("--set", "independent_person_consulted=true"),
    )
    assert ran.status == 0, ran.err
    note = await cli("send", reference, "add-note", "--data", "-", stdin='{"note": "of standard input"}')
    assert note.status == 0
    advocate = await cli("send", reference, "set-advocate", "--set", 'advocate={"name": "Ada Advocata"}')
    assert advocate.status == 0
    status = (await cli("show", reference, "--json")).document
    answer = status["messages"][0]
    assert (answer["by"], answer["summary"]) == ("the file", "of the line = sign")
    assert answer["independent_person_consulted"] is True
    assert [(r["what"], r["due_on"]) for r in status["remedies"]] == [("Say sorry", ahead(3))]
    assert [m["action"] for m in status["messages"]] == ["respond", "add_note", "set_advocate"]


async def test_malformed_messages_leave_no_trace(cli: Cli) -> None:
    reference = await cli.open()
    tomorrow = (today() + timedelta(days=1)).isoformat()
    yesterday = (today() - timedelta(days=1)).isoformat()
    wrong: list[tuple[list[str], list[str]]] = [
        (["respond", "--set", "outcome=maybe", "--set", "colour=red"], ["colour", "outcome"]),
        (["acknowledge", "--set", f"on={tomorrow}"], ["on"]),
        (["acknowledge", "--set", f"on={yesterday}"], ["on"]),
        (["juggle"], ["action"]),
        (["add_note", "--set", 'note=["5"]'], ["note"]),
        (["correct", "--set", "field=shoe", "--set", "value=1", "--set", "reason=r"], ["field"]),
        (["add_note", "--set", "just-a-word"], ["--set just-a-word"]),
        (["add_note", "--data", "-"], ["-"]),
    ]
    ran = await asyncio.gather(*(cli("send", reference, *words, "--json") for words, _ in wrong))
    for each, (words, fields) in zip(ran, wrong, strict=True):
        assert each.status == 2, words
        assert sorted(line.split(": ")[0] for line in each.lines) == fields, words
        assert each.document["problems"] == each.lines
    status = (await cli("show", reference, "--json")).document
    assert (status["messages"], status["refused"]) == ([], [])


async def test_a_note_may_be_older_than_the_complaint(cli: Cli) -> None:
    reference = await cli.open()
    words = ("send", reference, "add_note", "--set", "note=Earlier contact.", "--set", "on=2019-03-01")
    assert (await cli(*words)).status == 0


async def test_unknown_complaint(cli: Cli) -> None:
    for words in (("send", "CYP-1999-999999", "acknowledge"), ("show", "../..")):
        ran = await cli(*words, "--json")
        assert ran.status == 5
        assert len(ran.lines) == 1
        assert ran.document["problems"] == ran.lines


async def test_no_worker_and_then_one(
    bare: Cli, bare_server: tuple[str, Client], bare_settings: Settings
) -> None:
    """No answer: the message_id to repeat it with; repeated when a worker runs, it counts once."""
    reference = await bare.open()
    ran = await bare("send", reference, "acknowledge", "--json")
    assert ran.status == 3
    message_id = ran.document["message_id"]
    assert message_id
    assert f"--set message_id={message_id}" in ran.err
    assert "not known" in ran.err
    unread = await bare("show", reference, "--json")
    assert unread.status == 3
    assert isinstance(unread.document, dict)
    patient = Cli(bare.address, bare.state)
    async with running_workers(bare_server[1], activities_for(bare_settings), bare_settings):
        again = await patient("send", reference, "acknowledge", "--set", f"message_id={message_id}", "--json")
        assert again.status == 0
        assert (again.document["applied"], again.document["message_id"]) == (True, message_id)
        status = (await patient("show", reference, "--json")).document
    assert [m["message_id"] for m in status["messages"]] == [message_id]


async def test_temporal_out_of_reach(down: Cli) -> None:
    ran = await down("send", "CYP-2026-000001", "add_note", "--set", "note=x", "--json")
    assert ran.status == 3
    assert "not applied" in ran.err
    assert ran.document["message_id"].startswith("m-")
    assert f"--set message_id={ran.document['message_id']}" in ran.err
    own = await down("send", "CYP-2026-000001", "add_note", "--set", "note=x", "--set", "message_id=mine")
    assert own.status == 3
    assert "--set message_id=mine" in own.err
    shown = await down("show", "CYP-2026-000001", "--json")
    assert shown.status == 3
    assert isinstance(shown.document, dict)
    assert "applied" not in shown.err, "nothing was to be"


async def test_a_complaint_whose_workflow_was_ended_by_hand(
    cli: Cli, server: tuple[str, Client], shared_register: Register
) -> None:
    """It is taken up again from the register with the next message, and keeps what it had."""
    reference = await cli.open()
    assert (await cli("send", reference, "acknowledge", "--set", "message_id=a-1")).status == 0
    await recorded(shared_register, reference, messages=1)
    await server[1].get_workflow_handle(f"complaint-{reference}").terminate()
    ran = await cli("send", reference, "add_note", "--set", "note=Later.", "--json")
    assert (ran.status, ran.document["applied"]) == (0, True)
    again = await cli("send", reference, "acknowledge", "--set", "message_id=a-1", "--json")
    assert (again.status, again.document["repeated"]) == (0, True)
    status = (await cli("show", reference, "--json")).document
    assert [m["action"] for m in status["messages"]] == ["acknowledge", "add_note"]


def test_a_number_typed_for_a_text_is_the_text_that_was_typed() -> None:
    """E5: `--set note=12345` was "should be text", without a way out."""
    typed = {"note": "0.10", "on": "2026-06-01"}
    _, message = complaints._accept("add_note", {"note": 0.1, "on": "2026-06-01"}, typed)
    assert message["note"] == "0.10"
    with pytest.raises(Malformed):
        complaints._accept("add_note", {"note": ["a list"]}, {"note": '["a list"]'})


@pytest.mark.parametrize("typed", ["cyp-2026-000001", " CYP-2026-000001\n", "CYP \u2013 2026 \u2013 000001"])
def test_a_reference_may_be_typed_or_pasted(typed: str) -> None:
    """E4: "there never was a complaint"."""
    assert typed_reference(typed) == "CYP-2026-000001"
