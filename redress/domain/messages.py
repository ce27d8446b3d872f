"""The messages a complaint takes: one class for each action, and the one description of it.

From the class follow what is accepted (a field that is missing, unknown or of the wrong kind is a problem of
that field), who may send it, the handlers in `workflows/handlers.py` and their descriptions in the Temporal
UI, the operation in the OpenAPI document and the tables in `docs/messages.md`. `make generate` writes what is
kept in files. What a well-formed message does is decided in `redress.domain.actions`.

The docstring of a class says what the message means; `title` says it in a line.
"""

from __future__ import annotations

from decimal import Decimal
from inspect import getdoc
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_snake

from redress.domain.calendar import HolidayTable
from redress.domain.fields import (
    Advocate,
    AnswerOutcome,
    Appointee,
    ApproachedBy,
    Attendee,
    Channel,
    Connection,
    Contact,
    Day,
    EnquiryKind,
    Flag,
    Id,
    LaterStage,
    OmbudsmanCategory,
    Part,
    Person,
    Points,
    RemedyKind,
    RemedyOrigin,
    ReportKind,
    RequiredText,
    Role,
    Short,
    Text,
)
from redress.domain.identifiers import OtherReference, other_reference

Sender = Literal["intake", "team_manager", "staff", "complaints_manager"]
"""The roles of callers that may send messages (`redress.security.access` has the others)."""

MANAGER: frozenset[Sender] = frozenset({"complaints_manager"})
"""For what takes something away from the person, or puts the record right."""

OFFICE: frozenset[Sender] = MANAGER | {"staff"}
"""For what names other complaints, which a team manager may not reach."""

STAFF: frozenset[Sender] = OFFICE | {"team_manager"}
"""For the daily work."""

ANYONE: frozenset[Sender] = STAFF | {"intake"}
"""For what an intake system passes on: what the person asks for or says."""

Reason = Annotated[RequiredText, Field(description="Why, in a sentence or two.")]
OptionalReason = Annotated[Text, Field(description="Why, in a sentence or two.")]
Proceedings = Annotated[Text, Field(description="The proceedings elsewhere that stand in its way, by name.")]

Ground = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A ground of a suspension, as the procedure's file names it."""

NamedPoints = (
    Annotated[list[Annotated[int, Field(ge=1, le=50)]], Field(min_length=1)]
    | Annotated[list[RequiredText], Field(min_length=1)]
)
"""Points of the complaint: by their numbers, or by their text."""

SomePoints = Annotated[
    NamedPoints | None, Field(description="Which points, by their numbers or their texts. Left out: all.")
]


WhichPerson = Annotated[
    Short | None,
    Field(
        description="Which of several people it is about, by name, or as `complainants` of the status calls "
        "them (`complainant_2`). Left out: all."
    ),
]


CameBy = Annotated[
    Channel | None, Field(description="The way it came. Left out: not recorded.", examples=["telephone"])
]
"""How the person said or asked for something after the opening."""

Mark = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9a-f]{8}$")]
"""What a letter is called within its complaint."""

Packed = Annotated[str, Field(max_length=24_000, repr=False)]
"""Rules as compressed text."""


