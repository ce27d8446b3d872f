"""An authority's own letters and paragraphs: what may be changed, and how mistakes in them are told."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from redress.letters import own_templates as own_texts_module
from redress.letters.catalogue import TEMPLATES
from redress.letters.own_templates import SETTING, own_texts
from redress.procedures.files import FileError
from redress.services.checking_texts import check_own_texts
from tests.forking import Kind, completed
from tests.letters.lives import YOUNG, Life, to_adjudication

ROOT = Path(__file__).resolve().parent.parent.parent

Own = Callable[..., Path]
"""Makes a folder of an authority's own with files in it: their paths and texts."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    def make(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / "own" / f"{name.replace('__', '/').replace('family/', 'family-rights/')}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(SETTING, str(tmp_path / "own"))
        return tmp_path / "own"

    return make


def ours(name: str) -> str:
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")


def told() -> list[str]:
    with pytest.raises(FileError) as caught:
        check_own_texts()
    return str(caught.value).splitlines()


# --- what may be changed -----------------------------------------------------------------------------


def test_a_letter_a_part_and_a_paragraph_for_everybody(own: Own) -> None:
    own(
        family__thanks="{% include 'ours/thanks.txt' %}",
        family___ombudsman="{% include 'ours/_ombudsman.txt' %}\nThe library has their leaflets.\n",
        family__young___ombudsman="{% include 'ours/young/_ombudsman.txt' %}\nAsk us for their comic.\n",
        _before_closing="We are open from nine to five.\n",
        family__young__withdrawal="{% include 'ours/young/withdrawal.txt' %}\nCome back when you like.\n",
        family__withdrawal='+++\nsubject = "You have withdrawn"\n+++\n'
        + ours("withdrawal").split("+++\n")[2],
    )
    life = Life("2026-03-02").says("withdraw", "2026-03-04")
    [letter] = [each for each in life.letters if each.name == "withdrawal"]
    assert letter.subject == "You have withdrawn"
    assert "\n\nThe library has their leaflets.\n\nWhat happens next: " in letter.text
    assert "\n\nWe are open from nine to five.\n" in letter.text
    young = Life("2026-03-02", complainant=YOUNG).says("withdraw", "2026-03-04").one("withdrawal")
    assert "Ask us for their comic." in young
    assert "Come back when you like." in young
    assert "nine to five" not in young, "young people's letters have parts of their own"
    elsewhere = Life("2026-03-02", authority="rotherham").says("withdraw", "2026-03-04")
    assert "nine to five" in elsewhere.one("withdrawal")
    assert "leaflets" not in elsewhere.one("withdrawal")


def test_without_the_setting_ours_stand() -> None:
    assert own_texts("family-rights") is None
    assert check_own_texts() == {}


def test_what_is_hidden_and_what_is_linked_to_within_the_folder_may_lie_there(own: Own) -> None:
    """As Kubernetes mounts files: hidden folders, and links into them."""
    folder = own(_before_closing="We are open.\n")
    hidden = folder / "..data" / "family-rights"
    hidden.mkdir(parents=True)
    (hidden / "_ombudsman.txt").write_text(
        "{% include 'ours/_ombudsman.txt' %}\nA leaflet.\n", encoding="utf-8"
    )
    (folder / "family-rights").symlink_to(hidden)
    (folder / "README.md").write_text("Ours.", encoding="utf-8")
    assert "A leaflet." in Life("2026-03-02").says("withdraw", "2026-03-04").one("withdrawal")


# --- mistakes that are told at a start -----------------------------------------------------------------


