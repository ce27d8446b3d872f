"""Many complaints that fall due in the same minute: each is acted on, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

from sqlalchemy import select
from temporalio.client import Client

from redress.procedures.bank_holidays import calendar_today
from redress.settings import Settings
from redress.store import tables
from redress.store.register import Register
from tests.conftest import Life
from tests.waiting import until

COMPLAINTS = 50


async def test_complaints_due_in_the_same_minute_are_each_acted_on_once(
    server: tuple[str, Client], shared_register: Register, settings: Settings
) -> None:
    lives = [
        Life(server[1], shared_register, settings.outbox_folder, f"TOGETHER-{n}") for n in range(COMPLAINTS)
    ]
    await asyncio.gather(*(life.open() for life in lives))
    await asyncio.gather(*(life.send("acknowledge") for life in lives))
    due_on = date.fromisoformat((await lives[0].deadline("stage_1_response"))["due_on"])
    day_after = calendar_today().add(due_on, 1)
    await asyncio.gather(*(life.move_to(day_after, "09:30") for life in lives))
    references = [life.reference for life in lives]
    events, letters = tables.events, tables.letters
    breaches = select(events.c.reference).where(events.c.key.like("effect:breach:%"))
    late_letters = select(letters.c.reference).where(
        letters.c.letter == "stage_1_late", letters.c.state == "sent"
    )

    def acted_on() -> list[Counter[str]]:
        with shared_register.reading() as db:
            rows = [Counter(db.execute(each).scalars()) for each in (breaches, late_letters)]
        files = Counter(life.reference for life in lives for _ in life.outbox.glob("*-stage_1_late-*.txt"))
        return [Counter({of: found[of] for of in references}) for found in (*rows, files)]

    once = [Counter(references)] * 3
    await until(lambda: all(found >= wanted for found, wanted in zip(acted_on(), once, strict=True)))
    await asyncio.sleep(3)  # whatever would come a second time comes now
    assert acted_on() == once