class Message(Part):
    """What every message carries."""

    action: ClassVar[str]
    """Its name on the wire: the name of the class in small letters, its words joined by `_`."""
    title: ClassVar[str]
    sent_by: ClassVar[frozenset[Sender]] = STAFF
    """The roles that may send it over HTTP."""
    authority_only: ClassVar[tuple[str, ...]] = ()
    """Fields that only the authority itself can fill in: its staff, not an intake system."""
    reports: ClassVar[bool] = False
    """Whether it reports what has happened: always recorded, never refused."""
    dates_ahead: ClassVar[tuple[str, ...]] = ()
    """Fields that may lie in the future."""
    dates_back: ClassVar[tuple[str, ...]] = ()
    """Further dates that must lie between the message's own and today."""
    dates_past: ClassVar[tuple[str, ...]] = ()
    """Further dates that must lie between the complaint's receipt and today."""

    on: Day
    """The London date it happened or was received."""

    by: Text = ""
    """Who did it, for the file."""

    note: Text = ""
    """For the file; never in a letter."""

    message_id: Id
    """What the message is called: the same message comes once."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.action = to_snake(cls.__name__)

    @classmethod
    def meaning(cls) -> str:
        """What the message means, in a paragraph."""
        return " ".join((getdoc(cls) or "").split())


AnswerStage = Literal["informal", "stage_1", "stage_2", "stage_3"]
"""The stages that have an answer."""

LetterChoice = Annotated[
    Literal["sent", "at_once", "draft"] | None,
    Field(
        description="Who writes the letter. `sent`: the authority's own has gone, and Redress writes none. "
        "`at_once`: Redress writes it, and it leaves. `draft`: Redress writes it, and it waits to be "
        "approved; until it has left the message counts for nothing. Left out: what the authority's file "
        "says of that letter; of a past message of an opening `sent`."
    ),
]
"""Who writes the letter that tells of a decision."""


class Finding(Part):
    """What was found on one point."""

    point: int = Field(ge=1, le=50, examples=[1])
    """The number of a point, from 1."""

    outcome: AnswerOutcome = Field(examples=["upheld"])
    """What was found."""

    reason: OptionalReason = Field(default="", examples=["…"])


class Remedy(Part):
    """Something agreed to be done, by whom and by which date."""

    what: RequiredText = Field(examples=["An apology"])
    """What it is, in words."""

    owner: Short = Field(default="complaints_manager", examples=["director"])
    """Who sees to it, by role. Left out: the Complaints Manager."""

    due_on: Day | None = Field(default=None, examples=["2026-12-18"])
    """By when. Left out: 20 working days."""

    point: int | None = Field(default=None, ge=1, le=50, examples=[1])
    """The point it is for, from 1."""

    origin: RemedyOrigin | None = Field(default=None, examples=["answer"])
    """Who asked for it. Left out: the message that brings it, an answer or the Ombudsman's decision."""

    amount: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2, examples=["250.00"])
    """In pounds, where it is money."""

    kind: RemedyKind | None = Field(default=None, examples=["apology"])
    """What sort of remedy: an `apology`, an `explanation`, a `service` that the person is entitled to, a
    `decision` looked at again, a changed `procedure`, `training`, a `payment` or `other`. Left out: not said.
    """


class Recommendation(Part):
    """What a report asks for."""

    what: RequiredText = Field(examples=["Tell people beforehand."])
    """What it is, in words."""

    who: Text = Field(default="", examples=["…"])
    """By whom."""

    by_when: Annotated[Day | None, Field(alias="by", description="By when.", examples=["2027-01-15"])] = None


Remedies = Annotated[
    list[Remedy],
    Field(
        max_length=50,
        description="What was agreed to be done; only `what` is needed. Each runs as a deadline of its own: "
        "`remedy_1`, `remedy_2`, …",
    ),
]


class Acknowledge(Message):
    """The acknowledgement goes out, of the complaint or of the request for this stage.

    Opening a complaint alone meets no limit.
    """

    title = "The acknowledgement goes out"
    reports = True


class Accept(Message):
    """The matter is taken under the procedure; ends `intake`, and answers whether it belongs elsewhere."""

    title = "The matter is taken under the procedure"
    reason: OptionalReason = Field(default="", examples=["It is about a duty under the Act."])


class Decline(Message):
    """The matter is not taken; only before the answer at Stage 1.

    With `proceedings` the person may come back within a year of their end.
    """

    title = "The matter is not taken under the procedure"
    sent_by = MANAGER
    reason: Reason = Field(examples=["It is a request for information, and went to that team."])
    proceedings: Proceedings = ""
    letter: LetterChoice = None


class ResolveInformally(Message):
    """An informal settlement was tried, before or in Stage 1; closes the complaint where `agreed` is true."""

    title = "Settled informally, where the person agrees"
    agreed: Flag = Field(examples=[True])
    """Whether the person agreed; only then it is settled."""

    terms: Text = Field(default="", examples=["The invented team rings on Mondays."])
    """What was agreed."""

    channel: CameBy = None


class Extend(Message):
    """More time for the answer at this stage."""

    title = "More time at this stage"
    reason: Reason = Field(examples=["Two teams are concerned."])
    until: Day | None = Field(default=None, examples=["2026-12-18"])
    """The new last day. Left out: the most that the procedure allows."""

    dates_ahead = ("until",)


