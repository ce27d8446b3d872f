"""Several people who complain together: whose letters are whose, who asked, and what each may still do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.letters.people import own_last_days
from tests.domain.generating import examples
from tests.letters.lives import Life

PARENT = {"name": "Philippa Madeupname", "role": "parent", "address": "1 Nowhere Lane\nExampletown\nEX9 9ZZ"}
GRANDPARENT = {"name": "Barnabas Notreal", "role": "grandparent", "email": "barnabas@notreal.example"}
CHILD = {"name": "Tamsin Pretend", "role": "looked after child", "email": "tamsin@pretend.example"}
PEOPLE = {"complainant": PARENT, "complainant_2": GRANDPARENT, "complainant_3": CHILD}
CHILDREN = [{"name": "Ada Imagined", "child_agrees": True}, {"name": "Ben Imagined", "child_agrees": True}]

OWN = {
    "complainant": ("1 Nowhere Lane", "EX9 9ZZ"),
    "complainant_2": ("barnabas@notreal.example",),
    "complainant_3": ("tamsin@pretend.example",),
}
"""What stands on the envelope of each, and nowhere else."""


def together(**more: Any) -> Life:
    """A parent, a grandparent and a child complain together."""
    return Life("2026-06-01", complainant=PARENT, also_complaining=[GRANDPARENT, CHILD], **more)


def to_stage_2_answer(**more: Any) -> Life:
    """The grandparent asks for Stage 2, which is answered on 15 July."""
    life = (
        together(**more).says("acknowledge", "2026-06-03").says("respond", "2026-06-12", outcome="not_upheld")
    )
    life.says("escalate", "2026-06-15", person="barnabas  notreal")
    for role, name in (("investigating_officer", "Fern Fictitious"), ("independent_person", "Ian Imaginary")):
        life.says("appoint", "2026-06-17", role=role, person={"name": name}, connection="none")
    life.says("report", "2026-07-10", kind="investigation")
    return life.says("respond", "2026-07-15", outcome="not_upheld")


def recipients(life: Life, name: str) -> list[str]:
    return [letter.recipient for letter in life.named(name) if letter.recipient.startswith("complainant")]


def stage(life: Life) -> str:
    return life.case.state.stage


def leaks(life: Life) -> list[str]:
    """Letters that carry somebody else's address."""
    return [
        f"{letter.name} to {letter.recipient}: {theirs}"
        for letter in life.letters
        for role, addresses in OWN.items()
        if role != letter.recipient and letter.recipient in OWN
        for theirs in addresses
        if theirs in letter.text
    ]


def test_each_has_their_own_letter_in_their_own_voice() -> None:
    life = together(on_behalf_of=CHILDREN).says("acknowledge", "2026-06-03")
    for role, person in PEOPLE.items():
        letter = life.one("acknowledgement", role)
        assert f"{'Hello' if person is CHILD else 'Dear'} {person['name']}" in letter
        assert all(line in letter for line in OWN[role])
        assert "Ada Imagined and Ben Imagined" in letter
    assert "You complain together with Barnabas Notreal and Tamsin Pretend." in life.one("acknowledgement")
    assert "The children or young people you are complaining for" in life.one("acknowledgement")
    assert leaks(life) == []


def test_one_child_is_one_child() -> None:
    life = Life("2026-06-01", on_behalf_of=CHILDREN[:1]).says("acknowledge", "2026-06-03")
    assert "We received your complaint on behalf of Ada Imagined on" in life.one("acknowledgement")
    assert "The child or young person you are complaining for" in life.one("acknowledgement")
    assert "together with" not in life.one("acknowledgement")


def test_a_letter_says_that_you_asked_to_whoever_did() -> None:
    life = to_stage_2_answer()
    asked = "asked for Stage 2 on Monday 15 June 2026"
    assert f"You {asked}" in life.one("stage_2_opening", "complainant_2")
    assert f"Barnabas Notreal {asked}" in life.one("stage_2_opening")
    assert f"Barnabas Notreal {asked}" in life.one("stage_2_opening", "complainant_3")
    assert leaks(life) == []


def test_each_has_the_window_of_their_own_receipt_and_the_latest_closes() -> None:
    """By e-mail two working days after the letter left, by post three."""
    life = to_stage_2_answer()
    status = life.case.status(life.day)
    common = next(each for each in status["deadlines"] if each["name"] == "stage_3_request")
    own = {each["to"]: each["windows"][0]["due_on"] for each in status["complainants"]}
    assert own == {
        "complainant": "2026-08-17",
        "complainant_2": "2026-08-14",
        "complainant_3": "2026-08-14",
    }
    assert common["due_on"] == "2026-08-17"
    assert (
        "The last day to ask is Friday 14 August 2026: 20 working days from Friday 17 July 2026"
        in life.one("adjudication", "complainant_2")
    )
    assert "The last day to ask is Monday 17 August 2026" in life.one("adjudication")
    late = life.until("2026-08-17").tries("escalate", "2026-08-17", person="Barnabas Notreal")
    assert late.pending
    assert recipients(life, "request_waits") == ["complainant_2"]
    assert life.tries("escalate", "2026-08-17", person="Philippa Madeupname").applied
    assert life.case.state.stage == "stage_3"


