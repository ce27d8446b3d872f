"""A procedure as data: its stages, roles and limits, and what an authority chose for itself.

Read from `procedures/*.toml` and `authorities/*.toml` by `redress.procedures.loader`; checked here, so that a
mistake in a file is reported with its place when the worker starts. Milestones are the words that data
and mechanism share: what can happen in a case (`requested:stage_2`, `statement_agreed`).
"""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from redress.domain.calendar import Calendar, HolidayTable, calendar_for
from redress.domain.combinations import speaks_of, wrong_phrase
from redress.domain.compression import compressed
from redress.domain.fields import Connection, Role, Short
from redress.domain.flags import FLAGS

Unit = Literal["working_days", "calendar_days"]
LimitKind = Literal["limit", "target", "window"]
StageName = Literal["intake", "informal", "stage_1", "stage_2", "stage_3", "ombudsman"]
Owner = Literal[
    "complaints_manager",
    "stage_manager",
    "investigating_officer",
    "adjudicating_officer",
    "panel",
    "director",
    "complainant",
    "ombudsman",
    "nobody",
]
WaitingFor = Literal[Owner, "approver"]
"""Whose turn it is: `approver` while a letter waits to be approved."""

MOMENTS = {
    "received": "the day it was received",
    "questioned": "the day it was received",
    "decided": "the decision whether the matter is taken",
    "route_questioned": "the day the question came up",
    "route_decided": "the decision by which route the matter goes on",
    "acknowledged": "the acknowledgement",
    "statement_agreed": "the agreed complaint statement",
    "panel_scheduled": "the day of the panel's meeting",
    "papers_sent": "the day the papers were sent",
    "panel_held": "the panel's meeting",
    "late_request": "the late request",
    "late_decided": "the decision on a late request",
    "early_unanswered": "the last day to ask, on which nobody had said whether an early request stands",
    "early_decided": "the decision on an early request",
    "suspended": "the suspension",
    "resumed": "the end of the suspension",
    "remedy_agreed": "the day the action was agreed",
    "informally_tried": "the informal attempt",
    "met_in_person": "the meeting with the person",
    "director_met": "the meeting of the Director with the Independent Person",
    "reopened": "the reopening",
    "contact_restricted": "the restriction",
    "contact_brought": "the day a new address or advocate was brought",
    "contact_decided": "the decision on a new address or advocate",
    "referred": "the referral to the Ombudsman",
    "ombudsman_asked": "the Ombudsman's enquiry",
    "contacted": "the day of the contact",
    "ombudsman_decided": "the Ombudsman's decision",
    "reported:investigation": "the report of the investigation",
    "reported:independent_person": "the report of the Independent Person",
    "reported:panel": "the panel's report",
}
"""What can happen under every procedure, as the day that a limit counts from."""

MILESTONES = frozenset(
    {
        *MOMENTS,
        *(f"appointed:{role}" for role in get_args(Role)),
        *(
            f"{what}:{stage}"
            for what in ("requested", "acknowledged", "answered", "answer_received")
            for stage in ("informal", "stage_1", "stage_2", "stage_3")
        ),
    }
)
"""All that can happen."""

NEEDED = frozenset(
    {
        "eligibility_decision",
        "suspension_review",
        "remedy",
        "late_request_decision",
        "ombudsman_review",
        "ombudsman_reply",
        "contact_review",
        "contact_confirmation",
        "route_decision",
    }
)
"""Limits that the software itself starts: every procedure has them (most from `shared.toml`)."""

STARTED = NEEDED | {"contact_reply"}
"""The same, with one that a procedure of one's own may lack: then no reply to a contact is owed."""


PLACES = ("intake", "informal", "suspended", "closed", "ombudsman")
"""Places that are no stage and still have plain words."""


def _of_clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise ValueError("should be a time like 09:00")
    return text


def _limit_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name, re.ASCII) or name in ("next", "end"):
        raise ValueError("should be a name in small letters, like home_visit (not next or end)")
    if re.fullmatch(r"(remedy|ombudsman_reply|contact_reply)_\d+", name, re.ASCII):
        raise ValueError(
            "remedy, ombudsman_reply or contact_reply and a number are reserved for what is numbered"
        )
    return name


