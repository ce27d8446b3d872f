"""The rules alone: no server, no register, one process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter

from bench.figures import Figure, Measured, Say
from bench.life import opening, steps
from redress.domain.actions import act
from redress.domain.calendar import calendar_for
from redress.domain.case import Case
from redress.domain.log import LogEntry
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import parse_message
from redress.domain.state import ComplaintState
from redress.procedures.bank_holidays import holiday_table
from redress.procedures.loader import rules_for

RECEIVED = date(2025, 3, 10)
READ_ON = RECEIVED + timedelta(days=400)


def measure(say: Say, seconds: float = 2.0) -> Measured:
    """Messages a second through the rules, and working-day additions. Each by the best of ten tries."""
    say("the rules alone")
    opened = parse_opening(opening(RECEIVED, "rules"), READ_ON)
    terms = rules_for(opened)
    life = [
        (f"m{at}", instant(day, "12:00"), step.action, {"on": day.isoformat(), **step.body})
        for at, step in enumerate(steps(RECEIVED))
        for day in [RECEIVED + timedelta(days=step.day)]
    ]
    late = instant(READ_ON, "12:00")
    entries = [
        LogEntry(
            at, parse_message(action, body, received_on=RECEIVED, today=READ_ON, message_id=name).message
        )
        for at, (name, _, action, body) in enumerate(life)
    ]

    def fold_it() -> None:
        fold = ComplaintState(terms, opened, act)
        for entry in entries:
            fold.apply(entry)
        assert fold.closed_on is not None, "the life does not end"

    def take_it() -> None:
        case = Case(terms, "CYP-1", opened, RECEIVED)
        for name, now, action, body in life:
            case.receive(case.parse(action, body, now, name), now)

    def take_it_late() -> None:
        case = Case(terms, "CYP-1", opened, RECEIVED)
        for name, _, action, body in life:
            case.receive(case.parse(action, body, late, name), late)

    calendar = calendar_for(holiday_table())

    def count_days() -> None:
        for day in _days:
            calendar.add(day, 65)

    _days = [RECEIVED + timedelta(days=n % 700) for n in range(10_000)]
    say("working days")
    return Measured(
        "The rules alone",
        [
            Figure(
                "rules_messages_a_second",
                f"messages a second, a life of {len(life)} folded",
                len(life) / _once(fold_it, seconds),
                at_least=50_000,
            ),
            Figure(
                "parse_and_receive_a_second",
                "messages a second, parsed and received on their days",
                len(life) / _once(take_it, seconds),
            ),
            Figure(
                "parse_and_receive_late_a_second",
                "messages a second, parsed and received a year late",
                len(life) / _once(take_it_late, seconds),
            ),
            Figure(
                "additions_seconds",
                "ten thousand additions of 65 working days",
                _once(count_days, seconds / 10),
                "s",
                at_most=1,
            ),
        ],
    )


def _once(do: Callable[[], None], seconds: float) -> float:
    """Seconds for doing it once, by the best of ten tries: whatever else runs here can only slow it down."""
    do()
    tries = []
    for _ in range(10):
        times, began = 0, perf_counter()
        while (took := perf_counter() - began) < seconds / 10 or times == 0:
            do()
            times += 1
        tries.append(took / times)
    return min(tries)
