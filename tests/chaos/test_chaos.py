"""Ninety seconds of `make chaos`, the same each time; and its own arithmetic."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from typing import get_args

import pytest

from tests.chaos.model import bank_holidays, expected, working_days_after
from tests.chaos.run import Options, Plant, Store, run
from tests.chaos.servers import ROOT


@pytest.mark.timeout(600)
@pytest.mark.parametrize("store", ["sqlite"])  # PostgreSQL beside it takes a machine: `make chaos`
async def test_nothing_is_lost_doubled_swapped_or_stuck(store: Store) -> None:
    """And where something is, the count tells: at the end it is made to happen."""
    result = await run(Options(store=store, seed=20261127, seconds=90, lives_at_once=8, pause=1.0))
    told = json.dumps(asdict(result), indent=1)
    assert (result.lost, result.doubled, result.diverged, result.stuck) == (0, 0, 0, 0), told
    assert result.planted == dict.fromkeys(get_args(Plant), True), told
    assert result.lives, told
    assert result.kills, told


def test_what_judges_knows_nothing_of_the_product() -> None:
    product = ("redress", "workflows", "activities")
    code = f"import sys, tests.chaos.__main__; print([name for name in {product!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_its_calendar_is_englands() -> None:
    """As published on GOV.UK."""
    assert sorted(bank_holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 4),
        date(2026, 5, 25),
        date(2026, 8, 31),
        date(2026, 12, 25),
        date(2026, 12, 28),
    ]
    assert date(2027, 12, 28) in bank_holidays(2027), "Boxing Day of 2027 is a Sunday"
    assert working_days_after(date(2026, 12, 18), 10) == date(2027, 1, 6)
    assert expected(date(2026, 11, 27), []).due["acknowledgement"] == date(2026, 12, 2)
