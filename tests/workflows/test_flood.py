"""Signals of nonsense at full speed: the complaint goes on, in new runs, and takes what is meant for it."""

from __future__ import annotations

import asyncio
import os
from time import monotonic

import pytest
from temporalio.service import RPCError, RPCStatusCode

import workflows.complaint
from tests.conftest import Life
from tests.waiting import eventually

SIGNALS = int(os.environ.get("REDRESS_FLOOD", "2000"))
"""`REDRESS_FLOOD=20000` takes some minutes."""

AT_ONCE = 50


async def test_a_flood_of_nonsense_stops_nothing(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    if SIGNALS < 20_000:
        monkeypatch.setattr(workflows.complaint, "MESSAGES_A_RUN", SIGNALS // 20)
    life.patience = 240.0  # a busy machine does little else meanwhile
    await life.open()
    await life.send("acknowledge")
    numbers = iter(range(SIGNALS))
    full = 0

    async def one(number: int) -> None:
        nonlocal full
        name = f"nonsense-{number % 300}" if number % 3 else "escalate"
        while True:
            try:
                await life.handle.signal(name, "x" * 5000 if number < 200 else {"no": number})
            except RPCError as error:  # a run takes 10,000 at most: whoever sends them faster has to wait
                if error.status not in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.RESOURCE_EXHAUSTED):
                    raise
                full += 1
                await asyncio.sleep(0.5)
            else:
                return

    async def flood() -> None:
        for number in numbers:
            await one(number)

    async def notes() -> list[float]:
        taken = []
        while not all(each.done() for each in floods):
            began = monotonic()
            assert (await life.send("add_note", note="Meant for it.")).applied
            taken.append(monotonic() - began)
            await asyncio.sleep(1)
        return taken

    floods = [asyncio.create_task(flood()) for _ in range(AT_ONCE)]
    taken = await notes()
    await asyncio.gather(*floods)
    status = await eventually(life.status, lambda now: len(now["refused"]) >= 200)
    whole = [each for each in status["refused"] if each["received"]]
    assert len(whole) == 100
    assert all(len(str(each["received"]).encode()) <= 4096 for each in whole)
    counted = [int(str(each["reason"]).split()[0]) for each in status["refused"][100:]]
    assert 100 + sum(counted) == SIGNALS
    assert len([each for each in status["messages"] if each["action"] == "add_note"]) == len(taken)

    query = f"WorkflowId = '{life.handle.id}'"
    runs = [run async for run in life.client.list_workflows(query)]
    assert len(runs) > 1
    print(f"{SIGNALS} signals, {len(runs)} runs, {full} turned away; notes {max(taken):.1f} s at most")  # noqa: T201

    def recorded() -> bool:
        kept = life.register.status(life.reference, life.today)
        return kept is not None and kept["refused"] == status["refused"]

    await life.settled(recorded)
    breached = len((await life.status())["messages"])
    assert breached
