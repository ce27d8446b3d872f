"""A newer calendar of bank holidays: what moves, what stands, and who is told.

Every proclaimed day here is invented. Dates are by hand: from Monday 1 June 2026 to the bank holiday of
Monday 31 August five working days are a week.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain import room
from redress.domain.calendar import HolidayTable, OutsideTable
from redress.domain.case import Case
from redress.domain.log import Answer
from redress.domain.london import instant
from redress.domain.parsing import LONGEST, parse_message
from tests.domain.conftest import (
    MONDAY,
    adjudicated,
    answered,
    appoint,
    at_stage_2,
    at_stage_3,
    corporate,
    deadline,
    done,
    irregular,
    opened,
    panel_called,
    problems,
    send,
    shown,
    status,
)
from tests.domain.generating import steady
from tests.domain.invariants import all_hold, plain, what_runs_is_what_the_log_says
from tests.domain.stories import OPENINGS, begin, by_arrival, carried_out, stories, tell

DAY = timedelta(days=1)
SUMMER = "2026-08-31"
"""The summer bank holiday."""


def newer(
    case: Case, *, add: Iterable[str] = (), take: Iterable[str] = (), version: str = "invented-2"
) -> HolidayTable:
    """The complaint's first table with days added and taken out, under another version."""
    table = case.rules.holidays
    days = table.holidays | {date.fromisoformat(day): "Invented Jubilee" for day in add}
    days = {day: name for day, name in days.items() if day not in map(date.fromisoformat, take)}
    return table.model_copy(update={"version": version, "holidays": days})


def recount(case: Case, on: str, table: HolidayTable, **more: Any) -> Answer:
    """Bring a table to a complaint on a day."""
    return send(case, "recount", on, holidays=table.model_dump(mode="json"), **more)


def bring(case: Case, on: str, *, add: Iterable[str] = (), take: Iterable[str] = ()) -> Answer:
    """Bring a table with days added or taken out."""
    return recount(case, on, newer(case, add=add, take=take))


def reasons(case: Case, name: str, as_of: str) -> list[tuple[str, str, bool]]:
    """What stands under `moved` of a deadline."""
    return [(m["due_on"], m["reason"], m["breach"]) for m in deadline(case, name, as_of)["moved"]]


def letters_about_it(case: Case, on: str) -> list[tuple[str, str, list[str]]]:
    """The letters that a recount of a day causes: template, owner, the limits they name."""
    found = []
    for task in done(case, on):
        if task.effect.template.startswith("dates_moved"):
            facts = task.effect.shown()
            moved = facts["moved"]
            assert isinstance(moved, list)
            names = [str(each["name"]) for each in moved if isinstance(each, dict)]
            found.append((task.effect.template, str(facts.get("owner", "")), names))
    return found


# --- what moves ----------------------------------------------------------------------------------


def test_what_the_authority_owes_counts_over_the_newer_calendar() -> None:
    case = opened()
    was = case.rules.holidays.version
    answer = bring(case, "2026-06-03", add=["2026-06-10"])
    assert answer.applied
    assert answer.changed == [
        {
            "what": "stage_1_response",
            "was": "running",
            "is": "running",
            "was_due_on": "2026-06-15",
            "due_on": "2026-06-16",
        }
    ]
    why = f"Wed 10 Jun 2026 (Invented Jubilee) is a bank holiday now: invented-2 instead of {was}"
    assert reasons(case, "stage_1_response", "2026-06-03") == [("2026-06-15", why, False)]
    assert reasons(case, "acknowledgement", "2026-06-03") == []
    assert status(case, "2026-06-03")["calendar"] == "invented-2"
    assert status(case, "2026-06-02")["calendar"] == was
    assert shown(case, "stage_1_response", "2026-06-02") == ("2026-06-15", "running", 0)
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-16", "running", 0)
    assert shown(case, "stage_1_response", "2026-06-17") == ("2026-06-16", "overdue", 1)


