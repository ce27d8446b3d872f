"""Settling a complaint informally, withdrawing it or a request, and taking it up again."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.complainants import Complainant, NotThere, WhoReads
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Reopen, ResolveInformally, Withdraw
from redress.domain.procedure import Stage
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
    """Withdrawn by the complainant, at any stage; of a closed complaint, the request that came too late.

    Of several people one may leave alone: the complaint goes on until the last of them withdraws.
    """
    person = state.complainants.find(message.person) if message.person is not None else None
    if isinstance(person, NotThere):
        return refused(person.told(names=not entry.from_intake))
    if message.stage is not None and message.stage != state.entry:
        return _withdraw_request(state, entry, message, person)
    if person is not None and state.complainants.others_than(person.number):
        return _leave(state, entry, person)
    if state.requests.late:
        state.decide_late_requests(Outcome("overtaken", "withdrawn", message.on))
        if state.closed_on is not None:
            state.effects.send("withdrawal", entry)
            return APPLIED
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    state.requests.withdrawn = False
    state.close("withdrawn", "withdrawal", entry)
    return APPLIED


def _leave(state: ComplaintState, entry: LogEntry, person: Complainant) -> Outcome:
    """One of several people complains no more; for the others it goes on."""
    had_request = state.drop_requests_of(person.number, "withdrawn")
    if state.closed_on is not None and not had_request:
        return refused("The complaint is closed already.")
    state.complainants.leave(person.number, "withdrawn", entry.message.on)
    only_to, over = state.only_to([person.number]), state.effects.nothing_more()
    state.effects.send("withdrawal", entry, goes_on=True, next=over, **only_to)
    waited_alone = had_request and state.closed_on is None and not state.requests.early
    if waited_alone and state.answers.window_has_passed(state.stage_rules) and not state.anything_is_owed:
        state.close("lapsed", "closure", entry)
    return APPLIED


def _withdraw_request(
    state: ComplaintState, entry: LogEntry, message: Withdraw, person: Complainant | None
) -> Outcome:
    """The request for a stage alone is withdrawn: what was answered before it stands."""
    wanted = state.procedure.stage.get(message.stage or "")
    if wanted is None:
        return refused(f"stage: this procedure has no {message.stage}.")
    if person is not None and state.complainants.others_than(person.number):
        by_one = _withdraw_own_request(state, entry, wanted, person)
        if by_one is not None:
            return by_one
    early = wanted.name == "stage_3" and state.drop_early_requests("withdrawn")
    if early or (state.stage_rules.next == wanted.name and state.drop_requests("withdrawn")):
        if early and state.answers.window_has_passed(state.stage_rules):
            state.requests.withdrawn = True
            state.close("lapsed", "", entry)
        state.effects.send("withdrawal", entry, request_for=wanted.name)
        return APPLIED
    if state.stage != wanted.name:
        return refused(f"stage: {wanted.title} does not run, and no request for it waits.")
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    if wanted.name in state.answers.on:
        return refused(f"stage: {wanted.title} was answered already; that answer stands.")
    about = state.asked_by([person.number]) if person is not None else WhoReads()
    state.go_back(_stage_before(state, wanted))
    if state.stage in state.answers.on and not state.answers.may_go_on_after(state.stage_rules):
        state.requests.withdrawn = True
        state.close("withdrawn", "withdrawal", entry, request_for=wanted.name, **about)
    else:
        state.effects.send("withdrawal", entry, request_for=wanted.name, **about)
    return APPLIED


def _withdraw_own_request(
    state: ComplaintState, entry: LogEntry, wanted: Stage, person: Complainant
) -> Outcome | None:
    """One of several people does not ask for a stage any more; None: nobody else asked for it."""
    only_to = state.only_to([person.number])
    if state.stage != wanted.name:
        if not state.drop_requests_of(person.number, "withdrawn"):
            return refused(f"stage: {wanted.title} does not run, and no request of this person's waits.")
        state.effects.send("withdrawal", entry, request_for=wanted.name, **only_to)
        return APPLIED
    asked = state.requests.asked_by.get(wanted.name, set())
    if person.number not in asked:
        return refused(f"stage: this person did not ask for {wanted.title}.")
    asked.remove(person.number)
    if not any(each.number in asked for each in state.complainants.present):
        return None
    asked_at = _stage_before(state, wanted).name
    state.effects.send("withdrawal", entry, request_for=wanted.name, stage=asked_at, goes_on=True, **only_to)
    return APPLIED


def _stage_before(state: ComplaintState, stage: Stage) -> Stage:
    """The stage after which a later one is asked for."""
    return next(each for each in state.procedure.stages if each.next == stage.name)


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
    if state.closed_as == "died" or state.complainants.nobody_is_left:
        return _go_on_after_death(state, entry, message)
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
    if message.complainant is not None:
        state.change_complainant(message.complainant)
    state.reopen(entry)
    state.effects.send("reopened", entry)
    return APPLIED


def _go_on_after_death(state: ComplaintState, entry: LogEntry, message: Reopen) -> Outcome:
    """Somebody goes on with the complaint of a person who died: no policy stands in their way."""
    if message.complainant is not None:
        state.change_complainant(message.complainant)
    elif state.complainants.nobody_is_left:
        return refused(
            "The complainant has died: name who goes on with it (complainant), and as what (capacity: "
            "executor, parent, other)."
        )
    state.take_up(entry)
    state.effects.send("reopened", entry)
    return APPLIED
