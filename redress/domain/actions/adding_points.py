"""Points that a person brings up later."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, pending, refused
from redress.domain.messages import AddPoints
from redress.domain.points import MOST_POINTS
from redress.domain.state import ComplaintState


@carries_out(AddPoints)
def add_points(state: ComplaintState, entry: LogEntry, message: AddPoints) -> Outcome:
    """They join the stage that runs, whose limit stays; where that has gone too far, a person decides."""
    received_on = message.received_on or message.on
    if not state.opening.received_on <= received_on <= message.on:
        return refused(
            "received_on: should lie between the complaint's receipt, "
            f"{state.opening.received_on.isoformat()}, and the day of this message."
        )
    if state.closed_on is not None:
        return refused("The complaint is closed: what is new is opened as another complaint (linked_to).")
    if len(state.points.all) + len(message.points) > MOST_POINTS:
        return refused(f"points: a complaint has at most {MOST_POINTS}; open another one (linked_to).")
    if state.may_take_points():
        state.points.add(message.points)
        state.ask_about_points(message.points, entry)
        state.effects.send("points_added", entry)
        return APPLIED
    state.wait_for_decision(entry)
    state.effects.send("points_wait", entry, received_on=received_on.isoformat())
    return pending(
        "The stage has come too far to take on new points unasked; the Complaints Manager decides whether "
        "they join or become a linked complaint (decide_late)."
    )
