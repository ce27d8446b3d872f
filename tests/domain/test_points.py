"""The points of a complaint: each with its own finding at each stage, its remedy, its suspension.

The complaint of 1 June 2026 has three points. Stage 1 is answered on Monday 8 June.
"""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.points import Points
from tests.domain.conftest import (
    MONDAY,
    acknowledged,
    at_stage_2,
    corporate,
    deadline,
    done,
    facts,
    finding,
    irm,
    irregular,
    letters,
    opened,
    points,
    problems,
    send,
    shown,
    status,
)

THREE = ["The social worker never came.", "Nobody said why.", "The letter had a wrong name."]


def three(**more: Any) -> Case:
    return opened(points=THREE, **more)


def answered() -> Case:
    """Stage 1: the first upheld, the second not, the third in part."""
    case = three()
    findings = [
        {"point": 1, "outcome": "upheld", "reason": "He was ill, and nobody else went"},
        {"point": 2, "outcome": "not_upheld"},
        {"point": 3, "outcome": "partly_upheld"},
    ]
    send(case, "respond", "2026-06-08", outcome="partly_upheld", findings=findings)
    return case


# --- findings ------------------------------------------------------------------------------------


def test_each_point_stands_with_its_number_and_text_and_no_finding_yet() -> None:
    found = status(three(), MONDAY)["points"]
    assert [(each["point"], each["text"], each["state"], each["findings"]) for each in found] == [
        (number, text, "open", []) for number, text in enumerate(THREE, 1)
    ]


def test_each_point_has_its_own_finding() -> None:
    assert points(answered(), "2026-06-08") == {
        1: ("open", [("stage_1", "upheld")]),
        2: ("open", [("stage_1", "not_upheld")]),
        3: ("open", [("stage_1", "partly_upheld")]),
    }
    [first, *_] = status(answered(), "2026-06-08")["points"]
    reason = "He was ill, and nobody else went"
    assert first["findings"] == [
        {"stage": "stage_1", "outcome": "upheld", "reason": reason, "on": "2026-06-08", "round": 1}
    ]


def test_without_findings_the_outcome_holds_for_every_point() -> None:
    case = three()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert {state[1][0] for state in points(case, "2026-06-08").values()} == {("stage_1", "not_upheld")}


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        (
            [{"point": number, "outcome": "upheld"} for number in (1, 2, 3, 4)],
            "a finding on point 4, which is not at issue here",
        ),
    ],
)
def test_a_finding_too_many_is_irregular(findings: list[dict[str, Any]], said: str) -> None:
    case = three()
    assert send(case, "respond", "2026-06-08", outcome="upheld", findings=findings).applied
    assert irregular(case, "2026-06-08") == [said]


def test_a_point_collects_the_findings_of_every_stage() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "respond", "2026-07-13", outcome="upheld")
    assert points(case, "2026-07-13")[2] == ("open", [("stage_1", "not_upheld"), ("stage_2", "upheld")])


# --- taking some of them further -----------------------------------------------------------------


def test_a_person_may_escalate_only_some() -> None:
    case = answered()
    assert send(case, "escalate", "2026-06-15", points=[2, 3]).applied
    found = points(case, "2026-06-15")
    assert [found[number][0] for number in (1, 2, 3)] == ["resting", "open", "open"]


def test_they_may_be_named_by_their_text_however_it_is_spaced() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=["nobody  said WHY."])
    found = points(case, "2026-06-15")
    assert [found[number][0] for number in (1, 2, 3)] == ["resting", "open", "resting"]
    assert irregular(case, "2026-06-15") == []


@pytest.mark.parametrize("named", [None, [9], ["Something else."]])
def test_where_no_point_of_it_is_named_all_go_on(named: object) -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=named)
    assert {state for state, _ in points(case, "2026-06-15").values()} == {"open"}


def test_a_point_that_there_is_not_is_irregular() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=["Something else."])
    assert irregular(case, "2026-06-15") == ["there is no point 'Something else.'"]


def test_only_what_was_taken_further_is_answered_there() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[2])
    send(case, "respond", "2026-07-13", outcome="upheld")
    assert points(case, "2026-07-13") == {
        1: ("resting", [("stage_1", "upheld")]),
        2: ("open", [("stage_1", "not_upheld"), ("stage_2", "upheld")]),
        3: ("resting", [("stage_1", "partly_upheld")]),
    }


