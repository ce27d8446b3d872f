"""A correction changes what it names, and nothing else (L8)."""

from __future__ import annotations

from typing import Any

import pytest

from redress.domain.case import Case
from redress.domain.fields import Contact
from redress.domain.opening import is_young
from tests.domain.conftest import acknowledged, answered, at_stage_2, facts, opened, problems, send, shown

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


def test_a_receipt_corrected_after_an_extension_at_stage_2_leaves_it() -> None:
    case = at_stage_2()
    assert send(case, "extend", "2026-07-01", reason="A witness", until="2026-09-15").applied
    send(case, "correct", "2026-07-02", field="received_on", value="2026-05-28", reason="Stamp")
    assert shown(case, "stage_2_response", "2026-07-02") == ("2026-09-15", "running", 0)


def test_a_request_dated_anew_moves_the_extension_with_it_no_further_than_the_most() -> None:
    case = answered()
    send(case, "escalate", "2026-06-15", message_id="asked")
    send(case, "extend", "2026-07-01", reason="A witness", until="2026-09-15")
    send(case, "correct", "2026-07-02", field="asked.on", value="2026-06-10", reason="Stamp")
    assert shown(case, "stage_2_response", "2026-07-02") == ("2026-09-10", "running", 0)  # 65 from 10 June
    assert facts(case, "correction_undid")["undone"]


def test_a_correction_that_makes_an_answer_late_says_so() -> None:
    case = acknowledged()
    send(case, "respond", "2026-06-12", outcome="upheld", message_id="a")
    answer = send(case, "correct", "2026-06-19", field="a.on", value="2026-06-17", reason="Typed wrongly.")
    assert shown(case, "stage_1_response", "2026-06-19") == ("2026-06-15", "met_late", 2)
    assert answer.changed