def test_what_runs_from_another_last_day_follows_it_also_where_it_ends_on_the_same_day() -> None:
    """Acknowledgement by 8 June, answer ten working days after that: one jubilee in its days, then another
    in the acknowledgement's instead.
    """
    case = corporate()
    assert shown(case, "stage_1_response", "2026-06-01")[0] == "2026-06-22"
    recount(case, "2026-06-01", newer(case, add=["2026-06-09"]))
    assert shown(case, "stage_1_response", "2026-06-01")[0] == "2026-06-23"
    second = newer(case, add=["2026-06-02"], version="invented-3")
    recount(case, "2026-06-01", second)
    assert shown(case, "acknowledgement", "2026-06-01")[0] == "2026-06-09"
    assert deadline(case, "stage_1_response", "2026-06-01")["counts_from"] == "2026-06-09"
    assert shown(case, "stage_1_response", "2026-06-01")[0] == "2026-06-23"
    same = second.model_copy(update={"version": "the-same-days"})
    assert case.moves_of(same, date(2026, 6, 1)) == []


def test_what_it_owes_falls_due_earlier_where_a_bank_holiday_is_taken_back() -> None:
    case = opened("2026-08-24")
    assert shown(case, "stage_1_response", "2026-08-25")[0] == "2026-09-08"
    bring(case, "2026-08-26", take=[SUMMER])
    assert shown(case, "stage_1_response", "2026-08-26")[0] == "2026-09-07"
    ((_, why, _),) = reasons(case, "stage_1_response", "2026-08-26")
    assert why.startswith(
        "Mon 31 Aug 2026 (Late Summer Bank Holiday) is no bank holiday any more: invented-2 "
    )


def test_a_window_ends_later_and_never_earlier() -> None:
    case = adjudicated()
    bring(case, "2026-07-15", add=["2026-07-22"])
    assert shown(case, "stage_3_request", "2026-08-10")[0] == "2026-08-11"
    assert send(case, "escalate", "2026-08-11").applied

    case = answered()
    send(case, "escalate", "2026-06-15")
    had = {"letter": "sent", "received_on": "2026-08-17", "arrives": "2026-08-18"}
    send(case, "respond", "2026-08-14", outcome="upheld", **had)
    assert shown(case, "stage_3_request", "2026-08-18")[0] == "2026-09-15"
    bring(case, "2026-08-20", take=[SUMMER])
    assert shown(case, "stage_3_request", "2026-08-20")[0] == "2026-09-15"
    assert reasons(case, "stage_3_request", "2026-08-20") == []
    assert send(case, "escalate", "2026-09-15").applied


def test_papers_are_due_earlier_and_never_later() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-07")
    assert shown(case, "panel_papers", "2026-07-24")[0] == "2026-08-21"
    bring(case, "2026-07-24", add=["2026-08-26"])
    assert shown(case, "panel_papers", "2026-07-24")[0] == "2026-08-20"

    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-09-07")
    bring(case, "2026-07-24", take=[SUMMER])
    assert shown(case, "panel_papers", "2026-07-24")[0] == "2026-08-21"


def test_the_second_reading_of_stage_2_moves_beside_the_first() -> None:
    case = at_stage_2()
    send(case, "agree_statement", "2026-06-22", points=["One."])
    bring(case, "2026-06-23", add=["2026-07-01"])
    assert shown(case, "stage_2_response", "2026-06-23")[0] == "2026-07-21"
    assert shown(case, "stage_2_response_from_statement", "2026-06-23")[0] == "2026-07-28"
    assert letters_about_it(case, "2026-06-23")[0] == ("dates_moved", "", ["stage_2_response"])


def test_where_a_page_counts_from_the_statement_one_date_is_told() -> None:
    case = opened(authority="north-somerset")
    send(case, "respond", "2026-06-08", outcome="not_upheld")
    send(case, "escalate", "2026-06-15")
    send(case, "agree_statement", "2026-06-22", points=["One."])
    bring(case, "2026-06-23", add=["2026-07-01"])
    told = letters_about_it(case, "2026-06-23")[0]
    assert told == ("dates_moved", "", ["stage_2_response"])


