"""The small types that openings and messages are made of, with their limits and what they mean."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from redress.domain.identifiers import known_by

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _only_a_date(value: object) -> object:
    if type(value) is date or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("not_a_date", "give a date as YYYY-MM-DD, for example 2026-11-20")


Day = Annotated[date, BeforeValidator(_only_a_date)]
"""A London date, written YYYY-MM-DD; no times and no numbers."""

IsoDay = Annotated[str, Field(json_schema_extra={"format": "date"})]
"""The same as a text, where it is shown."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8000)]
"""Free text. Long documents live elsewhere: put their place here, not their content."""

RequiredText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]
"""Free text that must not be empty."""

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A name, a reference, a line."""

Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""Another system's key for a thing."""

Flag = Annotated[bool, Strict()]
"""True or false, and nothing that only looks like it: `"no"` is a text."""

Points = Annotated[list[RequiredText], Field(min_length=1, max_length=50)]

Kind = Literal["complaint", "comment", "compliment", "suggestion", "service_request", "information_request"]
Channel = Literal["web_form", "email", "post", "telephone", "text", "in_person"]
AnswerOutcome = Literal["upheld", "partly_upheld", "not_upheld", "resolved"]
Role = Literal[
    "investigating_officer", "independent_person", "adjudicating_officer", "panel_chair", "panel_member"
]
Connection = Literal["none", "employee", "member", "partner_of_either"]
AttendeePart = Literal[
    "complainant",
    "child",
    "advocate",
    "supporter",
    "solicitor",
    "interpreter",
    "investigating_officer",
    "independent_person",
    "adjudicating_officer",
    "manager",
    "director",
    "complaints_manager",
    "other",
]
ReportKind = Literal["investigation", "independent_person", "panel"]
ApproachedBy = Literal["authority", "complainant"]
EnquiryKind = Literal["enquiry", "draft_decision", "reminder"]
OmbudsmanCategory = Literal[
    "upheld", "not_upheld", "premature", "closed_after_enquiries", "out_of_jurisdiction"
]
RemedyKind = Literal[
    "apology", "explanation", "service", "decision", "procedure", "training", "payment", "other"
]
RemedyOrigin = Literal["answer", "panel", "ombudsman"]
LaterStage = Literal["stage_1", "stage_2", "stage_3"]

Provisional = Annotated[
    bool, Field(description="It may move: its bank holidays, or what it counts from, are open.")
]

Name = Annotated[Short, Field(description="The name, as it is written.", examples=["Robin Invented"])]
Email = Annotated[Text, Field(description="An e-mail address.", examples=["robin@invented.example"])]
Telephone = Annotated[Text, Field(description="A telephone number.")]
Address = Annotated[Text, Field(description="A postal address, with line breaks between its lines.")]


class Part(BaseModel):
    """Base of everything that comes in: unknown fields are refused by name.

    What stands below a field, or in its type, is its description wherever it is shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def example(cls) -> dict[str, Any]:
        """An invented one: the fields that have an example."""
        fields = cls.model_fields.items()
        return {field.alias or name: field.examples[0] for name, field in fields if field.examples}


class Contact(Part):
    """How to reach somebody."""

    name: Name
    role: Text = Field(default="", examples=["young_person"])
    """Who they are to the matter, in your own words: `parent`, `foster_carer`, … The roles `child`,
    `young_person`, `looked_after_child`, `care_leaver` get letters in plain words and are told of their
    right to an advocate."""

    email: Email = ""
    telephone: Telephone = ""
    address: Address = ""
    format: Text = ""
    """How letters should come: `email`, `post`, `text`, or several in order of preference. Anything else,
    such as large print, is left to a person."""


class Person(Part):
    """Somebody who takes a part in the case. The id tells two people of one name apart."""

    name: Annotated[Short | None, Field(description="The name.", examples=["Fern Fictitious"])] = None
    id: Id | None = None
    """Your own number for this person: tells two of one name apart."""

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
            return known_by(self.name) == known_by(other.name)
        return False


class Appointee(Person):
    """Somebody who is appointed, and how they are reached: left out, as the directory says."""

    email: Email = ""
    telephone: Telephone = ""
    address: Address = ""
    organisation: Annotated[Text, Field(description="For whom they work.")] = ""


class Attendee(Part):
    """Somebody who came to a meeting."""

    part: AttendeePart = Field(examples=["independent_person"])
    """As what they came: `manager` is one of the service or team, `supporter` a friend or relative."""

    name: Text = Field(default="", examples=["Fern Fictitious"])
    """Their name."""


class Advocate(Part):
    """The advocate of the person's own choosing."""

    name: Name
    email: Email = ""
    telephone: Telephone = ""
    address: Address = ""
