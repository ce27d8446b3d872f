"""Who signs a letter (rules 001-11, 001-15): whoever is there that day, and never a name nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from redress.domain.directory import Directory, DirectoryEntry, Listed
from redress.domain.opening import is_young
from redress.letters.check import check_letters
from redress.letters.letter import letters_for
from redress.procedures.loader import FileError
from tests.letters.lives import YOUNG, Life
from tests.letters.test_check import files as files  # a fixture

ADA = {"name": "Ada Sampleton", "roles": ["adjudicating_officer"], "title": "Assistant Director, Care"}
DORA = {"name": "Dora Inventa", "roles": ["director"]}
OLIVE = {"name": "Olive Imagined", "roles": ["complaints_manager"], "title": "Complaints Manager"}
TARA = {"name": "Tara Teamlead", "roles": ["stage_manager"], "teams": ["Team North"]}
TEAM = "Children's services complaints"
AWAY = [{"from": "2026-01-01", "to": "2026-12-31"}]


def directory(*people: dict[str, Any]) -> Directory:
    return Directory(Listed(f"pn_{n}", DirectoryEntry.model_validate(each)) for n, each in enumerate(people))


def life(**more: Any) -> Life:
    about = {"team": "Team North"}
    said = Life("2026-03-02", about=about, authority="north-somerset", **more).says(
        "acknowledge", "2026-03-03"
    )
    said.says("respond", "2026-03-09", outcome="not_upheld").says("escalate", "2026-03-12")
    said.says("agree_statement", "2026-03-16")
    said.says("report", "2026-04-07", kind="investigation").says(
        "report", "2026-04-07", kind="independent_person"
    )
    said.says("respond", "2026-04-09", outcome="not_upheld").says("escalate", "2026-04-14")
    said.says("hold_panel", "2026-05-12").says("report", "2026-05-15", kind="panel")
    return said.says("respond", "2026-05-20", outcome="not_upheld")


@pytest.fixture(scope="module", params=[False, True], ids=["adult", "young"])
def lived(request: pytest.FixtureRequest) -> Life:
    return life(complainant=YOUNG) if request.param else life()


def closing(lived: Life, letter: str, people: Directory) -> list[str]:
    """Who signs a letter, without the team or the council that they sign for."""
    return [line for line in under(lived, letter, people) if line not in ("North Somerset Council", TEAM)]


def under(lived: Life, letter: str, people: Directory) -> list[str]:
    """What stands under a letter, after the last paragraph."""
    [effect] = [each for each in lived.case.state.effects if each.template == letter]
    wire = {"key": effect.key, "template": letter, "facts": effect.shown()}
    [written] = letters_for(lived.case, lived.authority, wire, effect.on, people)
    how = "With best wishes" if "With best wishes" in written.text else "Yours sincerely"
    return written.text.split(f"\n\n{how}\n\n")[1].splitlines()


def test_each_letter_is_signed_by_whose_it_is(lived: Life) -> None:
    people = directory(ADA, DORA, OLIVE, TARA)
    assert closing(lived, "adjudication", people) == ["Ada Sampleton", "Assistant Director, Care"]
    assert closing(lived, "final_response", people) == ["Dora Inventa", "Director of Children's Services"]
    assert closing(lived, "stage_1_response", people) == [
        "Tara Teamlead",
        "Team manager or service manager",
    ]
    assert closing(lived, "acknowledgement", people) == ["Olive Imagined", "Complaints Manager"]


def test_only_the_complaints_manager_signs_for_the_team(lived: Life) -> None:
    people = directory(ADA, DORA, OLIVE, TARA)
    council = "North Somerset Council"
    for letter in ("adjudication", "final_response", "stage_1_response"):
        assert under(lived, letter, people)[2:] == [council]
    young = is_young(lived.case.opening.complainant)
    assert under(lived, "acknowledgement", people)[2:] == ([TEAM] if young else [TEAM, council])


def test_without_a_name_the_title_signs(lived: Life) -> None:
    elsewhere = directory({**TARA, "teams": ["Team East"]}, {**ADA, "roles": ["officer"]})
    for people in (directory(), elsewhere):
        assert closing(lived, "adjudication", people) == ["Assistant Director"]
        assert closing(lived, "final_response", people) == ["Director of Children's Services"]
        young = is_young(lived.case.opening.complainant)
        title = [] if young else ["Team manager or service manager"]
        assert closing(lived, "stage_1_response", people) == title
        assert closing(lived, "acknowledgement", people) == ([] if young else ["Complaints Manager"])


def test_a_deputy_signs_for_whoever_is_away(lived: Life) -> None:
    dan = {"name": "Dan Deputy", "title": "Head of Service"}
    away = {**ADA, "absences": AWAY, "deputy": "Dan Deputy"}
    assert closing(lived, "adjudication", directory(away, dan)) == [
        "Dan Deputy",
        "Head of Service",
        "for Ada Sampleton, Assistant Director, Care",
    ]
    nobody = {**ADA, "absences": AWAY}
    assert closing(lived, "adjudication", directory(nobody)) == ["Assistant Director"]
    assert closing(lived, "adjudication", directory(nobody, {**ADA, "name": "Eva Other"}))[0] == "Eva Other"


def test_whoever_was_appointed_signs_before_the_directorys_own() -> None:
    said = Life("2026-03-02", authority="north-somerset").says("escalate", "2026-03-30")
    said.says(
        "appoint",
        "2026-03-31",
        role="adjudicating_officer",
        person={"name": "Bea Nowhere"},
        connection="employee",
    )
    said.says("respond", "2026-04-09", stage="stage_2", outcome="not_upheld")
    assert closing(said, "adjudication", directory(ADA)) == ["Bea Nowhere", "Assistant Director"]
    known = directory(ADA, {"name": "Bea Nowhere", "title": "Assistant Director, Schools"})
    assert closing(said, "adjudication", known) == ["Bea Nowhere", "Assistant Director, Schools"]


def test_an_authoritys_file_says_who_signs(lived: Life) -> None:
    own = lived.authority
    try:
        lived.authority = own.model_copy(update={"signatures": {"acknowledgement": "director"}})
        assert closing(lived, "acknowledgement", directory(DORA, OLIVE))[0] == "Dora Inventa"
    finally:
        lived.authority = own


def test_a_corporate_answer_is_signed_by_whoever_owes_it() -> None:
    more: dict[str, Any] = {
        "authority": "north-somerset",
        "statutory": False,
        "about": {"team": "Team North"},
    }
    said = Life("2026-06-01", **more).says("acknowledge", "2026-06-02")
    said.says("respond", "2026-06-08", outcome="upheld")
    assert said.case.state.latest["stage_1_response"].owner == "stage_manager"
    assert closing(said, "answer", directory(TARA, OLIVE))[0] == "Tara Teamlead"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('adjudcation = "director"', "signatures.adjudcation: there is no such letter in letters/templates"),
        ('reminder = "director"', "signatures.reminder: this letter goes to staff only, and nobody signs it"),
    ],
)
def test_a_letter_that_nobody_signs_is_told(files: tuple[Path, Path], line: str, told: str) -> None:
    path = files[1] / "north-somerset.toml"
    text = path.read_text(encoding="utf-8").replace("[signatures]\n", f"[signatures]\n{line}\n", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=told):
        check_letters(*files)
