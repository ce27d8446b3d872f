"""Whether a matter is taken under the procedure: a person's decision."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.drafting import draft, waits_to_be_approved
from redress.domain.effects import Fact
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Accept, Decline
from redress.domain.procedure import Question
from redress.domain.receipt import is_written
from redress.domain.state import ComplaintState
from redress.domain.words import mentioned


@carries_out(Accept)
def accept(state: ComplaintState, entry: LogEntry, message: Accept) -> Outcome:
    """The matter is taken under the procedure, or stays there where another route was asked about."""
    if state.closed_as == "declined":
        return refused("The matter was declined; it can be brought again as a new complaint.")
    if state.closed_on is not None:
        return refused("The complaint is closed: there is nothing to decide about it.")
    was_asked = state.decide_route(entry)
    if state.stage != "intake":
        if not was_asked:
            return refused("Nothing is in question: the matter is under the procedure already.")
        if "acknowledged" in state.reached:  # the acknowledgement said what the doubt was
            state.effects.send("accepted", entry)
        return APPLIED
    state.take(entry)
    state.effects.send("accepted", entry)
    state.retry_waiting()
    return APPLIED


@carries_out(Decline)
def decline(state: ComplaintState, entry: LogEntry, message: Decline) -> Outcome:
    """The matter is not taken: a person's reasoned decision, written to whoever complained."""
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    early = state.stage in ("intake", "informal", "stage_1", state.entry)
    if not early or (state.stage in state.answers.on and state.stage != "informal"):
        return refused(
            "A complaint that has been answered or gone to a later stage can no longer be declined: "
            "later stages may not be refused. Withdrawal, or closing by agreement, ends it."
        )
    if waits_to_be_approved(state, entry, message, "declined"):
        owed = state.latest.get("eligibility_decision")
        response = "eligibility_decision" if owed is not None and owed.is_open else state.stage_rules.response
        return draft(state, entry, message, "declined", response=response)
    if state.opening.complainant is None and not (message.note or state.notes):
        what = "no steps taken about an anonymous concern are recorded (a note says them)"
        state.note_irregular(entry, what)
    state.deadlines.reach("decided", message.on, assumed=entry.assumed)
    instead: list[Fact] = [ground.instead for ground in _relied_on(state, message) if ground.instead]
    state.decide_route(entry)
    state.close("declined", "declined" if is_written(entry, message) else "", entry, instead=instead)
    return APPLIED


def _relied_on(state: ComplaintState, message: Decline) -> list[Question]:
    """The grounds of a decision: the only one in question, else those that its reason speaks of."""
    asked = [*state.questions, *(each.question for each in state.routes)]
    if len(asked) == 1:
        return asked
    return [q for q in asked if mentioned([*q.values, *_telling_words(q)], message.reason)]


def _telling_words(question: Question) -> list[str]:
    return [word for word in question.name.split("_") if len(word) > 4]
