"""What a status says: where a complaint stands on a day, as callers get it."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, get_args

from pydantic import ConfigDict, Field, JsonValue, with_config
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict  # the one that pydantic takes on Python 3.11 too

from redress.domain.fields import (
    AnswerOutcome,
    ApproachedBy,
    AttendeePart,
    Channel,
    Connection,
    EnquiryKind,
    IsoDay,
    Kind,
    OmbudsmanCategory,
    Provisional,
    RemedyKind,
    RemedyOrigin,
    Role,
)
from redress.domain.messages import KNOWN
from redress.domain.plain_words import PlainWords
from redress.domain.position import Ending, OpenOrClosed
from redress.domain.procedure import LimitKind, Owner, StageName, Unit, WaitingFor

LetterState = Literal[
    "waiting",
    "draft",
    "approved",
    "leaving",
    "done",
    "arrived",
    "failed",
    "unsure",
    "by_hand",
    "skipped",
    "history",
    "withdrawn",
]

DeadlineState = Literal["running", "paused", "met", "met_late", "overdue", "lapsed", "stopped"]

DESCRIBED = ConfigDict(use_attribute_docstrings=True, extra="allow")
"""What stands below a field describes it in the OpenAPI document; fields that are new are passed on."""


def one_of(*values: str) -> FieldInfo:
    """The values of a text, for clients that are generated; what an older version recorded is passed on."""
    described: FieldInfo = Field(json_schema_extra={"enum": [*values]})
    return described


# What other classes inherit is described in the types: pydantic reads the docstrings of a class's own fields.


class OwedStatus(TypedDict):
    """What is said of a deadline wherever it is shown."""

    name: Annotated[str, Field(description="Which limit.", examples=["stage_1_response"])]
    stage: Annotated[StageName, Field(description="The stage.", examples=["stage_1"])]
    owner: Annotated[Owner, Field(description="Who owes it.", examples=["stage_manager"])]
    kind: Annotated[
        LimitKind, Field(description="To miss a `limit` is a breach; a `window` is the person's.")
    ]
    due_on: Annotated[IsoDay, Field(description="The last day that is in time.")]
    days_late: Annotated[int, Field(description="0 in time, at least 1 once late, in the limit's own unit.")]
    provisional: Provisional
    source: Annotated[str, Field(description="The rule that it comes from.")]


class DatedDeadline(OwedStatus):
    """A limit that runs, or has run, in a complaint."""

    title: Annotated[str, Field(description="The same in words.")]
    counts_from: Annotated[IsoDay, Field(description="Day 0.")]
    limit: Annotated[int, Field(description="How many days.")]
    unit: Annotated[Unit, Field(description="What is counted.")]
    met_on: Annotated[IsoDay | None, Field(description="When it was met; null: it is not.")]
    state: Annotated[DeadlineState, Field(description="`lapsed`: a window not used; `stopped`: not owed.")]


@with_config(DESCRIBED)
class MovedStatus(TypedDict):
    """An earlier due date."""

    due_on: IsoDay
    """The last day that was in time."""

    reason: str
    """Why it moved."""

    breach: bool
    """Whether it had passed by then."""


@with_config(DESCRIBED)
class PauseStatus(TypedDict):
    """A time in which a limit did not count."""

    since: IsoDay
    """Its first day."""

    until: IsoDay | None
    """When the limit went on; null: it has not."""

    ground: str
    """Why, as the procedure's file names it."""


@with_config(DESCRIBED)
class DeadlineStatus(DatedDeadline):
    """The same, with what moved it, and why."""

    verified: bool
    """Whether the rule was read against its text."""

    due_on_without_pause: IsoDay
    """The last day in time had no pause stopped it; never later than `due_on`."""

    days_late_without_pause: int
    """The same of `days_late`."""

    pauses: list[PauseStatus]
    """When it did not count, and why."""

    moved: list[MovedStatus]
    """Each earlier due date."""

    round: NotRequired[int]
    """Which time its stage is gone through, from 1: the Ombudsman may bring one back. Of several runs of one
    name the last is meant."""


@with_config(DESCRIBED)
class LateStatus(TypedDict):
    """What has passed and is still owed."""

    name: str
    """Which limit."""

    title: str
    """The same in words."""

    owner: Owner
    """Who owes it."""

    kind: LimitKind
    """To miss a `limit` is a breach."""

    due_on: IsoDay
    """The last day that was in time."""

    days_late: int
    """How late it is, in the limit's own unit."""


