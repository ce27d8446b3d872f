"""What the templates of letters may name: the case as it stands when a letter leaves."""

from __future__ import annotations

from datetime import date
from typing import Any

from redress.domain.calendar import full_date
from redress.domain.case import Case
from redress.domain.deadline import Deadline, days_late
from redress.domain.facts import last_for_the_ombudsman
from redress.domain.messages import AddPoints, SchedulePanel, Suspend
from redress.domain.opening_parsing import parse_opening
from redress.domain.plain_words import says
from redress.domain.points import Point
from redress.domain.remedies import AgreedAction
from redress.domain.splitting import part_of
from redress.letters.approvers import draft_meant
from redress.letters.naming import Facts, Titles, matter_of, names_of, procedure_of, stages_of
from redress.letters.next_step import by_due, sentences
from redress.procedures.loader import Authority, Service, procedure, rules_for


def context(
    case: Case, authority: Authority, facts: Facts, sent_on: date, titles: Titles, *, young: bool
) -> dict[str, Any]:
    """Everything a template may name. Dates it may promise stand in `due`: only what is still to come.

    `facts` are the effect's, `titles` what those who owe something are called; `young`: the letter is
    written to a young person.
    """
    state = case.state
    facts = _at_its_stage(case, facts)
    deadline = state.latest.get(str(facts.get("deadline")))
    same = deadline is not None and deadline.due_on.isoformat() == facts.get("due_on")
    runs = [d for d in state.running if d.paused_on is None]
    ahead = [d for d in runs if d.last_in_time >= sent_on]
    points = {point.number: point.text for point in state.points.all}
    late = [request.message for request in state.requests.late]
    return {
        "message": {},
        "answers": [],
        "still_owed": [],
        "amends_on": "",
        "paragraphs": [],
        "received_on": case.opening.received_on.isoformat(),
        "most_on": _most(case, deadline, sent_on) if deadline and same else "",
        "draft_lacks": [],
        **_draft(case, facts),
        **facts,  # what a letter says of its own cause: it wins over all above
        "on": sent_on.isoformat(),
        "reference": case.reference,
        "authority": authority,
        "contact": authority.contact,
        "advocacy": authority.advocacy,
        "ombudsman": authority.ombudsman,
        "ombudsman_lines": _contact_line(authority.ombudsman),
        "ombudsman_line": authority.ombudsman.telephone or authority.ombudsman.web,
        "titles": titles,
        "owner_title": titles.get(str(facts.get("owner")), str(facts.get("owner"))),
        "title": _numbered(str(facts.get("deadline", "")), str(facts.get("title", ""))),
        "desired_outcome": case.opening.desired_outcome,
        "points": [p for p in state.points.all if p.state not in ("split_off", "replaced")],
        "point": lambda number: points.get(number, str(number)),
        "doubts": [q.doubt for q in state.questions if q.doubt] if state.stage == "intake" else [],
        "route_doubts": [each.question.doubt for each in state.routes if each.question.doubt],
        "anonymous": case.opening.complainant is None,
        "for_child": bool(case.opening.children),
        "is_open": state.closed_on is None,
        "ended_on": state.closed_on.isoformat() if state.closed_on else "",
        "reached": state.reached,
        "place": _place(case),
        "panel_was_on": _panel_was_on(case, facts),
        "late_at_rest": _late_at_rest(case),
        "rest_is_answered": _rest_is_answered(case, facts),
        "points_wait": [p for m in late if isinstance(m, AddPoints) for p in m.points],
        "request_waits": any(not isinstance(m, AddPoints) for m in late),
        "waited_in_part": _waited_in_part(case),
        "names": names_of(case),
        "unanswered": _unanswered(case, facts),
        "resting_unanswered": _resting_unanswered(case),
        "ombudsman_by": _ombudsman_by(case, sent_on),
        "panel_on": state.panel_on.isoformat() if state.panel_on and state.panel_on >= sent_on else "",
        "due": {d.name: d.due_on.isoformat() for d in ahead},
        "late_since": {d.name: d.due_on.isoformat() for d in runs if d.last_in_time < sent_on},
        "still_late": [
            _owed(d, titles) | {"days_late": days_late(state.calendar, d, sent_on), "unit": d.limit.unit}
            for d in sorted(runs, key=by_due)
            if d.last_in_time < sent_on and d.limit.follows is None
        ],
        "counts_from": {d.name: d.counts_from.isoformat() for d in state.ledger},
        "was_due": _was_due(case, facts),
        "acknowledgement_was_due": _acknowledgement_was_due(case, facts),
        "owed": [_owed(d, titles) for d in sorted(ahead, key=by_due) if d.owner != "complainant"],
        "rules": {d.limit.title: d.limit.source for d in state.ledger},
        "days_late": days_late(state.calendar, deadline, sent_on) if deadline and same else 0,
        "told": bool(deadline and deadline.limit.late_letters and case.opening.complainant),
        **matter_of(case),
        **procedure_of(case, titles, young=young),
        **stages_of(case, facts, ahead, titles, sent_on, young=young),
        **_remedies(case, facts),
        "remedy": _remedy(case, facts),
        **_decision(facts),
        "conditions": _conditions(case, facts),
        "moved": _moved(case, facts, sent_on, titles),
        **_part(case, facts, sent_on),
    }


