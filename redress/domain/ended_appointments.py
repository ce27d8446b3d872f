"""Who is at work because they were appointed, and who is told that it ended before their work was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redress.domain.effects import Fact
from redress.domain.log import LogEntry
from redress.domain.people import AT_THE_PANEL, Appointment
from redress.domain.procedure import StageName

if TYPE_CHECKING:
    from redress.domain.state import ComplaintState


def at_work(state: ComplaintState) -> list[Appointment]:
    """Those with a part in the stage that runs, and those of Stage 2 whom a called panel waits for."""
    if state.closed_on is not None or not state.people.appointments:
        return []
    roles = [rule.role for rule in state.procedure.roles if rule.stage == state.current_stage]
    if state.stage == "stage_3" and state.panel_on is not None and "panel_held" not in state.reached:
        roles += AT_THE_PANEL
    return [held for held in state.people.appointments if held.until is None and held.role in roles]


def tell_of_the_end(
    state: ComplaintState, entry: LogEntry, stage: StageName, before: list[Appointment]
) -> None:
    """A stage has ended without its answer, or goes on after all: those at work in it are told.

    `stage`, `before`: the stage that ran before a message, and who was at work in it.
    """
    told = state.people.told_of_the_end
    has_ended = state.closed_on is not None or state.current_stage != stage
    if before and has_ended and stage not in state.answers.on:
        told += before
        closed_as = state.closed_as or ""
        state.effects.send("part_ended", entry, appointed=as_facts(state, before), closed_as=closed_as)
    again = [held for held in at_work(state) if held in told] if told else []
    if again:
        told[:] = [held for held in told if held not in again]
        state.effects.send("part_goes_on", entry, appointed=as_facts(state, again))


def tell_who_left(state: ComplaintState, entry: LogEntry, before: list[Appointment]) -> None:
    """Whoever had a part and has it no more is told, while the complaint goes on."""
    gone = [held for held in before if held not in state.people.appointments]
    if gone and state.closed_on is None:
        state.effects.send("part_ended", entry, appointed=as_facts(state, gone), stood_down=True)


def as_facts(state: ComplaintState, people: list[Appointment]) -> list[Fact]:
    """Those appointed, as letters to and about them need it."""
    return [held.fact(state.procedure.role[held.role].title) for held in people]
