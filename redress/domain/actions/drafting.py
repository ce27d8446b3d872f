"""A draft's life: edited, sent back, approved, left."""

from __future__ import annotations

from redress.domain.actions.registry import ACTIONS, carries_out
from redress.domain.drafting import changed_since, version_of
from redress.domain.drafts import Draft, marks_of
from redress.domain.effects import Fact
from redress.domain.identifiers import ISSUED
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import (
    ApproveLetter,
    ChangeProcedure,
    EditLetter,
    LetterLeft,
    LetterNotLeft,
    Respond,
    SendBackLetter,
    StrikeOut,
)
from redress.domain.receipt import receipts
from redress.domain.state import ComplaintState
from redress.domain.strikes import struck_letters
from redress.domain.words import same_words


@carries_out(ApproveLetter)
def approve_letter(state: ComplaintState, entry: LogEntry, message: ApproveLetter) -> Outcome:
    """The draft leaves as it is; not where something has come since that changes it."""
    draft, why_not = _open(state, message.mark)
    if draft is None:
        return refused(why_not)
    why_not = _may_not_approve(draft, message)
    if why_not:
        return refused(why_not)
    if message.version is None and _was_read_before_a_move(state, entry, draft, message.mark):
        return refused(
            "The complaint goes on under another procedure since, and the letter reads otherwise: read it as "
            f"it is now, and approve {draft.marks[0]}."
        )
    if message.version is not None and changed_since(state, draft, message.version, entry):
        return refused(
            f"The letter has changed since version {message.version}: read version "
            f"{version_of(state, draft)}, and approve that."
        )
    draft.approved, draft.was_approved = entry, True
    state.effects.release(draft.template, draft.release, draft.key, entry)
    for heard in state.effects.heard:  # dated earlier, and come later
        if heard.seq > entry.seq:
            state.drafts.void(heard, state.outcomes[heard.seq])
    return APPLIED


def _was_read_before_a_move(state: ComplaintState, entry: LogEntry, draft: Draft, mark: str) -> bool:
    """Whether an approval calls a draft as it was called before a move that came before the approval."""
    moves = (heard for heard in state.effects.heard if isinstance(heard.message, ChangeProcedure | StrikeOut))
    return mark not in marks_of(draft.key) and any(move.seq < entry.seq for move in moves)


def _may_not_approve(draft: Draft, message: ApproveLetter) -> str:
    """Why somebody may not approve a draft; empty: they may. A Complaints Manager may, but for their own."""
    writer, approver = (same_words(by.removeprefix(ISSUED)) for by in (draft.entry.message.by, message.by))
    is_writer = bool(writer) and writer == approver
    if is_writer and not draft.rule.writer_may_approve:
        return "Whoever wrote a letter does not approve it: somebody else does (writer_may_approve)."
    roles = {draft.rule.approver, draft.rule.deputy or "complaints_manager"}
    if message.as_role == "staff" and roles == {"complaints_manager"}:
        return "This letter is approved by a Complaints Manager."
    if message.as_role == "team_manager" and "stage_manager" not in roles:
        return "This letter is not for the manager of a team to approve: the authority's file names others."
    return ""


@carries_out(SendBackLetter)
def send_back_letter(state: ComplaintState, entry: LogEntry, message: SendBackLetter) -> Outcome:
    """Whoever wrote it is told what is to be changed."""
    draft, why_not = _open(state, message.mark)
    if draft is None:
        return refused(why_not)
    draft.approved = None
    draft.send_back(entry)
    owner = state.procedure.stage[draft.stage].answered_by if draft.stage in state.procedure.stage else ""
    state.effects.send(
        "letter_sent_back",
        entry,
        to=owner or "complaints_manager",
        mark=message.mark,
        which=draft.template,
        due_on=state.drafts.due_on(draft).isoformat(),
    )
    return APPLIED


@carries_out(EditLetter)
def edit_letter(state: ComplaintState, entry: LogEntry, message: EditLetter) -> Outcome:
    """Its texts are worded anew; it has to be approved as it is now."""
    draft, why_not = _open(state, message.mark)
    if draft is None:
        return refused(why_not)
    why_not = draft.edit(message.texts, message.paragraphs)
    if why_not:
        return refused(why_not)
    draft.approved = None
    return APPLIED