def _at_its_stage(case: Case, facts: Facts) -> Facts:
    """The facts of a letter; one about an answer that an earlier stage owes is about that stage."""
    order = case.state.procedure.order
    stages = {stage.response: stage.name for stage in case.state.procedure.stages}
    own = stages.get(str(facts.get("deadline")))
    is_earlier = own is not None and order[own] < order.get(facts.get("stage", ""), -1)
    return {**facts, "stage": own} if is_earlier else facts


def _draft(case: Case, facts: Facts) -> dict[str, str]:
    """The draft that a letter to staff is about."""
    draft = draft_meant(case, facts)
    if draft is None:
        return {}
    last_day = case.state.drafts.last_day(draft)
    return {
        "draft_title": draft.template.replace("_", " "),
        "draft_mark": draft.marks[0],
        "draft_last_day": last_day.isoformat() if last_day else "",
    }


def _place(case: Case) -> str:
    """Where the panel meets, as the latest call for its day says."""
    called = [e.message for e in case.state.effects.heard if isinstance(e.message, SchedulePanel)]
    return next((m.place for m in reversed(called) if m.meeting_on == case.state.panel_on), "")


def _panel_was_on(case: Case, facts: Facts) -> str:
    """The day, still ahead then, for which the panel had been called before a letter's call; or empty."""
    message = facts.get("message") or {}
    calls = [e.message for e in case.state.effects.heard if isinstance(e.message, SchedulePanel)]
    dates = [(call.on.isoformat(), call.meeting_on.isoformat()) for call in calls]
    this = (message.get("on"), message.get("meeting_on"))
    if this not in dates:
        return ""
    before = dates[: len(dates) - 1 - dates[::-1].index(this)]
    was_on = before[-1][1] if before else ""
    return was_on if was_on != this[1] and was_on >= str(this[0]) else ""


def _late_at_rest(case: Case) -> str:
    """When the answer at the stage had been due, where it was late before the pause; empty: it was not."""
    state = case.state
    answer = state.latest.get(state.stage_rules.response)
    if answer is None or answer.paused_on is None or answer.last_in_time >= answer.paused_on:
        return ""
    return answer.due_on.isoformat()


def _rest_is_answered(case: Case, facts: Facts) -> bool:
    """Whether all at issue but the texts of points that a letter is about has its answer at the stage."""
    state, new = case.state, facts.get("texts", [])
    rest = {point.number for point in state.points.open if point.text not in new}
    return bool(rest) and rest <= state.answers.answered(state.current_stage)


