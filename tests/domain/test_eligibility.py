"""Who may complain, what about, under which procedure: asked of a person, never refused by the software.

The question is shown with the presumption that the law sets; `accept` or `decline` decides it, with
reasons, and the person is written to. Meanwhile every date runs from the receipt, Monday 1 June 2026.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import Malformed
from redress.procedures.loader import rules_for
from tests.domain.conftest import (
    MONDAY,
    answered,
    appoint,
    breaches,
    deadline,
    deadlines,
    document,
    done,
    facts,
    irregular,
    is_alive,
    letters,
    opened,
    send,
    shown,
    status,
)

YOUNG = {"name": "Imaginaria Nobody", "role": "young_person"}


def only_question(case: Case) -> str:
    [question] = status(case, MONDAY)["questions"]
    return question


# --- which procedure a matter follows ------------------------------------------------------------


@pytest.mark.parametrize(
    ("matter", "procedure"),
    [
        ({"statutory": True}, "statutory"),
        ({"statutory": False}, "corporate"),
        ({}, "statutory"),
        ({"about": {"service": "Section 47 enquiry"}}, "corporate"),
        ({"about": {"service": "Child protection conference"}}, "corporate"),
        ({"about": {"service": "Child protection conference"}, "statutory": True}, "statutory"),
        ({"kind": "suggestion"}, "representation"),
        ({"kind": "information_request", "statutory": True}, "representation"),
        ({"procedure": "corporate"}, "corporate"),
        ({"authority": "irm"}, "irm"),
    ],
)
def test_the_procedure_is_decided_at_intake_and_the_reason_recorded(
    matter: dict[str, Any], procedure: str
) -> None:
    found = status(opened(**matter), MONDAY)
    assert found["procedure"] == procedure
    assert found["procedure_reason"].strip()


def test_the_reason_is_the_rule_s_that_chose_it() -> None:
    assert "court" in status(opened(about={"service": "Section 37 report"}), MONDAY)["procedure_reason"]
    assert "section 26" in status(opened(statutory=True), MONDAY)["procedure_reason"]


@pytest.mark.parametrize(
    ("matter", "field"),
    [
        ({"procedure": "corporate", "statutory": True}, "statutory"),
        ({"procedure": "statutory", "statutory": False}, "statutory"),
        ({"procedure": "irm"}, "procedure"),
        ({"authority": "irm", "procedure": "statutory"}, "procedure"),
        ({"authority": "irm", "statutory": True}, "procedure"),
        ({"kind": "complaint", "procedure": "representation"}, "kind"),
        ({"kind": "compliment", "procedure": "statutory"}, "kind"),
        ({"kind": "service_request", "procedure": "corporate"}, "kind"),
    ],
)
def test_an_opening_that_contradicts_itself_is_malformed(matter: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        rules_for(parse_opening(document(**matter), date.fromisoformat(MONDAY)))
    assert [problem.field for problem in caught.value.problems] == [field]


# --- who (Children Act 1989 s 26(3)) -------------------------------------------------------------


@pytest.mark.parametrize("role", ["parent", "child", "care_leaver", "foster carer", "special guardian", ""])
def test_whom_the_law_names_is_in_no_question(role: str) -> None:
    case = opened(complainant={"name": "Imaginaria Nobody", "role": role})
    assert status(case, MONDAY)["stage"] == "stage_1"


@pytest.mark.parametrize("role", ["grandparent", "Teacher", "neighbour", "member_of_the_public"])
def test_whether_others_have_sufficient_interest_somebody_decides(role: str) -> None:
    case = opened(complainant={"name": "Imaginaria Nobody", "role": role})
    assert status(case, MONDAY)["stage"] == "intake"
    assert "s 26(3)" in only_question(case)


def test_somebody_without_it_is_told_where_else_to_go() -> None:
    case = opened(complainant={"name": "Imaginaria Nobody", "role": "neighbour"})
    send(case, "decline", "2026-06-03", reason="He does not know the child")
    assert "declined" in letters(done(case, "2026-06-03"))
    assert any("corporate procedure" in instead for instead in facts(case, "declined")["instead"])


# --- how old (Regulations reg 9, 004-5) ----------------------------------------------------------


@pytest.mark.parametrize("authority", ["rotherham", "north-somerset", "family-rights", "young-people"])
def test_a_matter_of_more_than_a_year_ago_is_presumed_to_be_taken(authority: str) -> None:
    case = opened(authority=authority, events_on="2025-05-30")
    assert "Presumption: accept" in only_question(case)
    assert status(case, "2026-12-01")["state"] == "open"


@pytest.mark.parametrize(
    ("events_on", "received_on", "stage"),
    [
        ("2025-06-01", "2026-06-01", "stage_1"),
        ("2025-05-31", "2026-06-01", "intake"),
        ("2023-12-14", "2024-12-14", "stage_1"),  # a 29 February lies between
        ("2023-12-13", "2024-12-14", "intake"),
        ("2024-02-29", "2025-02-28", "stage_1"),
        ("2024-02-29", "2025-03-01", "intake"),
    ],
)
def test_twelve_months_are_counted_to_the_day(events_on: str, received_on: str, stage: str) -> None:
    case = opened(events_on=events_on, received_on=received_on)
    assert status(case, received_on)["stage"] == stage


def test_the_person_may_still_say_why_it_came_late() -> None:
    case = opened(authority="rotherham", events_on="2020-01-01")
    send(case, "decline", "2026-06-03", reason="Nobody is left who knows")
    assert any("could not tell us before" in instead for instead in facts(case, "declined")["instead"])


# --- court (Regulations reg 8, 004-6) ------------------------------------------------------------


@pytest.mark.parametrize(
    "matter",
    [{"points": ["What she wrote for the court."]}, {"about": {"service": "Court reports"}}],
)
def test_what_a_court_deals_with_is_asked_about_where_the_authority_says_so(matter: dict[str, Any]) -> None:
    case = opened(authority="rotherham", **matter)
    assert status(case, MONDAY)["stage"] == "intake"
    assert "Presumption: accept" in only_question(case)
    assert status(opened(**matter), MONDAY)["stage"] == "stage_1"


def test_a_word_that_only_begins_alike_asks_nothing() -> None:
    case = opened(authority="rotherham", points=["He showed no courtesy in the courtyard."])
    assert status(case, MONDAY)["questions"] == []


def test_declined_for_proceedings_the_person_may_come_back_afterwards() -> None:
    case = opened(authority="rotherham", points=["What she wrote for the court."])
    send(
        case, "decline", "2026-06-03", reason="It would prejudice the hearing", proceedings="Care proceedings"
    )
    told = facts(case, "declined")
    assert told["message"]["proceedings"] == "Care proceedings"
    assert any("within a year" in instead for instead in told["instead"])


def test_a_manager_may_decline_for_proceedings_that_only_come_up_later() -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-02")
    assert send(
        case, "decline", "2026-06-08", reason="Prejudice", proceedings="A police investigation"
    ).applied


# --- anonymous (004-4) ---------------------------------------------------------------------------


@pytest.mark.parametrize("matter", [{}, {"statutory": False}, {"authority": "rotherham"}])
def test_without_a_name_the_presumption_is_that_it_is_not_taken(matter: dict[str, Any]) -> None:
    case = opened(complainant=None, **matter)
    assert status(case, MONDAY)["stage"] == "intake"
    assert "Presumption: decline" in only_question(case)


def test_the_steps_taken_about_it_are_recorded_or_missed() -> None:
    without, noted = opened(complainant=None), opened(complainant=None)
    send(noted, "add_note", "2026-06-02", note="The duty team looked into it the same day")
    for case in (without, noted):
        send(case, "decline", "2026-06-03", reason="Nobody can be answered")
    assert any("no steps taken" in what for what in irregular(without, "2026-06-03"))
    assert irregular(noted, "2026-06-03") == []


# --- several at once -----------------------------------------------------------------------------


def test_every_question_is_shown_and_one_decision_answers_all() -> None:
    case = opened(
        authority="rotherham", complainant=None, events_on="2020-01-01", points=["What was said in court."]
    )
    assert len(status(case, MONDAY)["questions"]) == 3
    send(case, "accept", "2026-06-04", reason="It is serious")
    assert status(case, "2026-06-04")["questions"] == []
    assert status(case, "2026-06-04")["stage"] == "stage_1"


def test_the_manager_is_asked_at_once_and_reminded_and_it_is_no_breach() -> None:
    case = opened(events_on="2020-01-01")
    send(case, "acknowledge", MONDAY)
    tasks = done(case, MONDAY)
    assert "decision_needed" in letters(tasks)
    assert "reminder" in letters(done(case, "2026-06-05"))
    tasks = done(case, "2026-06-09")
    assert breaches(tasks) == []
    assert "target_passed" in letters(tasks)


def test_the_complaint_s_dates_run_from_receipt_meanwhile() -> None:
    case = opened(events_on="2020-01-01")
    assert deadline(case, "acknowledgement", MONDAY)["due_on"] == "2026-06-04"
    assert deadline(case, "stage_1_response", MONDAY)["due_on"] == "2026-06-15"
    assert breaches(done(case, "2026-06-16")) == ["acknowledgement", "stage_1_response"]


def test_an_answer_before_the_decision_counts_as_taken_and_is_irregular() -> None:
    case = opened(events_on="2020-01-01")
    assert send(case, "respond", "2026-06-03", outcome="upheld").applied
    assert status(case, "2026-06-03")["stage"] == "stage_1"
    assert any("was not decided" in what for what in irregular(case, "2026-06-03"))


def test_undecided_and_late_at_stage_1_stage_2_opens_and_that_is_irregular() -> None:
    """The person's right to go on does not wait for a decision that nobody took."""
    case = opened(events_on="2020-01-01")
    assert send(case, "escalate", "2026-06-02").pending
    assert status(case, "2026-06-15")["stage"] == "intake"
    assert status(case, "2026-06-16")["stage"] == "stage_2"
    assert any("was not decided" in what for what in irregular(case, "2026-06-16"))


