"""What an opening costs follows the number of its messages, however they correct each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from redress.domain import corrections
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from tests.domain.conftest import document

TODAY = date(2026, 6, 20)


def under_way(notes: int, number: int) -> dict[str, Any]:
    """An opening with so many notes, and so many corrections of them."""
    on = {"on": "2026-06-03"}
    messages: list[dict[str, Any]] = [
        {"action": "add_note", "message_id": f"n{n}", "note": "Invented."} | on for n in range(notes)
    ]
    messages += [
        {"action": "correct", "field": f"n{n % notes}.note", "value": "Made up.", "reason": "A slip."} | on
        for n in range(number)
    ]
    return document(messages=messages)


def counted(monkeypatch: pytest.MonkeyPatch, opening: dict[str, Any]) -> int:
    """How often a correction is carried out while an opening is read."""
    calls = 0
    carry_out: Callable[..., Any] = corrections._carry_out

    def count(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return carry_out(*args)

    with monkeypatch.context() as patch:
        patch.setattr(corrections, "_carry_out", count)
        try:
            parse_opening(opening, TODAY)
        except Malformed as malformed:
            assert [problem.field for problem in malformed.problems] == ["messages"]  # noqa: PT017
    return calls


def test_each_correction_is_carried_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, under_way(50, 40)) == 40


@pytest.mark.parametrize(("notes", "number"), [(100, 400), (100, 41), (600, 0), (4_000, 0)])
def test_too_many_are_counted_before_anything_is_made_of_them(
    monkeypatch: pytest.MonkeyPatch, notes: int, number: int
) -> None:
    monkeypatch.setattr("redress.domain.opening_parsing.parse_message", None)
    assert counted(monkeypatch, under_way(notes, number)) == 0


def test_a_correction_that_fits_nothing_is_named_by_its_place() -> None:
    opening = under_way(3, 2)
    opening["messages"][4]["field"] = "nobody.note"
    with pytest.raises(Malformed) as malformed:
        parse_opening(opening, TODAY)
    assert [str(problem).partition(":")[0] for problem in malformed.value.problems] == ["messages[4].field"]


def test_a_receipt_that_a_later_correction_puts_back_must_be_possible_meanwhile() -> None:
    opening = document()
    wrong = {"action": "correct", "field": "received_on", "value": "2031-06-01", "reason": "A slip."}
    right = wrong | {"value": "2026-06-01"}
    opening["messages"] = [wrong | {"on": "2026-06-03"}, right | {"on": "2026-06-04"}]
    with pytest.raises(Malformed, match="received_on"):
        parse_opening(opening, TODAY)
