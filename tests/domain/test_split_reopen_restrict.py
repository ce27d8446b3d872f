"""Points split off into a linked complaint, a closed complaint taken up again, replies that stop.

Received on Monday 1 June 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.splitting import part_of
from redress.procedures.loader import rules_for
from tests.domain.conftest import (
    MONDAY,
    at,
    breaches,
    corporate,
    deadlines,
    done,
    facts,
    irm,
    irregular,
    letters,
    opened,
    points,
    send,
    shown,
    status,
)

# --- split ---------------------------------------------------------------------------------------


def mixed(**more: Any) -> Case:
    """Three points, of which the second turns out not to be statutory; acknowledged on 2 June."""
    case = opened(points=["Nobody came.", "The car park was full.", "Nobody wrote."], **more)
    send(case, "acknowledge", "2026-06-02")
    return case


def split() -> Case:
    """The second point split off on Wednesday 3 June."""
    case = mixed()
    assert send(case, "split", "2026-06-03", points=[2], procedure="corporate").applied
    return case


def part(case: Case, today: str = "2026-06-03") -> Case:
    """The linked complaint, opened as the workflow opens it."""
    [task] = [task for task in case.due(at(today)) if task.effect.kind == "split"]
    opening = part_of(case, task.effect.facts)
    read = parse_opening(opening.opening, date.fromisoformat(today))
    return Case(rules_for(read), opening.reference, read, date.fromisoformat(today))


def test_some_points_become_a_linked_complaint_under_the_other_procedure() -> None:
    case = split()
    [linked] = status(case, "2026-06-03")["linked"]
    assert (linked["how"], linked["procedure"], linked["on"]) == ("split_off", "corporate", "2026-06-03")
    assert linked["points"] == ["The car park was full."]
    other = part(case)
    assert other.reference == linked["reference"] != case.reference
    found = status(other, "2026-06-03")
    assert (found["procedure"], found["stage"], found["state"]) == ("corporate", "stage_1", "open")
    assert [each["text"] for each in found["points"]] == ["The car park was full."]
    assert found["linked"] == [{"reference": case.reference, "how": "linked_to"}]


def test_the_person_is_told_which_points_go_where() -> None:
    case = split()
    told = facts(case, "split")
    assert (told["split_points"], told["procedure"]) == (["The car park was full."], "corporate")


def test_the_first_one_s_clocks_are_left_alone() -> None:
    before, after = deadlines(mixed(), "2026-06-03"), deadlines(split(), "2026-06-03")
    assert before == after
    assert points(split(), "2026-06-03")[2][0] == "split_off"


def test_the_part_has_its_own_clock_from_the_receipt_of_the_whole() -> None:
    """The person loses no time by the wrong procedure: acknowledged on 2 June, so answered by 16 June."""
    other = part(split())
    assert shown(other, "acknowledgement", "2026-06-03") == ("2026-06-08", "met", 0)
    assert shown(other, "stage_1_response", "2026-06-03") == ("2026-06-16", "running", 0)
    send(other, "extend", "2026-06-04", reason="Two services")
    assert shown(split(), "stage_1_response", "2026-06-04")[0] == "2026-06-15"


def test_unacknowledged_so_is_the_part() -> None:
    case = opened(points=["Nobody came.", "The car park was full."])
    send(case, "split", "2026-06-03", points=[2], procedure="corporate")
    assert shown(part(case), "acknowledgement", "2026-06-03") == ("2026-06-08", "running", 0)


def test_a_part_of_a_compliment_is_a_complaint_and_unacknowledged() -> None:
    """To be thanked for a compliment is no acknowledgement of a complaint."""
    case = opened(kind="compliment", points=["She listens.", "Nobody came."])
    send(case, "acknowledge", "2026-06-02")
    send(case, "split", "2026-06-03", points=[2], procedure="statutory")
    other = part(case)
    found = status(other, "2026-06-03")
    assert (found["kind"], found["procedure"], found["stage"]) == ("complaint", "statutory", "stage_1")
    assert shown(other, "acknowledgement", "2026-06-03") == ("2026-06-04", "running", 0)


@pytest.mark.parametrize(
    ("before", "on", "stage"),
    [
        (0, "2026-06-03", "stage_1"),
        (1, "2026-06-09", "stage_1"),  # answered, its window running
        (2, "2026-06-16", "stage_2"),
        (3, "2026-06-30", "stage_2"),  # adjudicated
        (4, "2026-07-07", "stage_3"),
    ],
)
def test_it_is_possible_at_every_stage(before: int, on: str, stage: str) -> None:
    case = mixed()
    way = [
        ("respond", "2026-06-08"),
        ("escalate", "2026-06-15"),
        ("respond", "2026-06-29"),
        ("escalate", "2026-07-06"),
    ]
    for action, day in way[:before]:
        send(case, action, day, **({"outcome": "not_upheld"} if action == "respond" else {}))
    assert status(case, on)["stage"] == stage
    due = {name: each["due_on"] for name, each in deadlines(case, on).items()}
    assert send(case, "split", on, points=[2], procedure="corporate").applied
    assert points(case, on)[2][0] == "split_off"
    assert {name: each["due_on"] for name, each in deadlines(case, on).items()} == due
    assert status(part(case, on), on)["procedure"] == "corporate"


def test_the_findings_and_requests_after_it_are_about_what_stayed() -> None:
    case = split()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert points(case, "2026-06-08")[2] == ("split_off", [])
    assert irregular(case, "2026-06-08") == []
    send(case, "escalate", "2026-06-15")
    assert [points(case, "2026-06-15")[number][0] for number in (1, 2, 3)] == ["open", "split_off", "open"]


def test_what_was_split_off_cannot_be_taken_further_here() -> None:
    case = split()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15", points=[2])
    assert "point 2 is split off" in irregular(case, "2026-06-15")
    assert [points(case, "2026-06-15")[number][0] for number in (1, 2, 3)] == ["open", "split_off", "open"]


def test_a_refusal_quotes_no_text_of_a_point() -> None:
    """It is shown on a page and in a summary, where nothing that was written belongs."""
    answer = send(mixed(), "split", "2026-06-03", points=["My uncle Marked hits me"], procedure="corporate")
    assert not answer.applied
    assert "Marked" not in answer.reason
    assert "by its number (1 to 3)" in answer.reason


@pytest.mark.parametrize(
    ("named", "procedure"),
    [
        ([1, 2, 3], "corporate"),  # something has to stay
        ([9], "corporate"),
        ([1, 9], "corporate"),
        ([1], "statutory"),  # it follows that already
        ([1], "irm"),  # this authority has not
    ],
)
def test_what_cannot_be_split_is_refused_with_its_reason(named: list[int], procedure: str) -> None:
    case = mixed()
    answer = send(case, "split", "2026-06-03", points=named, procedure=procedure)
    assert (answer.applied, answer.pending) == (False, False)
    assert answer.reason
    assert status(case, "2026-06-03")["linked"] == []


def test_one_point_at_issue_has_to_stay() -> None:
    """Points that rest at Stage 1 leave nothing to be investigated."""
    case = mixed()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15", points=[1])
    assert not send(case, "split", "2026-06-16", points=[1], procedure="corporate").applied
    assert send(case, "split", "2026-06-16", points=[2], procedure="corporate").applied


def test_a_point_goes_only_once() -> None:
    answer = send(split(), "split", "2026-06-04", points=[2], procedure="representation")
    assert (answer.applied, answer.pending) == (False, False)


def test_two_parts_have_two_references_that_stay() -> None:
    case = split()
    send(case, "split", "2026-06-04", points=[3], procedure="representation")
    references = [each["reference"] for each in status(case, "2026-06-04")["linked"]]
    assert len({*references, case.reference}) == 3
    send(case, "add_note", "2026-06-01", arrives="2026-06-05", note="Logged late")
    send(case, "record_meeting", "2026-06-02", arrives="2026-06-05")
    assert [each["reference"] for each in status(case, "2026-06-05")["linked"]] == references


def test_the_part_of_a_case_that_was_loaded_is_opened_all_the_same() -> None:
    messages = [{"action": "split", "on": "2026-06-03", "points": [2], "procedure": "corporate"}]
    case = opened(today="2026-07-06", points=["Nobody came.", "The car park was full."], messages=messages)
    other = part(case, "2026-07-06")
    assert shown(other, "stage_1_response", "2026-07-06") == ("2026-06-22", "overdue", 10)


def test_a_complaint_linked_from_the_start_leaves_the_first_alone() -> None:
    case = opened(linked_to="CYP-2026-000007")
    assert status(case, MONDAY)["linked"] == [{"reference": "CYP-2026-000007", "how": "linked_to"}]
    assert deadlines(case, MONDAY) == deadlines(opened(), MONDAY)


# --- reopen --------------------------------------------------------------------------------------


def lapsed() -> Case:
    """Corporate, answered on 5 June as received that day: lapsed on Saturday 4 July (window to 3 July)."""
    case = corporate()
    send(case, "acknowledge", MONDAY)
    send(case, "respond", "2026-06-05", outcome="not_upheld", received_on="2026-06-05")
    return case


def test_a_closed_complaint_is_reopened_and_its_answer_owed_anew() -> None:
    case = lapsed()
    assert status(case, "2026-07-04")["closed_on"] == "2026-07-04"
    assert send(case, "reopen", "2026-07-13", reason="A letter had been overlooked").applied
    found = status(case, "2026-07-13")
    assert (found["state"], found["stage"], found["closed_on"], found["closed_as"]) == (
        "open",
        "stage_1",
        None,
        None,
    )
    assert shown(case, "stage_1_response", "2026-07-13") == ("2026-07-27", "running", 0)
    assert facts(case, "reopened")["message"]["reason"] == "A letter had been overlooked"


def test_reopened_it_goes_the_whole_way_again() -> None:
    case = lapsed()
    send(case, "reopen", "2026-07-13", reason="Overlooked")
    send(case, "respond", "2026-07-20", outcome="not_upheld", received_on="2026-07-20")
    assert shown(case, "stage_1_review", "2026-07-20") == ("2026-08-17", "running", 0)
    assert send(case, "escalate", "2026-07-21").applied
    assert status(case, "2026-07-21")["stage"] == "stage_2"


def test_late_once_more_it_is_a_breach_once_more() -> None:
    case = lapsed()
    send(case, "reopen", "2026-07-13", reason="Overlooked")
    done(case, "2026-07-27")
    assert breaches(done(case, "2026-07-28")) == ["stage_1_response"]


@pytest.mark.parametrize(("on", "applied"), [("2026-07-31", True), ("2026-08-03", False)])
def test_only_within_the_days_that_the_policy_gives(on: str, applied: bool) -> None:
    """Twenty working days from Saturday 4 July: until Friday 31 July."""
    answer = send(lapsed(), "reopen", on, reason="Overlooked")
    assert answer.applied is applied
    assert applied or "2026-07-31" in answer.reason


@pytest.mark.parametrize("story", [opened, irm])
def test_not_where_the_policy_has_none(story: Callable[[], Case]) -> None:
    case = story()
    send(case, "withdraw", "2026-06-02")
    answer = send(case, "reopen", "2026-06-03", reason="Changed my mind")
    assert (answer.applied, answer.pending) == (False, False)
    assert "reopen_within_days" in answer.reason


def test_an_open_one_a_declined_one_and_one_with_the_ombudsman_are_not() -> None:
    declined, referred = corporate(), lapsed()
    send(declined, "decline", "2026-06-02", reason="Another council's")
    send(referred, "refer_to_ombudsman", "2026-07-06")
    for case, on in ((corporate(), "2026-06-03"), (declined, "2026-06-03"), (referred, "2026-07-07")):
        answer = send(case, "reopen", on, reason="Overlooked")
        assert (answer.applied, answer.pending) == (False, False)
        assert answer.reason


def test_a_remedy_agreed_before_runs_on() -> None:
    case = corporate()
    remedies = [{"what": "Apologise", "due_on": "2026-07-01"}]
    send(case, "respond", "2026-06-05", outcome="resolved", remedies=remedies)
    send(case, "reopen", "2026-06-08", reason="Overlooked")
    send(case, "respond", "2026-06-10", outcome="resolved", remedies=[{"what": "Pay"}])
    assert shown(case, "remedy_1", "2026-06-10") == ("2026-07-01", "running", 0)
    assert shown(case, "remedy_2", "2026-06-10") == ("2026-07-08", "running", 0)


def test_closed_before_it_was_decided_whether_it_is_taken_that_is_asked_again() -> None:
    case = corporate(complainant=None)
    send(case, "withdraw", "2026-06-02")
    send(case, "reopen", "2026-06-08", reason="They wrote again")
    found = status(case, "2026-06-08")
    assert (found["state"], found["stage"], len(found["questions"])) == ("open", "intake", 1)
    assert shown(case, "eligibility_decision", "2026-06-08") == ("2026-06-15", "running", 0)


# --- restrict_contact ----------------------------------------------------------------------------


def restricted(**more: Any) -> Case:
    """An answered complaint to the IRM's people; replies stop from 12 June until 30 September."""
    case = irm(**more)
    send(case, "escalate", "2026-06-02")
    send(case, "restrict_contact", "2026-06-12", reason="Threats by telephone", until="2026-09-30")
    return case


