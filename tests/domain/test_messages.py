"""How messages are taken: repeats, missing dates, what is malformed, what answers say."""

from __future__ import annotations

import json

import pytest

from redress.domain.case import Case
from redress.domain.parsing import Malformed
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    at,
    at_stage_2,
    at_stage_3,
    deadline,
    done,
    irregular,
    letters,
    opened,
    problems,
    send,
    shown,
    status,
)

# --- repeats -------------------------------------------------------------------------------------


def test_the_same_id_with_the_same_content_gives_the_first_answer() -> None:
    case = acknowledged()
    first = send(
        case, "respond", "2026-06-08", message_id="A", outcome="upheld", remedies=[{"what": "Sorry"}]
    )
    again = send(
        case,
        "respond",
        "2026-06-08",
        arrives="2026-06-12",
        message_id="A",
        outcome="upheld",
        remedies=[{"what": "Sorry"}],
    )
    assert (first.repeated, again.repeated) == (False, True)
    assert again == first.model_copy(update={"repeated": True})
    assert len(status(case, "2026-06-12")["remedies"]) == 1


def test_a_repeat_of_what_was_refused_is_refused_as_before() -> None:
    case = acknowledged()
    first = send(case, "extend", "2026-06-10", message_id="A", reason="Complex", until="2026-07-30")
    again = send(case, "extend", "2026-06-10", message_id="A", reason="Complex", until="2026-07-30")
    assert again == first.model_copy(update={"repeated": True})
    assert len(status(case, "2026-06-10")["refused"]) == 1


@pytest.mark.parametrize(
    ("action", "other"),
    [
        ("record_meeting", {"on": "2026-06-03", "with": "somebody else"}),
        ("record_meeting", {"on": "2026-06-04", "with": "the manager"}),
        ("agree_statement", {"on": "2026-06-03"}),
    ],
)
def test_the_same_id_with_other_content_is_malformed(action: str, other: dict[str, str]) -> None:
    case = acknowledged()
    send(case, "record_meeting", "2026-06-03", message_id="A", **{"with": "the manager"})
    assert problems(case, action, {**other, "message_id": "A"}).keys() == {"message_id"}


def test_without_ids_two_alike_are_one() -> None:
    case = acknowledged()
    send(case, "agree_statement", "2026-06-03", points=["It was late."])
    assert send(case, "agree_statement", "2026-06-03", arrives="2026-06-09", points=["It was late."]).repeated
    assert not send(case, "agree_statement", "2026-06-04", points=["It was late."]).repeated
    assert not send(case, "agree_statement", "2026-06-03", arrives="2026-06-09", points=["It."]).repeated


def test_two_notes_alike_are_two() -> None:
    case = acknowledged()
    for number in ("N1", "N2"):
        answer = send(case, "add_note", "2026-06-03", message_id=number, note="Rang; no answer.")
        assert not answer.repeated
    assert len(status(case, "2026-06-03")["messages"]) == 3


def test_two_notes_alike_are_two_without_ids_as_well() -> None:
    case = acknowledged()
    for _ in range(2):
        assert not send(case, "add_note", "2026-06-03", note="Rang; no answer.").repeated


def test_the_id_of_the_update_counts_where_the_message_gives_none() -> None:
    case = acknowledged()
    for repeated in (False, True):
        now = at("2026-06-03")
        parsed = case.parse("add_note", {"on": "2026-06-03", "note": "Rang."}, now, "update-1")
        assert case.receive(parsed, now).repeated is repeated
    with pytest.raises(Malformed):
        case.parse("add_note", {"on": "2026-06-03", "note": "Wrote."}, at("2026-06-03"), "update-1")


def test_a_repeat_is_known_again_after_a_restart() -> None:
    case = acknowledged()
    send(case, "record_meeting", "2026-06-03", message_id="A")
    send(case, "record_meeting", "2026-06-04", note="no id")
    again = Case.restore(case.rules, case.saved())
    assert send(again, "record_meeting", "2026-06-03", message_id="A").repeated
    assert send(again, "record_meeting", "2026-06-04", note="no id").repeated


