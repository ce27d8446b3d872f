"""Where a complaint stands on a day: one pure function from its state to its status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Any, cast

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from redress.domain.answers import AnswerRecord, OwnWindow
from redress.domain.complainants import role_of
from redress.domain.deadline import Deadline, days_late, days_late_without_pause
from redress.domain.drafting import version_of
from redress.domain.log import LogEntry
from redress.domain.messages import HoldPanel, RecordContact, Respond, StrikeOut
from redress.domain.ombudsman import Enquiry
from redress.domain.owed import brief, late_of
from redress.domain.people import Appointment
from redress.domain.plain_words import plain_words
from redress.domain.points import Point
from redress.domain.procedure import Question
from redress.domain.remedies import AgreedAction
from redress.domain.routes import RouteAsked
from redress.domain.state import ComplaintState
from redress.domain.status import (
    AnswerStatus,
    AppointmentStatus,
    ComplainantStatus,
    ContactStatus,
    DeadlineState,
    DeadlineStatus,
    EnquiryStatus,
    Irregularity,
    LateStatus,
    LetterStatus,
    LinkStatus,
    MessageOutcome,
    MessageRecord,
    MovedStatus,
    OmbudsmanStatus,
    OwnWindowStatus,
    PauseStatus,
    PendingMessage,
    PointStatus,
    RemedyStatus,
    SittingStatus,
    Status,
    StruckOut,
    WhoAndWhat,
)
from redress.domain.unsaid import asked_besides

CONTACT_FIELDS = ("on", "direction", "channel", "with_whom", "person", "summary", "reply_by", "message_id")
"""What the log of contacts shows of each."""


SUMMARY_SHOWN = 300
"""Characters of a contact's summary in the log of contacts; `messages` has the whole."""


WHO_AND_WHAT = {"complainant", "also_complaining", "on_behalf_of", "about"}
"""What of an opening says who complains, for whom and about what."""


def state_of(deadline: Deadline, as_of: date) -> DeadlineState:
    """What a deadline is on a day."""
    if deadline.met_on is not None:
        in_time = deadline.met_assumed or deadline.met_on <= deadline.last_in_time
        return "met" if in_time else "met_late"
    if deadline.lapsed_on is not None:
        return "lapsed"
    if deadline.stopped_on is not None:
        return "stopped"
    if deadline.last_in_time < (deadline.paused_on or as_of):
        return "overdue"  # through a pause too: a breach that stood before stands
    return "running" if deadline.paused_on is None else "paused"


def status_of(state: ComplaintState, reference: str, log: list[LogEntry], as_of: date) -> Status:
    """The status of a state that has been advanced to `as_of`."""
    line, restricted, who = brief(state, as_of), state.contact_restricted_until, who_and_what(state)
    status = Status(
        reference=reference,
        state=state.state,
        stage=state.stage,
        overdue=line.overdue,
        waiting_for=line.waiting_for,
        next_due_on=_iso(line.next_due_on),
        late_since=_iso(line.late_since),
        late=[_late(state, d, as_of) for d in late_of(state, as_of)],
        plain=plain_words(state),
        questions=[
            *(question.asked for question in _open_questions(state)),
            *_unplaced(state),
            *asked_besides(state),
        ],
        pending=_with_outcome("pending", state, log),
        deadlines=[_deadline(state, d, as_of) for d in state.ledger],
        closed_on=_iso(state.closed_on),
        closed_as=state.closed_as,
        duplicate_of=next((link.reference for link in state.links if link.how == "duplicate"), None),
        received_on=state.opening.received_on.isoformat(),
        authority=state.opening.authority,
        procedure=state.procedure.name,
        procedure_reason=state.rules.chosen,
        kind=state.opening.kind,
        points=[_point(state, point) for point in state.points.all],
        linked=linked(state, reference),
        links=linked(state, reference),
        remedies=[_remedy(state, agreed) for agreed in state.remedies],
        ombudsman=_ombudsman(state) if state.ombudsman.is_involved else None,
        answers=_answers(state),
        appointments=[_appointment(state, held) for held in state.people.appointments],
        complainant=who["complainant"],
        also_complaining=who["also_complaining"],
        on_behalf_of=who["on_behalf_of"],
        about=who["about"],
        channel=who["channel"],
        desired_outcome=who["desired_outcome"],
        advocate=who["advocate"],
        officer=state.people.officer,
        contacts=_contacts(state),
        contact_restricted_until=_iso(restricted if restricted and restricted >= as_of else None),
        refused=cast(list[MessageOutcome], _with_outcome("refused", state, log)),
        irregular=_irregular(state, log),
        letters=[*_letters(state)],
        messages=[_message(state, entry) for entry in log],
        struck_out=_struck_out(state, as_of),
        calendar=state.calendar.version,
        as_of=as_of.isoformat(),
    )
    if "themes" in who:
        status["themes"] = who["themes"]
    if "complainants" in who:
        status["complainants"] = who["complainants"]
    sittings = [e.message for e in state.effects.heard if isinstance(e.message, HoldPanel)]
    if sittings:
        status["sittings"] = [_sitting(message) for message in sittings]
    return status


