"""How a complaint comes by its terms: at once, and where that fails by an errand that operators see."""

from __future__ import annotations

from datetime import date, timedelta
from time import sleep

import pytest
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType

from activities import errands
from redress.library import packed_terms_for
from redress.opening import Opening
from register import schema
from tests.conftest import Life
from tests.paths import terms_at_once, terms_at_the_second_go
from workflows import complaint
from workflows.wire import BEGIN


async def errands_of(life: Life) -> list[str]:
    """The names of the activities that its history shows."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in life.handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


async def test_the_terms_come_within_the_first_task(life: Life) -> None:
    await terms_at_once(life)
    assert BEGIN not in await errands_of(life)
    assert openings(life) == 1


async def test_terms_that_do_not_come_at_once_come_by_an_errand(life: Life) -> None:
    await terms_at_the_second_go(life)
    assert (await errands_of(life)).count(BEGIN) == 1
    assert openings(life) == 1


async def test_terms_that_are_slow_are_not_waited_for_and_count_once(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow one goes on beside the errand, and ends after it."""
    tries: list[str] = []

    def slow_once(opening: Opening, today: date) -> str:
        tries.append(opening.source_id)
        if len(tries) == 1:
            sleep(4)
        return packed_terms_for(opening, today)

    monkeypatch.setattr(complaint, "AT_ONCE", timedelta(seconds=1))
    monkeypatch.setattr(errands, "packed_terms_for", slow_once)
    await life.open()
    await life.send("acknowledge")
    await life.settled(lambda: bool(life.letters()))
    sleep(4)
    assert tries == [tries[0]] * 2
    assert (await errands_of(life)).count(BEGIN) == 1
    assert openings(life) == 1
    assert [each["action"] for each in (await life.status())["messages"]] == ["acknowledge"]


def openings(life: Life) -> int:
    """How often its opening stands in the record."""
    events = schema.events
    wanted = select(events.c.id).where(events.c.reference == life.reference, events.c.kind == "opened")
    with life.register.reading() as db:
        return len(db.execute(wanted).all())