def test_accept_or_decline_once() -> None:
    case = opened(events_on="2020-01-01")
    send(case, "decline", "2026-06-03", reason="Too old")
    for action in ("accept", "decline"):
        answer = send(case, action, "2026-06-04", reason="After all")
        assert (answer.applied, answer.pending) == (False, False)
        assert answer.reason


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_after_the_answer_nothing_is_decided_any_more(action: str) -> None:
    assert not send(answered(), action, "2026-06-09", reason="After all").applied


# --- for a child, and with an advocate (002-3) ---------------------------------------------------


def test_whether_the_child_agrees_is_asked_and_delays_nothing() -> None:
    case = opened(on_behalf_of={"name": "Fantasia Child"})
    assert status(case, MONDAY)["stage"] == "stage_1"
    assert "child agrees" in only_question(case)
    assert "to_ask" in letters(done(case, MONDAY))


@pytest.mark.parametrize(("agrees", "stage"), [(True, "stage_1"), (False, "intake")])
def test_the_child_s_answer_is_recorded(agrees: bool, stage: str) -> None:
    case = opened(on_behalf_of={"name": "Fantasia Child"})
    value = {"name": "Fantasia Child", "child_agrees": agrees}
    send(case, "correct", "2026-06-02", field="on_behalf_of", value=value, reason="We asked her")
    assert status(case, "2026-06-02")["stage"] == stage