def test_whoever_withdraws_has_one_letter_more_and_the_others_go_on() -> None:
    life = to_stage_2_answer().says("withdraw", "2026-07-20", person="complainant_2")
    assert recipients(life, "withdrawal") == ["complainant_2"]
    last = life.one("withdrawal", "complainant_2")
    assert "this is our last letter to you about it. For the others who complain it goes on." in last
    assert "What happens next: Nothing more will happen here" in last
    sent = len(life.letters)
    life.says("escalate", "2026-07-22", person="Tamsin Pretend")
    assert life.letters[sent:]
    assert "complainant_2" not in [letter.recipient for letter in life.letters[sent:]]
    assert "withdrawn" in life.tries("escalate", life.day.isoformat(), person="Barnabas Notreal").reason


def test_it_ends_when_the_last_of_them_withdraws() -> None:
    life = together().says("acknowledge", "2026-06-03")
    for number, name in enumerate(("Tamsin Pretend", "Barnabas Notreal", "Philippa Madeupname"), 1):
        assert life.case.state.closed_on is None
        life.says("withdraw", f"2026-06-0{number + 3}", person=name)
    assert life.case.state.closed_as == "withdrawn"
    assert recipients(life, "withdrawal") == ["complainant_3", "complainant_2", "complainant"]


def test_a_request_that_two_have_made_goes_on_until_both_withdraw_it() -> None:
    life = together().says("acknowledge", "2026-06-03").says("respond", "2026-06-12", outcome="not_upheld")
    life.says("escalate", "2026-06-15", person="Philippa Madeupname")
    life.says("escalate", "2026-06-16", person="Tamsin Pretend", stage="stage_2")
    third = life.until("2026-06-17").tries("withdraw", "2026-06-17", stage="stage_2", person="complainant_2")
    assert "did not ask" in third.reason
    life.says("withdraw", "2026-06-18", stage="stage_2", person="Philippa Madeupname")
    assert stage(life) == "stage_2"
    assert "Somebody else asked for it too, so it goes on." in life.one("withdrawal")
    life.says("withdraw", "2026-06-19", stage="stage_2", person="Tamsin Pretend")
    assert stage(life) == "stage_1"
    told = life.one("withdrawal", "complainant_2")
    assert "Tamsin Pretend, who complains together with you, told us" in told
    assert leaks(life) == []


def test_whose_copy_has_not_left_is_told_no_last_day_and_the_others_are_told_theirs() -> None:
    life = together().says("acknowledge", "2026-06-03").says("respond", "2026-06-12", outcome="not_upheld")
    (letter,) = life.case.answers_to_leave
    life.says("letter_not_left", "2026-06-12", mark=letter.copies[1])
    life.says("letter_left", "2026-06-19", mark=letter.copies[3])
    sent = len(life.letters)
    assert own_last_days(life.case, "complainant") == {"stage_1_review": None}
    life.until("2026-07-11")
    texts = {each.recipient: each.text for each in life.letters[sent:] if each.name == "stage_2_offer"}
    assert {*texts} == {"complainant_2", "complainant_3"}
    assert "Friday 10 July 2026" in texts["complainant_2"]
    assert "Friday 17 July 2026" in texts["complainant_3"]


def test_nobody_writes_to_whoever_died_and_the_others_go_on() -> None:
    life = together().says("acknowledge", "2026-06-03")
    life.says("close", "2026-06-04", kind="died", who="Philippa Madeupname", reason="We heard.")
    assert life.case.state.closed_on is None
    sent = len(life.letters)
    life.says("respond", "2026-06-12", outcome="not_upheld")
    written = {letter.recipient for letter in life.letters[sent:]}
    assert written & {*PEOPLE} == {"complainant_2", "complainant_3"}
    unknown = life.tries("close", life.day.isoformat(), kind="died", who="Nobody Known", reason="A rumour.")
    assert unknown.applied
    assert "changes nothing" in unknown.reason
    assert life.case.state.closed_on is None


def test_who_goes_on_after_a_death_has_the_letters_and_the_dead_none() -> None:
    life = Life("2026-06-01", complainant=PARENT).says("acknowledge", "2026-06-03")
    life.says("respond", "2026-06-12", outcome="not_upheld")
    life.says("close", "2026-06-16", kind="died", reason="We heard.")
    sent = len(life.letters)
    executor = {"name": "Evander Unreal", "email": "evander@unreal.example"}
    life.says("reopen", "2026-06-22", reason="He goes on.", complainant=executor, capacity="executor")
    life.says("correct", "2026-06-23", field="complainant.email", value="e@unreal.example", reason="New.")
    life.says("escalate", "2026-06-24")
    after = life.letters[sent:]
    assert {letter.recipient for letter in after} == {"complainant", "complaints_manager"}
    assert not [letter for letter in after if PARENT["name"] in letter.text or "Nowhere" in letter.text]
    assert "e@unreal.example" in life.one("stage_2_opening")
    assert life.case.status(life.day)["complainant"] == executor | {"email": "e@unreal.example"}


