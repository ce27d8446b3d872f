"""Stage 1: local resolution. Ten working days from receipt, twenty at most (Regulations reg 14).

Received on Monday 1 June 2026: acknowledgement by Thursday 4 June (3), answer by Monday 15 June (10),
at most Monday 29 June (20).
"""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.procedure import RulesSnapshot
from tests.domain.conftest import (
    MONDAY,
    acknowledged,
    answered,
    breaches,
    deadline,
    deadlines,
    done,
    irregular,
    letters,
    opened,
    send,
    shown,
    status,
)

# --- from the opening ----------------------------------------------------------------------------


def test_in_stage_1_from_its_opening() -> None:
    found = status(opened(), MONDAY)
    assert (found["state"], found["stage"]) == ("open", "stage_1")
    assert {d["name"]: d["due_on"] for d in found["deadlines"]} == {
        "acknowledgement": "2026-06-04",
        "stage_1_response": "2026-06-15",
    }
    assert (found["next_due_on"], found["waiting_for"]) == ("2026-06-04", "complaints_manager")


def test_opening_alone_meets_no_limit() -> None:
    assert {d["state"] for d in status(opened(), MONDAY)["deadlines"]} == {"running"}


def test_each_deadline_shows_how_it_is_counted_and_its_source() -> None:
    found = deadline(opened(), "stage_1_response", MONDAY)
    assert (found["counts_from"], found["limit"], found["unit"]) == (MONDAY, 10, "working_days")
    assert (found["kind"], found["stage"], found["provisional"]) == ("limit", "stage_1", False)
    assert "reg 14" in found["source"]


@pytest.mark.parametrize(
    "doubt",
    [
        {"complainant": None},
        {"events_on": "2025-05-01"},
        {"on_behalf_of": {"name": "Youngster Invented", "child_agrees": False}},
    ],
)
def test_in_intake_while_its_eligibility_is_in_question(doubt: dict[str, Any]) -> None:
    """Acknowledgement and Stage 1 run from receipt all the same."""
    case = opened(**doubt)
    found = status(case, MONDAY)
    assert found["stage"] == "intake"
    assert found["questions"]
    assert {"acknowledgement", "stage_1_response", "eligibility_decision"} <= deadlines(case, MONDAY).keys()


def test_events_of_a_year_ago_to_the_day_are_not_in_question() -> None:
    assert status(opened(events_on="2025-06-01"), MONDAY)["stage"] == "stage_1"


def test_accepted_from_intake_the_answer_is_still_counted_from_receipt() -> None:
    case = opened(events_on="2020-01-01")
    assert send(case, "accept", "2026-06-05", reason="Could not be brought earlier").applied
    assert status(case, "2026-06-05")["stage"] == "stage_1"
    assert shown(case, "stage_1_response", "2026-06-05") == ("2026-06-15", "running", 0)


def test_declined_with_a_reason_it_closes_that_day() -> None:
    case = opened(events_on="2020-01-01")
    send(case, "decline", "2026-06-05", reason="Six years on, nobody is left who knows")
    found = status(case, "2026-06-05")
    assert (found["state"], found["closed_as"], found["closed_on"]) == ("closed", "declined", "2026-06-05")
    assert "declined" in letters(done(case, "2026-06-05"))


def test_nothing_declines_by_itself() -> None:
    """An exclusion is a person's reasoned decision, never an automatic refusal."""
    case = opened(events_on="2020-01-01")
    assert status(case, "2027-06-01")["state"] == "open"


def test_an_answered_complaint_can_no_longer_be_declined() -> None:
    answer = send(answered(), "decline", "2026-06-09", reason="Too old after all")
    assert (answer.applied, answer.pending) == (False, False)
    assert answer.reason


# --- acknowledgement: 3 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "state", "days_late"),
    [
        ("2026-06-04", "met", 0),  # the third working day: the last in time
        ("2026-06-05", "met_late", 1),  # the first late
        ("2026-06-06", "met_late", 2),  # a Saturday counts as Monday
        ("2026-06-08", "met_late", 2),
    ],
)
def test_acknowledgement(on: str, state: str, days_late: int) -> None:
    case = opened()
    send(case, "acknowledge", on)
    assert shown(case, "acknowledgement", "2026-06-08") == ("2026-06-04", state, days_late)
    assert letters(done(case, on, "16:00")).count("acknowledgement") == 1


