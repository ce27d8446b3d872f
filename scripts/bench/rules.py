"""The rules alone: no server, no register, one process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

from redress.domain.actions import act
from redress.domain.calendar import calendar_for
from redress.domain.log import LogEntry
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import parse_message
from redress.domain.state import ComplaintState
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import rules_for
from scripts.bench.harness import Figure, report
from scripts.bench.scenario import opening, steps

RECEIVED = date(2025, 3, 10)
READ_ON = RECEIVED + timedelta(days=400)


async def speed(_state: Path, *, seconds: float = 2.0) -> list[Figure]:
    """Messages a second through the rules, and working-day additions. Each by the best of ten tries."""
    report("the rules alone")
    opened = parse_opening(opening(RECEIVED, "rules"), READ_ON)
    rules = rules_for(opened)
    log = []
    for number, step in enumerate(steps(RECEIVED)):
        body = {"on": step.on.isoformat(), **step.body}
        read = parse_message(step.action, body, received_on=RECEIVED, today=READ_ON, message_id=f"m{number}")
        log.append(LogEntry(number, read.message))
    days = [RECEIVED + timedelta(days=number % 700) for number in range(10_000)]
    calendar = calendar_for(holiday_table())

    def fold() -> None:
        state = ComplaintState(rules, opened, act)
        for entry in log:
            state.apply(entry)
        assert state.closed_on is not None, "the life does not end"

    def add_days() -> None:
        for day in days:
            calendar.add(day, 65)

    folded = len(log) / _best(fold, seconds)
    additions = _best(add_days, seconds / 10)
    return [
        Figure("folded", "messages a second, folded", folded, at_least=50_000),
        Figure("additions", "ten thousand additions of 65 working days", additions, "s", at_most=1),
    ]


def _best(work: Callable[[], None], seconds: float) -> float:
    """Seconds for doing it once, by the best of ten tries: whatever else runs here can only slow it down."""
    work()
    tries = []
    for _ in range(10):
        times, began = 0, perf_counter()
        while (took := perf_counter() - began) < seconds / 10 or times == 0:
            work()
            times += 1
        tries.append(took / times)
    return min(tries)
