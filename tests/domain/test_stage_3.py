"""Stage 3: the Review Panel (Regulations regs 18 to 20).

The adjudication was in the person's hands on Monday 13 July 2026: a panel may be asked for until
Monday 10 August (20). Asked for on Monday 20 July: it meets by Tuesday 1 September (30).
"""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    adjudicated,
    appoint,
    at,
    at_stage_3,
    breaches,
    deadline,
    deadlines,
    done,
    investigated,
    irregular,
    letters,
    owed,
    panel_called,
    send,
    shown,
    status,
)

# --- the window: 20 from when the person had the adjudication -----------------------------------


@pytest.mark.parametrize(
    ("received_on", "counts_from", "due_on"),
    [
        (None, "2026-07-15", "2026-08-12"),  # deemed: two working days after it was sent
        ("2026-07-13", "2026-07-13", "2026-08-10"),
        ("2026-07-20", "2026-07-20", "2026-08-17"),  # they say when they had it
        ("2026-07-18", "2026-07-18", "2026-08-14"),  # a Saturday is not moved
    ],
)
def test_the_window_counts_from_receipt(received_on: str | None, counts_from: str, due_on: str) -> None:
    case = investigated()
    said: dict[str, Any] = {"outcome": "upheld", "received_on": received_on, "letter": "sent"}
    send(case, "respond", "2026-07-13", arrives="2026-07-20", **said)
    found = deadline(case, "stage_3_request", "2026-07-20")
    assert (found["counts_from"], found["due_on"], found["kind"]) == (counts_from, due_on, "window")
    assert status(case, "2026-07-20")["waiting_for"] == "complainant"


def test_asked_for_on_the_last_day() -> None:
    case = adjudicated()
    assert send(case, "escalate", "2026-08-10").applied
    assert status(case, "2026-08-10")["stage"] == "stage_3"
    assert shown(case, "stage_3_request", "2026-08-10") == ("2026-08-10", "met", 0)


def test_the_grounds_given_are_never_used_to_refuse() -> None:
    assert send(adjudicated(), "escalate", "2026-07-14", reason="I simply disagree").applied


def test_unused_it_lapses_and_the_complaint_closes_the_day_after() -> None:
    case = adjudicated()
    assert status(case, "2026-08-10")["state"] == "open"
    found = status(case, "2026-08-11")
    assert (found["state"], found["closed_as"], found["closed_on"]) == ("closed", "lapsed", "2026-08-11")
    assert shown(case, "stage_3_request", "2026-08-11") == ("2026-08-10", "lapsed", 0)
    assert found["waiting_for"] == "nobody"
    assert "closure" in letters(done(case, "2026-08-11"))


def test_a_request_logged_late_but_made_in_time_counts_as_in_time() -> None:
    """Judged by `on`, never by when it was processed; nothing is sent twice."""
    case = adjudicated()
    sent = letters(done(case, "2026-08-13"))
    assert "closure" in sent
    answer = send(case, "escalate", "2026-08-10", arrives="2026-08-13")
    assert answer.applied
    assert {"what": "stage", "was": "stage_2", "is": "stage_3"} in answer.changed
    found = status(case, "2026-08-13")
    assert (found["state"], found["stage"], found["closed_on"]) == ("open", "stage_3", None)
    assert "closure" not in letters(done(case, "2026-08-13"))


# --- a request made after the window ------------------------------------------------------------


def late_request() -> Case:
    """Asked for one day late, on Tuesday 11 August."""
    case = adjudicated()
    answer = send(case, "escalate", "2026-08-11", reason="I was in hospital")
    assert (answer.applied, answer.pending) == (False, True)
    return case


def test_a_late_request_waits_for_a_person() -> None:
    case = late_request()
    found = status(case, "2026-08-11")
    assert [p["action"] for p in found["pending"]] == ["escalate"]
    assert found["waiting_for"] == "complaints_manager"
    assert found["next_due_on"] == "2026-08-18"
    assert not case.is_finished


def test_a_late_request_accepted_runs_from_the_request() -> None:
    case = late_request()
    assert send(case, "decide_late", "2026-08-13", accept=True, reason="In hospital").applied
    found = status(case, "2026-08-13")
    assert (found["state"], found["stage"], found["closed_on"]) == ("open", "stage_3", None)
    assert found["pending"] == []
    meeting = deadline(case, "panel_meeting", "2026-08-13")
    assert (meeting["counts_from"], meeting["due_on"]) == ("2026-08-11", "2026-09-23")
    assert "late_request_decision" in letters(done(case, "2026-08-13"))


