"""Stage 2: investigation. Twenty-five working days from the request, sixty-five at most (reg 17).

Asked for on Monday 15 June 2026: due Monday 20 July (25), at most Tuesday 15 September (65; the bank
holiday of 31 August does not count).
"""

from __future__ import annotations

import pytest

from tests.domain.conftest import (
    adjudicated,
    answered,
    appoint,
    at_stage_2,
    breaches,
    deadline,
    deadlines,
    done,
    investigated,
    irregular,
    letters,
    opened,
    send,
    shown,
    status,
)

# --- two readings of one limit -------------------------------------------------------------------


def test_counted_from_the_request() -> None:
    found = deadline(at_stage_2(), "stage_2_response", "2026-06-15")
    assert (found["counts_from"], found["limit"], found["due_on"]) == ("2026-06-15", 25, "2026-07-20")


def test_the_agreed_statement_starts_a_second_reading_beside_the_first() -> None:
    case = at_stage_2()
    assert "stage_2_response_from_statement" not in deadlines(case, "2026-06-21")
    send(case, "agree_statement", "2026-06-22")
    assert shown(case, "stage_2_response_from_statement", "2026-06-22") == ("2026-07-27", "running", 0)
    assert shown(case, "stage_2_response", "2026-06-22") == ("2026-07-20", "running", 0)


def test_the_request_reading_runs_whichever_the_authority_names_in_letters() -> None:
    case = opened(authority="north-somerset")
    send(case, "escalate", "2026-06-15", agreed_by_authority=True)
    send(case, "agree_statement", "2026-06-22")
    assert shown(case, "stage_2_response", "2026-07-21") == ("2026-07-20", "overdue", 1)
    assert shown(case, "stage_2_response_from_statement", "2026-07-21")[1] == "running"
    assert status(case, "2026-07-21")["overdue"]


@pytest.mark.parametrize(
    ("on", "from_request", "from_statement"),
    [
        ("2026-07-20", ("met", 0), ("met", 0)),
        ("2026-07-21", ("met_late", 1), ("met", 0)),
        ("2026-07-27", ("met_late", 5), ("met", 0)),
        ("2026-07-28", ("met_late", 6), ("met_late", 1)),
    ],
)
def test_the_adjudication_meets_both(
    on: str, from_request: tuple[str, int], from_statement: tuple[str, int]
) -> None:
    case = investigated()
    send(case, "respond", on, outcome="upheld")
    found = deadlines(case, on)
    request, statement = found["stage_2_response"], found["stage_2_response_from_statement"]
    assert (request["state"], request["days_late"]) == from_request
    assert (statement["state"], statement["days_late"]) == from_statement


def test_a_report_is_no_adjudication() -> None:
    """The stage ends with the adjudication, not with the investigator's report."""
    case = investigated()
    assert shown(case, "stage_2_response", "2026-07-21") == ("2026-07-20", "overdue", 1)


def test_the_report_passes_the_matter_to_the_adjudicating_officer() -> None:
    case = at_stage_2()
    assert deadline(case, "stage_2_response", "2026-06-15")["owner"] == "investigating_officer"
    send(case, "report", "2026-07-10", kind="investigation")
    assert deadline(case, "stage_2_response", "2026-07-10")["owner"] == "adjudicating_officer"


def test_a_statement_agreed_after_the_adjudication_starts_nothing() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15")
    send(case, "respond", "2026-06-29", outcome="upheld")
    send(case, "agree_statement", "2026-06-30")
    assert irregular(case, "2026-06-30")
    found = deadlines(case, "2026-06-30").get("stage_2_response_from_statement")
    assert found is None or found["state"] not in ("running", "overdue")


# --- extension: to 65, any number of times -------------------------------------------------------


def test_extended_to_the_most_allowed() -> None:
    case = at_stage_2()
    send(case, "extend", "2026-07-13", reason="A witness is away")
    assert shown(case, "stage_2_response", "2026-07-13") == ("2026-09-15", "running", 0)
    assert deadline(case, "stage_2_response", "2026-07-13")["limit"] == 65


