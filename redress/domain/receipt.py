"""When the person has an answer: where Redress writes the letter, never before it left."""

from __future__ import annotations

from datetime import date

from redress.domain.complainants import FIRST, NotThere, role_of
from redress.domain.effects import letter_mark
from redress.domain.fields import Contact
from redress.domain.letter_form import goes_by_post
from redress.domain.log import LogEntry
from redress.domain.messages import Close, DecideLate, Decline, Respond
from redress.domain.state import ComplaintState


def is_written(entry: LogEntry, message: Close | DecideLate | Decline | Respond) -> bool:
    """Whether Redress writes the letter about a message; of a past message the authority's own has gone."""
    if message.letter is None:
        return entry.leaves_on is not None
    return message.letter != "sent"


def leaving_of(entry: LogEntry, message: Respond) -> date:
    """The London date on which the letter with an answer left: the authority's own on the answer's day."""
    if entry.leaves_on is None or not is_written(entry, message):
        return message.on
    return max(message.on, entry.leaves_on)


def copies_of(state: ComplaintState, key: str) -> dict[int, str]:
    """The marks of the copies by which each of those who complain has a letter, by their numbers.

    Their own; where nobody is known who complains, that of the advocate.
    """
    people = {each.number: role_of(each.number) for each in state.complainants.all}
    readers = people or {1: FIRST if state.people.advocate is None else "advocate"}
    return {number: letter_mark(key, role) for number, role in readers.items()}


def receipts(state: ComplaintState, entry: LogEntry, message: Respond) -> dict[int, date]:
    """The London date on which each of those who complain had an answer, as recorded or as it is deemed.

    By their numbers; of an anonymous complaint under 1. Deemed: the authority's working days after the letter
    left, for e-mail and post apart. What is recorded counts for whoever `person` names, else for all, from
    the day the letter left on; an earlier day, and a name that is nobody's, are noted as irregular.
    """
    people = {each.number: each.contact for each in state.complainants.present}
    left, known = leaving_of(entry, message), message.received_on
    had = {number: _deemed(state, left, contact) for number, contact in people.items()}
    had = had or {1: _deemed(state, left, None)}
    if known is None:
        return had
    if known < left:
        what = (
            f"received_on lies before the letter left, {left.isoformat()}: it counts only with letter: sent"
        )
        state.note_irregular(entry, what)
        return had
    whose = state.complainants.find(message.person) if message.person is not None else None
    if isinstance(whose, NotThere):
        state.note_irregular(entry, f"{whose.what} received_on counts for nobody")
        return had
    return had | dict.fromkeys(had if whose is None else (whose.number,), known)


def _deemed(state: ComplaintState, left: date, person: Contact | None) -> date:
    """When somebody is taken to have a letter that left on a day."""
    policy = state.procedure.policy
    days = policy.deemed_days
    if days is None:
        by_post = person is not None and goes_by_post(person.format, person.email, person.address)
        days = policy.deemed_days_post if by_post else policy.deemed_days_email
    return state.calendar.add(left, days)
