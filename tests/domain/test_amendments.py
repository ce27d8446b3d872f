"""Answers to some of the points, further ones, and answers amended."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    corporate,
    deadline,
    done,
    facts,
    finding,
    irregular,
    letters,
    opened,
    panel_called,
    points,
    send,
    shown,
    signal,
    status,
)


def three_points() -> Case:
    case = opened(points=["The social worker never came.", "Nobody said why.", "The plan was lost."])
    send(case, "acknowledge", "2026-06-01")
    return case


def test_three_teams_answer_on_three_days_and_the_last_one_late() -> None:
    case = three_points()
    for number, on in ((1, "2026-06-08"), (3, "2026-06-15"), (2, "2026-06-18")):
        send(case, "respond", on, outcome="not_upheld", findings=finding(number), by=f"team {number}")
    assert shown(case, "stage_1_response", "2026-06-18") == ("2026-06-15", "met_late", 3)
    assert facts(case, "stage_1_response")["still_owed"] == []
    told = letters(done(case, "2026-06-18"))
    assert told.count("stage_1_response") == 3
    assert deadline(case, "stage_1_review", "2026-06-18")["counts_from"] == "2026-06-18"


def test_an_answer_to_one_point_and_stage_2_for_it_while_the_others_stay_owed() -> None:
    case = three_points()
    send(case, "respond", "2026-06-08", outcome="not_upheld", findings=finding(1))
    assert send(case, "escalate", "2026-06-09", points=[1]).applied
    late = [each["name"] for each in status(case, "2026-06-17")["late"]]
    assert "stage_1_response" in late
    assert status(case, "2026-06-17")["waiting_for"] == "stage_manager"
    send(case, "respond", "2026-06-19", stage="stage_1", outcome="upheld", findings=finding(2))
    assert shown(case, "stage_1_response", "2026-06-19")[1] == "overdue"
    assert send(case, "escalate", "2026-06-22", points=[2]).applied
    assert points(case, "2026-06-22")[2][0] == "open"
    assert points(case, "2026-06-22")[3][0] == "resting"
    send(case, "respond", "2026-06-23", stage="stage_1", outcome="upheld", findings=finding(3))
    assert shown(case, "stage_1_response", "2026-06-23")[1] == "met_late"


def test_an_amendment_of_one_point_leaves_the_others_findings() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="not_upheld", message_id="first")
    send(
        case, "respond", "2026-06-15", outcome="upheld", findings=finding(2, outcome="upheld"), amends="first"
    )
    found = points(case, "2026-06-15")
    assert found[1][1] == [("stage_1", "not_upheld")]
    assert found[2][1][-1] == ("stage_1", "upheld")
    assert deadline(case, "stage_1_response", "2026-06-15")["met_on"] == "2026-06-08"


def test_an_amendment_after_the_final_response_opens_no_stage() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24")
    send(case, "report", "2026-08-28", kind="panel")
    send(
        case, "respond", "2026-09-10", outcome="upheld", independent_person_consulted=True, message_id="last"
    )
    assert status(case, "2026-09-10")["closed_as"] == "completed"
    done(case, "2026-09-10")
    send(case, "respond", "2026-09-20", outcome="partly_upheld", amends="last")
    assert "final_response" in letters(done(case, "2026-09-21"))
    assert status(case, "2026-09-21")["closed_as"] == "completed"


def test_an_amended_adjudication_during_the_panel_asks_whether_it_is_still_wanted() -> None:
    """The contract: where the next stage runs, it runs on and the person is asked whether they want it."""
    case = adjudicated()
    first = case.log[-1].message.message_id
    send(case, "escalate", "2026-07-20")
    done(case, "2026-07-20")
    send(case, "respond", "2026-07-22", outcome="upheld", amends=first)
    assert status(case, "2026-07-22")["stage"] == "stage_3"
    assert shown(case, "panel_meeting", "2026-07-22") == ("2026-09-01", "running", 0)
    assert "adjudication" in letters(done(case, "2026-07-22"))
    assert facts(case, "adjudication")["amends_on"] == "2026-07-13"


def test_an_amendment_of_an_amendment_gives_the_window_once_more() -> None:
    case = adjudicated()
    first = case.log[-1].message.message_id
    send(case, "respond", "2026-07-20", outcome="upheld", amends=first, message_id="second")
    send(case, "respond", "2026-07-27", outcome="not_upheld", amends="second")
    assert deadline(case, "stage_3_request", "2026-07-27")["counts_from"] == "2026-07-29"
    assert deadline(case, "stage_2_response", "2026-07-27")["met_on"] == "2026-07-13"


def concluded(how: str) -> tuple[Case, str]:
    """A complaint that its last answer, or the time after it, has ended."""
    if how == "lapsed":
        case = adjudicated()
        return case, "2026-08-12"
    case = corporate()
    if how == "resolved":
        send(case, "respond", "2026-06-10", outcome="resolved")
        return case, "2026-06-12"
    send(case, "respond", "2026-06-10", outcome="not_upheld")
    send(case, "escalate", "2026-06-12")
    send(case, "respond", "2026-07-01", outcome="not_upheld")
    return case, "2026-07-02"


@pytest.mark.parametrize("how", ["lapsed", "resolved", "completed"])
def test_another_answer_after_the_end_reaches_the_person_as_an_amendment(how: str) -> None:
    """R3: a second answer was recorded and reached nobody, while the file said what no letter did."""
    case, on = concluded(how)
    assert status(case, on)["closed_as"] == how
    done(case, on)
    again: dict[str, Any] = {"outcome": "partly_upheld", "summary": "We have looked at it again."}
    assert send(case, "respond", on, **again).applied
    answer = case.state.stage_rules.answer_letter
    assert answer in letters(done(case, on, "16:00"))
    assert facts(case, answer)["amends_on"]
    opens = how != "completed"  # where there is a next stage, the time to ask for it begins anew
    assert (status(case, on)["state"] == "open") is opens


def test_an_answer_after_a_withdrawal_is_sent_to_nobody() -> None:
    case = acknowledged()
    send(case, "withdraw", "2026-06-03")
    done(case, "2026-06-03")
    assert send(case, "respond", "2026-06-04", outcome="upheld").applied
    assert irregular(case, "2026-06-04")
    assert letters(done(case, "2026-06-05")) == []


def test_nothing_waits_on_a_closed_complaint_that_nobody_would_come_back_to() -> None:
    """An answer that amends none, by signal: it was pending for ever, and no limit ran."""
    case = acknowledged()
    send(case, "withdraw", "2026-06-03")
    assert signal(case, "respond", "2026-06-04", outcome="upheld", amends="no such answer").applied
    found = status(case, "2026-06-04")
    assert (found["pending"], found["waiting_for"]) == ([], "nobody")
    assert any("amends" in each for each in irregular(case, "2026-06-04"))
