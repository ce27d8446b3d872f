"""What can be said to a case: one class for each action, with what it must carry.

The class is the whole form: a field that is missing, unknown or of the wrong kind is a problem of
that field, and the message is turned away before it is recorded. What a well-formed message does
is decided in `redress.domain.actions`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from redress.domain.calendar import HolidayTable
from redress.domain.fields import (
    Advocate,
    AnswerOutcome,
    Connection,
    Day,
    Flag,
    Id,
    Part,
    Person,
    Points,
    ReportKind,
    Role,
    Said,
    Short,
    Text,
)

NamedPoints = Annotated[list[Annotated[int, Field(ge=1, le=50)]] | list[Said], Field(min_length=1)]
"""Points of the complaint: by their numbers, or by their text."""

ProcedureName = Literal["statutory", "irm", "corporate", "representation"]


class Message(Part):
    """What every message carries. `on` is the London date it happened or was received."""

    action: ClassVar[str]
    title: ClassVar[str]
    reports: ClassVar[bool] = False
    """Whether it reports what has happened: always recorded, never refused."""
    dates_ahead: ClassVar[tuple[str, ...]] = ()
    """Fields that may lie in the future."""
    dates_back: ClassVar[tuple[str, ...]] = ()
    """Further dates that must lie between the complaint's receipt and today."""

    on: Day
    by: Text = ""
    note: Text = ""
    message_id: Id


class Finding(Part):
    """What was found on one point (numbered from 1)."""

    point: Annotated[int, Field(ge=1, le=50)]
    outcome: AnswerOutcome
    reason: Text = ""


class Remedy(Part):
    """Something agreed to be done, by whom and by which date."""

    what: Said
    owner: Short = "complaints_manager"
    due_on: Day | None = None
    point: Annotated[int | None, Field(ge=1, le=50)] = None


class Recommendation(Part):
    """What a report asks for."""

    what: Said
    who: Text = ""
    by_when: Annotated[Day | None, Field(alias="by")] = None


class Acknowledge(Message):
    action = "acknowledge"
    title = "The acknowledgement goes out"
    reports = True


class Accept(Message):
    action = "accept"
    title = "The matter is taken under the procedure"
    reason: Text = ""


class Decline(Message):
    action = "decline"
    title = "The matter is not taken under the procedure"
    reason: Said
    proceedings: Text = ""


class ResolveInformally(Message):
    action = "resolve_informally"
    title = "Settled informally, where the person agrees"
    agreed: Flag
    terms: Text = ""


class Extend(Message):
    action = "extend"
    title = "More time at this stage"
    reason: Said
    until: Day | None = None
    dates_ahead = ("until",)


class Respond(Message):
    action = "respond"
    title = "The authority's answer at this stage"
    reports = True
    outcome: AnswerOutcome
    summary: Text = ""
    findings: list[Finding] = Field(default_factory=list, max_length=50)
    remedies: list[Remedy] = Field(default_factory=list, max_length=50)
    received_on: Day | None = None
    independent_person_consulted: Flag | None = None
    dates_back = ("received_on",)


class Escalate(Message):
    action = "escalate"
    title = "The complainant asks for the next stage"
    reason: Text = ""
    desired_outcome: Text = ""
    points: NamedPoints | None = None
    agreed_by_authority: Flag = False


class DecideLate(Message):
    action = "decide_late"
    title = "Decision on a request made after its window"
    accept: Flag
    reason: Said


class Appoint(Message):
    action = "appoint"
    title = "A person takes a part"
    role: Role
    person: Person
    connection: Connection


class AgreeStatement(Message):
    action = "agree_statement"
    title = "The complaint statement is agreed with the complainant"
    reports = True
    points: Points | None = None


class Report(Message):
    action = "report"
    title = "A report is received"
    reports = True
    kind: ReportKind
    recommendations: list[Recommendation] = Field(default_factory=list, max_length=100)


