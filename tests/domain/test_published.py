"""Published decisions of the Ombudsman: each file's expectations were written by hand from the decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.domain.splitting import part_of
from redress.domain.status import DeadlineStatus
from redress.procedures.loader import rules_for

FILES = sorted((Path(__file__).parent / "published").glob("*.json"))

ONE_TO_ONE = ("procedure", "stage", "state", "closed_as")
EXPECTED = {*ONE_TO_ONE, "deadlines", "refused", "pending", "points", "questions", "parts"}
OF_A_DEADLINE = {"due_on", "state", "late", "days_late_at_least"}
SAID = {"decision", "council", "url", "read", "shows", "says", "assumptions", "worked"}
"""What every file says for whoever checks it: where it comes from, and what was read and what made up."""


def test_there_are_at_least_twelve_decisions() -> None:
    assert len(FILES) >= 12


SORTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "late": lambda told: any(each.get("late") for each in told["expects"].get("deadlines", {}).values()),
    "refused": lambda told: "refused" in told["shows"],
    "split": lambda told: bool(told["expects"].get("parts")),
    "suspended": lambda told: told["expects"].get("state") == "suspended",
    "declined": lambda told: told["expects"].get("closed_as") == "declined",
    "corporate": lambda told: told["opening"]["procedure"] == "corporate",
}
"""Withdrawn ones are not among them: no decision was found that says more of it than the word."""


@pytest.mark.parametrize("sort", SORTS)
def test_there_is_one_of_every_sort_looked_for(sort: str) -> None:
    assert any(SORTS[sort](json.loads(file.read_text(encoding="utf-8"))) for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_decision(file: Path) -> None:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert told.keys() >= SAID
    as_of = date.fromisoformat(told["as_of"])
    opening = parse_opening(told["opening"], as_of)
    case = Case(rules_for(opening), "CYP-2026-000001", opening, as_of)
    _expect(case, told["expects"], as_of)


def _expect(case: Case, expects: dict[str, Any], as_of: date) -> None:
    assert expects.keys() <= EXPECTED, "an expectation that nothing compares"
    status = case.status(as_of)
    for name in ONE_TO_ONE:
        if name in expects:
            assert dict(status)[name] == expects[name], name
    for name in ("refused", "pending"):
        if name in expects:
            wanted = expects[name]
            assert len(dict(status)[name]) == (wanted if isinstance(wanted, int) else len(wanted)), name  # type: ignore[arg-type]
    if "points" in expects:
        assert [each["state"] for each in status["points"]] == expects["points"]
    if "questions" in expects:
        assert len(status["questions"]) == len(expects["questions"])
        for asked, words in zip(status["questions"], expects["questions"], strict=True):
            assert words in asked
    found = {each["name"]: each for each in status["deadlines"]}
    for name, wanted in expects.get("deadlines", {}).items():
        assert name in found, f"no deadline {name}"
        _compare(found[name], wanted)
    _expect_parts(case, expects.get("parts", []), as_of)


def _expect_parts(case: Case, expects: list[dict[str, Any]], as_of: date) -> None:
    """The linked complaints that points became, opened on the day looked at."""
    tasks = [task for task in case.due(instant(as_of, "12:00")) if task.effect.kind == "split"]
    assert len(tasks) == len(expects)
    for task, wanted in zip(tasks, expects, strict=True):
        reference, document = part_of(case, task.effect.facts)
        opening = parse_opening(document, as_of)
        _expect(Case(rules_for(opening), reference, opening, as_of), wanted, as_of)


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
