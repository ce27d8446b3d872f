"""Of several people each has a window of their own: from the leaving of their own copy of the answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.packing import pack_state, unpack_state
from tests.domain.conftest import corporate, deadline, done, letters, opened, send, status
from tests.domain.generating import examples
from tests.domain.invariants import plain
from tests.domain.test_letters_not_left import WINDOW, told

ADA = {"name": "Ada Madeup", "role": "parent", "email": "ada@madeup.example"}
BEN = {"name": "Ben Notreal", "role": "parent", "email": "ben@notreal.example"}
CYD = {"name": "Cyd Pretend", "role": "grandparent", "address": "1 Nowhere Lane\nExampletown\nEX1 1ZZ"}


def answered(on: str = "2026-06-05", **said: Any) -> tuple[Case, dict[int, str]]:
    """Three people's complaint answered on Friday 5 June, and by what copy each has it: Cyd by post."""
    case = corporate(complainant=ADA, also_complaining=[BEN, CYD])
    send(case, "acknowledge", "2026-06-02")
    assert send(case, "respond", on, message_id="m-1", outcome="not_upheld", **said).applied
    return case, {number: mark for letter in case.answers_to_leave for number, mark in letter.copies.items()}


def own(case: Case, number: int, as_of: str, name: str = WINDOW) -> tuple[str | None, str | None, str]:
    """Somebody's own window on a day: day 0, the last day, and what it is."""
    each = status(case, as_of)["complainants"][number - 1]
    (window,) = [window for window in each["windows"] if window["name"] == name]
    return window["counts_from"], window["due_on"], window["state"]


def test_each_window_counts_from_when_that_person_has_the_answer() -> None:
    case, _ = answered()
    assert own(case, 1, "2026-06-08") == ("2026-06-09", "2026-07-07", "running")
    assert own(case, 2, "2026-06-08") == ("2026-06-09", "2026-07-07", "running")
    assert own(case, 3, "2026-06-08") == ("2026-06-10", "2026-07-08", "running")
    assert own(case, 1, "2026-07-08") == ("2026-06-09", "2026-07-07", "lapsed")
    assert status(case, "2026-07-09")["closed_as"] == "lapsed"


def test_a_copy_that_failed_holds_nobody_elses_window() -> None:
    case, copies = answered()
    assert told(case, "letter_not_left", "2026-06-05", copies[2])
    assert own(case, 1, "2026-06-09") == ("2026-06-09", "2026-07-07", "running")
    assert own(case, 2, "2026-06-09") == (None, None, "not_begun")
    now = status(case, "2026-06-09")
    assert (now["waiting_for"], now["next_due_on"]) == ("complaints_manager", "2026-07-08")
    assert own(case, 1, "2026-08-03")[2] == own(case, 3, "2026-08-03")[2] == "lapsed"
    later = status(case, "2026-08-03")
    assert (later["state"], later["waiting_for"], later["next_due_on"]) == (
        "open",
        "complaints_manager",
        None,
    )
    held = deadline(case, WINDOW, "2026-08-03")
    assert (held["state"], held["days_late"], held["pauses"][-1]["ground"]) == (
        "paused",
        0,
        "letter_not_delivered",
    )
    assert told(case, "letter_left", "2026-08-03", copies[2])
    assert own(case, 2, "2026-08-04") == ("2026-08-05", "2026-09-03", "running")
    assert own(case, 1, "2026-08-04") == ("2026-06-09", "2026-07-07", "lapsed")
    assert status(case, "2026-09-03")["closed_on"] is None
    assert status(case, "2026-09-04")["closed_as"] == "lapsed"


def test_each_request_is_judged_by_the_window_of_whoever_makes_it() -> None:
    for person, in_time in (("Ada Madeup", False), ("Ben Notreal", True), (None, True)):
        case, copies = answered()
        assert told(case, "letter_not_left", "2026-06-05", copies[2])
        answer = send(case, "escalate", "2026-07-20", person=person)
        assert (answer.applied, answer.pending) == (in_time, not in_time)


def test_a_copy_that_left_later_moves_the_window_of_whoever_it_is_for_alone() -> None:
    case, copies = answered()
    assert case.is_awaited(copies[3], date(2026, 6, 10))
    assert told(case, "letter_left", "2026-06-10", copies[3])
    assert own(case, 3, "2026-06-11")[:2] == ("2026-06-15", "2026-07-13")
    assert own(case, 1, "2026-06-11")[:2] == ("2026-06-09", "2026-07-07")
    assert deadline(case, WINDOW, "2026-06-11")["due_on"] == "2026-07-13"
    assert send(case, "escalate", "2026-07-09", person="complainant_2").pending
    assert not case.is_awaited(copies[3], date(2026, 6, 10))


