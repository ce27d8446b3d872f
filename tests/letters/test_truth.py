"""Every letter of every rehearsed life, read against its case: nothing in it that the case does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from redress.domain.deadline import count
from redress.letters.letter import Letter
from redress.letters.recipients import is_outside
from tests.letters.lives import ADVOCATE, LIVES, PERSON, YOUNG, Life, in_full, lives, young_in_full

DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
SHORT_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}\b")


def to_people(life: Life) -> Iterator[Letter]:
    return (letter for letter in life.letters if is_outside(letter.recipient))


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
def test_a_letter_says_that_something_is_with_it_only_where_something_is(name: str) -> None:
    for letter in lives()[name].letters:
        assert bool(re.search(r"^With this letter", letter.text, re.M)) is bool(letter.enclosures.enclosed)
        assert not re.search(r"attach|comes? with this letter", letter.text, re.I)


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


FUTURE = re.compile(
    r"\b(?:will|has to|have to|should|must|can|could|may|is the last|want|was|were|is late|asked)\b"
)
"""What a sentence with a day to come has in it: a promise is never in the present."""


@pytest.mark.parametrize("name", LIVES)
def test_a_sentence_that_begins_with_a_day_promises_in_the_future(name: str) -> None:
    for letter in to_people(lives()[name]):
        for sentence in re.findall(rf"(?:By|Until) {DATE.pattern}[^.\n]*\.", letter.text):
            assert FUTURE.search(sentence), f"{sentence} in\n{letter.text}"
        for present in (
            "somebody decides",
            "gets in touch",
            "writes to you",
            "tell you and",
            "is looked at then",
        ):
            assert present not in letter.text, letter.text


RIGHTS_IN_FULL = {
    *("extension", "suspension", "suspension_of_points", "declined", "stage_1_response", "answer"),
    *("informal_answer", "adjudication", "final_response", "closure", "resolved", "early_request_decision"),
    *("stage_1_late", "stage_2_delay", "answer_late", "panel_delay", "final_response_delay", "remedy_late"),
}
"""What extends, declines, answers or ends, and what tells of a delay."""


@pytest.mark.parametrize("name", LIVES)
def test_whatever_extends_declines_answers_or_ends_says_how_and_by_when_the_ombudsman_is_reached(
    name: str,
) -> None:
    life = lives()[name]
    for letter in to_people(life):
        closes_a_request = letter.name == "early_request_decision" and "We have closed" not in letter.text
        if letter.name not in RIGHTS_IN_FULL or closes_a_request or "not our complaints" in letter.text:
            continue
        reach = life.authority.ombudsman
        for part in (reach.name, reach.telephone, reach.web or reach.email, reach.address[0]):
            assert part in letter.text, f"{part} in\n{letter.text}"
        assert re.search(r"12 months|Go by |Do it soon|do so soon", letter.text), letter.text


@pytest.mark.parametrize("name", LIVES)
def test_every_letter_to_a_family_says_how_to_reach_an_advocate_and_the_ombudsman(name: str) -> None:
    life = lives()[name]
    advocacy, ombudsman = life.authority.advocacy, life.authority.ombudsman
    for letter in to_people(life):
        assert "advocate" in letter.text, letter.text
        assert advocacy is None or advocacy.telephone in letter.text, letter.text
        assert ombudsman.name in letter.text, letter.text
        assert ombudsman.telephone in letter.text, letter.text
        if life.case.state.procedure.name != "statutory":
            assert "has the right to an advocate" not in letter.text, letter.text


NAMES = {"Ivo Sleuthless", "Una Nobodys", "Carola Notreal", "Mo Notreal", ADVOCATE, "Mythica Nova"}


@pytest.mark.parametrize("name", LIVES)
def test_no_letter_names_anybody_who_has_no_part_in_its_case(name: str) -> None:
    life = lives()[name]
    status = json.dumps([life.case.status(life.day), life.case.opening.model_dump(mode="json")])
    for letter in life.letters:
        for who in NAMES:
            assert who not in letter.text or who in status, f"{who} in\n{letter.text}"


def test_those_who_answer_are_named_once_they_are_known() -> None:
    life = lives()["in_full"]
    assert "Ivo Sleuthless" not in life.one("stage_2_opening"), "nobody is appointed yet"
    told = life.one("statement_agreed")
    assert "Ivo Sleuthless investigates your complaint, with Una Nobodys as the Independent Person." in told
    assert "On the panel: Carola Notreal (chair), Mo Notreal." in life.one("panel_notice")
    assert "together with the Independent Person, Una Nobodys." in life.one("final_response")
    young = lives()["young_in_full"]
    for letter in ("statement_agreed", "adjudication"):
        assert "Ivo Sleuthless" in young.one(letter)


def test_an_officer_is_named_and_a_number_of_theirs_is_not() -> None:
    life = Life("2026-03-02").says("assign", "2026-03-03", officer="Olive Imagined")
    assert "Olive Imagined deals with your complaint" in life.says("acknowledge", "2026-03-04").one(
        "acknowledgement"
    )
    life = Life("2026-03-02").says("assign", "2026-03-03", officer="u-100234")
    assert "u-100234" not in life.says("acknowledge", "2026-03-04").one("acknowledgement")


def test_a_late_answer_to_some_points_says_which_and_what_stands() -> None:
    life = lives()["answered_late_and_in_parts"]
    late = life.one("stage_1_late")
    assert "Our answer to part of your complaint was due" in late
    assert "It is the answer to this that is late:\n  2. The plan was changed" in late
    opening = life.one("stage_2_opening")
    assert "These have no answer yet, and we still owe you one:\n  2. The plan was changed" in opening
    assert "our answer stands" not in opening


def test_whoever_asked_early_is_not_told_that_nobody_heard_from_them() -> None:
    text = lives()["panel_asked_for_early"].one("stage_3_offer")
    assert "You asked for a Review Panel on Wednesday 1 July 2026" in text
    assert "have not heard from you since" not in text


def test_a_late_promise_is_not_followed_by_nothing_more_will_happen() -> None:
    for voice in ("in_full", "young_in_full"):
        text = lives()[voice].one("remedy_late")
        assert "Nothing more" not in text
        assert "our Complaints Manager will look at this again" in text


def test_of_an_answer_that_failed_the_manager_is_told_what_counts_from_it() -> None:
    *others, answer = lives()["undelivered"].named("undelivered")
    assert "once you know when it did, correct the day on which they had the answer" in answer.text
    assert not any("time to ask for the next stage" in other.text for other in others)


def test_a_note_about_safety_is_told_at_once_and_not_repeated() -> None:
    [letter] = lives()["safety_noted"].named("safeguarding_note")
    assert (letter.recipient, letter.on) == ("complaints_manager", date(2026, 3, 4))
    assert "weekend" not in letter.text


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
    """At most 3,500 words up to the final answer, half of them of the case; no right is missing.

    Of the case is what stands from the reader's own name to the next step: the frame is left out.
    """
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
    """What a letter says of its case: to whom, of which day, what it tells, and what happens next."""
    begins = letter.text.index(YOUNG["name"])
    ends = letter.text.index("\n", letter.text.index("What happens next: "))
    return letter.text[begins:ends]


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
