"""What the templates of letters may name: the case as it stands when a letter leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from letters.next_step import sentences
from redress.calendar import long_date
from redress.case import Case
from redress.deadline import Deadline, days_late
from redress.fold import Fold
from redress.library import Authority, Service, procedure, terms_for
from redress.loading import parse_opening
from redress.messages import SchedulePanel, Suspend
from redress.plain import place_of, says
from redress.procedure import Stage
from redress.splitting import part_of
from redress.words import TITLES, mentioned

Facts = Mapping[str, Any]
Titles = Mapping[str, str]

NO_OMBUDSMAN = "none"
"""The `ombudsman` of a procedure whose end is no complaint's end."""

MATTERS = {
    "complaint": "complaint",
    "comment": "comment",
    "compliment": "compliment",
    "suggestion": "suggestion",
    "service_request": "request",
    "information_request": "request",
}
"""What each kind of opening is called in a letter to whoever sent it."""

_NOTHING: dict[str, Any] = {
    "closed_as": "",
    "days": [],
    "deadline": "",
    "instead": [],
    "meeting_on": "",
    "message": {},
    "questions": [],
    "stage": "",
    "why": "",
}
"""Facts that an effect may leave out."""


class StageWords(NamedTuple):
    """A stage as letters name it.

    `name` is short ("Stage 2"), and empty where the procedure has no stages; `by` who answers it,
    `says_by` whether the title says so itself; `ask` how the stage after it is asked for.
    """

    key: str
    title: str
    name: str
    about: str
    title_in_text: str
    by: str
    says_by: bool
    ask: str
    different_person: bool
    late_opens_next: bool
    of_right: bool


def context(
    case: Case, authority: Authority, facts: Facts, sent_on: date, titles: Titles, *, young: bool
) -> dict[str, Any]:
    """Everything a template may name. Dates it may promise stand in `due`: only what is still to come.

    `facts` are the effect's, `titles` what those who owe something are called; `young`: the letter is
    written to a young person.
    """
    fold = case.fold
    deadline = fold.latest.get(str(facts.get("deadline")))
    same = deadline is not None and deadline.due_on.isoformat() == facts.get("due_on")
    runs = [d for d in fold.running if d.paused_on is None]
    ahead = [d for d in runs if d.due_on >= sent_on]
    points = {point.number: point.text for point in fold.points.all}
    return {
        **_NOTHING,
        **facts,
        "on": sent_on.isoformat(),
        "reference": case.reference,
        "authority": authority,
        "contact": authority.contact,
        "advocacy": authority.advocacy,
        "ombudsman": authority.ombudsman,
        "ombudsman_lines": _reach(authority.ombudsman),
        "titles": titles,
        "owner_title": titles.get(str(facts.get("owner")), str(facts.get("owner"))),
        "title": _title(facts),
        "desired_outcome": case.opening.desired_outcome,
        "received_on": case.opening.received_on.isoformat(),
        "points": [p for p in fold.points.all if p.state not in ("split_off", "replaced")],
        "point": lambda number: points.get(number, str(number)),
        "anonymous": case.opening.complainant is None,
        "for_child": case.opening.on_behalf_of is not None,
        "has_advocate": fold.advocate is not None,
        "is_open": fold.closed_on is None,
        "reached": fold.reached,
        "place": _place(case),
        "waited_in_part": _waited_in_part(case),
        "panel_on": fold.panel_on.isoformat() if fold.panel_on and fold.panel_on >= sent_on else "",
        "due": {d.name: d.due_on.isoformat() for d in ahead},
        "late_since": {d.name: d.due_on.isoformat() for d in runs if d.due_on < sent_on},
        "counts_from": {d.name: d.counts_from.isoformat() for d in fold.ledger},
        "was_due": _was_due(case, facts),
        "owed": [_owed(d, titles) for d in sorted(ahead, key=_by_due) if d.owner != "complainant"],
        "rules": {d.limit.title: d.limit.source for d in fold.ledger},
        "days_late": days_late(fold.calendar, deadline, sent_on) if deadline and same else 0,
        "most_on": _most(case, deadline, sent_on) if deadline and same else "",
        "told": bool(deadline and deadline.limit.late_letters and case.opening.complainant),
        **_matter(case),
        **_procedure(case, titles, young=young),
        **_stages(case, facts, ahead, titles, sent_on, young=young),
        **_remedies(case, facts),
        "moved": _moved(case, facts, sent_on, titles),
        **_part(case, facts, sent_on),
    }


def titles_of(authority: Authority, *, outside: bool) -> dict[str, str]:
    """What those who owe something are called; to staff, nobody is `manager of your social worker's team`."""
    found = TITLES | {"ombudsman": authority.ombudsman.name} | authority.titles
    return found if outside else {role: re.sub(r"\byour\b", "the", title) for role, title in found.items()}


