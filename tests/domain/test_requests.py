"""Requests for the next stage: before its time, after it, and for some of the points."""

from __future__ import annotations

from tests.domain.conftest import (
    answered,
    appoint,
    at_stage_2,
    deadline,
    deadlines,
    done,
    finding,
    investigated,
    is_alive,
    letters,
    send,
    shown,
    status,
)


def test_three_requests_before_the_adjudication_are_one_question_and_one_panel() -> None:
    case = investigated()
    for on, how in (("2026-07-08", "a"), ("2026-07-09", "b"), ("2026-07-10", "c")):
        assert send(case, "escalate", on, message_id=how).pending
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    told = letters(done(case, "2026-07-13"))
    assert told.count("early_request_question") == 1
    assert "stage_3_opening" not in told
    assert send(case, "decide_early", "2026-07-15", accept=True, reason="She rang.").applied
    found = status(case, "2026-07-15")
    assert (found["stage"], found["pending"]) == ("stage_3", [])
    assert shown(case, "panel_meeting", "2026-07-15") == ("2026-08-24", "running", 0)


def test_a_no_and_then_a_request_of_their_own_in_time_opens_the_panel_from_that_day() -> None:
    case = investigated()
    send(case, "escalate", "2026-07-10", message_id="early")
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    send(case, "decide_early", "2026-07-15", accept=False, reason="He wants to read it first.")
    assert status(case, "2026-07-16")["stage"] == "stage_2"
    assert send(case, "escalate", "2026-08-10", message_id="own").applied  # the last day
    assert deadline(case, "panel_meeting", "2026-08-10")["counts_from"] == "2026-08-10"


def test_a_no_and_a_request_a_day_after_the_window_is_late_as_anybody_elses() -> None:
    case = investigated()
    send(case, "escalate", "2026-07-10", message_id="early")
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    send(case, "decide_early", "2026-07-15", accept=False, reason="He wants to read it first.")
    assert send(case, "escalate", "2026-08-11", message_id="own").pending
    assert status(case, "2026-08-11")["stage"] == "stage_2"


def test_unanswered_for_a_year_an_early_request_is_still_owed_a_decision() -> None:
    case = investigated()
    send(case, "escalate", "2026-07-10")
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    is_alive(case, "2027-07-01")
    assert status(case, "2027-07-01")["waiting_for"] == "complaints_manager"
    assert send(case, "decide_early", "2027-07-02", accept=True, reason="Found him at last.").applied
    assert status(case, "2027-07-02")["stage"] == "stage_3"
    assert shown(case, "panel_meeting", "2027-07-02")[1] == "overdue"


def test_a_point_that_rested_joins_after_the_statement_and_is_owed_a_finding() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1])
    appoint(case, "investigating_officer", "2026-06-16")
    appoint(case, "independent_person", "2026-06-16")
    assert send(case, "escalate", "2026-07-06", points=[2]).applied
    send(case, "report", "2026-07-08", kind="investigation")
    send(case, "respond", "2026-07-10", outcome="not_upheld", findings=finding(1))
    assert shown(case, "stage_2_response", "2026-07-10")[1] == "running"
    assert "stage_3_request" not in deadlines(case, "2026-07-10")
    send(case, "respond", "2026-07-14", outcome="not_upheld", findings=finding(2))
    assert shown(case, "stage_2_response", "2026-07-14")[1] == "met"
    assert shown(case, "stage_3_request", "2026-07-14")[1] == "running"


def test_a_point_that_rested_joins_after_the_report_too() -> None:
    """The contract: at the stage that runs, resting points named join it; nothing says until when."""
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1])
    send(case, "report", "2026-07-08", kind="investigation")
    answer = send(case, "escalate", "2026-07-09", points=[2])
    assert answer.applied or answer.pending
    assert status(case, "2026-07-09")["stage"] == "stage_2"


def test_a_point_asked_about_after_its_own_adjudication_goes_to_no_panel_unasked() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1])
    send(case, "respond", "2026-07-10", outcome="not_upheld", received_on="2026-07-10")
    assert send(case, "escalate", "2026-07-13", points=[2]).applied
    found = status(case, "2026-07-13")
    assert found["stage"] == "stage_2"
    assert "panel_meeting" not in {d["name"] for d in found["deadlines"]}
    is_alive(case, "2026-12-01")  # point 2 is owed its Stage 2


def test_naming_a_stage_already_over_opens_nothing() -> None:
    case = at_stage_2()
    answer = send(case, "escalate", "2026-06-17", stage="stage_2")
    assert status(case, "2026-06-17")["stage"] == "stage_2"
    assert answer.applied
    assert not case.state.requests.early
