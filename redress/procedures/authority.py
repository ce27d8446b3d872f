"""What an authority says in its file: who it is, its own choices, and what it changes in procedures."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from redress.domain.calendar import months_after
from redress.domain.fields import Kind
from redress.domain.opening import Opening
from redress.domain.procedure import Approver, Data, Owner
from redress.domain.words import mentioned, same_words

COMPLAINT, REPRESENTATION = "complaint", "representation"
"""The kind that is a complaint, and the procedure for all that is none."""


def _prefix(value: str) -> str:
    if not (2 <= len(value) <= 6 and value.isascii() and value.isalpha() and value.isupper()):
        raise ValueError("should be two to six capital letters, for example CYP")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", value, re.ASCII):
        raise ValueError("should be an e-mail address, for example director@council.example")
    return value


def _logo(value: str) -> str:
    if not re.fullmatch(r"(\w[\w-]*\.(svg|png|jpg|jpeg))?", value, re.ASCII):
        raise ValueError("should be the name of an svg, png or jpg file beside this one, as our-logo.svg")
    return value


def _colour(value: str) -> str:
    if not re.fullmatch(r"(#[0-9a-fA-F]{6})?", value, re.ASCII):
        raise ValueError("should be a colour in hexadecimal, for example #1d3557")
    return value


def _by_procedure(value: object) -> object:
    """Changes to one procedure stand under its name: `[only.corporate.limits.acknowledgement]`."""
    parts = {"limits", "new_limits", "roles", "stages", "questions", "not_asked", "plain", "policy"}
    if isinstance(value, dict) and parts & value.keys():
        part = sorted(parts & value.keys())[0]
        raise ValueError(f"name the procedure first: [only.PROCEDURE.{part}]")
    return value


class Contact(Data):
    """Where the authority can be reached; printed on letters."""

    team: Annotated[str, Field(min_length=1)]
    address: list[str] = []
    email: str = ""
    telephone: str = ""


class Service(Data):
    """Somebody outside the authority whom letters name: the advocacy service, the Ombudsman."""

    name: str
    address: list[str] = []
    telephone: str = ""
    email: str = ""
    web: str = ""


class Retention(Data):
    """How long a closed complaint's personal data is kept."""

    years: Annotated[int, Field(ge=1, le=100)]
    """Years after closing; nothing is destroyed before."""

    source: str = ""
    """Where the period comes from: as a rule the authority's own retention schedule."""

    verified: bool = True
    """Whether the authority has confirmed the period; until then what is past it is told and kept."""

    erase_automatically: bool = False
    """Whether the daily maintenance destroys what is past the period; otherwise it only counts it."""

    @model_validator(mode="after")
    def _erases_only_what_is_verified(self) -> Retention:
        if self.erase_automatically and not self.verified:
            raise ValueError("erase_automatically: needs a period that you have confirmed: verified = true")
        return self

    def last_day(self, closed_on: date) -> date:
        """The last day on which it is kept."""
        return months_after(closed_on, 12 * self.years)


class Letterhead(Data):
    """How an authority's letters look in print."""

    logo: Annotated[str, AfterValidator(_logo)] = ""
    """A picture beside this file: `our-logo.svg`, also png or jpg. Without one its title stands there."""

    colour: Annotated[str, AfterValidator(_colour)] = ""
    """Of the rule and the headings: `#1d3557`. Left out: black, without a rule."""

    font: str = ""
    """A font of your own, whose files lie in the folder `fonts` beside this file. It goes before ours."""


Urgent = Literal["last_day", "limit_missed", "decision", "undelivered"]
"""What staff may be told apart from their daily digest."""


class DailyDigest(Data):
    """What staff read in one digest a day, and what they are told apart from it."""

    urgent: list[Urgent] = ["last_day", "limit_missed", "decision", "undelivered"]
    """`last_day`: today is the last day of a limit, in a letter of its own beside the digest; `limit_missed`,
    `decision`, `undelivered`: a letter about each as it comes up. What is not named stands in the digest."""
    due_within: Annotated[int, Field(ge=0, le=60)] = 5
    """Working days ahead of which it tells what is due."""


