"""What stops a clock, for how long, and what stands beside it: R5 to R7, and what is next (R14)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.calendar import Calendar
from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    at,
    at_stage_2,
    at_stage_3,
    corporate,
    deadline,
    done,
    facts,
    irregular,
    letters,
    opened,
    send,
    shown,
    status,
)
from tests.domain.generating import steady

COURT = {"reason": "Court", "proceedings": "Family court"}


# --- what stops a clock ---------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["complainant_asked", "other", "mediation", None])
def test_any_other_ground_is_irregular_and_stops_no_clock(ground: str | None) -> None:
    """R5: staff shortage and mediation hid every delay."""
    case = acknowledged()
    answer = send(case, "suspend", "2026-06-03", reason="Staff", ground=ground, review_on="2026-11-02")
    assert answer.applied
    assert "stops no clock" in answer.reason
    assert status(case, "2026-06-30")["state"] == "open"
    assert shown(case, "stage_1_response", "2026-06-30") == ("2026-06-15", "overdue", 11)
    assert deadline(case, "stage_1_response", "2026-06-30")["pauses"] == []
    assert len(irregular(case, "2026-06-30")) == 1
    assert "suspension" not in letters(done(case, "2026-06-03"))
    assert not send(case, "resume", "2026-07-01").applied


def test_proceedings_named_are_the_ground_where_none_is_given() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", **COURT, review_on="2026-07-01")
    found = deadline(case, "stage_1_response", "2026-06-30")
    assert (found["state"], found["due_on"], found["days_late"]) == ("paused", "2026-06-15", 0)
    assert found["pauses"] == [{"since": "2026-06-03", "until": None, "ground": "proceedings"}]
    assert (found["due_on_without_pause"], found["days_late_without_pause"]) == ("2026-06-15", 11)


def test_an_advocate_is_found_within_twenty_days_of_receipt() -> None:
    """R5: day 36. Suspended after two of ten days; from day 12, Wednesday 17 June, it counts again."""
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="No advocate yet", ground="advocate", review_on="2026-07-31")
    assert status(case, "2026-06-16")["state"] == "suspended"
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "paused", 0)
    assert shown(case, "stage_1_response", "2026-06-29") == ("2026-06-29", "running", 0)
    assert status(case, "2026-06-18")["state"] == "open"
    assert shown(case, "suspension_review", "2026-06-18") == ("2026-07-31", "running", 0)
    found = deadline(case, "stage_1_response", "2026-06-30")
    assert (found["due_on"], found["state"], found["days_late"]) == ("2026-06-29", "overdue", 1)
    assert found["due_on_without_pause"] == "2026-06-15"
    assert "breach_notice" in letters(done(case, "2026-06-30"))
    assert facts(case, "suspension")["most_on"] == "2026-06-29"


def test_a_pause_that_ends_by_itself_is_told_and_its_review_stays_until_the_answer() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="No advocate yet", ground="advocate", review_on="2026-07-31")
    assert "resumption" not in letters(done(case, "2026-06-16"))
    assert "resumption" in letters(done(case, "2026-06-17"))
    reviewed = send(case, "resume", "2026-06-18")
    assert (reviewed.applied, "ended by itself" in reviewed.reason) == (True, True)
    assert "resumption" not in letters(done(case, "2026-06-18")), "they know it"
    assert shown(case, "suspension_review", "2026-06-18")[1] == "met"


def test_the_review_of_a_pause_that_ended_by_itself_ends_with_the_answer() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="No advocate yet", ground="advocate", review_on="2026-07-31")
    send(case, "respond", "2026-06-22", outcome="upheld")
    assert shown(case, "suspension_review", "2026-06-22")[1] == "stopped"


def test_a_timer_waits_for_the_day_on_which_the_clock_goes_on() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="No advocate yet", ground="advocate", review_on="2026-07-31")
    case.due(at("2026-06-03"))
    ahead = next(timer for timer in case.timers(at("2026-06-03")) if timer.name == "next")
    assert ahead.at == at("2026-06-17", "00:00")
    assert "counts on" in ahead.summary


def test_an_advocate_found_earlier_gives_back_the_days_and_uses_up_the_extension() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="No advocate", ground="advocate", review_on="2026-06-20")
    send(case, "resume", "2026-06-08")
    assert shown(case, "stage_1_response", "2026-06-08") == ("2026-06-18", "running", 0)
    assert not send(case, "extend", "2026-06-09", reason="Complex", until="2026-06-30").applied
    assert send(case, "extend", "2026-06-09", reason="Complex").applied
    assert shown(case, "stage_1_response", "2026-06-09")[0] == "2026-06-29"


def test_where_all_twenty_days_are_given_no_advocate_stops_anything() -> None:
    case = acknowledged()
    send(case, "extend", "2026-06-03", reason="Complex")
    answer = send(case, "suspend", "2026-06-04", reason="X", ground="advocate", review_on="2026-06-20")
    assert "stops no clock" in answer.reason
    assert status(case, "2026-06-05")["state"] == "open"


def test_an_advocate_stops_nothing_at_stage_2_nor_under_another_procedure() -> None:
    at_2 = answered()
    send(at_2, "escalate", "2026-06-15", reason="No")
    for case in (at_2, corporate()):
        send(case, "suspend", "2026-06-16", reason="X", ground="advocate", review_on="2026-06-20")
        assert status(case, "2026-06-16")["state"] == "open"
        assert len(irregular(case, "2026-06-16")) == 1


def test_the_acknowledgement_does_not_wait_for_an_advocate() -> None:
    case = opened()
    send(case, "suspend", "2026-06-02", reason="X", ground="advocate", review_on="2026-06-20")
    assert shown(case, "acknowledgement", "2026-06-08") == ("2026-06-04", "overdue", 2)


def test_answered_while_an_advocate_was_being_found_it_is_open_again() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="X", ground="advocate", review_on="2026-06-20")
    send(case, "respond", "2026-06-12", outcome="upheld")
    assert status(case, "2026-06-12")["state"] == "open"
    assert shown(case, "stage_1_response", "2026-06-12")[1:] == ("met", 0)


def test_a_court_after_an_advocate_stops_the_clock_without_that_end() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", reason="X", ground="advocate", review_on="2026-07-20")
    send(case, "suspend", "2026-06-08", **COURT, review_on="2026-07-20")
    assert shown(case, "stage_1_response", "2026-07-10")[1] == "paused"
    grounds = [pause["ground"] for pause in deadline(case, "stage_1_response", "2026-07-10")["pauses"]]
    assert grounds == ["advocate", "proceedings"]


def test_answered_during_a_pause_it_is_met_in_time() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-03", **COURT, review_on="2026-07-20")
    send(case, "respond", "2026-06-30", outcome="upheld")
    assert shown(case, "stage_1_response", "2026-06-30")[1:] == ("met", 0)
    assert deadline(case, "stage_1_response", "2026-06-30")["days_late_without_pause"] == 11


# --- a breach that stood before -------------------------------------------------------------------


def test_a_breach_stands_through_a_pause_and_rests() -> None:
    """R6: one day late, 90 by February."""
    case = acknowledged()
    done(case, "2026-06-17")
    send(case, "suspend", "2026-06-17", **COURT, review_on="2026-10-01")
    assert shown(case, "stage_1_response", "2026-06-17") == ("2026-06-15", "overdue", 2)
    assert shown(case, "stage_1_response", "2026-09-30") == ("2026-06-15", "overdue", 2)
    assert deadline(case, "stage_1_response", "2026-06-22")["days_late_without_pause"] == 5
    found = status(case, "2026-09-30")
    assert (found["state"], found["overdue"]) == ("suspended", True)
    assert (found["next_due_on"], found["waiting_for"]) == ("2026-10-01", "complaints_manager")
    said = [letter for day in ("2026-07-20", "2026-09-30") for letter in letters(done(case, day))]
    assert not {"chase", "stage_1_late", "answer_late", "breach_notice"} & {*said}


def test_after_the_pause_it_counts_on_from_where_it_stood() -> None:
    case = acknowledged()
    send(case, "suspend", "2026-06-17", **COURT, review_on="2026-07-31")
    send(case, "resume", "2026-07-13")
    assert shown(case, "stage_1_response", "2026-07-13") == ("2026-06-15", "overdue", 2)
    assert shown(case, "stage_1_response", "2026-07-15") == ("2026-06-15", "overdue", 4)
    send(case, "respond", "2026-07-16", outcome="upheld")
    assert shown(case, "stage_1_response", "2026-08-16") == ("2026-06-15", "met_late", 5)
    assert deadline(case, "stage_1_response", "2026-08-16")["days_late_without_pause"] == 23


def test_a_reviewed_pause_says_since_when_it_has_waited() -> None:
    """L10: a reviewed suspension said "paused from" the day of the review."""
    case = acknowledged()
    send(case, "suspend", "2026-06-03", **COURT, review_on="2026-06-30")
    send(case, "suspend", "2026-06-30", reason="Adjourned", proceedings="Court", review_on="2026-07-30")
    told = [e.facts for e in case.state.effects if e.template == "suspension"]
    assert [(each["paused_since"], each["reviewed"]) for each in told] == [
        ("2026-06-03", False),
        ("2026-06-03", True),
    ]


# --- what is next (R14) ---------------------------------------------------------------------------


def test_what_is_late_hides_nothing_that_runs() -> None:
    """R14: `young-people` showed the second day, a target, for all of Stage 1."""
    case = opened(authority="young-people")
    send(case, "acknowledge", "2026-06-02")
    found = status(case, "2026-06-08")
    assert (found["next_due_on"], found["waiting_for"], found["overdue"]) == (
        "2026-06-15",
        "stage_manager",
        False,
    )
    assert [(each["kind"], each["due_on"]) for each in found["late"]] == [("target", "2026-06-03")]


def test_while_a_limit_is_late_it_waits_for_its_owner() -> None:
    case = opened()
    found = status(case, "2026-06-08")
    assert (found["next_due_on"], found["waiting_for"]) == ("2026-06-15", "complaints_manager")
    assert [each["name"] for each in found["late"]] == ["acknowledgement"]
    both = status(case, "2026-06-17")
    assert [each["name"] for each in both["late"]] == ["acknowledgement", "stage_1_response"]
    assert both["next_due_on"] == "2026-06-04"


# --- the reading without the pause ---------------------------------------------------------------


@steady
@given(
    turns=st.lists(
        st.tuples(
            st.integers(0, 25),
            st.sampled_from(["suspend", "resume", "extend", "respond", "escalate", "report"]),
            st.sampled_from(["proceedings", "advocate", "other"]),
        ),
        min_size=2,
        max_size=8,
    ),
    start=st.sampled_from(["opened", "adjudicated"]),
)
def test_the_reading_without_the_pause_is_never_later_than_the_one_with_it(
    turns: list[tuple[int, str, str]], start: str
) -> None:
    case: Case = opened() if start == "opened" else adjudicated()
    on = case.state.day
    for gap, action, ground in turns:
        on = date.fromordinal(on.toordinal() + gap)
        fields = {
            "suspend": {"reason": "X", "ground": ground, "review_on": on.isoformat()},
            "extend": {"reason": "X"},
            "respond": {"outcome": "upheld", "stage": case.state.current_stage},
            "report": {"kind": "investigation"},
        }.get(action, {})
        send(case, action, on.isoformat(), **fields)
        for each in status(case, on.isoformat())["deadlines"]:
            assert each["due_on_without_pause"] <= each["due_on"]
            assert each["days_late_without_pause"] >= each["days_late"]
            if "advocate" in {pause["ground"] for pause in each["pauses"]} and not _paused_for_court(each):
                most: Calendar = case.state.calendar
                assert each["due_on"] <= most.add(case.opening.received_on, 20).isoformat()


def _paused_for_court(each: object) -> bool:
    assert isinstance(each, dict)
    return "proceedings" in {pause["ground"] for pause in each["pauses"]}


# --- corrections and extensions (R7) ----------------------------------------------------------------


def test_a_corrected_receipt_cuts_an_extension_to_the_most_and_says_so() -> None:
    """R7: received 2 November, extended to 30; receipt corrected to 30 October: overdue since 13 November."""
    case = opened("2026-11-02")
    assert send(case, "extend", "2026-11-09", reason="Two teams", until="2026-11-30").applied
    answer = send(case, "correct", "2026-11-20", field="received_on", value="2026-10-30", reason="STAMP")
    assert shown(case, "stage_1_response", "2026-11-20") == ("2026-11-27", "running", 0)
    moved = {each["what"]: each.get("due_on") for each in answer.changed}
    assert moved["stage_1_response"] == "2026-11-27"
    told = facts(case, "correction_undid")["undone"]
    assert [each["on"] for each in told] == ["2026-11-09"]
    assert "Fri 27 Nov 2026" in told[0]["now"]


def test_what_a_correction_undoes_is_told_in_the_answer_and_the_notice() -> None:
    """Received twenty days earlier, the most allowed had passed when the extension was given."""
    case = opened("2026-11-02")
    assert send(case, "extend", "2026-11-09", reason="Two teams", until="2026-11-30").applied
    answer = send(case, "correct", "2026-11-20", field="received_on", value="2026-10-05", reason="Stamp")
    undone = [each for each in answer.changed if each["what"] == "extend of 2026-11-09"]
    assert [(each["was"], each["is"]) for each in undone] == [("applied", "refused")]
    assert facts(case, "correction_undid")["undone"][0]["on"] == "2026-11-09"


def test_what_was_refused_from_the_start_is_not_granted_by_a_correction() -> None:
    case = opened("2026-11-02")
    assert not send(case, "extend", "2026-11-09", reason="Two teams", until="2026-12-18").applied
    send(case, "correct", "2026-11-10", field="received_on", value="2026-10-30", reason="Stamp")
    assert deadline(case, "stage_1_response", "2026-11-10")["due_on"] == "2026-11-13"


def test_closed_in_a_pause_and_reopened_it_runs() -> None:
    case = corporate()
    send(case, "suspend", "2026-06-03", **COURT, review_on="2026-07-01")
    send(case, "resolve_informally", "2026-06-04", agreed=True)
    assert send(case, "reopen", "2026-06-05", reason="It was not settled").applied
    found = status(case, "2026-06-08")
    assert (found["state"], found["waiting_for"]) == ("open", "stage_manager")


# --- pauses at every stage, and what is late meanwhile --------------------------------------------


@pytest.mark.parametrize(
    ("story", "on", "limit"),
    [
        (acknowledged, "2026-06-03", "stage_1_response"),
        (at_stage_2, "2026-06-17", "stage_2_response"),
        (at_stage_3, "2026-07-21", "panel_meeting"),
    ],
)
@pytest.mark.parametrize("ground", ["advocate", "complainant_asked", "other", "proceedings"])
def test_only_a_ground_of_the_file_stops_a_clock_at_any_stage(
    story: Any, on: str, limit: str, ground: str
) -> None:
    case = story()
    before = shown(case, limit, on)[0]
    review = "2026-10-01"
    assert send(case, "suspend", on, reason="X", ground=ground, review_on=review).applied
    stops = ground == "proceedings" or (ground == "advocate" and limit == "stage_1_response")
    assert (status(case, on)["state"] == "suspended") is stops
    assert shown(case, limit, on)[1] == ("paused" if stops else "running")
    if not stops:
        assert deadline(case, limit, on)["due_on"] == before
        assert irregular(case, on)
    assert deadline(case, limit, on)["due_on_without_pause"] == before


def test_resumed_late_in_the_file_the_clock_went_on_the_day_that_it_says() -> None:
    """The resumption of 1 July is typed on 20 July: what ran out meanwhile is late."""
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", review_on="2026-08-03", **COURT)
    assert send(case, "resume", "2026-07-01", arrives="2026-08-06").applied
    # 20 July and seven working days.
    assert shown(case, "stage_2_response", "2026-08-06") == ("2026-07-29", "overdue", 6)
    found = deadline(case, "stage_2_response", "2026-08-06")
    assert (found["due_on_without_pause"], found["days_late_without_pause"]) == ("2026-07-20", 13)


def test_late_by_five_when_suspended_it_is_late_by_five_when_it_is_taken_up() -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-01")
    send(case, "suspend", "2026-06-22", review_on="2026-09-01", **COURT)
    for on in ("2026-06-22", "2026-07-15", "2026-08-20"):
        assert shown(case, "stage_1_response", on) == ("2026-06-15", "overdue", 5)
    done(case, "2026-06-22")
    assert "breach_notice" not in letters(done(case, "2026-08-20"))
    send(case, "resume", "2026-08-21")
    assert shown(case, "stage_1_response", "2026-08-24")[1] == "overdue"
    assert shown(case, "stage_1_response", "2026-08-24")[2] in (5, 6)


def test_the_review_of_a_pause_that_passes_is_late_and_the_managers() -> None:
    case = at_stage_2()
    send(case, "suspend", "2026-06-22", review_on="2026-07-06", **COURT)
    found = status(case, "2026-07-10")
    assert found["waiting_for"] == "complaints_manager"
    assert "suspension_review" in [each["name"] for each in found["late"]]


def test_an_extension_cannot_be_given_twice_by_way_of_a_pause() -> None:
    case = opened("2026-06-01")
    send(case, "suspend", "2026-06-08", reason="x", ground="advocate", review_on="2026-06-12")
    send(case, "resume", "2026-06-15")
    send(case, "extend", "2026-06-16", reason="Two teams")
    assert deadline(case, "stage_1_response", "2026-06-16")["due_on"] <= "2026-06-29"
    assert shown(case, "stage_1_response", "2026-07-01")[1] == "overdue"


def test_an_old_target_hides_no_limit_that_runs() -> None:
    case = opened(authority="young-people", complainant={"name": "Tamsin Notareal", "role": "young person"})
    send(case, "acknowledge", "2026-06-02")
    assert status(case, "2026-06-10")["next_due_on"] == "2026-06-15"
    assert status(case, "2026-06-10")["waiting_for"] == "stage_manager"
