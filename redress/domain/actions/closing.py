"""Closing a complaint before its procedure is over: by agreement, or because it cannot or need not go on."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.attempts import ATTEMPTS, REPLY_DAYS
from redress.domain.complainants import FIRST, Complainant, NotThere, without_names
from redress.domain.drafting import draft, waits_to_be_approved
from redress.domain.identifiers import known_by
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Close, RecordContact
from redress.domain.position import Ending
from redress.domain.receipt import is_written
from redress.domain.safeguarding import tell_of_safety
from redress.domain.state import ComplaintState

_CLOSED_AS: dict[str, Ending] = {
    "by_agreement": "ended_early",
    "duplicate": "duplicate",
    "transferred": "transferred",
    "settled": "settled",
    "out_of_contact": "out_of_contact",
}


@carries_out(Close)
def close(state: ComplaintState, entry: LogEntry, message: Close) -> Outcome:
    """Closed early; a death is always recorded."""
    if message.kind == "died":
        return _record_death(state, entry, message)
    if state.closed_on is not None:
        return refused("The complaint is closed already.")
    why_not = _why_not(state, message)
    if why_not:
        return refused(why_not)
    if waits_to_be_approved(state, entry, message, "closure"):
        return draft(state, entry, message, "closure")
    if message.kind == "duplicate":
        state.links.add(message.of, "duplicate", message.on)
    state.close(_CLOSED_AS[message.kind], "closure" if is_written(entry, message) else "", entry)
    return APPLIED


def _why_not(state: ComplaintState, message: Close) -> str:
    """Why a complaint cannot be closed in this way; empty: it can."""
    match message.kind:
        case "by_agreement":
            return _without_agreement(state, message)
        case "settled" if not message.agreed_by_complainant:
            return "It is settled only where the complainant agrees to the terms (agreed_by_complainant)."
        case "out_of_contact":
            return _still_to_try(state, message)
        case _:
            return ""


def _without_agreement(state: ComplaintState, message: Close) -> str:
    """While a next stage is open to the complainant, or an answer owed, only with their agreement."""
    stage = state.stage_rules
    unanswered = stage.name not in state.answers.on or state.points.suspended
    is_owed = len(state.procedure.stages) > 1 and unanswered
    if (stage.next is None and not is_owed) or message.agreed_by_complainant:
        return ""
    what = "A further stage is" if stage.next is not None else "An answer is still owed, and so a way is"
    return (
        f"{what} open to the complainant: it may be closed early only where they agree "
        "(agreed_by_complainant)."
    )


def _still_to_try(state: ComplaintState, message: Close) -> str:
    """What must be tried before somebody counts as out of contact."""
    numbers = [each.number for each in state.complainants.present] or [1]
    still = (state.attempts.missing(state.calendar, message.on, number) for number in numbers)
    missing = next(filter(None, still), "")
    if not missing:
        return ""
    return (
        f"Out of contact needs {ATTEMPTS} recorded contacts by different ways (record_contact, direction "
        "out) since the person was last heard of, and a letter that named a day at least "
        f"{REPLY_DAYS} working days ahead (reply_by), which has passed. Missing: {missing}."
    )


def _record_death(state: ComplaintState, entry: LogEntry, message: Close) -> Outcome:
    """Nobody writes to a person who has died; where it was the child, whoever complained is told.

    Of several people who complain the others go on: it ends with the last of them.
    """
    if _was_child(message.who, state):
        _drop_requests(state)
        return _end_with_death(state, entry, "closure")
    person = _who_died(message.who, state)
    if isinstance(person, NotThere):
        state.note_irregular(entry, without_names(person.what))
        return Outcome("applied", f"It is recorded, and changes nothing: {person.told(names=True)}")
    number = person.number if person else 1
    state.complainants.leave(number, "died", message.on)
    if state.complainants.present:
        state.drop_requests_of(number, "the person has died")
        return APPLIED
    _drop_requests(state)
    return _end_with_death(state, entry, "")


def _drop_requests(state: ComplaintState) -> None:
    for drop in (state.drop_early_requests, state.drop_requests):
        drop("the person has died")


def _end_with_death(state: ComplaintState, entry: LogEntry, letter: str) -> Outcome:
    if state.closed_on is not None:
        state.note_irregular(entry, f"the complaint was closed on {state.closed_on.isoformat()}")
        return APPLIED
    state.close("died", letter, entry)
    return APPLIED


def _who_died(who: str, state: ComplaintState) -> Complainant | NotThere | None:
    """Which of those who complain; None: the only one there is, or nobody known."""
    people = state.complainants
    if not people.are_several:
        return None
    return people.find(who or FIRST)


def _was_child(who: str, state: ComplaintState) -> bool:
    """Whether it was a child for whom somebody else complains who died."""
    opening = state.opening
    if not who or not opening.children or isinstance(state.complainants.find(who), Complainant):
        return False
    named = known_by(who)
    return named == ["child"] or named in [known_by(child.name or "") for child in opening.children]


@carries_out(RecordContact)
def record_contact(state: ComplaintState, entry: LogEntry, message: RecordContact) -> Outcome:
    """A contact besides letters; the authority's own are counted until the person is heard of.

    Of one of the person's a reply may be owed by a day; the next one of ours to them is that reply.
    """
    found = state.complainants.find(message.person) if message.person is not None else None
    if isinstance(found, NotThere):
        state.note_irregular(entry, found.what)
    elif message.direction == "out":
        state.attempts.add(message, state.askers([entry]))
    _see_to_replies(state, entry, message, found)
    tell_of_safety(state, entry, message.summary, message.note)
    return APPLIED


def _see_to_replies(
    state: ComplaintState, entry: LogEntry, message: RecordContact, found: Complainant | NotThere | None
) -> None:
    """A reply is owed to a contact of the person's, or given by one of ours, however it names them."""
    if isinstance(found, Complainant):
        message = message.model_copy(update={"person": found.contact.name})
    if message.direction == "out":
        for reply in map(state.latest.__getitem__, state.contact_log.replied(message)):
            if reply.is_open:
                state.deadlines.meet(reply, message.on, assumed=entry.assumed)
        return
    limit = state.procedure.limit.get("contact_reply")
    if limit is not None and message.reply_by is not None:
        name = state.contact_log.owes(message)
        state.deadlines.run_until(limit, message.on, max(message.reply_by, message.on), name=name)
