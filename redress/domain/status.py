"""Where a case stands on a day: one pure function from its state to the status of the contract."""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple, NotRequired, TypedDict

from pydantic import JsonValue

from redress.domain.deadline import Deadline, days_late
from redress.domain.log import LogEntry
from redress.domain.people import Appointment
from redress.domain.plain_words import PlainWords, plain_words
from redress.domain.points import Point
from redress.domain.procedure import Owner, Question
from redress.domain.remedies import AgreedAction
from redress.domain.state import ComplaintState

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


def brief(state: ComplaintState, as_of: date) -> Brief:
    """The line for a state that has been advanced to `as_of`.

    What is due next is the earliest date still owed, an overdue one included.
    """
    owed = [d for d in state.running if d.paused_on is None and d.limit.follows is None]
    if not owed:
        return Brief(state.stage, state.state, "nobody", None, False)
    overdue = any(d.limit.kind == "limit" and d.due_on < as_of for d in owed)
    first = min(owed, key=attrgetter("due_on"))
    waits_for = first.limit.waits_for if first.due_on >= as_of else None
    return Brief(state.stage, state.state, waits_for or first.owner, first.due_on, overdue)


def status_of(state: ComplaintState, reference: str, log: list[LogEntry], as_of: date) -> Status:
    """The status of a state that has been advanced to `as_of`."""
    line, restricted = brief(state, as_of), state.contact_restricted_until
    return Status(
        reference=reference,
        state=state.state,
        stage=state.stage,
        overdue=line.overdue,
        waiting_for=line.waiting_for,
        next_due_on=_iso(line.next_due_on),
        plain=plain_words(state),
        questions=[question.asked for question in _open_questions(state)],
        pending=_with_outcome("pending", state, log),
        deadlines=[_deadline(state, d, as_of) for d in state.ledger],
        closed_on=_iso(state.closed_on),
        closed_as=state.closed_as,
        received_on=state.opening.received_on.isoformat(),
        authority=state.opening.authority,
        procedure=state.procedure.name,
        procedure_reason=state.rules.chosen,
        kind=state.opening.kind,
        points=[_point(state, point) for point in state.points.all],
        linked=linked(state, reference),
        remedies=[_remedy(state, agreed) for agreed in state.remedies],
        appointments=[_appointment(held) for held in state.people.appointments],
        advocate=state.people.advocate.model_dump(mode="json") if state.people.advocate else None,
        contact_restricted_until=_iso(restricted if restricted and restricted >= as_of else None),
        refused=_with_outcome("refused", state, log),
        irregular=_irregular(state, log),
        letters=[
            {"letter": e.template, "on": e.on.isoformat(), "key": e.key, "about": e.facts.get("title")}
            for e in state.effects
            if e.kind in ("letter", "reminder")
        ],
        messages=[_message(state, entry) for entry in log],
        calendar=state.calendar.version,
        as_of=as_of.isoformat(),
    )


def _open_questions(state: ComplaintState) -> list[Question]:
    if state.closed_on is not None:
        return []
    return [*(state.questions if state.stage == "intake" else []), *state.to_ask]


def _point(state: ComplaintState, point: Point) -> dict[str, JsonValue]:
    return {
        "point": point.number,
        "text": point.text,
        "state": point.state,
        "findings": [{**f._asdict(), "on": f.on.isoformat()} for f in point.findings],
        "remedies": [r.number for r in state.remedies if r.remedy.point == point.number],
    }


def linked(state: ComplaintState, reference: str) -> list[dict[str, JsonValue]]:
    """The complaints this one belongs together with, and how."""
    to = state.opening.linked_to
    whole: list[dict[str, JsonValue]] = [{"reference": to, "how": "linked_to"}] if to else []
    return whole + [
        {
            "reference": part_reference(reference, part.part),
            "how": "split_off",
            "procedure": part.procedure,
            "points": list(part.points),
            "on": part.on.isoformat(),
        }
        for part in state.points.split_off
    ]


def part_reference(reference: str, part: int) -> str:
    """The reference of a part that was split off: the same however often the split is carried out."""
    return f"{reference}-{part}"


def _irregular(state: ComplaintState, log: list[LogEntry]) -> list[dict[str, JsonValue]]:
    ids = {entry.seq: entry.message.message_id for entry in log}
    return [
        {"message_id": ids[i.seq], "action": i.action, "on": i.on.isoformat(), "what": i.what}
        for i in state.irregular
    ]


def _remedy(state: ComplaintState, agreed: AgreedAction) -> dict[str, JsonValue]:
    return {
        "remedy": agreed.number,
        "what": agreed.remedy.what,
        "owner": agreed.remedy.owner,
        "point": agreed.remedy.point,
        "due_on": state.latest[f"remedy_{agreed.number}"].due_on.isoformat(),
        "done_on": _iso(agreed.done_on),
    }


def _appointment(held: Appointment) -> dict[str, JsonValue]:
    person = held.person.model_dump(mode="json")
    return {**held._asdict(), "person": person, "on": held.on.isoformat(), "until": _iso(held.until)}


def _deadline(state: ComplaintState, deadline: Deadline, as_of: date) -> DeadlineStatus:
    limit, moved = deadline.limit, deadline.moved
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
        provisional=deadline.provisional or state.calendar.is_provisional(deadline.due_on),
        met_on=_iso(deadline.met_on),
        state=state_of(deadline, as_of),
        days_late=days_late(state.calendar, deadline, as_of),
        source=limit.source,
        verified=limit.verified,
        moved=[MovedStatus(due_on=m.due_on.isoformat(), reason=m.reason, breach=m.breach) for m in moved],
    )


def _outcome(state: ComplaintState, entry: LogEntry) -> str:
    outcome = state.outcomes.get(entry.seq)
    return outcome.outcome if outcome else ""


def _with_outcome(outcome: str, state: ComplaintState, log: list[LogEntry]) -> list[dict[str, JsonValue]]:
    return [
        {
            "message_id": entry.message.message_id,
            "action": entry.message.action,
            "on": entry.message.on.isoformat(),
            "reason": state.outcomes[entry.seq].reason,
        }
        for entry in log
        if _outcome(state, entry) == outcome
    ]


def _message(state: ComplaintState, entry: LogEntry) -> dict[str, JsonValue]:
    without = {"holidays": {"holidays"}}  # of a recount the version, not every day
    fields = entry.message.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=True)
    if "outcome" in fields:
        fields["decided"] = fields["outcome"]  # what was decided; `outcome` says what became of the message
    outcome: dict[str, JsonValue] = {"outcome": _outcome(state, entry), "assumed": entry.assumed}
    return {"action": entry.message.action, **fields, **outcome}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
