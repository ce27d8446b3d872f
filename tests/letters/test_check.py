"""A letter's name that is wrong in a file is told when a worker starts, with its place and what was meant."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from redress.letters import catalogue
from redress.letters.check import check_letters
from redress.procedures.loader import AUTHORITIES, PROCEDURES, FileError


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the files, to make mistakes in."""
    procedures, authorities = tmp_path / "procedures", tmp_path / "authorities"
    shutil.copytree(PROCEDURES, procedures)
    shutil.copytree(AUTHORITIES, authorities)
    return procedures, authorities


def told(files: tuple[Path, Path]) -> list[str]:
    with pytest.raises(FileError) as caught:
        check_letters(*files)
    return str(caught.value).splitlines()


def change(path: Path, pattern: str, replacement: str) -> None:
    text, changed = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    assert changed
    path.write_text(text, encoding="utf-8")


def test_the_files_that_are_shipped_name_letters_that_are_there() -> None:
    check_letters()


def test_a_stages_letter_that_is_none(files: tuple[Path, Path]) -> None:
    change(
        files[0] / "corporate.toml", 'opening_letter = "stage_opening"', 'opening_letter = "stage_openning"'
    )
    assert told(files) == [
        "corporate.toml: stages.stage_2.opening_letter: there is no letter 'stage_openning' in "
        "letters/templates (is stage_opening meant?)"
    ]


def test_a_limits_letters_that_are_none(files: tuple[Path, Path]) -> None:
    change(files[0] / "irm.toml", r'late_letters = \["informal_late"\]', 'late_letters = ["informal_lat"]')
    change(files[0] / "irm.toml", 'remind_letter = "next_stage_offer"', 'remind_letter = "qqq"')
    late, reminds = told(files)
    assert late.startswith("irm.toml: limits.informal_resolution.late_letters: there is no letter")
    assert late.endswith("(is informal_late meant?)")
    assert reminds == (
        "irm.toml: limits.informal_review.remind_letter: there is no letter 'qqq' in letters/templates"
    )


def test_an_authoritys_own_letters_everywhere_and_for_one_procedure(files: tuple[Path, Path]) -> None:
    own = files[1] / "rotherham.toml"
    text = own.read_text(encoding="utf-8")
    text += '\n[only.corporate.stages.stage_1]\nanswer_letter = "anser"\n'
    text += '\n[limits.remedy]\nremind_letter = "remindr"\n'
    own.write_text(text, encoding="utf-8")
    assert sorted(line.partition(": there")[0] for line in told(files)) == [
        "rotherham.toml: limits.remedy.remind_letter",
        "rotherham.toml: only.corporate.stages.stage_1.answer_letter",
    ]


def test_a_letter_that_only_staff_would_get(files: tuple[Path, Path]) -> None:
    change(files[0] / "corporate.toml", r'late_letters = \["answer_late"\]', 'late_letters = ["chase"]')
    assert told(files) == [
        "corporate.toml: limits.stage_1_response.late_letters: the letter 'chase' goes to staff only; "
        "this one is for the person concerned"
    ]


def test_beside_a_file_that_cannot_be_read_the_letters_of_the_others_are_looked_up(
    files: tuple[Path, Path],
) -> None:
    (files[1] / "rotherham.toml").write_text('title = "Roth\n', encoding="utf-8")
    change(files[0] / "irm.toml", r'late_letters = \["informal_late"\]', 'late_letters = ["informal_lat"]')
    [line] = told(files)
    assert line.startswith("irm.toml: limits.informal_resolution.late_letters")


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the letters, to make mistakes in."""
    folder = tmp_path / "templates"
    shutil.copytree(catalogue.TEMPLATES, folder)
    monkeypatch.setattr(catalogue, "TEMPLATES", folder)
    catalogue.catalogue.cache_clear()
    yield folder
    catalogue.catalogue.cache_clear()


def test_a_letters_head_with_mistakes(templates: Path, files: tuple[Path, Path]) -> None:
    change(templates / "thanks.txt", 'to = \\["complainant", "advocate"\\]', 'too = ["complainant"]')
    change(templates / "chase.txt", '"complaints_manager"', '"complaints_manger"')
    change(templates / "closure.txt", r"\+\+\+\n", "")
    change(templates / "accepted.txt", 'advocate"', "advocate")
    lines = told(files)
    assert len(lines) == 5
    assert lines[0].startswith("accepted.txt: ")
    assert lines[1].startswith("chase.txt: to, number 1: ")
    assert lines[2] == "closure.txt: should begin with who gets it, between two lines of +++"
    assert sorted(lines[3:]) == [
        "thanks.txt: to: is missing",
        "thanks.txt: too: no such field (is to meant?)",
    ]


def test_a_letter_that_never_waits_to_be_approved(files: tuple[Path, Path]) -> None:
    for name, what in (
        ("acknowledgement", "this letter decides nothing, and never waits to be approved"),
        ("adjudicaton", "there is no such letter in letters/templates (is adjudication meant?)"),
    ):
        more = f'[only.statutory.policy.letters.{name}]\nleaves = "draft"\n'
        path = files[1] / "family-rights.toml"
        before = path.read_text(encoding="utf-8")
        path.write_text(before + more, encoding="utf-8")
        assert told(files) == [f"family-rights.toml: only.statutory.policy.letters.{name}: {what}"]
        path.write_text(before, encoding="utf-8")