def test_replies_stop_until_a_day_by_a_manager_s_reasoned_decision() -> None:
    case = restricted()
    assert status(case, "2026-06-12")["contact_restricted_until"] == "2026-09-30"
    told = facts(case, "contact_restricted")
    assert (told["until"], told["message"]["reason"]) == ("2026-09-30", "Threats by telephone")
    assert "contact_restricted" in letters(done(case, "2026-06-12"))


def test_its_end_is_reviewed_and_then_it_is_over() -> None:
    case = restricted()
    found = deadlines(case, "2026-06-12")["contact_review"]
    assert (found["due_on"], found["owner"], found["state"]) == (
        "2026-09-30",
        "complaints_manager",
        "running",
    )
    done(case, "2026-09-22")
    assert "reminder" in letters(done(case, "2026-09-23"))  # five working days before
    assert status(case, "2026-09-30")["contact_restricted_until"] == "2026-09-30"
    assert status(case, "2026-10-01")["contact_restricted_until"] is None


def test_the_complaint_s_own_dates_run_on_and_its_answer_is_still_sent() -> None:
    free, held = irm(), restricted()
    send(free, "escalate", "2026-06-02")
    assert (
        deadlines(held, "2026-06-12")["stage_1_response"] == deadlines(free, "2026-06-12")["stage_1_response"]
    )
    send(held, "respond", "2026-06-15", outcome="upheld")
    assert "answer" in letters(done(held, "2026-06-15"))