# --- without a date ------------------------------------------------------------------------------


def test_an_undated_message_has_the_day_of_processing_and_is_marked() -> None:
    case = acknowledged()
    answer = send(case, "respond", None, arrives="2026-06-18", outcome="upheld")
    assert answer.on.isoformat() == "2026-06-18"
    assert [m["assumed"] for m in status(case, "2026-06-18")["messages"]] == [False, True]


def test_it_is_never_judged_late_on_that_date() -> None:
    case = acknowledged()
    send(case, "respond", None, arrives="2026-06-18", outcome="upheld")
    assert shown(case, "stage_1_response", "2026-06-18") == ("2026-06-15", "met", 0)


def test_nor_where_it_came_before_the_deadline_that_it_meets() -> None:
    case = at_stage_3()
    send(case, "send_papers", None, arrives="2026-07-27")
    send(case, "schedule_panel", "2026-07-27", meeting_on="2026-08-03")
    assert shown(case, "panel_papers", "2026-07-27") == ("2026-07-20", "met", 0)


def test_an_undated_repeat_with_its_id_is_the_same_message() -> None:
    case = acknowledged()
    send(case, "record_meeting", None, arrives="2026-06-03", message_id="A")
    assert send(case, "record_meeting", None, arrives="2026-06-05", message_id="A").repeated


# --- malformed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "raw", "fields"),
    [
        ("acknowledge", {"on": "2026-06-11"}, {"on"}),  # tomorrow
        ("acknowledge", {"on": "2026-05-31"}, {"on"}),  # before the complaint
        ("acknowledge", {"on": "2026-02-30"}, {"on"}),
        ("acknowledge", {"on": "3 June 2026"}, {"on"}),
        ("acknowledge", {"on": "2026-06-03T10:00:00"}, {"on"}),
        ("acknowledge", {"on": 20260603}, {"on"}),
        ("acknowledge", {"on": "1780444800"}, {"on"}),  # ten digits are no date
        ("acknowledge", {"onn": "2026-06-03"}, {"onn"}),
        ("acknowledge", {"on": "2026-06-03", "sent": True, "to": "x"}, {"sent", "to"}),
        ("acknowledge", [], {"message"}),
        ("acknowledge", "on=today", {"message"}),
        ("respond", {}, {"outcome"}),
        ("respond", {"outcome": "won"}, {"outcome"}),
        (
            "respond",
            {"outcome": "upheld", "findings": [{"point": 0}]},
            {"findings[0].point", "findings[0].outcome"},
        ),
        ("respond", {"on": "2026-06-08", "outcome": "upheld", "received_on": "2026-06-11"}, {"received_on"}),
        ("respond", {"on": "2026-06-08", "outcome": "upheld", "received_on": "2026-06-05"}, {"received_on"}),
        ("respond", {"outcome": "upheld", "remedies": [{"due_on": "2026-09-01"}]}, {"remedies[0].what"}),
        ("extend", {}, {"reason"}),
        ("extend", {"reason": "  "}, {"reason"}),
        ("extend", {"reason": "Complex", "until": "9999-12-31"}, {"until"}),
        ("decide_late", {"accept": "perhaps", "reason": "?"}, {"accept"}),
        ("appoint", {"role": "judge", "person": {"name": "N"}, "connection": "none"}, {"role"}),
        ("appoint", {"role": "panel_chair", "person": {}, "connection": "none"}, {"person"}),
        ("appoint", {"role": "panel_chair", "person": {"name": "N"}}, {"connection"}),
        ("suspend", {"reason": "Court"}, {"review_on"}),
        ("schedule_panel", {}, {"meeting_on"}),
        ("add_note", {}, {"note"}),
        ("complete_remedy", {"remedy": "first"}, {"remedy"}),
        ("acknowledge", {"message_id": 7}, {"message_id"}),
        ("acknowledge", {"note": "x" * 70_000}, {"message"}),
        ("celebrate", {}, {"action"}),
    ],
)
def test_every_problem_is_named_by_its_field(action: str, raw: object, fields: set[str]) -> None:
    found = problems(acknowledged(), action, raw)
    assert found.keys() == fields
    assert all(found.values())


