"""One complaint: its log of messages, the state that follows from it, and what is due when.

A `Case` takes messages in the order they arrive and is at all times what it would be had they come in the
order of their dates. What must be done about it is the difference between what should have been done (the
effects of its state) and what was (`settled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from redress.domain.actions.response import answer_problem
from redress.domain.answers import AnswerLetter
from redress.domain.calendar import HolidayTable
from redress.domain.corrections import check_correction
from redress.domain.differences import changes_between, snapshot_of
from redress.domain.drafting import version_of
from redress.domain.drafts import Draft, marks_of
from redress.domain.effects import letter_mark
from redress.domain.folding import Folding
from redress.domain.log import (
    Answer,
    Difference,
    EffectStatus,
    LogEntry,
    LoggedMessage,
    MessageLog,
    Rejected,
    SavedCase,
    pending,
)
from redress.domain.london import instant, london_date
from redress.domain.messages import (
    ApproveLetter,
    ChangeProcedure,
    ConfirmContact,
    Correct,
    LetterLeft,
    LetterNotLeft,
    Recount,
    Respond,
    StrikeOut,
    Withhold,
)
from redress.domain.opening import Opening
from redress.domain.opening_parsing import past_messages
from redress.domain.parsing import AHEAD_AT_MOST, Malformed, Parsed, Problem, parse_message
from redress.domain.procedure import RulesSnapshot
from redress.domain.rejects import Rejects, reason_of
from redress.domain.room import Room
from redress.domain.schedule import Schedule, Task, Timer
from redress.domain.state import ComplaintState
from redress.domain.status import MessageOutcome, Status, tell_letters
from redress.domain.status_building import status_of
from redress.domain.strikes import struck_letters
from redress.domain.withholding import withholding_problem

__all__ = ["Answer", "Case", "EffectStatus", "LoggedMessage", "Rejected", "SavedCase", "Task", "Timer"]

FROM_THE_START = (ChangeProcedure, Correct, ConfirmContact, StrikeOut)
"""Messages after which the complaint is made anew: what a correction puts right was never wrong."""


class LetterToLeave(NamedTuple):
    """A letter as a complaint knows it: when it left, but for copies that have `not_left` (marks).

    `left_later`: the ISO dates on which copies did, where they are others; `waits`: the kinds of documents
    that copies wait for; both by mark. `everybody`: it counts once all have left.
    """

    key: str
    left: date
    not_left: list[str] = []
    left_later: dict[str, str] = {}
    waits: dict[str, list[str]] = {}
    everybody: bool = False


IN_THE_FUTURE = "It is dated ahead of today by the clock here; it takes effect on its day."


class Case:
    """One complaint. Dates are London dates; `now` is a UTC instant given by the caller.

    `intake` is the opening as it came, `opening` as it has been corrected since; `log` its messages in the
    order they came, `logged` the same by their ids, as they are recorded; `settled` what became of each
    effect that was due, by its key.
    """

    def __init__(self, rules: RulesSnapshot, reference: str, opening: Opening, opened_on: date) -> None:
        """Open it, with the messages that the opening brings. Raises `Malformed` for one that is wrong."""
        self.rules = rules
        self.reference = reference
        self.opened_on = opened_on
        self.intake = opening.without_messages
        self.room = Room(len(self.intake.model_dump_json().encode()))
        self.messages = MessageLog(self.room)
        self.log, self.logged = self.messages.entries, self.messages.records
        self.rejects = Rejects()
        self._ahead: list[LogEntry] = []
        for parsed in past_messages(opening, opened_on):
            message = parsed.message
            if message.message_id not in self.messages.records or message.action == "add_note":
                self.messages.add(parsed)
        self.room.begin_shares()
        self._loaded = len(self.log)
        self._folding = Folding(rules, self.intake, self._loaded)
        self.state = self._folding.state(self.log)
        self.state.advance(opened_on)
        for entry in self.log:
            self.logged[entry.message.message_id].answer = self._answer(entry, [])
        self._schedule = Schedule(opened_on, self._loaded, self.state)
        self.settled = self._schedule.settled

    @classmethod
    def restore(cls, rules: RulesSnapshot, state: SavedCase) -> Case:
        """The complaint that `state` was taken from."""
        records = sorted(state.messages, key=lambda record: record.seq)
        opening = state.opening
        loaded = records[: state.loaded]
        if loaded:
            opening = opening.without_messages.with_parsed(record.parsed() for record in loaded)
        case = cls(rules, state.reference, opening, state.opened_on)
        for record in loaded:
            case.logged[case.log[record.seq].message.message_id].answer = record.answer
        case.resume(records[state.loaded :], state.rejected, state.settled)
        return case

    def resume(
        self, records: Iterable[LoggedMessage], rejected: Iterable[Rejected], settled: dict[str, EffectStatus]
    ) -> None:
        """Take on what was recorded since the opening, in one go where it came in the order of its dates."""
        in_turn = sorted(records, key=lambda record: record.seq)
        added = [self.messages.add(record.parsed(), record=record) for record in in_turn]
        self._ahead = [entry for entry in added if self._record_of(entry).ahead]
        self.rejects = Rejects(rejected)
        self.settled.update(settled)
        corrects = any(isinstance(entry.message, FROM_THE_START) for entry in added)
        if self._ahead or corrects or any(entry.message.on < self.state.day for entry in added):
            self._refold()
            return
        for entry in sorted(added, key=LogEntry.by_date):
            self.state.apply(entry)

    def saved(self) -> SavedCase:
        """All that is needed to make this complaint again."""
        return SavedCase(
            reference=self.reference,
            opening=self.intake,
            opened_on=self.opened_on,
            loaded=self._loaded,
            messages=list(self.logged.values()),
            rejected=self.rejected,
            settled=self.settled,
        )

    # --- what is read of it ----------------------------------------------------------------------

    @property
    def rejected(self) -> list[Rejected]:
        """The signals that could not be taken, the first of them each by itself."""
        return self.rejects.kept

    @property
    def opening(self) -> Opening:
        return self.state.opening

    @property
    def recounts(self) -> int:
        """How often a newer calendar has been brought to it."""
        return sum(isinstance(entry.message, Recount) for entry in self.log)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is owed, pending or open: only the authority's tail is left to pass."""
        state, requests = self.state, self.state.requests
        waits = requests.late or requests.waiting or requests.early or self._ahead or state.contacts.waiting
        return state.closed_on is not None and not (state.running or waits or state.drafts.open)

    def tail_ends(self) -> datetime:
        """When a finished complaint's workflow may end. Only for a closed one."""
        closed_on = self.state.closed_on
        assert closed_on is not None, "asked of an open complaint"
        last = max([closed_on, self.opened_on, *(entry.message.on for entry in self.log)])
        days = self.rules.procedure.policy.tail_days
        return instant(self.state.calendar.add(last, days) + timedelta(days=1))

    def status(self, as_of: date) -> Status:
        """Where it stands (or stood) at the beginning of a London date. Changes nothing."""
        state = self._folding.state(self._arrived_by(as_of), as_of)
        self._note_ahead(state)
        return self._status_of(state, as_of)

    def latest_status(self, as_of: date) -> Status:
        """The same by its own state, which is taken on to that date: for a complaint that is only read."""
        self.release(as_of)
        return self._status_of(self.state, as_of) if as_of >= self.state.day else self.status(as_of)

    def _status_of(self, state: ComplaintState, as_of: date) -> Status:
        state.advance(max(as_of, state.opening.received_on))
        log = [entry for entry in self.log if entry.seq in state.outcomes]
        status = status_of(state, self.reference, log, as_of)
        history = {effect.key for effect in state.effects if self._schedule.is_history(self.state, effect)}
        replaced: dict[str, EffectStatus] = dict.fromkeys(self._schedule.replaced(state), "done")
        left = replaced | self.settled | dict.fromkeys((d.key for d in state.drafts if d.left), "done")
        leaving = {draft.key for draft in state.drafts if self.is_leaving(draft)}
        for letter in status["letters"]:
            key = str(letter["key"])
            if "mark" in letter:  # a draft; written for good, it is as any other that is about to leave
                letter["state"] = "done" if key in leaving else letter["state"]
                continue
            letter["state"] = left.get(key, "history" if key in history else "waiting")
        tell_letters(status)
        for r in self.rejected:
            if r.on <= as_of:
                refused: MessageOutcome = {
                    "action": r.action,
                    "on": r.on.isoformat(),
                    "reason": reason_of(r),
                    "received": r.received,
                }
                if r.in_clear:
                    refused["in_clear"] = True
                status["refused"].append(refused)
        return status

    def moves_of(self, table: HolidayTable, today: date) -> list[dict[str, Any]]:
        """The due dates that a newer table of bank holidays would move if it counted from `today`.

        In the order of the ledger; changes nothing. Raises `OutsideTable` where the table does not reach
        as far as the complaint's own.
        """
        return self._folding.moves_of(self.log, table, today)

    # --- drafts ----------------------------------------------------------------------------------

    def as_if_left(self, draft: Draft, on: date) -> Case:
        """The complaint as it would be if the letter of a draft left on a London date; this one is as before.

        What a draft says is read from it: only to be read, and to write letters from.
        """
        return self._as_if_left([draft.marks[0]], on)

    def as_if_leaving(self, key: str, on: date) -> Case:
        """The same of a letter that is no draft, where it is known not to have left; else this one."""
        answer, sent = self.state.answers.letters.get(key), self.state.enclosures.letters.get(key)
        awaited = self.state.answers.failed | self.state.enclosures.not_left
        marks = [mark for letter in (answer, sent) if letter for mark in letter.marks if mark in awaited]
        return self._as_if_left([*dict.fromkeys(marks)], on) if marks else self

    def _as_if_left(self, marks: Iterable[str], on: date) -> Case:
        said = [LetterLeft(on=on, mark=mark, message_id=f"as-if-left-{mark}") for mark in marks]
        left = [LogEntry(at, message, leaves_on=on) for at, message in enumerate(said, len(self.log))]
        then = copy(self)
        then.state = self._folding.state([*self._arrived_by(date.min), *left])
        then.state.advance(max(on, then.state.day))
        return then

    def is_leaving(self, draft: Draft) -> bool:
        """Whether a draft was approved, and its letter written for good: it waits for its carrier."""
        return draft.is_open and self.settled.get(draft.release) == "done"

    @property
    def leaving(self) -> list[str]:
        """The keys of the letters that were approved, and are not known to have left.

        Also of those whose message was struck out since: a sender may have had them.
        """
        own = [draft.key for draft in self.state.drafts if self.is_leaving(draft)]
        return [*own, *self._struck_and_leaving()] if self.state.strikes.struck else own

    def _struck_and_leaving(self) -> Iterator[str]:
        letters = struck_letters(self.state.strikes, self.state.letters_of_drafts)
        left = {entry.message.mark for entry in self.log if isinstance(entry.message, LetterLeft)}
        released = [key for key, state in self.settled.items() if _is_release(key, state)]
        for letter in letters:
            was_released = any(key.endswith(f":{letter.key}") for key in released)
            if was_released and left.isdisjoint(marks_of(letter.key)):
                yield letter.key

    @property
    def answers_to_leave(self) -> list[AnswerLetter]:
        """The letters with answers whose leaving decides from when the time to go on counts."""
        return [
            each for each in self.state.answers.letters.values() if each.stage == self.state.current_stage
        ]

    def not_left(self, letter: AnswerLetter) -> list[str]:
        """The marks of the copies of a letter with an answer that have not left."""
        return [mark for mark in letter.copies.values() if mark in self.state.answers.failed]

    def left_later(self, letter: AnswerLetter) -> dict[str, str]:
        """The London dates on which copies of it are known to have left, by their marks."""
        return {letter.copies[number]: on.isoformat() for number, on in letter.left_later.items()}

    @property
    def letters_to_leave(self) -> list[LetterToLeave]:
        """The letters of which it is to be known whether they have left, and what keeps them."""
        state, letters = self.state, self.state.enclosures
        found: dict[str, LetterToLeave] = {}
        for draft in state.drafts:
            if self.is_leaving(draft) and draft.approved is not None:
                found[draft.key] = LetterToLeave(draft.key, draft.approved.message.on)
        for each in self.answers_to_leave:
            found[each.key] = LetterToLeave(
                each.key, each.left, self.not_left(each), left_later=self.left_later(each)
            )
        for sent in letters.letters.values():
            marks = sent.marks if letters.not_left or letters.left_later else ()
            found[sent.key] = LetterToLeave(
                sent.key,
                sent.left,
                [mark for mark in marks if mark in letters.not_left],
                {mark: on.isoformat() for mark, on in letters.left_later.items() if mark in marks},
                everybody=True,
            )
        return [
            each._replace(waits={letter_mark(key, to): kinds for to, kinds in letters.waits[key].items()})
            if key in letters.waits
            else each
            for key, each in found.items()
        ]

    def known_to_leave(self, mark: str) -> date | None:
        """The London date on which a letter is taken to have left, or was approved; None: there is none."""
        mark = self.state.drafts.own_mark(mark)
        draft, answer = self.state.drafts.marked(mark), self.state.answers.letter_of(mark)
        if draft is not None and self.is_leaving(draft) and draft.approved is not None:
            return draft.approved.message.on
        if answer is not None:
            return answer.left_on(mark)
        letter = self.state.enclosures.letter_of(mark)
        return self.state.enclosures.left_later.get(mark, letter.left) if letter is not None else None

    def is_awaited(self, mark: str, on: date) -> bool:
        """Whether it changes anything here that a letter left on a London date."""
        was_struck = any(mark in marks_of(key) for key in self._struck_and_leaving())
        mark = self.state.drafts.own_mark(mark)
        draft, letter = self.state.drafts.marked(mark), self.state.answers.letter_of(mark)
        if (draft is not None and draft.is_open) or was_struck or mark in self.state.enclosures.not_left:
            return True
        if letter is None or letter.had_by(mark) is None:
            return False
        if not self.state.answers.unused_windows(letter.stage):
            return False
        return mark in self.state.answers.failed or on > letter.left_on(mark)

    def id_of_leaving(self, mark: str, on: date, action: str = LetterLeft.action) -> str:
        """The id of the message that says that a letter left, or has not, on a London date.

        The same however often that is told; another one after it came back.
        """
        name, draft = action.replace("_", "-"), self.state.drafts.marked(mark)
        if draft is not None and draft.is_open and action == LetterLeft.action:
            return f"{name}-{mark}"
        times = sum(isinstance(e.message, LetterNotLeft) and e.message.mark == mark for e in self.log)
        return f"{name}-{mark}-{on.isoformat()}-{times}"

    # --- messages --------------------------------------------------------------------------------

    def parse(
        self, action: str, raw: object, now: datetime, message_id: str = "", *, is_signal: bool = False
    ) -> Parsed:
        """The message in a decoded document, checked against this complaint. Changes nothing.

        `is_signal`: nobody waits for an answer, so that an answer which does not say its stage is kept.
        Raises `Malformed`, also where the id belongs to a message of other content.
        """
        today = max(london_date(now), self.state.day)
        received_on = self.opening.received_on
        parsed = parse_message(action, raw, received_on=received_on, today=today, message_id=message_id)
        is_new = self.messages.check(parsed)
        if is_new and isinstance(parsed.message, Correct):
            newest = LogEntry(len(self.log), parsed.message, from_intake=parsed.from_intake)
            check_correction(self.intake, [*self.state.strikes.kept(self.log), newest], today)
        if is_new and isinstance(parsed.message, Respond) and not is_signal:
            self._check_answer(parsed.message)
        if is_new and isinstance(parsed.message, Withhold):
            unclear = withholding_problem(self.state, parsed.message)
            if unclear is not None:
                raise Malformed([unclear])
        if is_new and isinstance(parsed.message, ApproveLetter):
            self._check_version(parsed.message)
        return parsed

    def _check_version(self, message: ApproveLetter) -> None:
        """Raise `Malformed` where an approval names a version of a draft that there has not been yet."""
        draft = self.state.drafts.marked(message.mark)
        if message.version is None or draft is None or not draft.is_open:
            return
        present = version_of(self.state, draft)
        if message.version > present:
            what = f"should be at most {present}, which is the present one: read that, and approve it"
            raise Malformed([Problem("version", what)])

    def _check_answer(self, message: Respond) -> None:
        """Raise `Malformed` where an answer leaves open what it answers, on its day."""
        state = self.state
        if state.day != message.on or state.deadlines.next_to_wake(message.on):
            state = self._folding.state(self._arrived_by(date.min), message.on)
            state.advance(message.on)
        problem = answer_problem(state, message)
        if problem is not None:
            raise Malformed([problem])

    def receive(self, parsed: Parsed, now: datetime, *, in_clear: bool = False) -> Answer:
        """Take a parsed message: the first time it is carried out, later its first answer is given.

        `in_clear`: it came unencrypted though there are keys.
        """
        message = parsed.message
        first = self.messages.repeated(parsed)
        if first is not None:
            return first.model_copy(update={"repeated": True})
        if message.on > max(london_date(now) + AHEAD_AT_MOST, self.state.day):
            return self._keep_until_its_day(parsed)
        today = max(london_date(now), message.on)
        self.state.advance(today)
        before = snapshot_of(self.state, today)
        leaves_on = self._schedule.leaves_on(self.state, message.on, now)
        entry = self.messages.add(parsed, in_clear=in_clear, leaves_on=leaves_on)
        try:
            if isinstance(message, FROM_THE_START) or message.on < self.state.day:
                self._refold()
            else:
                self.state.apply(entry)
            self.state.advance(today)
        except Exception:
            # A fault of ours in one message must not stop a complaint's clocks: it is as if it never came.
            self.messages.take_back(entry)
            self._refold()
            raise
        answer = self._answer(entry, changes_between(before, snapshot_of(self.state, today)))
        self.logged[entry.message.message_id].answer = answer
        return answer

    def _keep_until_its_day(self, parsed: Parsed) -> Answer:
        """Log what an entry point accepted whose clock is far ahead: it takes effect on its day."""
        entry = self.messages.add(parsed, leaves_on=parsed.message.on)
        self._record_of(entry).ahead = True
        self._ahead.append(entry)
        self._note_ahead(self.state)
        answer = self._answer(entry, [])
        self._record_of(entry).answer = answer
        return answer

    def release(self, today: date) -> None:
        """Let what was kept until its day take effect, where that has come."""
        if any(entry.message.on <= today for entry in self._ahead):
            self._ahead = [entry for entry in self._ahead if entry.message.on > today]
            self._refold()

    def _refold(self) -> None:
        self.state = self._folding.state(self._arrived_by(date.min))
        self._note_ahead(self.state)

    def _arrived_by(self, day: date) -> list[LogEntry]:
        """The log without what is kept for a day after this one."""
        if not self._ahead:
            return self.log
        ahead = {entry.seq for entry in self._ahead if entry.message.on > day}
        return [entry for entry in self.log if entry.seq not in ahead]

    def _note_ahead(self, state: ComplaintState) -> None:
        for entry in self._ahead:
            state.outcomes.setdefault(entry.seq, pending(IN_THE_FUTURE))

    def _record_of(self, entry: LogEntry) -> LoggedMessage:
        return self.logged[entry.message.message_id]

    def _answer(self, entry: LogEntry, changed: list[Difference]) -> Answer:
        outcome = self.state.outcomes[entry.seq]
        return Answer(
            message_id=entry.message.message_id,
            on=entry.message.on,
            applied=outcome.outcome == "applied",
            pending=outcome.outcome == "pending",
            reason=outcome.reason,
            changed=changed,
        )

    def reject(
        self,
        action: str,
        problems: Iterable[str],
        received: str,
        now: datetime,
        count: int = 1,
        *,
        in_clear: bool = False,
    ) -> Rejected | None:
        """Record a signal that could not be taken, with its problems and the beginning of what came.

        None where so many came before that it is counted alone: `rejects.counted` gives those.
        """
        return self.rejects.add(action, problems, received, london_date(now), count, in_clear=in_clear)

    # --- what is due -----------------------------------------------------------------------------

    def due(self, now: datetime) -> list[Task]:
        """What is to be carried out now, in order, each effect once; it counts as settled from here."""
        self.release(london_date(now))
        self.state.advance(max(london_date(now), self.state.day))
        return self._schedule.due(self.state, now)

    def timers(self, now: datetime) -> list[Timer]:
        """One timer for each running limit, and one for the next reminder or waiting letter."""
        timers = self._schedule.timers(self.state, now)
        if self._ahead:
            first = min(entry.message.on for entry in self._ahead)
            timers.append(Timer("ahead", instant(first), "A message dated ahead of its day takes effect"))
        return timers


def _is_release(key: str, state: str) -> bool:
    """Whether an effect is that an approval had a letter written for good."""
    return state == "done" and key.startswith("approved:")