def test_every_mistake_is_told_at_once_with_its_file_and_what_would_be_right(
    own: Own, tmp_path: Path
) -> None:
    folder = own(
        family__withdrawal="{{ mattr }}{% if young %}{% endif %} {{ message.resaon }}",
        family__extension="\n{% if due %}",
        family__thanks="+++\nto = ['complainant']\n+++\n{{ on|dya }}",
        family__panel_notice='+++\nto = ["complainant"]\nsubjekt = "x"\n+++\n{{ young }}',
        family__adjudicaton="x",
        family___ombudsmen="x",
        family__own_approach="No words for young people.",
        family__young__adjudication='+++\nsubject = "x"\n+++\nx',
        family__young__reminder="x",
        family____letter="{{ subject }}",
        family_right__thanks="x",
    )
    (folder / "family-rights" / "_letter.txt").write_text("{{ subject }}", encoding="utf-8")
    (folder / "family-rights" / "closure.text").write_text("x", encoding="utf-8")
    (folder / "family-rights" / "chase.txt").write_bytes(b"\xff")
    (tmp_path / "elsewhere.txt").write_text("x", encoding="utf-8")
    (folder / "answer.txt").symlink_to(tmp_path / "elsewhere.txt")
    lines = told()
    for file, what in (
        (
            "family-rights/withdrawal.txt, line 1",
            "mattr is nothing that a letter can name (is matter meant?)",
        ),
        ("family-rights/withdrawal.txt, line 1", "message has no resaon (is reason meant?)"),
        ("family-rights/extension.txt, line 2", "Unexpected end of template"),
        ("family-rights/thanks.txt, line 4", "No filter named 'dya'"),
        ("family-rights/thanks.txt", "to: is a rule, and stays ['complainant', 'advocate']"),
        ("family-rights/panel_notice.txt", "subjekt: no such field (is subject meant?)"),
        ("family-rights/adjudicaton.txt", "there is no letter 'adjudicaton' (is adjudication meant?)"),
        ("family-rights/_ombudsmen.txt", "is a part that no letter includes (is _ombudsman.txt meant?)"),
        ("family-rights/own_approach.txt", "young people get it too: write young/own_approach.txt"),
        ("family-rights/young/adjudication.txt", "only a letter has a head"),
        ("family-rights/young/reminder.txt", "there is no letter 'reminder' to people"),
        ("family-rights/_letter.txt", "leaves out {{ body }}"),
        ("family-rights/closure.text", "is no template"),
        ("family-rights/chase.txt", "is not written in UTF-8"),
        ("family_right", "is the name of no authority, and not young (is family-rights meant?)"),
        ("answer.txt", "leads out of the folder"),
    ):
        assert any(line.startswith(f"{file}: {what}") for line in lines), (file, what, lines)


def left_out(caplog: pytest.LogCaptureFixture, live: Callable[[], Life]) -> str:
    """What is told of the letters of a life that went out in our words."""
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        live()
    return caplog.text


def test_what_our_adjudication_says_has_to_stay(own: Own, caplog: pytest.LogCaptureFixture) -> None:
    text = ours("adjudication")
    for number, (taken_out, what) in enumerate(
        (
            ("{{ counts_from.stage_3_request|day }}", "a day that our letter names"),
            ("{{ message.outcome|outcome }}", "a decision"),
            ("{% include '_findings.txt' %}", "what was written in its message"),
            ("{% include '_people.txt' %}", "the name of somebody who has a part"),
        )
    ):
        assert taken_out in text
        own(family__adjudication=text.replace(taken_out, "") + f"{{# {number} #}}")
        own_texts_module._read_folder.cache_clear()
        said = left_out(caplog, to_adjudication)
        assert f"family-rights/adjudication.txt: leaves out {what}; our own text went out" in said, taken_out


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("_ombudsman", "Complain to somebody else.", "leaves out the Ombudsman, and how they are reached"),
        ("_advocacy", "Get help.", "leaves out how an advocate is found"),
        (
            "_letter",
            "{{ on|day }}\n{{ reference }}\n{{ subject }}\n{{ body }}",
            "leaves out what happens next",
        ),
        ("_letter", "{{ body }} {{ subject }}", "leaves out our reference"),
        ("_letter", ours("_letter").replace("{{ on|day }}\n", "{{ on|day }} "), "on lines of their own"),
        ("safeguarding_note", "{{ person }} waits.", "names somebody, or where they live"),
        ("safeguarding_note", "Of 2026-03-04.", "writes a day as programs do"),
        ("safeguarding_note", "{{ message.letter }}", "line 1, cannot be written (UndefinedError)"),
        ("safeguarding_note", "{{ advocacy.parse_file('/etc/passwd') }}", ""),
        (
            "safeguarding_note",
            "{{ authority|attr('parse_file')('/etc/passwd') }}",
            "line 1, cannot be written (Sec",
        ),
        ("safeguarding_note", "{{ ''|attr('__class__') }}", "line 1, cannot be written (SecurityError)"),
        (
            "safeguarding_note",
            "{{ names|attr('update')({'a': 1}) }}",
            "line 1, cannot be written (SecurityError)",
        ),
    ],
)
def test_what_the_frame_and_the_parts_say_has_to_stay(
    own: Own, caplog: pytest.LogCaptureFixture, name: str, text: str, what: str
) -> None:
    own(**{f"family__{name}": text})

    def live() -> Life:
        life = Life("2026-03-02").says("add_note", "2026-03-03", note="She is not safe.")
        return life.says("withdraw", "2026-03-04")

    if what:
        said = left_out(caplog, live)
        assert f"family-rights/{name}.txt" in said
        assert what in said
    else:
        assert "advocacy has no parse_file" in " ".join(told())


