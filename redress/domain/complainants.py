"""Those who complain in one complaint: one person or several together, and who of them has left.

The first is the opening's `complainant`, the others its `also_complaining`. Each has a number that stays
theirs, from 1, and a name by which letters to them are kept (`complainant`, `complainant_2`, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple, TypedDict

from redress.domain.effects import Fact
from redress.domain.fields import Contact
from redress.domain.identifiers import known_by
from redress.domain.opening import Opening

FIRST = "complainant"
"""What letters call the first of those who complain; the others have their number after it."""

COULD_BE = " It could be: "
"""What stands in a refusal before the names of those who could be meant: they are not for everybody."""

_ROLE = re.compile(rf"{FIRST}(?:_([2-9]|[1-9]\d))?")


class Complainant(NamedTuple):
    """One of those who complain."""

    number: int
    contact: Contact


class Departure(NamedTuple):
    """Why somebody complains no more, and since when."""

    why: Literal["withdrawn", "died"]
    on: date


class WhoReads(TypedDict, total=False):
    """Facts of a letter about several people: to whom alone it goes, or who of them asked for something."""

    to_people: list[Fact]
    asked_by: list[Fact]


class NotThere(NamedTuple):
    """Why a message can be about none of those who complain: in a sentence, without names and with them."""

    what: str
    could_be: str

    def told(self, *, names: bool) -> str:
        """The whole reason; `names`: to somebody who may read who complains."""
        return f"{self.what}{COULD_BE}{self.could_be}." if names and self.could_be else self.what


class Complainants:
    """Those who complain, in their order. `left`: who complains no more, by number.

    `names`: whatever each has been called, so that a message which names somebody means the same person
    after their name was put right. `successor`: the number of whoever goes on in somebody's place.
    """

    def __init__(self, opening: Opening) -> None:
        self.all = [Complainant(number, contact) for number, contact in enumerate(opening.people, 1)]
        self.left: dict[int, Departure] = {}
        self.names: Mapping[int, frozenset[str]] = {}
        self.successor: int | None = None

    @property
    def are_several(self) -> bool:
        """Whether more than one person has complained."""
        return len(self.all) > 1

    @property
    def present(self) -> list[Complainant]:
        """Those who complain still."""
        return [each for each in self.all if each.number not in self.left]

    @property
    def nobody_is_left(self) -> bool:
        """Whether all of them have left; of nobody who is known, whether whoever it was has."""
        return bool(self.left) and not self.present

    def has_died(self, number: int) -> bool:
        """Whether one of them is dead."""
        departure = self.left.get(number)
        return departure is not None and departure.why == "died"

    def others_than(self, number: int) -> list[Complainant]:
        """Those who complain still, one of them apart."""
        return [each for each in self.present if each.number != number]

    def leave(self, number: int, why: Literal["withdrawn", "died"], on: date) -> None:
        """One of them complains no more, from a day on."""
        self.left[number] = Departure(why, on)

    def replace(self, contact: Contact) -> int:
        """Somebody goes on in the place of whoever died last, else of the first; gives the number."""
        dead = [number for number in self.left if self.has_died(number)]
        number = max(dead, key=lambda number: (self.left[number].on, -number), default=1)
        self.successor = number
        self.left.pop(number, None)
        self.all = [each._replace(contact=contact) if each.number == number else each for each in self.all]
        self.all = self.all or [Complainant(1, contact)]
        self.names = {key: names for key, names in self.names.items() if key != number}
        return number

    def find(self, person: str) -> Complainant | NotThere:
        """Whom a message means by a name, or by what letters call them (`complainant_2`)."""
        number, wanted = number_of(person.strip()), folded(person)
        found = [each for each in self.all if each.number == number]
        found = found or [each for each in self.all if wanted in self._names_of(each)]
        there = [each for each in found if each.number not in self.left]
        if len(there) == 1:
            return there[0]
        if len(there) > 1:
            return NotThere("person: more than one person of that name complains here.", _told(there))
        if found:
            departure = self.left[found[-1].number]
            gone = "has died" if departure.why == "died" else "has withdrawn"
            return NotThere(f"person: whoever that is {gone}, and complains here no more.", "")
        return NotThere("person: nobody of that name complains here.", _told(self.present))

    def _names_of(self, each: Complainant) -> frozenset[str]:
        return self.names.get(each.number, frozenset()) | {folded(each.contact.name)}


def role_of(number: int) -> str:
    """What letters call one of those who complain."""
    return FIRST if number == 1 else f"{FIRST}_{number}"


def number_of(role: str) -> int | None:
    """The number of whoever letters call so; None: none of those who complain."""
    match = _ROLE.fullmatch(role)
    return int(match[1] or 1) if match else None


def folded(name: str) -> str:
    """A name by which two spellings of it are known to be alike: whatever its case and spacing."""
    return " ".join(known_by(name))


def names_known(openings: Iterable[Opening]) -> dict[int, frozenset[str]]:
    """Whatever each of those who complain is called in these openings, by number."""
    names: dict[int, frozenset[str]] = {}
    for opening in openings:
        for number, contact in enumerate(opening.people, 1):
            names[number] = names.get(number, frozenset()) | {folded(contact.name)}
    return names


def without_names(reason: str) -> str:
    """A reason as it may stand where anybody reads it."""
    return reason.partition(COULD_BE)[0]


def _told(people: Iterable[Complainant]) -> str:
    return ", ".join(f"{each.contact.name} ({role_of(each.number)})" for each in people)