def who_and_what(state: ComplaintState) -> WhoAndWhat:
    """Who complains and what about, as corrected since."""
    opening = state.opening.model_dump(mode="json", exclude_defaults=True, include=WHO_AND_WHAT)
    advocate = state.people.advocate
    told = WhoAndWhat(
        complainant=opening.get("complainant"),
        also_complaining=opening.get("also_complaining") or [],
        on_behalf_of=opening.get("on_behalf_of"),
        about=opening.get("about"),
        channel=state.opening.channel,
        desired_outcome=state.opening.desired_outcome,
        advocate=advocate.model_dump(mode="json") if advocate else None,
    )
    about = state.opening.about
    if told["about"] is not None and about is not None and about.teams:
        told["about"] |= {"team": about.all_teams[0], "teams": [*about.all_teams]}
    if state.opening.themes:
        told["themes"] = [*state.opening.themes]
    if state.complainants.are_several:
        told["complainants"] = [_complainant(state, each.number) for each in state.complainants.all]
    return told


def _complainant(state: ComplaintState, number: int) -> ComplainantStatus:
    """One of several people: whether they still complain, and what they may ask for until when."""
    left, advocate = state.complainants.left.get(number), state.people.advocate_of(number)
    windows = [d for d in state.running if d.limit.kind == "window" and d.owner == "complainant" and not left]
    return {
        "to": role_of(number),
        "left": left.why if left else None,
        "left_on": _iso(left.on if left else None),
        "advocate": advocate.model_dump(mode="json") if advocate else None,
        "windows": [_own_window(window.name, state.own_window(window, number)) for window in windows],
    }


def _own_window(name: str, own: OwnWindow) -> OwnWindowStatus:
    begun = own.state != "not_begun"
    return {
        "name": name,
        "counts_from": _iso(own.counts_from if begun else None),
        "due_on": _iso(own.last_day if begun else None),
        "state": own.state,
    }


def _answers(state: ComplaintState) -> list[AnswerStatus]:
    """Every answer that was given, and what is drafted; `tell_letters` says how their letters stand."""
    amended = {each.amends: each.message.message_id for each in state.answers.all if each.amends}
    found = [_answer(state, each, amended.get(each.message.message_id)) for each in state.answers.all]
    for draft in state.drafts.open:
        message = draft.entry.message
        if isinstance(message, Respond):
            found.append(
                {
                    "stage": draft.stage,
                    "round": state.deadlines.round_of(draft.stage),
                    "message_id": message.message_id,
                    "on": message.on.isoformat(),
                    "outcome": message.outcome,
                    "points": sorted(draft.points),
                    "amends": message.amends,
                    "amended_by": None,
                    "letter": "draft",
                    "letter_key": draft.key,
                    "left_on": None,
                    "received_on": None,
                }
            )
    return found


def _answer(state: ComplaintState, record: AnswerRecord, amended_by: str | None) -> AnswerStatus:
    waits = state.answers.waits_to_leave(record, state.numbers)
    return {
        "stage": record.answer.stage,
        "round": record.round,
        "message_id": record.message.message_id,
        "on": record.answer.on.isoformat(),
        "outcome": record.message.outcome,
        "points": sorted(record.answer.points),
        "amends": record.amends,
        "amended_by": amended_by,
        "letter": None if record.letter is None else "waiting",
        "letter_key": record.letter.key if record.letter is not None else None,
        "left_on": None if waits else max(record.left.values()).isoformat(),
        "received_on": None if waits else max(record.had.values()).isoformat(),
    }


