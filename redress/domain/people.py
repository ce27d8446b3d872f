"""The people of a complaint beside the complainant: who takes which part, and the advocate."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from pydantic import JsonValue

from redress.domain.fields import Advocate, Appointee, Person, Role
from redress.domain.messages import Appoint, SetAdvocate

PANEL: tuple[Role, ...] = ("panel_chair", "panel_member")
"""The parts of those who sit on a panel."""


class Appointment(NamedTuple):
    """A person in a part; `until` once somebody else has taken it."""

    role: str
    person: Appointee
    connection: str
    on: date
    until: date | None = None

    def fact(self, title: str) -> dict[str, JsonValue]:
        """What a letter may say of it; `title` of the part."""
        person = self.person.model_dump(mode="json", exclude_defaults=True)
        return {"role": self.role, "title": title, "connection": self.connection, "person": person}


class People:
    """Appointments in their order, and the advocate of the person's own choice.

    `advocate_letters`: letters go to the advocate too; `advocate_speaks`: for the complainant.
    """

    def __init__(self, advocate: Advocate | None) -> None:
        self.appointments: list[Appointment] = []
        self.officer: str | None = None
        self.set_advocate(advocate, speaks=False, gets_letters=True)

    def set_advocate(self, advocate: Advocate | None, *, speaks: bool, gets_letters: bool) -> None:
        """The advocate from now on, or that there is none any more."""
        self.advocate = advocate
        self.advocate_letters = advocate is not None and gets_letters
        self.advocate_speaks = advocate is not None and speaks

    def choose(self, message: SetAdvocate) -> None:
        """The person's own choice, as a message says it."""
        self.set_advocate(message.advocate, speaks=message.speaks, gets_letters=message.gets_letters)

    def holders(self, role: str) -> list[Appointment]:
        """Who has a part at present."""
        return [held for held in self.appointments if held.role == role and held.until is None]

    def end(self, roles: Collection[str], on: date) -> None:
        """Nobody has these parts any more, from a day on."""
        for at, held in enumerate(self.appointments):
            if held.role in roles and held.until is None:
                self.appointments[at] = held._replace(until=on)

    def stand_down(self, role: str, person: Person, on: date) -> bool:
        """Somebody has a part no more, from a day; whether they had it."""
        for at, held in enumerate(self.appointments):
            if held.role == role and held.until is None and held.person.is_same_as(person):
                self.appointments[at] = held._replace(until=on)
                return True
        return False

    def appoint(self, message: Appoint, seats: int) -> bool:
        """Give a part to somebody; where its seats are taken, in place of the first. Whether all are now."""
        holders = self.holders(message.role)
        if len(holders) >= seats:
            at = self.appointments.index(holders[0])
            self.appointments[at] = holders[0]._replace(until=message.on)
        taken = Appointment(message.role, message.person, message.connection, message.on)
        self.appointments.append(taken)
        return len(holders) + 1 >= seats