def test_after_stage_1_of_the_statutory_procedure_it_counts_from_the_leaving_of_each_copy() -> None:
    case = opened(complainant=ADA, also_complaining=[BEN])
    send(case, "respond", "2026-06-05", outcome="not_upheld")
    (letter,) = case.answers_to_leave
    assert told(case, "letter_left", "2026-06-12", letter.copies[2])
    assert own(case, 1, "2026-06-12")[:2] == ("2026-06-05", "2026-07-03")
    assert own(case, 2, "2026-06-12")[:2] == ("2026-06-12", "2026-07-10")


def test_nobody_waits_for_the_letter_of_whoever_complains_no_more() -> None:
    case, copies = answered()
    assert told(case, "letter_not_left", "2026-06-05", copies[2])
    send(case, "withdraw", "2026-06-15", person="Ben Notreal")
    assert own(case, 1, "2026-06-15")[:2] == ("2026-06-09", "2026-07-07")
    assert status(case, "2026-06-15")["waiting_for"] == "complainant"
    assert status(case, "2026-07-09")["closed_as"] == "lapsed"


def test_the_advocates_copy_says_nothing_of_whoever_has_their_own() -> None:
    case = corporate(complainant=ADA, also_complaining=[BEN], advocate={"name": "Supporta Invented"})
    send(case, "respond", "2026-06-05", outcome="not_upheld")
    (letter,) = case.answers_to_leave
    (theirs,) = [mark for mark in letter.marks[50:51] if mark not in letter.copies.values()]
    assert not case.is_awaited(theirs, date(2026, 6, 12))
    assert told(case, "letter_left", "2026-06-12", theirs)
    assert own(case, 1, "2026-06-12")[0] == own(case, 2, "2026-06-12")[0] == "2026-06-09"


def test_of_somebody_who_is_not_known_it_is_the_advocates_copy() -> None:
    case = corporate(complainant=None, advocate={"name": "Supporta Invented"})
    send(case, "respond", "2026-06-05", outcome="not_upheld")
    (letter,) = case.answers_to_leave
    assert told(case, "letter_not_left", "2026-06-05", letter.copies[1])
    assert letter.marks.index(letter.copies[1]) == 50
    assert deadline(case, WINDOW, "2026-06-08")["state"] == "paused"


def test_who_can_still_ask_is_reminded_and_nobody_else() -> None:
    case, copies = answered()
    assert told(case, "letter_not_left", "2026-06-05", copies[2])
    reminded = [e for e in done(case, "2026-07-02", "09:30") if e.effect.kind == "reminder"]
    assert [each.effect.facts["to_people"] for each in reminded] == [[1, 3]]
    assert told(case, "letter_left", "2026-08-03", copies[2])
    reminded = [e for e in done(case, "2026-09-01", "09:30") if e.effect.kind == "reminder"]
    assert [each.effect.facts["to_people"] for each in reminded] == [[2]]
    assert "closure" not in letters(done(case, "2026-09-01", "09:31"))


def test_a_pause_gives_back_no_time_that_had_passed() -> None:
    case, copies = answered()
    assert told(case, "letter_left", "2026-07-06", copies[2])
    assert own(case, 1, "2026-07-10")[2] == "lapsed"
    said = {"ground": "proceedings", "reason": "Court.", "review_on": "2026-08-10"}
    assert send(case, "suspend", "2026-07-13", **said).applied
    assert own(case, 2, "2026-07-14") == ("2026-07-08", "2026-08-05", "paused")
    assert send(case, "resume", "2026-07-20").applied
    assert own(case, 1, "2026-07-20") == ("2026-06-09", "2026-07-07", "lapsed")
    assert own(case, 2, "2026-07-20") == ("2026-07-08", "2026-08-12", "running")


def test_a_window_begun_anew_is_the_same_for_all() -> None:
    case, _ = answered()
    assert status(case, "2026-07-09")["closed_as"] == "lapsed"
    decided = {"category": "premature", "outcome": "Ask the council first.", "counts_from": "2026-10-01"}
    send(case, "refer_to_ombudsman", "2026-09-01", approached_by="complainant")
    send(case, "ombudsman_decision", "2026-10-01", **decided)
    for number in (1, 2, 3):
        assert own(case, number, "2026-10-02")[0] == "2026-10-01"


