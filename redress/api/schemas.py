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
ProcedureOf = Annotated[
    str, Field(description="`statutory`, `corporate`, `irm` or `representation`.", examples=["statutory"])
]
KindOf = Annotated[str, Field(description="What sort of representation it is.", examples=["complaint"])]
StageOf = Annotated[StageName, Field(description="The stage.", examples=["stage_1"])]
StateOf = Annotated[
    Literal["open", "suspended", "closed"],
    Field(description="Whether it is open, paused for proceedings elsewhere, or closed."),
]
NextDueOn = Annotated[
    date | None, Field(description="The earliest date still owed, one that has passed included.")
]
WaitingFor = Annotated[Owner, Field(description="Who owes what is due next.", examples=["stage_manager"])]
OwedBy = Annotated[Owner, Field(description="Who owes it.", examples=["stage_manager"])]
Overdue = Annotated[bool, Field(description="Whether a limit has passed and is still owed.")]
NameOfLimit = Annotated[str, Field(description="Which limit.", examples=["stage_1_response"])]
DueOn = Annotated[date, Field(description="The last day that is in time.")]
Unit = Annotated[Literal["working_days", "calendar_days"], Field(description="What is counted.")]
KindOfLimit = Annotated[
    Literal["limit", "target", "window"],
    Field(
        description="`limit`: missing it is a breach; `target`: it is not; `window`: the "
        "person's time to ask."
    ),
]
DaysLate = Annotated[int, Field(description="0 in time, at least 1 once late, in the limit's own unit.")]
Source = Annotated[str, Field(description="The rule that it comes from.")]
Provisional = Annotated[
    bool,
    Field(
        description="It may still move: no official list of bank holidays covers it yet, or what it counts "
        "from has not happened."
    ),
]
AsOfDate = Annotated[date, Field(description="The London date of this status.")]
Next = Annotated[
    str | None, Field(description="Give it as `after` for the next page; null: this is the last.")
]


class Moved(BaseModel):
    """An earlier due date."""

    due_on: DueOn
    reason: str = Field(description="Why it moved.")
    breach: bool = Field(description="Whether it had passed by then.")


class DatedDeadline(BaseModel):
    """A limit that runs, or has run, in a complaint."""

    name: NameOfLimit
    title: str = Field(description="The same in words.")
    stage: StageOf
    owner: OwedBy
    kind: KindOfLimit
    counts_from: date = Field(description="Day 0.")
    limit: int = Field(description="How many days.")
    unit: Unit
    due_on: DueOn
    provisional: Provisional
    met_on: date | None = Field(description="When it was met; null: it is not.")
    state: DeadlineState = Field(
        description="`paused`: stands still; `lapsed`: a window not used; `stopped`: no longer owed."
    )
    days_late: DaysLate
    source: Source


class StatusDeadline(DatedDeadline):
    """The same, with what moved it, and why."""

    model_config = ConfigDict(extra="allow")

    verified: bool = Field(description="Whether the rule was read against its text.")
    moved: list[Moved] = Field(description="Each earlier due date.")


class ComplaintLine(BaseModel):
    """A complaint in a line. Nothing in it is personal."""

    reference: ReferenceOf
    authority: AuthorityOf
    procedure: ProcedureOf
    kind: KindOf
    state: StateOf
    stage: StageOf
    received_on: date = Field(description="When the authority had it.")
    next_due_on: NextDueOn
    waiting_for: WaitingFor
    overdue: Overdue
    closed_on: date | None = Field(description="When it closed; null: it has not.")
    closed_as: str | None = Field(
        description="`resolved`, `lapsed`, `completed`, `withdrawn`, `declined`, `ended_early`; null: open."
    )


class Standing(ComplaintLine):
    """Where a complaint stands, in dates and states alone."""

    deadlines: list[DatedDeadline] = Field(
        description="Every limit, target and window, those that are over included."
    )
    as_of: AsOfDate


class _Recorded(BaseModel):
    """An entry of a list of a status."""

    model_config = ConfigDict(extra="allow")


class Appointment(_Recorded):
    """Somebody takes a part."""

    role: str = Field(description="Which part.")
    person: dict[str, JsonValue] = Field(default={}, description="Who: `name`, `id` or both.")
    connection: str = Field(
        description="With the authority: `none`, `employee`, `member`, `partner_of_either`."
    )
    on: date = Field(description="From when.")
    until: date | None = Field(description="To when; null: still.")