def test_a_late_request_not_accepted_leaves_it_closed() -> None:
    case = late_request()
    assert send(case, "decide_late", "2026-08-13", accept=False, reason="No reason was given").applied
    found = status(case, "2026-08-13")
    assert (found["state"], found["closed_on"], found["pending"]) == ("closed", "2026-08-11", [])
    assert case.is_finished


def test_a_later_late_request_is_looked_at_by_itself() -> None:
    case = late_request()
    send(case, "decide_late", "2026-08-13", accept=False, reason="No reason was given")
    assert send(case, "escalate", "2026-08-20", reason="Here is the doctor's letter").pending
    assert send(case, "decide_late", "2026-08-21", accept=True, reason="In hospital").applied


@pytest.mark.parametrize("accept", [True, False])
def test_one_decision_answers_every_late_request(accept: bool) -> None:
    case = late_request()
    send(case, "escalate", "2026-08-12", reason="I wrote yesterday")
    send(case, "decide_late", "2026-08-13", accept=accept, reason="One decision")
    assert status(case, "2026-08-13")["pending"] == []


def test_a_stage_opened_by_another_request_answers_the_late_one() -> None:
    case = late_request()
    assert send(case, "escalate", None, arrives="2026-08-12", reason="By the old system").applied
    found = status(case, "2026-08-12")
    assert (found["stage"], found["pending"]) == ("stage_3", [])
    assert deadline(case, "late_request_decision", "2026-08-12")["state"] != "running"


def test_a_decision_that_nobody_asked_for_is_refused() -> None:
    assert not send(adjudicated(), "decide_late", "2026-07-14", accept=True, reason="?").applied


def test_an_undated_request_after_the_window_is_not_judged_late() -> None:
    case = adjudicated()
    assert send(case, "escalate", None, arrives="2026-08-14").applied
    assert status(case, "2026-08-14")["stage"] == "stage_3"
    assert irregular(case, "2026-08-14")


# --- the panel meets: 30 ------------------------------------------------------------------------


def test_the_panel_meets_within_thirty_working_days() -> None:
    assert shown(at_stage_3(), "panel_meeting", "2026-07-20") == ("2026-09-01", "running", 0)


@pytest.mark.parametrize(
    ("on", "state", "days_late"), [("2026-09-01", "met", 0), ("2026-09-02", "met_late", 1)]
)
def test_it_is_met_by_holding_the_panel(on: str, state: str, days_late: int) -> None:
    case = panel_called()
    send(case, "hold_panel", on)
    assert shown(case, "panel_meeting", on) == ("2026-09-01", state, days_late)


def test_the_rule_gives_no_power_to_extend_it() -> None:
    assert not send(at_stage_3(), "extend", "2026-08-03", reason="Nobody is free").applied


def test_calling_the_panel_meets_no_limit_of_the_meeting() -> None:
    assert deadline(panel_called(), "panel_meeting", "2026-08-24")["state"] == "running"


def test_the_meeting_late_the_person_is_told() -> None:
    case = at_stage_3()
    tasks = done(case, "2026-09-02", "09:00")
    assert breaches(tasks) == ["panel_meeting"]
    assert "panel_delay" in letters(tasks)


# --- its papers: 10 before ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "state", "days_late"),
    [("2026-08-10", "met", 0), ("2026-08-11", "met_late", 1), ("2026-08-17", "met_late", 5)],
)
def test_papers_go_ten_working_days_before(on: str, state: str, days_late: int) -> None:
    """Counted back from Monday 24 August: Monday 10 August is the last day in time."""
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    send(case, "send_papers", on)
    found = deadline(case, "panel_papers", on)
    assert (found["counts_from"], found["due_on"]) == ("2026-08-24", "2026-08-10")
    assert (found["state"], found["days_late"]) == (state, days_late)


def test_a_panel_called_too_soon_for_its_papers_shows_them_late() -> None:
    case = at_stage_3()
    assert send(case, "schedule_panel", "2026-07-23", meeting_on="2026-07-30").applied
    assert shown(case, "panel_papers", "2026-07-23") == ("2026-07-16", "overdue", 5)


def test_the_papers_are_reminded_of_two_working_days_before_they_are_due() -> None:
    """Due Monday 10 August for Monday 24 August; once more for the day that the panel is moved to."""
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    assert papers_reminded(case, "2026-08-05", "2026-08-06", "2026-08-07") == ["2026-08-06"]
    send(case, "schedule_panel", "2026-08-07", meeting_on="2026-08-27")
    assert papers_reminded(case, "2026-08-10", "2026-08-11", "2026-08-12", "2026-08-14") == ["2026-08-11"]