def test_what_runs_provisionally_moves_as_well() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24")
    assert shown(case, "final_response", "2026-08-24")[0] == "2026-09-22"
    bring(case, "2026-08-25", add=["2026-09-02"])
    assert shown(case, "final_response", "2026-08-25")[0] == "2026-09-23"
    assert shown(case, "panel_report", "2026-08-25")[0] == "2026-09-01"
    send(case, "report", "2026-09-01", kind="panel")
    assert shown(case, "final_response", "2026-09-01")[0] == "2026-09-23"  # 15 from the report, over the 2nd


def test_what_starts_on_another_limits_last_day_starts_on_its_new_last_day() -> None:
    """The Code: the answer counts from the acknowledgement, at the latest from its last day."""
    case = opened(statutory=False)
    assert shown(case, "acknowledgement", MONDAY)[0] == "2026-06-08"
    assert shown(case, "stage_1_response", MONDAY)[0] == "2026-06-22"
    bring(case, "2026-06-02", add=["2026-06-04"])
    assert shown(case, "acknowledgement", "2026-06-02")[0] == "2026-06-09"
    assert shown(case, "stage_1_response", "2026-06-02")[0] == "2026-06-23"
    assert deadline(case, "stage_1_response", "2026-06-02")["counts_from"] == "2026-06-09"
    send(case, "acknowledge", "2026-06-09")
    assert shown(case, "stage_1_response", "2026-06-09")[0] == "2026-06-23"


def test_a_list_that_reaches_further_makes_dates_sure_and_moves_none() -> None:
    case = opened("2026-06-01")
    send(
        case, "respond", "2026-06-01", outcome="upheld", remedies=[{"what": "A plan", "due_on": "2029-05-01"}]
    )
    assert deadline(case, "remedy_1", "2026-06-02")["provisional"]
    table = newer(case).model_copy(update={"official_until": date(2029, 12, 31)})
    assert recount(case, "2026-06-03", table).changed == []
    assert not deadline(case, "remedy_1", "2026-06-03")["provisional"]
    assert letters_about_it(case, "2026-06-03") == []


def test_calendar_days_move_for_no_bank_holiday() -> None:
    applicant = {"name": "Imaginaria Nobody", "role": "applicant"}
    case = opened(authority="irm", complainant=applicant, tried_informally=True)
    assert deadline(case, "stage_1_response", MONDAY)["unit"] == "calendar_days"
    due_on = deadline(case, "stage_1_response", MONDAY)["due_on"]
    bring(case, "2026-06-01", add=["2026-06-02", "2026-06-03", "2026-06-04"])
    assert shown(case, "stage_1_response", MONDAY)[0] == due_on
    assert shown(case, "acknowledgement", MONDAY)[0] == "2026-06-11"


# --- what stands ---------------------------------------------------------------------------------


def test_a_date_that_was_promised_stands() -> None:
    case = at_stage_2()
    send(case, "extend", "2026-06-16", reason="Two agencies.", until="2026-08-07")
    for change in ({"add": ["2026-07-01", "2026-07-02"]}, {"take": [SUMMER]}):
        bring(case, "2026-06-17", **change)
        assert shown(case, "stage_2_response", "2026-06-17")[0] == "2026-08-07"


def test_what_follows_a_date_promised_to_the_most_still_goes_to_its_own_most() -> None:
    """Stage 2 at most 65 from the request; counted from the statement, at most 65 from that."""
    case = at_stage_2()
    send(case, "extend", "2026-06-16", reason="Two agencies.")
    assert shown(case, "stage_2_response", "2026-06-16")[0] == "2026-09-15"
    bring(case, "2026-06-17", add=["2026-07-01"])
    assert shown(case, "stage_2_response", "2026-06-17")[0] == "2026-09-15"
    send(case, "agree_statement", "2026-06-22", points=["One."])
    assert shown(case, "stage_2_response_from_statement", "2026-06-22")[0] == "2026-09-23"


@pytest.mark.parametrize("remedy", [{"what": "Say sorry", "due_on": "2026-07-03"}, {"what": "Say sorry"}])
def test_an_agreed_actions_date_stands_whoever_named_it(remedy: dict[str, str]) -> None:
    case = opened()
    send(case, "respond", "2026-06-05", outcome="upheld", remedies=[remedy])
    assert shown(case, "remedy_1", "2026-06-05")[0] == "2026-07-03"
    bring(case, "2026-06-08", add=["2026-06-10"])
    assert shown(case, "remedy_1", "2026-06-08")[0] == "2026-07-03"


