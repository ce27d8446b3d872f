"""Who gets a letter, by the name under which it is kept: a person outside, or a role at the authority.

Of several people who complain each has letters of their own, and so has nobody who complains no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from redress.domain.actions.appointment import holders_of
from redress.domain.case import Case
from redress.domain.complainants import FIRST, number_of, role_of
from redress.domain.directory import Directory
from redress.domain.fields import Advocate, Appointee, Contact
from redress.domain.people import AT_THE_PANEL, PANEL
from redress.letters.catalogue import catalogue
from redress.letters.named_staff import named_staff

ADVOCATE = "advocate"

APPOINTED = "appointed_"
"""How recipients begin who have a part in the complaint: the part follows, and of several their number."""

CONFIRMS = "withdrawal"
"""The last letter to somebody who complains no more: that they have withdrawn."""

NO_READER = (FIRST, "ombudsman", "nobody")
"""Owners of a step who get no staff letter about it."""


def is_advocate(role: str) -> bool:
    """Whether a recipient is the advocate of somebody who complains (`advocate`, `advocate_2`, …)."""
    return role == ADVOCATE or (role.startswith(f"{ADVOCATE}_") and number_of(_client(role)) is not None)


def is_outside(role: str) -> bool:
    """Whether a recipient is no staff."""
    return is_advocate(role) or number_of(role) is not None


def whose(role: str) -> int | None:
    """The number of whoever complains whose letter, or copy of it, a recipient gets; None: staff."""
    return number_of(_client(role)) if is_advocate(role) else number_of(role)


def _client(advocate: str) -> str:
    return advocate.replace(ADVOCATE, FIRST, 1)


def recipients(
    case: Case,
    letter: str,
    facts: Mapping[str, Any],
    wrong: Sequence[Mapping[str, Any]] = (),
    directory: Directory | None = None,
) -> list[str]:
    """Who gets a letter, each once.

    `wrong`: the letters that left in error, where it is about those; `directory`: the authority's.
    """
    means: list[str] = [*catalogue()[letter].to]
    if "named" in means:
        staff = named_staff(case, directory or Directory())
        means.remove("named")
        means = [*staff.written_to, *(means if staff.others else [])]
    named = [role for to in means for role in _named(case, to, facts, wrong, directory)]
    return [role for role in dict.fromkeys(named) if not is_outside(role) or _gets(case, role, letter, facts)]


def person_of(case: Case, role: str) -> Contact | Advocate | None:
    """Whoever outside gets a letter; None: somebody at the authority, or nobody who is known."""
    number = whose(role)
    if number is not None and is_advocate(role):
        return case.state.people.advocate_of(number)
    return next((each.contact for each in case.state.complainants.all if each.number == number), None)


def appointed_in(facts: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those appointed whom an effect is about, each by what they are called as a recipient."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in facts.get("appointed") or []:
        role = APPOINTED + each["role"]
        numbered = (f"{role}_{number}" for number in count(2))
        found[role if role not in found else next(name for name in numbered if name not in found)] = each
    return found


def with_panel(case: Case, letter: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of an effect; of a letter to those at the panel with who they are when it is written."""
    if "at_the_panel" not in catalogue()[letter].to:
        return facts
    return {**facts, "appointed": holders_of(case.state, *PANEL, *AT_THE_PANEL)}


def _named(
    case: Case,
    to: str,
    facts: Mapping[str, Any],
    wrong: Sequence[Mapping[str, Any]],
    directory: Directory | None,
) -> list[str]:
    """The recipients that an entry of the catalogue means."""
    match to:
        case "had_letter":
            had = (recipients(case, each["template"], each, directory=directory) for each in wrong)
            return [role for roles in had for role in roles]
        case "appointed" | "at_the_panel":
            return [*appointed_in(facts)]
        case "appointed_before":
            return [*_appointed_before(facts)]
        case "released":
            return recipients(case, str(facts["which"]), facts)
        case "owner":
            return [str(facts.get("owner", "complaints_manager"))]
        case "owners":
            owners = [str(change["owner"]) for change in facts.get("moved", [])]
            return [owner for owner in owners if owner not in NO_READER]
        case "complainant":
            return [role_of(each.number) for each in case.state.complainants.all]
        case "advocate":
            return [role_of(number).replace(FIRST, ADVOCATE) for number in case.state.people.advocates]
        case _:
            return [to]


def _appointed_before(facts: Mapping[str, Any]) -> Iterator[str]:
    """Those appointed whom an effect is about, but for whoever its message appoints."""
    message = facts.get("message")
    if not message:  # a letter that left in error: who was appointed is told anew, with whoever comes next
        return
    now = Appointee.model_validate(message["person"])
    for name, each in appointed_in(facts).items():
        if not now.is_same_as(Appointee.model_validate(each["person"])):
            yield name


def _gets(case: Case, role: str, letter: str, facts: Mapping[str, Any]) -> bool:
    """Whether somebody outside gets it: nobody writes to the dead, nor to those who have withdrawn.

    An advocate's copy is of the letter to whoever chose them.
    """
    complainants, number = case.state.complainants, whose(role) or 1
    if is_advocate(role) and not case.state.people.advocates[number].gets_letters:
        return False
    to_people = facts.get("to_people")
    if to_people and number not in to_people:
        return False
    left = complainants.left.get(number)
    return left is None or (left.why == "withdrawn" and letter == CONFIRMS and bool(to_people))
