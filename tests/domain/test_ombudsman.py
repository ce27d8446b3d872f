"""The Ombudsman in a complaint (R9, L5): approaches, enquiries, decisions, rounds, and what was promised."""

from __future__ import annotations

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
    corporate,
    deadline,
    deadlines,
    done,
    is_alive,
    letters,
    opened,
    panel_called,
    problems,
    send,
    shown,
    status,
    without_flags,
)


def adjudicated_on_both_points() -> Case:
    """Investigated by one person, and the points as they were brought."""
    case = at_stage_2()
    appoint(case, "investigating_officer", "2026-06-16", name="A")
    send(case, "report", "2026-07-10", kind="investigation")
    send(case, "respond", "2026-07-13", outcome="not_upheld", received_on="2026-07-13")
    return case


def ombudsman(case: Case, as_of: str) -> Any:
    return status(case, as_of)["ombudsman"]


# --- the person's own approach ----------------------------------------------------------------------


def test_the_person_may_go_to_the_ombudsman_at_any_stage_and_the_complaint_goes_on() -> None:
    case = at_stage_2()
    assert send(case, "refer_to_ombudsman", "2026-06-17", approached_by="complainant").applied
    found = status(case, "2026-06-18")
    assert (found["state"], found["stage"]) == ("open", "stage_2")
    assert shown(case, "stage_2_response", "2026-06-18") == ("2026-07-20", "running", 0)
    assert ombudsman(case, "2026-06-18")["approached_by"] == "complainant"
    assert "own_approach" in letters(done(case, "2026-06-17"))


@pytest.mark.parametrize("times", [1, 2])
def test_it_is_always_recorded(times: int) -> None:
    case = opened()
    for day in range(times):
        assert send(case, "refer_to_ombudsman", f"2026-06-0{day + 2}", approached_by="complainant").applied
    assert ombudsman(case, "2026-06-09")["approached_on"] == "2026-06-02"


def test_the_authority_needs_its_conditions_as_before() -> None:
    answer = send(at_stage_2(), "refer_to_ombudsman", "2026-06-17")
    assert not answer.applied
    assert "conditions" in answer.reason


# --- enquiries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["enquiry", "draft_decision", "reminder"])
@pytest.mark.parametrize("story", [opened, at_stage_2, adjudicated, corporate])
def test_an_enquiry_is_recorded_at_any_stage_and_the_reply_is_owed(story: Any, kind: str) -> None:
    case = story()
    asked = {"kind": kind, "ombudsman_reference": "INV-7", "reply_by": "2026-07-31"}
    assert send(case, "ombudsman_enquiry", "2026-07-14", **asked).applied
    owed = deadline(case, "ombudsman_reply_1", "2026-07-15")
    assert (owed["due_on"], owed["state"], owed["owner"]) == ("2026-07-31", "running", "complaints_manager")
    assert ombudsman(case, "2026-07-15")["reference"] == "INV-7"
    assert send(case, "ombudsman_enquiry", "2026-08-03", **asked, replied_on="2026-08-03").applied


def test_a_reply_meets_the_limit_on_the_day_it_went() -> None:
    case = at_stage_2()
    asked = {"kind": "enquiry", "ombudsman_reference": "INV-7"}
    send(case, "ombudsman_enquiry", "2026-06-17", **asked, reply_by="2026-06-30")
    send(case, "ombudsman_enquiry", "2026-07-06", **asked, replied_on="2026-07-02")
    assert shown(case, "ombudsman_reply_1", "2026-07-06") == ("2026-06-30", "met_late", 2)
    assert "ombudsman_reply_2" not in deadlines(case, "2026-07-06")
    assert [e["replied_on"] for e in ombudsman(case, "2026-07-06")["enquiries"]] == ["2026-07-02", None]


def test_a_reminder_moves_the_day_and_what_was_missed_stays() -> None:
    case = at_stage_2()
    asked: dict[str, Any] = {"ombudsman_reference": "INV-7"}
    send(case, "ombudsman_enquiry", "2026-06-17", kind="enquiry", reply_by="2026-06-30", **asked)
    send(case, "ombudsman_enquiry", "2026-07-03", kind="reminder", reply_by="2026-07-10", **asked)
    owed = deadline(case, "ombudsman_reply_1", "2026-07-06")
    assert (owed["due_on"], owed["state"]) == ("2026-07-10", "running")
    assert [(m["due_on"], m["breach"]) for m in owed["moved"]] == [("2026-06-30", True)]


def test_two_enquiries_are_owed_two_replies() -> None:
    case = at_stage_2()
    for number, by in (("1", "2026-07-01"), ("2", "2026-07-02")):
        asked = {"kind": "enquiry", "ombudsman_reference": number, "reply_by": by}
        send(case, "ombudsman_enquiry", "2026-06-17", **asked)
    reply = {"kind": "enquiry", "ombudsman_reference": "1", "replied_on": "2026-06-30"}
    send(case, "ombudsman_enquiry", "2026-06-30", **reply)
    found = deadlines(case, "2026-06-30")
    assert [found[f"ombudsman_reply_{n}"]["state"] for n in (1, 2)] == ["met", "running"]


