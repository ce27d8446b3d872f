"""What the API answers with, and what it sends to webhooks.

Statuses and notices are made by `redress.domain.status` and `redress.store.notices`; what is personal may be
missing from them once it was erased. Fields that are not here yet are passed on as they are.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from redress.domain.procedure import Owner, StageName
from redress.domain.status import DeadlineState
from redress.store.notices import Event

ReferenceOf = Annotated[str, Field(description="The complaint's reference.", examples=["CYP-2026-000123"])]
AuthorityOf = Annotated[
    str, Field(description="The authority, by the name of its file.", examples=["family-rights"])
]
StageOf = Annotated[StageName, Field(description="The stage.", examples=["stage_1"])]
OwedBy = Annotated[Owner, Field(description="Who owes it.", examples=["stage_manager"])]
NameOfLimit = Annotated[str, Field(description="Which limit.", examples=["stage_1_response"])]
DueOn = Annotated[date, Field(description="The last day that is in time.")]
Unit = Annotated[Literal["working_days", "calendar_days"], Field(description="What is counted.")]
Provisional = Annotated[
    bool,
    Field(
        description="It may still move: no official list of bank holidays covers it yet, or what it counts "
        "from has not happened."
    ),
]
Next = Annotated[
    str | None, Field(description="Give it as `after` for the next page; null: this is the last.")
]


class Schema(BaseModel):
    """Base of what is answered: what stands below a field is its description in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Moved(Schema):
    """An earlier due date."""

    due_on: DueOn
    reason: str
    """Why it moved."""

    breach: bool
    """Whether it had passed by then."""


class _Deadline(Schema):
    name: NameOfLimit
    stage: StageOf
    owner: OwedBy
    kind: Literal["limit", "target", "window"]
    """`limit`: missing it is a breach; `target`: it is not; `window`: the person's time to ask."""

    due_on: DueOn
    days_late: int
    """0 in time, at least 1 once late, in the limit's own unit."""

    provisional: Provisional
    source: str
    """The rule that it comes from."""


class DatedDeadline(_Deadline):
    """A limit that runs, or has run, in a complaint."""

    title: str
    """The same in words."""

    counts_from: date
    """Day 0."""

    limit: int
    """How many days."""

    unit: Unit
    met_on: date | None
    """When it was met; null: it is not."""

    state: DeadlineState
    """`paused`: stands still; `lapsed`: a window not used; `stopped`: no longer owed."""


class StatusDeadline(DatedDeadline):
    """The same, with what moved it, and why."""

    model_config = ConfigDict(extra="allow")

    verified: bool
    """Whether the rule was read against its text."""

    moved: list[Moved]
    """Each earlier due date."""


class _Complaint(Schema):
    reference: ReferenceOf
    authority: AuthorityOf
    procedure: str = Field(examples=["statutory"])
    """`statutory`, `corporate`, `irm` or `representation`."""

    kind: str = Field(examples=["complaint"])
    """What sort of representation it is."""

    stage: StageOf
    state: Literal["open", "suspended", "closed"]
    """Whether it is open, paused for proceedings elsewhere, or closed."""

    next_due_on: date | None
    """The earliest date still owed, one that has passed included."""

    waiting_for: Owner = Field(examples=["stage_manager"])
    """Who owes what is due next."""

    overdue: bool
    """Whether a limit has passed and is still owed."""


class ComplaintLine(_Complaint):
    """A complaint in a line. Nothing in it is personal."""

    received_on: date
    """When the authority had it."""

    closed_on: date | None
    """When it closed; null: it has not."""

    closed_as: str | None
    """`resolved`, `lapsed`, `completed`, `withdrawn`, `declined`, `ended_early`; null: open."""


class Standing(ComplaintLine):
    """Where a complaint stands, in dates and states alone."""

    deadlines: list[DatedDeadline]
    """Every limit, target and window, those that are over included."""

    as_of: date
    """The London date of this status."""


class _Recorded(Schema):
    """An entry of a list of a status."""

    model_config = ConfigDict(extra="allow")


class Appointment(_Recorded):
    """Somebody takes a part."""

    role: str
    """Which part."""

    person: dict[str, JsonValue] = {}
    """Who: `name`, `id` or both."""

    connection: str
    """With the authority: `none`, `employee`, `member`, `partner_of_either`."""

    on: date
    """From when."""

    until: date | None
    """To when; null: still."""


class LetterStatus(_Recorded):
    """A letter or reminder."""

    letter: str
    """Its name."""

    on: date
    """The day it belongs to."""

    key: str
    """What makes it one: it is sent once."""

    state: str = ""
    """`waiting` (for office hours, or its day), `done` (sent), `leaving`, `failed` and `unsure` (raised to
    the Complaints Manager), `skipped` (overtaken), `history` (from before: never sent)."""


class RemedyStatus(_Recorded):
    """Something agreed to be done."""

    remedy: int
    """Its number, from 1."""

    what: str | None = None
    """What."""

    owner: str = Field(examples=["complaints_manager"])
    """Who sees to it."""

    point: int | None = None
    """The point it is for."""

    due_on: date
    """By when."""

    done_on: date | None
    """When it was done; null: it is not."""


class _About(_Recorded):
    action: str
    """Its action."""

    on: date
    """Its date."""

    message_id: str | None = None
    """Its name; a signal that could not be read has none."""


class MessageRecord(_About):
    """A message with the fields of its action."""

    outcome: str = ""
    """`applied`, `pending`, `refused`, `not_accepted` (a late request), `overtaken` (it closed first). What
    `respond` or `ombudsman_decision` decided is under `decided`."""

    assumed: bool = False
    """It came without a date, and has that of its processing."""


