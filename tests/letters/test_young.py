"""Letters to young people: another voice, plain words, and every fact that matters to a right."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from redress.domain.opening import is_young
from redress.letters.catalogue import catalogue, text_of
from redress.letters.letter import Letter
from redress.letters.next_step import sentences
from redress.letters.recipients import is_outside
from redress.procedures.loader import authority
from tests.letters.lives import (
    ADVOCATE,
    ENDED,
    LIVES,
    PERSON,
    YOUNG,
    Life,
    answered_by_mistake,
    answered_late_and_in_parts,
    asked_for_papers,
    bank_holiday_proclaimed,
    by_the_ombudsman,
    compliment,
    contact_brought,
    contact_restricted,
    continued_after_death,
    corporate,
    corporate_late,
    corporate_reopened,
    corrected,
    early_referral,
    ended,
    found_again,
    in_full,
    irm,
    irm_not_settled,
    lives,
    moved_to_another_procedure,
    panel_adjourned,
    panel_asked_for_early,
    points_added,
    some_points_wait,
    split,
    stage_2_withdrawn,
    to_adjudication,
)

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "redress" / "letters" / "templates"
DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
ADULT = {"name": PERSON, "role": "parent", "address": "1 Nowhere Lane\nExampletown"}

PAIRS: dict[str, Callable[..., Life]] = {
    "in_full": in_full,
    "answered_late_and_in_parts": answered_late_and_in_parts,
    "panel_asked_for_early": panel_asked_for_early,
    "by_statement": lambda **more: in_full(authority="north-somerset", **more),
    "late": lambda **more: _late(**more),
    "corporate": corporate,
    "corporate_late": corporate_late,
    "compliment": compliment,
    "asked_for_papers": asked_for_papers,
    "irm": irm,
    "split": split,
    "bank_holiday_proclaimed": bank_holiday_proclaimed,
    "declined": lambda **more: _declined(**more),
    "accepted": lambda **more: _accepted(**more),
    "settled": lambda **more: _settled(**more),
    "waiting": lambda **more: _waiting(**more),
    "withdrawn": lambda **more: Life("2026-03-02", **more).says("withdraw", "2026-03-04"),
    "late_request": lambda **more: _late_request(**more),
    "lapsed": lambda **more: _lapsed(**more),
    "contact_restricted": contact_restricted,
    "contact_brought": contact_brought,
    "corporate_reopened": corporate_reopened,
    "corrected": corrected,
    **{f"ended_{kind}": partial(ended, kind, said) for kind, said in ENDED.items()},
    "answered_by_mistake": answered_by_mistake,
    "points_joined": partial(points_added, accept=True),
    "points_set_apart": partial(points_added, accept=False),
    "moved_to_another_procedure": moved_to_another_procedure,
    "panel_adjourned": panel_adjourned,
    "found_again": found_again,
    "continued_after_death": continued_after_death,
    "stage_2_withdrawn": stage_2_withdrawn,
    "early_referral": early_referral,
    "by_the_ombudsman": by_the_ombudsman,
    "irm_not_settled": irm_not_settled,
    "not_settled": lambda **more: _not_settled(**more),
    "some_points_wait": some_points_wait,
}
"""Lives that are lived twice: by an adult and by a young person."""


def _late(**more: Any) -> Life:
    life = Life("2026-03-02", **more).says("escalate", "2026-04-20").until("2026-08-01")
    life.says("respond", "2026-08-12", stage="stage_2", outcome="upheld").says("escalate", "2026-08-19")
    life.until("2026-10-19").says("hold_panel", "2026-10-20").says("report", "2026-11-10", kind="panel")
    return life.until("2027-01-14").says("respond", "2027-01-15", stage="stage_3", outcome="upheld")


def _declined(**more: Any) -> Life:
    said = {"authority": "rotherham", "events_on": "2018-01-10", **more}
    life = Life("2026-03-02", **said).says("acknowledge", "2026-03-03")
    return life.says("decline", "2026-03-05", reason="A court looks at it.", proceedings="The Family Court")


def _accepted(**more: Any) -> Life:
    life = Life("2026-03-02", events_on="2024-01-10", **more).says("acknowledge", "2026-03-03")
    return life.says("accept", "2026-03-05", reason="You were unwell until now.")


def _settled(**more: Any) -> Life:
    life, terms = Life("2026-03-02", **more), "The team rings every Friday."
    return life.says("resolve_informally", "2026-03-04", agreed=True, terms=terms)


def _not_settled(**more: Any) -> Life:
    said: dict[str, Any] = {"agreed": False, "terms": "The team rings every Friday."}
    return Life("2026-03-02", **more).says("resolve_informally", "2026-03-04", **said)


def _waiting(**more: Any) -> Life:
    reason, proceedings = "The court is first.", "A hearing"
    life = Life("2026-03-02", **more).says("escalate", "2026-03-03")
    life.says("suspend", "2026-03-05", reason=reason, proceedings=proceedings, review_on="2026-03-20")
    return life.says("resume", "2026-04-07")


def _late_request(**more: Any) -> Life:
    life = to_adjudication(**more).until("2026-11-02").says("escalate", "2026-11-03")
    return life.says("decide_late", "2026-11-06", accept=True, reason="We looked at your reasons.")


def _lapsed(**more: Any) -> Life:
    return Life("2026-03-02", **more).says("respond", "2026-03-06", outcome="upheld").until("2026-05-01")


@cache
def both(name: str) -> tuple[Life, Life]:
    """A life as an adult lives it, and as a young person does."""
    return PAIRS[name](complainant=ADULT), PAIRS[name](complainant=YOUNG)


def to_people(life: Life) -> dict[str, Letter]:
    return {letter.key: letter for letter in life.letters if letter.recipient == "complainant"}


def said_in(letter: Letter) -> str:
    """What the letter says, from its subject to what happens next."""
    return letter.text.partition(letter.subject)[2].partition("\nDo you want to talk")[0]


def paired(name: str) -> list[tuple[Letter, Letter]]:
    adult, young = (to_people(life) for life in both(name))
    keys = adult.keys() & young.keys()
    # In the IRM a young person's role is itself a question, so that more is written.
    assert keys == adult.keys() or name == "irm"
    return [(adult[key], young[key]) for key in adult if key in keys]


@pytest.mark.parametrize("name", PAIRS)
def test_the_two_voices_differ_and_hold_the_same_dates(name: str) -> None:
    pairs = paired(name)
    assert pairs
    for adult, young in pairs:
        assert "\nHello " in young.text
        assert "Dear " not in young.text
        assert "\nWith best wishes\n" in young.text
        assert f"\nDear {PERSON}\n" in adult.text
        assert said_in(adult) != said_in(young), adult.name
        missing = {*DATE.findall(adult.text)} - {*DATE.findall(young.text)}
        assert not missing, f"{adult.name}: {missing} not in\n{young.text}"


@pytest.mark.parametrize("name", PAIRS)
def test_a_young_person_reads_every_reason_remedy_and_name_that_an_adult_reads(name: str) -> None:
    for adult, young in paired(name):
        ombudsman = authority(both(name)[0].case.opening.authority).ombudsman
        if ombudsman.name in adult.text:
            assert ombudsman.name in young.text
            assert ombudsman.telephone in young.text
        for stage in ("Stage 1", "Stage 2", "Stage 3", "Review Panel"):
            if f"ask for {stage}" in adult.text:
                assert stage in young.text, f"{stage} not in\n{young.text}"
        for text in written(both(name)[1]):
            if text in adult.text:
                assert text in young.text, f"{text!r} not in\n{young.text}"


def written(life: Life) -> set[str]:
    """What people wrote in the messages of a life: reasons, terms, remedies, findings."""
    found: set[str] = set()
    heap: list[Any] = [
        entry.message.model_dump(mode="json", exclude={"message_id"}) for entry in life.case.log
    ]
    while heap:
        each = heap.pop()
        if isinstance(each, dict):
            heap += each.values()
        elif isinstance(each, list):
            heap += each
        elif isinstance(each, str) and len(each) > 8 and not re.fullmatch(r"[\d-]+|[a-z_]+", each):
            found.add(each)
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_no_citations_and_no_office_words_for_the_young(name: str) -> None:
    for _, young in paired(name):
        text = said_in(young)
        for word in (" reg ", "Regulations", "Children Act", "section 26", "guidance", "The Code"):
            assert word not in text, text
        assert not re.search(r"\b00\d-\d+\b", text)
        assert not [outcome for outcome in sentences()["outcomes"].values() if outcome in text]


def test_the_plain_words_of_the_stage_are_in_the_letter() -> None:
    life = both("in_full")[1]
    plain = life.case.state.procedure.plain
    opening = life.one("stage_2_opening")
    assert f"Where this is now: {plain['stage_2'].what}\n\nWho does what: {plain['stage_2'].who}" in opening
    assert "by Monday 24 August 2026." in opening
    answer = life.one("stage_1_response")
    assert f"About Stage 2: {plain['stage_2'].what}" in answer
    assert plain["stage_1"].next not in answer  # the letter of Stage 1 is this one
    assert f"Where this is now: {plain['closed'].what}" in life.one("final_response")
    assert plain["stage_3"].next not in life.one("panel_report")


def test_a_young_persons_right_to_an_advocate_is_in_every_statutory_letter() -> None:
    for letter in to_people(both("in_full")[1]).values():
        assert "You have the right to an advocate" in letter.text
        assert "01632 960002" in letter.text


def test_the_last_day_to_ask_for_a_panel_and_why_it_is_that_day() -> None:
    text = both("in_full")[1].one("adjudication")
    assert "The last day to ask is Wednesday 28 October 2026." in text
    assert "We count from Wednesday 30 September 2026, when we think you will have this letter." in text
    assert "What we think: we do not agree. Why: The review says why." in text


def test_an_advocates_copy_of_a_young_persons_letter_is_that_letter() -> None:
    advocate = {"name": ADVOCATE, "email": "ambrose@advocates.example"}
    life = in_full(complainant=YOUNG, advocate=advocate)
    for own, copy in zip(*(by(life, role) for role in ("complainant", "advocate")), strict=True):
        assert said_in(own).partition("\nHello ")[2].partition("\n\n")[2] in copy.text
        assert f"Hello {ADVOCATE}\n\nThis is a copy of our letter to {YOUNG['name']}" in copy.text


def by(life: Life, role: str) -> list[Letter]:
    return [letter for letter in life.letters if letter.recipient == role]


def test_staff_are_written_to_as_ever() -> None:
    for letter in both("in_full")[1].letters:
        if not is_outside(letter.recipient):
            assert "Hello" not in letter.text
            assert "your social worker" not in letter.text


TO_PEOPLE = {
    name: entry for name, entry in catalogue().items() if {"complainant", "had_letter"} & {*entry.to}
}


def test_every_letter_to_people_has_a_text_of_the_young_persons_own() -> None:
    """A file of theirs, or words of theirs in the one that all get."""
    for name in TO_PEOPLE:
        file = text_of(name, young=True)
        assert file.startswith("young/") or "{% if young %}" in (TEMPLATES / file).read_text("utf-8"), name


def test_every_letter_to_people_is_read_here_in_both_voices() -> None:
    read = {adult.name for name in PAIRS for adult, _ in paired(name)}
    assert set(TO_PEOPLE) == read


def test_every_text_for_the_young_is_used() -> None:
    files = {path.stem for path in (TEMPLATES / "young").glob("*.txt") if not path.stem.startswith("_")}
    named = {entry.young or name for name, entry in catalogue().items()}
    assert files <= named
    assert {entry.young for entry in catalogue().values() if entry.young} <= files
    assert len(files) >= 20


@pytest.mark.parametrize("path", sorted((TEMPLATES / "young").glob("*.txt")), ids=lambda path: path.stem)
def test_sentences_for_the_young_are_short(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " X ", path.read_text(encoding="utf-8"))
    for sentence in re.split(r"[.?!:\n]", text):
        assert len(re.findall(r"[a-z]+", sentence)) <= 22, sentence


def test_all_lives_of_young_people_are_in_their_voice() -> None:
    young = [name for name in LIVES if is_young(lives()[name].case.opening.complainant)]
    assert young
    for name in young:
        for letter in lives()[name].letters:
            assert ("Hello" in letter.text) == is_outside(letter.recipient)