class Respond(Message):
    """The authority's answer at a stage: Stage 1, the adjudication, the final response.

    It answers the points that it has findings on; without any, all at issue. The limit is met when every
    point at issue has its answer. A further answer to what was answered amends it.
    """

    title = "The authority's answer at this stage"
    reports = True
    outcome: AnswerOutcome = Field(examples=["partly_upheld"])
    """What was decided. `resolved` at Stage 1 closes the complaint; the next stage stays open to the person.
    """

    summary: Text = Field(default="", examples=["An invented answer."])
    """The answer in short; it goes into the letter."""

    findings: list[Finding] = Field(default_factory=list, max_length=50)
    """What was found, point by point: a point without one is not answered. Left out: `outcome` holds for
    every point at issue."""

    remedies: Remedies = Field(default_factory=list, examples=[[{"what": "An apology"}]])
    stage: AnswerStage | None = None
    """The stage that it answers. Left out: the one it is at. Needed once the next stage was asked for because
    an answer was late, and that answer never came."""

    amends: Id | None = None
    """The `message_id` of the answer that it amends. The limit keeps the first answer's date; the person has
    their time to ask for the next stage anew. Remedies of that answer stay unless they are named again."""

    letter: LetterChoice = None
    received_on: Day | None = None
    """When the person had the answer; before the letter left it counts only with `letter` `sent`. Left out:
    two working days after the letter left by e-mail, three by post, or what the authority's file says."""

    person: Annotated[
        WhichPerson, Field(description="Whose receipt `received_on` is; left out: everybody's.")
    ] = None
    independent_person_consulted: Flag | None = None
    """Whether the Independent Person was asked, where there is one."""

    dates_back = ("received_on",)


class Escalate(Message):
    """The complainant asks for the next stage, for all points or some; the others rest."""

    title = "The complainant asks for the next stage"
    sent_by = ANYONE
    authority_only = ("agreed_by_authority",)
    reason: OptionalReason = Field(default="", examples=["I am not content with the answer."])
    desired_outcome: Text = ""
    """What the person wants to happen."""

    points: SomePoints = None
    stage: AnswerStage | None = None
    """The stage asked for. Left out: the next one; where points are named that rest, the one that runs."""

    person: WhichPerson = None

    agreed_by_authority: Flag = False
    """Stage 1 is skipped by agreement. Not for intake systems to say."""

    channel: CameBy = None


class DecideLate(Message):
    """A person's decision on requests made after their window."""

    title = "Decision on a request made after its window"
    sent_by = MANAGER
    accept: Flag = Field(examples=[True])
    """Whether the late request is taken."""

    reason: Reason = Field(examples=["Illness is a good reason."])
    letter: LetterChoice = None


class DecideEarly(Message):
    """What became of a request for a Review Panel made before the adjudication: the person was asked.

    If yes it is in time whenever it was asked, and the panel's limit counts from the day they had the
    adjudication.
    """

    title = "Whether a Review Panel asked for early is still wanted"
    accept: Flag = Field(examples=[True])
    """Whether there is to be a panel."""

    reason: Reason = Field(examples=["She rang and said yes."])
    channel: CameBy = None


class Appoint(Message):
    """Somebody takes a part."""

    title = "A person takes a part"
    role: Role = Field(examples=["investigating_officer"])
    """Which part."""

    person: Appointee = Field(examples=[{"name": "Fern Fictitious"}])
    """Who takes it: `name`, `id` or both, and how they are reached, where the directory does not say so:
    `email`, `telephone`, `address`, `organisation`. The `id` tells two people of one name apart."""

    connection: Connection = Field(examples=["employee"])
    """With the authority."""

    replaces: Person | None = None
    """Whose place it is, where somebody who has it is replaced."""

    conflict_considered: OptionalReason = ""
    """Why somebody may take the part although they answered an earlier stage, are complained about or have
    sat before. Without it they are refused."""


class StandDown(Message):
    """Somebody gives up their part; the part is to be filled again."""

    title = "A person gives up their part"
    reports = True
    role: Role = Field(examples=["panel_member"])
    """Which part."""

    person: Person = Field(examples=[{"name": "Fern Fictitious"}])
    """Who had it."""

    reason: OptionalReason = Field(default="", examples=["Illness."])


class Assign(Message):
    """The officer who deals with the complaint from now on."""

    title = "An officer deals with it from now on"
    officer: Short = Field(examples=["Olive Imagined"])
    """Who, by name or your own number."""


class AgreeStatement(Message):
    """The complaint statement is agreed with the complainant."""

    title = "The complaint statement is agreed with the complainant"
    reports = True
    points: Points | None = Field(default=None, examples=[["Nobody told me that my social worker had left."]])
    """The points as they were agreed, where they are worded anew. As many texts as points keep their numbers.
    """

    channel: CameBy = None


class Report(Message):
    """A report is received."""

    title = "A report is received"
    reports = True
    kind: ReportKind = Field(examples=["investigation"])
    """Whose report."""

    recommendations: list[Recommendation] = Field(
        default_factory=list, max_length=100, examples=[[{"what": "Tell people beforehand."}]]
    )
    """What it asks for."""


