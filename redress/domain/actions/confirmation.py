"""Confirming an address or an advocate that an intake system brought."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.contacts import WAITS
from redress.domain.log import APPLIED, LogEntry, Outcome, pending, refused
from redress.domain.messages import ConfirmContact, SetAdvocate
from redress.domain.state import ComplaintState


def wait_for_confirmation(state: ComplaintState, entry: LogEntry) -> Outcome:
    """Keep what an intake system brought until staff confirm it; the Complaints Manager is asked."""
    if not state.contacts.waiting:
        state.deadlines.reach("contact_brought", entry.message.on)
        asked = state.latest.get("contact_confirmation")
        if asked is not None:
            state.effects.ask_owner(asked, entry)
    state.contacts.waiting.append(entry)
    return pending(WAITS)


@carries_out(ConfirmContact)
def confirm_contact(state: ComplaintState, entry: LogEntry, message: ConfirmContact) -> Outcome:
    """A person's decision on it. What a correction brought counts by then (`redress.domain.corrections`)."""
    brought = state.contacts.take(message, entry.seq)
    if brought is None:
        return refused("message: no address or advocate of a message of that id waits to be confirmed.")
    if not state.contacts.waiting:
        state.deadlines.reach("contact_decided", message.on, assumed=entry.assumed)
    said = f": {message.reason}" if message.reason else ""
    if message.accept:
        state.outcomes[brought.seq] = Outcome("applied", f"confirmed{said}", message.on)
        if isinstance(brought.message, SetAdvocate):
            state.people.choose(brought.message, state.asker(brought.message) or 1)
    else:
        state.outcomes[brought.seq] = Outcome("not_accepted", f"not confirmed{said}", message.on)
    if message.tell_old_address:
        _tell_old_address(state, entry, brought)
    return APPLIED


def _tell_old_address(state: ComplaintState, entry: LogEntry, brought: LogEntry) -> None:
    """Write to the person as they were known before a correction put in another address."""
    former = state.contacts.former.get(brought.seq)
    whose = [state.asker(brought.message) or 1] if isinstance(brought.message, SetAdvocate) else []
    contact = former.contact if former else None
    if former is not None and former.number == state.complainants.successor:
        contact = former.successor
    state.effects.send(
        "contact_confirmed",
        entry,
        what="advocate" if isinstance(brought.message, SetAdvocate) else "address",
        brought_on=brought.message.on.isoformat(),
        former=contact.model_dump(mode="json") if contact else None,
        **state.only_to([former.number] if former else whose),
    )
