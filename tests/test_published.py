"""Published decisions of the Ombudsman: each file's expectations were written by hand from the decision."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from redress.case import Case
from redress.library import terms_for
from redress.loading import parse_opening
from redress.standing import DeadlineStatus

FILES = sorted((Path(__file__).parent / "published").glob("*.json"))

EXPECTED = {"stage", "state", "closed_as", "deadlines", "refused", "pending"}
OF_A_DEADLINE = {"due_on", "state", "late", "days_late_at_least"}


def test_there_are_at_least_twelve_decisions() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_decision(file: Path) -> None:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    expects: dict[str, Any] = told["expects"]
    assert expects.keys() <= EXPECTED, "an expectation that nothing compares"
    as_of = date.fromisoformat(told["as_of"])
    opening = parse_opening(told["opening"], as_of)
    status = Case(terms_for(opening), "CYP-2026-000001", opening, as_of).status(as_of)

    for name in ("stage", "state", "closed_as"):
        if name in expects:
            assert dict(status)[name] == expects[name], name
    for name in ("refused", "pending"):
        if name in expects:
            wanted = expects[name]
            assert len(dict(status)[name]) == (wanted if isinstance(wanted, int) else len(wanted)), name  # type: ignore[arg-type]
    found = {each["name"]: each for each in status["deadlines"]}
    for name, wanted in expects.get("deadlines", {}).items():
        assert name in found, f"no deadline {name}"
        _compare(found[name], wanted)


def _compare(found: DeadlineStatus, wanted: dict[str, Any]) -> None:
    assert wanted.keys() <= OF_A_DEADLINE, "an expectation that nothing compares"
    name = found["name"]
    if "due_on" in wanted:
        assert found["due_on"] == wanted["due_on"], name
    if "state" in wanted:
        assert found["state"] == wanted["state"], name
    if "late" in wanted:
        assert (found["days_late"] > 0) is wanted["late"], name
    if "days_late_at_least" in wanted:
        assert found["days_late"] >= wanted["days_late_at_least"], name