def papers_reminded(case: Case, *days: str) -> list[str]:
    """On which of these days a reminder of the papers leaves."""
    return [
        day
        for day in days
        for task in case.due(at(day))
        if task.effect.kind == "reminder"
        and task.state == "done"
        and task.effect.facts["deadline"] == "panel_papers"
    ]


def test_a_panel_moved_to_another_day_moves_its_papers() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    send(case, "schedule_panel", "2026-07-29", meeting_on="2026-08-27")
    found = deadline(case, "panel_papers", "2026-07-29")
    assert found["due_on"] == "2026-08-13"
    assert [m["due_on"] for m in found["moved"]] == ["2026-08-10"]


@pytest.mark.parametrize(
    ("meeting_on", "due_on", "state"),
    [("2026-08-17", "2026-08-03", "met_late"), ("2026-09-01", "2026-08-17", "running")],
)
def test_after_the_papers_the_panel_is_moved(meeting_on: str, due_on: str, state: str) -> None:
    """Told when and where ten working days before: papers for the day it was are none for the day it is."""
    case = panel_called()
    send(case, "schedule_panel", "2026-08-11", meeting_on=meeting_on)
    found = deadline(case, "panel_papers", "2026-08-11")
    assert (found["due_on"], found["state"]) == (due_on, state)


def test_the_rest_of_the_papers_is_none_for_another_day_either() -> None:
    case = panel_called()
    sent = [each for each in case.log if each.message.action == "send_papers"]
    assert sent
    send(case, "send_papers", "2026-08-10", note="The rest of them.")
    send(case, "schedule_panel", "2026-08-11", meeting_on="2026-09-01")
    found = deadline(case, "panel_papers", "2026-08-11")
    assert (found["met_on"], found["state"]) == (None, "running")


def test_a_late_request_withdrawn_leaves_it_closed() -> None:
    case = late_request()
    assert send(case, "withdraw", "2026-08-12").applied
    found = status(case, "2026-08-12")
    assert (found["state"], found["closed_on"], found["pending"]) == ("closed", "2026-08-11", [])
    assert case.is_finished


def test_a_panel_called_before_it_was_asked_for_waits() -> None:
    case = adjudicated()
    assert send(case, "schedule_panel", "2026-07-15", meeting_on="2026-08-24").pending
    send(case, "escalate", "2026-07-20")
    assert status(case, "2026-07-20")["pending"] == []
    assert shown(case, "panel_papers", "2026-07-20")[0] == "2026-08-10"


# --- three members ------------------------------------------------------------------------------


def test_a_panel_of_three() -> None:
    case = at_stage_3()
    assert appoint(case, "panel_chair", "2026-07-22").applied
    assert appoint(case, "panel_member", "2026-07-22").applied
    assert appoint(case, "panel_member", "2026-07-22", name="Phantom Listener").applied
    answer = appoint(case, "panel_member", "2026-07-22", name="Superfluo Fourth")
    assert not answer.applied
    assert len(status(case, "2026-07-22")["appointments"]) == 6


@pytest.mark.parametrize("role", ["panel_chair", "panel_member"])
@pytest.mark.parametrize("connection", ["employee", "member", "partner_of_either"])
def test_none_of_them_belongs_to_the_council(role: str, connection: str) -> None:
    assert not appoint(at_stage_3(), role, "2026-07-22", connection=connection).applied


@pytest.mark.parametrize("role", ["panel_chair", "panel_member"])
@pytest.mark.parametrize("name", ["Fabian Makebelieve", "Inventina Prober", "Fictitia Decider"])
def test_nobody_with_a_part_in_stage_2_sits(role: str, name: str) -> None:
    assert not appoint(at_stage_3(), role, "2026-07-22", name=name).applied


def test_the_chair_is_no_further_member() -> None:
    case = at_stage_3()
    appoint(case, "panel_chair", "2026-07-22")
    assert not appoint(case, "panel_member", "2026-07-22", name="Mythica Presider").applied


# --- its report: 5; the final response: 20 from the meeting, then 15 from the report ------------


def held() -> Case:
    """The panel met on Monday 24 August."""
    case = panel_called()
    send(case, "hold_panel", "2026-08-24")
    return case


