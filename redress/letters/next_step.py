"""The line "What happens next" that every letter has: what, by which date, in plain words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from redress.domain.calendar import full_date, months_after
from redress.domain.case import Case
from redress.domain.deadline import Deadline
from redress.domain.plain_words import SIDE_STEPS, says_of_window

by_due = attrgetter("due_on")
"""Sorts deadlines: the first to be due first."""


class Step(NamedTuple):
    """What happens next: `name` of the limit, where it is one."""

    name: str
    what: str
    on: date
    owner: str
    kind: str


@lru_cache(maxsize=1)
def sentences() -> dict[str, dict[str, str]]:
    """The sentences, by reader, and by limit or kind of step."""
    return tomllib.loads((Path(__file__).parent / "steps.toml").read_text(encoding="utf-8"))


def next_line(
    case: Case,
    facts: Mapping[str, Any],
    sent_on: date,
    titles: Mapping[str, str],
    *,
    outside: bool,
    own_days: Mapping[str, date | None],
    is_over: bool = False,
    appointed: bool = False,
    asked_early: bool = True,
) -> str:
    """The sentence for a letter that leaves on `sent_on`; `outside`, for the person concerned.

    `own_days`: the last days of windows that are this reader's alone (None: one that has not begun for them);
    `is_over`: for them it does not go on; `asked_early`: whether a panel that was asked for before the
    adjudication is theirs to decide about; `appointed`: for somebody with a part in it, whom neither agreed
    actions nor the office's own tasks concern.
    """
    step = _stated(facts["next"]) if is_over else next_step(case, facts, sent_on, outside=outside)
    about_remedy = str(facts.get("deadline", "")).startswith("remedy_")
    if step.kind == "ombudsman" and not is_over and (about_remedy or not outside):
        step = _still_owed(case, step, sent_on)
    if step.kind == "ombudsman" and not case.state.procedure.has_ombudsman:
        step = _no_ombudsman(case, step, sent_on)
    elif outside and not is_over:
        step = _for_people(case, step, sent_on)
        day = own_days.get(step.name, step.on)
        step = step._replace(on=day) if day is not None and day >= sent_on else _review(case, sent_on)
    elif appointed:
        step = _for_people(case, step, sent_on)
    limit = case.state.procedure.limit.get(step.name)
    own = sentences()["people" if outside else "staff"].get(step.name)
    if outside and limit is not None and limit.says:
        own = says_of_window(case.state, limit, asked_early=asked_early) or limit.says
    kind = "end" if step.kind == "window" and step.owner != "complainant" else step.kind
    sentence = own or sentences()["people_by_kind" if outside else "staff_by_kind"][kind]
    if outside and not is_over and sentence.startswith("Nothing more") and _has_promised(case):
        sentence = f"{sentences()['people']['still_to_do']} {sentence.partition('. ')[2]}"
    owner = titles.get(step.owner, step.owner.replace("_", " "))
    line = sentence.format(day=full_date(step.on), owner=owner, what=step.what, ombudsman=titles["ombudsman"])
    return line[0].upper() + line[1:]


def next_step(case: Case, facts: Mapping[str, Any], sent_on: date, *, outside: bool) -> Step:
    """What the effect said comes next, where that still holds when the letter leaves; else what does now."""
    return next(_holding(case, facts, sent_on, outside=outside))


def _stated(fact: Mapping[str, Any]) -> Step:
    """What the effect said comes next."""
    return Step(fact["name"], fact["what"], date.fromisoformat(fact["on"]), fact["owner"], fact["kind"])


def _holding(case: Case, facts: Mapping[str, Any], sent_on: date, *, outside: bool) -> Iterator[Step]:
    state = case.state
    owing = sorted((d for d in state.running if d.paused_on is None), key=by_due)
    if state.closed_on is None:  # the end of a restriction of contact is not what an open case waits for
        owing = [deadline for deadline in owing if deadline.limit.name not in SIDE_STEPS[1:]]
    elif outside:  # nor that end, or what we still owe the Ombudsman, what comes after a closed one
        owing = [d for d in owing if d.limit.name not in ("contact_review", "ombudsman_reply")]
    stated: list[Any] = [facts.get("next"), state.effects.next_step()]
    if state.closed_on is not None:
        stated.append(state.effects.nothing_more())
    for fact in filter(None, stated):
        step = _stated(fact)
        if step.kind == "ombudsman":
            # An agreed action that is still to be done does not hide where the person can go now.
            over = all(d.limit.name == "remedy" for d in owing)
            if over and "ombudsman_decided" in state.reached:
                yield _decided(step, state.reached["ombudsman_decided"], sent_on)
            elif over and step.on >= sent_on:
                yield step
        elif step.on >= sent_on and step.kind == "review":
            yield from (step for d in owing if d.wakes_on == step.on)
        elif step.on >= sent_on:
            yield from (_step(d) for d in owing if (d.name, d.last_in_time) == (step.name, step.on))
    yield from (_step(d) for d in owing if d.last_in_time >= sent_on and d.limit.follows is None)
    yield _review(case, sent_on)


def _review(case: Case, sent_on: date) -> Step:
    """Where nothing is ahead: the day on which what is late is told again, or one that somebody keeps."""
    state = case.state
    wakes = [d.wakes_on for d in state.running if d.paused_on is None and d.limit.name != "remedy"]
    look = min((day for day in wakes if sent_on < day < date.max), default=None)
    look = look or state.calendar.add(sent_on, 20)
    return Step("review", "The complaint is looked at again", look, "complaints_manager", "review")


def _before_remedies(case: Case, step: Step, sent_on: date) -> Step:
    """The procedure's own next step where there is one: a limit, else a target, else the review."""
    state = case.state
    ahead = [d for d in state.running if d.last_in_time >= sent_on and d.paused_on is None]
    own = [d for d in ahead if d.limit.follows is None and d.limit.name not in SIDE_STEPS]
    limits = [d for d in own if d.limit.kind != "target"]
    if own:
        return _step(min(limits or own, key=by_due))
    late = any(
        d.limit.name != "remedy" for d in state.running if d.last_in_time < sent_on and d.paused_on is None
    )
    return _review(case, sent_on) if late and state.closed_on is None else step