def _waited_in_part(case: Case) -> bool:
    """Whether only points of it were suspended last, not the whole."""
    suspensions = [e.message for e in case.state.effects.heard if isinstance(e.message, Suspend)]
    return bool(suspensions) and suspensions[-1].points is not None


def _unanswered(case: Case, facts: Facts) -> list[Point]:
    """The points that a late answer is owed to, where other points of its stage have been answered."""
    state = case.state
    stage = facts.get("stage", "")
    if stage not in state.procedure.stage or not state.answers.answered(stage):
        return []
    return state.unanswered(stage)


def _resting_unanswered(case: Case) -> list[Point]:
    """The points that the present stage is not about, and that an earlier one still has to answer."""
    owed = {number for points in case.state.answers.left.values() for number in points}
    return [point for point in case.state.points.all if point.state == "resting" and point.number in owed]


def _ombudsman_by(case: Case, sent_on: date) -> str:
    """The last of the 12 months within which the Ombudsman normally wants to hear of it; empty: passed."""
    last = last_for_the_ombudsman(case.state.effects.knew_on)
    return last.isoformat() if last >= sent_on else ""


def _numbered(name: str, title: str) -> str:
    """A limit's title; agreed actions have their number with it, not their text, which may name people."""
    kind, _, number = name.partition("_")
    return f"{title} {number}" if kind == "remedy" else title


def _owed(deadline: Deadline, titles: Titles) -> dict[str, str]:
    return {
        "name": deadline.limit.name,
        "title": _numbered(deadline.name, deadline.limit.title),
        "due_on": deadline.due_on.isoformat(),
        "owner": titles.get(deadline.owner, deadline.owner),
        "source": deadline.limit.source,
    }


def _most(case: Case, deadline: Deadline, sent_on: date) -> str:
    """The latest date to which the deadline can still be extended, if it can."""
    most = deadline.most(case.state.calendar)
    often = deadline.limit.extensions
    if not deadline.is_open or most is None or (often is not None and deadline.extended >= often):
        return ""
    return most.isoformat() if most > deadline.due_on and most >= sent_on else ""


def _was_due(case: Case, facts: Facts) -> str:
    """When the answer at the letter's stage had been due, if it came late."""
    stage = case.state.procedure.stage.get(facts.get("stage", ""))
    answer = case.state.latest.get(stage.response) if stage else None
    late = answer is not None and answer.met_on is not None and answer.met_on > answer.due_on
    return answer.due_on.isoformat() if answer and late and not answer.met_assumed else ""


def _acknowledgement_was_due(case: Case, facts: Facts) -> str:
    """When the acknowledgement that this letter is had been due, if it came late."""
    message = facts.get("message") or {}
    meeting = case.state.procedure.meeting
    names = (*meeting.get("acknowledged", ()), *meeting.get(f"acknowledged:{facts.get('stage')}", ()))
    late = [
        deadline.due_on.isoformat()
        for deadline in case.state.ledger
        if deadline.name in names
        and deadline.met_on is not None
        and deadline.last_in_time < deadline.met_on
        and deadline.met_on.isoformat() == message.get("on")
    ]
    return max(late, default="")


def _remedies(case: Case, facts: Facts) -> dict[str, Any]:
    """What the message agreed to do, each with its date: its own, or the rule's.

    `remedies` are all, `other_remedies` those that belong to no point with a finding of its own.
    """
    message = facts.get("message") or {}
    agreed = [a for a in case.state.remedies if a.agreed_on.isoformat() == message.get("on")]
    wanted = [remedy["what"] for remedy in message.get("remedies", [])]
    judged = [finding["point"] for finding in message.get("findings", [])]
    remedies = [
        {
            "what": _worded(a),
            "point": a.remedy.point,
            "amount": _pounds(a),
            "due_on": case.state.latest[f"remedy_{a.number}"].due_on.isoformat(),
        }
        for a in agreed
        if a.remedy.what in wanted
    ]
    return {"remedies": remedies, "other_remedies": [r for r in remedies if r["point"] not in judged]}