@carries_out(LetterLeft)
def letter_left(state: ComplaintState, entry: LogEntry, message: LetterLeft) -> Outcome:
    """The message counts from now on, as if it had come on this day."""
    draft = state.drafts.marked(message.mark)
    is_enclosing = _enclosing_left(state, message)
    if draft is None or draft.left is not None:
        outcome = _answer_left(state, message)
        if outcome is not None:
            return outcome
    if draft is None and is_enclosing:
        return APPLIED
    if draft is None:
        return _struck_letter_left(state, entry, message) or refused(_no_draft(message.mark))
    if draft.left is not None:
        return APPLIED  # told twice: by whoever posted it, and by what sent it
    if draft.withdrawn:
        state.note_irregular(entry, f"the letter {message.mark} left although it had been withdrawn")
    elif not draft.was_approved:
        state.note_irregular(entry, f"the letter {message.mark} left without having been approved")
    draft.left, draft.withdrawn = entry, ""
    leaving = draft.leaving(entry)
    outcome = ACTIONS[leaving.message.action](state, leaving, leaving.message)
    if outcome.outcome == "refused":
        state.note_irregular(entry, f"the letter {message.mark} left, and what it says could not be done")
    state.outcomes[leaving.seq] = outcome._replace(since=state.day)
    state.effects.add_paragraphs(draft.template, leaving.seq, draft.paragraphs)
    return APPLIED


def _struck_letter_left(state: ComplaintState, entry: LogEntry, message: LetterLeft) -> Outcome | None:
    """A letter left whose message was struck out while a sender had it: it is taken back, once.

    None: it is none of those.
    """
    letters = struck_letters(state.strikes, state.letters_of_drafts)
    struck = next((each for each in letters if message.mark in marks_of(each.key)), None)
    if struck is None:
        return None
    marks = marks_of(struck.key)
    told = [e.message for e in state.effects.heard if isinstance(e.message, LetterLeft) and e.seq < entry.seq]
    if struck.by.seq < entry.seq and not any(each.mark in marks for each in told):
        wrong: Fact = {
            "key": struck.key,
            "template": struck.template,
            "on": message.on.isoformat(),
            "stage": state.stage,
            "owner": None,
            "has_left": True,
        }
        state.note_irregular(entry, f"the letter {message.mark} left although what it says was struck out")
        facts: dict[str, Fact] = {
            "in_error": [wrong],
            "next": state.effects.next_step(),
            "stage": state.stage,
        }
        state.effects.take_back(entry, message.on, facts)
    return APPLIED


def _enclosing_left(state: ComplaintState, message: LetterLeft) -> bool:
    """A letter with enclosures has left; whether it is one that is no answer."""
    state.enclosures.note_left(message.mark, message.on)
    return state.enclosures.letter_of(message.mark) is not None


def _answer_left(state: ComplaintState, message: LetterLeft) -> Outcome | None:
    """A copy of an answer left after all, or later than was assumed; None: this is no answer's letter."""
    mark = state.drafts.own_mark(message.mark)
    letter, had_failed = state.answers.letter_of(mark), mark in state.answers.failed
    state.answers.failed.discard(mark)
    if letter is None:
        return APPLIED if had_failed else None  # a correction has moved the answer to after this day
    answer, number = letter.entry.message, letter.had_by(mark)
    if number is None or not isinstance(answer, Respond):
        return APPLIED  # the advocate's copy of what its reader has a copy of their own of
    if had_failed or message.on > letter.left_for(number):
        received = receipts(state, letter.entry._replace(leaves_on=message.on), answer).get(number)
        if received is not None:  # else they complain no more
            state.answers.receive(letter, number, message.on, received)
    return APPLIED


@carries_out(LetterNotLeft)
def letter_not_left(state: ComplaintState, entry: LogEntry, message: LetterNotLeft) -> Outcome:
    """The time to go on after that answer rests until its letter leaves; what it waits for is owed."""
    mark, draft = state.drafts.own_mark(message.mark), state.drafts.marked(message.mark)
    is_draft = draft is not None and draft.is_open
    answer, sent = state.answers.letter_of(mark), state.enclosures.letter_of(mark)
    letter = draft if draft is not None and draft.is_open else answer or sent
    if message.waits_for and letter is not None:
        state.enclosures.note_waiting(letter.key, mark, message.waits_for)
    if sent is not None:
        state.enclosures.note_not_left(sent, mark)
    if not (message.is_copy or is_draft or (sent is not None and answer is None)):
        state.answers.failed.add(mark)
    return APPLIED


def _open(state: ComplaintState, mark: str) -> tuple[Draft | None, str]:
    """The draft of a mark that has not left; else why there is none."""
    draft = state.drafts.marked(mark)
    if draft is None:
        return None, _no_draft(mark)
    if draft.left is not None:
        return None, f"The letter {mark} left on {draft.left.message.on.isoformat()}."
    if draft.withdrawn:
        return None, f"The letter {mark} was withdrawn: {draft.withdrawn}."
    return draft, ""


def _no_draft(mark: str) -> str:
    return f"There is no draft {mark} in this complaint on that day."
