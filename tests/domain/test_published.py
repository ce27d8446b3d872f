"""Published decisions of ombudsmen: each file's expectations were written by hand from the decision.

Nearly all are of England's Local Government and Social Care Ombudsman. Those of Wales, Scotland and the
Parliamentary Ombudsman are about procedures that are not here: each says which of these stands for its own.
"""

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
EXPECTED = {*ONE_TO_ONE, "deadlines", "refused", "pending", "points", "questions", "parts", "late"}
ONE_TO_ONE_OF_A_DEADLINE = ("due_on", "state", "round", "due_on_without_pause")
OF_A_DEADLINE = {*ONE_TO_ONE_OF_A_DEADLINE, "late", "days_late_at_least"}
SAID = {"decision", "council", "url", "read", "shows", "says", "assumptions", "worked"}
"""What every file says for whoever checks it: where it comes from, and what was read and what made up."""


def test_there_are_decisions_enough() -> None:
    assert len(FILES) >= 48
    assert len({json.loads(file.read_text(encoding="utf-8"))["decision"] for file in FILES}) == len(FILES)


SORTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "late": lambda told: any(each.get("late") for each in told["expects"].get("deadlines", {}).values()),
    "refused": lambda told: "refused" in told["shows"],
    "split": lambda told: bool(told["expects"].get("parts")),
    "suspended": lambda told: told["expects"].get("state") == "suspended",
    "declined": lambda told: told["expects"].get("closed_as") == "declined",
    "corporate": lambda told: told["opening"]["procedure"] == "corporate",
    "of another ombudsman": lambda told: not told["decision"].startswith("LGSCO"),
    "brought back": lambda told: "returns_to" in _said(told, "ombudsman_decision"),
    "moved": lambda told: bool(_said(told, "change_procedure")),
    "promised": lambda told: "remedies" in _said(told, "respond") and told["expects"].get("late"),
}
"""Withdrawn ones are not among them: no decision was found that says more of it than the word."""


def _said(told: dict[str, Any], action: str) -> set[str]:
    """The fields that a file's messages of an action have."""
    return {field for each in told["opening"]["messages"] if each["action"] == action for field in each}


@pytest.mark.parametrize("sort", SORTS)
def test_there_is_one_of_every_sort_looked_for(sort: str) -> None:
    assert any(SORTS[sort](json.loads(file.read_text(encoding="utf-8"))) for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_decision(file: Path) -> None:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert told.keys() >= SAID
    as_of = date.fromisoformat(told["as_of"])
    opening = parse_opening(_with_rules(told["opening"], as_of), as_of)
    case = Case(rules_for(opening), "CYP-2026-000001", opening, as_of)
    _expect(case, told["expects"], as_of)


def _with_rules(raw: dict[str, Any], as_of: date) -> dict[str, Any]:
    """An opening whose moves to another procedure have that one's terms with them, as an entry point adds."""
    messages = [dict(each) for each in raw["messages"]]
    for each in messages:
        if each["action"] == "change_procedure":
            under = parse_opening({**raw, "procedure": each["procedure"], "messages": []}, as_of)
            each["rules"] = rules_for(under).packed
    return {**raw, "messages": messages}


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
    if "late" in expects:
        assert {d["name"] for d in status["late"] if d["kind"] != "target"} == {*expects["late"]}
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
    for field in ONE_TO_ONE_OF_A_DEADLINE:
        if field in wanted:
            assert dict(found)[field] == wanted[field], f"{name}: {field}"
    if "late" in wanted:
        assert (found["days_late"] > 0) is wanted["late"], name
    if "days_late_at_least" in wanted:
        assert found["days_late"] >= wanted["days_late_at_least"], name
