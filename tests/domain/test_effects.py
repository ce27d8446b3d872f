"""What must be done about a case, when it leaves, and that it is done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from redress.domain.case import Case
from tests.domain.conftest import (
    acknowledged,
    adjudicated,
    answered,
    at,
    at_stage_2,
    at_stage_3,
    breaches,
    done,
    investigated,
    letters,
    opened,
    panel_called,
    send,
)

# --- once ----------------------------------------------------------------------------------------


def test_each_effect_is_given_once() -> None:
    case = acknowledged()
    assert letters(done(case, "2026-06-01")) == ["acknowledgement"]
    assert done(case, "2026-06-01") == []
    assert done(case, "2026-06-02") == []


def test_nothing_is_given_again_after_a_restart() -> None:
    case = acknowledged()
    done(case, "2026-06-16", "09:00")
    assert Case.restore(case.rules, case.saved()).due(at("2026-06-16", "09:00")) == []


def test_a_reminder_before_the_last_day_once() -> None:
    """Two working days before Monday 15 June: Thursday 11 June."""
    case = acknowledged()
    assert "reminder" not in letters(done(case, "2026-06-11", "08:59"))
    assert letters(done(case, "2026-06-11", "09:00")) == ["reminder"]
    assert letters(done(case, "2026-06-12")) == []


def test_an_answer_in_time_leaves_no_reminder_and_no_breach() -> None:
    case = acknowledged()
    done(case, "2026-06-01")
    send(case, "respond", "2026-06-10", outcome="upheld")
    tasks = done(case, "2026-06-16")
    assert letters(tasks) == ["stage_1_response"]
    assert breaches(tasks) == []


def test_after_a_long_pause_what_has_been_overtaken_is_skipped() -> None:
    """The worker was away from June to September: one word about the delay, not every word."""
    case = acknowledged()
    done(case, "2026-06-01")
    tasks = case.due(at("2026-09-01"))
    by_template = [(task.effect.template, task.state) for task in tasks if task.effect.kind != "breach"]
    assert ("reminder", "skipped") in by_template
    assert ("stage_1_late", "done") in by_template
    assert by_template.count(("breach_notice", "done")) == 1
    assert by_template.count(("chase", "done")) == 1
    assert by_template.count(("chase", "skipped")) >= 3
    assert breaches(tasks) == ["stage_1_response"]


def test_a_reminder_of_a_date_that_has_moved_is_skipped() -> None:
    case = acknowledged()
    done(case, "2026-06-10")
    send(case, "extend", "2026-06-11", arrives="2026-06-12", reason="Complex")
    assert "reminder" not in letters(done(case, "2026-06-12"))


def test_still_late_the_manager_is_told_again_and_again() -> None:
    case = acknowledged()
    done(case, "2026-06-16", "09:00")
    assert letters(done(case, "2026-06-29")) == []
    assert letters(done(case, "2026-06-30")) == ["chase"]
    assert letters(done(case, "2026-07-14")) == ["chase"]


def test_a_breach_that_a_late_logged_answer_undoes_is_not_told_any_more() -> None:
    case = acknowledged()
    assert breaches(done(case, "2026-06-16", "00:05")) == ["stage_1_response"]
    send(case, "respond", "2026-06-15", arrives="2026-06-16", outcome="upheld")
    assert letters(done(case, "2026-06-16", "12:00")) == ["stage_1_response"]


# --- when ----------------------------------------------------------------------------------------


def test_a_limit_runs_out_at_midnight_in_london_in_summer_time() -> None:
    """The last day is Monday 15 June: over at 23:00 UTC."""
    case = acknowledged()
    timers = {timer.name: timer for timer in case.timers(at("2026-06-12", "12:00"))}
    assert timers["stage_1_response"].at.isoformat() == "2026-06-15T23:00:00+00:00"
    assert timers["stage_1_response"].summary == (
        "By Mon 15 Jun 2026 the manager of the team concerned owes: Stage 1 response (10 working days)"
    )


def test_and_at_midnight_in_winter() -> None:
    case = opened("2026-11-20")
    timers = {timer.name: timer for timer in case.timers(at("2026-11-20"))}
    assert timers["stage_1_response"].at.isoformat() == "2026-12-05T00:00:00+00:00"
    assert timers["stage_1_response"].summary == (
        "By Fri 4 Dec 2026 the manager of the team concerned owes: Stage 1 response (10 working days)"
    )


@pytest.mark.parametrize(
    ("received_on", "breach_at", "letters_at"),
    [
        ("2026-06-01", ("2026-06-16", "00:00"), ("2026-06-16", "09:00")),  # summer time
        ("2026-11-23", ("2026-12-08", "00:00"), ("2026-12-08", "09:00")),
        ("2026-11-20", ("2026-12-05", "00:00"), ("2026-12-07", "09:00")),  # run out on a Friday
        ("2026-03-20", ("2026-04-08", "00:00"), ("2026-04-08", "09:00")),  # the clocks and Easter between
        ("2026-12-10", ("2026-12-25", "00:00"), ("2026-12-29", "09:00")),  # over Christmas
    ],
)
def test_the_breach_is_recorded_at_once_and_the_letters_leave_in_office_hours(
    received_on: str, breach_at: tuple[str, str], letters_at: tuple[str, str]
) -> None:
    case = opened(received_on)
    send(case, "acknowledge", received_on)
    done(case, received_on)
    day, clock = breach_at
    tasks = case.due(at(day, clock))
    assert breaches(tasks) == ["stage_1_response"]
    assert "stage_1_late" not in letters(tasks)
    day, clock = letters_at
    assert "stage_1_late" not in letters(done(case, day, "08:59"))
    assert "stage_1_late" in letters(done(case, day, clock))


def test_what_a_message_causes_leaves_at_once() -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-01")
    assert letters(done(case, "2026-06-01", "22:00")) == ["acknowledgement"]


@pytest.mark.parametrize(("day", "clock"), [("2026-06-21", "03:00"), ("2026-06-17", "22:00")])
def test_after_an_outage_too_letters_wait_for_office_hours(day: str, clock: str) -> None:
    case = acknowledged()
    done(case, "2026-06-01")
    assert letters(done(case, day, clock)) == []
    assert "stage_1_late" in letters(done(case, "2026-06-22", "09:00"))


def test_a_stage_that_opens_by_the_clock_is_told_in_office_hours() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-10")
    done(case, "2026-06-15")
    assert letters(done(case, "2026-06-16", "00:00")) == []
    assert "stage_2_opening" in letters(done(case, "2026-06-16", "09:00"))


def test_the_timer_for_what_comes_next_is_the_earliest() -> None:
    case = acknowledged()
    done(case, "2026-06-01")
    timers = {timer.name: timer for timer in case.timers(at("2026-06-01"))}
    assert timers["next"].at == at("2026-06-11", "09:00")
    assert timers["next"].summary == (
        "On Thu 11 Jun 2026 the manager of the team concerned is reminded of what is due Mon 15 Jun 2026: "
        "Stage 1 response"
    )


# --- what letters say ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "story", [opened, answered, at_stage_2, investigated, adjudicated, at_stage_3, panel_called]
)
def test_every_letter_says_the_date_by_which_something_happens_next(story: Callable[[], Case]) -> None:
    case = story()
    day = "2027-01-04"
    tasks = [task for task in case.due(at(day)) if task.effect.kind != "breach"]
    assert tasks
    for task in tasks:
        following = task.effect.facts["next"]
        assert isinstance(following, dict)
        assert str(following["on"]) >= task.effect.on.isoformat(), task.effect.key
        assert following["owner"] != "nobody"


def test_a_request_that_ripens_by_the_clock_has_it_too() -> None:
    case = acknowledged()
    send(case, "escalate", "2026-06-10")
    tasks = done(case, "2026-06-16", "09:00")
    opening = next(task for task in tasks if task.effect.template == "stage_2_opening")
    following = opening.effect.facts["next"]
    assert isinstance(following, dict)
    assert following["on"] == "2026-07-21"


def test_the_late_letter_tells_how_late_and_by_which_rule() -> None:
    case = acknowledged()
    done(case, "2026-06-15")
    late = next(t for t in done(case, "2026-06-16", "09:00") if t.effect.template == "stage_1_late")
    assert late.effect.facts["due_on"] == "2026-06-15"
    assert late.effect.facts["days_late"] == 1
    assert "reg 14" in str(late.effect.facts["source"])


def test_the_extension_letter_tells_the_reason_and_both_dates() -> None:
    case = acknowledged()
    done(case, "2026-06-09")
    send(case, "extend", "2026-06-10", reason="Three teams must be asked")
    [task] = done(case, "2026-06-10")
    said = task.effect.shown()
    assert (said["before"], said["due_on"]) == ("2026-06-15", "2026-06-29")
    assert isinstance(said["message"], dict)
    assert said["message"]["reason"] == "Three teams must be asked"


def test_letters_show_no_internal_notes() -> None:
    case = opened()
    send(case, "acknowledge", "2026-06-01", by="Clerka Invented", note="Difficult on the telephone")
    [task] = done(case, "2026-06-01")
    assert "Difficult" not in str(task.effect.shown())
    assert "Clerka" not in str(task.effect.shown())


def test_the_manager_is_told_of_all_that_is_late_at_most_once_a_week() -> None:
    """A year of a complaint that nobody touches: weekly at most, however many limits are late (L6)."""
    case = opened()
    send(case, "escalate", "2026-06-30")
    told: list[date] = []
    for number in range(366):
        day = date(2026, 6, 1) + timedelta(days=number)
        told += [day for letter in letters(done(case, day.isoformat())) if letter == "chase"]
    assert len(told) > 10
    assert len({day.isocalendar()[:2] for day in told}) == len(told)