def test_a_second_acknowledgement_is_recorded_as_irregular() -> None:
    case = acknowledged()
    assert send(case, "acknowledge", "2026-06-02").applied
    assert irregular(case, "2026-06-02") == ["nothing is waiting to be acknowledged"]


# --- the answer: 10 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "state", "days_late"),
    [("2026-06-15", "met", 0), ("2026-06-16", "met_late", 1), ("2026-06-30", "met_late", 11)],
)
def test_answer(on: str, state: str, days_late: int) -> None:
    case = acknowledged()
    send(case, "respond", on, outcome="upheld")
    assert shown(case, "stage_1_response", on) == ("2026-06-15", state, days_late)


def test_late_from_the_next_day_not_before() -> None:
    case = acknowledged()
    assert shown(case, "stage_1_response", "2026-06-15") == ("2026-06-15", "running", 0)
    assert not status(case, "2026-06-15")["overdue"]
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
    assert status(case, "2026-06-16")["overdue"]


def test_received_at_a_weekend_is_not_moved() -> None:
    """Saturday 30 May is day 0, Monday day 1."""
    found = deadline(opened("2026-05-30"), "stage_1_response", "2026-05-30")
    assert (found["counts_from"], found["due_on"]) == ("2026-05-30", "2026-06-12")


def test_beyond_the_published_bank_holidays_a_date_is_provisional() -> None:
    assert deadline(opened("2028-12-11"), "stage_1_response", "2028-12-11")["provisional"] is False
    assert deadline(opened("2028-12-20"), "stage_1_response", "2028-12-20")["provisional"] is True


def test_a_meeting_stops_no_clock() -> None:
    case = acknowledged()
    before = deadline(case, "stage_1_response", "2026-06-03")
    assert send(case, "record_meeting", "2026-06-03", **{"with": "manager and a friend"}).applied
    assert deadline(case, "stage_1_response", "2026-06-03") == before


def test_the_answer_opens_a_review_and_writes_the_letter() -> None:
    case = answered()
    found = status(case, "2026-06-08")
    assert (found["state"], found["stage"], found["waiting_for"]) == ("open", "stage_1", "complainant")
    assert shown(case, "stage_1_review", "2026-06-08") == ("2026-07-06", "running", 0)
    assert "stage_1_response" in letters(done(case, "2026-06-08"))


def test_a_second_answer_is_recorded_and_changes_nothing() -> None:
    case = answered()
    send(case, "respond", "2026-06-10", outcome="upheld")
    assert deadline(case, "stage_1_response", "2026-06-10")["met_on"] == "2026-06-08"
    assert irregular(case, "2026-06-10") == ["Stage 1: local resolution was answered on 2026-06-08 already"]


def test_an_answer_while_eligibility_is_open_takes_the_matter() -> None:
    case = opened(events_on="2020-01-01")
    assert send(case, "respond", "2026-06-08", outcome="upheld").applied
    assert status(case, "2026-06-08")["stage"] == "stage_1"
    assert irregular(case, "2026-06-08")


def test_answered_as_resolved_it_closes_and_stage_2_stays_open_to_them() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-08", outcome="resolved")
    found = status(case, "2026-06-08")
    assert (found["closed_as"], found["closed_on"]) == ("resolved", "2026-06-08")
    send(case, "escalate", "2026-09-07")
    assert status(case, "2026-09-07")["stage"] == "stage_2"


def test_settled_informally_only_where_the_person_agrees() -> None:
    case = acknowledged()
    send(case, "resolve_informally", "2026-06-03", agreed=False)
    assert status(case, "2026-06-03")["state"] == "open"
    send(case, "resolve_informally", "2026-06-04", agreed=True)
    assert status(case, "2026-06-04")["closed_as"] == "resolved"


# --- extension: once, to 20 ----------------------------------------------------------------------