def plain_of(case: Case) -> dict[str, str]:
    """The plain words a young person's letter carries: of the place it is at or, once answered, of the next.

    Keys `title`, `what`, `who`, `next`; empty where nothing is to be said.
    """
    fold = case.fold
    known = fold.procedure.plain
    if "ombudsman_decided" in fold.reached:
        return {}
    if fold.closed_on is None and fold.stage in fold.answered:
        after = fold.procedure.stage[fold.stage].next
        words = known.get(after) if after else None
        if words is None or after is None:
            return {}
        name = fold.procedure.stage[after].title.partition(":")[0]
        return {"title": f"About {name}", "what": words.what, "who": words.who, "next": ""}
    words = known.get(place_of(fold))
    if words is None:
        return {}
    over = "reported:panel" in fold.reached and fold.closed_on is None  # what comes next says the rest
    following = "" if over else words.next
    return {"title": "Where this is now", "what": words.what, "who": words.who, "next": following}


def one_line(text: str) -> str:
    """Text on one line: nothing that a person writes adds lines to a letter."""
    return " ".join(text.split())


def _matter(case: Case) -> dict[str, Any]:
    """What kind of matter it is, and whom it is for."""
    opening, person = case.opening, case.opening.complainant
    about = opening.about
    who = [*about.people, about.team, about.service] if about else []
    lines = [person.name, person.email, person.telephone, *person.address.splitlines()] if person else []
    return {
        "matter": MATTERS[opening.kind],
        "is_request": opening.kind in ("service_request", "information_request"),
        "for_whom": ", ".join(one_line(each) for each in who if each.strip()),
        "person_lines": [one_line(line) for line in lines if line.strip()],
    }


def _procedure(case: Case, titles: Titles, *, young: bool) -> dict[str, Any]:
    """Which procedure it follows and why; a young person reads no citations."""
    fold = case.fold
    first = fold.procedure.order[fold.entry]
    stages = [stage for stage in fold.procedure.stages if fold.procedure.order[stage.name] >= first]
    direct = [
        rule.source
        for rule in fold.procedure.direct
        if rule.to == fold.entry and mentioned(rule.about, *case.opening.subjects)
    ]
    return {
        "procedure": fold.procedure,
        "limits": fold.procedure.limit,
        "statutory": fold.procedure.name == "statutory",
        "has_ombudsman": fold.procedure.ombudsman != NO_OMBUDSMAN,
        "chosen": uncited(fold.chosen) if young else fold.chosen,
        "direct": uncited(direct[0]) if direct else "",
        "skipped_informal": fold.procedure.first_stage == "informal" and fold.entry != "informal",
        "stages": [stage_words(fold, stage, titles, young=young) for stage in stages],
        "entry": stage_words(fold, fold.procedure.stage[fold.entry], titles, young=young),
        "by_statement": fold.procedure.policy.letters_count_stage_2_from == "statement",
    }


def _stages(
    case: Case, facts: Facts, ahead: list[Deadline], titles: Titles, sent_on: date, *, young: bool
) -> dict[str, Any]:
    """The stage that the letter is about, the one after it, and when each is due."""
    fold = case.fold
    stage = fold.procedure.stage.get(str(facts.get("stage"))) or fold.procedure.stage[fold.current_stage]
    after = fold.procedure.stage[stage.next] if stage.next else None
    answer = fold.latest.get(stage.response)
    runs = answer is not None and answer in fold.running and answer.paused_on is None
    due_on = answer.due_on.isoformat() if answer is not None and runs else ""
    asking = f"requested:{after.name}" if after else ""
    windows = [d for d in ahead if d.limit.kind == "window" and asking in d.limit.met_by]
    requested_on = fold.reached.get(f"requested:{stage.name}")
    return {
        "here": stage_words(fold, stage, titles, young=young),
        "after": stage_words(fold, after, titles, young=young) if after else None,
        "asked": asking in fold.reached,
        "ask_by": windows[0].due_on.isoformat() if windows else "",
        "requested_on": requested_on.isoformat() if requested_on else "",
        "answered_here": stage.name in fold.answered,
        "answer_due": due_on if due_on >= sent_on.isoformat() else "",
        "answer_late": due_on if due_on < sent_on.isoformat() else "",
        "usually": "usually " if fold.procedure.limit[stage.response].kind == "target" else "",
        "at_issue": fold.points.at_issue,
        "resting": [point for point in fold.points.all if point.state == "resting"],
        "waiting": fold.points.suspended,
    }


def stage_words(fold: Fold, stage: Stage, titles: Titles, *, young: bool) -> StageWords:
    """A stage as letters name it."""
    head, colon, about = stage.title.partition(":")
    several = len(fold.procedure.stages) > 1 and stage.name != "informal"
    about = about.strip()
    by = titles.get(stage.answered_by, stage.answered_by.replace("_", " "))
    return StageWords(
        key=stage.name,
        title=stage.title,
        name=head if colon or several else "",
        about=about or head,
        title_in_text=f"{head} ({about})" if about else head,
        by=by,
        says_by=by.casefold() in stage.title.casefold(),
        ask=stage.ask or sentences()["how_to_ask"]["young" if young else "usual"],
        different_person=stage.different_person,
        late_opens_next=stage.late_opens_next,
        of_right=stage.after_lapse == "of_right",
    )