def test_the_panel_is_asked_for_some_of_the_rest() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1, 2])
    send(case, "respond", "2026-07-13", outcome="upheld")
    send(case, "escalate", "2026-07-20", points=[1])
    found = points(case, "2026-07-20")
    assert [found[number][0] for number in (1, 2, 3)] == ["open", "resting", "resting"]


# --- the agreed statement ------------------------------------------------------------------------


def test_a_statement_of_as_many_points_words_them_anew_and_keeps_what_was_found() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1, 3])
    send(case, "agree_statement", "2026-06-22", points=["He missed four visits.", "The letter says Bob."])
    found = status(case, "2026-06-22")["points"]
    assert [(each["point"], each["text"], each["state"]) for each in found] == [
        (1, "He missed four visits.", "open"),
        (2, "Nobody said why.", "resting"),
        (3, "The letter says Bob.", "open"),
    ]
    assert points(case, "2026-06-22")[3][1] == [("stage_1", "partly_upheld")]


def test_a_statement_of_other_points_replaces_them_and_hides_nothing() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", points=[1, 2])
    send(case, "agree_statement", "2026-06-22", points=["Nobody said why.", "No visits.", "No calls."])
    found = {each["point"]: (each["text"], each["state"]) for each in status(case, "2026-06-22")["points"]}
    assert found == {
        1: ("The social worker never came.", "replaced"),
        2: ("Nobody said why.", "open"),
        3: ("The letter had a wrong name.", "resting"),
        4: ("No visits.", "open"),
        5: ("No calls.", "open"),
    }


def test_findings_after_it_name_the_new_numbers() -> None:
    case = at_stage_2()  # of two points, here worded as three
    send(case, "agree_statement", "2026-06-22", points=["One.", "Two.", "Three."])
    findings = [{"point": number, "outcome": "upheld"} for number in (3, 4, 5)]
    send(case, "respond", "2026-07-13", outcome="upheld", findings=findings)
    assert not [what for what in irregular(case, "2026-07-13") if "finding" in what]
    assert [points(case, "2026-07-13")[number][1][-1][0] for number in (3, 4, 5)] == ["stage_2"] * 3


def test_a_statement_without_points_changes_none() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    before = status(case, "2026-06-15")["points"]
    send(case, "agree_statement", "2026-06-22")
    assert status(case, "2026-06-22")["points"] == before


# --- remedies ------------------------------------------------------------------------------------


def test_a_remedy_belongs_to_its_point() -> None:
    case = three()
    remedies = [{"what": "Apologise", "point": 3}, {"what": "Visit weekly", "point": 1}, {"what": "Train"}]
    send(case, "respond", "2026-06-08", outcome="upheld", remedies=remedies)
    found = {each["point"]: each["remedies"] for each in status(case, "2026-06-08")["points"]}
    assert found == {1: [2], 2: [], 3: [1]}


def test_and_stays_with_it_however_the_points_are_worded_later() -> None:
    case = three()
    send(case, "respond", "2026-06-08", outcome="upheld", remedies=[{"what": "Apologise", "point": 2}])
    send(case, "escalate", "2026-06-15", points=[1])
    send(case, "agree_statement", "2026-06-22", points=["One.", "Two."])
    found = {each["text"]: each["remedies"] for each in status(case, "2026-06-22")["points"]}
    assert found["Nobody said why."] == [1]
    assert [remedies for text, remedies in found.items() if text != "Nobody said why."] == [[]] * 4


# --- some of them suspended ----------------------------------------------------------------------


def partly_suspended() -> Case:
    """The third point waits for the police since Tuesday 2 June, to be looked at on Friday 10 July."""
    case = three()
    send(case, "suspend", "2026-06-02", reason="Police", review_on="2026-07-10", points=[3])
    return case


def test_a_suspended_point_has_a_dated_review_and_stops_no_clock() -> None:
    case = partly_suspended()
    assert points(case, "2026-06-02")[3][0] == "suspended"
    assert status(case, "2026-06-02")["state"] == "open"
    assert shown(case, "suspension_review", "2026-06-02") == ("2026-07-10", "running", 0)
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
    assert "suspension_of_points" in letters(done(case, "2026-06-02"))


