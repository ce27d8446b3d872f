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

AT_THE_PANEL: tuple[Role, ...] = ("independent_person", "investigating_officer", "adjudicating_officer")
"""Who of Stage 2 meets the panel: "the managers and the Independent Person attend" (003-14)."""


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


class ChosenAdvocate(NamedTuple):
    """The advocate of somebody's own choice; `gets_letters`: copies of theirs; `speaks`: for them."""

    advocate: Advocate
    speaks: bool
    gets_letters: bool


class People:
    """Appointments in their order, and the advocates of those who complain, by their numbers."""

    def __init__(self, advocate: Advocate | None) -> None:
        self.appointments: list[Appointment] = []
        self.told_of_the_end: list[Appointment] = []  # who was told that their part has ended with the stage
        self.officer: str | None = None
        self.advocates: dict[int, ChosenAdvocate] = {}
        if advocate is not None:
            self.advocates[1] = ChosenAdvocate(advocate, speaks=False, gets_letters=True)

    @property
    def advocate(self) -> Advocate | None:
        """The advocate of the first who complains."""
        return self.advocate_of(1)

    def advocate_of(self, number: int) -> Advocate | None:
        """The advocate of one of those who complain."""
        chosen = self.advocates.get(number)
        return chosen.advocate if chosen else None

    def drop_advocate(self, number: int) -> None:
        """One of those who complain has no advocate any more."""
        self.advocates.pop(number, None)

    def choose(self, message: SetAdvocate, number: int) -> None:
        """Somebody's own choice, as a message says it: whoever they had is their advocate no more."""
        self.drop_advocate(number)
        if message.advocate is not None:
            chosen = ChosenAdvocate(message.advocate, message.speaks, message.gets_letters)
            self.advocates[number] = chosen

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