class SchedulePanel(Message):
    """The Review Panel is called; sent again: it is moved."""

    title = "The Review Panel is called"
    meeting_on: Day = Field(examples=["2027-01-20"])
    """The day of the meeting; it may lie ahead."""

    place: Text = Field(default="", examples=["An invented hall"])
    """Where."""

    at_request_of: Literal["complainant", "authority"] | None = None
    """At whose wish it is on this day. With `complainant`, and a day within the limit in `offered_on`, the
    later day is no breach: the limit keeps its day, and `moved` says `complainant_asked`. Sent again without
    it, because they say that they did not ask, the breach is back."""

    offered_on: Day | None = None
    """The day that had been offered instead."""

    agreed_on: Day | None = None
    """When the day was agreed with the complainant."""

    reason: OptionalReason = Field(default="")
    dates_ahead = ("meeting_on", "offered_on")


class SendPapers(Message):
    """Notice and papers went to everybody at the panel."""

    title = "Notice and papers go to everybody at the panel"
    reports = True


class HoldPanel(Message):
    """The panel met. The first sitting meets the limit; the report counts from the one that ends it."""

    title = "The Review Panel met"
    reports = True
    adjourned_to: Day | None = None
    """When it goes on, where this sitting did not end it; it may lie ahead."""

    attended: list[Attendee] | None = Field(default=None, max_length=50)
    """Who came besides the panel's members; empty: nobody. Left out: not recorded. It is irregular if the
    Independent Person, somebody of Children's Services or, with a young person, the Investigating Officer
    came to no sitting."""

    dates_ahead = ("adjourned_to",)


MeetingKind = Literal["with_complainant", "director_and_independent_person"]


class RecordMeeting(Message):
    """A meeting was offered or held; it stops no clock."""

    title = "A meeting was offered or held; it stops no clock"
    reports = True
    with_whom: Text = Field(default="", alias="with", examples=["the Complaints Manager"])
    """Whom the meeting is with."""

    kind: MeetingKind = "with_complainant"
    """`director_and_independent_person`: those two met after the Review Panel, to consider its
    recommendations. It is the consultation that the final response needs, and no meeting with the person."""


class RecordContact(Message):
    """A contact besides letters: a call, a visit, a message, also one that nobody answered.

    A contact of the person's own takes a complaint up again that was closed as `out_of_contact`.
    """

    title = "A contact besides letters"
    reports = True
    direction: Literal["in", "out"] = Field(examples=["out"])
    """`in`: the person got in touch; `out`: the authority tried to, whether or not it reached them."""

    channel: Channel = Field(examples=["telephone"])
    """By which way."""

    with_whom: Text = Field(default="", alias="with", examples=["Robin Invented"])
    """Whom the contact was with."""

    person: WhichPerson = None
    summary: Text = Field(default="", examples=["Rang; nobody at home."])
    """What was said, or that nobody answered. For the file; never in a letter."""

    reply_by: Day | None = None
    """`out`: the day by which the person was asked to answer; `in`: the day by which we owe them a reply,
    which the next contact `out` with them is. It may lie ahead."""

    dates_ahead = ("reply_by",)


class Suspend(Message):
    """A pause on a ground that the procedure allows; with `points`, of those only, and no clock stops.

    On any other ground it is recorded as irregular, stops no clock, and leaves the complaint open.
    Sent again: it was reviewed, and the pause goes on.
    """

    title = "Paused on a ground that the procedure allows, until a review"
    reason: Reason = Field(examples=["The same matter is before an invented court."])
    ground: Ground | None = Field(default=None, examples=["proceedings"])
    """Why it is to stop: `proceedings`, `advocate`, `complainant_asked`, `other`, or what the procedure's
    file names. Left out: `proceedings` where those are named, else `other`."""

    proceedings: Proceedings = ""
    review_on: Day = Field(examples=["2027-01-15"])
    """When it is looked at again, at the latest."""

    points: SomePoints = None
    dates_ahead = ("review_on",)

    @property
    def stated_ground(self) -> str:
        """The ground that it names, or that follows from what it says."""
        return self.ground or ("proceedings" if self.proceedings else "other")


class Resume(Message):
    """Taken up again; what was paused moves by the days lost.

    A point whose stage was answered meanwhile is owed an answer of its own.
    """

    title = "Taken up again after a suspension"
    reason: OptionalReason = Field(default="", examples=["The court has decided."])


class SetAdvocate(Message):
    """The person's own choice of an advocate."""

    title = "The advocate of the person's own choice"
    sent_by = ANYONE
    advocate: Advocate | None = Field(
        default=None, examples=[{"name": "Adva Catena", "email": "adva@invented.example"}]
    )
    """Who speaks for the person. Left out: they have none any more."""

    speaks: Flag = Field(default=False, examples=[False])
    """Whether the advocate speaks for the person."""

    gets_letters: Flag = Field(default=True, examples=[True])
    """Whether letters go to the advocate too."""

    person: Annotated[
        Short | None, Field(description="Whose choice it is, of several people. Left out: the first one's.")
    ] = None
    channel: CameBy = None


