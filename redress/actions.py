"""What each action does to a case. One function each; `act` finds it by the message's name.

An action answers with a verdict. What reports a happening is always applied; what asks for
something may have to wait or be refused, each with its reason and the source of the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import cast

from redress import messages as m
from redress.deadline import Deadline, count
from redress.fold import APPLIED, AgreedAction, Appointment, Entry, Fold, Verdict
from redress.procedure import Owner


def refused(reason: str) -> Verdict:
    """A refusal, with its reason in one sentence."""
    return Verdict("refused", reason)


def act(fold: Fold, entry: Entry) -> Verdict:
    """Carry out one message."""
    return ACTIONS[entry.message.action](fold, entry)


# --- intake and Stage 1 --------------------------------------------------------------------------


def acknowledge(fold: Fold, entry: Entry) -> Verdict:
    """The acknowledgement of the complaint, or at Stage 3 of the request for a panel."""
    again = not any(name in fold.latest and fold.latest[name].is_open for name in _ACKNOWLEDGED)
    if again:
        fold.note_irregular(entry, "nothing is waiting to be acknowledged")
        return APPLIED
    at_panel = fold.stage == "stage_3"
    fold.reach("acknowledged", entry.message.on, assumed=entry.assumed)
    fold.send("stage_3_acknowledgement" if at_panel else "acknowledgement", entry)
    return APPLIED


_ACKNOWLEDGED = ("acknowledgement", "stage_3_acknowledgement")


def accept(fold: Fold, entry: Entry) -> Verdict:
    """The matter is taken under the procedure."""
    if fold.stage != "intake":
        if fold.closed_as == "declined":
            return refused("The matter was declined; it can be brought again as a new complaint.")
        return refused("Nothing is in question: the matter is under the procedure already.")
    fold.stage = fold.procedure.first_stage
    fold.reach("decided", entry.message.on, assumed=entry.assumed)
    fold.send("accepted", entry)
    fold.retry_waiting()
    return APPLIED


def decline(fold: Fold, entry: Entry) -> Verdict:
    """The matter is not taken: a person's reasoned decision, written to whoever complained."""
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    if fold.stage not in ("intake", "informal", "stage_1") or fold.answered:
        return refused(
            "A complaint that has been answered or gone to a later stage can no longer be declined; "
            "later stages may not be refused (Regulations regs 17 to 19)."
        )
    fold.reach("decided", entry.message.on, assumed=entry.assumed)
    fold.close("declined", entry.message.on, "declined", entry=entry)
    return APPLIED


