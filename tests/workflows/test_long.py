"""A complaint with more messages than one run takes goes on in a new run, and nothing shows of it."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

import workflows.complaint
from tests.conftest import Life
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.complaint, "MESSAGES_A_RUN", 15)


async def _runs(life: Life) -> int:
    async def listed() -> int:
        query = f"WorkflowId = '{life.handle.id}'"
        return len([execution async for execution in life.client.list_workflows(query)])

    return await eventually(listed, lambda found: found > 1)  # the list follows within a second


async def test_it_goes_on_with_all_it_knew(life: Life) -> None:
    """Updates and signals in flight while one run hands over to the next: none is lost, none counts twice."""
    await life.open()
    await life.send("acknowledge", message_id="the-first")
    await life.send("respond", outcome="not_upheld")
    before = await life.status()

    async def note(number: int) -> None:
        assert (await life.send("add_note", note=f"Note {number}.", message_id=f"n-{number}")).applied

    async def signal(number: int) -> None:
        said = {"on": life.today.isoformat(), "reason": f"{number}", "message_id": f"s-{number % 10}"}
        await life.handle.signal("escalate", said if number < 10 else said | {"outcome": number})

    await asyncio.gather(*(note(n) for n in range(60)), *(signal(n) for n in range(20)))
    repeated = await life.send("acknowledge", message_id="the-first")
    assert repeated.repeated
    status = await eventually(life.status, lambda now: len(now["messages"]) + len(now["refused"]) == 82)
    assert len(status["messages"]) == 72
    assert len(status["refused"]) == 10
    assert status["stage"] == "stage_2"
    assert await _runs(life) >= 2
    assert [d for d in status["deadlines"] if d["name"] == "acknowledgement"] == [
        d for d in before["deadlines"] if d["name"] == "acknowledgement"
    ]
    await life.settled(lambda: "stage_2_opening-complainant" in life.letters())
    assert life.letters().count("stage_2_opening-complainant") == 1
    assert life.letters().count("stage_1_response-complainant") == 1

    def recorded() -> int:
        kept = life.register.status(life.reference, life.today)
        return len(kept["messages"]) if kept is not None else 0

    await life.settled(lambda: recorded() == 72)


async def test_repeats_count_towards_what_a_run_takes(life: Life) -> None:
    await life.open()
    for _ in range(40):
        await life.send("acknowledge", message_id="again")
    assert (await life.send("add_note", note="It still answers.")).applied
    assert len((await life.status())["messages"]) == 2
    assert await _runs(life) > 1


async def test_a_file_that_is_full_of_notes_says_so_and_still_takes_an_answer(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run hands on must stay below Temporal's 2 MB; a complaint must never be stopped by it."""
    monkeypatch.setattr("redress.domain.room.NOTES", 60_000)
    await life.open()
    await life.send("acknowledge")
    for number in range(3):
        await life.handle.execute_update("add_note", {"note": f"{number}" + "é" * 7900})
    monkeypatch.setattr("redress.domain.room.NOTES", 20_000)
    with pytest.raises(WorkflowUpdateFailedError) as full:
        await life.handle.execute_update("add_note", {"note": "More" + "é" * 7900})
    assert "keep documents elsewhere" in str(full.value.cause)
    assert (await life.send("respond", outcome="upheld")).applied