def _still_owed(case: Case, step: Step, sent_on: date) -> Step:
    """To staff, and in a letter about it: an agreed action, which outlives the procedure, comes next."""
    owed = [d for d in case.state.running if d.limit.name == "remedy"]
    ahead = [d for d in owed if d.last_in_time >= sent_on]
    if ahead:
        return _step(min(ahead, key=by_due))
    again = min((d.wakes_on for d in owed if sent_on < d.wakes_on < date.max), default=None)
    return step if again is None else Step("review", step.what, again, "complaints_manager", "review")


def _has_promised(case: Case) -> bool:
    """Whether something that was agreed is still to be done."""
    return any(deadline.limit.name == "remedy" for deadline in case.state.running)


def _step(deadline: Deadline) -> Step:
    limit = deadline.limit
    return Step(limit.name, limit.title, deadline.last_in_time, deadline.owner, limit.kind)


def _decided(step: Step, on: date, sent_on: date) -> Step:
    """The Ombudsman can be asked to look again within a month of the decision; later we can be asked."""
    again = months_after(on, 1)
    if again >= sent_on:
        return step._replace(name="ombudsman_decided", on=again)
    return step._replace(name="ombudsman_decided_long_ago", on=months_after(sent_on, 1))


def _no_ombudsman(case: Case, step: Step, sent_on: date) -> Step:
    """What follows where no Ombudsman does: whoever has it now answers, or nothing more."""
    if case.state.closed_as != "completed":
        return step._replace(name="nothing_more", on=case.state.calendar.add(sent_on, 20))
    if case.opening.kind in ("comment", "compliment", "suggestion"):
        return step._replace(name="passed_on_today", on=sent_on)
    return step._replace(name="request_passed_on", on=case.state.calendar.add(sent_on, 20))


def _for_people(case: Case, step: Step, sent_on: date) -> Step:
    """What the person is told: whether it is taken, before all else; an agreed action after all else.

    And the panel's own day.
    """
    state = case.state
    to_decide = state.latest.get("eligibility_decision")
    in_question = state.stage == "intake" and state.closed_on is None
    if in_question and to_decide is not None and to_decide.due_on >= sent_on:
        return _step(to_decide)
    if in_question and step.kind == "window":
        return _review(case, sent_on)
    if step.name in SIDE_STEPS:
        step = _before_remedies(case, step, sent_on)
    called = state.panel_on if state.stage == "stage_3" and "panel_held" not in state.reached else None
    if called is not None and called >= sent_on and (step.name == "panel_meeting" or called <= step.on):
        return step._replace(name="panel_called", on=called)
    return step
