"""What opens a complaint: the form an intake system fills in."""

from __future__ import annotations

from typing import Any

from pydantic import Field

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

    @property
    def is_young(self) -> bool:
        """Whether the complainant is a child or young person, as far as the intake says."""
        role = self.complainant.role if self.complainant else ""
        return "_".join(role.casefold().replace("-", " ").split()) in YOUNG_ROLES

    @property
    def subjects(self) -> list[str]:
        """What the matter is said to be about: service, team and people."""
        return [self.about.service, self.about.team, *self.about.people] if self.about else []