def _letters(state: ComplaintState) -> Iterator[LetterStatus]:
    """Letters and reminders, and the drafts of letters that have not left."""
    for effect in state.effects:
        if effect.kind in ("letter", "reminder") and not effect.releases_a_draft:
            title, on = effect.facts.get("title"), effect.on.isoformat()
            yield {"letter": effect.template, "on": on, "key": effect.key, "about": title}
    for draft in state.drafts:
        if draft.left is not None:
            continue
        yield {
            "letter": draft.template,
            "on": draft.entry.message.on.isoformat(),
            "key": draft.key,
            "about": None,
            "state": "withdrawn" if draft.withdrawn else "approved" if draft.approved else "draft",
            "mark": draft.marks[0],
            "approver": state.drafts.asked(draft),
            "approve_by": state.drafts.due_on(draft).isoformat(),
            "version": version_of(state, draft),
            "remarks": [
                {"on": remark.on.isoformat(), "by": remark.by, "reason": remark.reason}
                for remark in draft.remarks
            ],
        }


def _contacts(state: ComplaintState) -> list[ContactStatus]:
    contacts = [e.message for e in state.effects.heard if isinstance(e.message, RecordContact)]
    return [_contact(state, message) for message in contacts]


def _contact(state: ComplaintState, message: RecordContact) -> ContactStatus:
    reply = state.contact_log.names.get(message.message_id)
    fields = message.model_dump(mode="json", by_alias=True, include={*CONTACT_FIELDS})
    if len(message.summary) > SUMMARY_SHOWN:
        fields["summary"] = f"{message.summary[:SUMMARY_SHOWN].rstrip()} …"
    return cast(ContactStatus, fields | {"replied_on": _iso(state.latest[reply].met_on) if reply else None})


def _sitting(message: HoldPanel) -> SittingStatus:
    fields = ("on", "adjourned_to", "attended", "message_id")
    return cast(SittingStatus, message.model_dump(mode="json", include={*fields}))


def _open_questions(state: ComplaintState) -> list[Question | RouteAsked]:
    if state.closed_on is not None:
        return []
    return [*(state.questions if state.stage == "intake" else []), *state.routes, *state.to_ask]


def _unplaced(state: ComplaintState) -> list[str]:
    """What is asked of the Complaints Manager about answers that do not say which stage they answer."""
    return [
        f"Which stage does the answer {entry.message.message_id} belong to? Correct its stage "
        f"({entry.message.message_id}.stage)."
        for entry in state.requests.stageless
    ]


def _point(state: ComplaintState, point: Point) -> PointStatus:
    return {
        "point": point.number,
        "text": point.text,
        "state": point.state,
        "findings": [
            {**f._asdict(), "on": f.on.isoformat(), "round": state.deadlines.round_of(f.stage, f.on)}
            for f in point.findings
        ],
        "remedies": [r.number for r in state.remedies if r.remedy.point == point.number],
    }


def linked(state: ComplaintState, reference: str) -> list[LinkStatus]:
    """The complaints this one belongs together with, and how."""
    whole: list[LinkStatus] = [{"reference": to, "how": "linked_to"} for to in state.opening.links_to]
    whole += [
        {"reference": link.reference, "how": link.how, "on": link.on.isoformat()} for link in state.links
    ]
    return whole + [
        {
            "reference": part_reference(reference, part.part),
            "how": "split_off",
            "procedure": part.procedure,
            "points": [*part.points],
            "on": part.on.isoformat(),
        }
        for part in state.points.split_off
    ]


def part_reference(reference: str, part: int) -> str:
    """The reference of a part that was split off: the same however often the split is carried out."""
    return f"{reference}-{part}"


def _irregular(state: ComplaintState, log: list[LogEntry]) -> list[Irregularity]:
    ids = {entry.seq: entry.message.message_id for entry in log}
    return [
        {"message_id": ids[i.seq], "action": i.action, "on": i.on.isoformat(), "what": i.what}
        for i in state.irregular
    ]


def _remedy(state: ComplaintState, agreed: AgreedAction) -> RemedyStatus:
    return {
        "remedy": agreed.number,
        "kind": agreed.remedy.kind,
        "what": agreed.remedy.what,
        "owner": agreed.remedy.owner,
        "point": agreed.remedy.point,
        "due_on": state.latest[f"remedy_{agreed.number}"].due_on.isoformat(),
        "done_on": _iso(agreed.done_on),
        "origin": agreed.origin,
        "amount": str(agreed.remedy.amount) if agreed.remedy.amount is not None else None,
        "evidence": agreed.evidence,
        "told_on": _iso(agreed.told_on),
    }


