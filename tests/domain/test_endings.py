"""How a complaint ends before its procedure is over, each as it was, and who may take it up again."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    COURT,
    acknowledged,
    adjudicated,
    answered,
    at_stage_2,
    at_stage_3,
    corporate,
    deadline,
    done,
    letters,
    opened,
    owed,
    panel_called,
    problems,
    send,
    shown,
    status,
    strike,
)

NEW = {"name": "Executrix Invented", "role": "other", "email": "executrix@invented.example"}


def closed(case: Case, on: str, kind: str, **more: Any) -> tuple[object, object]:
    assert send(case, "close", on, reason="As it was.", kind=kind, **more).applied
    found = status(case, on)
    return found["closed_as"], found["closed_on"]


# --- the kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("died", {"who": "complainant"}),
        ("duplicate", {"of": "CYP-2026-000002"}),
        ("transferred", {"to": "Elsewhere Council"}),
        ("settled", {"terms": "A call every week.", "agreed_by_complainant": True}),
    ],
)
@pytest.mark.parametrize("story", [acknowledged, at_stage_2, at_stage_3])
def test_closed_as_what_it_was(story: Any, kind: str, more: dict[str, Any]) -> None:
    case = story()
    assert closed(case, "2026-07-21", kind, **more) == (kind, "2026-07-21")
    assert ("closure" in letters(done(case, "2026-07-21"))) is (kind != "died")


def test_settled_needs_the_persons_agreement() -> None:
    answer = send(acknowledged(), "close", "2026-06-03", reason="x", kind="settled", terms="A call a week.")
    assert not answer.applied
    assert "agreed_by_complainant" in answer.reason


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "duplicate"}, "of"),
        ({"kind": "transferred"}, "to"),
        ({"kind": "settled", "agreed_by_complainant": True}, "terms"),
        ({"kind": "died", "to": "Elsewhere"}, "to"),
        ({"of": "CYP-2026-000002"}, "of"),
    ],
)
def test_what_belongs_to_a_kind_is_there_with_it_alone(fields: dict[str, Any], field: str) -> None:
    assert field in problems(acknowledged(), "close", {"reason": "x", **fields})


# --- a death -------------------------------------------------------------------------------------


def test_a_death_is_recorded_of_a_closed_complaint_too() -> None:
    case = acknowledged()
    send(case, "withdraw", "2026-06-03")
    assert send(case, "close", "2026-06-05", reason="x", kind="died").applied
    assert status(case, "2026-06-05")["closed_as"] == "withdrawn"


@pytest.mark.parametrize(("procedure", "capacity"), [("statutory", "executor"), ("corporate", "parent")])
def test_somebody_goes_on_after_a_death_whatever_the_policy(procedure: str, capacity: str) -> None:
    case = opened(procedure=procedure)
    send(case, "close", "2026-06-05", reason="x", kind="died", who="Imaginaria Nobody")
    alone = send(case, "reopen", "2026-12-01", reason="The family wants an answer.")
    assert not alone.applied
    assert "complainant" in alone.reason
    said: dict[str, Any] = {"reason": "The family wants an answer.", "complainant": NEW, "capacity": capacity}
    assert send(case, "reopen", "2026-12-02", **said).applied
    assert status(case, "2026-12-02")["state"] == "open"
    assert case.opening.complainant is not None
    assert case.opening.complainant.name == "Executrix Invented"
    assert "reopened" in letters(done(case, "2026-12-02"))


def test_who_goes_on_says_as_what() -> None:
    assert problems(acknowledged(), "reopen", {"reason": "x", "complainant": NEW})


def test_after_a_death_an_answer_given_stands_and_the_time_to_ask_begins_anew() -> None:
    case = answered()
    send(case, "close", "2026-06-10", reason="x", kind="died")
    send(case, "reopen", "2026-07-01", reason="x", complainant=NEW, capacity="executor")
    assert shown(case, "stage_1_response", "2026-07-01")[1] == "met"
    assert shown(case, "stage_1_review", "2026-07-01")[:2] == ("2026-07-29", "running")


# --- out of contact ------------------------------------------------------------------------------


def tried(case: Case) -> None:
    send(case, "record_contact", "2026-06-03", direction="out", channel="telephone", summary="Nobody.")
    send(case, "record_contact", "2026-06-04", direction="out", channel="email", summary="No reply.")
    send(case, "record_contact", "2026-06-05", direction="out", channel="post", reply_by="2026-07-03")


def test_out_of_contact_after_two_ways_and_a_letter_with_a_day() -> None:
    case = acknowledged()
    tried(case)
    assert closed(case, "2026-07-06", "out_of_contact") == ("out_of_contact", "2026-07-06")
    assert "closure" in letters(done(case, "2026-07-06"))


@pytest.mark.parametrize(
    "before",
    [
        [],
        [("2026-06-03", {"channel": "telephone"}), ("2026-06-04", {"channel": "telephone"})],
        [("2026-06-03", {"channel": "telephone"}), ("2026-06-04", {"channel": "email"})],
        [
            ("2026-06-03", {"channel": "telephone"}),
            ("2026-06-04", {"channel": "email"}),
            ("2026-06-05", {"channel": "post", "reply_by": "2026-07-02"}),  # 19 working days
        ],
        [
            ("2026-06-03", {"channel": "telephone"}),
            ("2026-06-05", {"channel": "post", "reply_by": "2026-07-03"}),
        ],
        [
            ("2026-06-03", {"channel": "telephone"}),
            ("2026-06-04", {"channel": "email"}),
            ("2026-06-05", {"channel": "post", "reply_by": "2026-07-06"}),  # not passed yet
        ],
        [
            ("2026-06-03", {"channel": "telephone"}),
            ("2026-06-04", {"channel": "email"}),
            ("2026-06-05", {"channel": "post", "reply_by": "2026-07-03"}),
            ("2026-06-08", {"channel": "telephone", "direction": "in"}),
        ],
    ],
)
def test_out_of_contact_is_not_said_lightly(before: list[tuple[str, dict[str, Any]]]) -> None:
    case = acknowledged()
    for on, fields in before:
        assert send(case, "record_contact", on, **{"direction": "out", **fields}).applied
    answer = send(case, "close", "2026-07-06", reason="x", kind="out_of_contact")
    assert not answer.applied
    assert "Missing" in answer.reason


def test_any_contact_takes_it_up_again_and_is_never_late() -> None:
    case = acknowledged()
    tried(case)
    closed(case, "2026-07-06", "out_of_contact")
    assert send(case, "record_contact", "2028-01-10", direction="in", channel="text").applied
    found = status(case, "2028-01-10")
    assert (found["state"], found["stage"]) == ("open", "stage_1")
    assert shown(case, "stage_1_response", "2028-01-10") == ("2028-01-24", "running", 0)
    assert "reopened" in letters(done(case, "2028-01-10"))


def test_a_request_after_being_out_of_contact_opens_the_next_stage() -> None:
    case = adjudicated()
    send(case, "record_contact", "2026-07-14", direction="out", channel="telephone")
    send(case, "record_contact", "2026-07-14", direction="out", channel="text")
    send(case, "record_contact", "2026-07-10", arrives="2026-07-14", direction="out", channel="email")
    send(
        case,
        "record_contact",
        "2026-07-06",
        arrives="2026-07-14",
        direction="out",
        channel="post",
        reply_by="2026-08-03",
    )
    closed(case, "2026-08-04", "out_of_contact")
    assert send(case, "escalate", "2027-03-01").applied
    assert status(case, "2027-03-01")["stage"] == "stage_3"


# --- a request alone -----------------------------------------------------------------------------


def test_the_request_for_stage_2_alone_is_withdrawn_and_the_answer_of_stage_1_stands() -> None:
    case = at_stage_2()
    done(case, "2026-06-16")
    assert send(case, "withdraw", "2026-06-17", stage="stage_2").applied
    found = status(case, "2026-06-17")
    assert (found["state"], found["stage"]) == ("open", "stage_1")
    assert shown(case, "stage_1_response", "2026-06-17")[1] == "met"
    assert shown(case, "stage_2_response", "2026-06-17")[1] == "stopped"
    assert shown(case, "stage_1_review", "2026-06-17")[:2] == ("2026-07-06", "running")
    assert "withdrawal" in letters(done(case, "2026-06-17"))
    assert send(case, "escalate", "2026-06-30").applied
    assert status(case, "2026-06-30")["stage"] == "stage_2"


def test_withdrawn_when_the_time_to_ask_is_over_it_is_closed_and_may_still_be_asked_about() -> None:
    case = at_stage_3()
    assert send(case, "withdraw", "2026-08-20", stage="stage_3").applied
    found = status(case, "2026-08-20")
    assert (found["state"], found["stage"], found["closed_as"]) == ("closed", "stage_2", "withdrawn")
    assert send(case, "escalate", "2026-08-24").pending


def test_withdrawing_a_request_leaves_an_answer_owed_that_was_never_given() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-17")  # the answer has been late since 16 June
    assert send(case, "withdraw", "2026-06-22", stage="stage_2").applied
    assert shown(case, "stage_1_response", "2026-06-22") == ("2026-06-15", "overdue", 5)


@pytest.mark.parametrize(
    ("withdrawn_on", "due_on"), [("2026-06-08", "2026-06-16"), ("2026-07-20", "2026-07-28")]
)
def test_stage_1_skipped_by_agreement_has_the_days_it_had_left(withdrawn_on: str, due_on: str) -> None:
    """Skipped on Friday 5 June, with six working days left of ten."""
    case = acknowledged()
    done(case, "2026-06-05")
    send(case, "escalate", "2026-06-05", agreed_by_authority=True)
    done(case, withdrawn_on)
    assert send(case, "withdraw", withdrawn_on, stage="stage_2").applied
    assert shown(case, "stage_1_response", withdrawn_on) == (due_on, "running", 0)
    assert not status(case, withdrawn_on)["overdue"]
    found = deadline(case, "stage_1_response", withdrawn_on)
    assert [each["due_on"] for each in found["moved"]] == ["2026-06-15"]
    assert found["pauses"] == [{"since": "2026-06-05", "until": withdrawn_on, "ground": "not_owed"}]
    assert {"stage_1_late", "breach_notice"}.isdisjoint(letters(done(case, withdrawn_on, "23:59")))


def test_an_answer_that_came_while_stage_2_ran_stands_when_the_request_is_withdrawn() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-17")
    send(case, "respond", "2026-06-19", outcome="upheld", stage="stage_1")
    assert send(case, "withdraw", "2026-06-22", stage="stage_2").applied
    found = status(case, "2026-06-22")
    assert (found["state"], found["stage"], found["late"]) == ("open", "stage_1", [])
    assert shown(case, "stage_1_response", "2026-06-22") == ("2026-06-15", "met_late", 4)
    assert shown(case, "stage_1_review", "2026-06-22")[1] == "running"


def test_a_panel_asked_for_before_the_adjudication_is_withdrawn_alone() -> None:
    case = at_stage_2()
    assert send(case, "escalate", "2026-06-18").pending
    assert send(case, "withdraw", "2026-06-19", stage="stage_3").applied
    found = status(case, "2026-06-19")
    assert (found["state"], found["stage"], found["pending"]) == ("open", "stage_2", [])
    send(case, "respond", "2026-07-13", outcome="not_upheld")
    assert "early_request_question" not in letters(done(case, "2026-07-13"))


def test_a_request_that_waits_is_withdrawn_alone() -> None:
    case = acknowledged()
    assert send(case, "escalate", "2026-06-03").pending
    assert send(case, "withdraw", "2026-06-04", stage="stage_2").applied
    found = status(case, "2026-06-04")
    assert (found["state"], found["pending"]) == ("open", [])
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert status(case, "2026-06-09")["stage"] == "stage_1"


@pytest.mark.parametrize(("stage", "why"), [("stage_2", "does not run"), ("stage_3", "does not run")])
def test_a_stage_that_nobody_asked_for_is_not_withdrawn(stage: str, why: str) -> None:
    assert why in send(answered(), "withdraw", "2026-06-09", stage=stage).reason


def test_only_who_complains_withdraws() -> None:
    case = answered()
    assert "nobody of that name" in send(case, "withdraw", "2026-06-09", person="Somebody Else").reason
    assert send(case, "withdraw", "2026-06-10", person="imaginaria  Nobody").applied


def test_a_stage_of_no_procedure_is_not_withdrawn() -> None:
    assert "no stage_3" in send(corporate(), "withdraw", "2026-06-09", stage="stage_3").reason


def test_of_several_children_one_dies_and_whoever_complained_is_told() -> None:
    case = opened(on_behalf_of=[{"name": "Ida Invented"}, {"name": "Ivo Invented"}])
    assert closed(case, "2026-06-05", "died", who="ivo invented") == ("died", "2026-06-05")
    assert "closure" in letters(done(case, "2026-06-05"))
    send(case, "reopen", "2026-06-08", reason="For Ida.")
    assert status(case, "2026-06-08")["state"] == "open"


# --- every ending at every stage ------------------------------------------------------------------


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
