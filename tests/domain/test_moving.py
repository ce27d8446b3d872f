"""A whole complaint goes on under another procedure, as if it had been there from its receipt."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    answered,
    at_stage_2,
    at_stage_3,
    corporate,
    done,
    irregular,
    is_alive,
    letters,
    move,
    opened,
    send,
    shown,
    status,
)


def test_the_past_goes_with_it_and_days_already_counted_stay_counted() -> None:
    """Finding R8: a whole complaint on the wrong procedure could not be moved."""
    case, always = corporate(), opened()
    for each in (case, always):
        send(each, "acknowledge", "2026-06-02")
    done(case, "2026-06-02")
    assert move(case, "2026-06-09", "statutory").applied
    found, wanted = status(case, "2026-06-10"), status(always, "2026-06-10")
    assert found["procedure"] == "statutory"
    assert [(d["name"], d["due_on"], d["state"]) for d in found["deadlines"]] == [
        (d["name"], d["due_on"], d["state"]) for d in wanted["deadlines"]
    ]
    assert shown(case, "stage_1_response", "2026-06-10")[0] == "2026-06-15"
    assert "procedure_changed" in letters(done(case, "2026-06-09"))
    assert status(case, "2026-06-08")["procedure"] == "corporate"
    assert Case.restore(case.rules, case.saved()).status(case.state.day) == case.status(case.state.day)


def test_what_ran_out_under_the_new_procedure_is_late_there() -> None:
    case = corporate()
    move(case, "2026-06-22", "statutory")
    assert shown(case, "stage_1_response", "2026-06-22") == ("2026-06-15", "overdue", 5)
    assert send(case, "escalate", "2026-06-23").applied
    assert status(case, "2026-06-23")["stage"] == "stage_2"


def test_it_goes_on_at_the_stage_that_is_named() -> None:
    case = opened()
    assert move(case, "2026-06-09", "corporate", stage="stage_2").applied
    assert status(case, "2026-06-09")["stage"] == "stage_2"


def test_only_where_the_authority_has_it_and_it_fits() -> None:
    case = opened()
    said = {"reason": "x", "rules": ""}
    assert "has no procedure" in send(case, "change_procedure", "2026-06-09", procedure="irm", **said).reason
    refused = send(case, "change_procedure", "2026-06-09", procedure="representation", **said)
    assert "cannot go on" in refused.reason
    without = send(case, "change_procedure", "2026-06-09", procedure="corporate", **said)
    assert "did not come with it" in without.reason


def test_not_to_where_it_is_and_back_again() -> None:
    case = opened()
    assert "already" in move(case, "2026-06-08", "statutory", message_id="a").reason
    assert move(case, "2026-06-09", "corporate", message_id="b").applied
    assert move(case, "2026-06-10", "statutory", message_id="c").applied
    found = status(case, "2026-06-10")
    assert (found["procedure"], status(case, "2026-06-09")["procedure"]) == ("statutory", "corporate")


def test_a_move_that_was_wrong_is_struck_out() -> None:
    case = corporate()
    move(case, "2026-06-09", "statutory", message_id="moved")
    send(case, "strike_out", "2026-06-10", message="moved", reason="It was right.")
    assert status(case, "2026-06-10")["procedure"] == "corporate"


def test_points_of_every_kind_cannot_all_be_split_off_but_the_whole_can_move() -> None:
    case = acknowledged()
    refused = send(case, "split", "2026-06-03", points=[1, 2], procedure="corporate")
    assert not refused.applied
    assert "change_procedure" in refused.reason
    assert move(case, "2026-06-03", "corporate").applied
    assert status(case, "2026-06-03")["procedure"] == "corporate"
    is_alive(case, "2026-06-03")


@pytest.mark.parametrize(
    ("story", "on", "stage"),
    [
        (acknowledged, "2026-06-03", "stage_1"),
        (answered, "2026-06-09", "stage_1"),
        (at_stage_2, "2026-06-17", "stage_2"),
    ],
)
def test_moved_to_the_corporate_procedure_at_each_stage_it_is_where_it_was(
    story: Any, on: str, stage: str
) -> None:
    case = story()
    assert move(case, on, "corporate").applied
    found = status(case, on)
    assert (found["procedure"], found["stage"]) == ("corporate", stage)
    assert found["received_on"] == "2026-06-01"
    is_alive(case, on)


def test_moved_from_stage_3_to_a_procedure_of_two_stages_nothing_is_lost() -> None:
    case = at_stage_3()
    answer = move(case, "2026-07-22", "corporate")
    found = status(case, "2026-07-22")
    if answer.applied:
        assert found["procedure"] == "corporate"
        assert [m["message_id"] for m in found["messages"]]
    else:
        assert found["procedure"] == "statutory"
        assert found["stage"] == "stage_3"


def test_moved_to_statutory_and_straight_to_stage_2_as_the_ombudsman_often_orders() -> None:
    case = corporate()
    send(case, "respond", "2026-06-10", outcome="not_upheld")
    assert move(case, "2026-06-22", "statutory", stage="stage_2").applied
    found = status(case, "2026-06-22")
    assert (found["procedure"], found["stage"]) == ("statutory", "stage_2")
    assert shown(case, "stage_2_response", "2026-06-22") == ("2026-07-27", "running", 0)


def test_moved_after_the_wrong_procedure_has_ended_it_goes_on_at_the_stage_that_is_named() -> None:
    """The Ombudsman's commonest routing fault is found after the corporate answer: LGSCO 25 000 129."""
    case = corporate()
    send(case, "respond", "2026-06-10", outcome="not_upheld")
    assert status(case, "2026-08-03")["state"] == "closed"
    assert move(case, "2026-08-03", "statutory", stage="stage_2").applied
    found = status(case, "2026-08-03")
    assert (found["procedure"], found["state"], found["stage"]) == ("statutory", "open", "stage_2")
    assert shown(case, "stage_2_response", "2026-08-03") == ("2026-09-08", "running", 0)