def test_a_reply_owed_outlives_the_complaint() -> None:
    case = at_stage_2()
    send(case, "ombudsman_enquiry", "2026-06-17", kind="enquiry", reply_by="2026-07-01")
    send(case, "withdraw", "2026-06-18")
    assert shown(case, "ombudsman_reply_1", "2026-07-02") == ("2026-07-01", "overdue", 1)
    assert not case.is_finished


# --- decisions --------------------------------------------------------------------------------------


def test_a_decision_has_a_category_or_words() -> None:
    assert "category" in str(problems(opened(), "ombudsman_decision", {"on": "2026-06-10"}))


def test_premature_goes_back_to_the_stage_that_is_open_to_the_person() -> None:
    """Lapsed after Stage 2, referred, sent back: a panel asked for then is in time (R9)."""
    case = adjudicated()
    send(case, "refer_to_ombudsman", "2026-08-12")
    send(case, "ombudsman_decision", "2026-08-19", category="premature", ombudsman_reference="26 1")
    found = status(case, "2026-08-20")
    assert (found["state"], found["stage"]) == ("open", "stage_2")
    assert shown(case, "stage_3_request", "2026-08-20") == ("2026-09-17", "running", 0)
    assert send(case, "escalate", "2026-09-10").applied
    assert status(case, "2026-09-10")["stage"] == "stage_3"


def test_premature_before_any_answer_leaves_what_is_owed() -> None:
    case = at_stage_2()
    assert send(case, "ombudsman_decision", "2026-06-17", category="premature").applied
    assert shown(case, "stage_2_response", "2026-06-18") == ("2026-07-20", "running", 0)


def test_premature_after_a_withdrawal_owes_the_answer() -> None:
    case = at_stage_2()
    send(case, "withdraw", "2026-06-18")
    send(case, "ombudsman_decision", "2026-06-22", category="premature")
    assert shown(case, "stage_2_response", "2026-06-23") == ("2026-07-27", "running", 0)


def test_a_stage_brought_back_begins_a_new_round() -> None:
    case = adjudicated_on_both_points()
    send(case, "escalate", "2026-07-14")
    send(case, "respond", "2026-08-10", outcome="not_upheld")
    send(case, "refer_to_ombudsman", "2026-08-12")
    answer = send(case, "ombudsman_decision", "2026-10-01", category="upheld", returns_to="stage_2")
    assert answer.applied
    found = status(case, "2026-10-02")
    assert (found["state"], found["stage"], found["closed_as"]) == ("open", "stage_2", None)
    response = deadline(case, "stage_2_response", "2026-10-02")
    assert (response["due_on"], response["round"], response["state"]) == ("2026-11-05", 2, "running")
    rounds = [d["round"] for d in found["deadlines"] if d["name"] == "stage_2_response"]
    assert rounds == [1, 2]
    [first] = found["appointments"]
    assert (first["round"], first["until"]) == (1, "2026-10-01")
    person = {"name": "B"}
    send(case, "appoint", "2026-10-05", role="investigating_officer", person=person, connection="none")
    assert [held["round"] for held in status(case, "2026-10-06")["appointments"]] == [1, 2]
    assert deadline(case, "investigating_officer_appointed", "2026-10-06")["state"] in ("met", "met_late")
    send(case, "respond", "2026-11-02", outcome="upheld", received_on="2026-11-02")
    findings = status(case, "2026-11-03")["points"][0]["findings"]
    assert [(f["stage"], f["round"]) for f in findings if f["stage"] == "stage_2"] == [
        ("stage_2", 1),
        ("stage_2", 2),
    ]
    assert shown(case, "stage_3_request", "2026-11-03")[1] == "running"
    assert send(case, "escalate", "2026-11-04").applied
    assert deadline(case, "panel_meeting", "2026-11-05")["round"] == 2


def test_in_a_new_round_every_point_is_owed_its_answer_anew() -> None:
    case = adjudicated_on_both_points()
    first = case.log[-1].message.message_id
    send(case, "ombudsman_decision", "2026-09-01", category="upheld", returns_to="stage_2")
    send(case, "respond", "2026-09-10", outcome="upheld", findings=[{"point": 1, "outcome": "upheld"}])
    assert shown(case, "stage_2_response", "2026-09-11")[1] == "running"
    old = {"on": "2026-09-14", "outcome": "upheld", "amends": first}
    assert "amends" in problems(case, "respond", old, "2026-09-14")
    send(case, "respond", "2026-09-15", outcome="upheld", findings=[{"point": 2, "outcome": "upheld"}])
    assert deadline(case, "stage_2_response", "2026-09-16")["met_on"] == "2026-09-15"


