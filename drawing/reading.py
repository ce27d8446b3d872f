"""Reads a procedure, with the authority's choices laid over it, into the plan that is drawn.

Everything comes from the data; the only things said here that are in no file are what the rules in
`redress.domain.actions` do for every procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drawing.phrases import (
    capital,
    extension,
    how_often,
    moment,
    named_day,
    notes_on,
    one_line,
    part,
    stage_name,
    title_of,
    unit_of,
)
from drawing.plan import Place, Plan, Reach, Row, Way
from redress.domain.procedure import NEEDED, Limit, Procedure, Question, Stage
from redress.procedures.authority import Authority, Contact, Service

NO_OMBUDSMAN = "none"
"""What `ombudsman` says in a procedure that leads to none."""

TAKEN = "It is taken under this procedure."

SETTLED_IN = ("informal", "stage_1")
"""The stages at which a complaint can be settled informally."""


def plan_of(procedure: Procedure, authority: Authority) -> Plan:
    """What is to be drawn of a procedure under an authority's choices."""
    rows: dict[str, list[Row]] = {}
    for limit in procedure.limits:
        if can_run(procedure, limit):
            rows.setdefault(_place_of(procedure, limit), []).append(_row(procedure, limit))
    leads_on = procedure.ombudsman != NO_OMBUDSMAN
    return Plan(
        one_line(procedure.name),
        authority.name,
        one_line(procedure.title),
        one_line(authority.title),
        _intake(procedure, rows.get("intake", [])),
        [_stage(procedure, stage, rows.get(stage.name, [])) for stage in procedure.stages],
        _any_time(procedure, authority, rows.get("any_time", [])),
        _after(procedure, rows.get("ombudsman", [])),
        _reach(authority.contact),
        _reach(authority.advocacy) if authority.advocacy else None,
        _reach(authority.ombudsman) if leads_on else None,
    )


def can_run(procedure: Procedure, limit: Limit) -> bool:
    """Whether a limit can ever run here: some wait for what this procedure does not know."""
    match limit.name:
        case "eligibility_decision":
            return any(question.decides for question in procedure.questions)
        case "late_request_decision":
            return any(stage.next and stage.after_lapse == "decision" for stage in procedure.stages)
        case "contact_review":
            return procedure.policy.may_restrict_contact
        case "ombudsman_review":
            return procedure.ombudsman != NO_OMBUDSMAN
    return True


def _place_of(procedure: Procedure, limit: Limit) -> str:
    if limit.name in NEEDED - {"eligibility_decision", "ombudsman_review"}:
        return "any_time"
    if limit.stage in procedure.stage or limit.stage == "ombudsman":
        return limit.stage
    return "intake"


def _row(procedure: Procedure, limit: Limit) -> Row:
    return Row(
        limit.name,
        one_line(limit.title),
        limit.kind,
        limit.days,
        limit.extend_to,
        unit_of(limit, limit.days),
        limit.starts,
        limit.met_by,
        moment(procedure, limit.starts),
        limit.before,
        named_day(limit),
        capital(title_of(procedure, limit.owner)),
        limit.owner == "complainant",
        extension(limit),
        how_often(limit),
        notes_on(procedure, limit),
        one_line(limit.source),
        limit.verified,
    )


def _intake(procedure: Procedure, rows: list[Row]) -> Place:
    asked = [_asked(question) for question in procedure.questions if question.decides]
    says = ["Time runs from the day it was received, which is day 0, whatever has to be decided first."]
    declined = Way("Declined", "by a person, with reasons and where to go instead, before the first answer")
    may_decline = asked or any(stage.next for stage in procedure.stages)
    return Place(
        "intake", "When it comes in", "", says, rows, [declined] if may_decline else [], asked, TAKEN
    )


def _asked(question: Question) -> str:
    """What a question is about, its first clause, and what the law presumes."""
    about = capital(re.split(r"[.:;](?:\s|$)", one_line(question.says))[0])
    presumed = {"accept": " (presumption: accept)", "decline": " (presumption: decline)", "none": ""}
    return about + presumed[question.presumption]


def _stage(procedure: Procedure, stage: Stage, rows: list[Row]) -> Place:
    return Place(
        stage.name,
        one_line(stage.title),
        capital(title_of(procedure, stage.answered_by)),
        [*_entries(procedure, stage), *_parts(procedure, stage)],
        rows,
        list(_ways(procedure, stage)),
        onward=_onward(procedure, stage),
        source=one_line(stage.source),
        response=stage.response,
        next=stage.next or "",
    )


