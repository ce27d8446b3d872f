"""The way to the Ombudsman, and what comes back."""

from __future__ import annotations

from redress.domain.actions.early_referral import missing_conditions
from redress.domain.actions.registry import carries_out
from redress.domain.log import LogEntry
from redress.domain.messages import OmbudsmanDecision, ReferToOmbudsman
from redress.domain.outcome import APPLIED, Outcome, refused
from redress.domain.state import ComplaintState


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
