"""Whether the letter about a decision waits to be approved, and drafting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redress.domain.drafts import CHANGES_NOTHING, DecidingMessage, Draft
from redress.domain.effect_log import mark_of
from redress.domain.log import LogEntry, Outcome, pending
from redress.domain.messages import EditLetter, Respond
from redress.domain.procedure import LetterRule, Procedure, StageName
from redress.domain.state import ComplaintState

DECISIONS = ("declined", "late_request_decision", "closure")
"""The letters beside answers that decide something for a family."""

NEVER_WAITS = ("passed_on",)
"""Answers that decide nothing for a family: what was brought is passed on."""


def waits_to_be_approved(
    state: ComplaintState, entry: LogEntry, message: DecidingMessage, letter: str
) -> bool:
    """Whether a message is to count only when its letter has left, and has not yet.

    Not a past message of an opening, whose letter left long ago; nor where nobody can be written to.
    """
    drafted = state.drafts.of(entry)
    if drafted is not None and drafted.left is not None:
        return False
    nobody = state.opening.complainant is None or state.complainants.nobody_is_left
    if state.is_past(entry) or nobody or not letter:
        return False
    if message.letter is not None:
        return message.letter == "draft"
    policy = state.procedure.policy
    leaves = policy.letters.get(letter, LetterRule()).leaves
    waits = leaves or ("at_once" if letter in NEVER_WAITS else policy.decision_letters)
    return waits == "draft" and entry.leaves_on is not None


def draft(
    state: ComplaintState,
    entry: LogEntry,
    message: DecidingMessage,
    letter: str,
    *,
    response: str = "",
    stage: StageName | None = None,
    points: frozenset[int] = frozenset(),
) -> Outcome:
    """Keep a message until its letter has left, and ask for its approval.

    `response`: the limit that it meets; `stage`, `points`: what an answer answers.
    """
    stage = stage or state.current_stage
    take_back_alike(state, entry, message, stage, points)
    rule = state.procedure.policy.letters.get(letter, LetterRule())
    kept = Draft(entry, letter, rule, f"{letter}:{mark_of(entry)}", stage, response, points)
    if state.was_moved and isinstance(message, Respond):
        others = state.letters_of_drafts.difference(DECISIONS, (letter,))
        kept.other_keys = tuple(f"{other}:{mark_of(entry)}" for other in sorted(others))
    state.drafts.put(kept)
    due_on = state.drafts.due_on(kept).isoformat()
    state.effects.send(
        "letter_to_approve", entry, to=rule.approver, mark=kept.marks[0], due_on=due_on, which=letter
    )
    return pending(
        f"Its letter is a draft ({kept.marks[0]}), to be approved by {due_on}: it counts from the day on "
        "which the letter has left."
    )


def letters_of_drafts(procedures: Iterable[Procedure]) -> frozenset[str]:
    """The names that drafts can have under these procedures."""
    answers = (stage.answer_letter for procedure in procedures for stage in procedure.stages)
    return frozenset((*DECISIONS, *answers))


def version_of(state: ComplaintState, draft: Draft) -> int:
    """Which version of a draft this is: the place in the log of the last message that changed it."""
    return max(_changes(state, draft), default=draft.entry.seq)


def changed_since(state: ComplaintState, draft: Draft, version: int, approval: LogEntry) -> bool:
    """Whether a draft has changed between a version that somebody read and the coming of their approval."""
    return any(version < seq < approval.seq for seq in _changes(state, draft))


def _changes(state: ComplaintState, draft: Draft) -> Iterator[int]:
    """The places in the log of what changed a draft: its message, edits, and what changed the complaint."""
    yield draft.entry.seq
    for heard in state.effects.heard:
        is_edit = isinstance(heard.message, EditLetter) and heard.message.mark in draft.marks
        outcome = state.outcomes.get(heard.seq)
        is_refused = outcome is None or outcome.outcome in ("refused", "struck_out")
        if not is_refused and (is_edit or not isinstance(heard.message, CHANGES_NOTHING)):
            yield heard.seq


def take_back_alike(
    state: ComplaintState, entry: LogEntry, message: DecidingMessage, stage: StageName, points: frozenset[int]
) -> None:
    """What waits to say the same is withdrawn: this message says it."""
    for other in state.drafts.alike(message, stage, points):
        if other.entry.seq != entry.seq:
            other.withdrawn = "a later one took its place"
            state.outcomes[other.entry.seq] = Outcome("overtaken", other.withdrawn, state.day)
