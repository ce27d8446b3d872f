"""`due`: dates counted by hand from the list of England's bank holidays; it needs no server."""

from __future__ import annotations

import asyncio
import sys

from tests.cli.conftest import ROOT, Cli

BY_HAND = [
    # received on a Friday; ten working days with two weekends between
    ("2026-11-20", "10", [], "2026-12-04", False),
    ("2026-11-20", "65", [], "2027-02-24", False),
    # day 0 is the date itself, whatever day it is
    ("2026-11-21", "0", [], "2026-11-21", False),
    # Christmas Day on Friday, Boxing Day's substitute on Monday
    ("2026-12-24", "3", [], "2026-12-31", False),
    # both on a weekend: Monday and Tuesday are substitutes
    ("2027-12-24", "1", [], "2027-12-29", False),
    # Easter Monday, from the Saturday before
    ("2026-04-04", "1", [], "2026-04-07", False),
    # no list is published beyond 2028
    ("2028-12-29", "1", [], "2029-01-02", True),
    # counting back: the last day that leaves so many
    ("2026-12-31", "10", ["--before"], "2026-12-15", False),
    # every day counts
    ("2028-03-01", "1", ["--calendar-days", "--before"], "2028-02-29", False),
]


async def test_dates_by_hand(alone: Cli) -> None:
    every = await asyncio.gather(*(alone("due", *each[:2], *each[2], "--json") for each in BY_HAND))
    for ran, (start, days, words, due_on, provisional) in zip(every, BY_HAND, strict=True):
        assert ran.status == 0, ran.err
        assert set(ran.document) == {"due_on", "provisional", "skipped"}
        found = (ran.document["due_on"], ran.document["provisional"])
        assert found == (due_on, provisional), (start, days, words)
    assert not (alone.state).exists()


async def test_explained(alone: Cli) -> None:
    ran = await alone("due", "2026-12-24", "3", "--explain")
    assert ran.out.splitlines() == [
        "Thu 31 Dec 2026",
        "  Fri 25 Dec 2026 does not count: Christmas Day",
        "  Sat 26 Dec 2026 does not count: Saturday",
        "  Sun 27 Dec 2026 does not count: Sunday",
        "  Mon 28 Dec 2026 does not count: Boxing Day (substitute day)",
    ]
    assert (await alone("due", "2026-12-24", "3")).out == "Thu 31 Dec 2026\n"
    back = await alone("due", "2026-04-07", "1", "--before", "--json")
    assert back.document["skipped"] == [
        {"on": "2026-04-03", "why": "Good Friday"},
        {"on": "2026-04-04", "why": "Saturday"},
        {"on": "2026-04-05", "why": "Sunday"},
        {"on": "2026-04-06", "why": "Easter Monday"},
    ]


async def test_provisional_is_said(alone: Cli) -> None:
    ran = await alone("due", "2029-01-31", "5")
    assert "provisional" in ran.out.splitlines()[0]


WRONG = [
    (["2026-02-30", "3"], "FROM"),
    (["2026-11-20", "--", "-3"], "N"),
    (["2026-11-20"], "N"),
    (["2075-12-30", "50"], "FROM"),
    (["9999-12-30", "50", "--calendar-days"], "FROM"),
]


async def test_malformed(alone: Cli) -> None:
    every = await asyncio.gather(*(alone("due", "--json", *words) for words, _ in WRONG))
    for ran, (words, field) in zip(every, WRONG, strict=True):
        assert ran.status == 2, words
        assert len(ran.lines) == 1
        assert ran.lines[0].startswith(f"{field}: ")
        assert ran.document["problems"] == ran.lines


async def test_it_loads_nothing_that_it_does_not_use() -> None:
    """It starts at once: neither Temporal's client nor a database is loaded."""
    script = "import sys, redress.cli.main as m; sys.argv[1:] = ['due', '2026-11-20', '10'];"
    script += "m.leave = lambda status: print(*sys.modules); m.main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.startswith(b"Fri 4 Dec 2026")
    assert {"temporalio", "sqlalchemy", "cryptography", "fastapi", "jinja2"}.isdisjoint(out.decode().split())
