"""How letters name what they are about: the matter, its procedure and stages, and who owes what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from redress.domain.case import Case
from redress.domain.deadline import Deadline
from redress.domain.plain_words import place_of
from redress.domain.procedure import Stage
from redress.domain.state import ComplaintState
from redress.domain.words import TITLES, mentioned
from redress.letters.next_step import sentences
from redress.letters.visible import visible
from redress.procedures.loader import Authority

Facts = Mapping[str, Any]
Titles = Mapping[str, str]


class StageWords(NamedTuple):
    """A stage as letters name it.

    `name` is short ("Stage 2"), and empty where the procedure has no stages; `by` who answers it,
    `says_by` whether the title says so itself; `ask` how the stage after it is asked for.
    """

    stage: Stage
    name: str
    title_in_text: str
    by: str
    says_by: bool
    ask: str


def titles_of(authority: Authority, *, outside: bool) -> dict[str, str]:
    """What those who owe something are called; to staff, nobody is `manager of your social worker's team`."""
    titles = TITLES | {"ombudsman": authority.ombudsman.name} | authority.titles
    return titles if outside else {role: re.sub(r"\byour\b", "the", title) for role, title in titles.items()}


NAMED = ("investigating_officer", "independent_person", "adjudicating_officer", "panel_chair", "panel_member")
"""The parts whose holders letters name."""

_A_NAME = re.compile(r"[^\W\d_][^\d@_]*\s[^\d@_]*[^\W\d_]\.?")


def names_of(case: Case) -> dict[str, str]:
    """Who has a part at present, by name, and the `officer` who deals with it where a name is recorded.

    An officer may be recorded by a number of the authority's: that is told to nobody.
    """
    people = case.state.people
    held = {role: [one_line(each.person.name or "") for each in people.holders(role)] for role in NAMED}
    names = {role: " and ".join(filter(None, who)) for role, who in held.items()}
    officer = one_line(people.officer or "")
    names["officer"] = officer if _A_NAME.fullmatch(officer) else ""
    return {role: name for role, name in names.items() if name}


def with_names(titles: Titles, names: Mapping[str, str]) -> dict[str, str]:
    """Titles to somebody outside: with the name of whoever has the part, where it is known."""
    return {role: f"{title} ({names[role]})" if role in names else title for role, title in titles.items()}


def plain_of(case: Case) -> dict[str, str]:
    """The plain words a young person's letter carries: of the place it is at or, once answered, of the next.

    Keys `title`, `what`, `who`, `next`; empty where nothing is to be said.
    """
    state = case.state
    known = state.procedure.plain
    if "ombudsman_decided" in state.reached:
        return {}
    if state.closed_on is None and state.stage in state.answers.on:
        after = state.procedure.stage[state.stage].next
        words = known.get(after) if after else None
        if words is None or after is None:
            return {}
        name = state.procedure.stage[after].title.partition(":")[0]
        return {"title": f"About {name}", "what": words.what, "who": words.who, "next": ""}
    words = known.get(place_of(state))
    if words is None:
        return {}
    over = "reported:panel" in state.reached and state.closed_on is None  # what comes next says the rest
    following = "" if over else words.next
    return {"title": "Where this is now", "what": words.what, "who": words.who, "next": following}


def one_line(text: str) -> str:
    """Text on one line: nothing that a person writes adds lines to a letter, or hides in one."""
    return " ".join(visible(text).split())


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: `A`, `A and B`, `A, B and C`."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def matter_of(case: Case) -> dict[str, Any]:
    """What kind of matter it is, whom it is for, and on whose behalf it is made."""
    opening = case.opening
    about = opening.about
    who = [*about.people, *about.all_teams, about.service] if about else []
    lines = [
        line
        for person in (each.contact for each in case.state.complainants.present)
        for line in (person.name, person.email, person.telephone, *person.address.splitlines())
    ]
    return {
        "matter": sentences()["matters"][opening.kind],
        "is_request": opening.kind in ("service_request", "information_request"),
        "for_whom": ", ".join(one_line(name) for name in who if name.strip()),
        "children": [one_line(child.name) for child in opening.children if child.name],
        "several_children": len(opening.children) > 1,
        "person_lines": [one_line(line) for line in lines if line.strip()],
    }


def procedure_of(case: Case, titles: Titles, *, young: bool) -> dict[str, Any]:
    """Which procedure it follows and why; a young person reads no citations."""
    state = case.state
    first = state.procedure.order[state.entry]
    stages = [stage for stage in state.procedure.stages if state.procedure.order[stage.name] >= first]
    direct = [
        rule.source
        for rule in state.procedure.direct
        if rule.to == state.entry and mentioned(rule.about, *case.opening.subjects)
    ]
    return {
        "procedure": state.procedure,
        "limits": state.procedure.limit,
        "statutory": state.procedure.name == "statutory",
        "has_ombudsman": state.procedure.has_ombudsman or "referred" in state.reached,
        "chosen": uncited(state.rules.chosen) if young else state.rules.chosen,
        "direct": uncited(direct[0]) if direct else "",
        "skipped_informal": state.procedure.first_stage == "informal" and state.entry != "informal",
        "stages": [stage_words(state, stage, titles, young=young) for stage in stages],
        "entry": stage_words(state, state.procedure.stage[state.entry], titles, young=young),
    }


def stages_of(
    case: Case, facts: Facts, ahead: list[Deadline], titles: Titles, sent_on: date, *, young: bool
) -> dict[str, Any]:
    """The stage that the letter is about, the one after it, and when each is due."""
    state = case.state
    stage = state.procedure.stage.get(str(facts.get("stage"))) or state.procedure.stage[state.current_stage]
    after = state.procedure.stage[stage.next] if stage.next else None
    answer = state.latest.get(stage.response)
    runs = answer is not None and answer in state.running and answer.paused_on is None
    due_on = answer.due_on.isoformat() if answer is not None and runs else ""
    asking = f"requested:{after.name}" if after else ""
    windows = [d for d in ahead if d.limit.kind == "window" and asking in d.limit.met_by]
    requested_on = state.reached.get(f"requested:{stage.name}")
    return {
        "here": stage_words(state, stage, titles, young=young),
        "after": stage_words(state, after, titles, young=young) if after else None,
        "asked": asking in state.reached,
        "went_on": state.procedure.order[stage.name] < state.procedure.order[state.current_stage],
        "now": stage_words(state, state.stage_rules, titles, young=young),
        "answered_now": state.current_stage in state.answers.on,
        "early_on": min((e.message.on.isoformat() for e in state.requests.early), default=""),
        "may_go_on": after is not None and state.closed_as not in ("withdrawn", "declined"),
        "ask_by": windows[0].due_on.isoformat() if windows else "",
        "requested_on": requested_on.isoformat() if requested_on else "",
        "reasons_asked": any(each.ask_reasons for each in state.procedure.stages if each.next == stage.name),
        "answered_here": stage.name in state.answers.on,
        "answer_due": due_on if due_on >= sent_on.isoformat() else "",
        "answer_late": due_on if due_on < sent_on.isoformat() else "",
        "usually": "usually " if state.procedure.limit[stage.response].kind == "target" else "",
        "at_issue": state.points.at_issue,
        "resting": [point for point in state.points.all if point.state == "resting"],
        "waiting": state.points.suspended,
    }


def stage_words(state: ComplaintState, stage: Stage, titles: Titles, *, young: bool) -> StageWords:
    """A stage as letters name it."""
    head, colon, about = stage.title.partition(":")
    several = len(state.procedure.stages) > 1 and stage.name != "informal"
    by = titles.get(stage.answered_by, stage.answered_by.replace("_", " "))
    return StageWords(
        stage,
        name=head if colon or several else "",
        title_in_text=f"{head} ({about.strip()})" if about.strip() else head,
        by=by,
        says_by=by.casefold() in stage.title.casefold(),
        ask=stage.ask or sentences()["how_to_ask"]["young" if young else "usual"],
    )


def uncited(text: str) -> str:
    """Text without its citations in brackets."""
    return re.sub(r"\s*\([^()]*\)", "", text)
