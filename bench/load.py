"""What a busy day costs: complaints a second, memory, and many due at once. Real server, real worker."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from sqlalchemy import select
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from bench import bare
from bench.crew import Crew, crew
from bench.desk import Desk, Handle, together
from bench.figures import Figure, Measured, Say
from bench.life import opening
from redress.contract import STATUS
from redress.domain.calendar import calendar_for
from redress.domain.london import instant
from redress.procedures.bank_holidays import holiday_table
from redress.settings import TRIAL, Settings
from redress.store import tables
from redress.temporal.embedded import embedded_server

AT_ONCE = 20
"""Requests in flight at the client."""

ANSWER = {"outcome": "upheld", "summary": "It should not have happened, and it was put right on Monday."}


async def throughput(state: Path, say: Say, *, rounds: int, each: int) -> Measured:
    """Complaints opened and answered a second, against the bare workflow, by turns on one server.

    A round ends when everything that its complaints caused is done: each errand carried out, each
    letter in the outbox, not only the caller answered.
    """
    settings = Settings(trial=TRIAL, state=state)
    async with embedded_server() as (address, client):
        desk = Desk(client, settings)
        with crew("redress", address, state) as ours, crew("bare", address, state) as theirs:
            rates: dict[str, list[float]] = {"redress": [], "answered": [], "bare": []}
            work = {"redress": 0.0, "bare": 0.0}
            for number in range(rounds + 1):  # the first is for warming up
                before = ours.cpu
                rate, answered = await _redress_round(desk, f"round-{number}", each)
                used = ours.cpu - before
                before = theirs.cpu
                bare_rate = await _bare_round(client, each)
                used_bare = theirs.cpu - before
                if number:
                    rates["redress"].append(rate)
                    rates["answered"].append(answered)
                    rates["bare"].append(bare_rate)
                    work["redress"] += used
                    work["bare"] += used_bare
                    say(f"round {number} of {rounds}: {rate:.0f} a second, bare {bare_rate:.0f}")
    mid = {name: statistics.median(found) for name, found in rates.items()}
    count = rounds * each
    return Measured(
        f"Opened and answered, {AT_ONCE} at once, {rounds} rounds of {each} in turn",
        [
            Figure(
                "complaints_a_second", "complaints opened, answered and recorded a second", mid["redress"]
            ),
            Figure("answered_a_second", "the same, up to the last answer to a caller", mid["answered"]),
            Figure("bare_a_second", "bare workflows a second", mid["bare"]),
            Figure("throughput_ratio", "ratio", mid["redress"] / mid["bare"], at_least=0.7),
            Figure("worker_ms", "worker's processor time a complaint", 1000 * work["redress"] / count, "ms"),
            Figure("bare_worker_ms", "bare worker's", 1000 * work["bare"] / count, "ms"),
        ],
    )


async def _redress_round(desk: Desk, name: str, count: int) -> tuple[float, float]:
    """Complaints a second: until all is done, and until all callers have their answer."""
    before, letters = desk.recorded("message"), desk.letters()

    async def one(number: int) -> None:
        handle = await desk.open(f"{name}-{number}")
        await handle.execute_update("respond", ANSWER)

    began = perf_counter()
    await together(AT_ONCE, [partial(one, number) for number in range(count)])
    answered = perf_counter() - began
    await desk.until(lambda: desk.recorded("message") == before + count and desk.letters() == letters + count)
    return count / (perf_counter() - began), count / answered


async def _bare_round(client: Client, count: int) -> float:
    day = datetime.now(UTC).date()

    async def one(number: int) -> None:
        handle = await client.start_workflow(
            bare.BARE, opening(day, str(number)), id=f"bare-{uuid4()}", task_queue=bare.TASK_QUEUE
        )
        await handle.execute_update("respond", ANSWER)

    began = perf_counter()
    await together(AT_ONCE, [partial(one, number) for number in range(count)])
    return count / (perf_counter() - began)


async def memory(state: Path, say: Say, *, few: int, many: int, cached: int | None = None) -> Measured:
    """The worker's memory with many open complaints against few, in one process.

    `cached` is how many it keeps at hand; as shipped where it is not said.
    """
    cached = cached or Settings().cached_complaints
    settings = Settings(trial=TRIAL, state=state, cached_complaints=cached)
    async with embedded_server() as (address, client):
        desk = Desk(client, settings)
        with crew("redress", address, state, cached=cached) as ours:
            at_start = ours.megabytes
            with_few = await _filled(desk, ours, 0, few, say)
            with_many = await _filled(desk, ours, few, many, say)
    return Measured(
        f"Memory of the worker, which keeps {settings.cached_complaints} complaints at hand",
        [
            Figure("memory_at_start", "with none", at_start, "MB"),
            Figure("memory_few", f"with {few:,} open complaints", with_few, "MB"),
            Figure("memory_many", f"with {many:,} open complaints", with_many, "MB"),
            Figure("memory_ratio", "ratio", with_many / with_few, at_most=1.25),
        ],
    )


async def _filled(desk: Desk, ours: Crew, already: int, upto: int, say: Say) -> float:
    for first in range(already, upto, 250):
        last = min(first + 250, upto)
        await together(AT_ONCE, [partial(desk.open, f"open-{n}") for n in range(first, last)])
        await desk.until(partial(_has_opened, desk, last))
        say(f"{last:,} open, the worker has {ours.megabytes:.0f} MB")
    await asyncio.sleep(2)
    return ours.megabytes


def _has_opened(desk: Desk, count: int) -> bool:
    return desk.recorded("opened") == count


async def due_at_once(state: Path, say: Say, *, count: int) -> Measured:
    """Complaints whose Stage 1 answer falls due in the same minute: each acted on, once."""
    settings = Settings(trial=TRIAL, state=state)
    async with embedded_server(moves_time=True) as (address, client):
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        desk = Desk(skipper.client, settings)
        with crew("redress", address, state):
            say(f"opening {count} complaints")
            handles = await together(AT_ONCE, [partial(_acknowledged, desk, n) for n in range(count)])
            await desk.until(lambda: desk.recorded("message") == count)
            status = await handles[0].query(STATUS)
            due_on = next(d["due_on"] for d in status["deadlines"] if d["name"] == "stage_1_response")
            office = calendar_for(holiday_table()).add(datetime.fromisoformat(due_on).date(), 1)
            ahead = instant(office, "09:30") - datetime.now(UTC)
            say(f"all are due on {due_on}; moving their clocks")
            began = perf_counter()
            await together(count, [partial(skipper.fast_forward, handle, ahead) for handle in handles])
            await desk.until(
                lambda: (
                    desk.recorded("effect", "effect:breach:%") >= count
                    and desk.letters("stage_1_late") >= count
                )
            )
            took = perf_counter() - began
            await asyncio.sleep(3)  # whatever would come a second time comes now
            breaches, letters, files = _acted(desk)
    ids = [handle.id.removeprefix("complaint-") for handle in handles]
    right = sum(breaches[each] == letters[each] == files[each] == 1 for each in ids)
    return Measured(
        f"{count} complaints that fall due in the same minute",
        [
            Figure("due_acted_on_once", "breach, letter and file exactly once", right, at_least=count),
            Figure("due_breaches", "breaches recorded", breaches.total(), at_most=count),
            Figure("due_letters", "letters 'your answer is late'", letters.total(), at_most=count),
            Figure("due_seconds", "from moving the clocks until all is done", took, "s"),
        ],
    )


async def _acknowledged(desk: Desk, number: int) -> Handle:
    handle = await desk.open(f"due-{number}")
    await handle.execute_update("acknowledge", {})
    return handle


def _acted(desk: Desk) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By reference: breaches in the record, letters noted as sent, files in the outbox."""
    events, letters = tables.events, tables.letters
    with desk.register.reading() as db:
        breaches = Counter(
            db.execute(select(events.c.reference).where(events.c.key.like("effect:breach:%"))).scalars()
        )
        sent = Counter(
            db.execute(
                select(letters.c.reference).where(
                    letters.c.letter == "stage_1_late", letters.c.state == "sent"
                )
            ).scalars()
        )
    files = Counter(path.parent.name for path in desk.outbox.glob("*/*-stage_1_late-*"))
    return breaches, sent, files
