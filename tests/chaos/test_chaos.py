"""Ninety seconds of `make chaos`, the same each time; and its own arithmetic."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import date
from typing import get_args

import pytest

from tests.chaos.model import ANSWER, Expected, Sent, bank_holidays, expected, working_days_after
from tests.chaos.papers import Line, judge_papers, paper
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
    assert result.documents, told
    assert result.approved, told
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


def drafted(*then: Sent, left: date = date.min) -> Expected:
    """A complaint of Friday 27 November 2026 whose answer is a draft of Monday, and what came then."""
    draft = Sent("respond", "m-1", {"summary": "So it is.", "letter": "draft"}, date(2026, 11, 30))
    return expected(date(2026, 11, 27), [draft, *then], left)


def test_its_drafts_count_for_nothing_before_they_have_left() -> None:
    waits = drafted()
    assert (waits.letters, waits.answered_on, waits.outcomes) == ([], None, {"m-1": "pending"})
    assert waits.due["letter_approval"] == date(2026, 12, 9), "two working days before 11 December"
    approved = Sent("approve_letter", "m-3", {}, date(2026, 12, 1))
    edited = Sent("edit_letter", "m-2", {"texts": {"summary": "Clearer."}}, date(2026, 12, 1))
    leaves = drafted(edited, approved, left=date(2026, 12, 2))
    assert (leaves.letters, leaves.answer, leaves.outcomes) == ([ANSWER], "Clearer.", {"m-1": "applied"})
    assert leaves.answered_on == date(2026, 12, 2)
    assert leaves.due["stage_1_review"] == working_days_after(date(2026, 12, 2), 20)
    overtaken = drafted(Sent("withdraw", "m-2", {}, date(2026, 12, 1)))
    assert (overtaken.has_draft, overtaken.outcomes) == (False, {"m-1": "overtaken"})


def test_its_count_of_documents_tells_what_is_wrong() -> None:
    one = paper(random.Random(1), "life-0")
    one.document = "d-1"
    there = Line("d-1", one.name, one.kind, len(one.content), hashlib.sha256(one.content).hexdigest())

    def told(*lines: Line) -> list[str]:
        return [kind for kind, _ in judge_papers([one], [*lines])]

    assert told(there) == []
    assert told() == ["lost"]
    assert told(there, there) == ["doubled"]
    assert told(there, replace(there, document="d-2")) == ["diverged"]
    assert told(replace(there, sha256="")) == ["lost"]
    assert told(replace(there, kind="other")) == ["diverged"]