def test_nothing_is_included_from_outside_of_the_folders(own: Own, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s", encoding="utf-8")
    own(
        family__chase="{% include '../secret.txt' %}",
        family__reminder="{% include 'reminder.txt' %}",
    )
    lines = told()
    assert any(
        "family-rights/chase.txt: includes '../secret.txt', which is not there" in line for line in lines
    )
    assert any("family-rights/reminder.txt: includes itself" in line for line in lines)


# --- what nobody had thought of ------------------------------------------------------------------------


def test_where_their_words_fail_all_the_same_ours_go_out_and_somebody_is_told(
    own: Own, caplog: pytest.LogCaptureFixture
) -> None:
    """A branch that no invented complaint reaches: it stops no letter, and says nothing of the complaint."""
    odd = "{% if message.on == '2026-03-04' %}{{ message.outcome.at_all }}{% endif %}"
    quiet = "{% if message.on == '2026-03-05' %}{% else %}{% include 'ours/withdrawal.txt' %}{% endif %}"
    own(family__withdrawal=odd + quiet)
    check_own_texts()
    for day, what in (("2026-03-04", "cannot be written"), ("2026-03-05", "leaves out the Ombudsman")):
        life = Life("2026-03-02")
        said = left_out(caplog, partial(life.says, "withdraw", day))
        assert "that you withdraw your complaint" in life.one("withdrawal")
        assert "family-rights/withdrawal.txt" in said
        assert what in said
        assert "Philippa" not in said
        assert "March" not in said


def test_at_a_start_each_fault_is_told_once_with_an_example(own: Own) -> None:
    """Of all letters of invented complaints to everybody, young people included."""
    own(family__adjudication=ours("adjudication").replace("{{ counts_from.stage_3_request|day }}", "soon"))
    [line] = told()
    assert line.startswith("family-rights/adjudication.txt: leaves out a day that our letter names (")
    assert "; ours: The last day to ask is " in line, line
    assert line.endswith(", in adjudication to the complainant, and in 1 more")


# --- from outside --------------------------------------------------------------------------------------


def outside(tmp_path: Path, kind: Kind, *words: str) -> subprocess.CompletedProcess[str]:
    own_environment = {
        "REDRESS_STATE": str(tmp_path / "state"),
        "REDRESS_TRIAL": "names are readable",
        SETTING: str(tmp_path / "own"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    return completed(kind, words, kept | own_environment)


def test_a_worker_does_not_start_with_a_mistake_in_them(own: Own, tmp_path: Path) -> None:
    own(family__closure=ours("closure").replace("{% include '_ombudsman.txt' %}", "{{ ombudsmann }}"))
    ended = outside(tmp_path, "worker")
    assert ended.returncode == 2
    assert "the worker cannot start: family-rights/closure.txt, line" in ended.stderr
    assert ": ombudsmann is nothing that a letter can name (is ombudsman meant?)" in ended.stderr
    for told_there in (outside(tmp_path, "api"), outside(tmp_path, "starter", "letters", "check")):
        assert told_there.returncode == 2, told_there.args
        assert "family-rights/closure.txt, line" in told_there.stderr


async def test_a_whole_life_of_letters_has_the_councils_paragraph(own: Own, tmp_path: Path) -> None:
    """Rehearsed on a real server: every letter to the person, as it stands in the register."""
    own(family__young___before_closing="Come and see us.")
    kept = tmp_path / "kept"
    words = ["rehearse", "statutory", "--authority", "family-rights", "--keep", str(kept), "--json"]
    ended = await asyncio.to_thread(outside, tmp_path, "starter", *words)
    assert ended.returncode == 0, ended.stderr
    files = [*(kept / "family-rights" / "statutory").glob("*.txt")]
    letters = json.loads(ended.stdout)["status"]["letters"]
    left = {each["letter"] for each in letters if each["state"] != "skipped"}  # in the digest of staff
    assert left == {path.name[11:].partition("-")[0] for path in files}
    to_person = [path.read_text(encoding="utf-8") for path in files if "-complainant-" in path.name]
    assert len(to_person) > 10
    assert all("Come and see us." in text for text in to_person)