def _remedy(case: Case, facts: Facts) -> dict[str, str]:
    """The agreed action that a letter is about: late, or done."""
    message = facts.get("message") or {}
    _, _, number = str(facts.get("deadline", "")).partition("remedy_")
    agreed = case.state.remedies.numbered(int(number or message.get("remedy", 0)))
    if agreed is None:
        return {}
    deadline = case.state.latest[f"remedy_{agreed.number}"]
    late = deadline.met_on is not None and deadline.met_on > deadline.due_on and not deadline.met_assumed
    return {
        "what": _worded(agreed),
        "amount": _pounds(agreed),
        "origin": agreed.origin,
        "was_due": deadline.due_on.isoformat() if late else "",
    }


def _conditions(case: Case, facts: Facts) -> list[str]:
    """What was recorded for an early referral, in words: the title of a condition where its name stands."""
    titles = {condition.name: condition.title for condition in case.state.procedure.early_referral}
    return [titles.get(each, each) for each in (facts.get("message") or {}).get("conditions", [])]


def _worded(agreed: AgreedAction) -> str:
    """An agreed action in its own words, after what sort of thing it is where they do not say so."""
    sort = sentences()["remedy_kinds"].get(agreed.remedy.kind or "", "")
    what = agreed.remedy.what
    return what if not sort or sort.split()[-1].casefold() in what.casefold() else f"{sort}: {what}"


def _pounds(agreed: AgreedAction) -> str:
    return f"{agreed.remedy.amount:,.2f}" if agreed.remedy.amount is not None else ""


def _decision(facts: Facts) -> dict[str, str]:
    """The Ombudsman's decision: in words beside its category, and from when a stage counts."""
    message = facts.get("message") or {}
    words = str(message.get("outcome", ""))
    is_category = words.casefold() in sentences()["ombudsman_categories"]
    return {
        "in_words": "" if is_category else words,
        "counted_from": message.get("counts_from") or message.get("on", ""),
    }


def _moved(case: Case, facts: Facts, sent_on: date, titles: Titles) -> list[dict[str, Any]]:
    """The dates that have moved, each as a sentence (`says`) and for staff (`title`, `owner`)."""
    state, moved = case.state, []
    for change in facts.get("moved", []):
        deadline, due_on = state.latest.get(change["name"]), date.fromisoformat(change["due_on"])
        same = deadline is not None and deadline.due_on == due_on and due_on >= sent_on
        title = _numbered(change["name"], change["title"])
        passed = ", which has passed. It is late, and we are sorry." if due_on < sent_on else "."
        sentence = says(state, deadline) if deadline and same else f"{title}: {full_date(due_on)}{passed}"
        owner = titles.get(change["owner"], change["owner"].replace("_", " "))
        moved.append({**change, "says": sentence, "title": title, "owner": owner})
    return moved


def _part(case: Case, facts: Facts, sent_on: date) -> dict[str, Any]:
    """Of points split off: the reference they go on under, their procedure and why, their answer's date."""
    if "part" not in facts or "split_points" not in facts:
        return {}
    part = part_of(case, {**facts, "points": facts["split_points"]})
    opening = parse_opening(part.opening, sent_on)
    state = Case(rules_for(opening, sent_on), part.reference, opening, sent_on).state
    answer = state.latest.get(state.procedure.stage[state.current_stage].response)
    due_on = answer.due_on if answer is not None and answer.due_on >= sent_on else None
    return {
        "part_reference": part.reference,
        "part_title": procedure(facts["procedure"], opening.authority).title,
        "part_reason": _why_split(facts["procedure"], opening.authority),
        "part_due": due_on.isoformat() if due_on else "",
    }


def _why_split(name: str, council: str) -> str:
    """Why points follow another procedure; of an authority's own, its title says it."""
    title = procedure(name, council).title
    return sentences()["why_split"].get(name, f'they belong under our procedure "{title}"')


def _contact_line(service: Service) -> str:
    parts = [service.telephone, service.web, service.email, ", ".join(service.address)]
    return ", ".join(part for part in parts if part)
