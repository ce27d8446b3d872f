"""The corporate procedure: the Ombudsman's Complaint Handling Code, for complaints that are not statutory.

Received on Monday 1 June 2026: acknowledged by Monday 8 June (5 working days of receipt), answered within
10 of the acknowledgement, so by Monday 22 June at the latest, and 10 more at most.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    MONDAY,
    appoint,
    breaches,
    corporate,
    deadline,
    done,
    facts,
    irregular,
    letters,
    opened,
    send,
    shown,
    status,
)


def acknowledged() -> Case:
    """Acknowledged on Wednesday 3 June: to be answered by Wednesday 17 June, at most by Wednesday 1 July."""
    case = corporate()
    send(case, "acknowledge", "2026-06-03")
    return case


def answered() -> Case:
    """Answered on Monday 15 June, which counts as received on Wednesday 17 June."""
    case = acknowledged()
    send(case, "respond", "2026-06-15", outcome="not_upheld", by="Serviceta First")
    return case


def at_stage_2() -> Case:
    """Stage 2 asked for on Monday 22 June: acknowledged by 29 June, answered by 27 July at the latest."""
    case = answered()
    send(case, "escalate", "2026-06-22")
    return case


# --- which complaints ----------------------------------------------------------------------------


@pytest.mark.parametrize("authority", ["family-rights", "north-somerset", "young-people", "rotherham"])
def test_every_council_has_it_for_what_is_not_statutory(authority: str) -> None:
    found = status(corporate(authority=authority), MONDAY)
    assert (found["procedure"], found["stage"]) == ("corporate", "stage_1")
    assert found["procedure_reason"]


# --- acknowledged in 5 of receipt ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "state", "days_late"),
    [
        ("2026-06-08", "met", 0),
        ("2026-06-09", "met_late", 1),
        ("2026-06-13", "met_late", 5),  # a Saturday counts as Monday 15 June
    ],
)
def test_acknowledged_within_five_working_days_of_receipt(on: str, state: str, days_late: int) -> None:
    case = corporate()
    send(case, "acknowledge", on)
    assert shown(case, "acknowledgement", "2026-06-15") == ("2026-06-08", state, days_late)


def test_it_is_a_limit_whose_passing_is_a_breach() -> None:
    assert breaches(done(corporate(), "2026-06-09")) == ["acknowledgement"]
    assert status(corporate(), "2026-06-09")["overdue"]


def test_a_council_s_own_promise_of_three_days_is_the_statutory_and_the_corporate_one() -> None:
    """North Somerset: "We will acknowledge all complaints within three working days" (001-1)."""
    case = corporate(authority="north-somerset")
    assert shown(case, "acknowledgement", MONDAY) == ("2026-06-04", "running", 0)


# --- answered in 10 of the acknowledgement -------------------------------------------------------


@pytest.mark.parametrize(
    ("acknowledged_on", "due_on"),
    [
        ("2026-06-01", "2026-06-15"),  # at once: the person gains
        ("2026-06-03", "2026-06-17"),
        ("2026-06-06", "2026-06-19"),  # on a Saturday: Monday is the first day
        ("2026-06-08", "2026-06-22"),  # the last day in time
        ("2026-06-09", "2026-06-22"),  # late: gains nothing
        ("2026-06-30", "2026-06-22"),  # very late: the answer is overdue by then
    ],
)
def test_the_answer_counts_from_the_acknowledgement_and_a_late_one_gains_nothing(
    acknowledged_on: str, due_on: str
) -> None:
    case = corporate()
    send(case, "acknowledge", acknowledged_on)
    found = deadline(case, "stage_1_response", acknowledged_on)
    assert (found["due_on"], found["provisional"]) == (due_on, False)


def test_unacknowledged_the_answer_is_owed_all_the_same() -> None:
    case = corporate()
    found = deadline(case, "stage_1_response", MONDAY)
    assert (found["due_on"], found["counts_from"], found["provisional"]) == ("2026-06-22", "2026-06-08", True)
    assert breaches(done(case, "2026-06-23")) == ["acknowledgement", "stage_1_response"]


def test_the_earlier_date_of_an_early_acknowledgement_is_kept_with_its_reason() -> None:
    [moved] = deadline(acknowledged(), "stage_1_response", "2026-06-03")["moved"]
    assert (moved["due_on"], moved["breach"]) == ("2026-06-22", False)
    assert "2026-06-03" in moved["reason"]


def test_an_acknowledgement_logged_late_counts_from_its_date() -> None:
    case = corporate()
    send(case, "acknowledge", "2026-06-03", arrives="2026-06-12")
    assert shown(case, "stage_1_response", "2026-06-12") == ("2026-06-17", "running", 0)
    assert deadline(case, "acknowledgement", "2026-06-12")["state"] == "met"


def test_a_late_answer_is_a_breach_and_the_person_is_written_to() -> None:
    case = acknowledged()
    done(case, "2026-06-17")
    tasks = done(case, "2026-06-18")
    assert breaches(tasks) == ["stage_1_response"]
    assert "answer_late" in letters(tasks)


# --- at most ten more ----------------------------------------------------------------------------


def test_at_most_ten_more_with_reason_and_date() -> None:
    case = acknowledged()
    assert send(case, "extend", "2026-06-12", reason="Two services are concerned").applied
    assert shown(case, "stage_1_response", "2026-07-01") == ("2026-07-01", "running", 0)
    told = facts(case, "extension")
    assert (told["before"], told["due_on"]) == ("2026-06-17", "2026-07-01")
    assert told["message"]["reason"] == "Two services are concerned"


def test_a_day_beyond_the_most_is_refused() -> None:
    case = acknowledged()
    answer = send(case, "extend", "2026-06-12", reason="Two services", until="2026-07-02")
    assert (answer.applied, answer.pending) == (False, False)
    assert "2026-07-01" in answer.reason


def test_its_letters_name_the_ombudsman() -> None:
    """ "With reason, date and Ombudsman's details"; the statutory procedure's need not."""
    assert corporate().rules.procedure.policy.extension_names_ombudsman
    assert not opened().rules.procedure.policy.extension_names_ombudsman


