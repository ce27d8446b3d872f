"""Turns that a complaint may take: suspended, withdrawn, closed early, remedied, referred, corrected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    appoint,
    at,
    at_stage_2,
    at_stage_3,
    breaches,
    corporate,
    deadline,
    deadlines,
    done,
    facts,
    investigated,
    irregular,
    letters,
    opened,
    panel_called,
    problems,
    send,
    shown,
    status,
)
from tests.domain.invariants import what_runs_is_what_the_log_says

# --- suspension and resumption -------------------------------------------------------------------


def suspended() -> Case:
    """Stage 1, suspended on Wednesday 3 June after two of ten days, to be looked at on 1 July."""
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="Court", proceedings="Family court", review_on="2026-07-01")
    return case


def test_a_suspension_pauses_and_has_a_dated_review() -> None:
    case = suspended()
    found = status(case, "2026-06-30")
    assert (found["state"], found["stage"]) == ("suspended", "stage_1")
    assert shown(case, "stage_1_response", "2026-06-30") == ("2026-06-15", "paused", 0)
    assert shown(case, "suspension_review", "2026-06-30") == ("2026-07-01", "running", 0)
    assert (found["next_due_on"], found["waiting_for"]) == ("2026-07-01", "complaints_manager")
    assert not found["overdue"]


def test_nothing_runs_out_while_suspended() -> None:
    case = suspended()
    tasks = done(case, "2026-07-20")
    assert breaches(tasks) == []
    assert "stage_1_late" not in letters(tasks)


def test_a_review_that_passed_is_told() -> None:
    assert "target_passed" in letters(done(suspended(), "2026-07-02"))


@pytest.mark.parametrize(
    ("on", "due_on"),
    [
        ("2026-06-10", "2026-06-22"),  # five working days lost
        ("2026-07-01", "2026-07-13"),  # twenty
        ("2026-06-07", "2026-06-17"),  # Thursday and Friday: a Sunday loses nothing more
        ("2026-06-03", "2026-06-15"),  # the same day
    ],
)
def test_resumed_the_dates_move_by_the_working_days_lost(on: str, due_on: str) -> None:
    case = suspended()
    assert send(case, "resume", on, reason="The hearing is over").applied
    assert status(case, on)["state"] == "open"
    found = deadline(case, "stage_1_response", on)
    assert (found["due_on"], found["state"]) == (due_on, "running")
    assert len(found["moved"]) == (0 if due_on == "2026-06-15" else 1)
    assert deadline(case, "suspension_review", on)["state"] == "met"


def test_the_days_lost_are_added_to_the_most_allowed() -> None:
    case = suspended()
    send(case, "resume", "2026-06-10")
    send(case, "extend", "2026-06-11", reason="Complex")
    assert deadline(case, "stage_1_response", "2026-06-11")["due_on"] == "2026-07-06"


def test_what_was_late_before_stays_late() -> None:
    case = opened()
    send(case, "suspend", "2026-06-08", reason="Court", proceedings="Court", review_on="2026-07-01")
    assert shown(case, "acknowledgement", "2026-06-10") == ("2026-06-04", "overdue", 2)
    send(case, "resume", "2026-06-10")
    assert deadline(case, "acknowledgement", "2026-06-10")["due_on"] == "2026-06-04"


def test_suspended_twice_every_day_lost_counts() -> None:
    case = suspended()
    send(case, "resume", "2026-06-10")
    send(case, "suspend", "2026-06-11", reason="Appeal", proceedings="Court", review_on="2026-07-01")
    send(case, "resume", "2026-06-18")
    found = deadline(case, "stage_1_response", "2026-06-18")
    assert found["due_on"] == "2026-06-29"
    assert [m["due_on"] for m in found["moved"]] == ["2026-06-15", "2026-06-22"]


def test_the_window_of_the_complainant_is_paused_as_well() -> None:
    case = adjudicated()
    send(case, "suspend", "2026-07-20", reason="Court", proceedings="Court", review_on="2026-10-01")
    assert status(case, "2026-09-01")["state"] == "suspended"
    send(case, "resume", "2026-08-03")
    assert shown(case, "stage_3_request", "2026-08-03") == ("2026-08-24", "running", 0)


def test_a_window_that_has_not_begun_loses_nothing() -> None:
    """The adjudication of 13 July counts as received on 15 July; suspended in between, it loses no day."""
    case = investigated()
    send(case, "respond", "2026-07-13", outcome="upheld")
    send(case, "suspend", "2026-07-13", reason="Court", proceedings="Court", review_on="2026-10-01")
    send(case, "resume", "2026-07-15")
    assert shown(case, "stage_3_request", "2026-07-15")[0] == "2026-08-12"


def test_a_suspension_of_some_points_stops_no_clock() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="Court", review_on="2026-07-01", points=[2])
    assert status(case, "2026-06-03")["state"] == "open"
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)


def test_extended_while_suspended_nothing_runs_out_either() -> None:
    case = suspended()
    send(case, "extend", "2026-06-04", reason="Complex")
    tasks = done(case, "2026-07-20")
    assert breaches(tasks) == []
    assert "stage_1_late" not in letters(tasks)
    send(case, "resume", "2026-07-20")
    assert deadline(case, "stage_1_response", "2026-07-20")["state"] == "running"


def test_a_panel_moved_while_suspended_breaches_nothing() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    send(case, "suspend", "2026-07-24", reason="Court", proceedings="Court", review_on="2026-10-01")
    send(case, "schedule_panel", "2026-07-27", meeting_on="2026-08-26")
    assert "panel_papers" not in breaches(done(case, "2026-09-01"))


def test_resumed_for_nothing_is_refused() -> None:
    assert not send(acknowledged(), "resume", "2026-06-04").applied


def test_at_its_review_it_may_be_suspended_further_with_reason_and_a_new_date() -> None:
    """The hearing is put off: looked at on 1 July in time, and again on 3 August."""
    case = suspended()
    assert send(
        case, "suspend", "2026-07-01", reason="Adjourned", proceedings="Court", review_on="2026-08-03"
    ).applied
    reviews = [d for d in status(case, "2026-07-02")["deadlines"] if d["name"] == "suspension_review"]
    assert [(d["due_on"], d["state"]) for d in reviews] == [("2026-07-01", "met"), ("2026-08-03", "running")]
    assert facts(case, "suspension")["message"]["reason"] == "Adjourned"


def test_suspended_further_every_day_since_the_first_is_lost() -> None:
    """Two of ten days were used by 3 June: eight more after Monday 3 August are Thursday 13 August."""
    case = suspended()
    send(case, "suspend", "2026-07-01", reason="Adjourned", proceedings="Court", review_on="2026-08-03")
    send(case, "resume", "2026-08-03")
    assert shown(case, "stage_1_response", "2026-08-03") == ("2026-08-13", "running", 0)


def test_points_of_what_is_suspended_as_a_whole_cannot_be_suspended_again() -> None:
    answer = send(suspended(), "suspend", "2026-06-04", reason="Again", review_on="2026-07-01", points=[1])
    assert (answer.applied, answer.pending) == (False, False)


def test_a_remedy_agreed_while_suspended_is_owed_after_the_end() -> None:
    """No state waits in silence."""
    case = suspended()
    send(case, "respond", "2026-06-04", outcome="upheld", remedies=[{"what": "Apologise"}])
    send(case, "withdraw", "2026-06-05")
    assert shown(case, "remedy_1", "2026-07-03") == ("2026-07-02", "overdue", 1)


# --- withdrawal ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "on", "stage"),
    [
        (opened, "2026-06-01", "stage_1"),
        (opened, "2026-07-21", "stage_1"),
        (answered, "2026-07-06", "stage_1"),
        (suspended, "2026-07-21", "stage_1"),
        (at_stage_2, "2026-07-21", "stage_2"),
        (adjudicated, "2026-07-21", "stage_2"),
        (at_stage_3, "2026-07-21", "stage_3"),
    ],
)
def test_withdrawn_at_any_stage(story: Callable[[], Case], on: str, stage: str) -> None:
    case = story()
    done(case, on)
    assert send(case, "withdraw", on, reason="No longer wanted").applied
    found = status(case, on)
    assert (found["state"], found["stage"]) == ("closed", stage)
    assert (found["closed_as"], found["closed_on"]) == ("withdrawn", on)
    assert found["waiting_for"] == "nobody"
    assert not {"running", "overdue", "paused"} & {d["state"] for d in found["deadlines"]}
    assert "withdrawal" in letters(done(case, on, "16:00"))
    assert case.is_finished


def test_withdrawn_once() -> None:
    case = acknowledged()
    send(case, "withdraw", "2026-06-05")
    assert not send(case, "withdraw", "2026-06-08", reason="Again").applied


def test_a_withdrawn_complaint_goes_to_no_further_stage() -> None:
    case = answered()
    send(case, "withdraw", "2026-06-09")
    answer = send(case, "escalate", "2026-06-10")
    assert (answer.applied, answer.pending) == (False, False)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("withdraw", {}),
        ("close", {"reason": "Agreed", "agreed_by_complainant": True}),
        ("decline", {"reason": "Not for this procedure"}),
    ],
)
def test_nothing_waits_any_more_once_it_is_over(action: str, fields: dict[str, Any]) -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-03")
    appoint(case, "panel_chair", "2026-06-03")
    send(case, action, "2026-06-05", **fields)
    assert status(case, "2026-06-05")["pending"] == []
    assert case.is_finished


def test_nothing_waits_any_more_once_it_has_lapsed() -> None:
    case = answered()
    appoint(case, "panel_chair", "2026-06-09")
    found = status(case, "2026-07-07")
    assert (found["state"], found["pending"]) == ("closed", [])


# --- closing early -------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [acknowledged, answered, adjudicated])
def test_closed_early_only_with_agreement_while_a_stage_is_open_to_them(story: Callable[[], Case]) -> None:
    case = story()
    day = "2026-07-13" if story is adjudicated else "2026-06-09"
    refused = send(case, "close", day, reason="Nothing to add")
    assert (refused.applied, refused.pending) == (False, False)
    assert refused.reason
    assert status(case, day)["state"] == "open"
    assert send(case, "close", day, reason="Settled", agreed_by_complainant=True).applied
    assert status(case, day)["closed_as"] == "ended_early"


def test_an_unanswered_last_stage_is_not_closed_without_agreement_either() -> None:
    case = at_stage_3()
    answer = send(case, "close", "2026-07-27", reason="No panel can be found")
    assert (answer.applied, answer.pending) == (False, False)
    assert send(case, "close", "2026-07-27", reason="Settled", agreed_by_complainant=True).applied


# --- remedies ------------------------------------------------------------------------------------


def remedied() -> Case:
    """Upheld on Monday 8 June with two remedies: one due 22 June, one with no date of its own."""
    case = acknowledged()
    remedies = [
        {"what": "Apologise", "owner": "director", "due_on": "2026-06-22"},
        {"what": "Change the form"},
    ]
    send(case, "respond", "2026-06-08", outcome="resolved", remedies=remedies)
    return case


def test_remedies_have_due_dates_and_outlive_the_closing() -> None:
    case = remedied()
    found = status(case, "2026-06-08")
    assert found["state"] == "closed"
    assert [(r["remedy"], r["due_on"], r["done_on"]) for r in found["remedies"]] == [
        (1, "2026-06-22", None),
        (2, "2026-07-06", None),
    ]
    assert shown(case, "remedy_1", "2026-06-23") == ("2026-06-22", "overdue", 1)
    assert deadline(case, "remedy_1", "2026-06-08")["owner"] == "director"
    assert not case.is_finished
    assert breaches(done(case, "2026-06-23")) == ["remedy_1"]


@pytest.mark.parametrize(("on", "state"), [("2026-06-22", "met"), ("2026-06-23", "met_late")])
def test_a_remedy_is_done(on: str, state: str) -> None:
    case = remedied()
    assert send(case, "complete_remedy", on, remedy=1).applied
    assert deadline(case, "remedy_1", on)["state"] == state
    assert not send(case, "complete_remedy", on, remedy=1, note="again").applied
    assert not send(case, "complete_remedy", on, remedy=3).applied
    send(case, "complete_remedy", on, remedy=2)
    assert case.is_finished


def test_a_remedy_due_before_it_is_agreed_is_malformed() -> None:
    remedies = [{"what": "Apologise", "due_on": "2026-06-01"}]
    found = problems(
        acknowledged(), "respond", {"on": "2026-06-08", "outcome": "upheld", "remedies": remedies}
    )
    assert found.keys() == {"remedies[0].due_on"}


# --- the Ombudsman -------------------------------------------------------------------------------


CONDITIONS = [
    "A robust report",
    "A full adjudication",
    "All points upheld",
    "A clear action plan",
    "The complainant agrees",
]
"""What has to be recorded before Stage 3 is passed by (guidance 3.15)."""


def test_early_referral_after_the_adjudication_with_its_conditions() -> None:
    case = adjudicated()
    assert send(case, "refer_to_ombudsman", "2026-07-14", conditions=CONDITIONS).applied
    found = status(case, "2026-07-14")
    assert (found["state"], found["stage"]) == ("closed", "ombudsman")
    assert shown(case, "ombudsman_review", "2026-07-14") == ("2026-10-07", "running", 0)
    assert not case.is_finished


@pytest.mark.parametrize("referred_before", [False, True])
def test_a_decision_says_nothing_about_a_later_referral(referred_before: bool) -> None:
    """Sent back as premature, with or without a referral on record: the next one is looked at again."""
    case = adjudicated()
    if referred_before:
        assert send(case, "refer_to_ombudsman", "2026-07-14", conditions=CONDITIONS).applied
        assert send(case, "ombudsman_decision", "2026-07-15", outcome="premature").applied
    assert send(case, "ombudsman_decision", "2026-07-16", outcome="premature").applied
    assert send(case, "refer_to_ombudsman", "2026-07-20", conditions=CONDITIONS).applied
    assert deadline(case, "ombudsman_review", "2026-07-20")["state"] == "running"
    assert status(case, "2026-07-20")["waiting_for"] != "nobody"
    assert not case.is_finished


def test_the_names_of_the_conditions_are_enough() -> None:
    names = [each.name for each in adjudicated().rules.procedure.early_referral]
    assert len(names) == 5
    assert send(adjudicated(), "refer_to_ombudsman", "2026-07-14", conditions=names).applied


@pytest.mark.parametrize("without", range(5))
def test_not_where_one_of_them_is_not_recorded(without: int) -> None:
    recorded = CONDITIONS[:without] + CONDITIONS[without + 1 :]
    answer = send(adjudicated(), "refer_to_ombudsman", "2026-07-14", conditions=recorded)
    assert (answer.applied, answer.pending) == (False, False)
    assert answer.reason.count(";") == 0, "one is missing, and one is named"


@pytest.mark.parametrize(
    ("recorded", "missing"),
    [
        ([*CONDITIONS[:3], "A clear agreed action plan"], "the complainant's agreement"),
        (
            ["The report upheld all points", *CONDITIONS[1:2], *CONDITIONS[3:]],
            "all significant points upheld",
        ),
        (["Report robust, adjudication full, all upheld, plan clear, the complainant agrees"], ";"),
    ],
)
def test_what_is_recorded_counts_for_one_condition_only(recorded: list[str], missing: str) -> None:
    answer = send(adjudicated(), "refer_to_ombudsman", "2026-07-14", conditions=recorded)
    assert not answer.applied
    assert missing in answer.reason


def test_it_counts_for_whichever_is_left() -> None:
    recorded = ["The adjudication is full and upheld", "The adjudication", "A robust report"]
    recorded += ["The plan that they agreed to", "They agree: consent of 10 July"]
    assert send(adjudicated(), "refer_to_ombudsman", "2026-07-14", conditions=recorded).applied


def test_what_is_denied_is_not_recorded() -> None:
    denied = ["No report", "Adjudication missing", "Nothing upheld", "No plan", "Nobody agreed"]
    assert not send(adjudicated(), "refer_to_ombudsman", "2026-07-14", conditions=denied).applied


def test_no_early_referral_before_the_adjudication() -> None:
    assert not send(at_stage_2(), "refer_to_ombudsman", "2026-06-16", conditions=CONDITIONS).applied


def test_where_nothing_was_upheld_that_is_irregular() -> None:
    case = investigated()
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    before = irregular(case, "2026-07-14")
    send(case, "refer_to_ombudsman", "2026-07-14", conditions=CONDITIONS)
    assert irregular(case, "2026-07-14") == [*before, "no point is recorded as upheld"]


def test_sent_back_as_premature_it_may_be_referred_once_more() -> None:
    """Lapsed at Stage 1, referred, sent back, taken through Stages 2 and 3, referred again."""
    case = answered()
    send(case, "refer_to_ombudsman", "2026-07-14")
    send(case, "ombudsman_decision", "2026-07-20", outcome="premature")
    assert send(case, "escalate", "2026-07-21").applied
    assert status(case, "2026-07-21")["stage"] == "stage_2"
    send(case, "respond", "2026-08-10", outcome="not_upheld", received_on="2026-08-10")
    send(case, "escalate", "2026-08-11")
    send(case, "respond", "2026-09-14", outcome="not_upheld")
    assert send(case, "refer_to_ombudsman", "2026-09-21").applied
    assert deadline(case, "ombudsman_review", "2026-09-21")["state"] == "running"
    assert status(case, "2026-09-21")["stage"] == "ombudsman"


def test_the_ombudsman_decides_and_its_remedies_are_followed_up() -> None:
    case = adjudicated()
    send(case, "refer_to_ombudsman", "2026-08-12")
    remedies = [{"what": "Pay for the delay", "due_on": "2026-11-02"}]
    send(case, "ombudsman_decision", "2026-10-01", outcome="upheld", remedies=remedies)
    assert deadline(case, "ombudsman_review", "2026-10-01")["state"] == "met"
    assert shown(case, "remedy_1", "2026-10-01") == ("2026-11-02", "running", 0)


def test_a_decision_without_a_referral_is_irregular() -> None:
    case = adjudicated()
    assert send(case, "ombudsman_decision", "2026-07-20", outcome="upheld").applied
    assert irregular(case, "2026-07-20")


# --- the advocate --------------------------------------------------------------------------------


def test_the_advocate_is_the_persons_own_choice() -> None:
    case = opened(advocate={"name": "Supporta Invented"})
    assert (status(case, "2026-06-01")["advocate"] or {})["name"] == "Supporta Invented"
    send(case, "set_advocate", "2026-06-02", advocate={"name": "Other Invented"}, speaks=True)
    assert (status(case, "2026-06-02")["advocate"] or {})["name"] == "Other Invented"
    send(case, "set_advocate", "2026-06-03", advocate=None)
    assert status(case, "2026-06-03")["advocate"] is None


# --- correction ----------------------------------------------------------------------------------


def test_received_on_put_right_moves_what_counts_from_it() -> None:
    case = acknowledged()
    answer = send(case, "correct", "2026-06-03", field="received_on", value="2026-05-27", reason="Post room")
    assert answer.applied
    found = deadlines(case, "2026-06-03")
    assert status(case, "2026-06-03")["received_on"] == "2026-05-27"
    assert found["stage_1_response"]["due_on"] == "2026-06-10"
    assert (found["acknowledgement"]["due_on"], found["acknowledgement"]["state"]) == ("2026-06-01", "met")
    assert [m["due_on"] for m in found["stage_1_response"]["moved"]] == ["2026-06-15"]
    assert "Post room" in found["stage_1_response"]["moved"][0]["reason"]
    moved = {str(each["what"]): each for each in answer.changed}
    assert moved["stage_1_response"]["was_due_on"] == "2026-06-15"
    assert moved["stage_1_response"]["due_on"] == "2026-06-10"


def test_the_letter_about_it_still_stands_once_the_answer_is_given() -> None:
    case = acknowledged()
    send(case, "correct", "2026-06-03", field="received_on", value="2026-05-27", reason="Post room")
    assert "dates_corrected" in letters(done(case, "2026-06-03"))
    send(case, "respond", "2026-06-04", outcome="upheld")
    assert "dates_corrected" in {each["letter"] for each in status(case, "2026-06-04")["letters"]}


def test_a_correction_before_an_extension_shows_the_dates_that_were() -> None:
    """Due 15 June; corrected to 10 June; then extended to 24 June: 29 June never was a due date."""
    case = acknowledged()
    send(case, "correct", "2026-06-01", field="received_on", value="2026-05-27", reason="Post room")
    send(case, "extend", "2026-06-02", reason="Complex")
    found = deadline(case, "stage_1_response", "2026-06-02")
    assert found["due_on"] == "2026-06-24"
    assert {m["due_on"] for m in found["moved"]} == {"2026-06-15", "2026-06-10"}


def test_a_correction_stands_with_the_limit_that_ran_when_it_was_made() -> None:
    """Due on 17 June, corrected to 10 June, withdrawn; reopened, the answer is owed by a limit of its own."""
    case = corporate()
    send(case, "withdraw", "2026-06-02", reason="Sorted out")
    send(case, "correct", "2026-06-02", field="received_on", value="2026-05-27", reason="Post room")
    send(case, "reopen", "2026-06-03", reason="It was not")
    first, anew = (d for d in status(case, "2026-06-03")["deadlines"] if d["name"] == "stage_1_response")
    assert (first["state"], len(first["moved"])) == ("stopped", 1)
    assert (anew["state"], anew["moved"]) == ("running", [])
    what_runs_is_what_the_log_says(case, date(2026, 6, 3))


def test_the_date_of_a_message_put_right() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-17", outcome="upheld", message_id="answer-1")
    assert shown(case, "stage_1_response", "2026-06-17") == ("2026-06-15", "met_late", 2)
    send(case, "correct", "2026-06-18", field="answer-1.on", value="2026-06-12", reason="Typing mistake")
    assert shown(case, "stage_1_response", "2026-06-18") == ("2026-06-15", "met", 0)


def test_when_the_person_had_the_adjudication_is_learnt_later() -> None:
    case = investigated()
    send(case, "respond", "2026-07-13", message_id="R", outcome="upheld")
    assert shown(case, "stage_3_request", "2026-07-21")[0] == "2026-08-12"
    send(case, "correct", "2026-07-21", field="R.received_on", value="2026-07-20", reason="They were away")
    found = deadline(case, "stage_3_request", "2026-07-21")
    assert found["due_on"] == "2026-08-17"
    assert [m["due_on"] for m in found["moved"]] == ["2026-08-12"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_corrections_are_carried_out_in_the_order_of_their_dates(order: tuple[int, int]) -> None:
    sent = [("2026-06-03", "2026-05-29"), ("2026-06-04", "2026-05-27")]
    case = acknowledged()
    for each in order:
        on, value = sent[each]
        send(case, "correct", on, arrives="2026-06-05", field="received_on", value=value, reason="Post room")
    assert status(case, "2026-06-05")["received_on"] == "2026-05-27"


def test_a_message_from_before_the_first_receipt_date_after_its_correction() -> None:
    case = acknowledged()
    send(case, "correct", "2026-06-02", field="channel", value="post", reason="A letter")
    send(case, "correct", "2026-06-02", field="received_on", value="2026-05-27", reason="Post room")
    assert send(case, "record_meeting", "2026-05-28", arrives="2026-06-03").applied
    again = Case.restore(case.rules, case.saved())
    assert status(again, "2026-06-03") == status(case, "2026-06-03")
    assert status(case, "2026-06-02")["state"] == "open"


@pytest.mark.parametrize("as_of", ["2026-06-04", "2026-06-05", "2026-06-08", "2026-06-10"])
def test_a_correction_dated_before_what_it_puts_right(as_of: str) -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-08", message_id="M")
    send(
        case, "correct", "2026-06-04", arrives="2026-06-10", field="M.on", value="2026-06-05", reason="Typing"
    )
    assert status(case, as_of)["stage"] == "stage_1"


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("nonsense", "2026-06-01", "field"),
        ("nobody.on", "2026-06-01", "field"),
        ("M.nonsense", "2026-06-01", "field"),
        ("received_on", "2026-06-30", "value"),  # in the future
        ("received_on", "not a date", "value"),
        ("received_on", 20260601, "value"),
        ("received_on", "2026-06-04", "value"),  # after the message M
        ("received_on", "1900-01-01", "value"),
        ("received_on", "2019-01-01", "value"),  # before the calendar recorded with the complaint
        ("events_on", "2026-06-02", "value"),  # after the receipt
        ("M.on", "2026-05-01", "value"),
        ("M.on", "2026-06-30", "value"),
        ("S.review_on", "9999-12-31", "value"),
        ("R.received_on", "2026-06-30", "value"),
    ],
)
def test_an_impossible_correction_is_malformed(field: str, value: object, named: str) -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-03", message_id="M")
    send(case, "suspend", "2026-06-03", reason="Court", review_on="2026-07-01", message_id="S", points=[1])
    send(case, "respond", "2026-06-05", outcome="upheld", message_id="R")
    found = problems(
        case, "correct", {"on": "2026-06-09", "field": field, "value": value, "reason": "?"}, "2026-06-10"
    )
    assert found.keys() == {named}


def test_with_whom_a_meeting_was_can_be_put_right() -> None:
    case = acknowledged()
    send(case, "record_meeting", "2026-06-03", message_id="M", **{"with": "the team manager"})
    assert send(case, "correct", "2026-06-04", field="M.with", value="a friend", reason="Misheard").applied


# --- the whole way -------------------------------------------------------------------------------


def test_the_whole_procedure_in_time() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24")
    send(case, "report", "2026-08-28", kind="panel")
    send(case, "respond", "2026-09-21", outcome="partly_upheld", independent_person_consulted=True)
    found = status(case, "2026-09-21")
    assert (found["state"], found["stage"], found["closed_as"]) == ("closed", "stage_3", "completed")
    assert {d["state"] for d in found["deadlines"]} == {"met"}
    assert (found["irregular"], found["refused"], found["pending"]) == ([], [], [])
    assert breaches(case.due(at("2026-09-21"))) == []


# --- several turns at once ------------------------------------------------------------------------


def test_a_suspension_that_is_reviewed_in_time_has_lost_its_days_from_the_first_on() -> None:
    """Due 15 June; suspended on Wednesday 3, reviewed on Monday 8, resumed on Wednesday 10: five days."""
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="Court", proceedings="Court", review_on="2026-06-08")
    send(case, "suspend", "2026-06-08", reason="Court", proceedings="Court", review_on="2026-06-12")
    send(case, "resume", "2026-06-10", reason="Over")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-22", "running", 0)


def test_what_was_late_and_has_more_time_rests_too_while_it_is_suspended() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-17", reason="Court", proceedings="Court", review_on="2026-07-17")
    send(case, "extend", "2026-06-18", reason="Two teams")
    assert deadline(case, "stage_1_response", "2026-07-02")["state"] == "paused"
    send(case, "resume", "2026-07-02", reason="Over")
    assert deadline(case, "stage_1_response", "2026-07-02")["state"] == "running"


def test_an_extension_that_is_over_when_it_is_given_is_refused() -> None:
    """The most is Monday 29 June."""
    case = acknowledged()
    answer = send(case, "extend", "2026-07-20", reason="Complex")
    assert not answer.applied
    assert "2026-06-29 lies before 2026-07-20" in answer.reason
    assert send(acknowledged(), "extend", "2026-06-29", reason="Complex").applied


def test_two_requests_of_one_day_are_one() -> None:
    """By form and by letter: nobody has asked for a panel."""
    case = answered()
    send(case, "escalate", "2026-06-15", reason="By form")
    second = send(case, "escalate", "2026-06-15", reason="By letter")
    assert (second.applied, second.pending) == (True, False)
    send(case, "respond", "2026-07-13", outcome="upheld")
    assert status(case, "2026-07-14")["stage"] == "stage_2"


def test_two_stages_asked_for_on_one_day_are_two() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "respond", "2026-06-15", outcome="upheld")
    send(case, "escalate", "2026-06-15", reason="And now the panel")
    assert status(case, "2026-06-15")["stage"] == "stage_3"


def test_papers_for_another_day_are_late_for_a_nearer_one() -> None:
    """Sent on 24 July for 24 August; on 5 August called for Monday 10 August: owed by 27 July."""
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    send(case, "send_papers", "2026-07-24")
    send(case, "schedule_panel", "2026-08-05", meeting_on="2026-08-10")
    found = deadline(case, "panel_papers", "2026-08-06")
    assert (found["due_on"], found["met_on"], found["state"]) == ("2026-07-27", "2026-08-05", "met_late")


@pytest.mark.parametrize(("asked_on", "goes_on"), [("2026-06-10", True), ("2026-07-20", False)])
def test_settled_in_the_authority_s_words_the_person_may_go_on_within_the_window(
    asked_on: str, goes_on: bool
) -> None:
    case = corporate()
    send(case, "acknowledge", "2026-06-01")
    send(case, "respond", "2026-06-08", outcome="resolved")
    assert status(case, "2026-06-08")["closed_as"] == "resolved"
    answer = send(case, "escalate", asked_on, reason="It is not")
    assert (answer.applied, answer.pending) == (goes_on, not goes_on)


@pytest.mark.parametrize("ends", ["split", "agree_statement"])
def test_what_was_suspended_and_is_none_of_it_any_more_leaves_nothing_in_silence(ends: str) -> None:
    """Adjudicated and had on 13 July; its window passes on 10 August and closes nothing."""
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", reason="Court", review_on="2026-09-01", points=[1])
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    if ends == "split":
        send(case, "split", "2026-08-18", points=[1], procedure="corporate")
    else:
        send(case, "agree_statement", "2026-08-18", points=["One thing.", "Another.", "A third."])
    send(case, "resume", "2026-08-20", reason="Over")
    found = status(case, "2026-08-21")
    assert found["state"] == "open"
    assert found["waiting_for"] != "nobody"
    assert found["next_due_on"] is not None


def test_two_remedies_one_late_and_done_one_never() -> None:
    case = acknowledged()
    case.due(at("2026-06-01"))
    said = [
        {"what": "Say sorry", "due_on": "2026-06-19"},
        {"what": "Pay", "amount": "250.00", "due_on": "2026-06-26"},
    ]
    send(case, "respond", "2026-06-12", outcome="upheld", remedies=said)
    done(case, "2026-06-12")
    assert letters(done(case, "2026-06-22")).count("remedy_late") == 1
    assert letters(done(case, "2026-06-29")).count("remedy_late") == 1
    assert send(case, "complete_remedy", "2026-07-02", remedy=2, evidence="Ledger").applied
    assert letters(done(case, "2026-07-02")) == ["remedy_done"]
    found = status(case, "2026-09-01")
    assert found["state"] == "closed"  # lapsed after the window; the remedy outlives it
    assert [each["name"] for each in found["late"]] != []
    assert found["waiting_for"] != "nobody"