LimitName = Annotated[str, AfterValidator(_limit_name)]
"""A limit's name: it stands in statuses, records and timers."""

Written = Annotated[str, Field(min_length=1)]
"""Text that must say something."""

OfClock = Annotated[str, AfterValidator(_of_clock)]
"""A time of day in London, HH:MM."""


class Data(BaseModel):
    """Base of what is read from files: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(Data):
    """A rule of time. Once it runs in a case it is a deadline."""

    name: LimitName
    used: bool = True
    """False: the procedure knows it, but it runs only where an authority says so."""
    stage: StageName
    title: str
    kind: LimitKind
    days: Annotated[int, Field(ge=0, le=2000)]
    unit: Unit = "working_days"
    starts: str
    """The milestone it counts from; its day is day 0."""
    met_by: list[str] = []
    stopped_by: list[str] = []
    """Milestones after which it is no longer owed, its lateness kept."""
    before: bool = False
    """Counts back from its day 0 (papers before a meeting)."""
    owner: Owner
    owner_after: dict[str, Owner] = {}
    """Who owes it once a milestone has been reached."""
    waits_for: Owner | None = None
    """Whom the case waits for until the day comes, where that is somebody else than who owes it."""
    extend_to: Annotated[int, Field(ge=1, le=2000)] | None = None
    """The most days it can be extended to, counted from the same day 0; none: it cannot."""
    extend_freely: bool = False
    """It can be extended to any date that is told to the person; the rule names no most."""
    extensions: Annotated[int, Field(ge=1)] | None = None
    """How often; none: any number of times up to the most."""
    follows: str | None = None
    """Another reading of the limit named: extended together with it, never by itself."""
    provisionally_from: str | None = None
    provisional_days: int = 0
    """Until it starts in earnest it runs from this milestone, so many days, marked provisional."""
    at_latest_from: str | None = None
    """The limit on whose last day it starts at the latest: being late with that one gains nothing."""
    remind: list[Annotated[int, Field(ge=0, le=250)]] = []
    """Working days before the last day on which the owner is reminded."""
    remind_letter: str = "reminder"
    late_letters: list[str] = []
    """Letters to the person concerned once it has run out."""
    chase: list[Annotated[int, Field(ge=1, le=2000)]] = [20]
    """Working days late on which the Complaints Manager is told again; the last step repeats."""
    lapse: Literal["close"] | None = None
    """What happens when a window runs out."""
    outlives: Literal["stage", "closure"] | None = None
    """What it survives: it otherwise stops when its stage ends or the complaint closes."""
    again: bool = False
    """It may run a second time after it was met."""
    says: str = ""
    """How it reads to the person concerned: a sentence with {day}, {owner} and {what}."""
    source: Written
    verified: bool = True


class Stage(Data):
    """One stage: who answers it and how the next one is reached."""

    name: StageName
    title: str
    answered_by: Owner
    response: str
    """The limit that its answer meets."""
    next: StageName | None = None
    skip_by_agreement: bool = False
    late_opens_next: bool = False
    """Once the answer is late, the next stage may be asked for without waiting."""
    ask_any_time: bool = False
    """The next stage may be asked for at any time, answered or not."""
    different_person: bool = False
    """Whoever answers here should not have answered an earlier stage."""
    with_independent_person: bool = False
    """The answer is considered together with the Independent Person."""
    each_point: bool = False
    """The answer should decide on each point, with its reason."""
    ask_reasons: bool = False
    """Who asks for the next stage without saying why, and what they want, is asked; nothing waits for it."""
    after_lapse: Literal["of_right", "decision"] = "decision"
    """A request for the next stage after this one lapsed: opens it, or waits for a reasoned decision."""
    resolved_closes: bool = False
    answer_letter: str
    acknowledgement_letter: str = "acknowledgement"
    opening_letter: str | None = None
    named_letter: str | None = None
    """With its answer, to whoever a comment, a compliment or a suggestion is about by name."""
    ask: str = ""
    """How the next stage is asked for, as letters say it; empty: in any way, and without reasons."""
    source: Written


def _phrase(phrase: str) -> str:
    wrong = wrong_phrase(phrase)
    if wrong:
        raise ValueError(wrong)
    return phrase


Phrase = Annotated[str, AfterValidator(_phrase)]
"""Words looked for in a text: `*` ends a word that goes on, `...` stands for up to three others."""


class Words(Data):
    """Words that count together, in one sentence of a point (`redress.domain.combinations`)."""

    one_of: Annotated[list[Phrase], Field(min_length=1)]
    and_one_of: list[Phrase] = []
    """One of these as well; one that is denied does not count."""
    none_of: list[Phrase] = []
    """Where one of these stands anywhere in the point, the combination does not count."""


MOST_KEPT = 256
"""How many texts a question remembers the answer for."""

SUGGESTS = "suggests"
"""When a question is asked whose answer holds nothing up: where the points suggest another route."""


class Question(Data):
    """Something to ask before or while a matter is taken: who may complain, what about, how old."""

    name: str
    when: Literal[
        "anonymous",
        "older",
        "role_in",
        "role_not_in",
        "mentions",
        "suggests",
        "child_disagrees",
        "child_not_asked",
        "not_tried_informally",
    ]
    values: list[str] = []
    """Roles, or words looked for in the points and in what the matter is about (`suggests`: there alone)."""
    words: list[Words] = []
    """`suggests`: the combinations looked for in each point."""
    unless: list[Phrase] = []
    """`suggests`: the part of a sentence in which one of these stands does not count."""
    leads_to: list[str] = []
    """`suggests`: procedures of that route; a matter that follows one of them is not asked about."""
    says: str
    presumption: Literal["accept", "decline", "none"] = "accept"
    decides: bool = True
    """A person decides by `accept` or `decline`; false: it is asked, and delays nothing."""
    doubt: str = ""
    """What the person reads of it while it is not decided: a sentence."""
    instead: str = ""
    """Where somebody goes instead whose matter is not taken."""
    source: Written

    @model_validator(mode="before")
    @classmethod
    def _holds_nothing_up(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("when") == SUGGESTS:
            return {"decides": False, **raw}
        return raw

    @model_validator(mode="after")
    def _knows_what_to_look_for(self) -> Question:
        if self.when in ("role_in", "role_not_in", "mentions") and not self.values:
            raise ValueError(f"values: is missing: when = {self.when!r} needs it")
        if self.when == SUGGESTS:
            if not self.words:
                raise ValueError(f"words: is missing: when = {self.when!r} needs it")
            if self.decides:
                raise ValueError(f"decides: should be left out: when = {self.when!r} holds nothing up")
        for key in ("words", "unless", "leads_to"):
            if self.when != SUGGESTS and getattr(self, key):
                raise ValueError(f"{key}: belongs to when = {SUGGESTS!r} alone")
        return self

    @cached_property
    def told(self) -> dict[bytes, list[str]]:
        """What texts were found to say, by their digest: a complaint is made anew often of the same ones."""
        return {}

    def suggested_by(self, text: str) -> list[str]:
        """The phrases by which a text suggests this route; empty: it does not."""
        mark = sha256(text.encode("utf-8", "surrogatepass")).digest()
        if mark not in self.told:
            if len(self.told) >= MOST_KEPT:
                self.told.clear()
            self.told[mark] = speaks_of(text, self.words, self.unless)
        return self.told[mark]

    @property
    def is_of_route(self) -> bool:
        """Whether it asks by which route the matter goes on: it does so under its first stage meanwhile."""
        return self.when == SUGGESTS

    @property
    def asked(self) -> str:
        """The question as the manager reads it."""
        presumed = {"accept": " Presumption: accept.", "decline": " Presumption: decline.", "none": ""}
        return f"{self.says} ({self.source}).{presumed[self.presumption]}"


class Direct(Data):
    """A matter that goes to a later stage at once: who it is about."""

    to: StageName
    about: list[str]
    """Words looked for in what the matter is about (`about`: service, team, people)."""
    asks: str = ""
    """Asked where the words stand in the points only."""
    source: Written


class PauseGround(Data):
    """A ground that stops the clocks of a whole complaint while it is suspended."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """What `suspend` names as its `ground`."""
    title: Written
    stages: list[StageName] = []
    """The stages at which it stops a clock; none named: at every one."""
    within_most: bool = False
    """It stops only limits that can be extended, and none beyond the most allowed (`extend_to`)."""
    source: Written


class Condition(Data):
    """What must be recorded before an early referral to the Ombudsman."""

    name: str
    words: list[str]
    """A recorded condition counts for this one if it is its name or holds one of these words."""
    title: str


class Plain(Data):
    """What a young person reads about one place of a procedure."""

    what: str
    who: str
    next: str


class RoleRule(Data):
    """Who may take a part."""

    role: Role
    title: str
    stage: StageName
    connections: Annotated[list[Connection], Field(min_length=1)]
    seats: Annotated[int, Field(ge=1, le=20)] = 1
    apart_from: list[Role] = []
    """Nobody who holds or held one of these parts in the case may take this one."""
    source: Written


Leaves = Literal["at_once", "draft"]
"""Whether a letter leaves when it is written, or waits to be approved."""

Approver = Literal[
    "complaints_manager", "stage_manager", "investigating_officer", "adjudicating_officer", "director"
]
"""Who at the authority may be asked to approve a letter."""


class LetterRule(Data):
    """Whether one letter waits to be approved, and who approves it."""

    leaves: Leaves | None = None
    """None: what `decision_letters` says."""
    approver: Approver = "complaints_manager"
    deputy: Approver | None = None
    """Who is asked where the approver has not approved it two working days before the limit."""
    writer_may_approve: bool = False
    """Whether whoever wrote it may approve it: say so only where one person alone could."""
    enclosures: Literal["with_letter", "separately"] = "with_letter"
    """`separately`: what it speaks of goes another way, and it says so; it waits for none of it."""
    encloses: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]] = []
    """Kinds of documents that it encloses here besides those that its template names."""


class Policy(Data):
    """What an authority decides for itself, as far as dates and decisions follow from it."""

    deemed_days: Annotated[int, Field(ge=0, le=60)] | None = None
    """Working days after leaving on which a letter counts as received where nobody says when it was, by
    whatever way; none: those of the two ways below."""
    deemed_days_email: Annotated[int, Field(ge=0, le=60)] = 2
    """The same for e-mail."""
    deemed_days_post: Annotated[int, Field(ge=0, le=60)] = 3
    """The same for post."""
    office_opens: OfClock = "09:00"
    office_closes: OfClock = "17:00"
    hold_letters: Literal["clock", "all"] = "clock"
    """Which letters wait for office hours: those that a clock causes, or all."""
    decision_letters: Leaves = "at_once"
    """Whether letters that decide something wait to be approved. `shared.toml` says `draft`; what is said
    here holds for complaints that were opened before there were drafts."""
    letters: dict[str, LetterRule] = {}
    """What holds for one letter, by its name."""
    tail_days: Annotated[int, Field(ge=0, le=2000)] = 60
    """Working days after closing during which the workflow stays for what may still come."""
    events_within_months: Annotated[int, Field(ge=1, le=1200)] = 12
    """Calendar months back from receipt beyond which a person decides whether the matter is taken."""
    reopen_within_days: Annotated[int, Field(ge=0, le=2000)] = 0
    """Working days after closing within which a complaint may be reopened; 0: it may not."""
    may_restrict_contact: bool = False
    """Whether replies may stop to somebody whose contact is unreasonable."""
    restrict_contact_days: Annotated[int, Field(ge=1, le=2000)] = 183
    """Calendar days that such a restriction lasts where nobody says until when."""
    extension_names_ombudsman: bool = False
    """Whether letters about an extension give the Ombudsman's details."""
    safeguarding_words: list[Short] = []
    """Words by which a note or a contact may be about somebody's safety: the Complaints Manager is told."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Policy:
        if self.office_opens >= self.office_closes:
            raise ValueError(f"office_closes: {self.office_closes} should be later than {self.office_opens}")
        return self


class Procedure(Data):
    """One procedure with an authority's choices laid over it."""

    name: str
    title: str
    first_stage: StageName = "stage_1"
    ombudsman: str
    stages: list[Stage]
    roles: list[RoleRule] = []
    limits: list[Limit]
    expects: dict[str, list[str]] = {}
    """What should have happened before a milestone; missing, it is noted as irregular."""
    policy: Policy = Policy()
    questions: list[Question] = []
    direct: list[Direct] = []
    pauses: list[PauseGround] = []
    """The grounds that stop a clock; a suspension on any other is recorded as irregular and stops none."""
    early_referral: list[Condition] = []
    """All of these must be recorded before a referral while the procedure is not over, each by an entry."""
    beyond: str = "what follows it is the Ombudsman"
    """What lies behind the last stage, as a refusal says it."""
    plain: dict[str, Plain] = {}
    """What a young person reads, by stage, and at `intake`, `suspended`, `closed` and `ombudsman`."""
    titles: dict[Owner, str] = {}
    """What those who owe something are called here."""

    @property
    def has_ombudsman(self) -> bool:
        """Whether it leads to an Ombudsman; one whose end is no complaint's end leads to none."""
        return self.ombudsman != "none"

    @cached_property
    def limit(self) -> dict[str, Limit]:
        """Limits by name."""
        return {limit.name: limit for limit in self.limits}

    @cached_property
    def stage(self) -> dict[str, Stage]:
        """Stages by name."""
        return {stage.name: stage for stage in self.stages}

    @cached_property
    def order(self) -> dict[str, int]:
        """How far along each stage is; before the first stage is 0."""
        first = {"intake": 0, "informal": 0}
        return first | {stage.name: n for n, stage in enumerate(self.stages, 1)} | {"ombudsman": 9}

    def knows(self, milestone: str) -> bool:
        """Whether what a message reports has a place in this procedure: a panel, a statement, a report."""
        what, _, of = milestone.partition(":")
        if milestone == "statement_agreed" or of == "investigation":
            return "investigating_officer" in self.role
        if what == "reported" and of == "independent_person":
            return of in self.role
        return (
            what not in ("papers_sent", "panel_scheduled", "panel_held", "reported")
            or "stage_3" in self.stage
        )

    @cached_property
    def role(self) -> dict[str, RoleRule]:
        """Role rules by role."""
        return {rule.role: rule for rule in self.roles}

    @cached_property
    def starting(self) -> dict[str, list[Limit]]:
        """The limits that each milestone starts."""
        starting: dict[str, list[Limit]] = {}
        for limit in self.limits:
            starting.setdefault(limit.starts, []).append(limit)
            if limit.provisionally_from:
                starting.setdefault(limit.provisionally_from, []).append(limit)
        return starting

    @cached_property
    def affecting_running(self) -> frozenset[str]:
        """The milestones that stop a limit under way, or give it another owner."""
        return frozenset(m for limit in self.limits for m in (*limit.stopped_by, *limit.owner_after))

    @cached_property
    def meeting(self) -> dict[str, tuple[str, ...]]:
        """The names of the limits that each milestone meets, in the order of the file."""
        meeting: dict[str, tuple[str, ...]] = {}
        for limit in self.limits:
            for milestone in limit.met_by:
                meeting[milestone] = (*meeting.get(milestone, ()), limit.name)
        return meeting


class RulesSnapshot(Data):
    """All that decides a complaint's dates: recorded in its history when it opens; nothing else does."""

    procedure: Procedure
    holidays: HolidayTable
    chosen: str = ""
    """Why the matter follows this procedure."""
    procedures: list[str] = []
    """The authority's procedures: those that a part of the matter can be split off to."""
    flags: tuple[str, ...] = ()
    """The changes of reading that this complaint follows (`redress.domain.flags`)."""

    @cached_property
    def packed(self) -> str:
        """The rules as text: compressed JSON. Whole: a default of tomorrow's is none of theirs."""
        return compressed(self.model_dump_json())

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of its table of bank holidays."""
        return calendar_for(self.holidays)

    def has(self, flag: str) -> bool:
        """Whether the complaint follows a change of reading. Raises `KeyError` for a flag that is none."""
        return FLAGS[flag].name in self.flags
