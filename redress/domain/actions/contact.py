"""Ending replies to unreasonable contact."""

from __future__ import annotations

from datetime import timedelta

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import RestrictContact
from redress.domain.state import ComplaintState


@carries_out(RestrictContact)
def restrict_contact(state: ComplaintState, entry: LogEntry, message: RestrictContact) -> Outcome:
    """Replies stop to somebody whose contact is unreasonable, until a day; the complaint's clocks run on."""
    policy = state.procedure.policy
    if not policy.may_restrict_contact:
        return refused(
            "This procedure knows no end of replies (may_restrict_contact): the statutory scheme leaves no "
            "such way out of a complaint."
        )
    until = message.until or message.on + timedelta(days=policy.restrict_contact_days)
    if until < message.on:
        return refused("until: the restriction must not end before it begins.")
    state.restrict_contact(until)
    state.effects.send("contact_restricted", entry, until=until.isoformat())
    return APPLIED