@with_config(DESCRIBED)
class RemarkStatus(TypedDict):
    """Why a draft was sent back."""

    on: IsoDay
    """The day."""

    by: str
    """Who sent it back."""

    reason: str
    """What is to be changed."""


@with_config(DESCRIBED)
class LetterStatus(TypedDict):
    """A letter or reminder."""

    letter: str
    """Its name."""

    on: IsoDay
    """The day it belongs to."""

    key: str
    """What makes it one: it is sent once."""

    about: JsonValue
    """The title of the limit that a reminder is about."""

    state: NotRequired[LetterState]
    """`waiting` (for office hours, or its day), `draft` (to be approved), `approved` (not written for good
    yet), `withdrawn` (a draft that is not to leave any more), `leaving` (written), `done` (it left),
    `arrived` (and is known to have), `failed` and `unsure` (raised to the Complaints Manager), `by_hand` (for
    somebody to send, from the outbox folder or without any address), `skipped` (overtaken, or
    told to staff in their daily digest alone), `history` (from before: never sent)."""

    mark: NotRequired[str]
    """Of a draft: what it is called."""

    approver: NotRequired[Owner]
    """Of a draft: who is asked to approve it now."""

    approver_name: NotRequired[str]
    """Of a draft: who that is by name, where the directory knows."""

    approve_by: NotRequired[IsoDay]
    """Of a draft: by when it is to be approved."""

    version: NotRequired[int]
    """Of a draft: which version of it this is, for `approve_letter` of what was read."""

    remarks: NotRequired[list[RemarkStatus]]
    """Of a draft: why it was sent back."""


@with_config(DESCRIBED)
class RemedyStatus(TypedDict):
    """Something agreed to be done."""

    remedy: int
    """Its number, from 1."""

    kind: NotRequired[Annotated[str, one_of(*get_args(RemedyKind))] | None]
    """What sort of remedy; null: not said."""

    what: NotRequired[str]
    """What."""

    owner: NotRequired[str]
    """Who sees to it."""

    point: NotRequired[int | None]
    """The point it is for."""

    due_on: IsoDay
    """By when."""

    done_on: IsoDay | None
    """When it was done; null: it is not."""

    origin: NotRequired[Annotated[str, one_of(*get_args(RemedyOrigin))]]
    """Who asked for it: the authority's own `answer`, the `panel` or the `ombudsman`."""

    amount: NotRequired[str | None]
    """In pounds, where it is money."""

    evidence: NotRequired[str]
    """What shows that it was done."""

    told_on: NotRequired[IsoDay | None]
    """When the authority told the person itself that it was done."""


@with_config(DESCRIBED)
class AppointmentStatus(TypedDict):
    """Somebody takes a part."""

    role: Annotated[str, one_of(*get_args(Role))]
    """Which part."""

    person: NotRequired[dict[str, JsonValue]]
    """Who: `name`, `id` or both, and `email`, `telephone`, `address`, `organisation` where given."""

    connection: Annotated[str, one_of(*get_args(Connection))]
    """With the authority: `none`, `employee`, `member`, `partner_of_either`."""

    on: IsoDay
    """From when."""

    until: IsoDay | None
    """To when; null: still."""

    round: NotRequired[int]
    """Which time its stage was gone through, from 1."""


@with_config(DESCRIBED)
class AnswerStatus(TypedDict):
    """An answer of the authority, or the draft of one."""

    stage: StageName
    """Which stage it answers."""

    round: int
    """Which time its stage was gone through, from 1."""

    message_id: NotRequired[str]
    """The message that gave it."""

    on: IsoDay
    """Its date; of a draft that of its message."""

    outcome: Annotated[str, one_of(*get_args(AnswerOutcome))]
    """What it decided."""

    points: list[int]
    """The numbers of the points that it answers."""

    amends: NotRequired[str | None]
    """The message of the answer that it amends; null: it is no amended one."""

    amended_by: NotRequired[str | None]
    """The message of the answer that amended it last; null: none did."""

    letter: LetterState | None
    """The letter with it, as in `letters`; null: the authority's own has gone."""

    letter_key: NotRequired[str | None]
    """The `key` of that letter."""

    left_on: IsoDay | None
    """When it left, as far as is known; of several copies the last. Null: a copy of it has not left."""

    received_on: IsoDay | None
    """When it was had, or is deemed to be; of several people by the last of them. Null: as above."""


_WithWhom = TypedDict("_WithWhom", {"with": Annotated[str, Field(description="With whom.")]})


