"""Turns that a case takes in an unusual order, and what its letters then say."""

from __future__ import annotations

from typing import Any

import pytest

from redress.procedures.loader import rules_for
from tests.letters.lives import YOUNG, Life

BOTH = pytest.mark.parametrize("more", [{}, {"complainant": YOUNG}], ids=["adult", "young"])


def moved(life: Life, to: str, on: str) -> Life:
    """The whole complaint, gone on under another procedure."""
    opening = life.case.opening.model_copy(update={"procedure": to, "statutory": None})
    said = {"procedure": to, "rules": rules_for(opening).packed, "message_id": f"to-{to}"}
    return life.says("change_procedure", on, reason="It is about social care.", **said)


# --- another procedure, after an answer -----------------------------------------------------------


@BOTH
def test_nothing_leaves_again_when_it_is_moved_to_another_procedure(more: dict[str, Any]) -> None:
    life = Life("2026-06-01", **{"statutory": False, **more}).says("acknowledge", "2026-06-02")
    life.says("respond", "2026-06-08", outcome="upheld").says("escalate", "2026-06-12").until("2026-06-15")
    before = len(life.letters)
    moved(life, "statutory", "2026-06-16").until("2026-06-17")
    told = [letter.name for letter in life.letters[before:] if letter.recipient == "complainant"]
    assert told == ["procedure_changed"]
    text = " ".join(life.one("procedure_changed").split())
    assert "Friday 12 June 2026" in text  # from when Stage 2 runs
    assert "Monday 1 June 2026" not in text


def test_an_answer_under_the_new_procedure_leaves() -> None:
    life = Life("2026-06-01", statutory=False).says("acknowledge", "2026-06-02")
    upheld = [{"point": 1, "outcome": "upheld"}]
    life.says("respond", "2026-06-08", outcome="upheld", findings=upheld)
    moved(life, "statutory", "2026-06-09")
    life.says("respond", "2026-06-10", outcome="upheld", findings=[{"point": 2, "outcome": "upheld"}])
    assert [letter.on.day for letter in life.letters if letter.name == "stage_1_response"] == [10]