def test_the_day_of_a_review_and_the_end_of_a_restriction_stand() -> None:
    case = opened(statutory=False)
    send(case, "suspend", "2026-06-02", reason="Court.", proceedings="Court", review_on="2026-06-12")
    send(case, "restrict_contact", "2026-06-02", reason="Threats.", until="2026-06-19")
    bring(case, "2026-06-03", add=["2026-06-10"])
    assert shown(case, "suspension_review", "2026-06-03")[0] == "2026-06-12"
    assert shown(case, "contact_review", "2026-06-03")[0] == "2026-06-19"


def test_a_panels_day_stands_and_somebody_can_see_that_it_is_a_bank_holiday() -> None:
    case = at_stage_3()
    send(case, "schedule_panel", "2026-07-23", meeting_on="2026-08-24")
    bring(case, "2026-07-24", add=["2026-08-24"])
    assert deadline(case, "panel_papers", "2026-07-24")["counts_from"] == "2026-08-24"
    assert irregular(case, "2026-07-24") == ["the panel is called for Mon 24 Aug 2026, now a bank holiday"]


def test_what_has_passed_stays_as_it_is() -> None:
    case = opened()
    bring(case, "2026-06-16", add=["2026-06-10"])
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
    assert reasons(case, "stage_1_response", "2026-06-16") == []
    assert letters_about_it(case, "2026-06-16") == []


def test_on_its_last_day_it_still_moves() -> None:
    case = opened()
    bring(case, "2026-06-15", add=["2026-06-10"])
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-16", "running", 0)


def test_nothing_moves_into_the_past() -> None:
    case = opened("2026-08-24")
    bring(case, "2026-09-08", take=[SUMMER])  # it would have been due the day before
    assert shown(case, "stage_1_response", "2026-09-08") == ("2026-09-08", "running", 0)
    case = opened("2026-08-24")
    bring(case, "2026-09-07", take=[SUMMER])
    assert shown(case, "stage_1_response", "2026-09-07") == ("2026-09-07", "running", 0)


def test_what_was_met_or_lapsed_is_history() -> None:
    case = answered()
    before = deadline(case, "stage_1_response", "2026-06-09")
    bring(case, "2026-06-09", add=["2026-06-02", "2026-06-10"])
    assert deadline(case, "stage_1_response", "2026-06-09") == before
    assert shown(case, "stage_1_review", "2026-06-09")[0] == "2026-07-07"


def test_nothing_moves_where_no_day_differs() -> None:
    case = at_stage_2()
    assert recount(case, "2026-06-16", newer(case)).changed == []
    assert status(case, "2026-06-16")["calendar"] == "invented-2"


# --- suspended -----------------------------------------------------------------------------------


def test_what_is_paused_moves_and_is_told_when_it_goes_on() -> None:
    """Ten working days from 1 June, four of them lost from the 3rd to the 9th, over the 10th: 22 June."""
    case = opened()
    send(case, "suspend", "2026-06-03", reason="Court.", proceedings="Court", review_on="2026-06-12")
    bring(case, "2026-06-04", add=["2026-06-10"])
    assert shown(case, "stage_1_response", "2026-06-04")[:2] == ("2026-06-16", "paused")
    assert letters_about_it(case, "2026-06-04") == []
    send(case, "resume", "2026-06-09", reason="Court is over.")
    assert shown(case, "stage_1_response", "2026-06-09")[0] == "2026-06-22"
    told_on_time = opened()
    send(told_on_time, "suspend", "2026-06-03", reason="Court.", proceedings="Court", review_on="2026-06-12")
    send(told_on_time, "resume", "2026-06-09", reason="Court is over.")
    bring(told_on_time, "2026-06-09", add=["2026-06-10"])
    assert shown(told_on_time, "stage_1_response", "2026-06-09")[0] == "2026-06-22"