@with_config(DESCRIBED)
class ContactStatus(_WithWhom):
    """A call, visit, e-mail or meeting."""

    on: IsoDay
    """When, as a London date."""

    direction: Annotated[str, one_of("in", "out")]
    """`in`: the person got in touch; `out`: the authority did."""

    channel: Annotated[str, one_of(*get_args(Channel))]
    """By which way."""

    person: str | None
    """Which of several people it is about."""

    summary: str
    """What was said, shortened where it is long: `messages` has the whole."""

    reply_by: IsoDay | None
    """The day by which an answer is expected: from us (`in`) or from them (`out`)."""

    replied_on: IsoDay | None
    """When we answered; null: not yet, or nothing is owed."""

    message_id: str
    """The message that recorded it."""


@with_config(DESCRIBED)
class AttendeeStatus(TypedDict):
    """Somebody who came to a meeting."""

    part: Annotated[str, one_of(*get_args(AttendeePart))]
    """As what they came."""

    name: str
    """Their name; empty: it is not recorded."""


@with_config(DESCRIBED)
class SittingStatus(TypedDict):
    """The Review Panel met."""

    on: IsoDay
    """When, as a London date."""

    adjourned_to: IsoDay | None
    """When it was to go on; null: this sitting ended it."""

    attended: NotRequired[list[AttendeeStatus] | None]
    """Who came besides its members; null: that is not recorded."""

    message_id: NotRequired[str]
    """The message that recorded it."""


class _AboutMessage(TypedDict):
    on: Annotated[IsoDay, Field(description="Its date.")]
    message_id: NotRequired[
        Annotated[str | None, Field(description="Its name; a signal that could not be read has none.")]
    ]


class _AboutKnownMessage(_AboutMessage):
    action: Annotated[
        str, Field(description="Its action; `struck_out`: not shown."), one_of(*KNOWN, "struck_out")
    ]


@with_config(DESCRIBED)
class MessageRecord(_AboutKnownMessage):
    """A message with the fields of its action."""

    outcome: Annotated[
        str, one_of("applied", "pending", "refused", "not_accepted", "overtaken", "struck_out")
    ]
    """`applied`, `pending`, `refused`, `not_accepted` (a late request), `overtaken` (it closed first),
    `struck_out` (it came by mistake; its fields are not shown). What
    `respond` or `ombudsman_decision` decided is under `decided`."""

    assumed: NotRequired[bool]
    """It came without a date, and has that of its processing."""

    in_clear: NotRequired[bool]
    """It came unencrypted though there are keys: it stays readable in Temporal's history."""


@with_config(DESCRIBED)
class PendingMessage(_AboutKnownMessage):
    """A message that waits."""

    reason: str
    """What for."""


@with_config(DESCRIBED)
class MessageOutcome(_AboutMessage):
    """A message that was refused."""

    action: str
    """Its action; of a signal that could not be read whatever it was called."""

    reason: str
    """Why."""

    received: NotRequired[str]
    """Of a signal that could not be read: what came."""

    in_clear: NotRequired[bool]
    """It came unencrypted though there are keys."""


@with_config(DESCRIBED)
class Irregularity(_AboutKnownMessage):
    """What was missing when a message came."""

    what: str
    """What."""


@with_config(DESCRIBED)
class PointStatus(TypedDict):
    """One point of the complaint."""

    point: int
    """Its number, from 1."""

    text: str
    """What went wrong."""

    state: Annotated[str, one_of("open", "resting", "suspended", "split_off", "replaced")]
    """`open`, `resting`, `suspended`, `split_off`, `replaced`."""

    findings: list[dict[str, JsonValue]]
    """Each `stage`, `round`, `outcome`, `reason`, `on`."""

    remedies: list[int]
    """Their numbers."""


@with_config(DESCRIBED)
class LinkStatus(TypedDict):
    """A complaint that this one belongs with."""

    reference: str
    """Its reference."""

    how: Annotated[str, one_of("linked_to", "split_off", "related", "sibling", "joint", "duplicate")]
    """`linked_to` (the opening says so), `split_off`, or as `link` says: `related`, `sibling`, `joint`,
    `duplicate`."""

    procedure: NotRequired[str]
    """Of what was split off: its procedure."""

    points: NotRequired[list[str]]
    """Of what was split off: its points."""

    on: NotRequired[IsoDay]
    """Of a link that was recorded, or of what was split off: when."""


@with_config(DESCRIBED)
class EnquiryStatus(TypedDict):
    """The Ombudsman asked for something."""

    on: IsoDay
    """When."""

    kind: Annotated[str, one_of(*get_args(EnquiryKind))]
    """`enquiry`, `draft_decision`, `reminder`."""

    ombudsman_reference: NotRequired[str]
    """The Ombudsman's own reference."""

    deadline: str | None
    """The name of the deadline of the reply; null: it began none of its own."""

    reply_by: IsoDay | None
    """The last day for that reply."""

    replied_on: IsoDay | None
    """When it went; null: it has not."""


