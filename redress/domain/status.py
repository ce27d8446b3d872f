"""Where a case stands on a day: one pure function from a fold to the status of the contract."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple, NotRequired, TypedDict

from pydantic import JsonValue

from redress.domain.deadline import Deadline, days_late
from redress.domain.plain_words import PlainWords, plain_words
from redress.domain.points import Point
from redress.domain.procedure import Owner, Question
from redress.domain.state import ComplaintState, LogEntry

DeadlineState = Literal["running", "paused", "met", "met_late", "overdue", "lapsed", "stopped"]


class MovedStatus(TypedDict):
    """An earlier due date."""

    due_on: str
    reason: str
    breach: bool


class DeadlineStatus(TypedDict):
    """One deadline as the contract shows it. Dates are ISO London dates."""

    name: str
    title: str
    stage: str
    owner: str
    counts_from: str
    limit: int
    unit: str
    kind: str
    due_on: str
    provisional: bool
    met_on: str | None
    state: DeadlineState
    days_late: int
    source: str
    verified: bool
    moved: list[MovedStatus]


class Status(TypedDict):
    """Where a complaint stands, in the order in which it is read: what is owed first."""

    reference: str
    erased_on: NotRequired[str]
    state: str
    stage: str
    overdue: bool
    waiting_for: str
    next_due_on: str | None
    plain: PlainWords
    questions: list[str]
    pending: list[dict[str, JsonValue]]
    deadlines: list[DeadlineStatus]
    closed_on: str | None
    closed_as: str | None
    received_on: str
    authority: str
    procedure: str
    procedure_reason: str
    kind: str
    points: list[dict[str, JsonValue]]
    linked: list[dict[str, JsonValue]]
    remedies: list[dict[str, JsonValue]]
    appointments: list[dict[str, JsonValue]]
    advocate: dict[str, JsonValue] | None
    contact_restricted_until: str | None
    refused: list[dict[str, JsonValue]]
    irregular: list[dict[str, JsonValue]]
    letters: list[dict[str, JsonValue]]
    messages: NotRequired[list[dict[str, JsonValue]]]
    calendar: str
    as_of: str


def state_of(deadline: Deadline, as_of: date) -> DeadlineState:
    """What a deadline is on a day."""
    if deadline.met_on is not None:
        in_time = deadline.met_assumed or deadline.met_on <= deadline.due_on
        return "met" if in_time else "met_late"
    if deadline.lapsed_on is not None:
        return "lapsed"
    if deadline.stopped_on is not None:
        return "stopped"
    if deadline.paused_on is not None:
        return "paused"
    return "overdue" if deadline.due_on < as_of else "running"


class Brief(NamedTuple):
    """A case in a line: what lists and search attributes show."""

    stage: str
    state: str
    waiting_for: Owner
    next_due_on: date | None
    overdue: bool


def brief(fold: ComplaintState, as_of: date) -> Brief:
    """The line for a fold that has been advanced to `as_of`.

    What is due next is the earliest date still owed, an overdue one included.
    """
    next_due: Deadline | None = None
    overdue = False
    for deadline in fold.running:
        if deadline.paused_on is not None or deadline.limit.follows is not None:
            continue
        if next_due is None or deadline.due_on < next_due.due_on:
            next_due = deadline
        overdue = overdue or (deadline.limit.kind == "limit" and deadline.due_on < as_of)
    if next_due is None:
        return Brief(fold.stage, fold.state, "nobody", None, overdue)
    waiting_for = next_due.owner
    if next_due.limit.waits_for is not None and next_due.due_on >= as_of:
        waiting_for = next_due.limit.waits_for
    return Brief(fold.stage, fold.state, waiting_for, next_due.due_on, overdue)


def status_of(fold: ComplaintState, reference: str, log: list[LogEntry], as_of: date) -> Status:
    """The status of a fold that has been advanced to `as_of`."""
    line = brief(fold, as_of)
    by_seq = {entry.seq: entry for entry in log}
    return Status(
        reference=reference,
        state=fold.state,
        stage=fold.stage,
        overdue=line.overdue,
        waiting_for=line.waiting_for,
        next_due_on=_iso(line.next_due_on),
        plain=plain_words(fold),
        questions=[question.asked for question in _open_questions(fold)],
        pending=[_verdict(fold, entry) for entry in log if _outcome(fold, entry) == "pending"],
        deadlines=[_deadline(fold, d, as_of) for d in fold.ledger],
        closed_on=_iso(fold.closed_on),
        closed_as=fold.closed_as,
        received_on=fold.opening.received_on.isoformat(),
        authority=fold.opening.authority,
        procedure=fold.procedure.name,
        procedure_reason=fold.chosen,
        kind=fold.opening.kind,
        points=[_point(fold, point) for point in fold.points.all],
        linked=linked(fold, reference),
        remedies=[
            {
                "remedy": r.number,
                "what": r.remedy.what,
                "owner": r.remedy.owner,
                "point": r.remedy.point,
                "due_on": fold.latest[f"remedy_{r.number}"].due_on.isoformat(),
                "done_on": _iso(r.done_on),
            }
            for r in fold.remedies
        ],
        appointments=[
            {
                "role": a.role,
                "person": a.person.model_dump(mode="json"),
                "connection": a.connection,
                "on": a.on.isoformat(),
                "until": _iso(a.until),
            }
            for a in fold.appointments
        ],
        advocate=fold.advocate.model_dump(mode="json") if fold.advocate else None,
        contact_restricted_until=_iso(_from(fold.contact_restricted_until, as_of)),
        refused=[_verdict(fold, entry) for entry in log if _outcome(fold, entry) == "refused"],
        irregular=[
            {
                "message_id": by_seq[i.seq].message.message_id,
                "action": i.action,
                "on": i.on.isoformat(),
                "what": i.what,
            }
            for i in fold.irregular
        ],
        letters=[
            {"letter": e.template, "on": e.on.isoformat(), "key": e.key, "about": e.facts.get("title")}
            for e in fold.effects
            if e.kind in ("letter", "reminder")
        ],
        messages=[_message(fold, entry) for entry in log],
        calendar=fold.calendar.version,
        as_of=as_of.isoformat(),
    )


def _open_questions(fold: ComplaintState) -> list[Question]:
    if fold.closed_on is not None:
        return []
    return [*(fold.questions if fold.stage == "intake" else []), *fold.to_ask]


def _from(until: date | None, as_of: date) -> date | None:
    return until if until is not None and until >= as_of else None


def _point(fold: ComplaintState, point: Point) -> dict[str, JsonValue]:
    return {
        "point": point.number,
        "text": point.text,
        "state": point.state,
        "findings": [
            {"stage": f.stage, "outcome": f.outcome, "reason": f.reason, "on": f.on.isoformat()}
            for f in point.found
        ],
        "remedies": [r.number for r in fold.remedies if r.remedy.point == point.number],
    }


def linked(fold: ComplaintState, reference: str) -> list[dict[str, JsonValue]]:
    """The complaints this one belongs together with, and how."""
    linked: list[dict[str, JsonValue]] = [
        {
            "reference": part_reference(reference, part.part),
            "how": "split_off",
            "procedure": part.procedure,
            "points": list(part.points),
            "on": part.on.isoformat(),
        }
        for part in fold.split_off
    ]
    to = fold.opening.linked_to
    if to:
        linked.insert(0, {"reference": to, "how": "linked_to"})
    return linked


def part_reference(reference: str, part: int) -> str:
    """The reference of a part that was split off: the same however often the split is carried out."""
    return f"{reference}-{part}"


def _deadline(fold: ComplaintState, deadline: Deadline, as_of: date) -> DeadlineStatus:
    limit = deadline.limit
    return DeadlineStatus(
        name=deadline.name,
        title=limit.title,
        stage=limit.stage,
        owner=deadline.owner,
        counts_from=deadline.counts_from.isoformat(),
        limit=deadline.days,
        unit=limit.unit,
        kind=limit.kind,
        due_on=deadline.due_on.isoformat(),
        provisional=deadline.provisional or fold.calendar.is_provisional(deadline.due_on),
        met_on=_iso(deadline.met_on),
        state=state_of(deadline, as_of),
        days_late=days_late(fold.calendar, deadline, as_of),
        source=limit.source,
        verified=limit.verified,
        moved=[
            MovedStatus(due_on=m.due_on.isoformat(), reason=m.reason, breach=m.breach) for m in deadline.moved
        ],
    )


def _outcome(fold: ComplaintState, entry: LogEntry) -> str:
    verdict = fold.verdicts.get(entry.seq)
    return verdict.outcome if verdict else ""


def _verdict(fold: ComplaintState, entry: LogEntry) -> dict[str, JsonValue]:
    return {
        "message_id": entry.message.message_id,
        "action": entry.message.action,
        "on": entry.message.on.isoformat(),
        "reason": fold.verdicts[entry.seq].reason,
    }


def _message(fold: ComplaintState, entry: LogEntry) -> dict[str, JsonValue]:
    without = {"holidays": {"holidays"}}  # of a recount the version, not every day
    said = entry.message.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=True)
    if "outcome" in said:
        said["decided"] = said["outcome"]  # what was decided; `outcome` says what became of the message
    outcome: dict[str, JsonValue] = {"outcome": _outcome(fold, entry), "assumed": entry.assumed}
    return {"action": entry.message.action, **said, **outcome}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
