"""What the API answers with, beyond the domain's own classes, and what it sends to webhooks.

What stands below a field is its description in the OpenAPI document.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from redress.domain.fields import IsoDay, Provisional
from redress.domain.procedure import Unit
from redress.domain.status import ComplaintLine, DatedDeadline, OwedStatus
from redress.store.notices import Event, NoticeData

DESCRIBED = ConfigDict(use_attribute_docstrings=True)

Next = Annotated[
    str | None, Field(description="Give it as `after` for the next page; null: this is the last.")
]


class Schema(BaseModel):
    """Base of what is answered and is made here."""

    model_config = DESCRIBED


@with_config(DESCRIBED)
class Standing(ComplaintLine):
    """Where a complaint stands, in dates and states alone."""

    deadlines: list[DatedDeadline]
    """Every limit, target and window, those that are over included."""

    as_of: IsoDay
    """The London date of this status."""


@with_config(DESCRIBED)
class OwedDate(OwedStatus):
    """A date that somebody owes."""

    reference: str
    """The complaint's reference."""

    authority: str
    """The authority, by the name of its file."""

    state: Literal["running", "overdue"]
    """Whether it has passed."""

    due_on_without_pause: IsoDay
    """The last day in time had no pause stopped it."""

    days_late_without_pause: int
    """The same of `days_late`."""


@with_config(DESCRIBED)
class ListedComplaint(ComplaintLine):
    """A complaint in a list."""

    approver: str | None
    """Who is asked to approve the letter that waits, by name; null: none waits, nobody is known, or the
    caller reads dates alone."""


@with_config(DESCRIBED)
class ComplaintPage(TypedDict):
    """A page of complaints, late limits first. Pages follow the reference, which never moves."""

    complaints: list[ListedComplaint]
    """Late limits first, the longest late before others; then by next due date."""

    next: Next


@with_config(DESCRIBED)
class DuePage(TypedDict):
    """A page of dates, by day. Pages follow the reference, which never moves."""

    due: list[OwedDate]
    """By day."""

    next: Next


class SkippedDay(Schema):
    """A day that does not count."""

    on: date
    """The day."""

    why: str = Field(examples=["Saturday"])
    """Why it does not count."""


class Counted(Schema):
    """A date, and how it was counted."""

    from_: date = Field(alias="from", examples=["2026-12-24"])
    """Day 0."""

    days: int = Field(examples=[1])
    """How many days."""

    unit: Unit
    """What is counted."""

    before: bool
    """Whether it was counted back."""

    due_on: date = Field(examples=["2026-12-29"])
    """The date."""

    provisional: Provisional
    explanation: str = Field(
        examples=["Tue 29 Dec 2026 is 1 working day after Thu 24 Dec 2026; 4 days between do not count."]
    )
    """The same in a sentence."""

    skipped: list[SkippedDay]
    """Every day that was passed over, and why."""


@with_config(DESCRIBED)
class Notice(TypedDict):
    """What a webhook is sent. Nothing in it is personal."""

    type: Event
    """What happened. Pass over those you do not know."""

    timestamp: datetime
    """When it was noticed; the same however often it is tried."""

    data: NoticeData
    """Where the complaint stood then."""