@with_config(DESCRIBED)
class OmbudsmanDecisionStatus(TypedDict):
    """What the Ombudsman decided."""

    on: IsoDay
    """When."""

    category: Annotated[str, one_of(*get_args(OmbudsmanCategory))] | None
    """How the Ombudsman counts it; null: only words were recorded."""

    outcome: NotRequired[str]
    """The decision in words."""

    ombudsman_reference: NotRequired[str]
    """The Ombudsman's own reference."""

    returns_to: StageName | None
    """The stage that was brought back; null: none."""


@with_config(DESCRIBED)
class OmbudsmanStatus(TypedDict):
    """What has passed between the complaint and the Ombudsman."""

    reference: NotRequired[str]
    """The Ombudsman's own reference, the latest one given; empty: none."""

    approached_on: IsoDay | None
    """When the matter first went there; null: that is not recorded."""

    approached_by: Annotated[str, one_of(*get_args(ApproachedBy))] | None
    """Who brought it: `authority`, `complainant`."""

    enquiries: list[EnquiryStatus]
    """Enquiries, draft decisions and reminders."""

    decisions: list[OmbudsmanDecisionStatus]
    """Decisions."""


@with_config(DESCRIBED)
class DifferingStatus(TypedDict):
    """The same intake, sent again with other content, which changed nothing."""

    number: int
    """Its number within the complaint; 0: of more than 20 only how many."""

    arrived_at: str
    """When it came, UTC."""

    brought_by: str
    """The caller that brought it; empty: the command line."""

    state: Annotated[str, one_of("kept", "taken", "dismissed", "counted")]
    """`kept` (staff decide), `taken` (turned into messages), `dismissed`, `counted`."""

    times: int
    """How many came, where they were only counted; else 1."""

    fields: dict[str, JsonValue]
    """What it says otherwise than the first."""


@with_config(DESCRIBED)
class StruckOut(TypedDict):
    """That something was struck out; what it said is told to managers alone."""

    message_id: NotRequired[str]
    """The name of what was struck out."""

    on: IsoDay
    """When it was struck out."""

    reason: NotRequired[str]
    """Why."""

    content: NotRequired[dict[str, JsonValue]]
    """What it said, as it came: for managers."""


@with_config(DESCRIBED)
class OwnWindowStatus(TypedDict):
    """A window of somebody's own, from when they had the answer."""

    name: str
    """The deadline that it is."""

    counts_from: NotRequired[IsoDay | None]
    """Day 0 for them; null: their letter with the answer has not left, and their window has not begun."""

    due_on: IsoDay | None
    """Its last day for them; that of the last of them closes it. Null: it has not begun."""

    state: NotRequired[Annotated[str, one_of("not_begun", "running", "paused", "lapsed")]]
    """`not_begun`, `running`, `paused`, `lapsed`: what it is for them, whatever it is for others."""


@with_config(DESCRIBED)
class ComplainantStatus(TypedDict):
    """One of several people who complain together."""

    to: str
    """What their letters are kept under: `complainant`, then `complainant_2`, … in the order of
    `also_complaining`. A message may name them so in `person`."""

    left: Annotated[str, one_of("withdrawn", "died")] | None
    """`withdrawn`, `died`: they complain no more; null: they do."""

    left_on: IsoDay | None
    """Since when."""

    advocate: dict[str, JsonValue] | None
    """The advocate of their own choice."""

    windows: list[OwnWindowStatus]
    """What they may still ask for, and how long."""


class Summary(TypedDict):
    """What every list and notice says of a complaint. Nothing in it is personal."""

    reference: Annotated[str, Field(description="The complaint's reference.", examples=["CYP-2026-000123"])]
    authority: Annotated[str, Field(description="The name of its file.", examples=["family-rights"])]
    procedure: Annotated[str, Field(description="The name of its file.", examples=["statutory"])]
    kind: Annotated[
        str,
        Field(description="What sort of representation it is.", examples=["complaint"]),
        one_of(*get_args(Kind)),
    ]
    stage: Annotated[StageName, Field(description="The stage.", examples=["stage_1"])]
    state: Annotated[OpenOrClosed, Field(description="`suspended`: for proceedings elsewhere.")]
    next_due_on: Annotated[IsoDay | None, Field(description="The next limit or window, else date.")]
    waiting_for: Annotated[WaitingFor, Field(description="Whose turn it is.", examples=["stage_manager"])]
    overdue: Annotated[bool, Field(description="Whether a limit has passed and is still owed.")]


