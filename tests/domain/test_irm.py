"""The Independent Review Mechanism's own procedure (rules 000): two stages, in calendar days, as targets.

Received on Monday 1 June 2026: tried informally by Wednesday 3 June (2 working days). Asked for Stage 1 on
that Wednesday, an answer is usual by Wednesday 10 June (7 days). Nothing here is a limit whose passing
is a breach: "usually within" is reminded and reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.procedures.loader import rules_for
from tests.domain.conftest import (
    MONDAY,
    appoint,
    breaches,
    deadline,
    deadlines,
    document,
    done,
    facts,
    irm,
    irregular,
    letters,
    opened,
    problems,
    send,
    shown,
    status,
)

ABOUT_THE_MANAGER = {"about": {"people": ["The contract manager"]}}


def tried() -> Case:
    """Not settled informally, on Tuesday 2 June."""
    case = irm()
    send(case, "resolve_informally", "2026-06-02", agreed=False)
    return case


def at_stage_1() -> Case:
    """Stage 1 asked for on Wednesday 3 June: an answer is usual by Wednesday 10 June."""
    case = tried()
    send(case, "escalate", "2026-06-03", reason="Still rude", desired_outcome="An apology")
    return case


def answered_at_stage_1() -> Case:
    """Stage 1 answered on Monday 8 June by the contract manager."""
    case = at_stage_1()
    send(case, "respond", "2026-06-08", outcome="not_upheld", by="Contracta Manager")
    return case


def at_stage_2() -> Case:
    """Written back on Friday 12 June: an outcome is usual by Friday 26 June (14 days)."""
    case = answered_at_stage_1()
    send(case, "escalate", "2026-06-12", reason="Nobody asked me", desired_outcome="Somebody else")
    return case


# --- who may complain (000-1) --------------------------------------------------------------------


@pytest.mark.parametrize(
    "role", ["applicant", "Applicant", "fostering_service_provider", "adoption agency", "prospective adopter"]
)
def test_an_applicant_a_provider_or_an_agency_may_complain(role: str) -> None:
    found = status(irm(complainant={"name": "Imaginaria Nobody", "role": role}), MONDAY)
    assert (found["stage"], found["questions"]) == ("informal", [])


@pytest.mark.parametrize("role", ["parent", "neighbour", "social worker", ""])
def test_whoever_else_complains_is_a_question_for_a_person(role: str) -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": role})
    found = status(case, MONDAY)
    assert found["stage"] == "intake"
    assert ["000-1" in question for question in found["questions"]] == [True]
    assert shown(case, "eligibility_decision", MONDAY) == ("2026-06-08", "running", 0)
    assert status(case, "2027-06-01")["state"] == "open", "nothing declines by itself"


def test_whoever_may_not_complain_is_told_so_and_why_and_where_to_go() -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    send(case, "decline", "2026-06-03", reason="A neighbour is no party to a review")
    assert status(case, "2026-06-03")["closed_as"] == "declined"
    assert "declined" in letters(done(case, "2026-06-03"))
    told = facts(case, "declined")
    assert told["message"]["reason"] == "A neighbour is no party to a review"
    assert any("council" in instead for instead in told["instead"])


def test_while_that_is_undecided_no_stage_can_be_asked_for() -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    answer = send(case, "escalate", "2026-06-02")
    assert (answer.applied, answer.pending) == (False, True)
    assert status(case, "2026-06-02")["stage"] == "intake"


def test_accepted_what_was_asked_for_meanwhile_takes_effect() -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    send(case, "escalate", "2026-06-02")
    assert send(
        case, "accept", "2026-06-04", reason="She is the applicant's sister and applied with her"
    ).applied
    assert status(case, "2026-06-04")["stage"] == "stage_1"
    assert "accepted" in letters(done(case, "2026-06-04"))


# --- what about (000-2, 000-3, 000-4) ------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["Nobody answered my letters.", "The panel laughed at me.", "My caseworker was rude."]
)
def test_service_panel_and_caseworker_are_subjects(said: str) -> None:
    assert status(irm(points=[said]), MONDAY)["questions"] == []


WITHIN = [
    "You lost the report that my social worker had sent.",
    "The caseworker gave my agency the wrong date.",
    "The panel chair shouted at my social worker.",
    "I rang seven times and nobody called back.",
    "The hearing was moved twice without a word of warning.",
    "My emails were ignored for three weeks.",
    "The room was too small and the panel kept us waiting.",
]
WITHOUT = [
    "My social worker was rude to me at home.",
    "The agency did not pay my fostering allowance.",
    "The council stopped our training.",
    "The assessment of us was full of mistakes and took nine months.",
    "They took the child away from us without a word.",
    "The fostering service lost our references.",
    "The school excluded my foster son, and that was wrong.",
]


@pytest.mark.parametrize("said", WITHIN)
def test_what_is_about_its_service_its_panel_or_a_caseworker_is_not_asked_about(said: str) -> None:
    assert [each for each in status(irm(points=[said]), MONDAY)["questions"] if "000-2" in each] == []


@pytest.mark.parametrize("said", WITHOUT)
def test_a_point_beyond_the_three_subjects_is_asked_about_and_goes_on_meanwhile(said: str) -> None:
    case = irm(points=["The panel laughed at me.", said])
    found = status(case, MONDAY)
    [asked] = [each for each in found["questions"] if "000-2" in each]
    assert "point 2" in asked
    assert found["stage"] == "informal"
    assert shown(case, "informal_resolution", MONDAY)[1] == "running"
    send(case, "accept", "2026-06-02", reason="It is about how the IRM passed it on")
    assert status(case, "2026-06-02")["questions"] == []


def test_declined_as_beyond_them_the_person_is_told_where_to_go() -> None:
    case = irm(points=["My social worker was rude to me at home."])
    send(case, "decline", "2026-06-03", reason="It is about the agency's social worker")
    assert any("to that body" in instead for instead in facts(case, "declined")["instead"])


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("The agency's decision is wrong.", "000-3"),
        ("The final decision ignores us.", "000-3"),
        ("I disagree with the recommendation.", "000-4"),
        ("The minutes leave out what I said.", "000-4"),
    ],
)
def test_decisions_recommendations_and_minutes_are_asked_about(said: str, rule: str) -> None:
    found = status(irm(points=["My caseworker was rude.", said]), MONDAY)
    assert found["stage"] == "intake"
    assert [rule in question for question in found["questions"]] == [True]


def test_the_person_is_told_with_whom_the_decision_rests() -> None:
    case = irm(points=["The final decision ignores us."])
    send(case, "decline", "2026-06-03", reason="It is about the agency's final decision")
    assert any("rests with" in instead for instead in facts(case, "declined")["instead"])


def test_a_wrong_name_in_the_minutes_can_be_accepted() -> None:
    """Nothing is refused by a word: whether it is a clear factual error, a person decides."""
    case = irm(points=["The minutes give the chair a wrong name."])
    assert send(case, "accept", "2026-06-03", reason="A clear factual error").applied
    assert status(case, "2026-06-03")["stage"] == "informal"


@pytest.mark.parametrize("story", [irm, tried, at_stage_1])
def test_what_it_is_about_may_be_seen_later_and_is_declined_until_stage_1_is_answered(
    story: Callable[[], Case],
) -> None:
    case = story()
    assert send(case, "decline", "2026-06-05", reason="It turns out to be about the recommendation").applied
    assert status(case, "2026-06-05")["closed_as"] == "declined"


def test_after_the_answer_of_stage_1_it_can_no_longer_be_declined() -> None:
    answer = send(answered_at_stage_1(), "decline", "2026-06-09", reason="About the recommendation")
    assert (answer.applied, answer.pending) == (False, False)


# --- informally first (000-6) --------------------------------------------------------------------


def test_informal_resolution_is_tried_first() -> None:
    found = status(irm(), MONDAY)
    assert (found["state"], found["stage"]) == ("open", "informal")
    assert (found["next_due_on"], found["waiting_for"]) == ("2026-06-03", "stage_manager")
    assert "stage_1_response" not in deadlines(irm(), MONDAY)


def test_resolved_there_it_closes_without_stage_1() -> None:
    case = irm()
    send(case, "resolve_informally", "2026-06-03", agreed=True)
    found = status(case, "2026-06-03")
    assert (found["state"], found["closed_as"], found["stage"]) == ("closed", "resolved", "informal")
    assert "stage_1_response" not in deadlines(case, "2026-06-03")


def test_not_resolved_the_person_is_told_what_they_can_do_and_stays_free_to() -> None:
    case = tried()
    assert "informal_not_settled" in letters(done(case, "2026-06-02"))
    assert shown(case, "informal_review", "2026-06-02") == ("2026-06-30", "running", 0)  # 20 working days
    assert status(case, "2026-07-01")["closed_as"] == "lapsed"
    assert send(case, "escalate", "2026-09-14").applied
    assert shown(case, "stage_1_response", "2026-09-14") == ("2026-09-21", "running", 0)


def test_nobody_has_to_wait_for_the_informal_step() -> None:
    case = irm()
    assert send(case, "escalate", MONDAY).applied
    assert status(case, MONDAY)["stage"] == "stage_1"
    assert deadline(case, "informal_resolution", MONDAY)["state"] == "stopped"


def test_the_informal_step_that_is_late_is_told_and_is_no_breach() -> None:
    tasks = done(irm(), "2026-06-04")
    assert breaches(tasks) == []
    assert {"informal_late", "target_passed"} <= {*letters(tasks)}
    assert not status(irm(), "2026-06-04")["overdue"]


def test_who_has_tried_already_begins_at_stage_1() -> None:
    case = irm(tried_informally=True)
    assert status(case, MONDAY)["stage"] == "stage_1"
    assert shown(case, "stage_1_response", MONDAY) == ("2026-06-08", "running", 0)


@pytest.mark.parametrize(("on", "state"), [("2026-06-08", "met"), ("2026-06-09", "met_late")])
def test_it_is_acknowledged_within_five_working_days_as_a_target_at_whatever_stage(
    on: str, state: str
) -> None:
    """The page promises no acknowledgement: the five days are ours, and outlive the informal step."""
    case = irm()
    send(case, "escalate", "2026-06-03")
    send(case, "acknowledge", on)
    found = deadline(case, "acknowledgement", on)
    assert (found["due_on"], found["state"], found["kind"]) == ("2026-06-08", state, "target")
    assert "acknowledgement" in letters(done(case, on))


# --- Stage 1: seven days (000-7, 000-8) ----------------------------------------------------------


@pytest.mark.parametrize(
    ("asked_on", "due_on"),
    [
        ("2026-06-03", "2026-06-10"),
        ("2026-06-06", "2026-06-13"),  # a Saturday: calendar days are not moved
        ("2026-08-28", "2026-09-04"),  # over the bank holiday of 31 August
    ],
)
def test_seven_calendar_days_from_the_request(asked_on: str, due_on: str) -> None:
    case = irm()
    send(case, "escalate", asked_on)
    found = deadline(case, "stage_1_response", asked_on)
    assert (found["due_on"], found["limit"], found["unit"]) == (due_on, 7, "calendar_days")
    assert found["kind"] == "target"


@pytest.mark.parametrize(
    ("as_of", "state", "days_late"),
    [("2026-06-10", "running", 0), ("2026-06-11", "overdue", 1), ("2026-06-14", "overdue", 4)],
)
def test_a_late_answer_is_counted_in_its_own_days_and_is_no_breach(
    as_of: str, state: str, days_late: int
) -> None:
    case = at_stage_1()
    send(case, "acknowledge", "2026-06-03")
    assert shown(case, "stage_1_response", as_of) == ("2026-06-10", state, days_late)
    assert status(case, as_of)["overdue"] is False


def test_the_person_is_written_to_when_it_is_late() -> None:
    case = at_stage_1()
    done(case, "2026-06-10")
    tasks = done(case, "2026-06-11")
    assert breaches(tasks) == []
    assert {"answer_late", "target_passed"} <= {*letters(tasks)}


def test_what_the_person_wants_is_kept() -> None:
    asked = next(dict(m) for m in status(at_stage_1(), "2026-06-03")["messages"] if m["action"] == "escalate")
    assert (asked["reason"], asked["desired_outcome"]) == ("Still rude", "An apology")


def test_more_time_is_any_date_that_the_person_is_told() -> None:
    case = at_stage_1()
    assert send(case, "extend", "2026-06-09", reason="A witness is away", until="2026-06-24").applied
    assert shown(case, "stage_1_response", "2026-06-24") == ("2026-06-24", "running", 0)
    assert facts(case, "extension")["due_on"] == "2026-06-24"


def test_more_time_without_a_date_is_refused() -> None:
    """The rule names no most, so nothing can be meant by leaving the date out."""
    answer = send(at_stage_1(), "extend", "2026-06-09", reason="A witness is away")
    assert (answer.applied, answer.pending) == (False, False)
    assert "until" in answer.reason


def test_there_is_an_answer_at_stage_1_and_stage_2_can_be_asked_for() -> None:
    case = answered_at_stage_1()
    assert "answer" in letters(done(case, "2026-06-08"))
    assert shown(case, "stage_1_review", "2026-06-08") == ("2026-07-08", "running", 0)  # had on 10 June, 20


def test_who_writes_back_months_later_is_not_refused() -> None:
    case = answered_at_stage_1()
    assert status(case, "2026-07-09")["closed_as"] == "lapsed"
    assert send(case, "escalate", "2026-11-02").applied
    assert status(case, "2026-11-02")["stage"] == "stage_2"


def test_without_reasons_it_is_taken_and_they_are_asked_for() -> None:
    case = answered_at_stage_1()
    assert send(case, "escalate", "2026-06-12", message_id="asks").applied
    assert status(case, "2026-06-12")["stage"] == "stage_2"
    [asked] = status(case, "2026-06-12")["questions"]
    assert "correct asks.reason and asks.desired_outcome" in asked
    send(case, "correct", "2026-06-15", field="asks.reason", value="It was rude.", reason="She rang")
    [asked] = status(case, "2026-06-15")["questions"]
    assert "asks.reason" not in asked
    send(case, "correct", "2026-06-15", field="asks.desired_outcome", value="An apology", reason="She rang")
    assert status(case, "2026-06-15")["questions"] == []
    assert status(at_stage_2(), "2026-06-12")["questions"] == []


def test_stage_2_waits_for_the_answer_of_stage_1_or_for_its_being_late() -> None:
    case = at_stage_1()
    assert send(case, "escalate", "2026-06-08").pending
    assert status(case, "2026-06-10")["stage"] == "stage_1"
    assert status(case, "2026-06-11")["stage"] == "stage_2"


def test_stage_1_is_skipped_where_both_agree() -> None:
    assert send(at_stage_1(), "escalate", "2026-06-04", agreed_by_authority=True).applied


# --- Stage 2: fourteen days (000-9 to 000-11) ----------------------------------------------------


def test_fourteen_calendar_days_from_the_request() -> None:
    found = deadline(at_stage_2(), "stage_2_response", "2026-06-12")
    assert (found["due_on"], found["limit"], found["unit"]) == ("2026-06-26", 14, "calendar_days")
    assert (found["kind"], found["owner"]) == ("target", "investigating_officer")


def test_the_service_manager_makes_contact() -> None:
    case = at_stage_2()
    assert shown(case, "service_manager_contact", "2026-06-12") == ("2026-06-17", "running", 0)
    send(case, "record_meeting", "2026-06-16")
    assert deadline(case, "service_manager_contact", "2026-06-16")["met_on"] == "2026-06-16"


def test_a_meeting_at_an_earlier_stage_is_not_that_contact() -> None:
    case = answered_at_stage_1()
    send(case, "record_meeting", "2026-06-09")
    send(case, "escalate", "2026-06-12")
    assert deadline(case, "service_manager_contact", "2026-06-12")["state"] == "running"


def test_the_person_is_told_if_it_takes_longer() -> None:
    case = at_stage_2()
    send(case, "extend", "2026-06-24", reason="Two interviews are left", until="2026-07-10")
    assert facts(case, "extension")["message"]["reason"] == "Two interviews are left"
    assert shown(case, "stage_2_response", "2026-07-10") == ("2026-07-10", "running", 0)


def test_untold_and_late_the_person_is_written_to_and_it_is_no_breach() -> None:
    case = at_stage_2()
    tasks = done(case, "2026-06-29")
    assert "answer_late" in letters(tasks)
    assert breaches(tasks) == []


@pytest.mark.parametrize(("by", "kept"), [("Contracta Manager", True), ("Servicia Manager", False)])
def test_somebody_else_answers_at_stage_2(by: str, kept: bool) -> None:
    case = at_stage_2()
    send(case, "respond", "2026-06-24", outcome="upheld", by=by)
    assert any("answered an earlier stage" in what for what in irregular(case, "2026-06-24")) is kept


# --- afterwards (000-5, 000-12) ------------------------------------------------------------------


def test_after_stage_2_the_procedure_is_over_and_another_ombudsman_follows() -> None:
    case = at_stage_2()
    send(case, "respond", "2026-06-24", outcome="not_upheld", by="Servicia Manager")
    found = status(case, "2026-06-24")
    assert (found["state"], found["closed_as"]) == ("closed", "completed")
    answer = send(case, "escalate", "2026-06-25")
    assert (answer.applied, answer.pending) == (False, False)
    assert "Parliamentary and Health Service Ombudsman" in answer.reason
    assert send(case, "refer_to_ombudsman", "2026-06-26").applied
    assert status(case, "2026-06-26")["stage"] == "ombudsman"


def test_the_procedure_names_the_ombudsman_it_ends_at() -> None:
    assert irm().rules.procedure.ombudsman == "phso"


@pytest.mark.parametrize("closed", [True, False])
def test_replies_may_stop_by_a_recorded_decision_with_a_letter(closed: bool) -> None:
    case = irm()
    if closed:
        send(case, "resolve_informally", "2026-06-02", agreed=True)
    assert send(
        case, "restrict_contact", "2026-06-03", reason="Threats by telephone", until="2026-09-30"
    ).applied
    assert status(case, "2026-06-03")["contact_restricted_until"] == "2026-09-30"
    assert facts(case, "contact_restricted")["message"]["reason"] == "Threats by telephone"


# --- a complaint about the contract manager (000-13) ---------------------------------------------


@pytest.mark.parametrize(
    "about", [{"people": ["Contract Manager"]}, {"people": ["Mr Nobody, the contract manager"]}]
)
def test_it_goes_direct_to_stage_2(about: dict[str, list[str]]) -> None:
    case = irm(about=about)
    found = status(case, MONDAY)
    assert (found["state"], found["stage"]) == ("open", "stage_2")
    assert {"stage_1_response", "informal_resolution"} & deadlines(case, MONDAY).keys() == set()
    assert shown(case, "stage_2_response", MONDAY) == ("2026-06-15", "running", 0)  # 14 days from receipt


def test_direct_to_stage_2_its_eligibility_is_asked_all_the_same() -> None:
    case = irm(complainant={"name": "Imaginaria Nobody", "role": "neighbour"}, **ABOUT_THE_MANAGER)
    assert status(case, MONDAY)["stage"] == "intake"
    send(case, "accept", "2026-06-03")
    assert status(case, "2026-06-03")["stage"] == "stage_2"


def test_another_manager_is_no_reason() -> None:
    assert status(irm(about={"people": ["The panel manager"]}), MONDAY)["stage"] == "informal"


def test_where_only_the_text_says_so_somebody_is_asked() -> None:
    case = irm(points=["The contract manager was rude to me."])
    found = status(case, MONDAY)
    assert found["stage"] == "informal"
    assert any("000-13" in question for question in found["questions"])
    send(case, "correct", "2026-06-02", field="about", value=ABOUT_THE_MANAGER["about"], reason="Asked")
    found = status(case, "2026-06-02")
    assert (found["stage"], found["questions"]) == ("stage_2", [])


# --- what this procedure has not -----------------------------------------------------------------


def test_it_has_no_panel_and_no_independent_person() -> None:
    case = at_stage_2()
    answer = send(case, "schedule_panel", "2026-06-15", meeting_on="2026-07-15")
    assert (answer.applied, answer.pending) == (False, False)
    for role in ("investigating_officer", "independent_person", "panel_chair"):
        assert not appoint(case, role, "2026-06-15").applied


@pytest.mark.parametrize(
    ("action", "fields", "letter"),
    [
        ("agree_statement", {"points": ["Another text"]}, "statement_agreed"),
        ("report", {"kind": "panel"}, "panel_report"),
        ("send_papers", {}, "panel_notice"),
        ("hold_panel", {}, ""),
    ],
)
def test_a_report_of_what_it_has_not_is_recorded_as_irregular_and_sends_nothing(
    action: str, fields: dict[str, Any], letter: str
) -> None:
    case = at_stage_2()
    before = status(case, "2026-06-15")["points"]
    assert send(case, action, "2026-06-15", **fields).applied
    assert [what for what in irregular(case, "2026-06-15") if "this procedure has no place" in what]
    assert letter not in letters(done(case, "2026-06-15"))
    assert status(case, "2026-06-15")["points"] == before


def test_a_case_under_way_is_loaded() -> None:
    messages = [
        {"action": "resolve_informally", "on": "2026-06-02", "agreed": False},
        {"action": "escalate", "on": "2026-06-03"},
        {"action": "respond", "on": "2026-06-08", "outcome": "not_upheld"},
        {"action": "escalate", "on": "2026-06-12"},
    ]
    case = irm(today="2026-06-22", messages=messages)
    assert status(case, "2026-06-22")["stage"] == "stage_2"
    assert shown(case, "stage_2_response", "2026-06-22") == ("2026-06-26", "running", 0)
    assert letters(done(case, "2026-06-22")) == ["overdue_at_opening"]  # the contact, due 17 June


def test_the_irm_s_complaints_follow_its_own_procedure_and_say_why() -> None:
    found = status(irm(), MONDAY)
    assert found["procedure"] == "irm"
    assert "its own procedure" in found["procedure_reason"]
    assert (
        rules_for(
            parse_opening(document(kind="compliment", authority="irm"), opened().opened_on)
        ).procedure.name
        == "representation"
    )


def test_a_request_dated_before_the_receipt_is_malformed() -> None:
    assert problems(irm(), "escalate", {"on": "2026-05-29"}).keys() == {"on"}