class ConfirmContact(Message):
    """Staff have looked at an address or an advocate that an intake system brought.

    Until then no letter goes there. The person is told at the address that was known before.
    """

    title = "A new address or advocate was looked at"
    message: Id = Field(examples=["form-81724"])
    """The `message_id` of the message that brought it."""

    accept: Flag = Field(examples=[True])
    """Whether letters go there from now on."""

    tell_old_address: Flag = Field(default=True, examples=[True])
    """Whether the person is told at the address known before. False where that is not safe for them."""

    reason: OptionalReason = Field(default="", examples=["Rang the number on file; they confirmed it."])


class Withdraw(Message):
    """Withdrawn by the complainant, at any stage; with `stage`, only the request for that one.

    Of several people who complain, `person` leaves alone and has one letter more: it ends with the last.
    """

    title = "Withdrawn by the complainant"
    sent_by = ANYONE
    reason: OptionalReason = Field(default="", examples=["It was sorted out."])
    person: WhichPerson = None
    stage: LaterStage | None = None
    """The stage that the person no longer asks for; the answers before it stand. Left out: the whole
    complaint."""

    channel: CameBy = None


CloseKind = Literal["by_agreement", "died", "duplicate", "transferred", "settled", "out_of_contact"]

_SAYS_MORE = {"who": "died", "of": "duplicate", "to": "transferred", "terms": "settled"}
"""The fields of `close` that belong to one kind of it."""


class Close(Message):
    """Closed before its procedure is over; `kind` says as what. `died` is always recorded."""

    title = "Closed early"
    sent_by = MANAGER
    reason: Reason = Field(examples=["Everything was done."])
    agreed_by_complainant: Flag = Field(default=False, examples=[True])
    """Whether the person agrees; needed to settle, and while a next stage is open to them or an answer is
    owed. What is `died`, `duplicate`, `transferred` or `out_of_contact` needs no agreement."""

    kind: CloseKind = "by_agreement"
    """`by_agreement`; `died`: nobody writes to the dead; `duplicate`: it goes on as another complaint;
    `transferred`: to another body; `settled`: on terms; `out_of_contact`: only after two recorded contacts by
    different ways (`record_contact`, `out`) and a letter that named a day at least 20 working days ahead, and
    after that day; any contact takes it up again, and never too late."""

    who: Text = ""
    """Of `died`: who, `complainant` (left out) or `child`, or their name. Where others complain too, it goes
    on for them."""

    of: Annotated[Text, AfterValidator(other_reference)] = Field(default="", validate_default=True)
    """Of `duplicate`: the reference of the complaint that goes on."""

    to: Text = Field(default="", validate_default=True)
    """Of `transferred`: whom it went to."""

    terms: Text = Field(default="", validate_default=True)
    """Of `settled`: what was agreed; it goes into the letter."""

    @field_validator("who", "of", "to", "terms")
    @classmethod
    def _fits_the_kind(cls, value: str, info: ValidationInfo) -> str:
        name, kind = str(info.field_name), info.data.get("kind")
        belongs_to = _SAYS_MORE[name]
        if value and kind != belongs_to:
            raise ValueError(f"belongs to kind = '{belongs_to}' alone")
        if not value and kind == belongs_to and name != "who":
            raise ValueError(f"is missing: kind = '{belongs_to}' needs it")
        return value

    letter: LetterChoice = None


class ReferToOmbudsman(Message):
    """The matter goes to the Ombudsman.

    By the authority, while the procedure is not over, only early, with `conditions`. By the person
    themselves (`approached_by`) at any time: that is always recorded, and an open complaint goes on.
    """

    title = "The matter goes to the Ombudsman"
    approached_by: ApproachedBy = "authority"
    """Who brings it to the Ombudsman. The person needs no conditions."""

    conditions: list[RequiredText] = Field(default_factory=list, max_length=20)
    """For an early referral, all of `robust_report`, `full_adjudication`, `points_upheld`,
    `clear_action_plan`, `complainant_agrees`; words of your own count where they say as much ("the
    complainant agrees"), each in an entry of its own. Only the statutory procedure knows them, and only
    once Stage 2 is adjudicated. Left out where the procedure is over."""


OmbudsmanReference = Annotated[
    Text, Field(max_length=200, description="The Ombudsman's own reference.", examples=["26 000 000"])
]


