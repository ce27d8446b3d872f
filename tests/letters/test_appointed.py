"""What somebody appointed is told: their part, its dates, the panel's day, and nothing besides."""

from __future__ import annotations

import pytest

from tests.letters.lives import YOUNG, Life


@pytest.fixture(scope="module")
def lived() -> Life:
    """A panel is called while an agreed action of Stage 1 is still to be done."""
    said = Life("2026-03-02", complainant=YOUNG, authority="north-somerset")
    remedy = {"what": "An apology in writing", "due_on": "2026-04-20"}
    said.says("respond", "2026-03-09", outcome="upheld", remedies=[remedy]).says("escalate", "2026-03-12")
    for role in ("investigating_officer", "independent_person"):
        person = {"name": f"{role} Invented"}
        said.says("appoint", "2026-03-13", role=role, person=person, connection="none", message_id=role)
    said.says("respond", "2026-04-01", stage="stage_2", outcome="not_upheld").says("escalate", "2026-04-09")
    members = {"Pat Chair": "panel_chair", "Moe Member": "panel_member", "Mia Member": "panel_member"}
    for name, role in members.items():
        said.says(
            "appoint", "2026-04-09", role=role, person={"name": name}, connection="none", message_id=name
        )
    said.says("schedule_panel", "2026-04-10", meeting_on="2026-05-05", place="Room 2")
    return said.says("send_papers", "2026-04-13").until("2026-04-14")


def got(lived: Life, letter: str) -> list[str]:
    return [
        " ".join(each.text.split())
        for each in lived.letters
        if each.name == letter and each.recipient.startswith("appointed_")
    ]


def test_an_appointment_says_nothing_of_what_the_office_owes_besides(lived: Life) -> None:
    letters = got(lived, "appointment")
    assert len(letters) >= 4
    for text in letters:
        assert "Agreed action" not in text
        assert "The dates of the complaint:" in text
    assert any("What happens next: Review Panel meeting: due on" in text for text in letters)


def test_with_the_papers_everybody_is_told_the_day_of_the_panel_itself(lived: Life) -> None:
    letters = got(lived, "panel_notice")
    assert len(letters) >= 4
    for text in letters:
        assert "What happens next: The Review Panel meets on Tuesday 5 May 2026." in text


def test_a_young_person_is_told_of_each_member_as_one_of_several(lived: Life) -> None:
    [*_, told] = [
        each.text
        for each in lived.letters
        if (each.name, each.recipient) == ("people_appointed", "complainant")
    ]
    assert "Pat Chair is the Chair of the Review Panel now" in told
    assert "Moe Member is a Member of the Review Panel now" in told


def test_those_appointed_learn_of_each_other(lived: Life) -> None:
    said = {(each.recipient, each.name): " ".join(each.text.split()) for each in lived.letters}
    investigator = "investigating_officer Invented, Investigating Officer"
    independent = "independent_person Invented, Independent Person"
    assert "Appointed besides you" not in said["appointed_investigating_officer", "appointment"]
    assert f"besides you: {investigator}." in said["appointed_independent_person", "appointment"]
    later = said["appointed_investigating_officer", "people_appointed"]
    assert f"You take part as Investigating Officer. Appointed besides you: {independent}." in later
    assert ("appointed_independent_person", "people_appointed") not in said, "they knew from their own"
    [chair] = [
        text
        for (to, name), text in said.items()
        if (to, name) == ("appointed_panel_chair", "people_appointed")
    ]
    assert "Moe Member, Member of the Review Panel; Mia Member, Member of the Review Panel." in chair
    for text in (later, chair):
        assert "Tamsin" not in text
        assert "your complaint" not in text


def test_those_at_the_panel_learn_its_day_and_each_other_one() -> None:
    said = (
        Life("2026-03-02").says("respond", "2026-03-09", outcome="not_upheld").says("escalate", "2026-03-12")
    )
    person = {"name": "Ivy Independent"}
    said.says("appoint", "2026-03-13", role="independent_person", person=person, connection="none")
    said.says("respond", "2026-04-01", stage="stage_2", outcome="not_upheld").says("escalate", "2026-04-09")
    chair = {"name": "Pat Chair"}
    said.says(
        "appoint", "2026-04-09", role="panel_chair", person=chair, connection="none", message_id="chair"
    )
    said.says("schedule_panel", "2026-04-10", meeting_on="2026-05-05", place="Room 2", message_id="first")
    said.says("schedule_panel", "2026-04-13", meeting_on="2026-05-06", message_id="moved")
    said.says("hold_panel", "2026-05-06", adjourned_to="2026-05-12")
    first, _, moved, _ = got(said, "panel_date")
    assert "The Review Panel meets on Tuesday 5 May 2026 (Room 2). You take part as Chair of the" in first
    assert "You will have every paper that it sees by" in first
    assert "The Review Panel meets on Wednesday 6 May 2026." in moved
    adjourned = got(said, "panel_adjourned")
    assert len(adjourned) == 2
    for text in (first, moved, *adjourned):
        assert "Yours sincerely" in text
        assert "your " not in text.lower().replace("with your questions", "")
    assert all("It will sit again on Tuesday 12 May 2026." in text for text in adjourned)


def test_their_letter_says_why_their_part_has_ended() -> None:
    said = Life("2026-03-02").says("respond", "2026-03-09", outcome="not_upheld")
    said.says("escalate", "2026-03-12")
    for name in ("Ivy Independent", "Una Other"):
        person = {"name": name}
        said.says("appoint", "2026-03-13", role="independent_person", person=person, connection="none")
    assert "you no longer have the part of Independent Person" in got(said, "part_ended")[0]
    assert "Dear Ivy Independent" in got(said, "part_ended")[0]
    said.says("withdraw", "2026-03-16")
    [_, text] = got(said, "part_ended")
    assert "Dear Una Other" in text
    assert "was withdrawn on Monday 16 March 2026, and with it your part has ended" in text
    assert "Philippa" not in text
