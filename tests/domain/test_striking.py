"""What came by mistake is as if it had never come, but for the strike that says so."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.erasure import scrubbed
from tests.domain.conftest import (
    COURT,
    acknowledged,
    answered,
    at_stage_2,
    at_stage_3,
    corporate,
    done,
    letters,
    opened,
    panel_called,
    send,
    shown,
    status,
    strike,
)
from tests.domain.generating import steady
from tests.domain.invariants import all_hold
from tests.domain.stories import DAY, OPENINGS, Story, begin, carried_out, stories, tell


def seen(case: Case, on: str) -> dict[str, Any]:
    """Everything about a complaint but its messages, letters and what says that something was struck."""
    found: dict[str, Any] = dict(status(case, on))
    for name in ("messages", "letters", "struck_out"):
        found.pop(name)
    return found


def test_an_answer_of_another_complaint_never_came() -> None:
    case, otherwise = acknowledged(), acknowledged()
    send(case, "respond", "2026-06-08", outcome="upheld", message_id="wrong", remedies=[{"what": "Pay"}])
    assert strike(case, "wrong", "2026-06-10").applied
    assert seen(case, "2026-06-20") == seen(otherwise, "2026-06-20")
    assert shown(case, "stage_1_response", "2026-06-20") == ("2026-06-15", "overdue", 4)


def test_a_withdrawal_entered_here_by_mistake_is_undone() -> None:
    """Finding R10: reopen and escalate both refused, each pointing to the other."""
    case = at_stage_2()
    send(case, "withdraw", "2026-06-22", message_id="wrong")
    assert strike(case, "wrong", "2026-06-24").applied
    found = status(case, "2026-06-24")
    assert (found["state"], found["stage"], found["closed_as"]) == ("open", "stage_2", None)


def test_what_it_said_is_shown_nowhere() -> None:
    case = acknowledged()
    send(case, "add_note", "2026-06-08", note="A secret of another family", message_id="wrong")
    strike(case, "wrong", "2026-06-10")
    found = status(case, "2026-06-10")
    assert "secret" not in str(found)
    assert {"message_id": "wrong", "on": "2026-06-10", "reason": "Of another complaint."} in found[
        "struck_out"
    ]


def test_nothing_of_it_stays_once_the_complaint_is_erased() -> None:
    case = acknowledged()
    send(case, "assign", "2026-06-05", officer="Olive Imagined")
    send(case, "add_note", "2026-06-08", note="A secret", message_id="wrong")
    strike(case, "wrong", "2026-06-10")
    left = scrubbed(status(case, "2026-06-10"), date(2026, 6, 11))
    assert left["struck_out"] == [{"on": "2026-06-10"}]
    assert "Imagined" not in str(left)
    assert "another complaint" not in str(left)


def test_a_strike_can_be_struck() -> None:
    case, otherwise = answered(), answered()
    send(case, "withdraw", "2026-06-09", message_id="right")
    send(otherwise, "withdraw", "2026-06-09", message_id="right")
    strike(case, "right", "2026-06-10", message_id="hasty")
    assert status(case, "2026-06-10")["state"] == "open"
    assert strike(case, "hasty", "2026-06-11").applied
    assert seen(case, "2026-06-12") == seen(otherwise, "2026-06-12")


def test_a_message_that_never_came_cannot_be_struck() -> None:
    assert not strike(acknowledged(), "unknown", "2026-06-10").applied


def test_whoever_had_a_letter_because_of_it_is_told() -> None:
    case = acknowledged()
    done(case, "2026-06-02")
    send(case, "respond", "2026-06-08", outcome="upheld", message_id="wrong")
    assert "stage_1_response" in letters(done(case, "2026-06-08"))
    strike(case, "wrong", "2026-06-10")
    assert letters(done(case, "2026-06-10")) == ["letter_taken_back"]


def test_nobody_is_told_where_no_letter_had_left() -> None:
    case = acknowledged()
    done(case, "2026-06-02")
    send(case, "respond", "2026-06-08", outcome="upheld", message_id="wrong")
    strike(case, "wrong", "2026-06-08")
    assert letters(done(case, "2026-06-09")) == []


def test_what_an_opening_brought_is_struck_out_too() -> None:
    wrong = {"action": "withdraw", "on": "2026-06-02", "message_id": "wrong"}
    case = opened(today="2026-06-05", messages=[wrong])
    assert strike(case, "wrong", "2026-06-08").applied
    assert status(case, "2026-06-08")["state"] == "open"
    assert Case.restore(case.rules, case.saved()).status(case.state.day) == case.status(case.state.day)


@pytest.mark.parametrize("procedure", sorted(OPENINGS))
@given(data=st.data())
@steady
def test_striking_out_equals_never_having_been(procedure: str, data: st.DataObject) -> None:
    story: Story = data.draw(stories(procedure, late=False))
    steps = [step for step in story.steps if step.action not in ("split", "strike_out", "recount")]
    assume(steps)
    wrong = data.draw(st.integers(0, len(steps) - 1))
    case = carried_out(story._replace(steps=steps))
    otherwise = begin(story)
    for number, step in enumerate(steps):
        if number != wrong:
            tell(otherwise, step, number)
    end = (story.end + DAY).isoformat()
    assume(f"m{wrong}" in case.logged)
    for number, _ in enumerate(steps):  # one that was malformed beside the other would be another story
        assume(number == wrong or (f"m{number}" in case.logged) == (f"m{number}" in otherwise.logged))
    assert strike(case, f"m{wrong}", end).applied
    send(otherwise, "strike_out", end, message="none", reason="Of another complaint.", message_id="s")
    found, wanted = seen(case, end), seen(otherwise, end)
    wanted["refused"] = [each for each in wanted["refused"] if each["message_id"] != "s"]
    assert found == wanted
    all_hold(case.status(story.end + DAY))


# --- every sort of message ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "on", "action", "fields"),
    [
        (opened, "2026-06-02", "acknowledge", {}),
        (acknowledged, "2026-06-03", "extend", {"reason": "x"}),
        (acknowledged, "2026-06-03", "respond", {"outcome": "upheld", "remedies": [{"what": "Pay"}]}),
        (acknowledged, "2026-06-03", "resolve_informally", {"agreed": True}),
        (acknowledged, "2026-06-03", "suspend", {"review_on": "2026-08-03", **COURT}),
        (acknowledged, "2026-06-03", "suspend", {"review_on": "2026-08-03", "points": [2], **COURT}),
        (acknowledged, "2026-06-03", "add_points", {"points": ["New."], "reason": "x"}),
        (acknowledged, "2026-06-03", "set_advocate", {"advocate": {"name": "Supporta Invented"}}),
        (acknowledged, "2026-06-03", "assign", {"officer": "Olive Imagined"}),
        (acknowledged, "2026-06-03", "decline", {"reason": "x"}),
        (acknowledged, "2026-06-03", "withdraw", {}),
        (acknowledged, "2026-06-03", "escalate", {}),
        (answered, "2026-06-09", "escalate", {"points": [1]}),
        (answered, "2026-06-09", "respond", {"outcome": "upheld"}),
        (
            at_stage_2,
            "2026-06-17",
            "appoint",
            {
                "role": "investigating_officer",
                "person": {"name": "Fern Fictitious"},
                "connection": "employee",
            },
        ),
        (at_stage_2, "2026-06-17", "agree_statement", {"points": ["Worded anew."]}),
        (at_stage_2, "2026-06-17", "report", {"kind": "investigation"}),
        (at_stage_2, "2026-06-17", "respond", {"outcome": "upheld", "stage": "stage_2"}),
        (at_stage_2, "2026-06-17", "escalate", {"stage": "stage_3"}),
        (at_stage_2, "2026-06-17", "withdraw", {"stage": "stage_2"}),
        (at_stage_2, "2026-06-17", "refer_to_ombudsman", {"approached_by": "complainant"}),
        (at_stage_2, "2026-06-17", "ombudsman_enquiry", {"kind": "enquiry", "reply_by": "2026-07-01"}),
        (at_stage_2, "2026-06-17", "ombudsman_decision", {"category": "upheld", "returns_to": "stage_1"}),
        (at_stage_3, "2026-07-22", "schedule_panel", {"meeting_on": "2026-08-20"}),
        (panel_called, "2026-08-24", "hold_panel", {}),
        (panel_called, "2026-08-24", "hold_panel", {"adjourned_to": "2026-09-07"}),
        (
            panel_called,
            "2026-08-12",
            "stand_down",
            {"role": "panel_chair", "person": {"name": "Mythica Presider"}},
        ),
        (corporate, "2026-06-12", "restrict_contact", {"reason": "x"}),
        (panel_called, "2026-08-12", "record_contact", {"direction": "out", "channel": "telephone"}),
    ],
)
def test_each_message_that_came_by_mistake_is_as_if_it_had_never_come(
    story: Any, on: str, action: str, fields: dict[str, Any]
) -> None:
    case, otherwise = story(), story()
    answer = send(case, action, on, message_id="wrong", **fields)
    assert answer.applied or answer.pending, answer.reason
    before = letters(done(case, on, "16:00"))
    known = letters(done(otherwise, on, "16:00"))
    assert strike(case, "wrong", on, message_id="strike").applied
    hide = ("messages", "letters", "struck_out")
    a = {name: value for name, value in status(case, "2026-10-01").items() if name not in hide}
    b = {name: value for name, value in status(otherwise, "2026-10-01").items() if name not in hide}
    assert a == b
    because = bool(Counter(before) - Counter(known))
    taken_back = letters(done(case, on, "17:00"))
    assert ("letter_taken_back" in taken_back) is because, (before, known)