def uncited(text: str) -> str:
    """Text without its citations in brackets."""
    return re.sub(r"\s*\([^()]*\)", "", text)


def _place(case: Case) -> str:
    """Where the panel meets, as the latest call for its day says."""
    called = [e.message for e in case.log if isinstance(e.message, SchedulePanel)]
    return next((m.place for m in reversed(called) if m.meeting_on == case.fold.panel_on), "")


def _waited_in_part(case: Case) -> bool:
    """Whether only points of it were suspended last, not the whole."""
    suspensions = [e.message for e in case.log if isinstance(e.message, Suspend)]
    return bool(suspensions) and all(each.points is not None for each in suspensions[-1:])


def _title(facts: Facts) -> str:
    """The limit's title; agreed actions have their number with it, not their text, which may name people."""
    return _numbered(str(facts.get("deadline", "")), str(facts.get("title", "")))


def _numbered(name: str, title: str) -> str:
    kind, _, number = name.partition("_")
    return f"{title} {number}" if kind == "remedy" else title


def _by_due(deadline: Deadline) -> date:
    return deadline.due_on


def _owed(deadline: Deadline, titles: Titles) -> dict[str, str]:
    return {
        "title": _numbered(deadline.name, deadline.limit.title),
        "due_on": deadline.due_on.isoformat(),
        "owner": titles.get(deadline.owner, deadline.owner),
        "source": deadline.limit.source,
    }


def _most(case: Case, deadline: Deadline, sent_on: date) -> str:
    """The latest date to which the deadline can still be extended, if it can."""
    most = deadline.most(case.fold.calendar)
    often = deadline.limit.extensions
    if not deadline.is_open or most is None or (often is not None and deadline.extended >= often):
        return ""
    return most.isoformat() if most > deadline.due_on and most >= sent_on else ""


def _was_due(case: Case, facts: Facts) -> str:
    """When the answer at the letter's stage had been due, if it came late."""
    stage = case.fold.procedure.stage.get(facts.get("stage", ""))
    answer = case.fold.latest.get(stage.response) if stage else None
    late = answer is not None and answer.met_on is not None and answer.met_on > answer.due_on
    return answer.due_on.isoformat() if answer and late and not answer.met_assumed else ""


def _remedies(case: Case, facts: Facts) -> dict[str, Any]:
    """What the message agreed to do, each with its date: its own, or the rule's.

    `remedies` are all, `other_remedies` those that belong to no point with a finding of its own.
    """
    message = facts.get("message") or {}
    agreed = [a for a in case.fold.remedies if a.agreed_on.isoformat() == message.get("on")]
    wanted = [said["what"] for said in message.get("remedies", [])]
    found = [finding["point"] for finding in message.get("findings", [])]
    remedies = [
        {
            "what": a.remedy.what,
            "point": a.remedy.point,
            "due_on": case.fold.latest[f"remedy_{a.number}"].due_on.isoformat(),
        }
        for a in agreed
        if a.remedy.what in wanted
    ]
    return {"remedies": remedies, "other_remedies": [r for r in remedies if r["point"] not in found]}


def _moved(case: Case, facts: Facts, sent_on: date, titles: Titles) -> list[dict[str, Any]]:
    """The dates that have moved, each as a sentence (`says`) and for staff (`title`, `owner`)."""
    fold, moved = case.fold, []
    for each in facts.get("moved", []):
        deadline, due_on = fold.latest.get(each["name"]), date.fromisoformat(each["due_on"])
        same = deadline is not None and deadline.due_on == due_on and due_on >= sent_on
        title = _numbered(each["name"], each["title"])
        said = says(fold, deadline) if deadline and same else f"{title}: {long_date(due_on)}."
        owner = titles.get(each["owner"], each["owner"].replace("_", " "))
        moved.append({**each, "says": said, "title": title, "owner": owner})
    return moved


def _part(case: Case, facts: Facts, sent_on: date) -> dict[str, Any]:
    """Of points split off: the reference they go on under, their procedure and why, their answer's date."""
    if "part" not in facts or "split_points" not in facts:
        return {}
    part = part_of(case, {**facts, "points": facts["split_points"]})
    opening = parse_opening(part.opening, sent_on)
    fold = Case(terms_for(opening, sent_on), part.reference, opening, sent_on).fold
    answer = fold.latest.get(fold.procedure.stage[fold.current_stage].response)
    due_on = answer.due_on if answer is not None and answer.due_on >= sent_on else None
    return {
        "part_reference": part.reference,
        "part_title": procedure(facts["procedure"], opening.authority).title,
        "part_reason": sentences()["why_split"][facts["procedure"]],
        "part_due": due_on.isoformat() if due_on else "",
    }


def _reach(service: Service) -> str:
    parts = [service.telephone, service.web, service.email, ", ".join(service.address)]
    return ", ".join(part for part in parts if part)
