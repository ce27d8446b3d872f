"""`open`: one reference for an intake, and every problem by its field."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from temporalio.client import WorkflowFailureError

from redress.domain.opening_parsing import parse_opening
from redress.services.clock import today
from redress.store import tables
from redress.store.register import Register
from tests.cli.conftest import Cli, opening


def _references(register: Register) -> int:
    with register.reading() as db:
        return int(db.execute(select(func.count()).select_from(tables.references)).scalar_one())


async def test_a_file_and_the_same_intake_again(cli: Cli, tmp_path: Path) -> None:
    said = opening()
    file = tmp_path / "opening.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    first = await cli("open", str(file), "--json")
    assert first.status == 0
    reference = first.document["reference"]
    assert first.document == {
        "reference": reference,
        "workflow_id": f"complaint-{reference}",
        "created": True,
        "differs": False,
        "refused": [],
    }
    assert "Dora" not in reference
    again = await cli("open", str(file), "--json")
    assert (again.status, again.document) == (0, first.document | {"created": False})
    other = json.dumps(said | {"points": ["Something else."]})
    differs = await cli("open", "-", "--json", stdin=other)
    assert (differs.status, differs.document) == (4, first.document | {"created": False, "differs": True})
    people = await cli("open", "-", stdin=other)
    assert people.out == f"{reference}\n"
    assert "other content" in people.err
    status = (await cli("show", reference, "--json")).document
    assert status["deadlines"][0]["counts_from"] == said["received_on"]


async def test_ten_at_once_in_a_register_nobody_made(bare: Cli) -> None:
    said = json.dumps(opening())
    ran = await asyncio.gather(*(bare("open", "-", "--json", stdin=said) for _ in range(10)))
    assert [each.status for each in ran] == [0] * 10, [each.err for each in ran]
    assert len({each.document["reference"] for each in ran}) == 1
    assert sum(each.document["created"] for each in ran) == 1
    assert not any(each.document["differs"] for each in ran)


async def test_one_reference_after_a_start_that_failed(cli: Cli, down: Cli) -> None:
    """Temporal is away at the first try: nothing is started, and the retry finishes it."""
    said = json.dumps(opening())
    failed = await down("open", "-", "--json", stdin=said)
    assert failed.status == 3
    assert isinstance(failed.document, dict)
    done = await cli("open", "-", "--json", stdin=said)
    assert done.status == 0
    assert (await cli("open", "-", stdin=said)).out.strip() == done.document["reference"]
    assert (await cli("show", done.document["reference"])).status == 0


async def test_a_start_that_failed_in_temporal_is_finished_by_the_retry(
    cli: Cli, shared_register: Register
) -> None:
    """As where an older worker cannot read what a newer command has taken."""
    raw = opening()
    reference = shared_register.reserve(parse_opening(raw, today()), raw, "CYP").reference
    assert cli.client is not None
    unfit = await cli.client.start_workflow(
        "Complaint",
        {"reference": reference, "opening": {}},
        id=f"complaint-{reference}",
        task_queue="complaints",
    )
    with pytest.raises(WorkflowFailureError):
        await unfit.result()
    ran = await cli("open", "-", stdin=json.dumps(raw))
    assert (ran.status, ran.out.strip()) == (0, reference)
    assert (await cli("send", reference, "acknowledge")).status == 0


async def test_each_problem_on_a_line_and_nothing_reserved(cli: Cli, shared_register: Register) -> None:
    before = _references(shared_register)
    wrong = opening(kind="grumble", colour="red", points=[], received_on="next week")
    del wrong["source_id"]
    ran = await cli("open", "-", stdin=json.dumps(wrong))
    assert (ran.status, ran.out) == (2, "")
    assert [line.split(": ")[0] for line in sorted(ran.lines)] == [
        "colour",
        "kind",
        "points",
        "received_on",
        "source_id",
    ]
    assert all(line.partition(": ")[2] for line in ran.lines)
    assert _references(shared_register) == before


async def test_what_is_wrong_with_one_field(cli: Cli, shared_register: Register) -> None:
    before = _references(shared_register)
    tomorrow = (today() + timedelta(days=1)).isoformat()
    early = (today() - timedelta(days=1)).isoformat()
    wrong: list[tuple[dict[str, object], str]] = [
        ({"received_on": tomorrow}, "received_on"),
        ({"authority": "atlantis"}, "authority"),
        ({"procedure": "trial-by-combat"}, "procedure"),
        ({"complainant": {"name": "X", "shoe_size": 41}}, "complainant.shoe_size"),
        ({"messages": [{"action": "acknowledge", "on": early}]}, "messages[0].on"),
        ({"desired_outcome": "a\x00b"}, "desired_outcome"),
    ]
    ran = await asyncio.gather(
        *(cli("open", "-", "--json", stdin=json.dumps(opening(**w))) for w, _ in wrong)
    )
    for each, (_, field) in zip(ran, wrong, strict=True):
        assert each.status == 2, field
        assert [line.split(": ")[0] for line in each.lines] == [field]
        assert each.document["problems"] == each.lines
    assert _references(shared_register) == before


async def test_what_is_no_opening_at_all(cli: Cli) -> None:
    for given in ("", "[1, 2]", b'{"points": "\xff"}'):
        ran = await cli("open", "-", "--json", stdin=given)
        assert ran.status == 2, given
        assert len(ran.lines) == 1
        assert ran.document["problems"] == ran.lines
    missing = await cli("open", "/no/such/file.json", "--json")
    assert missing.status == 2
    assert isinstance(missing.document, dict)


async def test_a_case_under_way(cli: Cli) -> None:
    """Loaded in any order it is the same, and nothing of it is sent again."""
    received = (today() - timedelta(days=40)).isoformat()
    answered = (today() - timedelta(days=37)).isoformat()
    messages = [
        {"action": "respond", "on": answered, "outcome": "not_upheld", "received_on": answered},
        {"action": "acknowledge", "on": received},
        {"action": "escalate", "on": answered, "reason": "Nicht zufrieden: ’ó„ 🙂"},
    ]
    reference = await cli.open(received_on=received, messages=messages)
    status = (await cli("show", reference, "--json")).document
    assert status["stage"] == "stage_2"
    assert {m["action"] for m in status["messages"]} == {"respond", "acknowledge", "escalate"}
    assert {m["outcome"] for m in status["messages"]} == {"applied"}
    past = [letter for letter in status["letters"] if letter["on"] < today().isoformat()]
    assert past
    assert {letter["state"] for letter in past} == {"history"}
    assert "🙂" in next(m["reason"] for m in status["messages"] if m["action"] == "escalate")
