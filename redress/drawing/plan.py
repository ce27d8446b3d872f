"""What is drawn of a procedure under an authority's choices, before it takes a form.

Everything comes from the data. The only things stated here that are in no file are what the rules in
`redress.domain.actions` do for every procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from redress.domain.procedure import STARTED, Limit, Procedure, Question, Stage
from redress.drawing import wording
from redress.procedures.authority import Authority, Contact, Service

SETTLED_INFORMALLY = ("informal", "stage_1")
"""The stages at which a complaint can be settled informally."""


class PlannedLimit(NamedTuple):
    """A limit, and what is told of it in words."""

    limit: Limit
    owner: str
    length: str
    """`10 working days`."""
    counts_from: str
    """`the request for Stage 2`."""
    counted: str
    """`from the request for Stage 2`; before it, or by the day that is named with it."""
    extension: str
    """How far and how often it may be extended; empty where it may not."""
    notes: list[str]


class WayOut(NamedTuple):
    """How a complaint may end or leave the procedure."""

    name: str
    when: str
    after: str = ""
    """The limit after which it lies; empty: it is open from the beginning of its section."""


class Section(NamedTuple):
    """A stage, or what stands before, beside or after the stages."""

    name: str
    title: str
    limits: list[PlannedLimit]
    ways_out: list[WayOut]
    answered_by: str = ""
    remarks: list[str] = []
    """Who takes part, and how it is entered."""
    questions: list[str] = []
    """What a person decides before the matter is taken."""
    onward: str = ""
    """When the next section is reached."""
    source: str = ""
    response: str = ""
    """The limit that its answer meets."""
    next: str = ""
    """The next stage's name."""

    @property
    def heading(self) -> str:
        """Its title, and who answers there."""
        return f"{self.title} (answered by: {self.answered_by})" if self.answered_by else self.title


class ProcedurePlan(NamedTuple):
    """The whole drawing. Who can be reached is a list: the name, then the ways to reach them."""

    procedure: str
    authority: str
    title: str
    council: str
    intake: Section
    stages: list[Section]
    after: Section
    any_time: Section
    contact: list[str]
    advocacy: list[str]
    """Empty where the authority names no service."""
    ombudsman: list[str]
    """Empty where the procedure leads to none."""

    @property
    def command(self) -> str:
        """What draws it again."""
        return f"starter.py procedure {self.procedure} --authority {self.authority}"

    @property
    def sections(self) -> list[Section]:
        """Every section, in order."""
        return [self.intake, *self.stages, self.any_time, self.after]

    @property
    def limits(self) -> list[PlannedLimit]:
        """Every limit that is drawn."""
        return [planned for section in self.sections for planned in section.limits]


def plan_of(procedure: Procedure, authority: Authority) -> ProcedurePlan:
    """What is to be drawn of a procedure under an authority's choices."""
    limits: dict[str, list[PlannedLimit]] = {}
    for limit in procedure.limits:
        if can_run(procedure, limit):
            limits.setdefault(_section_of(procedure, limit), []).append(_planned(procedure, limit))
    after, any_time = limits.get("ombudsman", []), limits.get("any_time", [])
    return ProcedurePlan(
        procedure.name,
        authority.name,
        procedure.title,
        authority.title,
        _intake(procedure, limits.get("intake", [])),
        [_stage(procedure, stage, limits.get(stage.name, [])) for stage in procedure.stages],
        Section("after", "After the last stage", after, [], remarks=[_after(procedure)]),
        Section("any_time", "At any stage", any_time, [*_any_time(procedure, authority)]),
        _reach(authority.contact),
        _reach(authority.advocacy) if authority.advocacy else [],
        _reach(authority.ombudsman) if procedure.has_ombudsman else [],
    )


def can_run(procedure: Procedure, limit: Limit) -> bool:
    """Whether a limit can ever run here: some wait for what this procedure does not know."""
    match limit.name:
        case "eligibility_decision":
            return any(question.decides for question in procedure.questions)
        case "route_decision":
            return any(question.is_of_route for question in procedure.questions)
        case "late_request_decision":
            return any(stage.next and stage.after_lapse == "decision" for stage in procedure.stages)
        case "contact_review":
            return procedure.policy.may_restrict_contact
        case "ombudsman_review":
            return procedure.has_ombudsman
    return True


def _section_of(procedure: Procedure, limit: Limit) -> str:
    if limit.name in STARTED - {"eligibility_decision", "ombudsman_review", "route_decision"}:
        return "any_time"
    return limit.stage if limit.stage in {*procedure.stage, "ombudsman"} else "intake"


def _planned(procedure: Procedure, limit: Limit) -> PlannedLimit:
    since = wording.moment(procedure, limit.starts)
    return PlannedLimit(
        limit,
        wording.capital(wording.title_of(procedure, limit.owner)),
        wording.length(limit),
        since,
        f"{wording.counts(limit)} {since}",
        wording.extension(limit),
        list(wording.notes(procedure, limit)),
    )


