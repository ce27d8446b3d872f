"""Suspension, advocates, early ends, the Ombudsman, remedies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from redress.domain import messages as m
from redress.domain.actions.common import agree_remedy, refused, run_until
from redress.domain.actions.early_referral import missing_conditions
from redress.domain.calendar import Differing, long_date
from redress.domain.deadline import Deadline
from redress.domain.effects import Fact
from redress.domain.state import APPLIED, ComplaintState, LogEntry, Outcome, SplitOff


def suspend(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Pause every limit until a dated review; of some points only, it stops no clock.

    Said again of what is suspended already, it is the review: looked at, and suspended further.
    """
    message = cast(m.Suspend, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: there is nothing to suspend.")
    if message.review_on < message.on:
        return refused("review_on: the review must not lie before the suspension.")
    if message.points is None:
        reviewed = fold.state == "suspended"
        for deadline in fold.running:
            rests = deadline.paused_on is not None and fold.edition >= 3  # since then its days are lost
            if not rests and fold.can_be_paused(deadline):
                deadline.pause(message.on)
        fold.state = "suspended"
    elif fold.state == "suspended":
        return refused("The whole complaint is suspended already.")
    elif not any(point.state in ("open", "suspended") for point in fold.points.named(message.points)[0]):
        return refused("points: none of these is a point at issue.")
    else:
        reviewed = _suspend_points(fold, entry, message)
    _review_suspension(fold, message, reviewed=reviewed)
    fold.send("suspension" if message.points is None else "suspension_of_points", entry)
    return APPLIED


def _suspend_points(fold: ComplaintState, entry: LogEntry, message: m.Suspend) -> bool:
    """Suspend some points; whether all of them were suspended already."""
    named, unknown = fold.points.named(message.points)
    for each in unknown:
        fold.note_irregular(entry, f"there is no point {each!r}")
    reviewed = all(point.state == "suspended" for point in named)
    for point in named:
        point.state = "suspended" if point.state == "open" else point.state
    return reviewed


def _review_suspension(fold: ComplaintState, message: m.Suspend, *, reviewed: bool) -> None:
    """Whatever is suspended is looked at again on a dated day, by the Complaints Manager.

    Of several suspensions that run beside each other the earliest day counts.
    """
    limit = fold.procedure.limit["suspension_review"]
    earlier = fold.latest.get(limit.name)
    review_on = message.review_on
    if earlier is not None and earlier.is_open:
        if not reviewed:
            review_on = min(review_on, max(earlier.due_on, message.on))
        fold.meet(earlier, message.on)
    run_until(fold, limit, message.on, review_on)


def resume(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Take it up again: every paused limit moves by the days lost."""
    message = cast(m.Resume, entry.message)
    review = fold.latest.get("suspension_review")
    if review is None or not review.is_open or fold.closed_on is not None:
        return refused("Nothing of this complaint is suspended.")
    fold.meet(review, message.on, assumed=entry.assumed)
    fold.state = "open"
    for deadline in fold.running:
        deadline.resume(fold.calendar, message.on)
    fold.count_on_from_others()
    _answer_what_was_suspended(fold, entry)
    fold.send("resumption", entry)
    return APPLIED


def _answer_what_was_suspended(fold: ComplaintState, entry: LogEntry) -> None:
    """A point whose stage was answered while it waited is owed an answer of its own."""
    stage = fold.current_stage
    waited = fold.points.suspended
    unanswered = [p for p in waited if all(found.stage != stage for found in p.found)]
    for point in waited:
        point.state = "open"
    if stage in fold.answered and unanswered:
        for point in fold.points.open:
            point.state = "open" if point in unanswered else "resting"
        fold.owe_answer_anew(entry.message.on)
    elif stage in fold.answered and (waited or fold.edition >= 3):
        fold.offer_anew(entry)  # what waited may have been split off, or worded anew


def set_advocate(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The person's own choice of advocate, and whether letters go there too."""
    message = cast(m.SetAdvocate, entry.message)
    fold.advocate = message.advocate
    fold.advocate_letters = message.advocate is not None and message.gets_letters
    fold.advocate_speaks = message.advocate is not None and message.speaks
    return APPLIED


def withdraw(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Withdrawn by the complainant, at any stage; of a closed complaint, the request that came too late."""
    requests, fold.late_requests = fold.late_requests, []
    if requests:
        for request in requests:
            fold.verdicts[request.seq] = Outcome("overtaken", "withdrawn", entry.message.on)
        fold.reach("late_decided", entry.message.on)
        if fold.closed_on is not None or fold.edition < 3:
            fold.send("withdrawal", entry)
            return APPLIED
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    fold.close("withdrawn", entry.message.on, "withdrawal", entry=entry)
    return APPLIED


def close(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Closed early: while a next stage is open to the complainant, only with their agreement."""
    message = cast(m.Close, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed already.")
    stage = fold.procedure.stage[fold.current_stage]
    owed = len(fold.procedure.stages) > 1 and (stage.name not in fold.answered or fold.points.suspended)
    if (stage.next is not None or owed) and not message.agreed_by_complainant:
        what = "A further stage is" if stage.next is not None else "An answer is still owed, and so a way is"
        return refused(
            f"{what} open to the complainant: it may be closed early only where they agree "
            "(agreed_by_complainant)."
        )
    fold.close("ended_early", message.on, "closure", entry=entry)
    return APPLIED


def refer_to_ombudsman(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The matter goes to the Ombudsman; a dated look at it is kept up."""
    message = cast(m.ReferToOmbudsman, entry.message)
    if fold.referred_on is not None:
        return refused("The matter is with the Ombudsman already.")
    if fold.closed_on is None:
        why_not = _too_early(fold, message)
        if why_not:
            return refused(why_not)
        if not any(f.outcome in ("upheld", "partly_upheld") for p in fold.points.all for f in p.found):
            fold.note_irregular(entry, "no point is recorded as upheld")
        fold.close("completed", message.on, "", entry=entry)
    fold.referred_on = message.on
    fold.last_stage = fold.current_stage
    fold.stage = "ombudsman"
    fold.reach("referred", message.on)
    fold.send("referral", entry)
    return APPLIED


def _too_early(fold: ComplaintState, message: m.ReferToOmbudsman) -> str:
    """Why the matter cannot go to the Ombudsman while the procedure is not over; empty: it can."""
    wanted = fold.procedure.early_referral
    stage = fold.procedure.stage[fold.current_stage]
    if not wanted:
        return (
            f"The procedure is not over: {stage.title} comes first. The person may go to the Ombudsman "
            "at any time themselves."
        )
    missing = missing_conditions(fold.procedure, message.conditions)
    if missing:
        return (
            "Early referral needs all its conditions recorded (conditions), each by an entry of its own. "
            f"Missing: {'; '.join(missing)} (guidance 3.15)."
        )
    if fold.stage != "stage_2" or "stage_2" not in fold.answered:
        return "Early referral is possible only once Stage 2 has been adjudicated (guidance 3.15)."
    return ""


def ombudsman_decision(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The Ombudsman has decided; what it asks for becomes remedies with dates."""
    message = cast(m.OmbudsmanDecision, entry.message)
    if fold.referred_on is None:
        fold.note_irregular(entry, "no referral to the Ombudsman is recorded")
    fold.referred_on = None  # what was sent back as premature can be referred again
    fold.reach("ombudsman_decided", message.on, assumed=entry.assumed)
    for remedy in message.remedies:
        agree_remedy(fold, remedy, message.on)
    fold.send("ombudsman_decision", entry)
    return APPLIED


def complete_remedy(fold: ComplaintState, entry: LogEntry) -> Outcome:
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


def split(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Some points become a linked complaint under another procedure, each with its own clock."""
    message = cast(m.Split, entry.message)
    if fold.closed_on is not None:
        return refused("The complaint is closed: nothing can be split off.")
    if message.procedure == fold.procedure.name:
        return refused(f"The complaint follows {message.procedure} already: there is nothing to split.")
    if fold.known_procedures and message.procedure not in fold.known_procedures:
        known = ", ".join(fold.known_procedures)
        return refused(f"This authority has no procedure {message.procedure}: it has {known}.")
    named, unknown = fold.points.named(message.points)
    if unknown or not named:
        # Not which: they may be named by their texts, and the reason is shown where no text belongs.
        return refused(
            "points: not every one named is a point of this complaint; name each by its number "
            f"(1 to {len(fold.points.all)}) or in its own words."
        )
    gone = [str(point.number) for point in named if point.state in ("split_off", "replaced")]
    if gone:
        return refused(f"points: {', '.join(gone)} was split off or replaced already.")
    if not [point for point in fold.points.at_issue if point not in named]:
        return refused("points: at least one point has to stay; decline the matter, or correct its opening.")
    for point in named:
        point.state = "split_off"
    part = SplitOff(entry.seq + 1, message.on, [point.text for point in named], message.procedure)
    fold.split_off.append(part)
    fold.open_part(part, entry)
    fold.send("split", entry, part=part.part, split_points=list(part.points), procedure=part.procedure)
    return APPLIED


def reopen(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A closed complaint is taken up again, where the authority's policy allows it."""
    on, closed_on = entry.message.on, fold.closed_on
    within = fold.procedure.policy.reopen_within_days
    if closed_on is None:
        return refused("The complaint is open: there is nothing to reopen.")
    if fold.referred_on is not None:
        return refused("The matter is with the Ombudsman: it is not reopened here.")
    if fold.closed_as == "declined":
        return refused("The matter was declined; it can be brought again as a new complaint.")
    if not within:
        return refused(
            "The authority's policy has no reopening (reopen_within_days); a request for the next stage, "
            "or a new complaint, is possible."
        )
    last = fold.calendar.add(closed_on, within)
    if on > last:
        return refused(
            f"The authority's policy allows reopening within {within} working days of closing: until "
            f"{last.isoformat()}. A new complaint is possible."
        )
    fold.reopen(entry)
    fold.send("reopened", entry)
    return APPLIED


def restrict_contact(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Replies stop to somebody whose contact is unreasonable, until a day; the complaint's clocks run on."""
    message = cast(m.RestrictContact, entry.message)
    policy = fold.procedure.policy
    if not policy.may_restrict_contact:
        return refused(
            "This procedure knows no end of replies (may_restrict_contact): the statutory scheme leaves no "
            "such way out of a complaint."
        )
    until = message.until or message.on + timedelta(days=policy.restrict_contact_days)
    if until < message.on:
        return refused("until: the restriction must not end before it begins.")
    limit = fold.procedure.limit.get("contact_review")
    if limit is None:
        return refused("The complaint was opened before restrictions of contact were known here.")
    earlier = fold.latest.get(limit.name)
    if earlier is not None and earlier.is_open:
        fold.meet(earlier, message.on)
    run_until(fold, limit, message.on, until)
    fold.contact_restricted_until = until
    fold.send("contact_restricted", entry, until=until.isoformat())
    return APPLIED


def recount(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A newer table of bank holidays: due dates that count over it move, and whom it concerns is told.

    What is paused moves too, and is told with the date it has when the complaint is taken up again.
    """
    newer, was = cast(m.Recount, entry.message).holidays, fold.calendar
    if newer.version == was.version:
        return Outcome("applied", "the complaint counts with this calendar already")
    if not newer.covers(was.table):
        return refused(
            f"The calendar reaches from {newer.first.isoformat()} to {newer.last.isoformat()}; "
            f"this complaint needs {was.table.first.isoformat()} to {was.table.last.isoformat()}."
        )
    moved = [deadline for deadline in fold.change_calendar(newer) if deadline.paused_on is None]
    called = fold.panel_on or date.min
    if called >= fold.day and called in newer.holidays and called not in was.table.holidays:
        fold.note_irregular(entry, f"the panel is called for {long_date(called)}, now a bank holiday")
    if moved:
        _tell_of_moves(fold, entry, moved, was.differs(newer))
    return APPLIED


def _tell_of_moves(
    fold: ComplaintState, entry: LogEntry, moved: list[Deadline], differing: list[Differing]
) -> None:
    """Letters: to the people concerned about all of it, to each owner about what they owe.

    Targets too: letters have named some of them. Another reading of a limit is told where letters name it.
    Each letter to staff goes to its fact `owner`; the Complaints Manager's has all of it.
    """
    days: list[Fact] = [
        {"on": day.on.isoformat(), "name": day.name, "now": day.now}
        for day in differing
        if any(_lies_within(day.on, deadline) for deadline in moved)
    ]
    both = fold.procedure.policy.letters_count_stage_2_from == "statement"
    public = [deadline for deadline in moved if both or not deadline.limit.follows]
    if public:
        fold.send("dates_moved", entry, moved=[_moved(deadline) for deadline in public], days=days)
    owners = {deadline.owner for deadline in moved} - {"complainant", "ombudsman", "nobody"}
    for owner in sorted(owners | {"complaints_manager"}):
        theirs = [d for d in moved if owner in (d.owner, "complaints_manager")]
        told: list[Fact] = [_moved(deadline) for deadline in theirs]
        fold.send("dates_moved_staff", entry, to=owner, moved=told, days=days)


def _lies_within(day: date, deadline: Deadline) -> bool:
    ends = (deadline.counts_from, deadline.moved[-1].due_on, deadline.due_on)
    return min(ends) <= day <= max(ends)


def _moved(deadline: Deadline) -> Fact:
    return {
        "name": deadline.name,
        "title": deadline.limit.title,
        "was": deadline.moved[-1].due_on.isoformat(),
        "due_on": deadline.due_on.isoformat(),
        "owner": deadline.owner,
    }