def test_what_was_paused_before_its_day_moves_long_after_it() -> None:
    """A pause stops the clock: a day that passes meanwhile is no day that has passed for it."""
    case = opened()
    send(case, "suspend", "2026-06-03", reason="Court.", proceedings="Court", review_on="2026-06-30")
    bring(case, "2026-06-29", add=["2026-06-10"])
    assert shown(case, "stage_1_response", "2026-06-29")[:2] == ("2026-06-16", "paused")
    send(case, "resume", "2026-06-30", reason="Court is over.")
    # 19 working days are lost from the 3rd to the 30th, without the 10th: 18
    assert shown(case, "stage_1_response", "2026-06-30")[0] == "2026-07-10"


def test_days_lost_before_a_limit_starts_in_earnest_are_not_counted_again() -> None:
    case = panel_called()
    send(case, "hold_panel", "2026-08-24")
    send(case, "suspend", "2026-08-25", reason="Court.", proceedings="Court", review_on="2026-09-30")
    send(case, "resume", "2026-09-01", reason="Court is over.")
    send(case, "report", "2026-09-02", kind="panel")
    assert shown(case, "final_response", "2026-09-02")[0] == "2026-09-23"
    assert recount(case, "2026-09-03", newer(case)).changed == []
    bring_one = newer(case, add=["2026-09-10"], version="invented-3")
    recount(case, "2026-09-03", bring_one)
    assert shown(case, "final_response", "2026-09-03")[0] == "2026-09-24"


# --- in which order things come -------------------------------------------------------------------


def test_what_was_said_before_it_counts_as_it_was_then() -> None:
    """Logged late, dated before the recount: in time by the calendar of its day."""
    case = opened()
    bring(case, "2026-06-16", add=["2026-06-10"])
    assert shown(case, "stage_1_response", "2026-06-16") == ("2026-06-15", "overdue", 1)
    send(case, "respond", "2026-06-15", arrives="2026-06-17", outcome="upheld")
    assert shown(case, "stage_1_response", "2026-06-17") == ("2026-06-15", "met", 0)


def test_a_stage_that_is_opened_late_in_the_log_is_counted_anew_with_the_rest() -> None:
    case = answered()
    table = newer(case, add=["2026-07-01"])
    recount(case, "2026-06-17", table)
    send(case, "escalate", "2026-06-15", arrives="2026-06-18")
    assert [(was, breach) for was, _, breach in reasons(case, "stage_2_response", "2026-06-18")] == [
        ("2026-07-20", False)
    ]
    assert shown(case, "stage_2_response", "2026-06-18")[0] == "2026-07-21"
    moves = [each for each in letters_about_it(case, "2026-06-18") if each[0] == "dates_moved"]
    assert moves == [("dates_moved", "", ["stage_2_response"])]


def test_what_comes_after_it_counts_over_the_newer_calendar() -> None:
    case = answered()
    bring(case, "2026-06-09", add=["2026-07-01"])
    send(case, "escalate", "2026-06-15")
    assert shown(case, "stage_2_response", "2026-06-15")[0] == "2026-07-21"
    assert reasons(case, "stage_2_response", "2026-06-15") == []
    refused = send(case, "extend", "2026-06-16", reason="Long.", until="2026-09-17")
    assert "2026-09-16" in refused.reason  # the most, counted over the newer calendar too


def test_twice_is_once() -> None:
    case = opened()
    table = newer(case, add=["2026-06-10"])
    first = recount(case, "2026-06-03", table, message_id="recount-1")
    again = recount(case, "2026-06-03", table, message_id="recount-1")
    assert again == first.model_copy(update={"repeated": True})
    other = recount(case, "2026-06-04", table, message_id="recount-2")
    assert (other.applied, other.changed) == (True, [])
    assert "counts with this calendar already" in other.reason
    assert len(reasons(case, "stage_1_response", "2026-06-04")) == 1
    assert len([each for each in letters_about_it(case, "2026-06-04") if each[0] == "dates_moved"]) == 1