class LetterStatus(_Recorded):
    """A letter or reminder."""

    letter: str = Field(description="Its name.")
    on: date = Field(description="The day it belongs to.")
    key: str = Field(description="What makes it one: it is sent once.")
    state: str = Field(
        default="",
        description="`waiting` (for office hours, or its day), `done` (sent), `leaving`, `failed` and "
        "`unsure` (raised to the Complaints Manager), `skipped` (overtaken), `history` (from before: never "
        "sent).",
    )


class RemedyStatus(_Recorded):
    """Something agreed to be done."""

    remedy: int = Field(description="Its number, from 1.")
    what: str | None = Field(default=None, description="What.")
    owner: str = Field(description="Who sees to it.", examples=["complaints_manager"])
    point: int | None = Field(default=None, description="The point it is for.")
    due_on: date = Field(description="By when.")
    done_on: date | None = Field(description="When it was done; null: it is not.")


class _About(_Recorded):
    action: str = Field(description="Its action.")
    on: date = Field(description="Its date.")
    message_id: str | None = Field(
        default=None, description="Its name; a signal that could not be read has none."
    )


class MessageRecord(_About):
    """A message with the fields of its action."""

    outcome: str = Field(
        default="",
        description="`applied`, `pending`, `refused`, `not_accepted` (a late request), `overtaken` (it "
        "closed first). What `respond` or `ombudsman_decision` decided is under `decided`.",
    )
    assumed: bool = Field(
        default=False, description="It came without a date, and has that of its processing."
    )


class MessageOutcome(_About):
    """A message that waits, or was refused."""

    reason: str | None = Field(default=None, description="Why.")


class Irregularity(_About):
    """What was missing when a message came."""

    what: str | None = Field(default=None, description="What.")


class PointStatus(_Recorded):
    """One point of the complaint."""

    point: int = Field(description="Its number, from 1.")
    text: str | None = Field(default=None, description="What went wrong.")
    state: str = Field(description="`open`, `resting`, `suspended`, `split_off`, `replaced`.")
    findings: list[dict[str, JsonValue]] = Field(
        default=[], description="Each `stage`, `outcome`, `reason`, `on`."
    )
    remedies: list[int] = Field(default=[], description="Their numbers.")


class Link(_Recorded):
    """A complaint that this one belongs with."""

    reference: str = Field(description="Its reference.")
    how: str = Field(description="`linked_to`, or `split_off` (then with `procedure`, `points`, `on`).")


class PlainWords(BaseModel):
    """The same for a young person."""

    title: str = Field(description="Where it is.")
    what: str = Field(description="What this is.")
    who: str = Field(description="Who does something.")
    next: str = Field(description="What happens next.")
    by: date | None = Field(description="By when.")


class ComplaintStatus(ComplaintLine):
    """Where a complaint stands, with everything that was written."""

    model_config = ConfigDict(extra="allow")

    deadlines: list[StatusDeadline] = Field(
        description="Every limit, target and window, those that are over included."
    )
    appointments: list[Appointment] = Field(description="Who takes which part.")
    letters: list[LetterStatus] = Field(description="Every letter and reminder.")
    remedies: list[RemedyStatus] = Field(description="What was agreed to be done.")
    messages: list[MessageRecord] = Field(
        default=[], description="Every message, in the order it was received."
    )
    pending: list[MessageOutcome] = Field(description="What waits: for a person's decision, or for its day.")
    refused: list[MessageOutcome] = Field(description="What was refused, and why.")
    irregular: list[Irregularity] = Field(description="What should have been there before, and was not.")
    as_of: AsOfDate
    procedure_reason: str | None = Field(default=None, description="Why the matter follows this procedure.")
    points: list[PointStatus] = Field(default=[], description="Its points.")
    linked: list[Link] = Field(default=[], description="Complaints it belongs with.")
    questions: list[str] = Field(default=[], description="What a person has to decide, or to ask.")
    plain: PlainWords | None = Field(default=None, description="The same for a young person.")
    advocate: dict[str, JsonValue] | None = Field(default=None, description="Who speaks for the person now.")
    contact_restricted_until: date | None = Field(
        default=None, description="Until then messages are not answered."
    )
    calendar: str | None = Field(
        default=None, description="The version of the list of bank holidays it counts by."
    )
    erased_on: date | None = Field(default=None, description="Only where its personal data was destroyed.")


