"""An authority's directory: its people, the parts they may take, when they are away and who stands in.

It is looked at when a letter leaves, never by the rules: what a complaint is follows from its messages alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from redress.domain.fields import (
    Address,
    Appointee,
    Connection,
    Day,
    Email,
    Id,
    Name,
    Part,
    Person,
    Role,
    Short,
    Telephone,
    Text,
)
from redress.domain.people import PANEL, People
from redress.domain.words import same_words

DirectoryRole = Literal[
    "complaints_manager", "stage_manager", "director", "officer", Role
]  # `stage_manager`: manages the teams named
"""A part that somebody may take: at the authority, or in a complaint once appointed."""

DIRECTORY_ROLES: tuple[str, ...] = get_args(DirectoryRole)

APPOINTED_AS: dict[str, tuple[Role, ...]] = {
    "investigating_officer": ("investigating_officer",),
    "adjudicating_officer": ("adjudicating_officer",),
    "panel": PANEL,
}
"""Who owes what an owner of limits owes, once somebody is appointed in the complaint."""

STANDING: dict[str, Collection[str]] = {
    "complaints_manager": ("complaints_manager",),
    "stage_manager": ("stage_manager",),
    "adjudicating_officer": ("adjudicating_officer",),
    "director": ("director",),
}
"""Who of the directory owes what an owner owes without an appointment in the complaint."""


class Absence(Part):
    """A time in which somebody is away."""

    first: Day = Field(alias="from", examples=["2026-12-21"])
    """The first day."""

    last: Day = Field(alias="to", examples=["2027-01-04"])
    """The last day."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Absence:
        if self.last < self.first:
            raise ValueError("to: should not be before from")
        return self


class DirectoryEntry(Part):
    """One person of a directory."""

    name: Name
    id: Id | None = None
    """Your own number for this person: tells two of one name apart."""

    email: Email = ""
    telephone: Telephone = ""
    address: Address = ""
    organisation: Text = Field(default="", examples=["Invented Investigations"])
    """For whom they work, if not for the authority."""

    title: Annotated[Text, Field(max_length=200)] = Field(default="", examples=["Team manager"])
    """Their job title, as it stands under what they sign."""

    connection: Connection = "employee"
    """With the authority."""

    roles: list[DirectoryRole] = Field(default_factory=list, max_length=20, examples=[["stage_manager"]])
    """The parts they may take."""

    teams: list[Short] = Field(default_factory=list, max_length=100, examples=[["Team North"]])
    """The teams they work in; with the part `stage_manager`, those they manage. Named as in `about.team`."""

    absences: list[Absence] = Field(default_factory=list, max_length=50)
    """When they are away."""

    deputy: Text = Field(default="", examples=["Olive Imagined"])
    """Who stands in while they are away: another entry, by its name, number or e-mail address."""

    def is_away(self, on: date) -> bool:
        """Whether they are away on a day."""
        return any(absence.first <= on <= absence.last for absence in self.absences)

    def is_called(self, text: str) -> bool:
        """Whether a text is their number, e-mail address or name."""
        return same_words(text) in {same_words(own) for own in (self.id or "", self.email, self.name) if own}


NamedBy = Literal["id", "email", "name"]

NAMED_BY: tuple[NamedBy, ...] = get_args(NamedBy)
"""By what an entry is named: a number goes before an address, an address before a name."""


class Listed(NamedTuple):
    """An entry, and what it is called in its directory: without personal data."""

    key: str
    entry: DirectoryEntry


class Responsible(NamedTuple):
    """Who a letter to a role goes to. `deputy_for`: the name of whoever is away; empty: nobody is."""

    name: str
    email: str
    telephone: str = ""
    address: str = ""
    deputy_for: str = ""


class Signatory(NamedTuple):
    """Who signs a letter, with their job title; a deputy signs `signs_for` whoever is away."""

    name: str
    title: str = ""
    signs_for: str = ""
    title_of_absent: str = ""