def _intake(procedure: Procedure, limits: list[PlannedLimit]) -> Section:
    questions = [_question(question) for question in procedure.questions if question.decides]
    declined = WayOut(
        "Declined", "by a person, with reasons and where to go instead, before the first answer"
    )
    return Section(
        "intake",
        "When it comes in",
        limits,
        [declined] if questions or any(stage.next for stage in procedure.stages) else [],
        remarks=["Time runs from the day it was received, which is day 0, whatever has to be decided first."],
        questions=questions,
        onward="It is taken under this procedure.",
    )


def _question(question: Question) -> str:
    """What a question is about, its first clause, and what the law presumes."""
    about = wording.capital(re.split(r"[.:;](?:\s|$)", " ".join(question.says.split()))[0])
    return about if question.presumption == "none" else f"{about} (presumption: {question.presumption})"


def _stage(procedure: Procedure, stage: Stage, limits: list[PlannedLimit]) -> Section:
    return Section(
        stage.name,
        stage.title,
        limits,
        list(_ways_out(procedure, stage)),
        answered_by=wording.capital(wording.title_of(procedure, stage.answered_by)),
        remarks=list(_remarks(procedure, stage)),
        onward=_onward(procedure, stage),
        source=stage.source,
        response=stage.response,
        next=stage.next or "",
    )


def _remarks(procedure: Procedure, stage: Stage) -> Iterator[str]:
    """How a matter may begin at this stage, who takes part, and who may not."""
    first = procedure.stage[procedure.first_stage]
    if first.name == "informal" and first.next == stage.name:
        yield "Begins here: whoever has tried informally already."
    for direct in procedure.direct:
        if direct.to == stage.name:
            yield f"Begins here at once: a complaint about the {' or '.join(direct.about)}."
    if parts := [wording.role_rule(procedure, rule) for rule in procedure.roles if rule.stage == stage.name]:
        yield f"{'; '.join(parts)}."
    if stage.with_independent_person:
        yield "The answer is considered together with the Independent Person of Stage 2."
    if stage.different_person:
        yield "Whoever answers here did not answer an earlier stage."


def _ways_out(procedure: Procedure, stage: Stage) -> Iterator[WayOut]:
    if stage.resolved_closes and stage.next:
        informally = "informally, where the person agrees, or " if stage.name in SETTLED_INFORMALLY else ""
        yield WayOut("Settled", f"{informally}by an answer that resolves it", stage.response)
    for limit in procedure.limits:
        if limit.stage == stage.name and limit.lapse == "close" and limit.name not in STARTED:
            when = f"no request within {wording.length(limit)}{_asked_later(procedure, stage)}"
            yield WayOut("Lapsed", when, limit.name)
    if stage.name == "stage_2" and procedure.early_referral:
        wanted = "; ".join(condition.title for condition in procedure.early_referral)
        when = f"once it is answered, where all of this is recorded: {wanted}"
        yield WayOut("Early to the Ombudsman", when, stage.response)
    if stage.next is None:
        yield WayOut("Completed", "with the answer", stage.response)


def _asked_later(procedure: Procedure, stage: Stage) -> str:
    if stage.next is None:
        return ""
    following = wording.stage_name(procedure, stage.next)
    if stage.after_lapse == "of_right":
        return f"; asked for later, {following} opens all the same"
    return f"; asked for later, a person decides on the reasons whether {following} opens"


def _onward(procedure: Procedure, stage: Stage) -> str:
    """When the next stage may be asked for."""
    if stage.next is None:
        return ""
    when = ["once this stage is answered"]
    when += ["as soon as its answer is late"] if stage.late_opens_next else []
    when += ["without an answer where both sides agree"] if stage.skip_by_agreement else []
    in_words = " or ".join(part for part in (", ".join(when[:-1]), when[-1]) if part)
    whenever = "at any time" if stage.ask_any_time else in_words
    return f"The complainant may ask for {wording.stage_name(procedure, stage.next)} {whenever}."


def _any_time(procedure: Procedure, authority: Authority) -> Iterator[WayOut]:
    yield WayOut("Withdrawn", "by the complainant, who may bring it again as a new complaint")
    if any(stage.next for stage in procedure.stages):
        yield WayOut("Closed early", "while a next stage is open to them, only where the complainant agrees")
    if others := ", ".join(name for name in authority.procedures if name != procedure.name):
        yield WayOut("Split", f"points that belong elsewhere ({others}) become a linked complaint")
    if within := procedure.policy.reopen_within_days:
        yield WayOut("Reopened", f"a closed complaint, within {within} working days of its closing")


def _after(procedure: Procedure) -> str:
    if not procedure.has_ombudsman:
        return f"{wording.capital(procedure.beyond)}."
    return "Whoever is not content at the end can go to the Ombudsman; they may also go at any time before."


def _reach(who: Contact | Service) -> list[str]:
    name, web = (who.team, "") if isinstance(who, Contact) else (who.name, who.web)
    return [name, *filter(str.strip, [", ".join(who.address), who.telephone, who.email, web])]