class OmbudsmanEnquiry(Message):
    """The Ombudsman asks for something, at any stage; the reply is owed by a day.

    A reminder moves the day of the reply that is owed under its reference; what was missed stays on record.
    The reply is told by `replied_on`, in a message of its own or in this one.
    """

    title = "The Ombudsman asks, and a reply is owed"
    reports = True
    kind: EnquiryKind = Field(examples=["enquiry"])
    """An enquiry, a draft of the decision to comment on, or a reminder of either."""

    ombudsman_reference: OmbudsmanReference = ""
    reply_by: Day | None = Field(default=None, examples=["2027-01-15"])
    """The last day for the reply; it may lie ahead. Left out: 20 working days from `on`, or what the
    authority's file says."""

    replied_on: Day | None = None
    """When the authority replied. With no `reply_by`, it answers what is owed under this reference."""

    dates_ahead = ("reply_by",)
    dates_past = ("replied_on",)


class OmbudsmanDecision(Message):
    """The Ombudsman has decided.

    With `premature` the complaint goes on here with what is owed or open to the person; with `returns_to` a
    stage is done again: a new round of it begins.
    """

    title = "The Ombudsman has decided"
    reports = True
    category: OmbudsmanCategory | None = Field(default=None, examples=["upheld"])
    """How the Ombudsman counts it. Left out: `outcome` where that is one of these words."""

    outcome: Text = Field(default="", max_length=200, examples=["no fault found"])
    """What the Ombudsman decided, in words. One of `category` and `outcome` is needed."""

    ombudsman_reference: OmbudsmanReference = ""
    returns_to: LaterStage | None = None
    """The stage that is to be done again."""

    counts_from: Day | None = None
    """From when that stage, or what is owed, counts. Left out: `on`."""

    remedies: Remedies = Field(default_factory=list)
    dates_ahead = ("counts_from",)

    @model_validator(mode="after")
    def _says_what(self) -> OmbudsmanDecision:
        if not (self.category or self.outcome):
            raise ValueError("give the category, the outcome in words, or both")
        return self

    @property
    def counted_as(self) -> OmbudsmanCategory | None:
        """The category, said or plain from the words; None: neither."""
        named = [each for each in get_args(OmbudsmanCategory) if each == self.outcome.casefold()]
        return self.category or (named[0] if named else None)


class CompleteRemedy(Message):
    """The agreed action of this number was done; the person is told."""

    title = "An agreed action was done"
    remedy: Annotated[int, Field(ge=1)] = Field(examples=[1])
    """Which one, by its number from 1: see `remedies` of the status."""

    evidence: Text = Field(default="", examples=["The payment is in the ledger of 2 February."])
    """What shows that it was done, or where that lies; for the file, never in a letter."""

    told_on: Day | None = None
    """When the authority told the person itself. Left out: Redress writes to them."""

    dates_past = ("told_on",)


class Correct(Message):
    """A wrong date or detail is put right, and what follows from it; the person is told which dates moved.

    At most 40 in a complaint.
    """

    title = "A wrong date or detail is put right"
    sent_by = MANAGER
    field: Short = Field(examples=["received_on"])
    """One of `received_on`, `events_on`, `channel`, `desired_outcome`, `themes`, `complainant`,
    `also_complaining`, `on_behalf_of`, `about`; a detail of them (`complainant.email`; of one of several,
    from 0, `also_complaining[0].email`); or `MESSAGE_ID.FIELD`, such as `m-81.on`. The procedure stays as
    it was chosen."""

    value: JsonValue = Field(examples=["2026-11-19"])
    """What is right: of the same form as the field. Of a person, or of what it is about, only what is named
    here changes; null takes a detail away."""

    reason: Reason = Field(examples=["The stamp says so."])


class StrikeOut(Message):
    """What a message entered here by mistake: it is as if it had never come.

    What it said is sealed: only that something was struck out is shown. Whoever had a letter because of it is
    told so. A strike can be struck out itself. At most 40 in a complaint.
    """

    title = "A message that does not belong here is struck out"
    sent_by = MANAGER
    message: Id = Field(examples=["m-81724"])
    """The `message_id` of what came by mistake."""

    to: OtherReference | None = None
    """The reference of the complaint that it belongs to: it is recorded there, with its own `on`. By the
    command line and HTTP."""

    reason: Reason = Field(examples=["It belongs to another complaint."])