@pytest.mark.parametrize(
    ("on", "state", "days_late"), [("2026-09-15", "met", 0), ("2026-09-16", "met_late", 1)]
)
def test_the_last_day_of_sixty_five(on: str, state: str, days_late: int) -> None:
    case = at_stage_2()
    send(case, "extend", "2026-07-13", reason="A witness is away")
    send(case, "respond", on, outcome="upheld")
    assert shown(case, "stage_2_response", on) == ("2026-09-15", state, days_late)


def test_extended_step_by_step() -> None:
    case = at_stage_2()
    assert send(case, "extend", "2026-07-13", reason="A witness is away", until="2026-08-03").applied
    assert send(case, "extend", "2026-07-31", reason="Still away", until="2026-08-17").applied
    found = deadline(case, "stage_2_response", "2026-07-31")
    assert found["due_on"] == "2026-08-17"
    assert [(m["due_on"], m["reason"]) for m in found["moved"]] == [
        ("2026-07-20", "A witness is away"),
        ("2026-08-03", "Still away"),
    ]


def test_beyond_sixty_five_is_refused() -> None:
    answer = send(at_stage_2(), "extend", "2026-07-13", reason="Long", until="2026-09-16")
    assert not answer.applied
    assert "2026-09-15" in answer.reason


def test_an_extension_moves_the_other_reading_too() -> None:
    case = investigated()
    send(case, "extend", "2026-07-13", reason="A witness is away")
    assert shown(case, "stage_2_response", "2026-07-13")[0] == "2026-09-15"
    assert shown(case, "stage_2_response_from_statement", "2026-07-13")[0] == "2026-09-22"


def test_a_statement_agreed_after_the_extension_has_it_as_well() -> None:
    case = at_stage_2()
    send(case, "extend", "2026-06-17", reason="A witness is away")
    send(case, "agree_statement", "2026-06-22")
    assert shown(case, "stage_2_response_from_statement", "2026-06-22")[0] == "2026-09-22"


def test_a_statement_agreed_anew_keeps_the_extension() -> None:
    case = at_stage_2()
    send(case, "agree_statement", "2026-06-16")
    send(case, "extend", "2026-06-17", reason="A witness is away")
    send(case, "agree_statement", "2026-06-22", points=["Amended by the complainant."])
    due_on, state, _ = shown(case, "stage_2_response_from_statement", "2026-06-22")
    assert state == "running"
    assert due_on >= "2026-09-16"  # 65 from the first statement, at the least


def test_late_and_extended_afterwards_the_breach_stays() -> None:
    case = at_stage_2()
    assert "stage_2_response" in breaches(done(case, "2026-07-21"))
    assert send(case, "extend", "2026-07-23", reason="Should have been said by 20 July").applied
    found = deadline(case, "stage_2_response", "2026-07-23")
    assert (found["due_on"], found["state"], found["days_late"]) == ("2026-09-15", "running", 0)
    assert [(m["due_on"], m["breach"]) for m in found["moved"]] == [("2026-07-20", True)]


def test_past_its_day_the_person_is_told_in_office_hours() -> None:
    case = at_stage_2()
    done(case, "2026-07-20")
    assert breaches(done(case, "2026-07-21", "00:00")) == ["stage_2_response"]
    assert letters(done(case, "2026-07-21", "08:59")) == []
    assert {"stage_2_delay", "breach_notice"} <= set(letters(done(case, "2026-07-21", "09:00")))


