"""The small types that openings and messages are made of, with their limits."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, model_validator

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _only_a_date(value: object) -> object:
    if type(value) is date or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise ValueError("give a date as YYYY-MM-DD, for example 2026-11-20")


Day = Annotated[date, BeforeValidator(_only_a_date)]
"""A London date, written YYYY-MM-DD; no times and no numbers."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8000)]
"""Free text. Long documents live elsewhere: put their place here, not their content."""

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
"""Free text that must say something."""

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A name, a reference, a line."""

Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""Another system's key for a thing."""

Flag = Annotated[bool, Strict()]
"""True or false, and nothing that only looks like it: `"no"` is a text."""

Points = Annotated[list[Said], Field(min_length=1, max_length=50)]

Channel = Literal["web_form", "email", "post", "telephone", "text", "in_person"]
Kind = Literal["complaint", "comment", "compliment", "suggestion", "service_request", "information_request"]
AnswerOutcome = Literal["upheld", "partly_upheld", "not_upheld", "resolved"]
Role = Literal[
    "investigating_officer", "independent_person", "adjudicating_officer", "panel_chair", "panel_member"
]
Connection = Literal["none", "employee", "member", "partner_of_either"]
ReportKind = Literal["investigation", "independent_person", "panel"]


class Part(BaseModel):
    """Base of everything that comes in: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(Part):
    """How to reach somebody."""

    name: Short
    role: Text = ""
    email: Text = ""
    telephone: Text = ""
    address: Text = ""
    format: Text = ""


class OnBehalfOf(Part):
    """The child or young person for whom somebody else complains."""

    name: Short | None = None
    child_agrees: Flag | None = None


class About(Part):
    """What the matter concerns."""

    service: Text = ""
    team: Text = ""
    people: list[Short] = Field(default_factory=list, max_length=50)


class Person(Part):
    """Somebody who takes a part in the case. The id tells two people of one name apart."""

    name: Short | None = None
    id: Id | None = None

    @model_validator(mode="after")
    def _known_somehow(self) -> Person:
        if not (self.name or self.id):
            raise ValueError("give the person's name, id or both")
        return self

    def is_same_as(self, other: Person) -> bool:
        """Whether these are one person: by id where both have one, else by name."""
        if self.id and other.id:
            return self.id == other.id
        if self.name and other.name:
            return self.name.casefold().split() == other.name.casefold().split()
        return False


class Advocate(Part):
    """The advocate of the person's own choosing."""

    name: Short
    email: Text = ""
    telephone: Text = ""
    address: Text = ""
