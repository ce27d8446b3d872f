"""E-mail addresses and telephone numbers are looked at before anything is opened or sent."""

from __future__ import annotations

import pytest

from redress.domain.contact_details import contact_problems
from redress.domain.parsing import Malformed
from redress.services import intake, sending
from redress.services.clock import today

GOOD_EMAILS = [
    "robin@invented.example",
    "o'neil+x@a-b.invented.example",
    "r.m@bücher.example",
    " a@b.example ",
]
BAD_EMAILS = {
    "not an email": "not_an_email",
    "jo@@example": "not_an_email",
    "jo@example": "not_an_email",
    "@invented.example": "not_an_email",
    "jo@invented.example, al@invented.example": "not_an_email",
    "jo..m@invented.example": "not_an_email",
    "jo@-invented.example": "not_an_email",
    "jo@127.0.0.1": "not_an_email",
    "jo\u200b@invented.example": "odd_character",
    "jo@invented\u00a0.example": "odd_character",
    "jo@invented.example\u2060": "odd_character",
    "jo@invented\n.example": "odd_character",
    f"{'j' * 65}@invented.example": "not_an_email",
}
GOOD_NUMBERS = ["07700 900123", "+44 (0)1632 960-123", "01632.960123 ext 4", "999"]
BAD_NUMBERS = {
    "07700900123 (mum)": "not_a_telephone",
    "call the school": "not_a_telephone",
    "07700900123 or 07700900124 x1 x2": "not_a_telephone",
    "12": "not_a_telephone",
    "07700\u200b900123": "odd_character",
}


GOOD_ADDRESSES = [
    "1 Made-up Row\nExampletown EX1 1AA",
    "Flat (2)\n1 Row\nex1 1aa",
    "12 Rue Inventée\n75001 Paris\nFrance",
    "1 Made-up Row, Exampletown, EX1 1AA, United Kingdom",
    "Sgt Invented\nBFPO 1234",
]
BAD_ADDRESSES = {
    "1 Made-up Row\nExampletown\nEX1 1AA\n01632 960123": "not_an_address",
    "1 Made-up Row\nEX1 1AA\nTel. 01632 960123": "not_an_address",
    "1 Made-up Row\njo@invented.example": "not_an_address",
    "(Flat 2), 1 Made-up Row": "not_an_address",
    "1 Made-up Row\nExampletown": "not_an_address",
    "1 Made-up Row, Exampletown, Exampleshire": "not_an_address",
    "1 Made-up Row\nExampletown\nEngland": "not_an_address",
    "EX1 1AA": "not_an_address",
    "a\nb\nc\nd\ne\nf\nEX1 1AA": "not_an_address",
}


@pytest.mark.parametrize(
    ("name", "good"), [("email", GOOD_EMAILS), ("telephone", GOOD_NUMBERS), ("address", GOOD_ADDRESSES)]
)
def test_what_can_be_used_is_taken(name: str, good: list[str]) -> None:
    for each in ["", *good]:
        assert contact_problems({name: each}) == [], each


@pytest.mark.parametrize(
    ("name", "bad"), [("email", BAD_EMAILS), ("telephone", BAD_NUMBERS), ("address", BAD_ADDRESSES)]
)
def test_what_cannot_be_used_is_told_with_its_field(name: str, bad: dict[str, str]) -> None:
    for text, code in bad.items():
        (problem,) = contact_problems({"people": [{name: text}]})
        assert (problem.field, problem.code) == (f"people[0].{name}", code), text


def test_every_door_asks() -> None:
    opening = {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "s",
        "source_id": "1",
        "channel": "email",
        "received_on": today().isoformat(),
        "points": ["An invented point."],
        "complainant": {"name": "Testa Inventata", "email": "jo@@example"},
        "advocate": {"name": "Ada Vocata", "telephone": "07700900123 (mum)"},
    }
    with pytest.raises(Malformed) as caught:
        intake.check(opening)
    assert {(each.field, each.code) for each in caught.value.problems} == {
        ("complainant.email", "not_an_email"),
        ("advocate.telephone", "not_a_telephone"),
    }
    for action, body, field in (
        ("set_advocate", {"advocate": {"name": "A", "email": "a@b"}}, "advocate.email"),
        (
            "correct",
            {"field": "complainant", "value": {"name": "T", "email": "a@b"}, "reason": "r"},
            "value.email",
        ),
        ("correct", {"field": "complainant.email", "value": "a@b", "reason": "r"}, "value"),
    ):
        with pytest.raises(Malformed) as caught:
            sending.complete(action, body)
        assert (field, "not_an_email") in {(each.field, each.code) for each in caught.value.problems}