def test_the_report_is_due_five_working_days_after_the_meeting() -> None:
    """Over the bank holiday of 31 August: Tuesday 1 September."""
    found = deadline(held(), "panel_report", "2026-08-24")
    assert (found["due_on"], found["owner"]) == ("2026-09-01", "panel")


@pytest.mark.parametrize(("on", "state"), [("2026-09-01", "met"), ("2026-09-02", "met_late")])
def test_the_report_in_time_and_late(on: str, state: str) -> None:
    case = held()
    send(case, "report", on, kind="panel")
    assert deadline(case, "panel_report", on)["state"] == state


def test_until_the_report_comes_the_response_runs_provisionally() -> None:
    found = deadline(held(), "final_response", "2026-08-24")
    assert (found["due_on"], found["provisional"], found["limit"]) == ("2026-09-22", True, 20)
    assert found["owner"] == "director"


@pytest.mark.parametrize(
    ("reported", "due_on"),
    [("2026-08-28", "2026-09-21"), ("2026-09-01", "2026-09-22"), ("2026-09-25", "2026-10-16")],
)
def test_with_the_report_it_is_fifteen_working_days_from_then(reported: str, due_on: str) -> None:
    case = held()
    send(case, "report", reported, kind="panel")
    found = deadline(case, "final_response", reported)
    assert (found["due_on"], found["provisional"], found["limit"]) == (due_on, False, 15)
    assert found["counts_from"] == reported
    if due_on != "2026-09-22":
        assert [(m["due_on"], m["breach"]) for m in found["moved"]] == [
            ("2026-09-22", reported > "2026-09-22")
        ]


def test_a_second_report_gives_no_more_time() -> None:
    case = held()
    send(case, "report", "2026-08-27", kind="panel")
    send(case, "report", "2026-09-03", kind="panel", note="With its annex")
    assert shown(case, "final_response", "2026-09-03") == ("2026-09-18", "running", 0)


@pytest.mark.parametrize(
    ("on", "state", "days_late"), [("2026-09-18", "met", 0), ("2026-09-21", "met_late", 1)]
)
def test_the_final_response_completes_the_procedure(on: str, state: str, days_late: int) -> None:
    """The report of Thursday 27 August: due Friday 18 September; met on the Monday, one day late."""
    case = held()
    send(case, "report", "2026-08-27", kind="panel")
    send(case, "respond", on, outcome="upheld", independent_person_consulted=True)
    assert shown(case, "final_response", on) == ("2026-09-18", state, days_late)
    found = status(case, on)
    assert (found["state"], found["closed_as"], found["closed_on"]) == ("closed", "completed", on)
    assert irregular(case, on) == []
    assert "final_response" in letters(done(case, on))


def test_the_response_is_considered_together_with_the_independent_person() -> None:
    case = held()
    send(case, "report", "2026-08-27", kind="panel")
    send(case, "respond", "2026-09-07", outcome="upheld")
    assert any("Independent Person" in what for what in irregular(case, "2026-09-07"))


def test_a_meeting_of_the_director_and_the_independent_person_is_a_consultation() -> None:
    case = held()
    send(case, "record_meeting", "2026-08-26", kind="director_and_independent_person")
    assert any("panel report" in what for what in irregular(case, "2026-08-26"))
    send(case, "report", "2026-08-27", kind="panel")
    send(case, "respond", "2026-09-07", outcome="upheld")
    assert not any("was not consulted" in what for what in irregular(case, "2026-09-07"))


def test_nothing_follows_but_the_ombudsman() -> None:
    answer = send(held(), "escalate", "2026-08-25")
    assert (answer.applied, answer.pending) == (False, False)
    assert "Ombudsman" in answer.reason


def test_reports_come_out_of_order_and_are_recorded_as_irregular() -> None:
    case = at_stage_3()
    assert send(case, "report", "2026-08-03", kind="panel").applied
    assert irregular(case, "2026-08-03")
    assert shown(case, "final_response", "2026-08-03")[0] == "2026-08-24"
    assert deadline(case, "panel_meeting", "2026-08-03")["state"] == "running"


def test_a_panel_held_while_at_the_ombudsman_still_leads_to_a_final_response() -> None:
    case = adjudicated()
    send(case, "refer_to_ombudsman", "2026-08-12")
    send(case, "hold_panel", "2026-08-13")
    send(case, "escalate", "2026-08-14")
    send(case, "decide_late", "2026-08-17", accept=True, reason="The Ombudsman sent it back")
    assert "final_response" in deadlines(case, "2026-08-17")


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
