"""In whatever order messages arrive, and by whatever clock and caller: one set of letters, one meaning."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.domain.case import Case
from redress.domain.intake_content import comparable
from redress.domain.parsing import Malformed
from tests.domain.conftest import at, deadline, done, letters, opened, send, shown, status
from tests.domain.generating import steady

# --- K4: one letter, however messages arrive -------------------------------------------------------

ANSWER: dict[str, Any] = {"outcome": "not_upheld"}

TWICE: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "acknowledgement": [("acknowledge", "2026-06-01", {}), ("acknowledge", "2026-06-02", {})],
    "stage_1_response": [("respond", "2026-06-08", ANSWER), ("respond", "2026-06-09", ANSWER)],
    "stage_2_opening": [
        ("respond", "2026-06-04", ANSWER),
        ("escalate", "2026-06-08", {}),
        ("escalate", "2026-06-09", {}),
    ],
    "withdrawal": [("withdraw", "2026-06-02", {}), ("withdraw", "2026-06-03", {})],
}


def left_after(told: list[tuple[str, str, dict[str, Any]]], *, restarts: bool = False) -> Counter[str]:
    """The letters that left where each message arrives on 10 June and has its letters leave at once."""
    case, left = opened(), Counter[str]()
    for number, (action, on, fields) in enumerate(told):
        case.receive(
            case.parse(action, {"on": on, "message_id": f"{action}-{on}", **fields}, at("2026-06-10")),
            at("2026-06-10", f"12:{number:02}"),
        )
        tasks = done(case, "2026-06-10")
        left += Counter(letters([task for task in tasks if not task.effect.by_clock]))
        if restarts:
            case = Case.restore(case.rules, case.saved())
    return left


@pytest.mark.parametrize("letter", TWICE)
def test_a_message_that_comes_later_and_is_dated_earlier_sends_nothing_twice(letter: str) -> None:
    told = TWICE[letter]
    in_turn, turned = left_after(told), left_after([*told[:-2], told[-1], told[-2]], restarts=True)
    assert in_turn[letter] == turned[letter] == 1


HAPPENED = [
    *TWICE["acknowledgement"],
    *TWICE["stage_1_response"],
    ("acknowledge", "2026-06-03", {}),
    ("respond", "2026-06-10", ANSWER),
    ("add_note", "2026-06-05", {"note": "Rang."}),
    ("record_meeting", "2026-06-04", {"with": "the family"}),
]


@given(st.permutations(HAPPENED), st.booleans())
@steady
def test_in_any_order_of_arrival_one_set_of_letters_leaves(
    told: list[tuple[str, str, dict[str, Any]]], restarts: bool
) -> None:
    assert left_after(told, restarts=restarts) == left_after(HAPPENED)


def test_a_letter_that_says_something_else_is_another_letter() -> None:
    case = opened()
    send(case, "extend", "2026-06-03", reason="Two agencies.", until="2026-06-22", message_id="late")
    assert "extension" in letters(done(case, "2026-06-03"))
    send(case, "extend", "2026-06-02", arrives="2026-06-04", reason="Ill.", until="2026-06-18")
    assert "extension" in letters(done(case, "2026-06-04"))  # says another date than the one that left


def test_no_key_of_a_letter_holds_the_number_of_its_message() -> None:
    """The same message has the same key, whatever came before it."""
    keys = []
    for before in ([], ["a", "b"]):
        case = opened()
        for name in before:
            send(case, "add_note", "2026-06-01", note=name)
        send(case, "acknowledge", "2026-06-02", message_id="ack")
        keys += [effect.key for effect in case.state.effects if effect.template == "acknowledgement"]
    assert keys[0] == keys[1]


def test_what_a_correction_moved_is_told_before_what_came_after_it() -> None:
    """K3: letters that leave together leave in the order of their causes."""
    case = opened()
    send(case, "correct", "2026-06-03", field="received_on", value="2026-05-29", reason="The stamp says so.")
    send(case, "respond", "2026-06-04", outcome="upheld")
    told = letters(done(case, "2026-06-04"))
    assert told.index("dates_corrected") < told.index("stage_1_response")


# --- K5: a repeat is a repeat by whoever passes it on ----------------------------------------------


def test_another_token_or_a_signal_before_makes_no_other_content() -> None:
    case = opened()
    said = {"on": "2026-06-02", "message_id": "m-1", "reason": "No."}
    first = case.receive(case.parse("escalate", said, at("2026-06-02")), at("2026-06-02"))
    again = case.parse("escalate", said | {"by": "another-token", "from_intake": True}, at("2026-06-03"))
    assert case.receive(again, at("2026-06-03")) == first.model_copy(update={"repeated": True})
    with pytest.raises(Malformed):
        case.parse("escalate", said | {"reason": "Other."}, at("2026-06-03"))


# --- K1: one clock judges a date -------------------------------------------------------------------


def test_what_was_accepted_by_a_clock_that_is_ahead_is_taken() -> None:
    case = opened()
    now = at("2026-06-02", "23:59")
    said = {"on": "2026-06-03", "accepted_on": "2026-06-03", "message_id": "m-1"}
    answer = case.receive(case.parse("acknowledge", said, now), now)
    assert (answer.applied, str(answer.on)) == (True, "2026-06-03")
    with pytest.raises(Malformed):  # a raw message is judged by the workflow's clock
        case.parse("acknowledge", {"on": "2026-06-04"}, at("2026-06-02"))


@pytest.mark.parametrize("restarts", [False, True])
def test_beyond_a_day_ahead_it_waits_for_its_day(restarts: bool) -> None:
    case, now = opened(), at("2026-06-02")
    said = {"on": "2026-06-05", "accepted_on": "2026-06-05", "message_id": "m-1"}
    answer = case.receive(case.parse("acknowledge", said, now), now)
    assert (answer.applied, answer.pending) == (False, True)
    if restarts:
        case = Case.restore(case.rules, case.saved())
    assert [each["message_id"] for each in status(case, "2026-06-03")["pending"]] == ["m-1"]
    assert letters(done(case, "2026-06-04", "23:00")) == []
    assert at("2026-06-05", "00:00") in [timer.at for timer in case.timers(now)]
    assert "acknowledgement" in letters(done(case, "2026-06-05", "09:00"))
    assert shown(case, "acknowledgement", "2026-06-05")[1] == "met_late"
    assert status(case, "2026-06-05")["pending"] == []


# --- N7: a date that nobody gave -------------------------------------------------------------------


def test_a_date_that_a_door_stamped_is_assumed_like_one_that_nobody_stamped() -> None:
    """The acknowledgement was due on 4 June."""
    found = []
    for said in ({}, {"on": "2026-06-10", "assumed": True, "accepted_on": "2026-06-10"}):
        case = opened()
        case.receive(case.parse("acknowledge", said, at("2026-06-10"), "id"), at("2026-06-10"))
        met = deadline(case, "acknowledgement", "2026-06-10")
        found.append((met["state"], met["days_late"], status(case, "2026-06-10")["messages"][0]["assumed"]))
    assert found == [("met", 0, True)] * 2


def test_a_message_without_a_date_counts_on_the_day_on_which_a_door_took_it() -> None:
    """Sent on 3 June just before midnight, and handled when the workflow runs again on 10 June."""
    case = opened()
    said = {"on": "2026-06-03", "assumed": True, "accepted_on": "2026-06-03"}
    answer = case.receive(case.parse("acknowledge", said, at("2026-06-10"), "id"), at("2026-06-10"))
    assert (answer.applied, answer.on.isoformat()) == (True, "2026-06-03")
    assert deadline(case, "acknowledgement", "2026-06-10")["met_on"] == "2026-06-03"
    asked = {"on": "2026-07-03", "assumed": True, "accepted_on": "2026-07-03", "message_id": "asked"}
    send(case, "respond", "2026-06-08", outcome="not_upheld", letter="sent", message_id="answer")
    assert status(case, "2026-07-20")["closed_as"] == "lapsed"
    assert case.receive(case.parse("escalate", asked, at("2026-07-20")), at("2026-07-20")).applied
    assert status(case, "2026-07-20")["stage"] == "stage_2"


@pytest.mark.parametrize(("action", "more"), [("strike_out", {}), ("confirm_contact", {"accept": True})])
def test_a_refusal_repeats_no_id_that_a_caller_chose(action: str, more: dict[str, Any]) -> None:
    said = {"message": "Imaginaria Nobody, letter of May", "reason": "It was another's.", **more}
    answer = send(opened(), action, "2026-06-02", **said)
    assert not answer.applied
    assert "Imaginaria" not in answer.reason


# --- S1: a new address or advocate from an intake system -------------------------------------------

MALLORY = {"name": "Mythica Nova", "email": "mythica@nova.example"}


def brought(case: Case, action: str = "set_advocate", **fields: Any) -> Any:
    said = {"advocate": MALLORY} if action == "set_advocate" else fields
    said |= {"on": "2026-06-02", "message_id": "f-1", "from_intake": True}
    return case.receive(case.parse(action, said, at("2026-06-02")), at("2026-06-02"))


def test_an_advocate_whom_an_intake_system_brings_waits_and_the_manager_is_asked() -> None:
    case = opened()
    answer = brought(case)
    assert (answer.applied, answer.pending) == (False, True)
    now = status(case, "2026-06-02")
    assert (now["advocate"], now["waiting_for"]) == (None, "complaints_manager")
    assert [each["message_id"] for each in now["pending"]] == ["f-1"]
    assert letters(done(case, "2026-06-02")) == ["decision_needed"]


@pytest.mark.parametrize(("accept", "tell"), [(True, True), (True, False), (False, True)])
def test_a_persons_decision_and_who_is_told(accept: bool, tell: bool) -> None:
    case = opened()
    brought(case)
    done(case, "2026-06-02")
    send(case, "confirm_contact", "2026-06-03", message="f-1", accept=accept, tell_old_address=tell)
    now = status(case, "2026-06-03")
    assert (now["advocate"] is not None) is accept
    assert now["pending"] == []
    assert ("contact_confirmed" in letters(done(case, "2026-06-03"))) is tell


def test_an_address_that_waits_is_no_address_and_the_old_one_is_told() -> None:
    person = {"name": "Imaginaria Nobody", "email": "imaginaria@old.example"}
    case = opened(complainant=person)
    new = person | {"email": "mythica@nova.example"}
    assert brought(case, "correct", field="complainant", value=new, reason="Moved.").pending
    assert case.opening.complainant is not None
    assert case.opening.complainant.email == "imaginaria@old.example"
    send(case, "confirm_contact", "2026-06-03", message="f-1", accept=True)
    assert case.opening.complainant.email == "mythica@nova.example"
    effect = next(each for each in case.state.effects if each.template == "contact_confirmed")
    assert effect.facts["former"]["email"] == "imaginaria@old.example"  # type: ignore[index,call-overload]


def test_a_confirmation_is_of_nothing_that_comes_after_it() -> None:
    """Neither a refused one nor one given before: the id belongs to whoever sends the message."""
    case = opened()
    assert (
        "waits to be confirmed"
        in send(case, "confirm_contact", "2026-06-03", message="f-1", accept=True).reason
    )
    brought(case)
    assert status(case, "2026-06-03")["advocate"] is None
    assert brought(
        opened(), "correct", field="desired_outcome", value="An apology.", reason="Said so."
    ).applied


def test_staff_and_the_opening_itself_are_trusted() -> None:
    case = opened(advocate=MALLORY)
    assert status(case, "2026-06-02")["advocate"] is not None
    assert send(opened(), "set_advocate", "2026-06-02", advocate=MALLORY).applied


# --- E3: what makes an intake differ ---------------------------------------------------------------


def test_spaces_nulls_and_who_passed_it_on_make_no_difference() -> None:
    first = {"points": ["It is late."], "about": {"team": "A"}, "messages": [{"action": "acknowledge"}]}
    later = {
        "points": [" It is late. "],
        "about": {"team": "A", "service": None},
        "events_on": None,
        "messages": [{"action": "acknowledge", "by": "(brought by another)"}],
    }
    assert comparable(first) == comparable(later)
    assert comparable(first) != comparable(first | {"points": ["It is late!"]})
