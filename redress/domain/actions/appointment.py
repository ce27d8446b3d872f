"""Who takes which part."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Appoint, SetAdvocate
from redress.domain.procedure import RoleRule
from redress.domain.state import ComplaintState


@carries_out(Appoint)
def appoint(state: ComplaintState, entry: LogEntry, message: Appoint) -> Outcome:
    """A person takes a part, if independent enough and without another part that rules it out."""
    rule = state.procedure.role.get(message.role)
    if rule is None:
        return refused(f"This procedure has no {message.role.replace('_', ' ')}.")
    if message.connection not in rule.connections:
        return refused(
            f"{rule.title}: somebody whose connection with the authority is "
            f"'{message.connection}' may not take this part ({rule.source})."
        )
    order = state.procedure.order
    if state.closed_on is not None or order[state.current_stage] > order[rule.stage]:
        return refused(f"{rule.title}: the stage of this part is over.")
    if order[state.stage] < order[rule.stage]:
        return state.wait(entry, f"{rule.title}: taken up once its stage is open.")
    why_not = _ruled_out(state, message, rule)
    if why_not:
        return refused(why_not)
    if state.people.appoint(message, rule.seats):
        state.deadlines.reach(f"appointed:{message.role}", message.on, assumed=entry.assumed)
    return APPLIED


def _ruled_out(state: ComplaintState, message: Appoint, rule: RoleRule) -> str:
    """Why this person cannot have the part, for the parts they and others have; empty: they can."""
    for held in state.people.appointments:
        if not held.person.is_same_as(message.person):
            continue
        if held.role in rule.apart_from:
            other = state.procedure.role[held.role].title
            why_not = f"this person has or had the part of {other} in this complaint"
            return f"{rule.title}: {why_not} ({rule.source})."
        if held.role == message.role and held.until is None:
            return f"{rule.title}: this person has this part already."
    if rule.seats > 1 and len(state.people.holders(message.role)) >= rule.seats:
        return f"{rule.title}: all {rule.seats} places are taken."
    return ""


@carries_out(SetAdvocate)
def set_advocate(state: ComplaintState, entry: LogEntry, message: SetAdvocate) -> Outcome:
    """The person's own choice of advocate, and whether letters go there too."""
    state.people.choose(message)
    return APPLIED
