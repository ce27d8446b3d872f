"""Answers and requests: what an answer answers, when it was received, and what a request opens."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    asked_beyond,
    at_stage_2,
    deadline,
    done,
    facts,
    investigated,
    irregular,
    letters,
    opened,
    owed,
    points,
    problems,
    send,
    shown,
    signal,
    status,
)

POST = {"name": "Imaginaria Nobody", "role": "parent", "address": "1 Made-up Row\nExampletown EX1 1AA"}
UPHELD_1 = [{"point": 1, "outcome": "upheld"}]
UPHELD_2 = [{"point": 2, "outcome": "upheld"}]


# --- a late answer (R2) --------------------------------------------------------------------------


def test_a_late_stage_1_letter_is_a_stage_1_answer_and_stage_2_runs_on() -> None:
    case = asked_beyond()
    assert send(case, "respond", "2026-06-24", stage="stage_1", outcome="not_upheld").applied
    assert shown(case, "stage_1_response", "2026-06-25") == ("2026-06-15", "met_late", 7)
    assert shown(case, "stage_2_response", "2026-06-25") == ("2026-07-27", "running", 0)
    assert status(case, "2026-06-25")["stage"] == "stage_2"
    assert points(case, "2026-06-25")[1] == ("open", [("stage_1", "not_upheld")])
    assert letters(done(case, "2026-06-24"))[-1] == "stage_1_response"
    assert "adjudication" not in {effect.template for effect in case.state.effects}
    assert "stage_3_request" not in {d["name"] for d in status(case, "2026-06-25")["deadlines"]}
    assert status(case, "2026-10-01")["state"] == "open"  # nothing lapses while Stage 2 is owed


def test_an_update_that_leaves_the_stage_open_names_the_stages_to_choose_from() -> None:
    said = problems(asked_beyond(), "respond", {"on": "2026-06-24", "outcome": "upheld"}, "2026-06-24")
    assert list(said) == ["stage"]
    assert "stage_1, stage_2" in said["stage"]


def test_a_signal_that_leaves_it_open_is_kept_and_meets_nothing_until_it_is_corrected() -> None:
    case = asked_beyond()
    answer = signal(case, "respond", "2026-06-24", outcome="upheld", message_id="letter-7")
    assert answer.pending
    found = status(case, "2026-06-25")
    assert [each["message_id"] for each in found["pending"]] == ["letter-7"]
    assert any("letter-7.stage" in question for question in found["questions"])
    assert shown(case, "stage_1_response", "2026-06-25")[1] == "stopped"
    assert "answer_stage_needed" in letters(done(case, "2026-06-24"))
    right = {"field": "letter-7.stage", "value": "stage_1", "reason": "It is the late letter."}
    assert send(case, "correct", "2026-06-26", **right).applied
    assert status(case, "2026-06-26")["pending"] == []
    assert shown(case, "stage_1_response", "2026-06-26")[1] == "met_late"
    assert shown(case, "stage_2_response", "2026-06-26")[1] == "running"


def test_so_is_a_past_message() -> None:
    past = [
        {"action": "escalate", "on": "2026-06-22"},
        {"action": "respond", "on": "2026-06-24", "outcome": "upheld", "message_id": "letter-7"},
    ]
    found = status(opened(today="2026-07-01", messages=past), "2026-07-01")
    assert [each["message_id"] for each in found["pending"]] == ["letter-7"]


def test_a_stage_skipped_by_agreement_owes_no_answer() -> None:
    case = opened()
    send(case, "escalate", "2026-06-03", agreed_by_authority=True)
    assert send(case, "respond", "2026-06-24", outcome="upheld").applied
    assert shown(case, "stage_2_response", "2026-06-24")[1] == "met"


# --- some points, and further answers (R3) -------------------------------------------------------


def test_an_answer_to_some_points_meets_no_limit_and_starts_no_window() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="upheld", findings=UPHELD_1)
    assert shown(case, "stage_1_response", "2026-06-09") == ("2026-06-15", "running", 0)
    assert "stage_1_review" not in {d["name"] for d in status(case, "2026-06-09")["deadlines"]}
    assert facts(case, "stage_1_response")["still_owed"] == [2]
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)


def test_two_teams_answer_and_both_letters_leave() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="upheld", findings=UPHELD_1)
    send(case, "respond", "2026-06-10", outcome="upheld", findings=UPHELD_2)
    assert letters(done(case, "2026-06-10")).count("stage_1_response") == 2
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-15", "met", 0)
    assert deadline(case, "stage_1_review", "2026-06-10")["counts_from"] == "2026-06-10"
    assert irregular(case, "2026-06-10") == []


def test_the_next_stage_may_be_asked_for_a_point_once_that_is_answered() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="not_upheld", findings=UPHELD_1)
    assert send(case, "escalate", "2026-06-09", points=[2]).pending
    assert send(case, "escalate", "2026-06-09", points=[1], message_id="one").applied
    assert status(case, "2026-06-09")["stage"] == "stage_2"
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
    said: dict[str, Any] = {"outcome": "upheld", "findings": UPHELD_2}
    assert send(case, "respond", "2026-06-17", stage="stage_1", **said).applied
    assert shown(case, "stage_1_response", "2026-06-17")[1] == "met_late"
    assert shown(case, "stage_2_response", "2026-06-17")[1] == "running"


def test_no_window_closes_it_while_an_earlier_stage_owes_a_point() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="not_upheld", findings=UPHELD_1)
    send(case, "escalate", "2026-06-09", points=[1])
    send(case, "respond", "2026-06-22", stage="stage_2", outcome="not_upheld")
    assert status(case, "2026-09-01")["state"] == "open"
    assert status(case, "2026-09-01")["waiting_for"] != "nobody"


def test_what_is_split_off_leaves_the_rest_answered() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="upheld", findings=UPHELD_1)
    send(case, "split", "2026-06-09", points=[2], procedure="corporate")
    assert shown(case, "stage_1_response", "2026-06-09")[1] == "met"


def test_an_amended_answer_is_sent_as_such_and_gives_the_window_anew() -> None:
    case = investigated()
    first = {"outcome": "not_upheld", "received_on": "2026-07-13", "message_id": "first"}
    send(case, "respond", "2026-07-13", remedies=[{"what": "Apologise"}], **first)
    done(case, "2026-07-13")
    assert send(case, "respond", "2026-07-20", outcome="upheld", amends="first").applied
    assert "adjudication" in letters(done(case, "2026-07-20"))
    assert facts(case, "adjudication")["amends_on"] == "2026-07-13"
    assert deadline(case, "stage_2_response", "2026-07-21")["met_on"] == "2026-07-13"
    assert deadline(case, "stage_3_request", "2026-07-21")["due_on"] == "2026-08-19"  # 20 days from the 22nd
    assert [remedy["what"] for remedy in status(case, "2026-07-21")["remedies"]] == ["Apologise"]


def test_it_opens_what_lapsed_meanwhile() -> None:
    case = adjudicated()
    assert status(case, "2026-08-11")["closed_as"] == "lapsed"
    first = case.log[-1].message.message_id
    send(case, "respond", "2026-08-12", outcome="upheld", amends=first)
    assert status(case, "2026-08-12")["state"] == "open"
    assert shown(case, "stage_3_request", "2026-08-12") == ("2026-09-14", "running", 0)


def test_where_the_next_stage_runs_it_runs_on() -> None:
    case = at_stage_2()
    first = case.log[1].message.message_id
    send(case, "respond", "2026-06-22", outcome="upheld", amends=first)
    assert status(case, "2026-06-22")["stage"] == "stage_2"
    assert shown(case, "stage_2_response", "2026-06-22") == ("2026-07-20", "running", 0)
    assert "stage_1_response" in letters(done(case, "2026-06-22"))


def test_a_second_answer_of_other_content_amends_and_one_of_the_same_is_noted() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="not_upheld", message_id="a")
    send(case, "respond", "2026-06-09", outcome="not_upheld", message_id="b")
    send(case, "respond", "2026-06-10", outcome="upheld", message_id="c")
    assert letters(done(case, "2026-06-10")).count("stage_1_response") == 2
    assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] == "2026-06-08"
    assert points(case, "2026-06-10")[1] == ("open", [("stage_1", "not_upheld"), ("stage_1", "upheld")])


def test_an_answer_that_there_is_none_of_cannot_be_amended() -> None:
    raw = {"on": "2026-06-08", "outcome": "upheld", "amends": "nothing"}
    assert list(problems(opened(), "respond", raw)) == ["amends"]


# --- receipt (R4) --------------------------------------------------------------------------------


def adjudicated_late(**said: Any) -> Case:
    """Answered on Monday 13 July, as it was typed on Friday 17 July."""
    case = investigated()
    send(case, "respond", "2026-07-13", arrives="2026-07-17", outcome="upheld", **said)
    return case


@pytest.mark.parametrize(
    ("said", "counts_from"),
    [
        ({}, "2026-07-21"),  # two working days after Friday 17 July, when the letter left
        ({"letter": "at_once"}, "2026-07-21"),
        ({"letter": "sent"}, "2026-07-15"),
        ({"letter": "sent", "received_on": "2026-07-14"}, "2026-07-14"),
        ({"received_on": "2026-07-14"}, "2026-07-21"),  # nobody has a letter before it left
        ({"received_on": "2026-07-17"}, "2026-07-17"),
    ],
)
def test_what_redress_writes_is_received_after_it_left(said: dict[str, Any], counts_from: str) -> None:
    case = adjudicated_late(**said)
    assert deadline(case, "stage_3_request", "2026-07-17")["counts_from"] == counts_from
    is_sent = said.get("letter") == "sent"
    assert ("adjudication" in {effect.template for effect in case.state.effects}) is not is_sent


def test_post_takes_a_day_longer_than_e_mail() -> None:
    case = opened(complainant=POST)
    send(case, "escalate", "2026-06-03", agreed_by_authority=True)
    send(case, "respond", "2026-07-13", outcome="upheld")
    assert deadline(case, "stage_3_request", "2026-07-13")["counts_from"] == "2026-07-16"


# --- requests (R1) -------------------------------------------------------------------------------


def test_points_that_rest_join_the_stage_that_runs() -> None:
    case = opened()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15", points=[1])
    assert send(case, "escalate", "2026-07-13", points=[2]).applied
    assert points(case, "2026-07-13")[2][0] == "open"
    assert shown(case, "stage_2_response", "2026-07-13") == ("2026-07-20", "running", 0)
    assert "points_joined" in letters(done(case, "2026-07-13"))
    send(case, "respond", "2026-07-15", outcome="upheld")
    assert status(case, "2026-07-15")["stage"] == "stage_2"
    assert points(case, "2026-07-15")[2][1][-1] == ("stage_2", "upheld")


def early() -> Case:
    """A panel asked for on 30 June, before the adjudication of 13 July: until 10 August."""
    case = investigated()
    assert send(case, "escalate", "2026-07-10").pending
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    return case


def test_a_request_before_the_adjudication_opens_no_panel_and_the_person_is_asked() -> None:
    case = early()
    assert status(case, "2026-07-14")["stage"] == "stage_2"
    assert "early_request_question" in letters(done(case, "2026-07-13"))
    names = {d["name"] for d in status(case, "2026-07-14")["deadlines"]}
    assert "panel_meeting" not in names


def test_a_yes_is_in_time_and_the_panel_counts_from_the_adjudication() -> None:
    case = early()
    assert send(case, "decide_early", "2026-07-20", accept=True, reason="She rang.").applied
    assert status(case, "2026-07-20")["stage"] == "stage_3"
    assert deadline(case, "panel_meeting", "2026-07-20")["counts_from"] == "2026-07-13"
    assert shown(case, "stage_3_request", "2026-07-20")[1] == "met"


def test_a_no_opens_none_and_the_time_to_ask_runs_on() -> None:
    case = early()
    assert send(case, "decide_early", "2026-07-20", accept=False, reason="She rang.").applied
    assert shown(case, "stage_3_request", "2026-07-20") == ("2026-08-10", "running", 0)
    assert status(case, "2026-08-11")["closed_as"] == "lapsed"


def test_without_an_answer_nothing_lapses_and_the_manager_asks_again() -> None:
    case = early()
    found = status(case, "2026-08-11")
    assert (found["state"], found["waiting_for"]) == ("open", "complaints_manager")
    assert shown(case, "early_request_decision", "2026-08-11")[1] == "running"
    assert "decision_needed" in letters(done(case, "2026-08-11"))
    assert send(case, "decide_early", "2026-08-13", accept=True, reason="Rang: yes.").applied
    assert status(case, "2026-08-13")["stage"] == "stage_3"
    assert shown(case, "stage_3_request", "2026-08-13")[1] == "met"


def test_asked_for_again_after_the_adjudication_it_opens() -> None:
    case = early()
    assert send(case, "escalate", "2026-07-20", message_id="again").applied
    assert status(case, "2026-07-20")["stage"] == "stage_3"


def test_there_is_nothing_to_decide_without_a_request_or_before_the_adjudication() -> None:
    case = investigated()
    assert "No request" in send(case, "decide_early", "2026-07-10", accept=True, reason="x").reason
    send(case, "escalate", "2026-07-10")
    assert "not there yet" in send(case, "decide_early", "2026-07-11", accept=True, reason="x").reason


# --- who writes ----------------------------------------------------------------------------------


def test_what_the_authority_has_sent_itself_is_not_written_again() -> None:
    case = opened()
    send(case, "decline", "2026-06-03", reason="Not ours.", letter="sent")
    assert "declined" not in {effect.template for effect in case.state.effects}


# --- a threat that is none (L7) ------------------------------------------------------------------


def test_no_threat_to_close_while_a_point_waits() -> None:
    case = opened()
    review = {"reason": "Court", "review_on": "2026-12-01"}
    send(case, "suspend", "2026-06-02", points=[2], **review)
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert "close" not in status(case, "2026-06-09")["plain"]["next"].split("after")[0]
    assert "stays open" in status(case, "2026-06-09")["plain"]["next"]


# --- late answers, by every way -------------------------------------------------------------------


def test_a_late_letter_told_by_signal_with_its_stage_is_met_late_at_once() -> None:
    case = asked_beyond()
    assert signal(case, "respond", "2026-06-24", outcome="upheld", stage="stage_1").applied
    assert shown(case, "stage_1_response", "2026-06-24") == ("2026-06-15", "met_late", 7)
    assert status(case, "2026-06-24")["stage"] == "stage_2"


def test_a_late_letter_after_the_adjudication_too_is_a_stage_1_answer() -> None:
    case = asked_beyond()
    send(case, "respond", "2026-07-24", outcome="not_upheld", stage="stage_2", received_on="2026-07-24")
    assert send(case, "respond", "2026-07-27", outcome="upheld", stage="stage_1").applied
    assert shown(case, "stage_1_response", "2026-07-27")[1] == "met_late"
    assert shown(case, "stage_2_response", "2026-07-27")[1] == "met"
    assert status(case, "2026-07-27")["stage"] == "stage_2"
    assert shown(case, "stage_3_request", "2026-07-27")[1] == "running"


def test_a_late_letter_during_the_panel_too() -> None:
    case = asked_beyond()
    send(case, "respond", "2026-07-24", outcome="not_upheld", stage="stage_2", received_on="2026-07-24")
    send(case, "escalate", "2026-07-27")
    before = owed(case, "2026-07-28")
    assert send(case, "respond", "2026-07-28", outcome="upheld", stage="stage_1").applied
    assert status(case, "2026-07-28")["stage"] == "stage_3"
    assert [name for name in before if name != "stage_1_response"] == owed(case, "2026-07-28")


def test_a_stage_1_letter_dated_before_the_request_and_logged_after_it_was_in_time() -> None:
    """Judged by `on`: it had been sent on 12 June and was typed on 24 June."""
    case = asked_beyond()
    said = {"outcome": "not_upheld", "letter": "sent", "received_on": "2026-06-12"}
    assert send(case, "respond", "2026-06-12", arrives="2026-06-24", **said).applied
    assert shown(case, "stage_1_response", "2026-06-24") == ("2026-06-15", "met", 0)
    assert status(case, "2026-06-24")["stage"] == "stage_2"
    assert shown(case, "stage_2_response", "2026-06-24") == ("2026-07-27", "running", 0)


def test_two_late_letters_without_a_stage_wait_each_for_itself() -> None:
    case = asked_beyond()
    signal(case, "respond", "2026-06-24", outcome="upheld", message_id="one", summary="One")
    signal(case, "respond", "2026-06-25", outcome="upheld", message_id="two", summary="Two")
    found = status(case, "2026-06-25")
    assert [each["message_id"] for each in found["pending"]] == ["one", "two"]
    send(case, "correct", "2026-06-26", field="one.stage", value="stage_1", reason="It is.")
    left = status(case, "2026-06-26")
    # The first Stage 1 letter has come, so that the second can only be the answer of the stage that runs, or
    # it goes on waiting: it never meets the same limit a second time.
    assert shown(case, "stage_1_response", "2026-06-26") == ("2026-06-15", "met_late", 7)
    assert left["stage"] == "stage_2"


def test_problems_name_the_field_of_a_wrong_stage() -> None:
    assert "stage" in problems(acknowledged(), "respond", {"outcome": "upheld", "stage": "stage_9"})
