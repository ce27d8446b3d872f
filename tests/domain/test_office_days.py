"""Turns that real complaints take, as an office, the Ombudsman and a parent live them.

What is expected follows from the Regulations, the guidance and docs/messages.md, by hand with a calendar: in
June to August 2026 five working days are a week, and Monday 31 August is a bank holiday.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from redress.domain.case import Answer, Case
from redress.procedures.loader import rules_for
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    appoint,
    at,
    at_stage_2,
    at_stage_3,
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
    points,
    problems,
    send,
    shown,
    status,
)

COURT = {"reason": "The same matter is before a court.", "ground": "proceedings"}


def finding(*numbers: int, outcome: str = "not_upheld") -> list[dict[str, Any]]:
    return [{"point": number, "outcome": outcome} for number in numbers]


def signal(case: Case, action: str, on: str, **fields: Any) -> Answer:
    return case.receive(case.parse(action, {"on": on, **fields}, at(on), is_signal=True), at(on))


def move(case: Case, on: str, to: str, **more: Any) -> Answer:
    opening = case.intake.model_copy(update={"procedure": to, "statutory": None})
    rules = rules_for(opening).packed
    return send(case, "change_procedure", on, procedure=to, reason="The wrong one.", rules=rules, **more)


def strike(case: Case, message: str, on: str, **more: Any) -> Answer:
    return send(case, "strike_out", on, message=message, reason="Of another complaint.", **more)


def owed(case: Case, on: str) -> list[str]:
    """What runs or is late, by name."""
    return [
        d["name"] for d in status(case, on)["deadlines"] if d["state"] in ("running", "overdue", "paused")
    ]


def is_alive(case: Case, on: str) -> None:
    """An open complaint shows something owed, and whose it is."""
    found = status(case, on)
    assert found["state"] != "closed"
    assert found["next_due_on"] is not None
    assert found["waiting_for"] != "nobody"


def prepared(*, to: str = "2026-06-16") -> Case:
    return investigated()


# --- R1: requests ----------------------------------------------------------------------------------


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


# --- R2: late answers ------------------------------------------------------------------------------


def asked_beyond() -> Case:
    case = opened()
    send(case, "escalate", "2026-06-22")
    return case


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


# --- R3: some points, further and amended answers ---------------------------------------------------


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


# --- R5, R6: pauses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "on", "limit"),
    [
        (acknowledged, "2026-06-03", "stage_1_response"),
        (at_stage_2, "2026-06-17", "stage_2_response"),
        (at_stage_3, "2026-07-21", "panel_meeting"),
    ],
)
@pytest.mark.parametrize("ground", ["advocate", "complainant_asked", "other", "proceedings"])
def test_only_a_ground_of_the_file_stops_a_clock_at_any_stage(
    story: Any, on: str, limit: str, ground: str
) -> None:
    case = story()
    before = shown(case, limit, on)[0]
    review = "2026-10-01"
    assert send(case, "suspend", on, reason="X", ground=ground, review_on=review).applied
    stops = ground == "proceedings" or (ground == "advocate" and limit == "stage_1_response")
    assert (status(case, on)["state"] == "suspended") is stops
    assert shown(case, limit, on)[1] == ("paused" if stops else "running")
    if not stops:
        assert deadline(case, limit, on)["due_on"] == before
        assert irregular(case, on)
    assert deadline(case, limit, on)["due_on_without_pause"] == before


def test_resumed_late_in_the_file_the_clock_went_on_the_day_that_it_says() -> None:
    """The resumption of 1 July is typed on 20 July: what ran out meanwhile is late."""
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", review_on="2026-08-03", **COURT)
    assert send(case, "resume", "2026-07-01", arrives="2026-08-06").applied
    # 20 July and seven working days.
    assert shown(case, "stage_2_response", "2026-08-06") == ("2026-07-29", "overdue", 6)
    found = deadline(case, "stage_2_response", "2026-08-06")
    assert (found["due_on_without_pause"], found["days_late_without_pause"]) == ("2026-07-20", 13)


def test_late_by_five_when_suspended_it_is_late_by_five_when_it_is_taken_up() -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-01")
    send(case, "suspend", "2026-06-22", review_on="2026-09-01", **COURT)
    for on in ("2026-06-22", "2026-07-15", "2026-08-20"):
        assert shown(case, "stage_1_response", on) == ("2026-06-15", "overdue", 5)
    done(case, "2026-06-22")
    assert "breach_notice" not in letters(done(case, "2026-08-20"))
    send(case, "resume", "2026-08-21")
    assert shown(case, "stage_1_response", "2026-08-24")[1] == "overdue"
    assert shown(case, "stage_1_response", "2026-08-24")[2] in (5, 6)


def test_the_review_of_a_pause_that_passes_is_late_and_the_managers() -> None:
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", review_on="2026-07-06", **COURT)
    found = status(case, "2026-07-10")
    assert found["waiting_for"] == "complaints_manager"
    assert "suspension_review" in [each["name"] for each in found["late"]]


def test_an_extension_cannot_be_given_twice_by_way_of_a_pause() -> None:
    case = opened("2026-06-01")
    send(case, "suspend", "2026-06-08", reason="x", ground="advocate", review_on="2026-06-12")
    send(case, "resume", "2026-06-15")
    send(case, "extend", "2026-06-16", reason="Two teams")
    assert deadline(case, "stage_1_response", "2026-06-16")["due_on"] <= "2026-06-29"
    assert shown(case, "stage_1_response", "2026-07-01")[1] == "overdue"


# --- R7: corrections ---------------------------------------------------------------------------------


def test_a_receipt_corrected_after_an_extension_at_stage_2_leaves_it() -> None:
    case = at_stage_2()
    assert send(case, "extend", "2026-07-01", reason="A witness", until="2026-09-15").applied
    send(case, "correct", "2026-07-02", field="received_on", value="2026-05-28", reason="Stamp")
    assert shown(case, "stage_2_response", "2026-07-02") == ("2026-09-15", "running", 0)


def test_a_request_dated_anew_moves_the_extension_with_it_no_further_than_the_most() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", message_id="asked")
    send(case, "extend", "2026-07-01", reason="A witness", until="2026-09-15")
    send(case, "correct", "2026-07-02", field="asked.on", value="2026-06-10", reason="Stamp")
    assert shown(case, "stage_2_response", "2026-07-02") == ("2026-09-10", "running", 0)  # 65 from 10 June
    assert facts(case, "correction_undid")["undone"]


def test_a_correction_that_makes_an_answer_late_says_so() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-12", outcome="upheld", message_id="a")
    answer = send(case, "correct", "2026-06-19", field="a.on", value="2026-06-17", reason="Typed wrongly.")
    assert shown(case, "stage_1_response", "2026-06-19") == ("2026-06-15", "met_late", 2)
    assert answer.changed


# --- R8: points and procedures -----------------------------------------------------------------------


def test_points_added_at_stage_1_are_owed_their_answer_by_the_same_day() -> None:
    case = acknowledged()
    assert send(case, "add_points", "2026-06-05", points=["And the lift is broken."], reason="x").applied
    send(case, "respond", "2026-06-12", outcome="upheld", findings=finding(1, 2))
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)


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


def test_a_statement_that_comes_after_the_adjudication_puts_nothing_new_at_issue() -> None:
    """It is recorded; but for it the adjudication would count for a point that it says nothing about."""
    case = at_stage_2()
    send(case, "respond", "2026-07-10", outcome="not_upheld", received_on="2026-07-10")
    assert send(case, "agree_statement", "2026-07-13", points=["Something else."]).applied
    assert points(case, "2026-07-13").keys() == {1, 2}
    assert any("stay as they are" in each for each in irregular(case, "2026-07-13"))


# --- R9: the Ombudsman -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "on"),
    [
        (opened, "2026-06-02"),
        (answered, "2026-06-09"),
        (at_stage_2, "2026-06-17"),
        (adjudicated, "2026-07-15"),
        (at_stage_3, "2026-07-22"),
    ],
)
def test_an_enquiry_and_a_draft_at_any_stage_are_owed_replies_and_stop_nothing(story: Any, on: str) -> None:
    case = story()
    before = [(d["name"], d["due_on"], d["state"]) for d in status(case, on)["deadlines"]]
    said = {"ombudsman_reference": "26 000 001"}
    assert send(case, "refer_to_ombudsman", on, approached_by="complainant").applied
    assert send(case, "ombudsman_enquiry", on, kind="enquiry", reply_by="2026-09-10", **said).applied
    assert send(case, "ombudsman_enquiry", on, kind="draft_decision", reply_by="2026-09-17", **said).applied
    after = [(d["name"], d["due_on"], d["state"]) for d in status(case, on)["deadlines"]]
    assert all(each in after for each in before)
    late = [each["name"] for each in status(case, "2026-09-18")["late"]]
    assert sum("ombudsman_reply" in name for name in late) == 2
    assert send(
        case, "ombudsman_enquiry", "2026-09-18", kind="enquiry", replied_on="2026-09-18", **said
    ).applied


def test_a_late_reply_to_the_ombudsman_is_late_by_its_days() -> None:
    case = at_stage_2()
    send(
        case,
        "ombudsman_enquiry",
        "2026-06-17",
        kind="enquiry",
        reply_by="2026-07-01",
        ombudsman_reference="A",
    )
    send(
        case,
        "ombudsman_enquiry",
        "2026-07-08",
        kind="enquiry",
        replied_on="2026-07-08",
        ombudsman_reference="A",
    )
    found = [d for d in status(case, "2026-07-10")["deadlines"] if d["name"].startswith("ombudsman_reply")]
    assert [(d["due_on"], d["state"], d["days_late"]) for d in found] == [("2026-07-01", "met_late", 5)]


@pytest.mark.parametrize(
    ("story", "on"),
    [
        (acknowledged, "2026-06-04"),
        (answered, "2026-06-10"),
        (at_stage_2, "2026-06-18"),
        (adjudicated, "2026-07-15"),
    ],
)
def test_premature_ends_nothing_and_nothing_is_late_for_it(story: Any, on: str) -> None:
    case = story()
    send(case, "refer_to_ombudsman", on, approached_by="complainant")
    before = status(case, on)
    assert send(case, "ombudsman_decision", on, category="premature").applied
    after = status(case, on)
    assert (after["state"], after["stage"]) == (before["state"], before["stage"])
    is_alive(case, on)


@pytest.mark.parametrize("closed_as", ["lapsed", "completed"])
@pytest.mark.parametrize("back_to", ["stage_1", "stage_2", "stage_3"])
def test_do_it_again_begins_a_round_of_the_stage_from_the_day_of_the_decision(
    closed_as: str, back_to: str
) -> None:
    if closed_as == "lapsed":
        case = adjudicated()
    else:
        case = panel_called()
        send(case, "hold_panel", "2026-08-24")
        send(case, "report", "2026-08-28", kind="panel")
        send(case, "respond", "2026-09-10", outcome="not_upheld", independent_person_consulted=True)
    on = "2026-11-02"
    assert status(case, on)["closed_as"] == closed_as
    send(case, "refer_to_ombudsman", "2026-10-01", approached_by="complainant")
    assert send(case, "ombudsman_decision", on, category="upheld", returns_to=back_to).applied
    found = status(case, on)
    assert (found["state"], found["stage"]) == ("open", back_to)
    name, due = {
        "stage_1": ("stage_1_response", "2026-11-16"),
        "stage_2": ("stage_2_response", "2026-12-07"),
        "stage_3": ("panel_meeting", "2026-12-14"),
    }[back_to]
    assert shown(case, name, on) == (due, "running", 0)
    assert deadline(case, name, on)["round"] == (1 if closed_as == "lapsed" and back_to == "stage_3" else 2)
    is_alive(case, on)


def test_of_a_new_round_of_stage_2_the_old_investigator_is_a_conflict() -> None:
    case = adjudicated()
    send(case, "ombudsman_decision", "2026-11-02", category="upheld", returns_to="stage_2")
    old = appoint(case, "investigating_officer", "2026-11-03")
    assert not old.applied
    assert "before" in old.reason
    considered = {"conflict_considered": "The Ombudsman wants the same person.", "message_id": "again"}
    assert appoint(case, "investigating_officer", "2026-11-04", **considered).applied


# --- L5, remedies ------------------------------------------------------------------------------------


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


# --- R10: endings ------------------------------------------------------------------------------------

KINDS: dict[str, dict[str, Any]] = {
    "by_agreement": {"agreed_by_complainant": True},
    "died": {"who": "Imaginaria Nobody"},
    "duplicate": {"of": "CYP-2026-000002"},
    "transferred": {"to": "Elsewhere Council"},
    "settled": {"terms": "A call every week.", "agreed_by_complainant": True},
}
STORIES = [
    (opened, "2026-06-02"),
    (answered, "2026-06-09"),
    (at_stage_2, "2026-06-17"),
    (adjudicated, "2026-07-15"),
    (panel_called, "2026-08-12"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("story", "on"), STORIES)
def test_every_ending_at_every_stage_stops_every_clock_and_threatens_nobody(
    story: Any, on: str, kind: str
) -> None:
    case = story()
    done(case, on)
    assert send(case, "close", on, reason="As it was.", kind=kind, **KINDS[kind]).applied
    found = status(case, on)
    assert found["closed_as"] == ("ended_early" if kind == "by_agreement" else kind)
    assert owed(case, on) == []
    assert found["pending"] == []
    told = letters(done(case, on, "16:00"))
    assert "withdrawal" not in told
    if kind == "died":
        assert set(told) <= {"part_ended"}, "those appointed alone"
    assert letters(done(case, "2026-12-30")) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("story", "on"), STORIES)
def test_every_ending_that_was_a_mistake_can_be_struck_out(story: Any, on: str, kind: str) -> None:
    case, otherwise = story(), story()
    send(case, "close", on, reason="As it was.", kind=kind, message_id="end", **KINDS[kind])
    assert strike(case, "end", on).applied
    a, b = status(case, on), status(otherwise, on)
    assert (a["state"], a["stage"], a["closed_as"], a["links"]) == (b["state"], b["stage"], None, b["links"])
    assert [(d["name"], d["due_on"], d["state"]) for d in a["deadlines"]] == [
        (d["name"], d["due_on"], d["state"]) for d in b["deadlines"]
    ]


def test_dead_before_the_window_ends_nobody_is_told_that_it_has_lapsed() -> None:
    case = adjudicated()
    send(case, "close", "2026-07-20", reason="x", kind="died", who="Imaginaria Nobody")
    done(case, "2026-07-20")
    assert letters(done(case, "2027-01-20")) == []
    assert status(case, "2027-01-20")["closed_as"] == "died"


def test_a_death_during_a_pause_ends_the_pause() -> None:
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", review_on="2026-08-03", **COURT)
    assert send(case, "close", "2026-07-01", reason="x", kind="died").applied
    assert owed(case, "2026-07-02") == []


# --- strikes of each sort ----------------------------------------------------------------------------


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


# --- R11: panels -------------------------------------------------------------------------------------


def test_adjourned_twice_the_report_counts_from_the_third_sitting() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-07")
    send(case, "hold_panel", "2026-09-07", adjourned_to="2026-09-21")
    assert shown(case, "panel_meeting", "2026-09-08") == ("2026-09-01", "met", 0)
    assert "panel_report" not in deadlines(case, "2026-09-08")
    is_alive(case, "2026-09-08")
    assert status(case, "2026-09-08")["next_due_on"] == "2026-09-21"
    send(case, "hold_panel", "2026-09-21")
    assert shown(case, "panel_report", "2026-09-21")[0] == "2026-09-28"
    assert shown(case, "final_response", "2026-09-21")[0] == "2026-10-19"


def test_adjourned_and_forgotten_the_next_sitting_is_late_and_somebodys() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24", adjourned_to="2026-09-07")
    found = status(case, "2026-09-20")
    assert [each["name"] for each in found["late"]] == ["panel_sitting"]
    is_alive(case, "2026-09-20")


def test_a_member_replaced_on_the_day_of_the_panel() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-24", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    assert appoint(case, "panel_member", "2026-08-24", name="Stand In").applied
    assert send(case, "hold_panel", "2026-08-24").applied
    assert irregular(case, "2026-08-24") == []
    assert shown(case, "panel_meeting", "2026-08-24")[1] == "met"


def test_a_panel_held_with_a_place_empty_is_recorded_and_irregular() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-24", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    assert send(case, "hold_panel", "2026-08-24").applied
    assert irregular(case, "2026-08-24"), "three people are the law (reg 19)"


def test_moved_at_the_persons_wish_twice_counts_for_both() -> None:
    case = at_stage_3()
    said: dict[str, Any] = {"at_request_of": "complainant", "offered_on": "2026-08-24"}
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-07", **said)
    send(case, "schedule_panel", "2026-09-01", meeting_on="2026-09-21", **said)
    found = deadline(case, "panel_meeting", "2026-09-10")
    assert (found["due_on"], found["days_late"]) == ("2026-09-01", 0)
    assert "panel_delay" not in letters(done(case, "2026-09-10"))


# --- R12: conflicts ----------------------------------------------------------------------------------


def test_who_answered_stage_1_is_a_conflict_by_number_too() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="not_upheld", by="Hester Pretend")
    send(case, "escalate", "2026-06-15")
    refused = appoint(
        case, "adjudicating_officer", "2026-06-16", name="Hester Pretend", connection="employee"
    )
    assert not refused.applied


def test_the_advocate_is_no_investigator_of_the_same_complaint() -> None:
    case = at_stage_2()
    appoint(case, "independent_person", "2026-06-16", name="Supporta Invented")
    assert send(case, "set_advocate", "2026-06-17", advocate={"name": "Supporta Invented"}).applied
    assert status(case, "2026-06-17")["questions"]


def test_who_stood_down_as_member_is_no_conflict_for_their_own_return_only() -> None:
    case = panel_called()
    send(
        case, "stand_down", "2026-08-12", role="panel_member", person={"name": "Unreal Sitter"}, reason="Ill"
    )
    back = appoint(
        case,
        "panel_member",
        "2026-08-14",
        name="Unreal Sitter",
        message_id="back",
        conflict_considered="Well again.",
    )
    assert back.applied


# --- R13, R14 ----------------------------------------------------------------------------------------


def test_an_old_target_hides_no_limit_that_runs() -> None:
    case = opened(authority="young-people", complainant={"name": "Tamsin Notareal", "role": "young person"})
    send(case, "acknowledge", "2026-06-02")
    assert status(case, "2026-06-10")["next_due_on"] == "2026-06-15"
    assert status(case, "2026-06-10")["waiting_for"] == "stage_manager"


def test_an_intake_that_is_asked_about_goes_on_counting() -> None:
    case = opened(events_on="2024-01-01", authority="north-somerset")
    assert shown(case, "stage_1_response", "2026-06-02")[0] == "2026-06-15"
    is_alive(case, "2026-06-02")
    send(case, "accept", "2026-06-10", reason="There was a reason.")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-15", "running", 0)


# --- the record --------------------------------------------------------------------------------------


def test_an_answer_without_a_finding_on_a_point_that_there_is_not_is_said() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="upheld", findings=finding(9))
    assert irregular(case, "2026-06-08")
    assert shown(case, "stage_1_response", "2026-06-16")[1] == "overdue"


def test_problems_name_the_field_of_a_wrong_stage() -> None:
    assert "stage" in problems(acknowledged(), "respond", {"outcome": "upheld", "stage": "stage_9"})


# --- what comes before the final response ------------------------------------------------------------


@pytest.mark.parametrize("how", ["a panel ordered", "taken up after a death", "premature after a withdrawal"])
def test_before_the_panel_has_met_the_panel_is_owed_and_no_final_response(how: str) -> None:
    """Regulations reg 19 and 20: 30 working days to the panel, and the response counts from its report."""
    if how == "a panel ordered":
        case = adjudicated()
        assert status(case, "2026-08-12")["closed_as"] == "lapsed"
        send(case, "ombudsman_decision", "2026-09-01", category="upheld", returns_to="stage_3")
    elif how == "taken up after a death":
        case = panel_called()
        send(case, "close", "2026-08-12", reason="x", kind="died")
        who = {"name": "Executrix Invented", "role": "other"}
        send(case, "reopen", "2026-09-01", reason="x", complainant=who, capacity="executor")
    else:
        case = panel_called()
        send(case, "withdraw", "2026-08-12")
        send(case, "refer_to_ombudsman", "2026-08-13", approached_by="complainant")
        send(case, "ombudsman_decision", "2026-09-01", category="premature")
    assert status(case, "2026-09-01")["stage"] == "stage_3"
    assert shown(case, "panel_meeting", "2026-09-01") == ("2026-10-13", "running", 0)
    assert "final_response" not in owed(case, "2026-09-01")
    send(case, "hold_panel", "2026-10-12")
    assert shown(case, "final_response", "2026-10-12") == ("2026-11-09", "running", 0)  # provisionally 20
    send(case, "report", "2026-10-19", kind="panel")
    assert shown(case, "final_response", "2026-10-19") == ("2026-11-09", "running", 0)  # 15 from the report
    send(case, "respond", "2026-11-09", outcome="upheld", independent_person_consulted=True)
    found = status(case, "2026-11-09")
    assert (found["closed_as"], found["overdue"]) == ("completed", False)


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
