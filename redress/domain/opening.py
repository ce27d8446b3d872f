"""What opens a complaint: the form an intake system fills in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from redress.domain.fields import Advocate, Channel, Contact, Day, Flag, Id, Kind, Part, Points, Short, Text
from redress.domain.identifiers import OtherReference
from redress.domain.parsing import Parsed

YOUNG_ROLES = frozenset({"child", "young_person", "looked_after_child", "care_leaver"})
"""Roles of a complainant who has the statutory right to an advocate (Children Act 1989 s 26A)."""

SPLIT_SOURCE = "split"
"""The source system of a part that was split off another complaint; its id is the part's own reference."""


class OnBehalfOf(Part):
    """The child or young person for whom somebody else complains."""

    name: Annotated[Short | None, Field(description="The child's name.")] = None
    child_agrees: Flag | None = None
    """Whether the child agrees. Left out: not asked yet."""


class About(Part):
    """What the matter concerns."""

    service: Text = ""
    """Which service."""

    team: Text = ""
    """Which team."""

    teams: list[Short] = Field(default_factory=list, max_length=20)
    """Which teams, where there are several; the first stands for `team` where that is left out."""

    people: list[Short] = Field(default_factory=list, max_length=50)
    """The names of the people concerned."""

    @property
    def all_teams(self) -> list[str]:
        """Every team it concerns, each once, in their order."""
        return list(dict.fromkeys(team for team in (self.team, *self.teams) if team)) or [""]


def is_young(person: Contact | None) -> bool:
    """Whether somebody is a child or young person, as far as the intake says."""
    role = person.role if person else ""
    return "_".join(role.casefold().replace("-", " ").split()) in YOUNG_ROLES


MOST_MESSAGES = 500
"""How many messages of a case under way an opening may bring."""


class Opening(Part):
    """The opening of one representation. `received_on` is the London date the authority had it."""

    authority: Short = Field(examples=["family-rights"])
    """The authority it goes to, by the name of its file; the answer to an unknown one names those there are.
    """

    kind: Kind = Field(examples=["complaint"])
    """What sort of representation it is."""

    source: Id = Field(examples=["web-form"])
    """The name of your system, always the same. No personal data."""

    source_id: Id = Field(examples=["example-0001"])
    """Your system's own number for this one: with `authority` and `source` it makes a repeat a repeat. No
    personal data."""

    channel: Channel = Field(examples=["web_form"])
    """How it came."""

    received_on: Day = Field(examples=["2026-11-20"])
    """The London date the authority had it: day 0 of its clocks. Not in the future, not before 1995."""

    points: Points = Field(examples=[["Nobody told me that my social worker had left."]])
    """What went wrong, or what the person says: 1 to 50 texts, each a point of its own, numbered from 1."""

    procedure: Short | None = None
    """`statutory`, `corporate`, `irm`, or `representation` for what is no `complaint`: one that the authority
    has. Left out: its rule chooses."""

    statutory: Flag | None = None
    """Whether the matter is statutory, where intake knows. Left out: the rule decides. It may not contradict
    `procedure`."""

    events_on: Day | None = None
    """When the matter arose."""

    complainant: Contact | None = Field(
        default=None,
        examples=[{"name": "Juniper Madeup", "role": "young_person", "email": "juniper@madeup.example"}],
    )
    """Who complains. Left out: anonymous."""

    also_complaining: list[Contact] = Field(default_factory=list, max_length=20)
    """Who complains together with them. Each has letters of their own, at their own address."""

    on_behalf_of: OnBehalfOf | Annotated[list[OnBehalfOf], Field(max_length=20)] | None = None
    """The child for whom somebody else complains, or several."""

    advocate: Advocate | None = None
    """Who speaks for the person; gets copies of the letters."""

    about: About | None = None
    """What the matter concerns."""

    desired_outcome: Text = ""
    """What the person wants to happen."""

    themes: list[Short] = Field(default_factory=list, max_length=20)
    """What the complaint is counted under: themes that the authority's file names."""

    tried_informally: Flag | None = None
    """Whether the person has tried to get it solved."""

    linked_to: OtherReference | Annotated[list[OtherReference], Field(max_length=20)] | None = None
    """The reference of a complaint of the authority that this one belongs with, or several. It leaves their
    clocks alone."""

    messages: list[dict[str, Any]] = Field(default_factory=list, max_length=MOST_MESSAGES)
    """The messages of a case already under way, each with its `action`, its `on` and that action's fields.
    Over HTTP for the role `complaints_manager` alone."""

    _parsed: tuple[Parsed, ...] | None = PrivateAttr(default=None)

    @field_validator("also_complaining")
    @classmethod
    def _beside_somebody(cls, value: list[Contact], info: ValidationInfo) -> list[Contact]:
        if value and "complainant" in info.data and info.data["complainant"] is None:
            raise ValueError("name the first person as complainant; these complain together with them")
        return value

    @property
    def parsed_messages(self) -> tuple[Parsed, ...] | None:
        """Those messages, where they have been parsed (`redress.domain.opening_parsing`)."""
        return self._parsed

    def with_parsed(self, messages: Iterable[Parsed]) -> Opening:
        """The same opening, with its messages parsed."""
        opening = self.model_copy()
        opening._parsed = tuple(messages)
        return opening

    @property
    def without_messages(self) -> Opening:
        """The opening alone: its messages stand in the complaint's log."""
        opening = self.model_copy(update={"messages": []})
        opening._parsed = None
        return opening

    @property
    def people(self) -> list[Contact]:
        """Those who complain, the complainant first; empty: anonymous."""
        return [self.complainant, *self.also_complaining] if self.complainant else []

    @property
    def roles(self) -> list[str]:
        """Who those who complain are to the matter; empty text: they do not say."""
        return [person.role for person in self.people]

    @property
    def children(self) -> list[OnBehalfOf]:
        """Those for whom somebody else complains."""
        several = self.on_behalf_of if isinstance(self.on_behalf_of, list) else [self.on_behalf_of]
        return [child for child in several if child is not None]

    @property
    def links_to(self) -> list[str]:
        """The references of the complaints that this one was opened as belonging with."""
        several = self.linked_to if isinstance(self.linked_to, list) else [self.linked_to]
        return [reference for reference in several if reference]

    @property
    def remarks_on_somebody(self) -> bool:
        """Whether it is a comment, a compliment or a suggestion about somebody it names."""
        return self.kind in ("comment", "compliment", "suggestion") and bool(self.about and self.about.people)

    @property
    def subjects(self) -> list[str]:
        """What the matter is said to be about: service, team and people."""
        about = self.about
        return [about.service, *about.all_teams, *about.people] if about else []