def test_a_late_acknowledgement_enlarges_the_most_by_nothing() -> None:
    case = corporate()
    send(case, "acknowledge", "2026-06-15")
    assert not send(case, "extend", "2026-06-15", reason="Two services", until="2026-07-07").applied
    assert send(case, "extend", "2026-06-15", reason="Two services").applied
    assert deadline(case, "stage_1_response", "2026-06-15")["due_on"] == "2026-07-06"  # 8 June and 20


def test_extended_before_the_acknowledgement_nothing_is_gained_either() -> None:
    """Until 6 July (8 June and 20); acknowledged on 3 June the most is 1 July."""
    case = corporate()
    send(case, "extend", "2026-06-02", reason="Two services")
    assert deadline(case, "stage_1_response", "2026-06-02")["due_on"] == "2026-07-06"
    send(case, "acknowledge", "2026-06-03")
    assert deadline(case, "stage_1_response", "2026-06-03")["due_on"] == "2026-07-01"


def test_a_shorter_extension_told_before_the_acknowledgement_stands() -> None:
    case = corporate()
    send(case, "extend", "2026-06-02", reason="Two services", until="2026-06-25")
    send(case, "acknowledge", "2026-06-03")
    assert deadline(case, "stage_1_response", "2026-06-03")["due_on"] == "2026-06-25"
    assert not send(case, "extend", "2026-06-24", reason="Three", until="2026-07-02").applied
    assert send(case, "extend", "2026-06-24", reason="Three", until="2026-07-01").applied


def test_extended_after_it_was_late_the_breach_stays_on_record() -> None:
    case = acknowledged()
    done(case, "2026-06-18")
    send(case, "extend", "2026-06-18", reason="Two services", until="2026-06-26")
    found = deadline(case, "stage_1_response", "2026-06-18")
    assert found["due_on"] == "2026-06-26"
    assert [m["breach"] for m in found["moved"] if m["due_on"] == "2026-06-17"] == [True]


