"""Every letter of every rehearsed life, read against its case: nothing in it that the case does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from redress.domain.deadline import count
from redress.letters.letter import OUTSIDE, Letter
from tests.letters.lives import LIVES, PERSON, YOUNG, Life, in_full, lives, young_in_full

DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
SHORT_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}\b")


def to_people(life: Life) -> Iterator[Letter]:
    return (letter for letter in life.letters if letter.recipient in OUTSIDE)


def said_in(letter: Letter) -> str:
    return letter.text.partition(letter.subject)[2].partition("What happens next: ")[0]


def days_of(life: Life) -> set[str]:
    """Every date that the case has: its opening's, its messages', its limits' as they were and are."""
    status = life.case.status(life.day)
    known = [*status["deadlines"], *status["messages"], *status["remedies"], status["received_on"]]
    found = {*ISO.findall(json.dumps(known)), *ISO.findall(life.case.opening.model_dump_json())}
    found |= {*ISO.findall(life.case.intake.model_dump_json())}
    for entry in life.case.log:
        found |= {*ISO.findall(entry.message.model_dump_json())}
    calendar = life.case.state.calendar
    for deadline in life.case.state.ledger:
        most = [count(calendar, deadline.limit, deadline.counts_from, deadline.limit.extend_to or 0)]
        found |= {deadline.counts_from.isoformat(), *(day.isoformat() for day in most)}
    return found | life.days | {effect.on.isoformat() for effect in life.case.state.effects}


@pytest.mark.parametrize("name", LIVES)
def test_no_letter_tells_of_a_day_that_the_case_does_not_have(name: str) -> None:
    life = lives()[name]
    known = days_of(life)
    for letter in to_people(life):
        if letter.name == "split":  # it tells when the other complaint is answered
            continue
        for said in DATE.findall(said_in(letter)):
            day = datetime.strptime(said, "%A %d %B %Y").date()
            assert day.isoformat() in known | {letter.on.isoformat()}, f"{said} in\n{letter.text}"


@pytest.mark.parametrize("name", LIVES)
def test_no_letter_says_that_something_is_enclosed(name: str) -> None:
    for letter in lives()[name].letters:
        assert not re.search(
            r"enclos|attach|comes? with this letter|with this letter (you|comes)", letter.text
        )


@pytest.mark.parametrize("name", LIVES)
def test_no_letter_names_a_stage_or_a_person_that_the_case_does_not_have(name: str) -> None:
    life = lives()[name]
    procedure = life.case.rules.procedure
    titles = " ".join(stage.title for stage in procedure.stages)
    for letter in to_people(life):
        body = said_in(letter)
        for stage in re.findall(r"Stage \d", body):
            assert stage in titles, f"{stage} in\n{body}"
        if "Independent Person" in body:
            assert "independent_person" in procedure.role
        if re.search(r"considered it together with the Independent|looked at it with us", body):
            assert letter.name == "final_response"
        if re.search(r"[Yy]ou (?:have )?asked (?:us )?for (?:Stage|a Review)", body):
            asked = [entry for entry in life.case.log if entry.message.action == "escalate"]
            assert asked, body


@pytest.mark.parametrize("name", LIVES)
def test_days_are_in_full_and_promises_in_the_future(name: str) -> None:
    for letter in to_people(lives()[name]):
        assert not SHORT_DATE.search(letter.text), letter.text
        for promise in (r"\. We (?:then )?write to you", r", we write to you", r"we tell you the new"):
            assert not re.search(promise, letter.text), letter.text


def test_only_at_the_last_stage_did_the_independent_person_look_at_it() -> None:
    life = Life("2026-03-02", complainant=YOUNG)
    life.says("respond", "2026-03-10", outcome="upheld", independent_person_consulted=True)
    assert "Independent Person has looked" not in life.one("stage_1_response")


def test_conditions_stand_in_words() -> None:
    names = ["robust_report", "full_adjudication", "points_upheld", "clear_action_plan", "complainant_agrees"]
    life = Life("2026-06-01")
    life.says("respond", "2026-06-10", outcome="not_upheld").says("escalate", "2026-06-11")
    life.says("respond", "2026-07-10", outcome="upheld")
    text = life.says("refer_to_ombudsman", "2026-07-13", conditions=names).one("referral")
    assert "_" not in text


def test_nobody_is_told_that_a_complaint_will_be_closed_while_a_point_waits() -> None:
    life = Life("2026-03-02").says("acknowledge", "2026-03-03")
    reason = "The court decides it first."
    life.says("suspend", "2026-03-04", reason=reason, review_on="2026-04-01", points=[2])
    text = life.says("respond", "2026-03-10", outcome="upheld").one("stage_1_response")
    assert "we close" not in text


