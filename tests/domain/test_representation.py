"""Comments, compliments, suggestions and requests: written down, thanked for and passed on (002-1, 002-2,
004-2, 004-7, 004-8).

Received on Monday 1 June 2026: thanked for by Thursday 4 June (3 working days), passed on by Monday
8 June (5). Both are targets of ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    MONDAY,
    appoint,
    breaches,
    deadlines,
    done,
    letters,
    opened,
    send,
    shown,
    status,
)

KINDS = ["comment", "compliment", "suggestion", "service_request", "information_request"]


def compliment() -> Case:
    """A young person's compliment."""
    return opened(
        authority="young-people",
        kind="compliment",
        complainant={"name": "Imaginaria Nobody", "role": "young_person"},
        points=["My social worker listened to me."],
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("authority", ["young-people", "rotherham", "irm"])
def test_what_is_no_complaint_follows_the_short_procedure_and_says_why(kind: str, authority: str) -> None:
    found = status(opened(authority=authority, kind=kind), MONDAY)
    assert (found["procedure"], found["kind"], found["stage"]) == ("representation", kind, "stage_1")
    assert "pass it on" in found["procedure_reason"]


def test_it_has_no_limit_of_a_complaint() -> None:
    case = compliment()
    assert deadlines(case, MONDAY).keys() == {"acknowledgement", "passed_on"}
    assert {each["kind"] for each in status(case, MONDAY)["deadlines"]} == {"target"}


def test_thanked_for_within_three_working_days() -> None:
    case = compliment()
    send(case, "acknowledge", "2026-06-04")
    assert shown(case, "acknowledgement", "2026-06-04") == ("2026-06-04", "met", 0)
    assert letters(done(case, "2026-06-04")) == ["thanks"]


def test_passed_on_within_five_and_then_it_is_over() -> None:
    case = compliment()
    send(case, "acknowledge", "2026-06-02")
    done(case, "2026-06-02")
    send(case, "respond", "2026-06-08", outcome="resolved", summary="With the team that helped you")
    assert shown(case, "passed_on", "2026-06-08") == ("2026-06-08", "met", 0)
    assert letters(done(case, "2026-06-08")) == ["passed_on"]
    found = status(case, "2026-06-08")
    assert (found["state"], found["closed_as"]) == ("closed", "completed")
    assert case.is_finished


def test_late_it_is_reminded_and_reported_and_is_no_breach() -> None:
    case = compliment()
    tasks = done(case, "2026-06-09")
    assert breaches(tasks) == []
    assert "target_passed" in letters(tasks)
    assert "chase" in letters(done(case, "2026-06-16"))
    assert status(case, "2026-06-16")["overdue"] is False
    assert status(case, "2026-06-16")["state"] == "open"


def test_an_unnamed_compliment_is_in_no_question() -> None:
    found = status(opened(kind="compliment", complainant=None), MONDAY)
    assert (found["stage"], found["questions"]) == ("stage_1", [])


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("escalate", {}),
        ("extend", {"reason": "Complex", "until": "2026-07-01"}),
        ("decide_late", {"accept": True, "reason": "Why not"}),
        ("accept", {}),
        ("schedule_panel", {"meeting_on": "2026-07-01"}),
    ],
)
def test_what_no_stage_can_take_is_refused_with_a_reason(action: str, fields: dict[str, Any]) -> None:
    answer = send(compliment(), action, "2026-06-03", **fields)
    assert (answer.applied, answer.pending) == (False, False)
    assert answer.reason


def test_nobody_is_appointed() -> None:
    assert not appoint(compliment(), "investigating_officer", "2026-06-03").applied


def test_whoever_wants_to_complain_is_told_how() -> None:
    assert "open a complaint" in send(compliment(), "escalate", "2026-06-03").reason
    said = status(compliment(), MONDAY)["plain"]
    assert "complain" in said["next"]


def test_a_part_that_is_a_complaint_becomes_one() -> None:
    case = opened(kind="comment", points=["The new room is nice.", "Nobody came for three weeks."])
    assert send(case, "split", "2026-06-02", points=[2], procedure="statutory").applied
    [linked] = status(case, "2026-06-02")["linked"]
    assert (linked["procedure"], linked["points"]) == ("statutory", ["Nobody came for three weeks."])


def test_a_case_under_way_is_loaded() -> None:
    case = opened(
        kind="comment", today="2026-06-04", messages=[{"action": "acknowledge", "on": "2026-06-02"}]
    )
    assert shown(case, "passed_on", "2026-06-04") == ("2026-06-08", "running", 0)
    assert done(case, "2026-06-04") == []