def test_a_withdrawn_complaint_is_moved_and_opens_no_stage_unsaid() -> None:
    case = corporate()
    send(case, "withdraw", "2026-06-10")
    move(case, "2026-06-15", "statutory", stage="stage_2")
    found = status(case, "2026-06-15")
    assert (found["procedure"], found["closed_as"]) == ("statutory", "withdrawn")
    assert any("was not opened" in each for each in irregular(case, "2026-06-15"))


def drafted(case: Case, *, leaves: bool = True) -> str:
    """An answer of 3 June by a draft that was approved, and left: the mark of its letter."""
    send(case, "respond", "2026-06-03", outcome="upheld", letter="draft", by="Tess Team")
    [draft] = case.state.drafts
    mark = draft.marks[0]
    send(case, "approve_letter", "2026-06-03", mark=mark, by="Cora Invented")
    done(case, "2026-06-03")
    if leaves:
        assert send(case, "letter_left", "2026-06-03", mark=mark).applied
        done(case, "2026-06-03")
    return mark


def test_an_answer_whose_letter_has_left_counts_from_that_day_under_the_new_procedure() -> None:
    case = corporate()
    drafted(case)
    assert move(case, "2026-06-09", "statutory").applied
    assert shown(case, "stage_1_response", "2026-06-10")[1:] == ("met", 0)
    assert {"stage_1_response", "letter_to_approve"}.isdisjoint(letters(done(case, "2026-06-09")))
    assert not case.state.drafts.open
    again = Case.restore(case.rules, case.saved())
    assert shown(again, "stage_1_response", "2026-06-10")[1:] == ("met", 0)


def test_an_answer_that_left_under_a_procedure_that_is_struck_out_has_left_all_the_same() -> None:
    case = corporate()
    move(case, "2026-06-02", "statutory", message_id="moved")
    drafted(case)
    send(case, "strike_out", "2026-06-05", message="moved", reason="It was right.")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-22", "met", 0)
    assert not case.state.drafts.open
    told = done(case, "2026-06-05")
    assert "answer" not in letters(told), "they have it"
    [taken_back] = [task.effect for task in told if task.effect.template == "letter_taken_back"]
    assert "stage_1_response" not in str(taken_back.facts), "what it says stands"


def test_a_letter_that_was_in_a_senders_hand_when_the_procedure_was_struck_out_counts_once_it_left() -> None:
    case = corporate()
    move(case, "2026-06-02", "statutory", message_id="moved")
    mark = drafted(case, leaves=False)
    send(case, "strike_out", "2026-06-05", message="moved", reason="It was right.")
    assert case.is_awaited(mark, date(2026, 6, 5))
    assert send(case, "letter_left", "2026-06-05", mark=mark).applied
    assert shown(case, "stage_1_response", "2026-06-10")[1:] == ("met", 0)
    assert "answer" not in letters(done(case, "2026-06-05"))


def test_a_draft_is_not_approved_unread_by_what_it_was_called_before_a_move() -> None:
    """The letter reads otherwise under the other procedure; what was approved before the move stands."""
    case = corporate()
    send(case, "respond", "2026-06-03", outcome="upheld", letter="draft", by="Tess Team")
    [draft] = case.state.drafts
    before = draft.marks[0]
    move(case, "2026-06-09", "statutory", message_id="moved")
    refused = send(case, "approve_letter", "2026-06-09", mark=before, by="Cora Invented")
    assert not refused.applied
    [draft] = case.state.drafts
    assert f"approve {draft.marks[0]}" in refused.reason
    assert send(case, "approve_letter", "2026-06-09", mark=draft.marks[0], by="Cora Invented").applied
    send(case, "strike_out", "2026-06-10", message="moved", reason="It was right.")
    [struck] = case.state.drafts
    again = send(case, "approve_letter", "2026-06-10", mark=draft.marks[0], by="Dan Invented")
    assert (again.applied, struck.marks[0] == before) == (False, True)
    assert send(case, "approve_letter", "2026-06-10", mark=before, by="Dan Invented").applied