# --- suspended ------------------------------------------------------------------------------------


def test_suspended_before_its_acknowledgement_both_dates_move_together() -> None:
    """Five working days lost: acknowledged by 15 June, and answered by 29 June whenever that is done."""
    case = corporate()
    send(case, "suspend", "2026-06-03", reason="Police", proceedings="Court", review_on="2026-07-01")
    send(case, "resume", "2026-06-10")
    assert shown(case, "acknowledgement", "2026-06-10") == ("2026-06-15", "running", 0)
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-29", "running", 0)
    send(case, "acknowledge", "2026-06-15")
    assert shown(case, "stage_1_response", "2026-06-15") == ("2026-06-29", "running", 0)


def test_acknowledged_while_suspended_the_answer_loses_the_days_after_that() -> None:
    """Acknowledged on Thursday 4 June, resumed on Wednesday 10 June: four days lost of 18 June."""
    case = corporate()
    send(case, "suspend", "2026-06-03", reason="Police", proceedings="Court", review_on="2026-07-01")
    send(case, "acknowledge", "2026-06-04")
    assert shown(case, "stage_1_response", "2026-06-05") == ("2026-06-18", "paused", 0)
    send(case, "resume", "2026-06-10")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-24", "running", 0)


# --- asking for Stage 2 --------------------------------------------------------------------------


def test_twenty_working_days_from_when_the_person_had_the_answer() -> None:
    assert shown(answered(), "stage_1_review", "2026-06-15") == ("2026-07-15", "running", 0)
    case = acknowledged()
    send(case, "respond", "2026-06-15", outcome="not_upheld", received_on="2026-06-15")
    assert shown(case, "stage_1_review", "2026-06-15") == ("2026-07-13", "running", 0)


def test_no_reason_is_needed() -> None:
    assert send(answered(), "escalate", "2026-06-22").applied


def test_on_the_last_day_it_is_in_time_and_afterwards_somebody_decides() -> None:
    case = answered()
    assert send(case, "escalate", "2026-07-15").applied
    late = answered()
    answer = send(late, "escalate", "2026-07-16")
    assert (answer.applied, answer.pending) == (False, True)
    assert status(late, "2026-07-16")["closed_as"] == "lapsed"
    assert shown(late, "late_request_decision", "2026-07-16") == ("2026-07-23", "running", 0)


@pytest.mark.parametrize(
    ("accept", "stage", "state"), [(True, "stage_2", "open"), (False, "stage_1", "closed")]
)
def test_a_late_request_is_decided_with_reasons(accept: bool, stage: str, state: str) -> None:
    case = answered()
    send(case, "escalate", "2026-07-20")
    assert send(case, "decide_late", "2026-07-22", accept=accept, reason="He was in hospital").applied
    found = status(case, "2026-07-22")
    assert (found["stage"], found["state"], found["pending"]) == (stage, state, [])
    assert facts(case, "late_request_decision")["message"]["reason"] == "He was in hospital"


def test_where_stage_1_is_late_stage_2_is_asked_for_without_waiting() -> None:
    case = acknowledged()
    assert send(case, "escalate", "2026-06-17").pending
    assert status(case, "2026-06-18")["stage"] == "stage_2"
    assert status(case, "2026-06-18")["pending"] == []


def test_resolved_it_closes() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-10", outcome="resolved")
    assert status(case, "2026-06-10")["closed_as"] == "resolved"


# --- Stage 2: 5, 20, at most 40 ------------------------------------------------------------------


def test_the_request_is_acknowledged_within_five() -> None:
    case = at_stage_2()
    assert shown(case, "stage_2_acknowledgement", "2026-06-22") == ("2026-06-29", "running", 0)
    assert breaches(done(case, "2026-06-30")) == ["stage_2_acknowledgement"]


