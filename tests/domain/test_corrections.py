"""A correction changes what it names, and nothing else (L8)."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.fields import Contact
from redress.domain.opening import is_young
from tests.domain.conftest import opened, problems, send

YOUNG = {
    "name": "Tamsin Notareal",
    "role": "looked after child",
    "email": "old@invented.example",
    "address": "2 Nowhere Lane\nExampletown\nEX1 1AA",
    "format": "large print",
}


def young() -> Case:
    return opened(complainant=YOUNG)


def complainant(case: Case) -> Contact:
    person = case.opening.complainant
    assert person is not None
    return person


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("complainant", {"name": "Tamsin Notareal", "email": "new@invented.example"}),
        ("complainant", {"email": "new@invented.example"}),
        ("complainant.email", "new@invented.example"),
    ],
)
def test_a_partial_value_changes_what_it_names(field: str, value: Any) -> None:
    case = young()
    answer = send(case, "correct", "2026-06-03", field=field, value=value, reason="She told us.")
    assert complainant(case) == Contact.model_validate(YOUNG | {"email": "new@invented.example"})
    assert is_young(case.opening.complainant)
    assert answer.changed == [{"what": "complainant.email", "was": "recorded", "is": "corrected"}]


def test_null_takes_a_detail_away() -> None:
    case = young()
    answer = send(
        case, "correct", "2026-06-03", field="complainant.format", value=None, reason="She said so."
    )
    assert complainant(case).format == ""
    assert answer.changed == [{"what": "complainant.format", "was": "recorded", "is": None}]


def test_a_name_is_never_taken_away() -> None:
    said = {"on": "2026-06-03", "field": "complainant.name", "value": None, "reason": "?"}
    assert problems(young(), "correct", said)


def test_who_was_not_known_is_given_whole() -> None:
    case = opened(on_behalf_of=None)
    child = {"name": "Nia Notareal"}
    send(case, "correct", "2026-06-03", field="on_behalf_of", value=child, reason="Left out.")
    assert case.opening.on_behalf_of is not None


def test_a_detail_of_a_message() -> None:
    case = young()
    advocate = {"name": "Adva Catena", "email": "a@invented.example", "telephone": "01632 960123"}
    send(case, "set_advocate", "2026-06-02", message_id="m.1", advocate=advocate)
    right = "b@invented.example"
    send(case, "correct", "2026-06-03", field="m.1.advocate.email", value=right, reason="A slip.")
    found = case.state.people.advocate
    assert found is not None
    assert (found.email, found.telephone) == (right, "01632 960123")


def test_no_answer_shows_what_a_detail_was_or_is() -> None:
    answer = send(
        young(), "correct", "2026-06-03", field="complainant.email", value="n@x.example", reason="?"
    )
    assert "@" not in str(answer.changed)
