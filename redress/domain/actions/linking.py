"""Saying which complaints belong together."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Link, Unlink
from redress.domain.state import ComplaintState


@carries_out(Link)
def link(state: ComplaintState, entry: LogEntry, message: Link) -> Outcome:
    """It closes nothing and moves no date."""
    state.links.add(message.reference, message.how, message.on)
    return APPLIED


@carries_out(Unlink)
def unlink(state: ComplaintState, entry: LogEntry, message: Unlink) -> Outcome:
    """What an opening or a split says stays: it is part of how the complaint came."""
    if not state.links.remove(message.reference, message.how):
        return refused(f"No such link to {message.reference} is recorded.")
    return APPLIED