@pytest.mark.parametrize(
    ("action", "raw", "told"),
    [
        ("respond", {"outcome": "upheld", "findings": "all"}, "should be a list, with its entries in [ ]"),
        (
            "respond",
            {"outcome": "upheld", "findings": [{"point": 0, "outcome": "upheld"}]},
            "should be at least 1",
        ),
        ("respond", {"outcome": "upheld", "remedies": [{"what": ""}]}, "should say something"),
        ("respond", {"outcome": "upheld", "summary": 7}, "should be text: put it between quotes"),
        ("respond", {"outcome": "upheld", "summary": ["no"]}, "should be text"),
        ("resolve_informally", {"agreed": "yes"}, "should be true or false"),
        ("complete_remedy", {"remedy": "one"}, "should be a whole number"),
        ("escalate", {"points": []}, "should name at least 1"),
        ("escalate", {"points": "2"}, "should be a list, with its entries in [ ]"),
        ("escalate", {"reason": "x" * 8001}, "should have at most 8000 characters"),
        ("refer_to_ombudsman", {"conditions": ["x"] * 21}, "should have at most 20 entries"),
        (
            "appoint",
            {"role": "panel_chair", "connection": "none", "person": "Pat Invented"},
            "should be an object, with fields in { }",
        ),
        (
            "extend",
            {"reason": "x", "until": "2026-02-30"},
            "is no date; write YYYY-MM-DD, for example 2026-11-20",
        ),
        (
            "extend",
            {"reason": "x", "until": "2206-06-03"},
            "2206-06-03 lies out of range: it should lie between 2026-06-01 and 2036-06-08",
        ),
    ],
)
def test_a_problem_says_what_would_be_right(action: str, raw: dict[str, object], told: str) -> None:
    with pytest.raises(Malformed) as caught:
        opened().parse(action, {"on": "2026-06-01", **raw}, at("2026-06-01"))
    assert [problem.what for problem in caught.value.problems] == [told]


def test_the_four_dates_that_may_lie_ahead() -> None:
    assert send(acknowledged(), "extend", "2026-06-10", reason="Complex", until="2026-06-22").applied
    assert send(acknowledged(), "suspend", "2026-06-10", reason="Court", review_on="2027-06-01").applied
    assert send(at_stage_3(), "schedule_panel", "2026-07-20", meeting_on="2026-08-24").applied
    remedies = [{"what": "Apologise", "due_on": "2027-01-04"}]
    assert send(acknowledged(), "respond", "2026-06-10", outcome="upheld", remedies=remedies).applied


def test_a_note_may_be_older_than_the_complaint() -> None:
    case = acknowledged()
    assert send(
        case, "add_note", "2026-05-01", arrives="2026-06-03", note="An earlier telephone call"
    ).applied
    assert shown(case, "stage_1_response", "2026-06-03")[0] == "2026-06-15"


def test_an_action_may_be_written_with_hyphens() -> None:
    assert send(acknowledged(), "record-meeting", "2026-06-03").applied


# --- what a signal carried and could not be taken ------------------------------------------------


def test_a_signal_that_could_not_be_taken_stands_in_refused() -> None:
    case = acknowledged()
    case.reject("respond", ["outcome: is missing"], json.dumps({"summary": "y" * 9000}), at("2026-06-03"))
    [refused] = status(case, "2026-06-03")["refused"]
    assert (refused["action"], refused["reason"]) == ("respond", "outcome: is missing")
    assert len(str(refused["received"]).encode()) <= 4096
    kept = Case.restore(case.rules, case.saved())
    assert status(kept, "2026-06-03")["refused"] == [refused]