def _entries(procedure: Procedure, stage: Stage) -> Iterator[str]:
    """How a matter may begin at this stage."""
    first = procedure.stage[procedure.first_stage]
    if first.name == "informal" and first.next == stage.name:
        yield "Begins here: whoever has tried informally already."
    for direct in procedure.direct:
        if direct.to == stage.name:
            about = " or ".join(one_line(each) for each in direct.about)
            yield f"Begins here at once: a complaint about the {about}."


def _parts(procedure: Procedure, stage: Stage) -> Iterator[str]:
    """Who takes part, and who may not."""
    parts = [part(procedure, rule) for rule in procedure.roles if rule.stage == stage.name]
    if parts:
        yield f"{'; '.join(parts)}."
    if stage.with_independent_person:
        yield "The answer is considered together with the Independent Person of Stage 2."
    if stage.different_person:
        yield "Whoever answers here did not answer an earlier stage."


def _ways(procedure: Procedure, stage: Stage) -> Iterator[Way]:
    """The ways out that a stage has, each ending the complaint."""
    if stage.resolved_closes and stage.next:
        informally = "informally, where the person agrees, or " if stage.name in SETTLED_IN else ""
        yield Way("Settled", f"{informally}by an answer that resolves it", stage.response)
    for limit in procedure.limits:
        if limit.stage == stage.name and limit.lapse == "close" and limit.name not in NEEDED:
            days = f"{limit.days} {unit_of(limit, limit.days)}"
            yield Way("Lapsed", f"no request within {days}{_later(procedure, stage)}", limit.name)
    if stage.name == "stage_2" and procedure.early_referral:
        wanted = "; ".join(one_line(each.title) for each in procedure.early_referral)
        yield Way(
            "Early to the Ombudsman",
            f"once it is answered, where all of this is recorded: {wanted}",
            stage.response,
        )
    if stage.next is None:
        yield Way("Completed", "with the answer", stage.response)


def _later(procedure: Procedure, stage: Stage) -> str:
    if stage.next is None:
        return ""
    following = stage_name(procedure, stage.next)
    if stage.after_lapse == "of_right":
        return f"; asked for later, {following} opens all the same"
    return f"; asked for later, a person decides on the reasons whether {following} opens"


def _onward(procedure: Procedure, stage: Stage) -> str:
    """When the next stage may be asked for."""
    if stage.next is None:
        return ""
    following = stage_name(procedure, stage.next)
    if stage.ask_any_time:
        return f"The complainant may ask for {following} at any time."
    when = ["once this stage is answered"]
    when += ["as soon as its answer is late"] if stage.late_opens_next else []
    when += ["without an answer where both sides agree"] if stage.skip_by_agreement else []
    said = when[0] if len(when) == 1 else f"{', '.join(when[:-1])} or {when[-1]}"
    return f"The complainant may ask for {following} {said}."


def _any_time(procedure: Procedure, authority: Authority, rows: list[Row]) -> Place:
    ways = [Way("Withdrawn", "by the complainant, who may bring it again as a new complaint")]
    if any(stage.next for stage in procedure.stages):
        ways.append(
            Way("Closed early", "while a next stage is open to them, only where the complainant agrees")
        )
    others = [one_line(name) for name in authority.procedures if name != procedure.name]
    if others:
        became = f"points that belong elsewhere ({', '.join(others)}) become a linked complaint"
        ways.append(Way("Split", became))
    within = procedure.policy.reopen_within_days
    if within:
        ways.append(Way("Reopened", f"a closed complaint, within {within} working days of its closing"))
    return Place("any_time", "At any stage", "", [], rows, ways)


def _after(procedure: Procedure, rows: list[Row]) -> Place:
    says = "Whoever is not content at the end can go to the Ombudsman; they may also go at any time before."
    if procedure.ombudsman == NO_OMBUDSMAN:
        says = f"{capital(one_line(procedure.beyond))}."
    return Place("after", "After the last stage", "", [says], rows, [])


def _reach(who: Contact | Service) -> Reach:
    name = who.team if isinstance(who, Contact) else who.name
    ways = [", ".join(who.address), who.telephone, who.email, who.web if isinstance(who, Service) else ""]
    return Reach(one_line(name), [_postcode_kept(one_line(each)) for each in ways if each.strip()])


def _postcode_kept(text: str) -> str:
    """A postcode stays in one line."""
    return re.sub(r"\b([A-Z]{1,2}\d[A-Z\d]?) (\d[A-Z]{2})\b", "\\1\N{NO-BREAK SPACE}\\2", text)