def test_the_second_acknowledgement_is_the_request_s_and_not_the_complaint_s() -> None:
    case = at_stage_2()
    send(case, "acknowledge", "2026-06-24")
    assert deadline(case, "acknowledgement", "2026-06-24")["met_on"] == "2026-06-03"
    assert deadline(case, "stage_2_acknowledgement", "2026-06-24")["met_on"] == "2026-06-24"
    assert "request_acknowledgement" in letters(done(case, "2026-06-24"))


@pytest.mark.parametrize(
    ("acknowledged_on", "due_on", "most"),
    [
        ("2026-06-22", "2026-07-20", "2026-08-17"),
        ("2026-06-24", "2026-07-22", "2026-08-19"),
        ("2026-06-29", "2026-07-27", "2026-08-24"),
        ("2026-07-06", "2026-07-27", "2026-08-24"),  # late: gains nothing
    ],
)
def test_answered_within_twenty_of_that_and_at_most_twenty_more(
    acknowledged_on: str, due_on: str, most: str
) -> None:
    case = at_stage_2()
    send(case, "acknowledge", acknowledged_on)
    assert deadline(case, "stage_2_response", acknowledged_on)["due_on"] == due_on
    send(case, "extend", acknowledged_on, reason="Two services")
    assert deadline(case, "stage_2_response", acknowledged_on)["due_on"] == most


def test_stage_1_can_no_longer_be_extended() -> None:
    case = at_stage_2()
    send(case, "extend", "2026-06-23", reason="Two services")
    assert deadline(case, "stage_1_response", "2026-06-23")["due_on"] == "2026-06-17"


@pytest.mark.parametrize(("by", "kept"), [("Serviceta First", True), ("Directa Second", False)])
def test_a_different_person_answers(by: str, kept: bool) -> None:
    case = at_stage_2()
    send(case, "acknowledge", "2026-06-23")
    send(case, "respond", "2026-07-06", outcome="upheld", by=by)
    assert any("answered an earlier stage" in what for what in irregular(case, "2026-07-06")) is kept


def test_with_the_second_answer_it_is_over_and_the_ombudsman_is_next() -> None:
    case = at_stage_2()
    send(case, "acknowledge", "2026-06-23")
    send(case, "respond", "2026-07-06", outcome="not_upheld")
    found = status(case, "2026-07-06")
    assert (found["closed_as"], found["closed_on"], found["stage"]) == ("completed", "2026-07-06", "stage_2")
    answer = send(case, "escalate", "2026-07-07")
    assert (answer.applied, answer.pending) == (False, False)
    assert "Ombudsman" in answer.reason
    assert send(case, "refer_to_ombudsman", "2026-07-08").applied


# --- what this procedure has not -----------------------------------------------------------------


@pytest.mark.parametrize("story", [corporate, answered, at_stage_2])
def test_it_has_no_panel_and_no_independent_person(story: Callable[[], Case]) -> None:
    case = story()
    answer = send(case, "schedule_panel", "2026-06-23", meeting_on="2026-08-03")
    assert (answer.applied, answer.pending) == (False, False)
    assert not appoint(case, "independent_person", "2026-06-23").applied
    assert status(case, "2026-06-23")["pending"] == []


def test_a_case_under_way_is_loaded() -> None:
    messages = [
        {"action": "acknowledge", "on": "2026-06-03"},
        {"action": "respond", "on": "2026-06-15", "outcome": "not_upheld"},
        {"action": "escalate", "on": "2026-06-22"},
        {"action": "acknowledge", "on": "2026-06-24"},
    ]
    loaded, here = corporate(today="2026-07-01", messages=messages), at_stage_2()
    send(here, "acknowledge", "2026-06-24")
    assert status(loaded, "2026-07-01")["deadlines"] == status(here, "2026-07-01")["deadlines"]
    assert shown(loaded, "stage_2_response", "2026-07-01") == ("2026-07-22", "running", 0)
    assert done(loaded, "2026-07-01") == []