def test_an_answer_meanwhile_finds_nothing_on_it_and_that_is_regular() -> None:
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert points(case, "2026-06-08")[3] == ("suspended", [])
    assert irregular(case, "2026-06-08") == []
    named = partly_suspended()
    findings = [{"point": number, "outcome": "upheld"} for number in (1, 2)]
    send(named, "respond", "2026-06-08", outcome="upheld", findings=findings)
    assert irregular(named, "2026-06-08") == []


@pytest.mark.parametrize("outcome", ["resolved", "not_upheld"])
def test_it_keeps_the_complaint_open(outcome: str) -> None:
    """Neither an answer that settles the rest nor a window that passes drops it."""
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome=outcome)
    found = status(case, "2026-07-08")
    assert (found["state"], found["next_due_on"]) == ("open", "2026-07-10")
    assert found["waiting_for"] == "complaints_manager"


def test_taken_up_again_it_is_owed_an_answer_of_its_own() -> None:
    """Resumed on Monday 13 July: ten working days are Monday 27 July."""
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "resume", "2026-07-13")
    assert shown(case, "stage_1_response", "2026-07-13") == ("2026-07-27", "running", 0)
    found = points(case, "2026-07-13")
    assert [found[number][0] for number in (1, 2, 3)] == ["resting", "resting", "open"]
    send(case, "respond", "2026-07-20", outcome="upheld")
    assert points(case, "2026-07-20") == {
        1: ("resting", [("stage_1", "not_upheld")]),
        2: ("resting", [("stage_1", "not_upheld")]),
        3: ("open", [("stage_1", "upheld")]),
    }
    assert shown(case, "stage_1_review", "2026-07-20") == ("2026-08-17", "running", 0)
    assert irregular(case, "2026-07-20") == []


def test_the_person_then_has_the_whole_window_once_more() -> None:
    """Answered on 8 June (window to 6 July), and the rest on 12 June: to 10 July."""
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "resume", "2026-06-10")
    assert deadline(case, "stage_1_review", "2026-06-10")["due_on"] == "2026-07-06"
    send(case, "respond", "2026-06-12", outcome="not_upheld")
    found = deadline(case, "stage_1_review", "2026-06-12")
    assert (found["due_on"], [m["due_on"] for m in found["moved"]]) == ("2026-07-10", ["2026-07-06"])


def resumed_within_the_window() -> Case:
    """Answered on 8 June (window to 6 July); the rest resumed on Monday 29 June, owed by Monday 13 July."""
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "resume", "2026-06-29")
    assert shown(case, "stage_1_response", "2026-06-29") == ("2026-07-13", "running", 0)
    return case


def test_a_window_of_the_first_answer_ends_nothing_while_the_second_is_owed() -> None:
    case = resumed_within_the_window()
    found = status(case, "2026-07-08")
    assert (found["state"], found["next_due_on"]) == ("open", "2026-07-13")
    assert "closure" not in letters(done(case, "2026-07-08"))
    send(case, "respond", "2026-07-10", outcome="upheld")
    assert shown(case, "stage_1_review", "2026-07-10") == ("2026-08-07", "running", 0)
    assert status(case, "2026-08-10")["closed_as"] == "lapsed"


@pytest.mark.parametrize("asked_on", ["2026-07-01", "2026-07-08"])
def test_a_request_meanwhile_waits_for_the_second_answer(asked_on: str) -> None:
    """Within the first window or after it: it is no late one, since the second answer has its own."""
    case = resumed_within_the_window()
    assert send(case, "escalate", asked_on).pending
    send(case, "respond", "2026-07-10", outcome="not_upheld")
    found = status(case, "2026-07-10")
    assert (found["stage"], found["pending"]) == ("stage_2", [])


def test_so_it_is_at_stage_2_where_a_late_request_would_be_decided_about() -> None:
    """Adjudicated and had on 29 June: a panel until 27 July. Resumed on 20 July: 25 days are 24 August."""
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "suspend", "2026-06-16", reason="Police", review_on="2026-09-01", points=[3])
    send(case, "respond", "2026-06-29", outcome="not_upheld", received_on="2026-06-29")
    send(case, "resume", "2026-07-20")
    assert shown(case, "stage_2_response", "2026-07-28") == ("2026-08-24", "running", 0)
    assert status(case, "2026-07-28")["state"] == "open"
    assert send(case, "escalate", "2026-07-28").pending
    assert "late_request_decision" not in {each["name"] for each in status(case, "2026-07-28")["deadlines"]}
    send(case, "respond", "2026-08-03", outcome="upheld")
    send(case, "decide_early", "2026-08-04", accept=True, reason="She rang.")
    assert status(case, "2026-08-04")["stage"] == "stage_3"


