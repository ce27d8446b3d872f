"""No time to go on runs from an answer whose letter did not leave."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.packing import pack_state, unpack_state
from tests.domain.conftest import corporate, deadline, opened, send, shown
from tests.domain.generating import examples

WINDOW = "stage_1_review"


def answered(**said: str) -> tuple[Case, str]:
    """A complaint answered on Friday 5 June by a letter, and its mark."""
    case = corporate()
    send(case, "acknowledge", "2026-06-02")
    assert send(case, "respond", "2026-06-05", message_id="m-1", outcome="not_upheld", **said).applied
    (letter,) = case.answers_to_leave
    return case, letter.marks[0]


def told(case: Case, action: str, on: str, mark: str) -> bool:
    """What Redress logs itself about a letter, by the id that it gives that; whether it was taken."""
    return send(
        case, action, on, mark=mark, message_id=case.id_of_leaving(mark, date.fromisoformat(on), action)
    ).applied


def test_the_window_rests_while_the_letter_failed_and_has_its_whole_time_once_it_left() -> None:
    case, mark = answered()
    assert told(case, "letter_not_left", "2026-06-05", mark)
    later = case.status(date(2026, 12, 1))
    assert (later["state"], later["waiting_for"], later["next_due_on"]) == (
        "open",
        "complaints_manager",
        None,
    )
    held = deadline(case, WINDOW, "2026-12-01")
    assert (held["state"], held["pauses"][-1]["ground"]) == ("paused", "letter_not_delivered")
    assert shown(case, "stage_1_response", "2026-12-01") == ("2026-06-16", "met", 0)
    assert told(case, "letter_left", "2026-08-03", mark)
    runs = deadline(case, WINDOW, "2026-08-03")
    assert (runs["state"], runs["counts_from"]) == ("running", "2026-08-05")
    last = date.fromisoformat(runs["due_on"])
    status = case.status(last)
    assert (status["state"], status["waiting_for"]) == ("open", "complainant")
    assert case.status(last + timedelta(days=1))["closed_as"] == "lapsed"


def test_told_when_it_seemed_to_have_passed_the_window_had_not_begun() -> None:
    case, mark = answered()
    case.state.advance(date(2026, 9, 1))
    assert case.status(date(2026, 9, 1))["closed_as"] == "lapsed"
    assert told(case, "letter_not_left", "2026-06-05", mark)
    assert case.status(date(2026, 9, 1))["state"] == "open"
    assert send(case, "escalate", "2026-09-01").applied
    assert case.status(date(2026, 9, 1))["stage"] == "stage_2"


def test_a_letter_that_left_later_than_assumed_begins_the_window_later() -> None:
    case, mark = answered()
    assert told(case, "letter_left", "2026-06-10", mark)
    assert deadline(case, WINDOW, "2026-06-10")["counts_from"] == "2026-06-12"
    assert told(case, "letter_left", "2026-06-08", mark)
    assert deadline(case, WINDOW, "2026-06-10")["counts_from"] == "2026-06-12"


def test_come_back_again_after_it_was_sent_again_it_is_held_again() -> None:
    case, mark = answered()
    for action, on, state in (
        ("letter_not_left", "2026-06-05", "paused"),
        ("letter_left", "2026-06-09", "running"),
        ("letter_not_left", "2026-06-09", "paused"),
        ("letter_left", "2026-06-09", "running"),
    ):
        assert told(case, action, on, mark)
        assert deadline(case, WINDOW, "2026-06-12")["state"] == state


def test_an_amended_answer_whose_letter_leaves_begins_the_window_in_place_of_the_one_that_failed() -> None:
    case, mark = answered()
    assert told(case, "letter_not_left", "2026-06-05", mark)
    assert send(case, "respond", "2026-06-19", amends="m-1", outcome="upheld").applied
    runs = deadline(case, WINDOW, "2026-06-22")
    assert (runs["state"], runs["counts_from"]) == ("running", "2026-06-23")
    assert told(case, "letter_left", "2026-06-30", mark)
    assert deadline(case, WINDOW, "2026-06-30")["counts_from"] == "2026-06-23"


def test_the_letter_of_one_of_two_answers_holds_the_window_that_the_other_began() -> None:
    case = corporate()
    findings = [{"point": 1, "outcome": "upheld"}]
    send(case, "respond", "2026-06-04", outcome="upheld", findings=findings)
    (first,) = case.answers_to_leave
    assert told(case, "letter_not_left", "2026-06-04", first.marks[0])
    send(case, "respond", "2026-06-05", outcome="upheld", findings=[{"point": 2, "outcome": "upheld"}])
    assert deadline(case, WINDOW, "2026-06-08")["state"] == "paused"
    assert told(case, "letter_left", "2026-06-08", first.marks[0])
    assert deadline(case, WINDOW, "2026-06-08")["counts_from"] == "2026-06-10"


def test_a_complaint_that_goes_on_after_a_suspension_holds_its_window_still() -> None:
    case, mark = answered()
    assert told(case, "letter_not_left", "2026-06-05", mark)
    assert send(
        case, "suspend", "2026-06-15", ground="proceedings", reason="Court.", review_on="2026-07-15"
    ).applied
    assert send(case, "resume", "2026-06-22").applied
    status = case.status(date(2026, 6, 22))
    assert (status["waiting_for"], status["next_due_on"]) == ("complaints_manager", None)
    assert deadline(case, WINDOW, "2026-06-22")["state"] == "paused"


def test_a_mark_that_is_no_answers_letter_holds_nothing() -> None:
    case = opened()
    assert not send(case, "letter_left", "2026-06-02", mark="050b8bca").applied
    assert told(case, "letter_not_left", "2026-06-02", "050b8bca")
    assert {d["state"] for d in case.status(date(2026, 6, 2))["deadlines"]} == {"running"}


STEPS = st.lists(
    st.sampled_from(["failed", "left", "had_later", "had_earlier", "note", "suspend", "resume"]), max_size=7
)


@given(STEPS, st.integers(1, 90))
@examples(40)
def test_in_any_order_no_window_runs_while_the_only_letter_failed_and_a_request_is_in_time(
    steps: list[str], wait: int
) -> None:
    case, mark = answered(received_on="2026-06-05")
    day, failed, left = date(2026, 6, 15), False, date(2026, 6, 5)
    for number, step in enumerate(steps):
        day += timedelta(days=1)
        on = day.isoformat()
        match step:
            case "failed":
                failed = told(case, "letter_not_left", left.isoformat(), mark)
            case "left":
                assert told(case, "letter_left", on, mark)
                left, failed = day, False
            case "had_later" | "had_earlier":
                value = "2026-06-15" if step == "had_later" else "2026-06-08"
                said = {"field": "m-1.received_on", "value": value, "reason": f"Misread {number}."}
                send(case, "correct", on, **said)
            case "note":
                send(case, "add_note", on, note=f"Rang {number}")
            case "suspend":
                send(
                    case,
                    "suspend",
                    on,
                    ground="proceedings",
                    reason=f"Court {number}.",
                    review_on="2026-12-01",
                )
            case _:
                send(case, "resume", on)
        if failed:
            assert deadline(case, WINDOW, on)["state"] == "paused"
    assert Case.restore(case.rules, unpack_state(pack_state(case.saved()))).status(day) == case.status(day)
    if not failed:
        return
    then = day + timedelta(days=wait)
    status = case.status(then)
    assert status["closed_on"] is None
    assert send(case, "escalate", then.isoformat()).applied
    assert case.status(then)["stage"] == "stage_2"
