"""What people paste: references and ids with what nobody sees in them, and what says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.conflicts import conflict_of
from redress.domain.contact_details import contact_problems
from redress.domain.identifiers import known_by, other_reference, typed_reference
from redress.domain.intake_content import comparable
from redress.domain.messages import Appoint
from redress.domain.opening_parsing import parse_opening
from redress.domain.parsing import parse_message
from tests.domain.conftest import MONDAY, document, opened

TODAY = opened().opened_on


@pytest.mark.parametrize(
    "typed",
    [
        "cyp-2026-000123",
        " CYP-2026-000123\u00a0",
        "CYP \u2011 2026 \u2013 000123",
        "CYP\u22122026\uff0d000123",
        "\u200bCYP-2026-\u00ad000123\ufeff",
        "\uff23\uff39\uff30-2026-000123",
    ],
)
def test_a_reference_is_known_however_it_was_pasted(typed: str) -> None:
    """Finding E4, and its kind: in a command, in a path, in a message, in an opening."""
    assert typed_reference(typed) == "CYP-2026-000123"
    link = {"reference": typed, "on": MONDAY}
    parsed = parse_message("link", link, received_on=TODAY, today=TODAY)
    assert parsed.message.model_dump()["reference"] == "CYP-2026-000123"
    strike = {"message": "m", "reason": "It was another's.", "to": typed, "on": MONDAY}
    struck = parse_message("strike_out", strike, received_on=TODAY, today=TODAY)
    assert struck.message.model_dump()["to"] == "CYP-2026-000123"
    duplicate = {"kind": "duplicate", "of": typed, "reason": "The same.", "on": MONDAY}
    closed = parse_message("close", duplicate, received_on=TODAY, today=TODAY)
    assert closed.message.model_dump()["of"] == "CYP-2026-000123"
    opening = parse_opening(document(linked_to=[typed]), TODAY)
    assert opening.links_to == ["CYP-2026-000123"]


def test_what_is_no_reference_stays_as_it_is() -> None:
    assert other_reference("The council of Elsewhere") == "The council of Elsewhere"


@pytest.mark.parametrize("invisible", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e", "\u00a0", "\t"])
@pytest.mark.parametrize("field", ["source", "source_id"])
def test_an_id_with_what_nobody_sees_would_be_another_one(field: str, invisible: str) -> None:
    """Finding E2, and its kind: the same form would open a second complaint."""
    raw = document(**{field: f"web{invisible}form"})
    [problem] = contact_problems(raw)
    assert (problem.field, problem.code) == (field, "odd_character")
    assert not contact_problems(document(**{field: "web form"}))


def test_an_id_of_a_message_or_a_person_too() -> None:
    message = {"message_id": "m\u200b1", "person": {"name": "Fern Fictitious", "id": "7\u200b"}}
    assert [problem.field for problem in contact_problems(message)] == ["message_id", "person.id"]


def test_a_name_is_known_whatever_nobody_sees_in_it() -> None:
    assert known_by("Fern\u200b  FICTITIOUS") == known_by("fern fictitious")
    case = opened(about={"people": ["Fern Ficti\u00adtious"]})
    appointed = {"role": "investigating_officer", "person": {"name": "Fern Fictitious"}, "connection": "none"}
    parsed = parse_message("appoint", {"on": MONDAY, **appointed}, received_on=TODAY, today=TODAY)
    assert isinstance(parsed.message, Appoint)
    assert "complained about" in conflict_of(case.state, parsed.message)


@pytest.mark.parametrize(
    "more",
    [
        {"desired_outcome": ""},
        {"desired_outcome": "  \n"},
        {"desired_outcome": None},
        {"about": {"service": "", "teams": []}},
        {"about": {}},
        {"messages": [], "on_behalf_of": []},
        {"complainant": {"name": " Imaginaria Nobody ", "role": "parent", "email": "", "format": None}},
    ],
)
def test_what_says_nothing_makes_no_difference(more: dict[str, Any]) -> None:
    """Finding E3, and its kind: blanks and empty lists."""
    assert comparable(document(**more)) == comparable(document())


def test_nor_does_how_lines_end() -> None:
    was, again = (document(points=[f"First line.{end}Second line.{end}"]) for end in ("\n", "\r\n"))
    assert comparable(was) == comparable(again)


@pytest.mark.parametrize(
    "more", [{"tried_informally": False}, {"on_behalf_of": {}}, {"desired_outcome": "x"}]
)
def test_what_says_something_does(more: dict[str, Any]) -> None:
    assert comparable(document(**more)) != comparable(document())