def test_withdrawn_while_a_late_request_waits_it_is_closed_with_one_letter() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "respond", "2026-06-29", outcome="not_upheld", received_on="2026-06-29")
    send(case, "suspend", "2026-06-30", reason="Police", review_on="2026-09-01", points=[3])
    assert send(case, "escalate", "2026-07-28", points=[1]).pending
    done(case, "2026-07-28")
    assert send(case, "withdraw", "2026-07-29").applied
    found = status(case, "2026-07-29")
    assert (found["closed_as"], found["pending"]) == ("withdrawn", [])
    assert letters(done(case, "2026-07-29")).count("withdrawal") == 1
    assert case.is_finished


def test_suspended_only_after_its_answer_the_window_is_offered_once_more() -> None:
    """Answered on 8 June; its window passes meanwhile; taken up again on Monday 13 July: to 10 August."""
    case = answered()
    send(case, "suspend", "2026-06-10", reason="Police", review_on="2026-07-10", points=[3])
    assert status(case, "2026-07-08")["state"] == "open"
    send(case, "resume", "2026-07-13")
    assert shown(case, "stage_1_review", "2026-07-13") == ("2026-08-10", "running", 0)
    assert status(case, "2026-08-11")["closed_as"] == "lapsed"


def test_a_window_that_passed_meanwhile_is_over_for_the_rest() -> None:
    """Adjudicated and had on 29 June: a panel until 27 July. A request after that is decided about."""
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "respond", "2026-06-29", outcome="not_upheld", received_on="2026-06-29")
    send(case, "suspend", "2026-06-30", reason="Police", review_on="2026-09-01", points=[3])
    answer = send(case, "escalate", "2026-07-28", points=[1])
    assert (answer.applied, answer.pending) == (False, True)
    assert status(case, "2026-07-28")["stage"] == "stage_2"
    assert send(case, "decide_late", "2026-07-30", accept=True, reason="One day").applied
    assert status(case, "2026-07-30")["stage"] == "stage_3"
    assert points(case, "2026-07-30")[3][0] == "suspended"


def test_at_the_last_stage_it_is_answered_after_the_rest() -> None:
    """Corporate Stage 2 answered on 29 June but for point 2; resumed on 6 July: 20 days are 3 August."""
    case = corporate(points=THREE)
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15")
    send(case, "acknowledge", "2026-06-16")
    send(case, "suspend", "2026-06-17", reason="Police", review_on="2026-07-06", points=[2])
    send(case, "respond", "2026-06-29", outcome="not_upheld")
    assert status(case, "2026-06-29")["state"] == "open"
    assert not send(case, "close", "2026-06-30", reason="Enough").applied
    send(case, "resume", "2026-07-06")
    assert shown(case, "stage_2_response", "2026-07-06") == ("2026-08-03", "running", 0)
    send(case, "respond", "2026-07-20", outcome="upheld")
    assert status(case, "2026-07-20")["closed_as"] == "completed"
    assert points(case, "2026-07-20")[2][1] == [("stage_1", "not_upheld"), ("stage_2", "upheld")]


def test_it_goes_along_to_the_next_stage_and_is_still_suspended() -> None:
    case = partly_suspended()
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15")
    found = points(case, "2026-06-15")
    assert [found[number][0] for number in (1, 2, 3)] == ["open", "open", "suspended"]
    assert deadline(case, "suspension_review", "2026-06-15")["state"] == "running"
    send(case, "resume", "2026-06-22")
    assert points(case, "2026-06-22")[3][0] == "open"
    assert shown(case, "stage_2_response", "2026-06-22") == ("2026-07-20", "running", 0)


def test_two_suspensions_beside_each_other_are_looked_at_on_the_earlier_day() -> None:
    case = partly_suspended()
    send(case, "suspend", "2026-06-03", reason="Court", review_on="2026-09-01", points=[1])
    assert shown(case, "suspension_review", "2026-06-03") == ("2026-07-10", "running", 0)


