"""Ending a complaint before its procedure is over, by agreement or otherwise, and taking it up again."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Close, Reopen, ResolveInformally, Withdraw
from redress.domain.receipt import is_written
from redress.domain.state import ComplaintState


@carries_out(ResolveInformally)
def resolve_informally(state: ComplaintState, entry: LogEntry, message: ResolveInformally) -> Outcome:
    """Settled informally: closes only where the person agrees."""
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    if state.stage not in ("intake", "informal", "stage_1"):
        return refused("An informal settlement belongs before or in Stage 1; this is a later stage.")
    state.deadlines.reach("informally_tried", message.on, assumed=entry.assumed)
    if message.agreed:
        state.close("resolved", "resolved", entry)
    else:
        state.effects.send("informal_not_settled", entry)
    return APPLIED


@carries_out(Withdraw)
def withdraw(state: ComplaintState, entry: LogEntry, message: Withdraw) -> Outcome:
    """Withdrawn by the complainant, at any stage; of a closed complaint, the request that came too late."""
    if state.requests.late:
        state.decide_late_requests(Outcome("overtaken", "withdrawn", message.on))
        if state.closed_on is not None:
            state.effects.send("withdrawal", entry)
            return APPLIED
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    state.close("withdrawn", "withdrawal", entry)
    return APPLIED


@carries_out(Close)
def close(state: ComplaintState, entry: LogEntry, message: Close) -> Outcome:
    """Closed early: while a next stage is open to the complainant, only with their agreement."""
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    stage = state.stage_rules
    unanswered = stage.name not in state.answers.on or state.points.suspended
    is_owed = len(state.procedure.stages) > 1 and unanswered
    if (stage.next is not None or is_owed) and not message.agreed_by_complainant:
        what = "A further stage is" if stage.next is not None else "An answer is still owed, and so a way is"
        return refused(
            f"{what} open to the complainant: it may be closed early only where they agree "
            "(agreed_by_complainant)."
        )
    state.close("ended_early", "closure" if is_written(entry, message) else "", entry)
    return APPLIED


@carries_out(Reopen)
def reopen(state: ComplaintState, entry: LogEntry, message: Reopen) -> Outcome:
    """A closed complaint is taken up again, where the authority's policy allows it."""
    closed_on = state.closed_on
    within = state.procedure.policy.reopen_within_days
    if closed_on is None:
        return refused("The complaint is open: there is nothing to reopen.")
    if state.referred_on is not None:
        return refused("The matter is with the Ombudsman: it is not reopened here.")
    if state.closed_as == "declined":
        return refused("The matter was declined; it can be brought again as a new complaint.")
    if not within:
        return refused(
            "The authority's policy has no reopening (reopen_within_days); a request for the next stage, "
            "or a new complaint, is possible."
        )
    last = state.calendar.add(closed_on, within)
    if message.on > last:
        return refused(
            f"The authority's policy allows reopening within {within} working days of closing: until "
            f"{last.isoformat()}. A new complaint is possible."
        )
    state.reopen(entry)
    state.effects.send("reopened", entry)
    return APPLIED