def test_two_newer_calendars_one_after_the_other_and_back() -> None:
    case = adjudicated()
    was = case.rules.holidays
    second = newer(case, add=["2026-07-22"], version="invented-2")
    third = newer(case, add=["2026-07-22", "2026-08-11"], version="invented-3")
    recount(case, "2026-07-14", second)
    recount(case, "2026-07-15", third)
    assert shown(case, "stage_3_request", "2026-07-15")[0] == "2026-08-12"
    recount(case, "2026-07-16", was)
    assert shown(case, "stage_3_request", "2026-07-16")[0] == "2026-08-12"  # it was told until then
    assert [why.rpartition(": ")[2] for _, why, _ in reasons(case, "stage_3_request", "2026-07-16")] == [
        f"invented-2 instead of {was.version}",
        "invented-3 instead of invented-2",
    ]
    assert status(case, "2026-07-16")["calendar"] == was.version


def test_a_receipt_put_right_to_a_later_day_is_not_turned_away_for_it() -> None:
    """The newer calendar was brought on the 3rd; the complaint had come on the 5th."""
    case = opened()
    bring(case, "2026-06-03", add=["2026-06-10"])
    answer = send(
        case, "correct", "2026-06-08", field="received_on", value="2026-06-05", reason="Typing mistake"
    )
    assert answer.applied
    assert shown(case, "stage_1_response", "2026-06-08")[0] == "2026-06-22"
    assert status(case, "2026-06-08")["calendar"] == "invented-2"
    all_hold(status(case, "2026-06-08"))


def test_it_outlives_a_new_run_and_the_register() -> None:
    case = at_stage_2()
    bring(case, "2026-06-16", add=["2026-07-01"])
    case.due(instant(date(2026, 6, 16), "12:00"))
    again = Case.restore(case.rules, type(case.saved()).model_validate_json(case.saved().model_dump_json()))
    assert again.state.calendar.version == "invented-2"
    assert again.status(date(2026, 6, 17)) == case.status(date(2026, 6, 17))
    assert again.due(instant(date(2026, 6, 16), "12:00")) == []
    now = instant(date(2026, 6, 17), "12:00")
    assert again.timers(now) == case.timers(now)


def test_a_full_file_still_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened()
    monkeypatch.setattr("redress.domain.room.FOR_SHORT", room.WHOLE)
    assert "message" in problems(case, "record_meeting", {"on": "2026-06-03", "note": "é" * 4000})
    assert bring(case, "2026-06-03", add=["2026-06-10"]).applied


# --- what is turned away -------------------------------------------------------------------------


def test_a_table_that_reaches_less_far_is_refused() -> None:
    case = opened()
    short = newer(case).cut(date(2025, 1, 1), date(2030, 12, 31))
    answer = recount(case, "2026-06-03", short)
    assert (answer.applied, answer.changed) == (False, [])
    assert "needs 2024-01-01 to 2040-12-31" in answer.reason
    assert status(case, "2026-06-03")["calendar"] == case.rules.holidays.version
    with pytest.raises(OutsideTable, match="needs 2024-01-01"):
        case.moves_of(short, date(2026, 6, 3))


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "9999-12-31"), ("2026-12-31", "2020-01-01")])
def test_a_table_of_impossible_years_is_malformed(first: str, last: str) -> None:
    case = opened()
    table = newer(case).model_dump(mode="json") | {"first": first, "last": last}
    wrong = problems(case, "recount", {"on": "2026-06-03", "holidays": table})
    assert "should be up to 150 years" in wrong["holidays"]


def test_a_table_as_it_is_sent_is_far_from_too_long() -> None:
    """The longest there can be: of a complaint of 1995 that is still open today."""
    case = opened("1995-06-01", today="2026-06-01")
    assert len(newer(case).model_dump_json()) < LONGEST * 0.7
    table = newer(case).model_dump(mode="json")
    received_on, today = date(1995, 6, 1), date(2026, 6, 1)
    parse_message("recount", {"on": "2026-06-01", "holidays": table}, received_on=received_on, today=today)


# --- who is told ---------------------------------------------------------------------------------