def test_a_letter_taken_back_goes_to_whoever_had_it() -> None:
    life = together().says("acknowledge", "2026-06-03")
    life.says("withdraw", "2026-06-04", person="Barnabas Notreal", message_id="m-wrong")
    life.says("strike_out", "2026-06-05", message="m-wrong", reason="It was another Barnabas.")
    assert recipients(life, "letter_taken_back") == ["complainant_2"]
    life.says("respond", "2026-06-12", outcome="not_upheld")
    assert "complainant_2" in recipients(life, "stage_1_response")


def test_the_first_ones_advocate_has_copies_of_their_letters_alone() -> None:
    life = together(advocate={"name": "Ambrose Inventedson"}).says("acknowledge", "2026-06-03")
    copy = life.one("acknowledgement", "advocate")
    assert "This is a copy of our letter to Philippa Madeupname" in copy
    life.says("withdraw", "2026-06-04", person="Barnabas Notreal")
    assert [letter.recipient for letter in life.named("withdrawal")] == ["complainant_2"]
    life.says("withdraw", "2026-06-05", person="Philippa Madeupname")
    sent = len(life.letters)
    life.says("respond", "2026-06-12", outcome="not_upheld")
    assert recipients(life, "stage_1_response") == ["complainant_3"]
    assert "advocate" not in [letter.recipient for letter in life.letters[sent:]]


def test_each_may_have_an_advocate_with_copies_of_their_letters() -> None:
    life = together(advocate={"name": "Ambrose Inventedson"})
    chosen = {"name": "Supporta Invented", "email": "supporta@invented.example"}
    life.says("set_advocate", "2026-06-02", advocate=chosen, person="Tamsin Pretend")
    life.says("acknowledge", "2026-06-03")
    copy = life.one("acknowledgement", "advocate_3")
    assert "This is a copy of our letter to Tamsin Pretend, who chose you as advocate." in copy
    assert "supporta@invented.example" in copy
    assert "our letter to Philippa Madeupname" in life.one("acknowledgement", "advocate")
    life.says("set_advocate", "2026-06-04", person="Tamsin Pretend")
    life.says("withdraw", "2026-06-05", person="Philippa Madeupname")
    sent = len(life.letters)
    life.says("respond", "2026-06-12", outcome="not_upheld")
    assert not [each for each in life.letters[sent:] if each.recipient.startswith("advocate")]


person = st.sampled_from([None, *(each["name"] for each in PEOPLE.values()), "complainant_2", "Nobody Known"])

any_step = st.tuples(
    st.integers(0, 25),
    st.sampled_from(
        ["acknowledge", "respond", "respond", "escalate", "escalate", "withdraw", "close", "decide_late"]
    ),
    person,
)


def _said(action: str, who: str | None, n: int) -> dict[str, Any]:
    said: dict[str, Any] = {"message_id": f"m-{n}"}
    match action:
        case "respond":
            return said | {"outcome": "not_upheld"}
        case "escalate":
            return said | {"person": who}
        case "withdraw":
            return said | {"person": who or "complainant", "stage": "stage_2" if n % 3 == 0 else None}
        case "close":
            return said | {"kind": "died", "who": who or "", "reason": "We heard."}
        case "decide_late":
            return said | {"accept": n % 2 == 0, "reason": "Illness."}
    return said


@given(steps=st.lists(any_step, min_size=3, max_size=10))
@examples(25)
def test_whatever_happens_letters_stay_apart_and_it_is_open_for_whoever_has_not_left(
    steps: list[tuple[int, str, str | None]],
) -> None:
    life = together()
    for n, (days, action, who) in enumerate(steps):
        life.until((life.day + timedelta(days=days)).isoformat())
        before = {*life.case.state.complainants.left}
        sent = len(life.letters)
        life.tries(action, life.day.isoformat(), is_signal=True, **_said(action, who, n))
        state = life.case.state
        for number in before:
            role = "complainant" if number == 1 else f"complainant_{number}"
            assert role not in [letter.recipient for letter in life.letters[sent:]]
        if state.closed_as == "withdrawn" and not state.requests.withdrawn:
            assert len(state.complainants.present) <= 1
        for window in state.running:
            if window.limit.kind == "window" and state.complainants.present:
                present = state.complainants.present
                own = [state.own_window(window, each.number).last_day for each in present]
                assert max(own) <= window.due_on
    assert leaks(life) == []


@pytest.mark.parametrize("word", ["complainant_4", "Philippa"])
def test_who_could_be_meant_is_told_where_nobody_is(word: str) -> None:
    life = together()
    answer = life.tries("withdraw", "2026-06-01", person=word)
    assert answer.reason == (
        "person: nobody of that name complains here. It could be: Philippa Madeupname (complainant), "
        "Barnabas Notreal (complainant_2), Tamsin Pretend (complainant_3)."
    )
