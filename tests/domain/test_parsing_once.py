"""A message is parsed once: when it comes, or when what is recorded of it is read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case, SavedCase
from redress.domain.messages import Message
from redress.domain.opening import Opening
from redress.domain.opening_parsing import parse_opening
from redress.procedures.loader import rules_for
from tests.domain.conftest import MONDAY, at, document, opened, status

PAST = [
    {"action": "acknowledge", "on": "2026-06-01"},
    {"action": "respond", "on": "2026-06-08", "outcome": "not_upheld"},
    {"action": "correct", "on": "2026-06-09", "field": "channel", "value": "post", "reason": "Mistyped"},
]
TODAY = date(2026, 6, 10)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many messages have been validated since it was last asked."""
    count = 0
    validate = Message.model_validate.__func__  # type: ignore[attr-defined]  # of a class method

    def counting(cls: type[Message], *given: Any, **more: Any) -> Message:
        nonlocal count
        count += 1
        found: Message = validate(cls, *given, **more)
        return found

    def since() -> int:
        nonlocal count
        last, count = count, 0
        return last

    monkeypatch.setattr(Message, "model_validate", classmethod(counting))
    return since


def test_an_update_is_parsed_once_by_its_validator_and_not_by_its_handler(parsed: Callable[[], int]) -> None:
    case, now = opened(), at(MONDAY)
    message = case.parse("acknowledge", {"on": MONDAY, "message_id": "m1"}, now)
    assert parsed() == 1
    assert case.receive(message, now).applied
    assert parsed() == 0
    again = case.parse("acknowledge", {"on": MONDAY, "message_id": "m1"}, now)
    assert parsed() == 1  # the first is not parsed anew to compare them
    assert case.receive(again, now).repeated
    assert status(case, MONDAY)["messages"][0]["action"] == "acknowledge"
    assert parsed() == 0


def test_the_messages_of_an_opening_are_parsed_once(parsed: Callable[[], int]) -> None:
    opening = parse_opening(document(messages=PAST), TODAY)
    assert parsed() == len(PAST)
    case = Case(rules_for(opening), "CYP-2026-000001", opening, TODAY)
    assert [entry.message.action for entry in case.log] == ["acknowledge", "respond", "correct"]
    assert case.intake.messages == []
    # A correction validates the message or opening that it puts right, and it is no message itself here.
    assert parsed() == 0


def test_what_is_recorded_is_parsed_once_when_a_complaint_is_made_again(parsed: Callable[[], int]) -> None:
    opening = parse_opening(document(messages=PAST), TODAY)
    case = Case(rules_for(opening), "CYP-2026-000001", opening, TODAY)
    now = at("2026-06-11")
    case.receive(case.parse("escalate", {"on": "2026-06-11"}, now), now)
    handed_on = case.saved()
    recorded = SavedCase(
        reference=case.reference,
        opening=Opening.model_validate(document(messages=PAST)),
        opened_on=TODAY,
        messages=handed_on.messages[len(PAST) :],
    )
    parsed()
    assert status(Case.restore(case.rules, handed_on), "2026-06-12") == status(case, "2026-06-12")
    assert parsed() == len(PAST) + 1
    assert status(Case.restore(case.rules, recorded), "2026-06-12") == status(case, "2026-06-12")
    assert parsed() == len(PAST) + 1
