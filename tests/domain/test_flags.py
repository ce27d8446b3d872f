"""Changes in how the rules are read: a complaint keeps to those it was opened under, and each has two tests.

The way itself is proved with a flag of the tests' own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from redress.domain.case import Case
from redress.domain.deadlines import Deadlines
from redress.domain.flags import FLAGS, Flag, current_flags
from redress.domain.packing import pack_state, unpack, unpack_state
from redress.domain.procedure import Limit
from tests.domain.conftest import deadline, opened, send

COUNTS_LATER = Flag("test_stage_1_counts_a_day_more", "Stage 1 has one working day more", date(2026, 12, 1))


@pytest.fixture
def rules_that_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that ask for the flag, and a registry that knows it."""
    monkeypatch.setitem(FLAGS, COUNTS_LATER.name, COUNTS_LATER)
    start = Deadlines.start

    def asks(
        self: Deadlines, limit: Limit, counts_from: date, days: int, *, provisional: bool = False
    ) -> None:
        if limit.name == "stage_1_response" and self.rules.has(COUNTS_LATER.name):
            days += 1
        start(self, limit, counts_from, days, provisional=provisional)

    monkeypatch.setattr(Deadlines, "start", asks)


def handed_on(case: Case) -> Case:
    """The complaint as another run, or the register, makes it again from what is recorded."""
    return Case.restore(unpack(case.rules.packed), unpack_state(pack_state(case.saved())))


@pytest.mark.flag("test_stage_1_counts_a_day_more", on=True)
@pytest.mark.usefixtures("rules_that_ask")
def test_a_complaint_opened_since_follows_a_flag() -> None:
    """Ten working days from Monday 1 June are Monday 15 June; with the flag it is Tuesday."""
    case = opened()
    assert case.rules.flags == current_flags()
    assert COUNTS_LATER.name in case.rules.flags
    send(case, "acknowledge", "2026-06-01")
    assert deadline(case, "stage_1_response", "2026-06-02")["due_on"] == "2026-06-16"
    assert deadline(handed_on(case), "stage_1_response", "2026-06-02")["due_on"] == "2026-06-16"


@pytest.mark.flag("test_stage_1_counts_a_day_more", on=False)
def test_a_complaint_opened_before_keeps_its_dates(request: pytest.FixtureRequest) -> None:
    before = opened()
    request.getfixturevalue("rules_that_ask")
    case = handed_on(before)
    assert COUNTS_LATER.name not in case.rules.flags
    send(case, "acknowledge", "2026-06-01")
    assert deadline(case, "stage_1_response", "2026-06-02")["due_on"] == "2026-06-15"


def test_asking_for_a_flag_that_is_none_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="no_such_flag"):
        opened().rules.has("no_such_flag")


# --- each flag has a test of both sides ----------------------------------------------------------


def without_both_sides(flags: Iterable[str], tests: Path) -> list[str]:
    """The flags that lack a test with `@pytest.mark.flag(name, on=True)` or one with `on=False`."""
    tested = {side for path in tests.rglob("test_*.py") for side in _sides(path)}
    return [name for name in flags if not {(name, True), (name, False)} <= tested]


def _sides(path: Path) -> list[tuple[str, bool]]:
    marks = [
        mark
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.flag"
    ]
    return [
        (ast.literal_eval(mark.args[0]), ast.literal_eval(keyword.value))
        for mark in marks
        for keyword in mark.keywords
        if keyword.arg == "on"
    ]


TESTS = Path(__file__).parent.parent


def test_each_flag_is_tested_on_both_sides() -> None:
    assert without_both_sides(FLAGS, TESTS) == []
    assert without_both_sides([COUNTS_LATER.name], TESTS) == []  # the tests above are found


@pytest.mark.parametrize("sides", [[], [True], [False]])
def test_a_flag_with_a_side_untested_is_found(sides: list[bool], tmp_path: Path) -> None:
    """The check can fail."""
    for on in sides:
        text = f'@pytest.mark.flag("new_reading", on={on})\ndef test_it() -> None: ...\n'
        (tmp_path / f"test_{on}.py").write_text(text, "utf-8")
    assert without_both_sides(["new_reading"], tmp_path) == ["new_reading"]