def test_each_owner_is_told_of_what_they_owe_and_the_manager_of_all() -> None:
    case = at_stage_2()
    for role in ("investigating_officer", "independent_person"):
        appoint(case, role, "2026-06-16")
    done(case, "2026-06-16")
    bring(case, "2026-06-17", add=["2026-06-18"])
    assert letters_about_it(case, "2026-06-17") == [
        ("dates_moved", "", ["complaint_statement_agreed", "stage_2_response"]),
        ("dates_moved_staff", "complaints_manager", ["complaint_statement_agreed", "stage_2_response"]),
        ("dates_moved_staff", "investigating_officer", ["complaint_statement_agreed", "stage_2_response"]),
    ]


def test_what_outlives_the_closing_moves_and_is_told_as_well() -> None:
    case = adjudicated()
    send(case, "escalate", "2026-08-14", reason="I was in hospital.")  # late: somebody decides on it
    done(case, "2026-08-14")
    assert status(case, "2026-08-14")["state"] == "closed"
    bring(case, "2026-08-17", add=["2026-08-19"])
    assert letters_about_it(case, "2026-08-17") == [
        ("dates_moved", "", ["late_request_decision"]),
        ("dates_moved_staff", "complaints_manager", ["late_request_decision"]),
    ]


def test_letters_name_the_days_but_do_not_carry_the_table() -> None:
    case = opened()
    bring(case, "2026-06-03", add=["2026-06-10", "2027-03-01"], take=[SUMMER])
    facts = next(t.effect.shown() for t in done(case, "2026-06-03") if t.effect.template == "dates_moved")
    assert facts["days"] == [{"on": "2026-06-10", "name": "Invented Jubilee", "now": True}]
    assert "holidays" not in str(facts["message"])
    (message,) = [dict(m) for m in status(case, "2026-06-03")["messages"] if m["action"] == "recount"]
    kept = message["holidays"]
    assert isinstance(kept, dict)
    assert kept["version"] == "invented-2"
    assert "holidays" not in kept


def test_many_days_are_named_shortly() -> None:
    case = opened()
    bring(case, "2026-06-03", add=["2026-06-08", "2026-06-09", "2026-06-10", "2026-06-11"])
    ((_, why, _),) = reasons(case, "stage_1_response", "2026-06-03")
    assert why.count("is a bank holiday now") == 2
    assert " and 2 more: " in why


def test_reminders_follow_the_new_date() -> None:
    """Two working days before the 16th is the 12th; the one for the 15th was to go on the 11th."""
    case = opened()
    send(case, "acknowledge", "2026-06-02")
    bring(case, "2026-06-03", add=["2026-06-10"])
    done(case, "2026-06-03")
    assert done(case, "2026-06-11", "09:30") == []
    (reminder,) = done(case, "2026-06-12", "09:30")
    assert (reminder.effect.kind, reminder.effect.facts["due_on"]) == ("reminder", "2026-06-16")


# --- the dry run ---------------------------------------------------------------------------------


def test_what_would_move_is_what_moves() -> None:
    case = at_stage_2()
    table = newer(case, add=["2026-06-18"])
    before = case.saved()
    asked = case.moves_of(table, date(2026, 6, 17))
    assert case.saved() == before
    assert case.state.calendar.version == case.rules.holidays.version
    assert [(each["name"], each["was_due_on"], each["due_on"], each["paused"]) for each in asked] == [
        ("investigating_officer_appointed", "2026-06-22", "2026-06-23", False),
        ("independent_person_appointed", "2026-06-22", "2026-06-23", False),
        ("complaint_statement_agreed", "2026-06-29", "2026-06-30", False),
        ("stage_2_response", "2026-07-20", "2026-07-21", False),
    ]
    assert asked[-1]["title"] == "Stage 2 adjudication"
    answer = recount(case, "2026-06-17", table)
    assert [(each["what"], each["was_due_on"], each["due_on"]) for each in answer.changed] == [
        (each["name"], each["was_due_on"], each["due_on"]) for each in asked
    ]
    assert (case.recounts, case.moves_of(table, date(2026, 6, 18))) == (1, [])


def test_a_question_while_asleep_is_about_the_day_it_is_asked() -> None:
    """A worker's complaint last woke on the day it was opened; by the 16th the answer is late."""
    case = opened()
    assert case.moves_of(newer(case, add=["2026-06-10"]), date(2026, 6, 15)) != []
    assert case.moves_of(newer(case, add=["2026-06-10"]), date(2026, 6, 16)) == []