class ComplaintPage(BaseModel):
    """A page of complaints, by next due date. Pages follow the reference, which never moves."""

    complaints: list[ComplaintLine] = Field(description="By next due date.")
    next: Next


class OwedDate(BaseModel):
    """A date that somebody owes."""

    due_on: DueOn
    reference: ReferenceOf
    authority: AuthorityOf
    name: NameOfLimit
    stage: StageOf
    kind: KindOfLimit
    owner: OwedBy
    state: Literal["running", "overdue"] = Field(description="Whether it has passed.")
    days_late: DaysLate
    provisional: Provisional
    source: Source


class DuePage(BaseModel):
    """A page of dates, by day. Pages follow the reference, which never moves."""

    due: list[OwedDate] = Field(description="By day.")
    next: Next


class SkippedDay(BaseModel):
    """A day that does not count."""

    on: date = Field(description="The day.")
    why: str = Field(description="Why it does not count.", examples=["Saturday"])


class Counted(BaseModel):
    """A date, and how it was counted."""

    from_: date = Field(alias="from", description="Day 0.", examples=["2026-12-24"])
    days: int = Field(description="How many days.", examples=[1])
    unit: Unit
    before: bool = Field(description="Whether it was counted back.")
    due_on: date = Field(description="The date.", examples=["2026-12-29"])
    provisional: Provisional
    explanation: str = Field(
        description="The same in a sentence.",
        examples=["Tue 29 Dec 2026 is 1 working day after Thu 24 Dec 2026; 4 days between do not count."],
    )
    skipped: list[SkippedDay] = Field(description="Every day that was passed over, and why.")


class MovedThing(BaseModel):
    """One thing that a message moved."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | None]

    what: str = Field(description="`stage`, `state`, or a deadline's name.")
    was: str | None = Field(default=None, description="As it was; null: not there.")
    is_: str | None = Field(default=None, alias="is", description="As it is; null: no longer there.")
    was_due_on: date | None = Field(default=None, description="Of a deadline: when it was due.")
    due_on: date | None = Field(default=None, description="Of a deadline: when it is due.")


class MessageAnswer(BaseModel):
    """What a message did."""

    message_id: str = Field(
        description="What the message is called from now on.",
        examples=["m-904096b102034e7b8d6c6e56d41a774c"],
    )
    on: date = Field(description="The London date it happened or was received.", examples=["2026-11-24"])
    applied: bool = Field(description="Whether it was carried out.", examples=[True])
    pending: bool = Field(description="Whether it waits: for a person's decision, or for its day.")
    repeated: bool = Field(description="Whether it came before; this is the first answer again.")
    reason: str = Field(
        description="Why it waits.",
        examples=["It came after the window, which ended on Fri 18 Dec 2026: a person decides."],
    )
    changed: list[MovedThing] = Field(
        description="What moved: stage, state, and each deadline, as it was and is.",
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
        ],
    )


class Breach(BaseModel):
    """The limit that was missed."""

    deadline: NameOfLimit
    stage: StageOf
    due_on: DueOn
    days: int = Field(description="How many days it has.", examples=[10])
    unit: Unit
    owner: OwedBy


class NoticeData(BaseModel):
    """Where the complaint stood, and what happened."""

    on: date = Field(description="The London date.")
    reference: ReferenceOf
    authority: AuthorityOf
    procedure: ProcedureOf
    kind: KindOf
    stage: StageOf
    state: StateOf
    next_due_on: NextDueOn
    waiting_for: WaitingFor
    overdue: bool = Field(
        description="Whether a limit has passed and is still owed. With `complaint.opened` too: what had "
        "passed before the complaint came here gets no `complaint.breached`."
    )
    received_on: date | None = Field(default=None, description="With `complaint.opened`.")
    stage_before: str | None = Field(default=None, description="With `complaint.stage_changed`.")
    closed_on: date | None = Field(default=None, description="With `complaint.closed`.")
    closed_as: str | None = Field(default=None, description="With `complaint.closed`.")
    breach: Breach | None = Field(default=None, description="With `complaint.breached`.")


class Notice(BaseModel):
    """What a webhook is sent. Nothing in it is personal."""

    type: Event = Field(description="What happened. Pass over those you do not know.")
    timestamp: datetime = Field(description="When it was noticed; the same however often it is tried.")
    data: NoticeData = Field(description="Where the complaint stood then.")