def test_and_not_before_the_day_it_came() -> None:
    case = acknowledged()
    case.reject("respond", ["outcome: is missing"], "{}", at("2026-06-03"))
    assert status(case, "2026-06-02")["refused"] == []


# --- logged late ---------------------------------------------------------------------------------


def test_an_answer_logged_late_counts_on_its_date_and_the_answer_says_what_moved() -> None:
    case = acknowledged()
    done(case, "2026-06-17")
    answer = send(case, "respond", "2026-06-15", arrives="2026-06-17", outcome="upheld")
    assert answer.applied
    moved = {str(each["what"]): (each["was"], each["is"]) for each in answer.changed}
    assert moved["stage_1_response"] == ("overdue", "met")
    assert moved["stage_1_review"] == (None, "running")
    assert shown(case, "stage_1_response", "2026-06-17") == ("2026-06-15", "met", 0)


def test_a_request_logged_late_counts_from_its_date() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", arrives="2026-06-18")
    assert deadline(case, "stage_2_response", "2026-06-18")["due_on"] == "2026-07-20"
    summaries = [timer.summary for timer in case.timers(at("2026-06-18"))]
    assert any("Mon 20 Jul 2026" in summary for summary in summaries)


def test_the_window_s_end_in_the_past_closes_on_its_own_day_and_once() -> None:
    """The adjudication of 29 June logged on 14 August: the window ended on 29 July (deemed 1 July, 20)."""
    case = at_stage_2()
    send(case, "extend", "2026-06-16", reason="Complex")
    done(case, "2026-08-14")
    send(case, "respond", "2026-06-29", arrives="2026-08-14", outcome="upheld", letter="sent")
    found = status(case, "2026-08-14")
    assert (found["closed_on"], found["closed_as"]) == ("2026-07-30", "lapsed")
    assert case.state.closed_on is not None
    assert case.state.closed_on.isoformat() == "2026-07-30"
    assert letters(done(case, "2026-08-14")).count("closure") == 1
    assert letters(done(Case.restore(case.rules, case.saved()), "2026-08-14")) == []


def test_what_was_irregular_is_regular_once_the_missing_message_has_come() -> None:
    case = at_stage_3()
    send(case, "hold_panel", "2026-08-24")
    missing = len(irregular(case, "2026-08-24"))
    send(case, "schedule_panel", "2026-07-23", arrives="2026-08-25", meeting_on="2026-08-24")
    send(case, "send_papers", "2026-08-10", arrives="2026-08-25")
    assert len(irregular(case, "2026-08-25")) == missing - 2


def test_a_status_of_an_earlier_day_knows_nothing_of_later_messages() -> None:
    case = adjudicated()
    found = status(case, "2026-06-10")
    assert found["stage"] == "stage_1"
    assert [m["action"] for m in found["messages"]] == ["acknowledge", "respond"]


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-05-01",
        "2026-06-01",
        "2035-01-01",
        pytest.param(
            "2060-01-01",
        ),
    ],
)
def test_a_status_can_be_asked_for_any_day(as_of: str) -> None:
    assert status(opened(), as_of)["as_of"] == as_of


def test_of_very_many_that_could_not_be_taken_what_was_wrong_is_kept() -> None:
    """A complaint stays small enough to be handed on, whatever is sent to it."""
    case = opened()
    for number in range(200):
        case.reject("respond", [f"outcome: {number} is none"], "x" * 5000, at("2026-06-02"))
    refused = status(case, "2026-06-02")["refused"]
    assert [each["reason"] for each in refused[:100]] == [f"outcome: {n} is none" for n in range(100)]
    assert [each["reason"].partition(";")[0] for each in refused[100:]] == [
        "100 more that could not be taken"
    ]
    kept = [len(str(each["received"])) for each in refused]
    assert kept == [4096] * 100 + [0]
