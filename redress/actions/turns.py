"""Suspension, advocates, early ends, the Ombudsman, remedies."""

from __future__ import annotations

from typing import cast

from redress import messages as m
from redress.actions.parts import agree_remedy, refused
from redress.deadline import Deadline
from redress.fold import APPLIED, Entry, Fold, Verdict


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
        agree_remedy(fold, remedy, message.on)
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