def test_the_advocate_speaks_and_gets_the_letters_that_the_person_wants() -> None:
    case = opened(authority="young-people", complainant=YOUNG)
    send(case, "set_advocate", "2026-06-02", advocate={"name": "Supporta Invented"}, speaks=True)
    assert case.state.people.advocates[1][1:] == (True, True)
    send(case, "set_advocate", "2026-06-03", advocate={"name": "Supporta Invented"}, gets_letters=False)
    assert case.state.people.advocates[1][1:] == (False, False)


def test_the_advocate_asks_for_the_next_stage_as_the_person_does() -> None:
    case = answered()
    send(case, "set_advocate", "2026-06-09", advocate={"name": "Supporta Invented"}, speaks=True)
    assert send(case, "escalate", "2026-06-10", by="Supporta Invented").applied


# --- before the department was asked, and informally (002-4, 004-3) ------------------------------


def test_who_has_not_tried_the_department_first_is_not_turned_away() -> None:
    case = opened(authority="rotherham", tried_informally=False)
    assert status(case, MONDAY)["stage"] == "stage_1"
    assert "004-3" in only_question(case)
    assert "no reason to decline" in only_question(case)


def test_two_days_informally_inside_stage_1_delay_nothing() -> None:
    case = opened(authority="young-people", complainant=YOUNG)
    assert status(case, MONDAY)["stage"] == "stage_1"
    assert shown(case, "informal_resolution", MONDAY) == ("2026-06-03", "running", 0)
    assert shown(case, "stage_1_response", MONDAY) == ("2026-06-15", "running", 0)
    send(case, "resolve_informally", "2026-06-03", agreed=False)
    assert deadline(case, "informal_resolution", "2026-06-03")["state"] == "met"
    assert shown(case, "stage_1_response", "2026-06-03") == ("2026-06-15", "running", 0)
    assert "informal_not_settled" in letters(done(case, "2026-06-03"))


