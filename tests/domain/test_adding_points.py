"""Points that a person brings up later: they join the stage that runs, or a person decides."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.splitting import part_of
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    at_stage_2,
    at_stage_3,
    deadlines,
    done,
    finding,
    investigated,
    letters,
    opened,
    points,
    send,
    shown,
    status,
    without_flags,
)


def add(case: Case, on: str, **more: Any) -> Any:
    return send(case, "add_points", on, points=["The new plan is unsigned."], message_id="new", **more)


@pytest.mark.parametrize(("story", "on"), [(acknowledged, "2026-06-10"), (at_stage_2, "2026-07-01")])
def test_they_join_the_stage_and_no_limit_moves(story: Any, on: str) -> None:
    """Finding R8: no point could be added at Stage 1 or 2."""
    case = story()
    before = {name: each["due_on"] for name, each in deadlines(case, on).items()}
    assert add(case, on).applied
    assert points(case, on)[3] == ("open", [])
    assert {name: each["due_on"] for name, each in deadlines(case, on).items()} == before
    assert "points_added" in letters(done(case, on))


@pytest.mark.parametrize(
    ("story", "on"),
    [
        (answered, "2026-06-10"),
        (investigated, "2026-07-11"),
        (adjudicated, "2026-07-15"),
        (at_stage_3, "2026-07-21"),
    ],
)
def test_when_it_has_gone_too_far_the_manager_is_asked(story: Any, on: str) -> None:
    case = story()
    assert add(case, on).pending
    assert 3 not in points(case, on)
    assert deadlines(case, on)["late_request_decision"]["state"] == "running"
    assert {"points_wait", "decision_needed"} <= {*letters(done(case, on, "16:00"))}


def test_the_manager_has_them_join() -> None:
    case = investigated()
    add(case, "2026-07-13")
    assert send(case, "decide_late", "2026-07-14", accept=True, reason="Closely tied.").applied
    assert points(case, "2026-07-14")[3] == ("open", [])
    assert status(case, "2026-07-14")["stage"] == "stage_2"
    assert status(case, "2026-07-14")["pending"] == []


def test_what_joins_a_stage_that_was_answered_is_owed_its_answer_there() -> None:
    case = answered()
    add(case, "2026-06-10")
    assert send(case, "decide_late", "2026-06-11", accept=True, reason="Closely tied.").applied
    assert deadlines(case, "2026-06-11")["stage_1_response"]["state"] == "running"
    send(case, "respond", "2026-06-18", outcome="upheld")
    assert points(case, "2026-06-18")[3][1] == [("stage_1", "upheld")]
    assert deadlines(case, "2026-06-18")["stage_1_response"]["met_on"] == "2026-06-18"


def test_points_wait_on_when_the_ombudsman_brings_a_stage_back() -> None:
    case = adjudicated()
    add(case, "2026-07-15")
    said = {"category": "upheld", "returns_to": "stage_2"}
    assert send(case, "ombudsman_decision", "2026-07-20", **said).applied
    assert [each["action"] for each in status(case, "2026-07-20")["pending"]] == ["add_points"]


def test_or_a_linked_complaint_that_counts_from_when_they_were_brought_up() -> None:
    case = investigated()
    add(case, "2026-07-13", received_on="2026-07-09")
    done(case, "2026-07-13")
    send(case, "decide_late", "2026-07-14", accept=False, reason="The report is in.")
    [part] = [task.effect for task in done(case, "2026-07-14") if task.effect.kind == "split"]
    opened = part_of(case, part.facts).opening
    assert (opened["received_on"], opened["points"]) == ("2026-07-09", ["The new plan is unsigned."])
    assert "messages" not in opened
    assert [each["how"] for each in status(case, "2026-07-14")["linked"]] == ["split_off"]
    assert 3 not in points(case, "2026-07-14")


def test_points_wait_on_when_the_next_stage_is_asked_for() -> None:
    case = answered()
    add(case, "2026-06-10")
    assert send(case, "escalate", "2026-06-12").applied
    assert [each["action"] for each in status(case, "2026-06-12")["pending"]] == ["add_points"]
    send(case, "decide_late", "2026-06-15", accept=True, reason="Closely tied.")
    assert points(case, "2026-06-15")[3] == ("open", [])


def test_not_before_the_complaint_nor_after_the_message() -> None:
    assert "received_on" in add(acknowledged(), "2026-06-10", received_on="2026-06-11").reason


def joined_after_a_lapse(case: Case) -> Case:
    """Stage 1 answered on Monday 8 June; its window ends on 6 July with points that wait for a decision."""
    send(case, "acknowledge", "2026-06-01")
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    add(case, "2026-07-03")
    assert status(case, "2026-07-08")["closed_as"] == "lapsed"
    assert send(case, "decide_late", "2026-07-09", accept=True, reason="Closely tied.").applied
    return case


@pytest.mark.flag("late_points_take_up_again", on=True)
def test_what_joins_a_complaint_that_lapsed_meanwhile_takes_it_up_again() -> None:
    case = joined_after_a_lapse(opened())
    found = status(case, "2026-07-10")
    assert (found["state"], found["waiting_for"], found["next_due_on"]) == (
        "open",
        "stage_manager",
        "2026-07-23",
    )
    send(case, "respond", "2026-07-20", outcome="upheld")
    assert points(case, "2026-07-21")[3][1] == [("stage_1", "upheld")]
    assert deadlines(case, "2026-07-21")["stage_1_review"]["due_on"] == "2026-08-17"
    assert status(case, "2026-08-18")["closed_as"] == "lapsed"


@pytest.mark.flag("late_points_take_up_again", on=False)
def test_a_complaint_of_before_stays_closed() -> None:
    assert status(joined_after_a_lapse(without_flags(opened())), "2026-07-10")["state"] == "closed"


def test_points_added_at_stage_1_are_owed_their_answer_by_the_same_day() -> None:
    case = acknowledged()
    assert send(case, "add_points", "2026-06-05", points=["And the lift is broken."], reason="x").applied
    send(case, "respond", "2026-06-12", outcome="upheld", findings=finding(1, 2))
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
