"""What a busy day costs: complaints a second beside a bare workflow, and the worker's memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

from redress.contract import workflow_id
from redress.store import tables
from scripts.bench import bare
from scripts.bench.harness import Figure, Handle, Stack, report, running, together, until
from scripts.bench.scenario import opening, today
from scripts.devserver import WORKER

ANSWER = {"outcome": "upheld", "summary": "It should not have happened, and it was put right on Monday."}


async def throughput(state: Path, *, rounds: int = 9, each: int = 100) -> list[Figure]:
    """Complaints opened and answered a second, beside the bare workflow, by turns on one server.

    A round ends when everything is done that was caused: each activity, each letter in the outbox.
    """
    rates = []
    async with running(state) as stack:
        with stack.process(WORKER), stack.process([WORKER[0], "-m", bare.__name__]):
            report("warming up")
            _, handles = await _redress_round(stack, "0", each)
            plans = [bare.plan_of(list((await one.fetch_history()).events)) for one in handles]
            plan = Counter(plans).most_common(1)[0][0]
            await _bare_round(stack, plan, state, "0", each)
            for name in map(str, range(1, rounds + 1)):
                rate, _ = await _redress_round(stack, name, each)
                bare_rate = await _bare_round(stack, plan, state, name, each)
                rates.append((rate, bare_rate, rate / bare_rate))
                report(f"round {name} of {rounds}: {rate:.1f} a second, bare {bare_rate:.1f}")
    rate, bare_rate, ratio = map(median, zip(*rates, strict=True))
    activities = sum(one.activities for one in plans) / len(plans)
    return [
        Figure("ratio", "ratio of the two, median of the rounds (aim: 0.85)", ratio, at_least=0.8),
        Figure("a_second", "complaints opened, answered, recorded and written to a second", rate),
        Figure("bare_a_second", "bare workflows a second", bare_rate),
        Figure("activities", "activities of a complaint, on average", activities),
        Figure("bare_activities", "activities of a bare workflow", plan.activities),
    ]


async def _redress_round(stack: Stack, name: str, count: int) -> tuple[float, list[Handle]]:
    """Complaints a second, until all that they caused is done."""
    messages = stack.count(tables.events, kind="message") + count
    letters = stack.count(tables.letters, state="sent") + count

    async def one(number: int) -> Handle:
        handle = await stack.open(opening(today(), f"{name}-{number}"))
        await handle.execute_update("respond", ANSWER)
        return handle

    began = perf_counter()
    handles = await together(map(one, range(count)))
    await stack.wait_for(tables.letters, letters, state="sent")
    await stack.wait_for(tables.events, messages, kind="message")
    return count / (perf_counter() - began), handles


async def _bare_round(stack: Stack, plan: bare.Plan, state: Path, name: str, count: int) -> float:
    expected = bare.activities_done(state) + count * plan.activities

    async def one(number: int) -> None:
        handle = await stack.client.start_workflow(
            bare.BARE,
            args=[opening(today(), f"{name}-{number}"), *plan],
            id=workflow_id(f"BARE-{name.zfill(4)}-{number}"),  # so that it has a key as one
            task_queue=bare.TASK_QUEUE,
        )
        await handle.execute_update("respond", ANSWER)

    began = perf_counter()
    await together(map(one, range(count)))
    await until(lambda: bare.activities_done(state) >= expected)
    return count / (perf_counter() - began)


async def memory(state: Path, *, few: int = 1000, many: int = 5000, step: int = 250) -> list[Figure]:
    """The worker's memory with many open complaints beside that with few, in one process."""
    megabytes = {0: 0.0}
    async with running(state) as stack:
        with stack.process(WORKER) as worker:
            for first in range(0, many, step):
                upto = first + step
                await together(stack.open(opening(today(), str(n))) for n in range(first, upto))
                await stack.wait_for(tables.events, upto, kind="opened")
                if upto in (few, many):
                    await asyncio.sleep(2)
                megabytes[upto] = worker.memory_info().rss / 1024**2
                report(f"{upto:,} open, the worker has {megabytes[upto]:.0f} MB")
    return [
        Figure("few_mb", f"the worker's memory with {few:,} open complaints", megabytes[few], "MB"),
        Figure("many_mb", f"with {many:,} open complaints", megabytes[many], "MB"),
        Figure("ratio", "ratio", megabytes[many] / megabytes[few], at_most=1.1),
    ]