class MessageOutcome(_About):
    """A message that waits, or was refused."""

    reason: str | None = None
    """Why."""


class Irregularity(_About):
    """What was missing when a message came."""

    what: str | None = None
    """What."""


class PointStatus(_Recorded):
    """One point of the complaint."""

    point: int
    """Its number, from 1."""

    text: str | None = None
    """What went wrong."""

    state: str
    """`open`, `resting`, `suspended`, `split_off`, `replaced`."""

    findings: list[dict[str, JsonValue]] = []
    """Each `stage`, `outcome`, `reason`, `on`."""

    remedies: list[int] = []
    """Their numbers."""


class Link(_Recorded):
    """A complaint that this one belongs with."""

    reference: str
    """Its reference."""

    how: str
    """`linked_to`, or `split_off` (then with `procedure`, `points`, `on`)."""


class PlainWords(Schema):
    """The same for a young person."""

    title: str
    """Where it is."""

    what: str
    """What this is."""

    who: str
    """Who does something."""

    next: str
    """What happens next."""

    by: date | None
    """By when."""


class ComplaintStatus(ComplaintLine):
    """Where a complaint stands, with everything that was written."""

    model_config = ConfigDict(extra="allow")

    deadlines: list[StatusDeadline]
    """Every limit, target and window, those that are over included."""

    appointments: list[Appointment]
    """Who takes which part."""

    letters: list[LetterStatus]
    """Every letter and reminder."""

    remedies: list[RemedyStatus]
    """What was agreed to be done."""

    messages: list[MessageRecord] = []
    """Every message, in the order it was received."""

    pending: list[MessageOutcome]
    """What waits: for a person's decision, or for its day."""

    refused: list[MessageOutcome]
    """What was refused, and why."""

    irregular: list[Irregularity]
    """What should have been there before, and was not."""

    as_of: date
    """The London date of this status."""

    procedure_reason: str | None = None
    """Why the matter follows this procedure."""

    points: list[PointStatus] = []
    """Its points."""

    linked: list[Link] = []
    """Complaints it belongs with."""

    questions: list[str] = []
    """What a person has to decide, or to ask."""

    plain: PlainWords | None = None
    """The same for a young person."""

    advocate: dict[str, JsonValue] | None = None
    """Who speaks for the person now."""

    contact_restricted_until: date | None = None
    """Until then messages are not answered."""

    calendar: str | None = None
    """The version of the list of bank holidays it counts by."""

    erased_on: date | None = None
    """Only where its personal data was destroyed."""


class ComplaintPage(Schema):
    """A page of complaints, by next due date. Pages follow the reference, which never moves."""

    complaints: list[ComplaintLine]
    """By next due date."""

    next: Next


class OwedDate(_Deadline):
    """A date that somebody owes."""

    reference: ReferenceOf
    authority: AuthorityOf
    state: Literal["running", "overdue"]
    """Whether it has passed."""


class DuePage(Schema):
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


class MovedThing(Schema):
    """One thing that a message moved."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | None]

    what: str
    """`stage`, `state`, or a deadline's name."""

    was: str | None = None
    """As it was; null: not there."""

    is_: str | None = Field(default=None, alias="is")
    """As it is; null: no longer there."""

    was_due_on: date | None = None
    """Of a deadline: when it was due."""

    due_on: date | None = None
    """Of a deadline: when it is due."""


class MessageAnswer(Schema):
    """What a message did."""

    message_id: str = Field(examples=["m-904096b102034e7b8d6c6e56d41a774c"])
    """What the message is called from now on."""

    on: date = Field(examples=["2026-11-24"])
    """The London date it happened or was received."""

    applied: bool = Field(examples=[True])
    """Whether it was carried out."""

    pending: bool
    """Whether it waits: for a person's decision, or for its day."""

    repeated: bool
    """Whether it came before; this is the first answer again."""

    reason: str = Field(
        examples=["It came after the window, which ended on Fri 18 Dec 2026: a person decides."]
    )
    """Why it waits."""

    changed: list[MovedThing] = Field(
        examples=[
            [
                {
                    "what": "acknowledgement",
                    "was": "running",
                    "is": "met",
                    "was_due_on": "2026-11-25",
                    "due_on": "2026-11-25",
                }
            ]
        ]
    )
    """What moved: stage, state, and each deadline, as it was and is."""


class Breach(Schema):
    """The limit that was missed."""

    deadline: NameOfLimit
    stage: StageOf
    due_on: DueOn
    days: int = Field(examples=[10])
    """How many days it has."""

    unit: Unit
    owner: OwedBy


class NoticeData(_Complaint):
    """Where the complaint stood, and what happened.

    What had passed before the complaint came here gets no `complaint.breached`: `overdue` says so with
    `complaint.opened`.
    """

    on: date
    """The London date."""

    received_on: date | None = None
    """With `complaint.opened`."""

    stage_before: str | None = None
    """With `complaint.stage_changed`."""

    closed_on: date | None = None
    """With `complaint.closed`."""

    closed_as: str | None = None
    """With `complaint.closed`."""

    breach: Breach | None = None
    """With `complaint.breached`."""


class Notice(Schema):
    """What a webhook is sent. Nothing in it is personal."""

    type: Event
    """What happened. Pass over those you do not know."""

    timestamp: datetime
    """When it was noticed; the same however often it is tried."""

    data: NoticeData
    """Where the complaint stood then."""