# --- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "connection", "fits"),
    [
        ("investigating_officer", "none", True),
        ("investigating_officer", "employee", True),
        ("investigating_officer", "member", False),
        ("independent_person", "none", True),
        ("independent_person", "employee", False),
        ("independent_person", "member", False),
        ("independent_person", "partner_of_either", False),
        ("adjudicating_officer", "employee", True),
        ("adjudicating_officer", "member", False),
    ],
)
def test_independence(role: str, connection: str, fits: bool) -> None:
    case = at_stage_2()
    answer = appoint(case, role, "2026-06-16", connection=connection)
    assert answer.applied is fits
    assert answer.pending is False
    assert bool(answer.reason) is not fits
    assert len(status(case, "2026-06-16")["appointments"]) == int(fits)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("investigating_officer", "independent_person"),
        ("independent_person", "investigating_officer"),
        ("independent_person", "adjudicating_officer"),
        ("adjudicating_officer", "independent_person"),
        ("investigating_officer", "adjudicating_officer"),
        ("adjudicating_officer", "investigating_officer"),
    ],
)
def test_nobody_takes_two_parts(first: str, second: str) -> None:
    case = at_stage_2()
    assert appoint(case, first, "2026-06-16", name="Duplicata Invented").applied
    answer = appoint(case, second, "2026-06-17", name="duplicata  INVENTED")
    assert not answer.applied
    assert answer.reason


def test_two_people_of_one_name_are_told_apart_by_their_ids() -> None:
    case = at_stage_2()
    for role, key in (("investigating_officer", "A1"), ("independent_person", "A2")):
        person = {"name": "Samename Invented", "id": key}
        assert send(case, "appoint", "2026-06-16", role=role, person=person, connection="none").applied


def test_somebody_named_with_and_without_an_id_is_one_person() -> None:
    case = at_stage_2()
    with_id = {"name": "Samename Invented", "id": "A1"}
    send(case, "appoint", "2026-06-16", role="investigating_officer", person=with_id, connection="none")
    assert not appoint(case, "independent_person", "2026-06-16", name="Samename Invented").applied


def test_an_officer_is_replaced_and_the_first_one_stays_on_record() -> None:
    case = at_stage_2()
    appoint(case, "investigating_officer", "2026-06-16", name="First Fable")
    appoint(case, "investigating_officer", "2026-06-25", name="Second Fable")
    assert [(a["on"], a["until"]) for a in status(case, "2026-06-25")["appointments"]] == [
        ("2026-06-16", "2026-06-25"),
        ("2026-06-25", None),
    ]
    assert not appoint(case, "independent_person", "2026-06-26", name="First Fable").applied


def test_named_before_its_stage_an_appointment_waits_and_is_then_taken_up() -> None:
    case = answered()
    assert appoint(case, "independent_person", "2026-06-09").pending
    send(case, "escalate", "2026-06-15")
    found = status(case, "2026-06-15")
    assert [a["role"] for a in found["appointments"]] == ["independent_person"]
    assert found["pending"] == []


def test_a_part_of_a_stage_that_is_over_is_refused() -> None:
    case = adjudicated()
    send(case, "escalate", "2026-07-20")
    assert not appoint(case, "investigating_officer", "2026-07-21", name="Belated Fable").applied


def test_targets_at_the_start_are_told_and_are_no_breach() -> None:
    case = at_stage_2()
    assert deadline(case, "investigating_officer_appointed", "2026-06-23")["state"] == "overdue"
    assert status(case, "2026-06-23")["overdue"] is False
    tasks = done(case, "2026-06-23")
    assert "target_passed" in letters(tasks)
    assert breaches(tasks) == []


# --- the adjudication ----------------------------------------------------------------------------


def test_what_should_have_been_there_before_the_adjudication_is_named() -> None:
    case = at_stage_2()
    assert send(case, "respond", "2026-07-10", outcome="upheld").applied
    assert len(irregular(case, "2026-07-10")) == 5


def test_a_regular_adjudication_is_not_irregular() -> None:
    case = adjudicated()
    assert irregular(case, "2026-07-13") == []
    assert "adjudication" in letters(done(case, "2026-07-13"))


def test_a_request_for_a_panel_before_the_adjudication_opens_none_even_when_that_is_late() -> None:
    case = at_stage_2()
    assert send(case, "escalate", "2026-07-30").pending
    assert status(case, "2026-07-30")["stage"] == "stage_2"
    send(case, "respond", "2026-07-31", outcome="upheld")
    assert status(case, "2026-07-31")["stage"] == "stage_2"