def resolve_informally(fold: Fold, entry: Entry) -> Verdict:
    """Settled informally: closes only where the person agrees."""
    message = cast(m.ResolveInformally, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    if fold.procedure.order[fold.stage] > 1:
        return refused("An informal settlement belongs before or in Stage 1; this is a later stage.")
    if message.agreed:
        fold.close("resolved", message.on, "resolved", entry=entry)
    return APPLIED


def respond(fold: Fold, entry: Entry) -> Verdict:
    """The authority's answer at the current stage; always recorded."""
    message = cast(m.Respond, entry.message)
    if fold.closed_on is not None:
        fold.note_irregular(entry, f"the complaint was closed on {fold.closed_on.isoformat()}")
        return APPLIED
    if fold.stage == "intake":
        fold.note_irregular(entry, "whether the matter is taken was not decided")
        fold.stage = fold.procedure.first_stage
        fold.reach("decided", message.on, assumed=entry.assumed)
    stage = fold.procedure.stage[fold.stage]
    if stage.name in fold.answered:
        answered_on = fold.answered[stage.name].isoformat()
        fold.note_irregular(entry, f"{stage.title} was answered on {answered_on} already")
        return APPLIED
    if fold.state == "suspended":
        fold.note_irregular(entry, "the complaint is suspended")
    fold.expect(entry, f"answered:{stage.name}")
    if stage.next is None and message.independent_person_consulted is not True:
        fold.note_irregular(entry, "the Independent Person was not consulted (Regulations reg 20)")
    fold.answered[stage.name] = message.on
    fold.reach(f"answered:{stage.name}", message.on, assumed=entry.assumed)
    received = message.received_on or fold.calendar.add(message.on, fold.procedure.policy.deemed_days)
    fold.reach(f"answer_received:{stage.name}", message.on, counts_from=max(received, message.on))
    for remedy in message.remedies:
        _agree_remedy(fold, remedy, message.on)
    if stage.next is None:
        fold.close("completed", message.on, stage.answer_letter, entry=entry)
    elif message.outcome == "resolved" and stage.resolved_closes and not fold.asked_to_go_on:
        fold.close("resolved", message.on, stage.answer_letter, entry=entry)
    else:
        fold.send(stage.answer_letter, entry)
    fold.retry_waiting()
    return APPLIED


def extend(fold: Fold, entry: Entry) -> Verdict:
    """More time at this stage, up to the most that the procedure allows."""
    message = cast(m.Extend, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: nothing runs that could be extended.")
    name = fold.procedure.stage[fold.current_stage].response
    deadline = fold.latest.get(name)
    if deadline is None or not deadline.is_open:
        return refused("No answer is owed at this stage, so nothing can be extended.")
    most = deadline.most(fold.calendar)
    if most is None:
        return refused(f"{deadline.limit.title}: the rule allows no extension ({deadline.limit.source}).")
    if deadline.limit.extensions is not None and deadline.extended >= deadline.limit.extensions:
        return refused(
            f"{deadline.limit.title} has been extended before, and the rule allows it once "
            f"({deadline.limit.source})."
        )
    until = message.until or most
    if until > most:
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
    before = deadline.due_on
    fold.extend(deadline, until, message.reason)
    fold.send("extension", entry, deadline=name, before=before.isoformat(), due_on=until.isoformat())
    return APPLIED


# --- going on to the next stage ------------------------------------------------------------------


def escalate(fold: Fold, entry: Entry) -> Verdict:
    """The complainant asks for the next stage. Out of time or too early, it waits; it is not refused."""
    message = cast(m.Escalate, entry.message)
    if fold.closed_as in ("withdrawn", "declined"):
        return refused(
            f"The complaint was {fold.closed_as}; it can be brought again as a new complaint, "
            "or taken to the Ombudsman."
        )
    stage = fold.procedure.stage[fold.current_stage]
    if stage.next is None:
        return refused(f"{stage.title} is the last stage; what follows it is the Ombudsman.")
    asked_at = fold.asked_at.setdefault(entry.seq, stage.name)
    if asked_at != stage.name:
        return Verdict("applied", "the stage asked for was opened by an earlier request")
    if fold.closed_on is not None and not (stage.after_lapse == "of_right" or entry.assumed):
        if not fold.late_requests:
            fold.reach("late_request", message.on)
        fold.late_requests.append(entry)
        fold.send("request_waits", entry, why="late")
        return Verdict(
            "pending",
            "The window to ask has passed; the Complaints Manager decides on this request, with reasons.",
        )
    response = fold.latest.get(stage.response)
    is_late = stage.late_opens_next and response is not None and response.breached_on is not None
    skipped = message.agreed_by_authority and stage.skip_by_agreement
    ready = stage.name in fold.answered or is_late or skipped
    if not ready and fold.closed_on is None:
        if not fold.retrying:
            fold.send("request_waits", entry, why="early")
        return fold.wait(
            entry,
            f"{stage.title} is neither answered nor late; the request takes effect on the day it is.",
        )
    if entry.assumed and fold.closed_on is not None:
        fold.note_irregular(
            entry, f"came without a date after closing on {fold.closed_on.isoformat()}; taken as in time"
        )
    fold.open_stage(stage.next, entry, fold.day, taken_on=fold.day)
    return APPLIED


def decide_late(fold: Fold, entry: Entry) -> Verdict:
    """A person's reasoned decision on a request made after its window."""
    message = cast(m.DecideLate, entry.message)
    if not fold.late_requests:
        return refused("No late request is waiting for a decision.")
    requests, fold.late_requests = fold.late_requests, []
    fold.reach("late_decided", message.on, assumed=entry.assumed)
    stage = fold.procedure.stage[fold.current_stage]
    outcome = "applied" if message.accept else "not_accepted"
    decided = "accepted" if message.accept else "not accepted"
    for request in requests:
        fold.verdicts[request.seq] = Verdict(outcome, f"{decided}: {message.reason}", message.on)
    if message.accept and stage.next is not None:
        first = requests[0]
        fold.open_stage(stage.next, first, first.message.on, taken_on=message.on)
    fold.send("late_request_decision", entry)
    return APPLIED


# --- Stages 2 and 3 ------------------------------------------------------------------------------


def appoint(fold: Fold, entry: Entry) -> Verdict:
    """A person takes a part, if independent enough and without another part that rules it out."""
    message = cast(m.Appoint, entry.message)
    rule = fold.procedure.role.get(message.role)
    if rule is None:
        return refused(f"This procedure has no {message.role.replace('_', ' ')}.")
    if message.connection not in rule.connections:
        return refused(
            f"{rule.title}: somebody whose connection with the authority is "
            f"'{message.connection}' may not take this part ({rule.source})."
        )
    order = fold.procedure.order
    if fold.closed_on is not None or order[fold.current_stage] > order[rule.stage]:
        return refused(f"{rule.title}: the stage of this part is over.")
    if order[fold.stage] < order[rule.stage]:
        return fold.wait(entry, f"{rule.title}: taken up once its stage is open.")
    for held in fold.appointments:
        if not held.person.is_same_as(message.person):
            continue
        if held.role in rule.apart_from:
            other = fold.procedure.role[held.role].title
            return refused(
                f"{rule.title}: this person has or had the part of {other} in this complaint ({rule.source})."
            )
        if held.role == message.role and held.until is None:
            return refused(f"{rule.title}: this person has this part already.")
    holders = [a for a in fold.appointments if a.role == message.role and a.until is None]
    if len(holders) >= rule.seats:
        if rule.seats > 1:
            return refused(f"{rule.title}: all {rule.seats} places are taken.")
        at = fold.appointments.index(holders[0])
        fold.appointments[at] = holders[0]._replace(until=message.on)
    fold.appointments.append(Appointment(message.role, message.person, message.connection, message.on))
    if len(holders) + 1 >= rule.seats:
        fold.reach(f"appointed:{message.role}", message.on, assumed=entry.assumed)
    return APPLIED


def agree_statement(fold: Fold, entry: Entry) -> Verdict:
    """The complaint statement is agreed: the second reading of Stage 2 starts."""
    message = cast(m.AgreeStatement, entry.message)
    _happened(fold, entry, "statement_agreed")
    fold.statement_points = message.points
    fold.send("statement_agreed", entry)
    return APPLIED


def report(fold: Fold, entry: Entry) -> Verdict:
    """A report has been received. The panel's report starts the final response's limit."""
    message = cast(m.Report, entry.message)
    _happened(fold, entry, f"reported:{message.kind}")
    if message.kind == "panel":
        fold.send("panel_report", entry)
    return APPLIED


def schedule_panel(fold: Fold, entry: Entry) -> Verdict:
    """The panel is called: papers count back from its day."""
    message = cast(m.SchedulePanel, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: no panel can be called.")
    if fold.stage != "stage_3":
        return fold.wait(entry, "No panel has been asked for yet; the date is kept until one is.")
    if "panel_held" in fold.reached:
        return refused("The panel has met already.")
    if message.meeting_on < message.on:
        fold.note_irregular(entry, "the panel was called for a day that had passed")
    limit = fold.latest.get("panel_meeting")
    if limit is not None and limit.is_open and message.meeting_on > limit.due_on:
        fold.note_irregular(
            entry, f"the panel is called for later than its limit, {limit.due_on.isoformat()}"
        )
    fold.reach("panel_scheduled", message.on, counts_from=message.meeting_on, assumed=entry.assumed)
    fold.panel_on = message.meeting_on
    fold.send("panel_date", entry)
    return APPLIED


def send_papers(fold: Fold, entry: Entry) -> Verdict:
    """Notice and papers have gone to everybody at the panel."""
    _happened(fold, entry, "papers_sent")
    on = fold.panel_on.isoformat() if fold.panel_on else None
    fold.send("panel_notice", entry, meeting_on=on)
    return APPLIED


def hold_panel(fold: Fold, entry: Entry) -> Verdict:
    """The panel met: its report and, provisionally, the final response fall due."""
    _happened(fold, entry, "panel_held")
    return APPLIED


def _happened(fold: Fold, entry: Entry, milestone: str) -> None:
    message = entry.message
    if fold.closed_on is not None:
        fold.note_irregular(entry, f"the complaint was closed on {fold.closed_on.isoformat()}")
    elif fold.state == "suspended":
        fold.note_irregular(entry, "the complaint is suspended")
    fold.expect(entry, milestone)
    fold.reach(milestone, message.on, assumed=entry.assumed)


def recorded(fold: Fold, entry: Entry) -> Verdict:
    """Nothing but a record."""
    return APPLIED


# --- turns ---------------------------------------------------------------------------------------


def suspend(fold: Fold, entry: Entry) -> Verdict:
    """Pause every limit until a dated review; of some points only, it stops no clock."""
    message = cast(m.Suspend, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: there is nothing to suspend.")
    if message.review_on < message.on:
        return refused("review_on: the review must not lie before the suspension.")
    if fold.state == "suspended":
        return refused("The complaint is suspended already.")
    if message.points is None:
        for deadline in fold.running:
            if deadline.limit.outlives != "closure":
                deadline.pause(message.on)
        fold.state = "suspended"
    _review_suspension(fold, message)
    fold.send("suspension" if message.points is None else "suspension_of_points", entry)
    return APPLIED


def _review_suspension(fold: Fold, message: m.Suspend) -> None:
    """Whatever is suspended is looked at again on a dated day, by the Complaints Manager."""
    limit = fold.procedure.limit["suspension_review"]
    earlier = fold.latest.get(limit.name)
    if earlier is not None and earlier.is_open:
        fold.meet(earlier, message.on)
    days = (message.review_on - message.on).days
    fold.run(Deadline(limit, limit.name, message.on, message.review_on, days, provisional=False))


def resume(fold: Fold, entry: Entry) -> Verdict:
    """Take it up again: every paused limit moves by the days lost."""
    message = cast(m.Resume, entry.message)
    review = fold.latest.get("suspension_review")
    if review is None or not review.is_open or fold.closed_on is not None:
        return refused("Nothing of this complaint is suspended.")
    fold.meet(review, message.on, assumed=entry.assumed)
    fold.state = "open"
    for deadline in fold.running:
        deadline.resume(fold.calendar, message.on)
    fold.send("resumption", entry)
    return APPLIED


def set_advocate(fold: Fold, entry: Entry) -> Verdict:
    """The person's own choice of advocate, and whether letters go there too."""
    message = cast(m.SetAdvocate, entry.message)
    fold.advocate = message.advocate
    fold.advocate_letters = message.advocate is not None and message.gets_letters
    fold.advocate_speaks = message.advocate is not None and message.speaks
    return APPLIED


def withdraw(fold: Fold, entry: Entry) -> Verdict:
    """Withdrawn by the complainant, at any stage."""
    if fold.late_requests:
        for request in fold.late_requests:
            fold.verdicts[request.seq] = Verdict("overtaken", "withdrawn", entry.message.on)
        fold.late_requests = []
        fold.reach("late_decided", entry.message.on)
        fold.send("withdrawal", entry)
        return APPLIED
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    fold.close("withdrawn", entry.message.on, "withdrawal", entry=entry)
    return APPLIED


def close(fold: Fold, entry: Entry) -> Verdict:
    """Closed early: while a next stage is open to the complainant, only with their agreement."""
    message = cast(m.Close, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    next_stage = fold.procedure.stage[fold.current_stage].next
    if next_stage is not None and not message.agreed_by_complainant:
        return refused(
            "A further stage is open to the complainant: it may be closed early only where they agree "
            "(agreed_by_complainant)."
        )
    fold.close("ended_early", message.on, "closure", entry=entry)
    return APPLIED


def refer_to_ombudsman(fold: Fold, entry: Entry) -> Verdict:
    """The matter goes to the Ombudsman; a dated look at it is kept up."""
    message = cast(m.ReferToOmbudsman, entry.message)
    if fold.referred_on is not None:
        return refused("The matter is with the Ombudsman already.")
    if fold.closed_on is None:
        if not message.conditions:
            return refused(
                "Early referral needs its conditions recorded (conditions): a robust Stage 2 report, a "
                "full adjudication, all significant points upheld, a clear plan, and the complainant's "
                "agreement (guidance 3.15)."
            )
        if fold.stage != "stage_2" or "stage_2" not in fold.answered:
            return refused(
                "Early referral is possible only once Stage 2 has been adjudicated (guidance 3.15)."
            )
        fold.close("completed", message.on, "", entry=entry)
    fold.referred_on = message.on
    fold.last_stage = fold.current_stage
    fold.stage = "ombudsman"
    fold.reach("referred", message.on)
    fold.send("referral", entry)
    return APPLIED


def ombudsman_decision(fold: Fold, entry: Entry) -> Verdict:
    """The Ombudsman has decided; what it asks for becomes remedies with dates."""
    message = cast(m.OmbudsmanDecision, entry.message)
    if fold.referred_on is None:
        fold.note_irregular(entry, "no referral to the Ombudsman is recorded")
    fold.reach("ombudsman_decided", message.on, assumed=entry.assumed)
    for remedy in message.remedies:
        _agree_remedy(fold, remedy, message.on)
    fold.send("ombudsman_decision", entry)
    return APPLIED


def complete_remedy(fold: Fold, entry: Entry) -> Verdict:
    """An agreed action was done."""
    message = cast(m.CompleteRemedy, entry.message)
    for at, agreed in enumerate(fold.remedies):
        if agreed.number == message.remedy:
            if agreed.done_on is not None:
                return refused(f"Remedy {message.remedy} was done on {agreed.done_on.isoformat()} already.")
            fold.remedies[at] = agreed._replace(done_on=message.on)
            fold.meet(fold.latest[f"remedy_{agreed.number}"], message.on, assumed=entry.assumed)
            return APPLIED
    return refused(f"There is no remedy {message.remedy}; {len(fold.remedies)} are agreed.")


def _agree_remedy(fold: Fold, remedy: m.Remedy, on: date) -> None:
    number = len(fold.remedies) + 1
    fold.remedies.append(AgreedAction(number, remedy, on))
    limit = fold.procedure.limit["remedy"]
    due_on = remedy.due_on or count(fold.calendar, limit, on, limit.days)
    days = fold.calendar.between(on, due_on)
    deadline = Deadline(limit, f"remedy_{number}", on, due_on, days, provisional=False)
    if remedy.owner in _OWNERS:
        deadline.owner = cast(Owner, remedy.owner)
    fold.run(deadline)


_OWNERS = ("stage_manager", "investigating_officer", "adjudicating_officer", "director")


ACTIONS: dict[str, Callable[[Fold, Entry], Verdict]] = {
    "acknowledge": acknowledge,
    "accept": accept,
    "decline": decline,
    "resolve_informally": resolve_informally,
    "respond": respond,
    "extend": extend,
    "escalate": escalate,
    "decide_late": decide_late,
    "appoint": appoint,
    "agree_statement": agree_statement,
    "report": report,
    "schedule_panel": schedule_panel,
    "send_papers": send_papers,
    "hold_panel": hold_panel,
    "record_meeting": recorded,
    "suspend": suspend,
    "resume": resume,
    "set_advocate": set_advocate,
    "withdraw": withdraw,
    "close": close,
    "refer_to_ombudsman": refer_to_ombudsman,
    "ombudsman_decision": ombudsman_decision,
    "complete_remedy": complete_remedy,
    "correct": recorded,  # the case has put it right before folding: redress.case
    "add_note": recorded,
}
