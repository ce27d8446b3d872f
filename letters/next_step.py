"""The line "What happens next" that every letter has: what, by which date, in plain words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from redress.calendar import long_date
from redress.case import Case
from redress.fold import months_after


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
    case: Case, facts: Mapping[str, Any], sent_on: date, titles: Mapping[str, str], *, outside: bool
) -> str:
    """The sentence for a letter that leaves on `sent_on`; `outside`, for the person concerned."""
    step = next_step(case, facts, sent_on)
    if outside:
        step = _for_people(case, step, sent_on)
    own = sentences()["people"].get(step.name) if outside else None
    sentence = own or sentences()["people_by_kind" if outside else "staff_by_kind"][step.kind]
    owner = titles.get(step.owner, step.owner.replace("_", " "))
    line = sentence.format(day=long_date(step.on), owner=owner, what=step.what, ombudsman=titles["ombudsman"])
    return line[0].upper() + line[1:]


def next_step(case: Case, facts: Mapping[str, Any], sent_on: date) -> Step:
    """What the effect said comes next, where that still holds when the letter leaves; else what does now."""
    return next(_holding(case, facts, sent_on))


def _holding(case: Case, facts: Mapping[str, Any], sent_on: date) -> Iterator[Step]:
    fold = case.fold
    owing = [d for d in fold.running if d.paused_on is None]
    said: list[Any] = [facts.get("next"), fold.next_step()]
    for fact in filter(None, said):
        step = Step("", fact["what"], date.fromisoformat(fact["on"]), fact["owner"], fact["kind"])
        if step.kind == "ombudsman" and not owing:
            yield _ombudsman(case, step, facts, sent_on)
        elif step.kind == "ombudsman" or step.on < sent_on:
            continue
        elif step.kind == "review":
            yield step
        else:
            for d in owing:
                if (d.limit.title, d.due_on) == (step.what, step.on):
                    yield step._replace(name=d.limit.name, owner=d.owner)
    for d in sorted(owing, key=lambda each: each.due_on):
        if d.due_on >= sent_on and d.limit.follows is None:
            yield Step(d.limit.name, d.limit.title, d.due_on, d.owner, d.limit.kind)
    look = min((d.wakes_on for d in owing if sent_on < d.wakes_on < date.max), default=None)
    look = look or fold.calendar.add(sent_on, 20)
    yield Step("", "The complaint is looked at again", look, "complaints_manager", "review")


def _ombudsman(case: Case, step: Step, facts: Mapping[str, Any], sent_on: date) -> Step:
    """By when to go to the Ombudsman, who counts 12 months from when the person knew, not from a letter.

    (Local Government Act 1974 s 26B.) Where those have passed while the procedure ran: within a month.
    """
    decided_on = case.fold.reached.get("ombudsman_decided")
    if decided_on is not None:
        return step._replace(name="ombudsman_decided", on=months_after(decided_on, 1))
    knew_on = case.opening.events_on or case.opening.received_on
    last = months_after(knew_on, 12) - timedelta(days=1)
    return step._replace(on=last if last >= sent_on else months_after(sent_on, 1))


def _for_people(case: Case, step: Step, sent_on: date) -> Step:
    """What the person is told: before an agreed action the procedure's next step; the panel's own day;
    the reading of Stage 2 that the authority's letters name."""
    fold = case.fold
    if step.name == "remedy":
        ahead = [d for d in fold.running if d.limit.name != "remedy" and d.limit.kind != "target"]
        for d in sorted(ahead, key=lambda each: each.due_on):
            if d.due_on >= sent_on and d.paused_on is None and d.limit.follows is None:
                step = Step(d.limit.name, d.limit.title, d.due_on, d.owner, d.limit.kind)
                break
    called = fold.panel_on if fold.stage == "stage_3" and "panel_held" not in fold.reached else None
    if called is not None and called >= sent_on and (step.name == "panel_meeting" or called <= step.on):
        return step._replace(name="panel_called", on=called)
    if step.name == "stage_2_response" and fold.procedure.policy.letters_count_stage_2_from == "statement":
        other = fold.latest.get("stage_2_response_from_statement")
        if other is not None and other.is_open and other.due_on >= sent_on:
            return step._replace(name=other.name, on=other.due_on)
    return step