def test_suspended_again_on_its_review_it_is_looked_at_and_waits_further() -> None:
    case = partly_suspended()
    answer = send(
        case, "suspend", "2026-07-10", reason="Still the police", review_on="2026-09-01", points=[3]
    )
    assert answer.applied
    reviews = [d for d in status(case, "2026-07-10")["deadlines"] if d["name"] == "suspension_review"]
    assert [(d["due_on"], d["state"]) for d in reviews] == [("2026-07-10", "met"), ("2026-09-01", "running")]
    assert facts(case, "suspension_of_points")["message"]["reason"] == "Still the police"


@pytest.mark.parametrize("named", [[9], ["Something else."]])
def test_a_suspension_of_nothing_is_refused(named: object) -> None:
    case = three()
    answer = send(case, "suspend", "2026-06-03", reason="Police", review_on="2026-07-10", points=named)
    assert (answer.applied, answer.pending) == (False, False)
    assert "suspension_review" not in {d["name"] for d in status(case, "2026-06-03")["deadlines"]}


@pytest.mark.parametrize("action", ["escalate", "suspend"])
def test_an_empty_list_of_points_is_malformed(action: str) -> None:
    """Whether all or none is meant nobody can know."""
    said = {"reason": "Police", "review_on": "2026-07-10"} if action == "suspend" else {}
    assert problems(three(), action, {"on": "2026-06-03", "points": [], **said}).keys() == {"points"}


def test_its_suspension_ends_where_the_complaint_is_closed() -> None:
    """Nobody would look at it again: taken up once more, the point is at issue like the rest."""
    case = irm(points=["The caseworker was rude."])
    send(case, "suspend", "2026-06-02", reason="Police", review_on="2026-07-10", points=[1])
    send(case, "resolve_informally", "2026-06-03", agreed=True)
    assert points(case, "2026-06-03")[1][0] == "open"
    send(case, "escalate", "2026-06-04")
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-09")
    send(case, "respond", "2026-06-15", outcome="not_upheld")
    assert status(case, "2026-06-15")["closed_as"] == "completed"


def test_the_number_of_a_point_may_be_given_as_a_text() -> None:
    """Finding E5, and its kind: `points: ["2"]` meant no point, and all of them went on."""
    points = Points(["The first.", "The second.", "1"])
    assert [p.number for p in points.named(["2"])[0]] == [2]
    assert [p.number for p in points.named(["1"])[0]] == [3], "its own words come first"
    assert points.named(["0", "9", "\u0662"])[1] == ["0", "9", "\u0662"]


def test_an_adjudication_of_all_alike_is_taken_and_each_points_own_is_asked_for() -> None:
    case = at_stage_2()
    assert send(case, "respond", "2026-07-01", outcome="upheld", message_id="all").applied
    assert shown(case, "stage_2_response", "2026-07-01")[1] == "met"
    assert any("each point" in what for what in irregular(case, "2026-07-01"))
    [asked] = [each for each in status(case, "2026-07-01")["questions"] if "amends all" in each]
    found = [
        {"point": 1, "outcome": "upheld", "reason": "Nobody came."},
        {"point": 2, "outcome": "not_upheld"},
    ]
    send(case, "respond", "2026-07-02", outcome="upheld", amends="all", findings=found, message_id="each")
    [asked] = [each for each in status(case, "2026-07-02")["questions"] if "respond with amends" in each]
    assert "no reason for point 2" in asked
    found[1]["reason"] = "He was told."
    send(case, "respond", "2026-07-03", outcome="upheld", amends="each", findings=found)
    assert not [each for each in status(case, "2026-07-03")["questions"] if "respond with amends" in each]


def test_a_statement_that_comes_after_the_adjudication_puts_nothing_new_at_issue() -> None:
    """It is recorded; but for it the adjudication would count for a point that it says nothing about."""
    case = at_stage_2()
    send(case, "respond", "2026-07-10", outcome="not_upheld", received_on="2026-07-10")
    assert send(case, "agree_statement", "2026-07-13", points=["Something else."]).applied
    assert points(case, "2026-07-13").keys() == {1, 2}
    assert any("stay as they are" in each for each in irregular(case, "2026-07-13"))


def test_an_answer_without_a_finding_on_a_point_that_there_is_not_is_said() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="upheld", findings=finding(9))
    assert irregular(case, "2026-06-08")
    assert shown(case, "stage_1_response", "2026-06-16")[1] == "overdue"