def test_within_two_days_means_any_two_days() -> None:
    """Received on a Friday: by Sunday. A target, so that nothing is breached where nobody works on it."""
    case = opened(authority="young-people", complainant=YOUNG, received_on="2026-06-05", today="2026-06-05")
    assert shown(case, "informal_resolution", "2026-06-05") == ("2026-06-07", "running", 0)
    assert shown(case, "informal_resolution", "2026-06-08") == ("2026-06-07", "overdue", 1)
    assert not status(case, "2026-06-08")["overdue"]
    assert deadline(case, "stage_1_response", "2026-06-08")["unit"] == "working_days"


def test_settled_within_the_two_days_it_closes() -> None:
    case = opened(authority="young-people", complainant=YOUNG)
    send(case, "resolve_informally", "2026-06-02", agreed=True, terms="She comes on Mondays")
    assert status(case, "2026-06-02")["closed_as"] == "resolved"


def test_not_tried_in_time_it_is_reported_and_no_breach() -> None:
    case = opened(authority="young-people", complainant=YOUNG)
    tasks = done(case, "2026-06-04")
    assert breaches(tasks) == []
    assert "target_passed" in letters(tasks)


def test_only_who_has_that_step_has_its_target() -> None:
    assert "informal_resolution" not in deadlines(opened(), MONDAY)


def test_the_investigator_may_be_an_employee_or_not_as_the_authority_says() -> None:
    """003-7 against 004-11 and 002-8."""
    for authority, allowed in (("family-rights", True), ("rotherham", False), ("young-people", False)):
        case = opened(authority=authority)
        send(case, "respond", "2026-06-08", outcome="not_upheld")
        send(case, "escalate", "2026-06-09")
        answer = appoint(case, "investigating_officer", "2026-06-10", connection="employee")
        assert answer.applied is allowed, authority
        assert appoint(case, "investigating_officer", "2026-06-11", name="Outsida Invented").applied


def test_after_stage_2_a_meeting_is_offered_where_the_authority_does_so() -> None:
    """002-10: within ten working days; it outlives the stage and stops no clock."""
    case = opened(authority="young-people", complainant=YOUNG)
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-09")
    send(case, "record_meeting", "2026-06-15")
    send(case, "respond", "2026-07-01", outcome="upheld", received_on="2026-07-01")
    assert shown(case, "adjudication_meeting", "2026-07-01") == ("2026-07-15", "running", 0)
    assert shown(case, "stage_3_request", "2026-07-01") == ("2026-07-29", "running", 0)
    send(case, "record_meeting", "2026-07-15")
    assert shown(case, "adjudication_meeting", "2026-07-15") == ("2026-07-15", "met", 0)
    assert shown(case, "stage_3_request", "2026-07-15") == ("2026-07-29", "running", 0)


def test_each_of_several_children_is_asked_about() -> None:
    agreed = opened(
        on_behalf_of=[{"name": "Ida", "child_agrees": True}, {"name": "Ivo", "child_agrees": True}]
    )
    one_not = opened(on_behalf_of=[{"name": "Ida", "child_agrees": True}, {"name": "Ivo"}])
    assert status(agreed, MONDAY)["questions"] != status(one_not, MONDAY)["questions"]


def test_each_of_several_teams_is_what_it_is_about() -> None:
    """A matter goes to the stage that the files say, whichever of its teams it names first."""
    about = opened(about={"team": "First team", "teams": ["First team", "Second team"]}).opening
    assert about.subjects == ["", "First team", "Second team"]


def test_an_intake_that_is_asked_about_goes_on_counting() -> None:
    case = opened(events_on="2024-01-01", authority="north-somerset")
    assert shown(case, "stage_1_response", "2026-06-02")[0] == "2026-06-15"
    is_alive(case, "2026-06-02")
    send(case, "accept", "2026-06-10", reason="There was a reason.")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-15", "running", 0)