class Choice(Data):
    """A rule that chooses the procedure of a matter: all that it names must fit."""

    procedure: str
    kinds: list[Kind] = []
    statutory: bool | None = None
    roles: list[str] = []
    services: list[str] = []
    """Words looked for in what the matter is about (`about`: service, team, people)."""
    reason: str
    """Told to the person and kept with the complaint."""

    def _kinds(self) -> Collection[str]:
        """Without kinds a rule is about complaints, or, for representations, about what is none."""
        if self.kinds:
            return self.kinds
        if self.procedure != REPRESENTATION:
            return (COMPLAINT,)
        return [kind for kind in get_args(Kind) if kind != COMPLAINT]

    @model_validator(mode="after")
    def _keeps_complaints_apart(self) -> Choice:
        wrong = [kind for kind in self.kinds if (kind == COMPLAINT) is (self.procedure == REPRESENTATION)]
        if wrong:
            raise ValueError(f"kinds: {wrong[0]} cannot go to the procedure {self.procedure}")
        return self

    def fits(self, opening: Opening) -> bool:
        """Whether the rule is about this matter."""
        roles = {same_words(role) for role in opening.roles}
        return (
            opening.kind in self._kinds()
            and (self.statutory is None or opening.statutory is self.statutory)
            and (not self.roles or bool(roles & {same_words(named) for named in self.roles}))
            and (not self.services or bool(mentioned(self.services, *opening.subjects)))
        )


class Choices(Data):
    """The rules that every authority has after its own."""

    choose: list[Choice]


class Overlay(Data):
    """What an authority changes in procedures."""

    policy: dict[str, Any] = {}
    limits: dict[str, dict[str, Any]] = {}
    new_limits: list[dict[str, Any]] = []
    """Limits of its own, with all their keys."""
    roles: dict[str, dict[str, Any]] = {}
    stages: dict[str, dict[str, Any]] = {}
    questions: list[dict[str, Any]] = []
    """Asked beside the procedure's own; one of the same name takes its place."""
    not_asked: list[str] = []
    """Questions of the procedure that this authority does not ask."""
    plain: dict[str, dict[str, str]] = {}


class Authority(Overlay):
    """An authority's own choices: names, contact details, policy, limits of its own."""

    name: str
    title: str
    prefix: Annotated[str, AfterValidator(_prefix)]
    procedures: Annotated[dict[str, str], Field(min_length=1)]
    choose: list[Choice] = []
    """Which procedure a matter follows; the usual rules come after these."""
    only: Annotated[dict[str, Overlay], BeforeValidator(_by_procedure)] = {}
    """Changes to one of its procedures only."""
    themes: list[str] = []
    """What complaints are counted under (`themes` of an opening). None here: none can be given."""
    retention: Retention | None = None
    folder_posted_daily: bool = False
    """Whether somebody posts what lies in the outbox folder every day: then what is laid there has left."""
    folder_starts_windows: bool = False
    """Whether windows count from the day on which a letter was laid there, though nobody has said that it was
    posted, until somebody says a later day."""
    digest: DailyDigest = DailyDigest()
    contact: Contact
    addresses: dict[Owner, Annotated[str, AfterValidator(_email)]] = {}
    """E-mail addresses of those at the authority; who has none here is written to at the contact's."""
    signatures: dict[str, Approver] = {}
    """Who signs a letter, by its name, where it is another than the letter's own file says."""
    letterhead: Letterhead = Letterhead()
    email_form: Literal["text", "pdf"] = "text"
    """`pdf`: an e-mail to somebody outside has the letter on the letterhead with it, beside its text."""
    advocacy: Service | None = None
    ombudsman: Service
    titles: dict[Owner, str] = {}