class Directory:
    """The people of one authority, in the order they were added."""

    def __init__(self, listed: Iterable[Listed] = ()) -> None:
        self.listed = [*listed]

    def __iter__(self) -> Iterator[Listed]:
        return iter(self.listed)

    def named(self, text: str) -> DirectoryEntry | None:
        """The one entry of a number, an e-mail address or a name; None where there is none, or several.

        A number goes before an address, an address before a name: nobody is guessed.
        """
        for field in NAMED_BY:
            found = self.having(field, text)
            if found:
                return found[0].entry if len(found) == 1 else None
        return None

    def having(self, field: NamedBy, text: str) -> list[Listed]:
        """Those of this number, e-mail address or name, however it is spelt."""
        return self._by[field].get(same_words(text), [])

    @cached_property
    def _by(self) -> Mapping[NamedBy, Mapping[str, list[Listed]]]:
        found: dict[NamedBy, dict[str, list[Listed]]] = {field: {} for field in NAMED_BY}
        for each in self.listed:
            for field in NAMED_BY:
                words = same_words(getattr(each.entry, field) or "")
                if words:
                    found[field].setdefault(words, []).append(each)
        return found

    def of(self, person: Person) -> DirectoryEntry | None:
        """The entry of somebody in a complaint: by number where both have one, by e-mail address, by name."""
        if person.id:
            found = [entry for _, entry in self.listed if entry.id == person.id]
            if len(found) == 1:
                return found[0]
        named = self.named(getattr(person, "email", "")) or self.named(person.name or "")
        return None if named is not None and person.id and named.id else named

    def present(
        self, entry: DirectoryEntry, on: date, *, not_by: str = "", passed: bool = False
    ) -> DirectoryEntry | None:
        """Whoever stands in on a day: they themselves, else the first deputy who is there; None: nobody.

        `not_by`: whom it cannot be, by name; `passed`: nor can it be they themselves.
        """
        seen: list[DirectoryEntry] = []
        here: DirectoryEntry | None = entry
        while here is not None and (
            here.is_away(on) or (passed and here is entry) or (not_by and here.is_called(not_by))
        ):
            if here in seen:
                return None
            seen.append(here)
            here = self.named(here.deputy)
        return here

    def reached(self, person: Appointee) -> Appointee:
        """Somebody appointed with what the directory adds: what the appointment says goes before."""
        entry = self.of(person)
        if entry is None:
            return person
        fields = ("email", "telephone", "address", "organisation")
        own = {name: getattr(person, name) or getattr(entry, name) for name in fields}
        return person.model_copy(update=own | {"name": person.name or entry.name})

    def responsible(
        self,
        role: str,
        *,
        teams: Collection[str],
        people: People,
        on: date,
        not_by: str = "",
        passed: bool = False,
    ) -> Responsible | None:
        """Who a letter to a role at the authority goes to on a London date; None: the role's own address.

        `teams`: those that the complaint is about; `people`: its appointments and officer. Whoever is
        appointed in the complaint goes before the directory's own, the officer of the complaint before the
        Complaints Manager, the manager of its team alone counts as `stage_manager`. Of several the first
        who is there, or has a deputy there. `not_by`: whom it cannot be, by name; `passed`: whoever it is has
        not done it in time, and their deputy is wanted.
        """
        appointed = _appointed(role, people)
        if appointed is not None:
            entry = self.of(appointed)
            if entry is None:
                known = self.reached(appointed)
                is_out = passed or (not_by and same_words(not_by) == same_words(known.name or ""))
                return _responsible(known.name or "", known.email) if known.email and not is_out else None
            return self._standing_in([entry], on, appointed.email, not_by=not_by, passed=passed)
        candidates = self._candidates(role, teams, people)
        return self._standing_in(candidates, on, not_by=not_by, passed=passed)

    def has_any(self, role: str, *, teams: Collection[str], people: People) -> bool:
        """Whether anybody is known for a role, there or away: appointed in the complaint, or listed."""
        return _appointed(role, people) is not None or any(
            True for _ in self._candidates(role, teams, people)
        )

    def signatory(self, role: str, *, teams: Collection[str], people: People, on: date) -> Signatory | None:
        """Who signs on a London date what is a role's to sign; None: nobody who is known by name.

        Found as by `responsible`, with an e-mail address or without; a complaint's officer signs for the
        Complaints Manager only where they are one.
        """
        appointed = _appointed(role, people)
        entry = self.of(appointed) if appointed is not None else None
        if appointed is not None and entry is None:
            return Signatory(appointed.name) if appointed.name else None
        holding = (
            each
            for each in self._candidates(role, teams, people)
            if {*STANDING.get(role, ())} & {*each.roles}
        )
        for each in holding if entry is None else [entry]:
            here = self.present(each, on)
            if here is each:
                return Signatory(each.name, each.title)
            if here is not None:
                return Signatory(here.name, here.title, each.name, each.title)
        return None

    def _candidates(self, role: str, teams: Collection[str], people: People) -> Iterator[DirectoryEntry]:
        if role == "complaints_manager" and people.officer:
            officer = self.named(people.officer)
            if officer is not None:
                yield officer
        about = {same_words(team) for team in teams if team.strip()}
        holding = [entry for _, entry in self.listed if set(STANDING.get(role, ())) & {*entry.roles}]
        yield from (entry for entry in holding if about & {same_words(team) for team in entry.teams})
        if role != "stage_manager":
            yield from (entry for entry in holding if not entry.teams)

    def _standing_in(
        self,
        candidates: Iterable[DirectoryEntry],
        on: date,
        email: str = "",
        *,
        not_by: str = "",
        passed: bool = False,
    ) -> Responsible | None:
        """The first who is there, or whose deputy is, and can be written to; `email`: the first one's."""
        for entry in candidates:
            here = self.present(entry, on, not_by=not_by, passed=passed)
            if here is entry and (email or entry.email):
                return _responsible(entry.name, email or entry.email, entry)
            if here is not None and here is not entry and here.email:
                away = entry.name if entry.is_away(on) else ""
                return _responsible(here.name, here.email, here, deputy_for=away)
        return None


def _appointed(role: str, people: People) -> Appointee | None:
    """Who is appointed in a complaint to what an owner of limits owes."""
    return next((held.person for part in APPOINTED_AS.get(role, ()) for held in people.holders(part)), None)


def _responsible(
    name: str, email: str, entry: DirectoryEntry | None = None, deputy_for: str = ""
) -> Responsible:
    telephone, address = (entry.telephone, entry.address) if entry is not None else ("", "")
    return Responsible(name, email, telephone, address, deputy_for)