class SchedulePanel(Message):
    action = "schedule_panel"
    title = "The Review Panel is called"
    meeting_on: Day
    place: Text = ""
    dates_ahead = ("meeting_on",)


class SendPapers(Message):
    action = "send_papers"
    title = "Notice and papers go to everybody at the panel"
    reports = True


class HoldPanel(Message):
    action = "hold_panel"
    title = "The Review Panel met"
    reports = True


class RecordMeeting(Message):
    action = "record_meeting"
    title = "A meeting was offered or held; it stops no clock"
    reports = True
    with_whom: Annotated[Text, Field(alias="with")] = ""


class Suspend(Message):
    action = "suspend"
    title = "Paused for proceedings elsewhere, until a review"
    reason: Said
    proceedings: Text = ""
    review_on: Day
    points: NamedPoints | None = None
    dates_ahead = ("review_on",)


class Resume(Message):
    action = "resume"
    title = "Taken up again after a suspension"
    reason: Text = ""


class SetAdvocate(Message):
    action = "set_advocate"
    title = "The advocate of the person's own choice"
    advocate: Advocate | None = None
    speaks: Flag = False
    gets_letters: Flag = True


class Withdraw(Message):
    action = "withdraw"
    title = "Withdrawn by the complainant"
    reason: Text = ""


class Close(Message):
    action = "close"
    title = "Closed early"
    reason: Said
    agreed_by_complainant: Flag = False


class ReferToOmbudsman(Message):
    action = "refer_to_ombudsman"
    title = "The matter goes to the Ombudsman"
    conditions: list[Said] = Field(default_factory=list, max_length=20)


class OmbudsmanDecision(Message):
    action = "ombudsman_decision"
    title = "The Ombudsman has decided"
    outcome: Short
    remedies: list[Remedy] = Field(default_factory=list, max_length=50)


class CompleteRemedy(Message):
    action = "complete_remedy"
    title = "An agreed action was done"
    remedy: Annotated[int, Field(ge=1)]


class Correct(Message):
    action = "correct"
    title = "A wrong date or detail is put right"
    field: Short
    value: JsonValue
    reason: Said


class Split(Message):
    action = "split"
    title = "Some points become a linked complaint under another procedure"
    points: Annotated[NamedPoints, Field(min_length=1)]
    procedure: ProcedureName


class Reopen(Message):
    action = "reopen"
    title = "A closed complaint is taken up again"
    reason: Said


class RestrictContact(Message):
    action = "restrict_contact"
    title = "Replies to unreasonable contact stop, until a day"
    reason: Said
    until: Day | None = None
    dates_ahead = ("until",)


class Recount(Message):
    """Not an action of the contract: `starter.py recount` sends it."""

    action = "recount"
    title = "A newer calendar of bank holidays"
    holidays: HolidayTable


class AddNote(Message):
    action = "add_note"
    title = "A note for the file"
    reports = True
    note: Said


MESSAGES: dict[str, type[Message]] = {
    kind.action: kind
    for kind in (
        Acknowledge,
        Accept,
        Decline,
        ResolveInformally,
        Extend,
        Respond,
        Escalate,
        DecideLate,
        Appoint,
        AgreeStatement,
        Report,
        SchedulePanel,
        SendPapers,
        HoldPanel,
        RecordMeeting,
        Suspend,
        Resume,
        SetAdvocate,
        Withdraw,
        Close,
        ReferToOmbudsman,
        OmbudsmanDecision,
        CompleteRemedy,
        Correct,
        Split,
        Reopen,
        RestrictContact,
        AddNote,
    )
}
"""Every action, by its name on the wire."""

KNOWN: dict[str, type[Message]] = MESSAGES | {Recount.action: Recount}
"""Those and what the project's own commands send."""

SIGNALS: tuple[Literal["escalate", "respond"], ...] = ("escalate", "respond")
"""The actions that may also come as signals."""
