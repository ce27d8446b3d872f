"""Who takes which part."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.complainants import NotThere
from redress.domain.conflicts import conflict_of
from redress.domain.effects import Fact
from redress.domain.ended_appointments import as_facts, tell_who_left
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Appoint, Assign, SetAdvocate, StandDown
from redress.domain.people import PANEL
from redress.domain.procedure import RoleRule
from redress.domain.state import ComplaintState


@carries_out(Appoint)
def appoint(state: ComplaintState, entry: LogEntry, message: Appoint) -> Outcome:
    """A person takes a part, if independent enough and without another part that rules it out."""
    why_not = not_eligible(state, message)
    rule = state.procedure.role.get(message.role)
    if rule is None or why_not:
        return refused(why_not)
    order = state.procedure.order
    if state.closed_on is not None or order[state.current_stage] > order[rule.stage]:
        return refused(f"{rule.title}: the stage of this part is over.")
    if order[state.stage] < order[rule.stage]:
        return state.wait(entry, f"{rule.title}: taken up once its stage is open.")
    why_not = ruled_out(state, message, rule)
    if why_not:
        return refused(why_not)
    conflict = conflict_of(state, message)
    if conflict and not message.conflict_considered:
        if not state.is_past(entry):
            return refused(
                f"{rule.title}: {conflict}. If they may take it all the same, say why (conflict_considered)."
            )
        state.note_irregular(entry, f"{conflict}, and nothing says that this was considered")
    before = state.people.holders(message.role)
    if message.replaces is not None:
        state.people.stand_down(message.role, message.replaces, message.on)
    is_full = state.people.appoint(message, rule.seats)
    if is_full:
        state.deadlines.reach(f"appointed:{message.role}", message.on, assumed=entry.assumed)
    appointed = holders_of(state, message.role)[-1:]
    state.effects.send("appointment", entry, stage=rule.stage, appointed=appointed)
    _tell_person(state, entry, rule)
    tell_who_left(state, entry, before)
    return APPLIED


TOGETHER: tuple[tuple[str, ...], ...] = (("investigating_officer", "independent_person"), PANEL)
"""Parts of which the person is told in one letter, once all of them that there are have been taken."""


def _tell_person(state: ComplaintState, entry: LogEntry, rule: RoleRule) -> None:
    parts = next((parts for parts in TOGETHER if rule.role in parts), (rule.role,))
    appointed = holders_of(state, *parts)
    if len(appointed) >= sum(each.seats for each in state.procedure.roles if each.role in parts):
        state.effects.send("people_appointed", entry, stage=rule.stage, appointed=appointed)


def holders_of(state: ComplaintState, *roles: str) -> list[Fact]:
    """Who has these parts at present, as letters to and about them need it."""
    return as_facts(state, [held for role in roles for held in state.people.holders(role)])


def not_eligible(state: ComplaintState, message: Appoint) -> str:
    """Why this procedure never gives the part to such a person; empty: it may."""
    rule = state.procedure.role.get(message.role)
    if rule is None:
        return f"This procedure has no {message.role.replace('_', ' ')}."
    if message.connection not in rule.connections:
        return (
            f"{rule.title}: somebody whose connection with the authority is "
            f"'{message.connection}' may not take this part ({rule.source})."
        )
    return ""


def ruled_out(state: ComplaintState, message: Appoint, rule: RoleRule) -> str:
    """Why this person cannot have the part, for the parts they and others have; empty: they can."""
    holders = state.people.holders(message.role)
    if message.replaces is not None:
        if not any(held.person.is_same_as(message.replaces) for held in holders):
            return (
                f"{rule.title}: replaces: nobody of this name or number has this part. Leave it out where "
                "they have stood down already."
            )
        holders = [held for held in holders if not held.person.is_same_as(message.replaces)]
    for held in state.people.appointments:
        if not held.person.is_same_as(message.person):
            continue
        if held.role in rule.apart_from:
            other = state.procedure.role[held.role].title
            why_not = f"this person has or had the part of {other} in this complaint"
            return f"{rule.title}: {why_not} ({rule.source})."
        if held.role == message.role and held.until is None:
            return f"{rule.title}: this person has this part already."
    if rule.seats > 1 and len(holders) >= rule.seats:
        return f"{rule.title}: all {rule.seats} places are taken; say whose it is (replaces)."
    return ""


@carries_out(StandDown)
def stand_down(state: ComplaintState, entry: LogEntry, message: StandDown) -> Outcome:
    """Somebody gives up a part; while its stage runs, it is owed anew that somebody takes it."""
    rule, before = state.procedure.role.get(message.role), state.people.holders(message.role)
    if not state.people.stand_down(message.role, message.person, message.on):
        state.note_irregular(entry, "nobody of this name or number has this part")
    elif rule is not None and state.closed_on is None and state.stage == rule.stage:
        state.deadlines.owe_again(f"appointed:{message.role}", message.on)
    tell_who_left(state, entry, before)
    return APPLIED


@carries_out(Assign)
def assign(state: ComplaintState, entry: LogEntry, message: Assign) -> Outcome:
    """The officer who deals with it."""
    state.people.officer = message.officer
    return APPLIED


@carries_out(SetAdvocate)
def set_advocate(state: ComplaintState, entry: LogEntry, message: SetAdvocate) -> Outcome:
    """The person's own choice of advocate, and whether letters go there too."""
    person = state.complainants.find(message.person) if message.person is not None else None
    if isinstance(person, NotThere):
        return refused(person.told(names=not entry.from_intake))
    state.people.choose(message, state.asker(message) or 1)
    if state.ask_about_advocate():
        questions: list[Fact] = [question.asked for question in state.to_ask[-1:]]
        state.effects.send("to_ask", entry, questions=questions)
    return APPLIED
