"""What opens a complaint: the form an intake system fills in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field, PrivateAttr

from redress.domain.fields import (
    About,
    Advocate,
    Channel,
    Contact,
    Day,
    Flag,
    Id,
    Kind,
    OnBehalfOf,
    Part,
    Points,
    Short,
    Text,
)
from redress.domain.parsing import Parsed

YOUNG_ROLES = frozenset({"child", "young_person", "looked_after_child", "care_leaver"})
"""Roles of a complainant who has the statutory right to an advocate (Children Act 1989 s 26A)."""


SPLIT_SOURCE = "split"
"""The source system of a part that was split off another complaint; its id is the part's own reference."""


class Opening(Part):
    """The opening of one representation. `received_on` is the London date the authority had it."""

    authority: Short
    kind: Kind
    source: Id
    source_id: Id
    channel: Channel
    received_on: Day
    points: Points
    procedure: Short | None = None
    statutory: Flag | None = None
    events_on: Day | None = None
    complainant: Contact | None = None
    on_behalf_of: OnBehalfOf | None = None
    advocate: Advocate | None = None
    about: About | None = None
    desired_outcome: Text = ""
    tried_informally: Flag | None = None
    linked_to: Short | None = None
    messages: list[dict[str, Any]] = Field(default_factory=list, max_length=500)
    """The messages of a case already under way, each with its action and `on`; parsed like any other."""
    _parsed: tuple[Parsed, ...] | None = PrivateAttr(default=None)

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
    def is_young(self) -> bool:
        """Whether the complainant is a child or young person, as far as the intake says."""
        role = self.complainant.role if self.complainant else ""
        return "_".join(role.casefold().replace("-", " ").split()) in YOUNG_ROLES

    @property
    def subjects(self) -> list[str]:
        """What the matter is said to be about: service, team and people."""
        return [self.about.service, self.about.team, *self.about.people] if self.about else []