class ComplaintLine(Summary):
    """A complaint in a line. Nothing in it is personal."""

    received_on: Annotated[IsoDay, Field(description="When the authority had it.")]
    late_since: Annotated[
        IsoDay | None, Field(description="The last day in time of the limit that is late for longest.")
    ]
    closed_on: Annotated[IsoDay | None, Field(description="When it closed; null: it has not.")]
    closed_as: Annotated[Ending | None, Field(description="How it ended; null: it is open.")]
    duplicate_of: Annotated[
        str | None,
        Field(description="The reference of another one about the same matter; null: none is known."),
    ]


class WhoAndWhat(TypedDict):
    """Who complains, for whom, about what, and what they want. Personal."""

    complainant: Annotated[
        dict[str, JsonValue] | None,
        Field(description="Who complains, as corrected since; null: anonymous, or erased."),
    ]

    also_complaining: Annotated[list[dict[str, JsonValue]], Field(description="Who complains with them.")]

    complainants: NotRequired[
        Annotated[
            list[ComplainantStatus],
            Field(description="Only where several complain: each, who has left, windows of their own."),
        ]
    ]

    on_behalf_of: Annotated[
        dict[str, JsonValue] | list[dict[str, JsonValue]] | None,
        Field(description="The child for whom it is; several as a list."),
    ]

    about: Annotated[
        dict[str, JsonValue] | None, Field(description="What it concerns: service, team, people.")
    ]

    channel: Annotated[str, Field(description="How it came.")]

    themes: NotRequired[
        Annotated[list[str], Field(description="What it is counted under, where that was said.")]
    ]

    desired_outcome: Annotated[str, Field(description="What the person wants to happen.")]

    advocate: Annotated[dict[str, JsonValue] | None, Field(description="Who speaks for the person now.")]


@with_config(DESCRIBED)
class Status(ComplaintLine, WhoAndWhat):
    """Where a complaint stands, with everything that was written."""

    erased_on: NotRequired[IsoDay]
    """Only where its personal data was destroyed."""

    plain: PlainWords
    """The same for a young person."""

    late: list[LateStatus]
    """What has passed and is still owed: limits first, the longest late first."""

    questions: list[str]
    """What a person has to decide, or to ask."""

    pending: list[PendingMessage]
    """What waits: for a person's decision, or for its day."""

    deadlines: list[DeadlineStatus]
    """Every limit, target and window, those that are over included."""

    procedure_reason: str
    """Why the matter follows this procedure."""

    points: list[PointStatus]
    """Its points."""

    linked: list[LinkStatus]
    """Complaints it belongs with."""

    links: NotRequired[list[LinkStatus]]
    """The same under the name of version 2."""

    remedies: list[RemedyStatus]
    """What was agreed to be done."""

    ombudsman: NotRequired[OmbudsmanStatus | None]
    """What has passed with the Ombudsman; null: nothing is recorded."""

    answers: NotRequired[list[AnswerStatus]]
    """The answers of every stage and round in the order they were given, then drafts of answers."""

    appointments: list[AppointmentStatus]
    """Who takes which part."""

    officer: NotRequired[str | None]
    """Who deals with it."""

    contacts: NotRequired[list[ContactStatus]]
    """Calls, visits, e-mails and meetings besides letters, in their order."""

    sittings: NotRequired[list[SittingStatus]]
    """When the Review Panel met, and who came; left out: it has not."""

    contact_restricted_until: IsoDay | None
    """Until then messages are not answered."""

    refused: list[MessageOutcome]
    """What was refused, and why."""

    irregular: list[Irregularity]
    """What should have been there before, and was not."""

    letters: list[LetterStatus]
    """Every letter and reminder."""

    messages: NotRequired[list[MessageRecord]]
    """Every message, in the order it was received."""

    struck_out: NotRequired[list[StruckOut]]
    """What came by mistake and is as if it had never come."""

    differing: NotRequired[list[DifferingStatus]]
    """The same intake with other content, kept until staff decide. As the register has it: the workflow's own
    answer does not say."""

    calendar: str
    """The version of the list of bank holidays it counts by."""

    as_of: IsoDay
    """The London date of this status."""


def tell_letters(status: Status) -> None:
    """Say of each answer how its letter stands, as the list of letters has it."""
    states = {letter["key"]: letter["state"] for letter in status["letters"] if "state" in letter}
    for answer in status.get("answers", []):
        answer["letter"] = states.get(str(answer.get("letter_key")), answer["letter"])
