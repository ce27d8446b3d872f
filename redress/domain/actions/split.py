"""Splitting points off to another procedure."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.actions.response import settle
from redress.domain.effects import Fact
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Split
from redress.domain.state import ComplaintState


@carries_out(Split)
def split(state: ComplaintState, entry: LogEntry, message: Split) -> Outcome:
    """Some points become a linked complaint under another procedure, each with its own clock."""
    if state.closed_on is not None:
        return refused("The complaint is closed: nothing can be split off.")
    if message.procedure == state.procedure.name:
        return refused(f"The complaint follows {message.procedure} already: there is nothing to split.")
    available = state.rules.procedures
    if available and message.procedure not in available:
        return refused(f"This authority has no procedure {message.procedure}: it has {', '.join(available)}.")
    named, unknown = state.points.named(message.points)
    if unknown or not named:
        # Not which: they may be named by their texts, and the reason is shown where no text belongs.
        return refused(
            "points: not every one named is a point of this complaint; name each by its number "
            f"(1 to {len(state.points.all)}) or in its own words."
        )
    removed = [str(point.number) for point in named if point.is_gone]
    if removed:
        return refused(f"points: {', '.join(removed)} was split off or replaced already.")
    if not any(point not in named for point in state.points.at_issue):
        return refused(
            "points: at least one point has to stay; to move the whole complaint, use change_procedure."
        )
    part = state.points.split(named, entry.seq + 1, message.on, message.procedure)
    points: list[Fact] = list(part.points)
    state.effects.open_part({"part": part.part, "points": points, "procedure": part.procedure}, entry)
    state.effects.send("split", entry, part=part.part, split_points=points, procedure=part.procedure)
    state.split_route(entry)
    settle(state, entry)
    return APPLIED
