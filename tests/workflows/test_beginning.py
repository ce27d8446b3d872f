"""How a complaint comes by its terms: at once, and where that fails by an activity that operators see."""

from __future__ import annotations

from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType

from redress.contract import BEGIN
from redress.store import tables
from tests.conftest import Life
from tests.workflows.paths import terms_at_once, terms_at_the_second_go, the_first_terms


async def activities_of(life: Life) -> list[str]:
    """The names of the activities that its history shows."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in life.handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


async def test_the_terms_come_within_the_first_task(life: Life) -> None:
    await terms_at_once(life)
    assert BEGIN not in await activities_of(life)
    assert openings(life) == 1


async def test_terms_that_do_not_come_at_once_come_by_an_errand(life: Life) -> None:
    await terms_at_the_second_go(life)
    assert (await activities_of(life)).count(BEGIN) == 1
    assert openings(life) == 1


async def test_terms_that_are_slow_are_not_waited_for_and_count_once(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow one goes on beside the activity, and ends after it."""
    monkeypatch.setattr("redress.contract.LOCAL_WITHIN", timedelta(seconds=1))
    with the_first_terms(lambda: sleep(4)) as asked:
        await life.open()
        await life.send("acknowledge")
        await life.settled(lambda: bool(life.letters()))
        sleep(4)
    assert asked == [asked[0]] * 2
    assert (await activities_of(life)).count(BEGIN) == 1
    assert openings(life) == 1
    assert [each["action"] for each in (await life.status())["messages"]] == ["acknowledge"]


def openings(life: Life) -> int:
    """How often its opening stands in the record."""
    events = tables.events
    wanted = select(events.c.id).where(events.c.reference == life.reference, events.c.kind == "opened")
    with life.register.reading() as db:
        return len(db.execute(wanted).all())