def test_without_a_day_it_lasts_half_a_year() -> None:
    """183 days from 12 June: never without an end."""
    case = irm()
    send(case, "restrict_contact", "2026-06-12", reason="Threats")
    assert status(case, "2026-06-12")["contact_restricted_until"] == "2026-12-12"


def test_said_again_the_new_day_counts() -> None:
    case = restricted()
    send(case, "restrict_contact", "2026-06-15", reason="It has stopped", until="2026-06-30")
    assert status(case, "2026-06-15")["contact_restricted_until"] == "2026-06-30"
    reviews = [d["state"] for d in status(case, "2026-07-01")["deadlines"] if d["name"] == "contact_review"]
    assert "running" not in reviews
    assert len(reviews) == 2


def test_after_closing_as_well() -> None:
    case = irm()
    send(case, "withdraw", "2026-06-05")
    assert send(case, "restrict_contact", "2026-06-12", reason="Calls every day").applied
    assert not case.is_finished
    assert status(case, "2026-06-12")["closed_as"] == "withdrawn"


def test_it_cannot_end_before_it_begins() -> None:
    answer = send(irm(), "restrict_contact", "2026-06-12", reason="Threats", until="2026-06-11")
    assert (answer.applied, answer.pending) == (False, False)


def test_the_statutory_procedure_leaves_no_such_way_out() -> None:
    answer = send(opened(), "restrict_contact", "2026-06-12", reason="Threats")
    assert (answer.applied, answer.pending) == (False, False)
    assert answer.reason