def test_the_acknowledgement_says_what_the_doubt_is() -> None:
    life = Life("2026-03-02", events_on="2024-01-10").says("acknowledge", "2026-03-03")
    assert "was more than a year ago" in life.one("acknowledgement")
    young = Life("2026-03-02", events_on="2024-01-10", complainant=YOUNG).says("acknowledge", "2026-03-03")
    assert "was more than a year ago" in young.one("acknowledgement")


def test_a_refusal_names_only_the_ground_relied_on() -> None:
    neighbour = {"name": PERSON, "role": "neighbour"}
    life = Life("2026-03-02", events_on="2018-01-10", complainant=neighbour)
    reason = "You are a neighbour, and the family has not asked you to."
    text = life.says("decline", "2026-03-05", reason=reason).one("declined")
    assert "worried about a child" in text
    assert "could not tell us before" not in text


def test_a_young_persons_three_stages_are_short_and_about_them() -> None:
    """At most 3,500 words up to the final answer, half of them of the case; no right is missing."""
    for life in (young_in_full(), in_full(complainant=YOUNG)):
        letters = [
            letter
            for letter in life.letters
            if letter.recipient == "complainant" and letter.on <= date(2026, 12, 4)
        ]
        words = sum(len(letter.text.split()) for letter in letters)
        of_the_case = sum(len(case_of(letter).split()) for letter in letters)
        assert words <= 3500
        assert of_the_case * 2 >= words
        contact, ombudsman = life.authority.contact, life.authority.ombudsman
        for letter in letters:
            assert contact.telephone in letter.text
            assert "You have the right to an advocate" in letter.text
            assert ombudsman.name in letter.text
            assert ombudsman.telephone in letter.text
        for name, right in (
            ("stage_1_response", "ask for Stage 2"),
            ("adjudication", "right to a Review Panel"),
        ):
            [text] = [letter.text for letter in letters if letter.name == name]
            assert right in text
            assert "You do not have to say why" in text


def case_of(letter: Letter) -> str:
    """What a letter says of its case: from the day and the reference to what happens next."""
    text, _, after = letter.text.partition("What happens next: ")
    return text.partition("\n\n")[2] + after.partition("\n")[0]


def gone_on(*, young: bool = False) -> Life:
    """Stage 1 was never answered; Stage 2 was asked for on 22 June and is under way."""
    life = Life("2026-06-01", complainant=YOUNG) if young else Life("2026-06-01")
    return life.says("acknowledge", "2026-06-01").says("escalate", "2026-06-22")


@pytest.mark.parametrize("young", [False, True])
def test_a_late_answer_says_what_became_of_the_next_stage_since(young: bool) -> None:
    """A Stage 1 letter during the panel said that Stage 2 "goes on as it is"."""
    late: dict[str, Any] = {"outcome": "upheld", "stage": "stage_1"}
    life = gone_on(young=young).says("respond", "2026-06-24", **late)
    assert "Stage 2, which you asked for, goes on as it is." in life.one("stage_1_response")

    life = gone_on(young=young).says("respond", "2026-07-24", outcome="not_upheld", stage="stage_2")
    life.says("respond", "2026-07-27", **late)
    text = life.one("stage_1_response")
    assert "goes on" not in text
    assert "Stage 2 since then. That answer" in text

    life = gone_on(young=young).says("respond", "2026-07-24", outcome="not_upheld", stage="stage_2")
    life.says("escalate", "2026-07-27").says("respond", "2026-07-28", **late)
    assert "Stage 3, which you asked for, goes on as it is." in life.one("stage_1_response")

    life.says("withdraw", "2026-07-29").says(
        "respond", "2026-07-30", outcome="not_upheld", amends=first(life)
    )
    text = life.one("stage_1_response")
    assert "goes on" not in text
    assert "This letter does not open it again." in text


def first(life: Life) -> str:
    """The message that answered Stage 1 first."""
    return next(key for key, given in life.case.state.answers.given.items() if given.stage == "stage_1")


def test_an_amended_adjudication_says_nothing_of_a_time_to_ask_that_was_used() -> None:
    life = gone_on().says("respond", "2026-07-24", outcome="not_upheld", stage="stage_2", message_id="a")
    life.says("escalate", "2026-07-27").says("respond", "2026-07-28", outcome="upheld", amends="a")
    text = life.one("adjudication")
    assert "none of your time" not in text
    assert "You have asked for Stage 3 already, and it goes on." in text
