"""Who gets a letter, by the name under which it is kept: a person outside, or a role at the authority.

Of several people who complain each has letters of their own, and so has nobody who complains no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redress.domain.case import Case
from redress.domain.complainants import FIRST, number_of, role_of
from redress.domain.fields import Advocate, Contact
from redress.letters.catalogue import catalogue

ADVOCATE = "advocate"

CONFIRMS = "withdrawal"
"""The last letter to somebody who complains no more: that they have withdrawn."""

NO_READER = (FIRST, "ombudsman", "nobody")
"""Owners of a step who get no staff letter about it."""


def is_outside(role: str) -> bool:
    """Whether a recipient is no staff."""
    return role == ADVOCATE or number_of(role) is not None


def recipients(
    case: Case, letter: str, facts: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """Who gets a letter, each once. `wrong`: the letters that left in error, where it is about those."""
    named = [role for to in catalogue()[letter].to for role in _named(case, to, facts, wrong)]
    return [role for role in dict.fromkeys(named) if not is_outside(role) or _gets(case, role, letter, facts)]


def person_of(case: Case, role: str) -> Contact | Advocate | None:
    """Whoever outside gets a letter; None: somebody at the authority, or nobody who is known."""
    if role == ADVOCATE:
        return case.state.people.advocate
    number = number_of(role)
    return next((each.contact for each in case.state.complainants.all if each.number == number), None)


def _named(case: Case, to: str, facts: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]]) -> list[str]:
    """The recipients that an entry of the catalogue means."""
    match to:
        case "had_letter":
            return [role for each in wrong for role in recipients(case, each["template"], each)]
        case "owner":
            return [str(facts.get("owner", "complaints_manager"))]
        case "owners":
            owners = [str(change["owner"]) for change in facts.get("moved", [])]
            return [owner for owner in owners if owner not in NO_READER]
        case "complainant":
            return [role_of(each.number) for each in case.state.complainants.all]
        case _:
            return [to]


def _gets(case: Case, role: str, letter: str, facts: Mapping[str, Any]) -> bool:
    """Whether somebody outside gets it: nobody writes to the dead, nor to those who have withdrawn.

    An advocate's copy is of the letter to the first who complains, whose choice the advocate is.
    """
    complainants, people = case.state.complainants, case.state.people
    if role == ADVOCATE and not (people.advocate and people.advocate_letters):
        return False
    number = number_of(role) or 1
    to_people = facts.get("to_people")
    if to_people and number not in to_people:
        return False
    left = complainants.left.get(number)
    return left is None or (left.why == "withdrawn" and letter == CONFIRMS and bool(to_people))
