"""What a letter brings to whom, by what is attached, withheld and said in an authority's file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from redress.domain.procedure import LetterRule
from redress.letters.check import check_letters
from redress.letters.enclosures import Enclosures, Reader, enclosures_of, kinds
from redress.letters.letter import letters_for
from redress.procedures.files import FileError
from redress.store.documents import DocumentRow
from tests.letters.lives import Life, to_adjudication

ADJUDICATION: dict[str, Any] = {"key": "adjudication:x", "template": "adjudication", "facts": {}}
COMPLAINANT = Reader("complainant", ("Philippa Madeupname",))


def document(name: str, kind: str, **more: Any) -> DocumentRow:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    row = DocumentRow("CYP-2026-000001", name, "application/pdf", "clean", 1, "test", at)
    return row._replace(name=f"{name}.pdf", kind=kind, **more)


def brought(life: Life, *documents: DocumentRow, effect: dict[str, Any] = ADJUDICATION) -> Enclosures:
    found = enclosures_of(life.case, effect, COMPLAINANT, documents)
    assert found is not None
    return found


def with_rule(life: Life, letter: str, rule: LetterRule) -> Life:
    policy = life.case.state.procedure.policy.model_copy(update={"letters": {letter: rule}})
    life.case.state.procedure = life.case.state.procedure.model_copy(update={"policy": policy})
    return life


def test_every_document_of_a_kind_goes_but_never_one_that_is_infected() -> None:
    life = to_adjudication()
    own = document("own", "independent_person_report")
    bad = document("bad", "investigation_report", state="infected")
    assert brought(life, own, bad).missing == ("investigation_report",)
    both = brought(
        life, own, bad, document("a", "investigation_report"), document("b", "investigation_report")
    )
    assert [each.document for each in both.enclosed] == ["a", "b", "own"]


def test_what_a_struck_message_alone_brought_leaves_with_no_letter() -> None:
    """It was recorded in the wrong complaint: it may be about another family."""
    life = to_adjudication()
    own = document("own", "independent_person_report")
    wrong = document("wrong", "investigation_report", messages=("m-wrong",))
    life.says("add_note", "2026-09-26", message_id="m-wrong", note="Of another complaint.")
    assert [each.document for each in brought(life, own, wrong).enclosed] == ["wrong", "own"]
    life.says("strike_out", "2026-09-27", message="m-wrong", reason="It was another family's.")
    assert brought(life, own, wrong).missing == ("investigation_report",)
    both = wrong._replace(messages=("m-wrong", "m-right"))
    assert [each.document for each in brought(life, own, both).enclosed] == ["wrong", "own"]


def test_one_attached_in_place_of_another_goes_in_its_place() -> None:
    life = to_adjudication()
    own, first = document("own", "independent_person_report"), document("first", "investigation_report")
    newer = document("newer", "investigation_report", in_place_of="first")
    assert [each.document for each in brought(life, own, first, newer).enclosed] == ["newer", "own"]
    said = {"document": "first", "from": "panel", "reason": "Not for them."}
    life.says("withhold", "2026-09-28", **said)
    found = brought(life, own, first, newer)
    assert [each.document for each in found.enclosed] == ["first", "own"]  # it is for the panel now
    assert found.kept_back == ()


def test_what_is_withheld_wholly_stays_behind_and_the_letter_leaves() -> None:
    life = to_adjudication()
    documents = (document("own", "independent_person_report"), document("first", "investigation_report"))
    said = {"document": "first.pdf", "from": "Philippa Madeupname", "reason": "Not for her."}
    life.says("withhold", "2026-09-28", **said)
    found = brought(life, *documents)
    assert [each.document for each in found.enclosed] == ["own"]
    assert [(each.kind, each.wholly) for each in found.kept_back] == [("investigation_report", True)]
    assert not found.missing


def test_an_answer_that_amends_another_brings_no_report_again() -> None:
    amended = ADJUDICATION | {"facts": {"amends_on": "2026-09-25"}}
    assert brought(to_adjudication(), effect=amended) == Enclosures()


def test_an_authority_sends_them_separately_or_encloses_more() -> None:
    life = with_rule(to_adjudication(), "adjudication", LetterRule(enclosures="separately"))
    assert brought(life).separately == ("investigation_report", "independent_person_report")
    [effect] = [each for each in life.case.state.effects if each.template == "adjudication"]
    body = {"key": effect.key, "template": effect.template, "facts": effect.shown()}
    [letter] = letters_for(life.case, life.authority, body, life.day)
    said = "We will send you the investigation report and the Independent Person's report separately"
    assert said in " ".join(letter.text.split())
    assert "With this letter" not in letter.text
    more = with_rule(to_adjudication(), "adjudication", LetterRule(encloses=["easy_read"]))
    assert brought(more).missing == ("investigation_report", "independent_person_report", "easy_read")


def test_each_kind_that_a_template_encloses_has_a_title() -> None:
    assert {*kinds()} >= {"investigation_report", "independent_person_report", "panel_papers", "panel_report"}


def test_an_authority_s_file_may_say_what_any_letter_encloses(tmp_path: Any) -> None:
    file = tmp_path / "invented.toml"
    file.write_text('[policy.letters.panel_notice]\nenclosures = "separately"\n')
    check_letters(authorities=tmp_path)
    file.write_text('[policy.letters.panel_notice]\nenclosures = "separately"\nleaves = "draft"\n')
    with pytest.raises(FileError, match="panel_notice: this letter decides nothing"):
        check_letters(authorities=tmp_path)
