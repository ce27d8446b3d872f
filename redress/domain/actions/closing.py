"""Closing a complaint before its procedure is over: by agreement, or because it cannot or need not go on."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.attempts import ATTEMPTS, REPLY_DAYS
from redress.domain.drafting import draft, waits_to_be_approved
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Close, RecordContact
from redress.domain.opening import Opening
from redress.domain.position import Ending
from redress.domain.receipt import is_written
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
    missing = state.attempts.missing(state.calendar, message.on)
    if not missing:
        return ""
    return (
        f"Out of contact needs {ATTEMPTS} recorded contacts by different ways (record_contact, direction "
        "out) since the person was last heard of, and a letter that named a day at least "
        f"{REPLY_DAYS} working days ahead (reply_by), which has passed. Missing: {missing}."
    )


def _record_death(state: ComplaintState, entry: LogEntry, message: Close) -> Outcome:
    """Nobody writes to a person who has died; where it was the child, whoever complained is told."""
    letter = "closure" if _was_child(message.who, state.opening) else ""
    if not letter:
        state.complainant_died = True
    for drop in (state.drop_early_requests, state.drop_requests):
        drop("the person has died")
    if state.closed_on is not None:
        state.note_irregular(entry, f"the complaint was closed on {state.closed_on.isoformat()}")
        return APPLIED
    state.close("died", letter, entry)
    return APPLIED


def _was_child(who: str, opening: Opening) -> bool:
    """Whether it was a child for whom somebody else complains who died."""
    if not who or not opening.children or opening.is_brought_by(who):
        return False
    named = who.casefold().split()
    return named == ["child"] or named in [
        (child.name or "").casefold().split() for child in opening.children
    ]


@carries_out(RecordContact)
def record_contact(state: ComplaintState, entry: LogEntry, message: RecordContact) -> Outcome:
    """A contact besides letters; the authority's own are counted until the person is heard of."""
    if message.direction == "out":
        state.attempts.made.append(message)
    return APPLIED