class Withhold(Message):
    """A document, or part of one, is kept from somebody who would have it as an enclosure.

    It is recorded with its reason, shown with the document, and an export lays the document apart.
    """

    title = "A document, or part of it, is withheld from somebody"
    sent_by = MANAGER
    document: Short = Field(examples=["a3f1c06b5d2e4f7890ab12cd34ef5678"])
    """Which one: as `documents` calls it, or the name of its file."""

    withheld_from: Short = Field(alias="from", examples=["complainant"])
    """From whom: by their part (`complainant`, `advocate`, `independent_person` …), or by name."""

    parts: Text = Field(default="", examples=["Page 3: the name of another child."])
    """Which parts of it. Left out: all of it."""

    reason: Reason = Field(examples=["It is about another child."])
    """Why, for the file: no letter says it."""

    told: Text = Field(default="", examples=["It is about another person."])
    """What their letter says about why. Left out: that they may ask."""


LinkKind = Literal["related", "sibling", "joint", "duplicate"]


class Link(Message):
    """It belongs together with another complaint of the authority; both show it, and nothing closes."""

    title = "It belongs together with another complaint"
    sent_by = OFFICE
    reference: OtherReference = Field(examples=["CYP-2026-000124"])
    """The reference of the other one."""

    how: LinkKind = Field(default="related", examples=["sibling"])
    """`related`; `sibling`: of a brother or sister; `joint`: answered together with another body's;
    `duplicate`: the same matter."""

    reason: OptionalReason = Field(default="", examples=["The same family."])


class Unlink(Message):
    """It does not belong together with another complaint after all."""

    title = "It does not belong together with another complaint"
    sent_by = OFFICE
    reference: OtherReference = Field(examples=["CYP-2026-000124"])
    """The reference of the other one."""

    how: LinkKind | None = None
    """Which link. Left out: all to that one."""

    reason: OptionalReason = Field(default="", examples=["Another family of the same name."])


class AddPoints(Message):
    """The person brings up something more, before the answer; the stage's limit does not move.

    Once the stage is answered, or at Stage 2 its report is in, the Complaints Manager decides
    (`decide_late`): accepted, they join the complaint; else they become a linked complaint of their own,
    which counts from `received_on`.
    """

    title = "Points are added to the complaint"
    sent_by = ANYONE
    points: Points = Field(examples=[["The new plan was not explained either."]])
    """The new points, each a text of its own; their numbers follow on those there are."""

    reason: OptionalReason = Field(default="", examples=["It happened in the same week."])
    received_on: Day | None = None
    """When the person brought them up. Left out: `on`."""

    channel: CameBy = None


class ChangeProcedure(Message):
    """The whole complaint goes on under another procedure of the authority, with its past.

    It is as if it had been there from its receipt: days already counted stay counted.
    """

    title = "The whole complaint goes on under another procedure"
    sent_by = MANAGER
    procedure: Short = Field(examples=["corporate"])
    """The procedure that it goes on under."""

    stage: LaterStage | None = None
    """The stage that it goes on at. Left out: the one that its past leads to there."""

    reason: Reason = Field(examples=["It is not about a social care service."])
    rules: Packed = ""
    """The rules of that procedure, packed; the command line and HTTP fill it in. No sender need."""


class Split(Message):
    """Some points become a linked complaint under another procedure of the authority; at least one stays.

    The new complaint opens itself: its reference is this one's and a number (`CYP-2026-000123-1`), its clocks
    run from the receipt of this one, and an acknowledgement of this one holds for it (thanks for a comment do
    not).
    """

    title = "Some points become a linked complaint under another procedure"
    sent_by = MANAGER
    points: NamedPoints = Field(examples=[[2]])
    """Which points leave, by their numbers or their texts."""

    procedure: Short = Field(examples=["corporate"])
    """The procedure that they go on under: any that the authority has."""


class Reopen(Message):
    """A closed complaint is taken up again; the answer at its last stage is owed anew from that day.

    After the death of whoever complained it needs `complainant`, and no policy of the authority's stands in
    its way; where its last stage was answered, the time to ask for the next one begins anew instead.
    """

    title = "A closed complaint is taken up again"
    sent_by = MANAGER
    reason: Reason = Field(examples=["A letter had been overlooked."])
    complainant: Contact | None = None
    """Who goes on with it from now on, where that is somebody else."""

    capacity: Literal["executor", "parent", "other"] | None = None
    """As what they go on with it."""

    channel: CameBy = None

    @model_validator(mode="after")
    def _says_as_what(self) -> Reopen:
        if (self.complainant is None) != (self.capacity is None):
            raise ValueError("complainant and capacity belong together: give both or neither")
        return self