# --- whatever is proclaimed, whenever it comes -----------------------------------------------------


class Change(NamedTuple):
    """Days proclaimed and days withdrawn, each by its distance from the receipt."""

    add: list[int]
    take: list[int]

    def table(self, case: Case, number: int) -> HolidayTable:
        """The complaint's first table with these changes; `number` is in its version."""
        first = case.intake.received_on
        near = [day for day in case.rules.holidays.holidays if abs((day - first).days) < 250]
        add = [first + days * DAY for days in self.add if (first + days * DAY).weekday() < 5]
        return newer(
            case,
            add=[day.isoformat() for day in add],
            take=[near[at % len(near)].isoformat() for at in self.take],
            version=f"generated-{number}",
        )


changes = st.builds(
    Change, st.lists(st.integers(-20, 200), max_size=6), st.lists(st.integers(0, 30), max_size=4)
)


procedures = pytest.mark.parametrize("procedure", sorted(OPENINGS))


@procedures
@given(st.data())
@steady
def test_no_date_moves_against_anybody(procedure: str, data: st.DataObject) -> None:
    story, change = data.draw(stories(procedure, late=False)), data.draw(changes)
    case = carried_out(story)
    on = story.end
    case.state.advance(on)
    before = {id(d): (d, d.due_on, d.fixed, d.paused_on) for d in case.state.running}
    version = case.state.calendar.version
    table = change.table(case, 1)
    asked = case.moves_of(table, on)
    answer = recount(case, on.isoformat(), table)
    if not answer.applied:
        return
    for deadline_, was, fixed, paused_on in before.values():
        now = deadline_.due_on
        if fixed:
            assert now == was
        if deadline_.limit.kind == "window":
            assert now >= was
        if deadline_.limit.before:
            assert now <= was
        if deadline_.limit.unit == "calendar_days":
            assert now == was
        if now != was:
            assert min(was, now) >= (paused_on or on)
            assert deadline_.moved[-1].due_on == was
            assert deadline_.moved[-1].reason.endswith(f": {table.version} instead of {version}")
            assert not deadline_.moved[-1].breach
    assert [(each["name"], each["due_on"]) for each in asked] == [
        (d.name, d.due_on.isoformat()) for d, was, _, _ in before.values() if d.due_on != was
    ]
    all_hold(case.status(on))
    what_runs_is_what_the_log_says(case, on)


@procedures
@given(st.data())
@steady
def test_a_list_of_the_same_days_moves_nothing_ever(procedure: str, data: st.DataObject) -> None:
    """So every date that stands is the one its limit counts to, whatever has happened to it before."""
    story = data.draw(stories(procedure, late=False))
    case = carried_out(story)
    same = case.state.calendar.table.model_copy(update={"version": "the-same-days"})
    assert case.moves_of(same, story.end) == []


@procedures
@given(st.data())
@steady
def test_the_order_in_which_things_come_does_not_matter(procedure: str, data: st.DataObject) -> None:
    story = data.draw(stories(procedure, late=False))
    taken = {step.on for step in story.steps}  # of one day the order received counts: not asked here
    length = (story.end - story.received_on).days
    free = [n for n in range(length + 1) if story.received_on + n * DAY not in taken]
    if not free:
        return
    days = sorted(data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True)))
    brought = [(story.received_on + n * DAY, data.draw(changes)) for n in days]
    end = story.end.isoformat()

    late, early = carried_out(story), begin(story)
    for case in (late, early):  # after all the rest, and before
        for number, (on, change) in enumerate(brought):
            recount(case, on.isoformat(), change.table(case, number), arrives=end)
    for number, step in by_arrival(story):
        tell(early, step, number, story.end)

    assert plain(late.status(story.end)) == plain(early.status(story.end))
    all_hold(late.status(story.end))
    what_runs_is_what_the_log_says(late, story.end)
    again = Case.restore(late.rules, late.saved())
    assert plain(again.status(story.end)) == plain(late.status(story.end))
