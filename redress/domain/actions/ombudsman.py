"""The way to the Ombudsman, before its time too, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import OmbudsmanDecision, ReferToOmbudsman
from redress.domain.procedure import Condition, Procedure
from redress.domain.state import ComplaintState
from redress.domain.words import mentioned


@carries_out(ReferToOmbudsman)
def refer_to_ombudsman(state: ComplaintState, entry: LogEntry, message: ReferToOmbudsman) -> Outcome:
    """The matter goes to the Ombudsman; a dated look at it is kept up."""
    if state.referred_on is not None:
        return refused("The matter is with the Ombudsman already.")
    if state.closed_on is None:
        why_not = _too_early(state, message)
        if why_not:
            return refused(why_not)
        if not state.points.any_upheld:
            state.note_irregular(entry, "no point is recorded as upheld")
        state.close("completed", "", entry)
    state.refer()
    state.effects.send("referral", entry)
    return APPLIED


def _too_early(state: ComplaintState, message: ReferToOmbudsman) -> str:
    """Why the matter cannot go to the Ombudsman while the procedure is not over; empty: it can."""
    if not state.procedure.early_referral:
        return (
            f"The procedure is not over: {state.stage_rules.title} comes first. The person may go to the "
            "Ombudsman at any time themselves."
        )
    missing = missing_conditions(state.procedure, message.conditions)
    if missing:
        return (
            "Early referral needs all its conditions recorded (conditions), each by an entry of its own. "
            f"Missing: {'; '.join(missing)} (guidance 3.15)."
        )
    if state.stage != "stage_2" or "stage_2" not in state.answers.on:
        return "Early referral is possible only once Stage 2 has been adjudicated (guidance 3.15)."
    return ""


@carries_out(OmbudsmanDecision)
def ombudsman_decision(state: ComplaintState, entry: LogEntry, message: OmbudsmanDecision) -> Outcome:
    """The Ombudsman has decided; what it asks for becomes remedies with dates."""
    if state.referred_on is None:
        state.note_irregular(entry, "no referral to the Ombudsman is recorded")
    state.return_from_ombudsman(assumed=entry.assumed)
    for remedy in message.remedies:
        state.remedies.agree(remedy, message.on)
    state.effects.send("ombudsman_decision", entry)
    return APPLIED


_DENIALS = ("no", "not", "none", "nobody", "nothing", "never", "without", "isn't", "wasn't", "doesn't")


def missing_conditions(procedure: Procedure, recorded: Sequence[str]) -> list[str]:
    """The titles of the conditions that are not recorded. `recorded` is what the referral says, by entry.

    An entry counts for one condition only: "an agreed action plan" is no agreement of the complainant's.
    """
    wanted = procedure.early_referral
    taken: dict[int, int] = {}  # by the entry's place: the place of the condition it counts for

    def find(condition: int, tried: set[int]) -> bool:
        for at, entry in enumerate(recorded):
            if at in tried or not _counts_for(wanted[condition], entry):
                continue
            tried.add(at)
            if at not in taken or find(taken[at], tried):
                taken[at] = condition
                return True
        return False

    return [condition.title for at, condition in enumerate(wanted) if not find(at, set())]


def _counts_for(wanted: Condition, entry: str) -> bool:
    return bool(mentioned([wanted.name, *wanted.words], entry)) and not mentioned(_DENIALS, entry)
