"""Whether a procedure's parts hang together: what its files may say one by one and not together."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from redress.domain.procedure import MILESTONES, NEEDED, PLACES, STARTED, Limit, Procedure, Stage
from redress.procedures.files import close_to

ONLY_NAMES = (
    "route_questioned",
    "route_decided",
    "suspended",
    "resumed",
    "remedy_agreed",
    "contact_restricted",
)
"""Milestones of limits that the software starts and ends itself: for others they never come."""


def mistakes(procedure: Procedure) -> list[str]:
    """What does not hang together, each with its place.

    Asked when files are read, not when a complaint's recorded terms are: those were right in their time.
    """
    wrong = [*_wrong_limits(procedure)]
    wrong += _wrong_stages(procedure, windows=not wrong)
    for milestone, before in procedure.expects.items():
        wrong += [f"expects: {_no_milestone(name)}" for name in (milestone, *before) if _unknown(name)]
    return wrong


def _wrong_limits(procedure: Procedure) -> Iterator[str]:
    names = [limit.name for limit in procedure.limits]
    yield from (f"limits: {name} stands twice" for name in names if names.count(name) > 1)
    yield from (f"limits: {name} is missing: every procedure needs it" for name in NEEDED - {*names})
    for limit in procedure.limits:
        yield from _wrong_milestones(limit)
        if not _unknown(limit.starts) and not _is_reached(procedure, limit.starts):
            yield f"limits.{limit.name}.starts: nothing in this procedure reaches {limit.starts}"
        if not limit.met_by and limit.kind != "window" and limit.name not in STARTED:
            yield f"limits.{limit.name}.met_by: is missing: nothing could meet it"
        if limit.chase != sorted(set(limit.chase)):
            yield f"limits.{limit.name}.chase: the days should rise: {limit.chase}"
        for key, other in (("follows", limit.follows), ("at_latest_from", limit.at_latest_from)):
            if other is not None and (other not in names or other == limit.name):
                yield f"limits.{limit.name}.{key}: no such limit: {other}"
        if limit.stage not in procedure.order:
            yield f"limits.{limit.name}.stage: the procedure has no {limit.stage}"
        if limit.extend_to is not None and limit.extend_to < limit.days:
            yield f"limits.{limit.name}.extend_to: {limit.extend_to} is less than days, {limit.days}"
        if limit.provisionally_from and not (limit.provisional_days or limit.at_latest_from):
            yield f"limits.{limit.name}.provisional_days: is missing: how long it runs before it starts"
        if limit.remind != sorted(set(limit.remind), reverse=True):
            yield f"limits.{limit.name}.remind: the days should fall: {limit.remind}"
        if limit.lapse == "close" and not _is_an_answer(limit.starts):
            yield f"limits.{limit.name}.starts: what closes a complaint has to start from an answer"
        if not _names_only(limit.says, {"day", "owner", "what"}):
            yield f"limits.{limit.name}.says: only {{day}}, {{owner}} and {{what}} may stand in braces"


def _wrong_milestones(limit: Limit) -> Iterator[str]:
    for key, named in _milestones_of(limit):
        for name in named:
            if _unknown(name):
                yield f"limits.{limit.name}.{key}: {_no_milestone(name)}"
            elif name in ONLY_NAMES and limit.name not in STARTED:
                yield f"limits.{limit.name}.{key}: {name} is only a name: nothing reaches it"


def _is_closed_by_a_window(procedure: Procedure, stage: Stage) -> bool:
    begun = {f"answered:{stage.name}", f"answer_received:{stage.name}"}
    begun |= {"informally_tried"} if stage.name == "informal" else set()
    return any(limit.lapse == "close" and limit.starts in begun for limit in procedure.limits)


def _is_reached(procedure: Procedure, milestone: str) -> bool:
    """Whether the procedure has the stage, the part or the panel that a milestone belongs to."""
    what, _, of = milestone.partition(":")
    if what in ("requested", "acknowledged", "answered", "answer_received"):
        return of in procedure.stage
    return of in procedure.role if what == "appointed" else procedure.knows(milestone)


def _wrong_stages(procedure: Procedure, *, windows: bool) -> Iterator[str]:
    limits, names = {limit.name for limit in procedure.limits}, {stage.name for stage in procedure.stages}
    for stage in procedure.stages:
        if windows and stage.next is not None and not _is_closed_by_a_window(procedure, stage):
            yield (
                f"stages.{stage.name}: nothing runs after its answer: it needs a window that starts from "
                'the answer and closes it (kind = "window", lapse = "close")'
            )
        if stage.response not in limits:
            yield f"stages.{stage.name}.response: no such limit: {stage.response}"
        if stage.next is not None and stage.next not in names:
            yield f"stages.{stage.name}.next: no such stage: {stage.next}"
        elif stage.next is not None and procedure.order[stage.next] <= procedure.order[stage.name]:
            yield f"stages.{stage.name}.next: {stage.next} does not come after it"
    for place in procedure.plain:
        if place not in names and place not in PLACES:
            yield f"plain.{place}: no such place{close_to(place, [*names, *PLACES])}"
    asked = [question.name for question in procedure.questions]
    yield from (f"questions.{name}: stands twice" for name in sorted({*asked}) if asked.count(name) > 1)
    if procedure.first_stage not in names:
        yield f"first_stage: no such stage: {procedure.first_stage}"
    yield from (f"direct.to: no such stage: {rule.to}" for rule in procedure.direct if rule.to not in names)
    for rule in procedure.roles:
        if rule.stage not in names:
            yield f"roles.{rule.role}.stage: no such stage: {rule.stage}"


def _milestones_of(limit: Limit) -> Iterator[tuple[str, list[str]]]:
    """The keys of a limit that name milestones, with what they name."""
    yield "starts", [limit.starts]
    yield "met_by", limit.met_by
    yield "stopped_by", limit.stopped_by
    yield "owner_after", [*limit.owner_after]
    yield "provisionally_from", [limit.provisionally_from] if limit.provisionally_from else []


def _is_an_answer(milestone: str) -> bool:
    return milestone.startswith(("answered:", "answer_received:")) or milestone == "informally_tried"


def _names_only(sentence: str, known: set[str]) -> bool:
    """Whether nothing but these names stands in a sentence's braces."""
    try:
        parts = [*Formatter().parse(sentence)]
    except ValueError:
        return False
    return all(name is None or (name in known and not spec and not how) for _, name, spec, how in parts)


def _unknown(milestone: str) -> bool:
    return milestone not in MILESTONES


def _no_milestone(name: str) -> str:
    return f"no such milestone: {name}{close_to(name, MILESTONES)}"