def test_it_counts_from_the_day_that_the_ombudsman_named() -> None:
    case = adjudicated()
    said = {"category": "upheld", "returns_to": "stage_3", "counts_from": "2026-10-12"}
    assert send(case, "ombudsman_decision", "2026-10-01", **said).applied
    assert shown(case, "panel_meeting", "2026-10-12") == ("2026-11-23", "running", 0)


def test_a_stage_that_the_procedure_lacks_is_irregular_and_recorded() -> None:
    case = corporate()
    assert send(case, "ombudsman_decision", "2026-06-10", category="upheld", returns_to="stage_3").applied
    assert "no stage 3" in str(status(case, "2026-06-11")["irregular"])


def test_it_is_recorded_when_the_first_stage_is_brought_back() -> None:
    case = corporate()
    send(case, "respond", "2026-06-10", outcome="not_upheld")
    send(case, "ombudsman_decision", "2026-06-15", category="upheld", returns_to="stage_1")
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-29", "running", 0)


# --- what was promised ------------------------------------------------------------------------------


def test_remedies_are_told_apart_by_who_asked_for_them() -> None:
    case = opened()
    remedies = [{"what": "Say sorry"}, {"what": "Train people", "origin": "panel"}]
    send(case, "respond", "2026-06-12", outcome="upheld", remedies=remedies)
    pay = [{"what": "Pay", "amount": "250.00"}]
    send(case, "ombudsman_decision", "2026-06-22", category="upheld", remedies=pay)
    found = status(case, "2026-06-23")["remedies"]
    assert [remedy["origin"] for remedy in found] == ["answer", "panel", "ombudsman"]
    assert found[2]["amount"] == "250.00"


def test_whoever_was_promised_something_is_told_that_it_is_late_and_that_it_is_done() -> None:
    case = opened()
    case.due(at("2026-06-01"))
    remedies = [{"what": "Say sorry", "due_on": "2026-06-19"}]
    send(case, "respond", "2026-06-12", outcome="upheld", remedies=remedies)
    assert "remedy_late" not in letters(done(case, "2026-06-19"))
    assert "remedy_late" in letters(done(case, "2026-06-22"))
    send(case, "complete_remedy", "2026-07-01", remedy=1, evidence="A copy is on file.")
    assert letters(done(case, "2026-07-01")) == ["remedy_done"]
    assert status(case, "2026-07-02")["remedies"][0]["evidence"] == "A copy is on file."


def test_who_was_told_already_is_not_told_twice() -> None:
    case = opened()
    send(case, "respond", "2026-06-12", outcome="upheld", remedies=[{"what": "Say sorry"}])
    done(case, "2026-06-12")
    send(case, "complete_remedy", "2026-06-15", remedy=1, told_on="2026-06-15")
    assert "remedy_done" not in letters(done(case, "2026-06-15"))


# --- replies that a decision leaves nothing of ------------------------------------------------------


def asked_and_decided(case: Case, **decision: Any) -> None:
    """Comments on a draft decision are owed by Monday 29 June; the Ombudsman decides on the 22nd."""
    send(case, "refer_to_ombudsman", "2026-06-02", approached_by="complainant")
    asked = {"kind": "draft_decision", "ombudsman_reference": "26 9", "reply_by": "2026-06-29"}
    send(case, "ombudsman_enquiry", "2026-06-15", **asked)
    send(case, "ombudsman_decision", "2026-06-22", category="not_upheld", **decision)


@pytest.mark.flag("decision_ends_replies", on=True)
@pytest.mark.parametrize("reference", ["26 9", ""])
def test_a_decision_ends_the_replies_that_are_still_owed(reference: str) -> None:
    case = opened()
    asked_and_decided(case, ombudsman_reference=reference)
    assert shown(case, "ombudsman_reply_1", "2026-07-06") == ("2026-06-29", "stopped", 0)


def test_but_none_under_another_reference_and_none_that_is_asked_for_later() -> None:
    case = opened()
    asked_and_decided(case, ombudsman_reference="26 10")
    assert shown(case, "ombudsman_reply_1", "2026-07-06")[1] == "overdue"
    send(
        case,
        "ombudsman_enquiry",
        "2026-07-07",
        kind="enquiry",
        ombudsman_reference="26 10",
        reply_by="2026-07-20",
    )
    assert shown(case, "ombudsman_reply_2", "2026-07-08")[1] == "running"


@pytest.mark.flag("decision_ends_replies", on=False)
def test_a_complaint_of_before_goes_on_owing_them() -> None:
    case = without_flags(opened())
    asked_and_decided(case)
    assert shown(case, "ombudsman_reply_1", "2026-07-06")[1] == "overdue"


# --- at every stage -------------------------------------------------------------------------------


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
