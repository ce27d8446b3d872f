"""What the authority says: acknowledgement, eligibility, the answer at each stage, more time."""

from __future__ import annotations

from typing import cast

from redress.domain import messages as m
from redress.domain.actions.common import agree_remedy, refused
from redress.domain.effects import Fact
from redress.domain.points import Found
from redress.domain.procedure import StageName
from redress.domain.state import APPLIED, ComplaintState, LogEntry, Outcome


def acknowledge(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The acknowledgement of the complaint, or of the request for a later stage."""
    stage = fold.procedure.stage[fold.current_stage]
    reached = ("acknowledged", f"acknowledged:{stage.name}")
    waiting = [d for d in fold.running if any(each in d.limit.met_by for each in reached)]
    if not waiting:
        fold.note_irregular(entry, "nothing is waiting to be acknowledged")
        return APPLIED
    for milestone in reached:
        fold.reach(milestone, entry.message.on, assumed=entry.assumed)
    usual = "stage_3_acknowledgement" if stage.name == "stage_3" else "acknowledgement"
    fold.send(stage.acknowledgement_letter or usual, entry)
    return APPLIED


def accept(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The matter is taken under the procedure."""
    if fold.closed_as == "declined":
        return refused("The matter was declined; it can be brought again as a new complaint.")
    if fold.closed_on is not None:
        return refused("The complaint is closed: there is nothing to decide about it.")
    if fold.stage != "intake":
        return refused("Nothing is in question: the matter is under the procedure already.")
    fold.stage = fold.entry
    fold.reach("decided", entry.message.on, assumed=entry.assumed)
    fold.send("accepted", entry)
    fold.retry_waiting()
    return APPLIED


def decline(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The matter is not taken: a person's reasoned decision, written to whoever complained."""
    message = cast(m.Decline, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    early = fold.stage in ("intake", "informal", "stage_1", fold.entry)
    if not early or (fold.stage in fold.answered and fold.stage != "informal"):
        return refused(
            "A complaint that has been answered or gone to a later stage can no longer be declined: "
            "later stages may not be refused. Withdrawal, or closing by agreement, ends it."
        )
    if fold.opening.complainant is None and not (message.note or fold.notes):
        fold.note_irregular(
            entry, "no steps taken about an anonymous concern are recorded (a note says them)"
        )
    fold.reach("decided", message.on, assumed=entry.assumed)
    instead: list[Fact] = [question.instead for question in fold.questions if question.instead]
    fold.close("declined", message.on, "declined", entry=entry, instead=instead)
    return APPLIED


def resolve_informally(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Settled informally: closes only where the person agrees."""
    message = cast(m.ResolveInformally, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    if fold.stage not in ("intake", "informal", "stage_1"):
        return refused("An informal settlement belongs before or in Stage 1; this is a later stage.")
    fold.reach("informally_tried", message.on, assumed=entry.assumed)
    if message.agreed:
        fold.close("resolved", message.on, "resolved", entry=entry)
    else:
        fold.send("informal_not_settled", entry)
    return APPLIED


def respond(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The authority's answer at the current stage; always recorded."""
    message = cast(m.Respond, entry.message)
    if fold.closed_on is not None:
        fold.note_irregular(entry, f"the complaint was closed on {fold.closed_on.isoformat()}")
        return APPLIED
    if fold.stage == "intake":
        fold.note_irregular(entry, "whether the matter is taken was not decided")
        fold.stage = fold.entry
        fold.reach("decided", message.on, assumed=entry.assumed)
    stage = fold.procedure.stage[fold.stage]
    if stage.name in fold.answered:
        answered_on = fold.answered[stage.name].isoformat()
        fold.note_irregular(entry, f"{stage.title} was answered on {answered_on} already")
        return APPLIED
    if fold.state == "suspended":
        fold.note_irregular(entry, "the complaint is suspended")
    fold.expect(entry, f"answered:{stage.name}")
    if stage.with_independent_person and message.independent_person_consulted is not True:
        fold.note_irregular(entry, f"the Independent Person was not consulted ({stage.source})")
    if stage.different_person and message.by and message.by in fold.answered_by.values():
        fold.note_irregular(entry, f"whoever answers here answered an earlier stage too ({stage.source})")
    fold.answered[stage.name] = message.on
    fold.answered_by[stage.name] = message.by
    _find(fold, entry, message, stage.name)
    if stage.name == "informal":
        fold.reach("informally_tried", message.on, assumed=entry.assumed)
    fold.reach(f"answered:{stage.name}", message.on, assumed=entry.assumed)
    received = message.received_on or fold.calendar.add(message.on, fold.procedure.policy.deemed_days)
    fold.reach(f"answer_received:{stage.name}", message.on, counts_from=max(received, message.on))
    for remedy in message.remedies:
        agree_remedy(fold, remedy, message.on)
    if fold.points.suspended:
        fold.send(stage.answer_letter, entry)  # what waits for proceedings elsewhere is still to be answered
    elif stage.next is None:
        fold.close("completed", message.on, stage.answer_letter, entry=entry)
    elif message.outcome == "resolved" and stage.resolved_closes and not fold.asked_to_go_on:
        fold.close("resolved", message.on, stage.answer_letter, entry=entry)
    else:
        fold.send(stage.answer_letter, entry)
    fold.retry_waiting()
    return APPLIED


def _find(fold: ComplaintState, entry: LogEntry, message: m.Respond, stage: StageName) -> None:
    """Each point's own finding; without any, what was decided holds for every point."""
    if not message.findings:
        for point in fold.points.open:
            point.found.append(Found(stage, message.outcome, "", message.on))
        return
    at_issue = fold.points.at_issue
    for finding in message.findings:
        named, _ = fold.points.named([finding.point])
        if not named or named[0] not in at_issue:
            fold.note_irregular(entry, f"a finding on point {finding.point}, which is not at issue here")
        if named:
            named[0].found.append(Found(stage, finding.outcome, finding.reason, message.on))
    missing = {point.number for point in fold.points.open} - {each.point for each in message.findings}
    if missing:
        fold.note_irregular(entry, f"no finding on point {', '.join(map(str, sorted(missing)))}")


def extend(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """More time at this stage, up to the most that the procedure allows."""
    message = cast(m.Extend, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: nothing runs that could be extended.")
    name = fold.procedure.stage[fold.current_stage].response
    deadline = fold.latest.get(name)
    if deadline is None or not deadline.is_open:
        return refused("No answer is owed at this stage, so nothing can be extended.")
    most = deadline.most(fold.calendar)
    if most is None and not deadline.limit.extend_freely:
        return refused(f"{deadline.limit.title}: the rule allows no extension ({deadline.limit.source}).")
    if deadline.limit.extensions is not None and deadline.extended >= deadline.limit.extensions:
        return refused(
            f"{deadline.limit.title} has been extended before, and the rule allows it once "
            f"({deadline.limit.source})."
        )
    until = message.until or most
    if until is None:
        return refused(f"{deadline.limit.title}: say until when (until); the rule names no most.")
    if most is not None and until > most:
        return refused(
            f"until {until.isoformat()} is beyond the most allowed, {deadline.limit.extend_to} "
            f"{deadline.limit.unit.replace('_', ' ')} from {deadline.counts_from.isoformat()}: "
            f"{most.isoformat()} ({deadline.limit.source})."
        )
    if until <= deadline.due_on:
        return refused(
            f"until {until.isoformat()} gives no more time than the present due date, "
            f"{deadline.due_on.isoformat()}."
        )
    if until < message.on and fold.edition >= 3:
        return refused(
            f"until {until.isoformat()} lies before {message.on.isoformat()}, the day on which it is given."
        )
    before = deadline.due_on
    fold.extend(deadline, until, message.reason)
    fold.send("extension", entry, deadline=name, before=before.isoformat(), due_on=until.isoformat())
    return APPLIED