def test_a_receipt_that_names_a_person_is_theirs_alone() -> None:
    case, _ = answered(letter="sent", received_on="2026-06-05", person="Cyd Pretend")
    assert own(case, 3, "2026-06-08")[0] == "2026-06-05"
    assert own(case, 1, "2026-06-08")[0] == own(case, 2, "2026-06-08")[0] == "2026-06-09"
    assert send(case, "escalate", "2026-07-06", person="Cyd Pretend").pending
    everybodys, _ = answered(letter="sent", received_on="2026-06-05")
    assert {own(everybodys, number, "2026-06-08")[0] for number in (1, 2, 3)} == {"2026-06-05"}


def test_a_receipt_of_nobody_known_is_nobodys_and_the_answer_is_recorded() -> None:
    case, _ = answered(letter="sent", received_on="2026-06-05", person="Dora Unknown")
    assert {own(case, number, "2026-06-08")[0] for number in (1, 2, 3)} == {"2026-06-09", "2026-06-10"}
    said = ["person: nobody of that name complains here. received_on counts for nobody"]
    assert [each["what"] for each in status(case, "2026-06-08")["irregular"]] == said
    assert deadline(case, "stage_1_response", "2026-06-08")["met_on"] == "2026-06-05"


COPY = st.tuples(st.booleans(), st.none() | st.integers(1, 20), st.booleans())
"""Of a copy: whether it failed, how many days after Friday 5 June it left, and whether it came back."""

News = list[tuple[str, str, int]]


def news_of(number: int, copy: tuple[bool, int | None, bool]) -> News:
    """What is heard of somebody's copy: the action, its date, and whose it is."""
    failed, left, came_back = copy
    days = [("letter_not_left", 0)] if failed or (came_back and left is None) else []
    days += [] if left is None else [("letter_left", left)]
    days += [("letter_not_left", left)] if left is not None and came_back else []
    return [(action, (date(2026, 6, 5) + timedelta(days=on)).isoformat(), number) for action, on in days]


def after(*news: News) -> Case:
    """The complaint once all of this was heard, on one day in September."""
    case, copies = answered()
    for action, on, number in (each for part in news for each in part):
        name = f"{action}-{number}-{on}"
        send(case, action, on, arrives="2026-09-01", message_id=name, mark=copies[number])
    return case


def settled(case: Case, day: date) -> dict[str, Any]:
    """A status without the steps by which a day moved: those of what is heard on one day have an order."""
    found = plain(case.status(day))
    return {**found, "deadlines": [{**each, "moved": [], "pauses": []} for each in found["deadlines"]]}


@given(st.tuples(COPY, COPY, COPY), st.permutations([0, 1, 2]), st.booleans())
@examples(25)
def test_whatever_is_heard_of_one_copy_is_that_persons_alone(
    became: tuple[Any, Any, Any], order: list[int], by_turns: bool
) -> None:
    """Own window: never from before the own copy left, and as if nothing had been heard of others."""
    news = [news_of(number, copy) for number, copy in enumerate(became, 1)]
    case, none_has_failed = after(*news), True
    for number, (failed, left, came_back) in enumerate(became, 1):
        alone = after(news[number - 1])
        for day in ("2026-06-08", "2026-07-07", "2026-07-24", "2026-09-01"):
            now, then = status(case, day), status(alone, day)
            if now["state"] == then["state"] == "open":
                assert own(case, number, day) == own(alone, number, day)
        begins = case.state.answers.receipts["stage_1"][number]
        assert begins > date(2026, 6, 5) + timedelta(days=left or 0)
        if came_back or (failed and left is None):
            none_has_failed = False
            assert status(case, "2027-06-01")["closed_on"] is None
            person = "complainant" if number == 1 else f"complainant_{number}"
            assert send(after(*news), "escalate", "2026-09-01", person=person).applied
    assert (status(case, "2027-06-01")["closed_as"] == "lapsed") is none_has_failed
    in_turn = [news[at] for at in order]
    if by_turns:
        in_turn = [[part[at]] for at in range(3) for part in in_turn if at < len(part)]
    other = after(*in_turn)
    for later in (date(2026, 6, 8), date(2026, 7, 20), date(2026, 9, 1), date(2026, 12, 1)):
        assert settled(other, later) == settled(case, later)
    again = Case.restore(case.rules, unpack_state(pack_state(case.saved())))
    assert again.status(date(2026, 9, 1)) == case.status(date(2026, 9, 1))


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_whoever_hears_first_the_latest_closes_it(order: tuple[int, int]) -> None:
    case, copies = answered()
    for number in order:
        assert told(case, "letter_left", f"2026-06-{10 + number}", copies[number])
    assert status(case, "2026-07-14")["closed_on"] is None
    assert status(case, "2026-07-15")["closed_on"] == "2026-07-15"