def test_extended_without_a_date_to_the_most_allowed() -> None:
    case = acknowledged()
    send(case, "extend", "2026-06-10", reason="Three teams must be asked")
    found = deadline(case, "stage_1_response", "2026-06-10")
    assert (found["due_on"], found["limit"]) == ("2026-06-29", 20)
    assert found["moved"] == [
        {"due_on": "2026-06-15", "reason": "Three teams must be asked", "breach": False}
    ]
    assert "extension" in letters(done(case, "2026-06-10"))


@pytest.mark.parametrize(("on", "state"), [("2026-06-29", "met"), ("2026-06-30", "met_late")])
def test_answer_after_an_extension(on: str, state: str) -> None:
    case = acknowledged()
    send(case, "extend", "2026-06-10", reason="Three teams must be asked")
    send(case, "respond", on, outcome="upheld")
    assert deadline(case, "stage_1_response", on)["state"] == state


def test_extended_to_a_date_of_its_own() -> None:
    case = acknowledged()
    send(case, "extend", "2026-06-10", reason="Complex", until="2026-06-22")
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-22", "running", 0)


def test_an_extension_beyond_twenty_is_refused_with_its_reason() -> None:
    case = acknowledged()
    answer = send(case, "extend", "2026-06-10", reason="Very complex", until="2026-06-30")
    assert (answer.applied, answer.pending) == (False, False)
    assert "2026-06-29" in answer.reason
    assert shown(case, "stage_1_response", "2026-06-10") == ("2026-06-15", "running", 0)
    [refused] = status(case, "2026-06-10")["refused"]
    assert refused["reason"] == answer.reason


def test_an_extension_that_gives_no_time_is_refused() -> None:
    assert not send(acknowledged(), "extend", "2026-06-10", reason="?", until="2026-06-15").applied


def test_stage_1_is_extended_once_only() -> None:
    case = acknowledged()
    send(case, "extend", "2026-06-10", reason="Complex", until="2026-06-22")
    answer = send(case, "extend", "2026-06-18", reason="Still complex")
    assert not answer.applied
    assert "once" in answer.reason
    assert shown(case, "stage_1_response", "2026-06-18") == ("2026-06-22", "running", 0)


def test_extended_after_the_due_day_it_moves_and_the_breach_stays_on_record() -> None:
    case = acknowledged()
    done(case, "2026-06-16")
    assert send(case, "extend", "2026-06-17", reason="Forgotten").applied
    found = deadline(case, "stage_1_response", "2026-06-17")
    assert (found["due_on"], found["state"]) == ("2026-06-29", "running")
    assert found["moved"] == [{"due_on": "2026-06-15", "reason": "Forgotten", "breach": True}]


def test_nothing_is_left_to_extend_after_the_answer() -> None:
    assert not send(answered(), "extend", "2026-06-09", reason="More").applied


# --- going on to Stage 2 -------------------------------------------------------------------------


def test_stage_1_late_the_person_is_told_and_may_go_on() -> None:
    case = acknowledged()
    done(case, "2026-06-15")
    at_midnight = done(case, "2026-06-16", "00:00")
    assert breaches(at_midnight) == ["stage_1_response"]
    assert letters(at_midnight) == []
    assert letters(done(case, "2026-06-16", "09:00")) == ["stage_1_late", "breach_notice"]
    assert send(case, "escalate", "2026-06-16").applied
    assert shown(case, "stage_2_response", "2026-06-16") == ("2026-07-21", "running", 0)
    assert deadline(case, "stage_1_response", "2026-06-16")["state"] == "stopped"


def test_an_extension_after_the_breach_takes_the_right_to_go_on_from_nobody() -> None:
    case = acknowledged()
    done(case, "2026-06-16")
    send(case, "extend", "2026-06-17", reason="Forgotten")
    assert send(case, "escalate", "2026-06-18").applied
    assert status(case, "2026-06-18")["stage"] == "stage_2"


def test_a_request_before_its_day_waits_and_is_not_refused() -> None:
    case = acknowledged()
    answer = send(case, "escalate", "2026-06-10")
    assert (answer.applied, answer.pending) == (False, True)
    assert answer.reason
    assert "request_waits" in letters(done(case, "2026-06-10"))
    on_the_last_day = status(case, "2026-06-15")
    assert (on_the_last_day["stage"], len(on_the_last_day["pending"])) == ("stage_1", 1)
    on_its_day = status(case, "2026-06-16")
    assert (on_its_day["stage"], on_its_day["pending"]) == ("stage_2", [])