class RestrictContact(Message):
    """A manager's decision: further messages of this person are not answered until a day.

    Clocks and what is owed run on.
    """

    title = "Replies to unreasonable contact stop, until a day"
    sent_by = MANAGER
    reason: Reason = Field(examples=["Threats, an invented example."])
    until: Day | None = Field(default=None, examples=["2027-02-01"])
    """The last day of it, when it is looked at again. Left out: 183 days, or what the authority's file says.
    """

    dates_ahead = ("until",)


class AddNote(Message):
    """A dated note for the file; may be older than the complaint."""

    title = "A note for the file"
    sent_by = ANYONE
    reports = True
    note: RequiredText = Field(examples=["Rang; nobody at home."])
    """For the file; never in a letter."""

    channel: CameBy = None


class ApproveLetter(Message):
    """A draft is approved as it is now: it leaves, and its message counts from the day it has left.

    Whatever changes the complaint or the draft before it has left voids the approval. Whoever wrote the
    message does not approve it, unless the authority's file says so.
    """

    title = "The draft of a letter is approved"
    mark: Mark = Field(examples=["050b8bca"])
    """The letter's mark, as `letters` lists it."""

    reason: OptionalReason = ""
    as_role: Literal["team_manager", "staff", "complaints_manager"] | None = None
    """Not for senders: HTTP says here what the caller is."""

    version: int | None = Field(default=None, ge=0, examples=[7])
    """The version that was read, as `letters show` and the status give it: refused where the draft has
    changed since, and where there is no such version yet. Left out: it is approved as it is now."""


class SendBackLetter(Message):
    """A draft goes back to whoever wrote it, with what is to be changed."""

    title = "The draft of a letter is sent back"
    mark: Mark = Field(examples=["050b8bca"])
    """The letter's mark, as `letters` lists it."""

    reason: Reason = Field(examples=["Please say by when she can ask for Stage 2."])


class EditLetter(Message):
    """The free texts of a draft are worded anew, or paragraphs are added. It has to be approved again.

    What was decided, its dates and the person's rights change only by the message itself.
    """

    title = "The draft of a letter is edited"
    mark: Mark = Field(examples=["050b8bca"])
    """The letter's mark, as `letters` lists it."""

    texts: dict[Short, Text] = Field(default_factory=dict, max_length=60, examples=[{"summary": "…"}])
    """Free texts of its message by their names: of an answer `summary` and `findings[0].reason`, of other
    decisions `reason`."""

    paragraphs: list[RequiredText] | None = Field(default=None, max_length=20, examples=[["…"]])
    """What stands after the text of the letter, in place of what was added before."""


class ReleaseLetter(Message):
    """A letter leaves without an enclosure that it waits for: it says what follows, and by when.

    After an adjudication the time to ask for a panel counts from when that has arrived.
    """

    title = "A letter leaves without its enclosure, which follows"
    sent_by = MANAGER
    mark: Mark = Field(examples=["050b8bca"])
    """The letter's mark, as `letters` lists it."""

    reason: Reason = Field(examples=["The report is being copied in large print."])
    """Why, for the file: the letter does not say it."""

    follows_by: Day = Field(examples=["2026-12-04"])
    """The day by which what it leaves without is sent; the letter promises it."""

    dates_ahead = ("follows_by",)


class LetterLeft(Message):
    """The letter that was drafted has left: its message counts from this day.

    Of an answer's letter that had failed, or left later than was assumed: the window counts from this day.
    Redress logs it itself where it sends the letter.
    """

    title = "A letter that was drafted has left"
    mark: Mark = Field(examples=["050b8bca"])
    """The letter's mark, as `letters` lists it."""

    reason: OptionalReason = ""


class LetterNotLeft(Message):
    """A letter has not left, could not leave, came back, or waits for an enclosure. Redress alone logs it."""

    title = "A letter has not left"
    sent_by = frozenset()
    mark: Mark
    """The letter's mark, as `letters` lists it."""

    waits_for: list[Short] = Field(default_factory=list, max_length=20)
    """The kinds of documents that it waits for."""

    is_copy: bool = False
    """Whether another copy says when the person had it."""


class Recount(Message):
    """A newer calendar of bank holidays. No action of the contract: `starter.py recount` sends it."""

    title = "A newer calendar of bank holidays"
    sent_by = frozenset()
    holidays: HolidayTable


KNOWN: dict[str, type[Message]] = {kind.action: kind for kind in Message.__subclasses__()}
"""Every class above by its action: what the contract names, and what the project's own commands send."""

MESSAGES: dict[str, type[Message]] = {action: kind for action, kind in KNOWN.items() if kind.sent_by}
"""Every action of the contract, by its name on the wire."""

SIGNALS: tuple[Literal["escalate", "respond"], ...] = ("escalate", "respond")
"""The actions that may also come as signals."""