def _ombudsman(state: ComplaintState) -> OmbudsmanStatus:
    ombudsman = state.ombudsman
    first = min(ombudsman.approaches, key=attrgetter("on"), default=None)
    return {
        "reference": ombudsman.reference,
        "approached_on": _iso(first.on if first else None),
        "approached_by": first.approached_by if first else None,
        "enquiries": [_enquiry(state, enquiry) for enquiry in ombudsman.enquiries],
        "decisions": [
            {
                "on": decision.on.isoformat(),
                "category": decision.category,
                "outcome": decision.outcome,
                "ombudsman_reference": decision.ombudsman_reference,
                "returns_to": decision.returns_to,
            }
            for decision in ombudsman.decisions
        ],
    }


def _enquiry(state: ComplaintState, enquiry: Enquiry) -> EnquiryStatus:
    deadline = state.latest.get(enquiry.deadline)
    return {
        "on": enquiry.on.isoformat(),
        "kind": enquiry.kind,
        "ombudsman_reference": enquiry.ombudsman_reference,
        "deadline": enquiry.deadline or None,
        "reply_by": _iso(deadline.due_on if deadline else None),
        "replied_on": _iso(deadline.met_on if deadline else None),
    }


def _appointment(state: ComplaintState, held: Appointment) -> AppointmentStatus:
    rule = state.procedure.role.get(held.role)
    round_ = state.deadlines.round_of(rule.stage, held.on) if rule else 1
    unsaid = {
        name for name in ("email", "telephone", "address", "organisation") if not getattr(held.person, name)
    }
    person = held.person.model_dump(mode="json", exclude=unsaid)
    return cast(AppointmentStatus, to_jsonable_python(held._asdict() | {"person": person, "round": round_}))


def _deadline(state: ComplaintState, deadline: Deadline, as_of: date) -> DeadlineStatus:
    limit, moved = deadline.limit, deadline.moved
    without = state.deadlines.due_without_pause(deadline)
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
        due_on_without_pause=without.isoformat(),
        days_late_without_pause=days_late_without_pause(state.calendar, deadline, without, as_of),
        pauses=[
            PauseStatus(since=p.since.isoformat(), until=_iso(p.until), ground=p.ground)
            for p in deadline.pauses
        ],
        moved=[MovedStatus(due_on=m.due_on.isoformat(), reason=m.reason, breach=m.breach) for m in moved],
        round=deadline.round,
    )


def _late(state: ComplaintState, deadline: Deadline, as_of: date) -> LateStatus:
    return {
        "name": deadline.name,
        "title": deadline.limit.title,
        "owner": deadline.owner,
        "kind": deadline.limit.kind,
        "due_on": deadline.due_on.isoformat(),
        "days_late": days_late(state.calendar, deadline, as_of),
    }


def _outcome(state: ComplaintState, entry: LogEntry) -> str:
    outcome = state.outcomes.get(entry.seq)
    return outcome.outcome if outcome else ""


def _with_outcome(outcome: str, state: ComplaintState, log: list[LogEntry]) -> list[PendingMessage]:
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


def _struck_out(state: ComplaintState, as_of: date) -> list[StruckOut]:
    return [
        {
            "message_id": struck.entry.message.message_id,
            "on": struck.by.message.on.isoformat(),
            "reason": struck.by.message.reason if isinstance(struck.by.message, StrikeOut) else "",
        }
        for struck in state.strikes.struck.values()
        if struck.by.message.on <= as_of
    ]


def _message(state: ComplaintState, entry: LogEntry) -> MessageRecord:
    if entry.seq in state.strikes.struck:
        sealed = {"action": "struck_out", "on": entry.message.on.isoformat(), "outcome": "struck_out"}
        return cast(MessageRecord, sealed | {"message_id": entry.message.message_id})
    # Of a recount the version, not every day; of a move the name, not the rules.
    without: dict[str, Any] = {"holidays": {"holidays"}, "rules": True}
    fields = entry.message.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=True)
    if "outcome" in fields:
        fields["decided"] = fields["outcome"]  # what was decided; `outcome` says what became of the message
    outcome: dict[str, JsonValue] = {"outcome": _outcome(state, entry), "assumed": entry.assumed}
    if entry.in_clear:
        outcome["in_clear"] = True
    return cast(MessageRecord, {"action": entry.message.action, **fields, **outcome})


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