def test_a_request_before_its_day_takes_effect_with_an_earlier_answer() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-10")
    send(case, "respond", "2026-06-12", outcome="not_upheld")
    assert status(case, "2026-06-12")["stage"] == "stage_2"
    assert deadline(case, "stage_1_response", "2026-06-12")["state"] == "met"


def test_a_request_before_its_day_waits_for_an_extended_date() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-10")
    send(case, "extend", "2026-06-11", reason="Complex")
    assert status(case, "2026-06-29")["stage"] == "stage_1"
    assert status(case, "2026-06-30")["stage"] == "stage_2"


def test_two_requests_before_their_day_are_requests_for_stage_2() -> None:
    """Nobody has asked for a panel."""
    case = acknowledged()
    send(case, "escalate", "2026-06-10")
    send(case, "escalate", "2026-06-11", reason="I wrote yesterday")
    send(case, "respond", "2026-06-12", outcome="not_upheld")
    send(case, "respond", "2026-07-10", outcome="not_upheld")
    found = status(case, "2026-07-10")
    assert (found["stage"], found["pending"]) == ("stage_2", [])


def test_stage_1_is_skipped_where_both_agree() -> None:
    case = acknowledged()
    assert send(case, "escalate", "2026-06-03", agreed_by_authority=True).applied
    found = status(case, "2026-06-03")
    assert found["stage"] == "stage_2"
    assert shown(case, "stage_2_response", "2026-06-03") == ("2026-07-08", "running", 0)


def test_the_acknowledgement_is_owed_although_stage_1_was_skipped() -> None:
    case = opened()
    send(case, "escalate", "2026-06-03", agreed_by_authority=True)
    assert shown(case, "acknowledgement", "2026-06-05") == ("2026-06-04", "overdue", 1)


def test_after_an_answer_stage_2_may_be_asked_for_at_once() -> None:
    case = answered()
    assert send(case, "escalate", "2026-06-08").applied
    assert shown(case, "stage_2_response", "2026-06-08") == ("2026-07-13", "running", 0)


def test_the_review_is_offered_again_and_then_lapses() -> None:
    """Twenty working days after the answer of 8 June: 6 July; closed the day after."""
    case = answered()
    assert "stage_2_offer" in letters(done(case, "2026-06-30"))
    assert status(case, "2026-07-06")["state"] == "open"
    found = status(case, "2026-07-07")
    assert (found["state"], found["closed_on"], found["closed_as"]) == ("closed", "2026-07-07", "lapsed")
    assert shown(case, "stage_1_review", "2026-07-07") == ("2026-07-06", "lapsed", 0)


@pytest.mark.parametrize("on", ["2026-07-06", "2026-07-07", "2027-03-01"])
def test_the_law_sets_no_limit_to_asking_for_stage_2(on: str) -> None:
    case = answered()
    assert send(case, "escalate", on).applied
    found = status(case, on)
    assert (found["state"], found["stage"], found["closed_on"]) == ("open", "stage_2", None)
    assert deadline(case, "stage_2_response", on)["counts_from"] == on


def test_where_an_authority_decides_about_late_requests_for_stage_2() -> None:
    """Stage 1 of the law opens Stage 2 as of right; a file may say otherwise, and then a person decides."""
    case = opened()
    said = case.rules.model_dump()
    said["procedure"]["stages"][0]["after_lapse"] = "decision"
    case = Case(RulesSnapshot.model_validate(said), case.reference, case.opening, case.opened_on)
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    assert status(case, "2026-07-08")["closed_as"] == "lapsed"
    assert send(case, "escalate", "2026-07-08").pending
    assert deadline(case, "late_request_decision", "2026-07-08")["state"] == "running"
    assert send(case, "decide_late", "2026-07-09", accept=True, reason="You were ill").applied
    assert status(case, "2026-07-09")["stage"] == "stage_2"
