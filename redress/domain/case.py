"""One complaint: its log of messages, and the fold that follows from it.

A `Case` takes messages in the order they arrive and is at all times what it would be had they come
in the order of their dates. What must be done about it is the difference between what should have
been done (the fold's effects) and what was (`settled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from redress.domain.actions import act
from redress.domain.calendar import HolidayTable, OutsideTable
from redress.domain.corrections import Corrected, check_correction, corrected
from redress.domain.deadline import Deadline, Moved
from redress.domain.effects import Effect, Fact
from redress.domain.log import Answer, CaseState, EffectStatus, LoggedMessage, Rejected
from redress.domain.london import instant, london_date
from redress.domain.messages import Correct, Message, Recount
from redress.domain.opening import Opening
from redress.domain.opening_parsing import parse_loaded
from redress.domain.parsing import Malformed, Parsed, Problem, fingerprint, parse_message
from redress.domain.procedure import RulesSnapshot
from redress.domain.schedule import Schedule, Task, Timer
from redress.domain.state import ComplaintState, LogEntry
from redress.domain.status import Status, state_of, status_of

__all__ = ["Answer", "Case", "CaseState", "EffectStatus", "LoggedMessage", "Rejected", "Task", "Timer"]

LARGEST_REJECT, ROOM_FOR_REJECTS = 4096, 400_000
"""Bytes kept of a signal that could not be taken, and of all such; beyond it only what was wrong."""

SHORT = 4000
"""Bytes of a message that are always few enough while there is any room."""

ROOM_FOR_LONG, ROOM = 700_000, 1_100_000
"""Bytes of messages a complaint holds; packed at worst they are still below Temporal's 2 MB."""


class Case(Schedule):
    """One complaint. Dates are London dates; `now` is a UTC instant given by the caller."""

    def __init__(self, terms: RulesSnapshot, reference: str, opening: Opening, opened_on: date) -> None:
        self.terms = terms
        self.reference = reference
        self.opened_on = opened_on
        self.intake = opening
        self.log: list[LogEntry] = []
        self.logged: dict[str, LoggedMessage] = {}
        self.contents: dict[str, str] = {}
        self.rejected: list[Rejected] = []
        self.settled: dict[str, EffectStatus] = {}
        self.size = 0
        self.loaded = 0
        self.opening_notices: list[Effect] = []
        self.opening = opening
        self.fold = ComplaintState(terms, opening, act)
        for body in opening.messages:
            parsed = parse_loaded(body, opening.received_on, opened_on)
            if parsed.message.message_id not in self.logged or parsed.message.action == "add_note":
                self._enter(parsed)
        self.intake = opening.model_copy(update={"messages": []})
        self._end_loading()
        for entry in self.log:
            self.logged[entry.message.message_id].answer = self._answer(entry, [])

    def _end_loading(self) -> None:
        """What it was opened with is in the log: fold it, and see what is overdue already."""
        self.loaded = len(self.log)
        if self.log:
            self._refold()
        self.fold.advance(self.opened_on)
        self.opening_notices = self._notices_at_opening()

    # --- messages --------------------------------------------------------------------------------

    def parse(self, action: str, raw: object, now: datetime, message_id: str = "") -> Parsed:
        """The message in a decoded document, checked against this case. Changes nothing.

        Raises `Malformed`, also where the id belongs to a message of other content.
        """
        today = london_date(now)
        received_on = self.opening.received_on
        parsed = parse_message(action, raw, received_on=received_on, today=today, message_id=message_id)
        message = parsed.message
        first = self.logged.get(message.message_id)
        if first is not None and not _alike(first, parsed):
            raise Malformed([Problem("message_id", "was used before for a message of other content")])
        if first is None:
            self._check_room(message)
        if isinstance(message, Correct) and first is None:
            check_correction(self.intake, [*self.log, LogEntry(len(self.log), message)], today)
        return parsed

    def _check_room(self, message: Message) -> None:
        """A case must stay small enough to be handed on: long texts end first, then all."""
        size = len(message.model_dump_json())
        is_short = size <= SHORT or isinstance(message, Recount)
        if self.size + size > (ROOM if is_short else ROOM_FOR_LONG):
            what = f"this complaint's file holds {self.size} bytes already; keep documents elsewhere"
            raise Malformed([Problem("message", f"{what}, and send at most {SHORT} bytes")])

    def receive(self, parsed: Parsed, now: datetime) -> Answer:
        """Take a parsed message: the first time it is carried out, later its first answer is given."""
        message = parsed.message
        first = self.logged.get(message.message_id)
        if message.action == "add_note" and not parsed.named:
            first = None if message.message_id.startswith("content-") else first
        elif first is None and not parsed.named:
            known_as = self.contents.get(fingerprint(message))
            first = self.logged.get(known_as) if known_as else None
        if first is not None and first.answer is not None:
            return first.answer.model_copy(update={"repeated": True})
        today = max(london_date(now), message.on)
        self.fold.advance(today)
        before = self._snapshot(today)
        entry = self._enter(parsed)
        try:
            if isinstance(message, Correct) or message.on < self.fold.day:
                self._refold()
            else:
                self._take(entry)
            self.fold.advance(today)
        except Exception:
            # A fault of ours in one message must not stop a complaint's clocks: it is as if it never came.
            self._take_back(entry)
            raise
        answer = self._answer(entry, _moves(before, self._snapshot(today)))
        self.logged[message.message_id].answer = answer
        return answer

    def _answer(self, entry: LogEntry, changed: list[dict[str, str | None]]) -> Answer:
        verdict = self.fold.verdicts[entry.seq]
        return Answer(
            message_id=entry.message.message_id,
            on=entry.message.on,
            applied=verdict.outcome == "applied",
            pending=verdict.outcome == "pending",
            reason=verdict.reason,
            changed=changed,
        )

    def reject(self, action: str, problems: Iterable[str], received: str, now: datetime) -> Rejected:
        """Keep a signal that could not be taken, with its problems and the beginning of what came."""
        room = max(0, ROOM_FOR_REJECTS - sum(len(each.received) for each in self.rejected))
        kept = received.encode("utf-8", "replace")[: min(room, LARGEST_REJECT)].decode("utf-8", "ignore")
        rejected = Rejected(
            action=action[:200], on=london_date(now), problems=list(problems)[:50], received=kept
        )
        self.rejected.append(rejected)
        return rejected

    def _enter(self, parsed: Parsed) -> LogEntry:
        message = parsed.message
        if message.message_id in self.logged:  # only notes: two alike are two
            message = message.model_copy(update={"message_id": f"{message.message_id}.{len(self.log)}"})
        entry = LogEntry(len(self.log), message, parsed.assumed)
        self.log.append(entry)
        self.logged[message.message_id] = LoggedMessage(
            seq=entry.seq,
            action=message.action,
            body=message.model_dump(mode="json", by_alias=True, exclude_unset=True),
            assumed=parsed.assumed,
            named=parsed.named,
        )
        self.size += len(str(self.logged[message.message_id].body))
        if not parsed.named:
            self.contents.setdefault(fingerprint(message), message.message_id)
        return entry

    def _take_back(self, entry: LogEntry) -> None:
        self.log.remove(entry)
        kept = self.logged.pop(entry.message.message_id)
        self.size -= len(str(kept.body))
        self.contents = {print_: id_ for print_, id_ in self.contents.items() if id_ in self.logged}
        self._refold()

    # --- folding ---------------------------------------------------------------------------------

    def _take(self, entry: LogEntry) -> None:
        """One message on top of the present fold."""
        if entry.message.action == "add_note":
            self.fold.note(entry)
        else:
            self.fold.apply(entry)

    def _refold(self) -> None:
        self.fold = self.folded(self.log)

    def folded(self, log: list[LogEntry], until: date = date.max) -> ComplaintState:
        """The case made anew from the messages dated up to `until`, in the order of their dates.

        Corrections count from the start, as if what they put right had never been wrong.
        """
        put_right = corrected(self.intake, log)
        fold = self._fold_of(put_right, until)
        if put_right.reasons:
            self._keep_corrected_dates(fold, sorted(log, key=_by_date), until)
        self.opening = put_right.opening
        return fold

    def _keep_corrected_dates(self, fold: ComplaintState, log: list[LogEntry], until: date) -> None:
        """Write into the ledger which due dates each correction moved, on the day it was made."""
        for at, entry in enumerate(log):
            if not isinstance(entry.message, Correct) or entry.message.on > until:
                continue
            on = entry.message.on
            before = self._fold_of(corrected(self.intake, log[:at]), on)
            after = self._fold_of(corrected(self.intake, log[: at + 1]), on)
            before.advance(on)
            after.advance(on)
            moved = _keep_moves(before, after, fold, entry.message.reason, on)
            if moved:
                facts: dict[str, Fact] = {"moved": moved, "next": fold.next_step(), "stage": fold.stage}
                key = f"dates_corrected:m{entry.seq}"
                fold.effects.append(
                    Effect(key, "letter", "dates_corrected", on, facts, message=entry.message, seq=entry.seq)
                )

    def _fold_of(self, put_right: Corrected, until: date) -> ComplaintState:
        fold = ComplaintState(self.terms, put_right.opening, act)
        for entry in sorted(put_right.entries, key=_by_date):
            if entry.message.on > until:
                break
            if entry.message.action == "add_note":
                fold.note(entry)
            else:
                fold.apply(entry)
        return fold

    def status(self, as_of: date) -> Status:
        """Where the case stands (or stood) at the beginning of a London date. Changes nothing."""
        return self._status_of(self.folded(self.log, as_of), as_of)

    def latest_status(self, as_of: date) -> Status:
        """The same from the case's own fold, which is taken on to that date: for a case that is only read."""
        return self._status_of(self.fold, as_of) if as_of >= self.fold.day else self.status(as_of)

    def _status_of(self, fold: ComplaintState, as_of: date) -> Status:
        fold.advance(max(as_of, fold.opening.received_on))
        log = [entry for entry in self.log if entry.seq in fold.verdicts]
        status = status_of(fold, self.reference, log, as_of)
        past = {effect.key for effect in fold.effects if self._is_history(effect)}
        for letter in status["letters"]:
            key = str(letter["key"])
            letter["state"] = self.settled.get(key, "history" if key in past else "waiting")
        status["refused"] += [
            {
                "action": r.action,
                "on": r.on.isoformat(),
                "reason": "; ".join(r.problems),
                "received": r.received,
            }
            for r in self.rejected
            if r.on <= as_of
        ]
        return status

    def moves_of(self, table: HolidayTable, today: date) -> list[dict[str, Any]]:
        """The due dates that a newer table of bank holidays would move if it counted from `today`.

        In the order of the ledger; changes nothing. Raises `OutsideTable` where the table does not reach
        as far as the complaint's own.
        """
        on = max([today, self.opening.received_on, *(entry.message.on for entry in self.log)])
        message = Recount(on=on, message_id="recount-asked", holidays=table)
        log = [*self.log, LogEntry(len(self.log), message)]
        before = self._fold_of(corrected(self.intake, self.log), date.max)
        after = self._fold_of(corrected(self.intake, log), date.max)
        if after.verdicts[log[-1].seq].outcome == "refused":
            raise OutsideTable(after.verdicts[log[-1].seq].reason)
        before.advance(on)
        return [
            {
                "name": now.name,
                "title": now.limit.title,
                "was_due_on": was.due_on.isoformat(),
                "due_on": now.due_on.isoformat(),
                "paused": now.paused_on is not None,
            }
            for was, now in zip(before.ledger, after.ledger, strict=True)
            if was.due_on != now.due_on
        ]

    @property
    def recounts(self) -> int:
        """How often a newer calendar has been brought to it."""
        return sum(isinstance(entry.message, Recount) for entry in self.log)

    def _snapshot(self, today: date) -> dict[str, tuple[str | None, str]]:
        return _snapshot_of(self.fold, today)

    # --- keeping ---------------------------------------------------------------------------------

    @property
    def is_finished(self) -> bool:
        """Whether nothing is owed, pending or open: only the authority's tail is left to pass."""
        fold = self.fold
        return fold.closed_on is not None and not fold.running and not fold.late_requests and not fold.waiting

    def tail_ends(self) -> datetime:
        """When a finished complaint's workflow may end. Only for a closed one."""
        closed_on = self.fold.closed_on
        assert closed_on is not None, "asked of an open complaint"
        last = max([closed_on, self.opened_on, *(e.message.on for e in self.log)])
        days = self.terms.procedure.policy.tail_days
        return instant(self.fold.calendar.add(last, days) + timedelta(days=1))

    def state(self) -> CaseState:
        """All that is needed to make this case again."""
        return CaseState(
            reference=self.reference,
            opening=self.intake,
            opened_on=self.opened_on,
            loaded=self.loaded,
            messages=list(self.logged.values()),
            rejected=self.rejected,
            settled=self.settled,
        )

    @classmethod
    def restore(cls, terms: RulesSnapshot, state: CaseState) -> Case:
        """The case that `state` was taken from."""
        case = cls(terms, state.reference, state.opening.model_copy(update={"messages": []}), state.opened_on)
        messages = sorted(state.messages, key=lambda each: each.seq)
        if state.loaded:
            for kept in messages[: state.loaded]:
                case._keep(kept)
            case._end_loading()
        case.resume(messages[state.loaded :], state.rejected, state.settled)
        return case

    def resume(
        self,
        messages: Sequence[LoggedMessage],
        rejected: Sequence[Rejected],
        settled: dict[str, EffectStatus],
    ) -> None:
        """Take on what was recorded since the opening, in one go where it came in the order of its dates."""
        by_seq = sorted(messages, key=lambda each: each.seq)
        added = sorted([self._keep(kept) for kept in by_seq], key=_by_date)
        self.rejected = list(rejected)
        self.settled = dict(settled)
        if any(isinstance(each.message, Correct) or each.message.on < self.fold.day for each in added):
            self._refold()
            return
        for entry in added:
            self._take(entry)

    def _keep(self, kept: LoggedMessage) -> LogEntry:
        message = kept.message()
        entry = LogEntry(kept.seq, message, kept.assumed)
        self.log.append(entry)
        self.logged[message.message_id] = kept
        self.size += len(str(kept.body))
        if not kept.named:
            self.contents.setdefault(fingerprint(message), message.message_id)
        return entry


def _snapshot_of(fold: ComplaintState, today: date) -> dict[str, tuple[str | None, str]]:
    found: dict[str, tuple[str | None, str]] = {
        d.name: (d.due_on.isoformat(), state_of(d, today)) for d in fold.ledger
    }
    found["stage"] = (None, fold.stage)
    found["state"] = (None, fold.state)
    return found


def _by_date(entry: LogEntry) -> tuple[date, int]:
    return entry.message.on, entry.seq


def _alike(first: LoggedMessage, parsed: Parsed) -> bool:
    if first.action != parsed.message.action:
        return False
    dated = not (first.assumed or parsed.assumed)
    try:
        return fingerprint(first.message(), dated=dated) == fingerprint(parsed.message, dated=dated)
    except ValidationError:
        return False


def _moves(
    before: dict[str, tuple[str | None, str]], after: dict[str, tuple[str | None, str]]
) -> list[dict[str, str | None]]:
    """What moved: stage and state, and each deadline's due date and state, as was and is."""
    moved: list[dict[str, str | None]] = []
    for name, (due_on, state) in after.items():
        was_due, was = before.get(name, (None, ""))
        if (was_due, was) == (due_on, state):
            continue
        if name in ("stage", "state"):
            moved.append({"what": name, "was": was, "is": state})
        else:
            moved.append(
                {"what": name, "was": was or None, "is": state, "was_due_on": was_due, "due_on": due_on}
            )
    gone = [name for name in before if name not in after]
    return moved + [{"what": name, "was": before[name][1], "is": None} for name in gone]


def _same_run(deadline: Deadline, of: ComplaintState, fold: ComplaintState) -> Deadline | None:
    """The running of a limit that is the same in another fold, which may have it run once more since."""
    runs = [each for each in of.ledger if each.name == deadline.name]
    there = [each for each in fold.ledger if each.name == deadline.name]
    at = next(number for number, each in enumerate(runs) if each is deadline)
    return there[at] if at < len(there) else None


def _keep_moves(
    before: ComplaintState, after: ComplaintState, keep: ComplaintState, reason: str, on: date
) -> list[Fact]:
    """Write into the ledger of `keep` what one correction moved; gives what the people are told of it."""
    told: list[Fact] = []
    for name, now in after.latest.items():
        was, kept = before.latest.get(name), _same_run(now, after, keep)
        if was is not None and kept is not None and was.due_on != now.due_on:
            kept.moved.append(Moved(was.due_on, f"corrected: {reason}", was.breach_due, on))
            kept.moved.sort(key=lambda moved: moved.on)
        public = now.is_open and now.limit.follows is None and now.limit.kind != "target"
        if was is not None and was.due_on != now.due_on and public:
            told.append(
                {
                    "name": name,
                    "title": now.limit.title,
                    "was": was.due_on.isoformat(),
                    "due_on": now.due_on.isoformat(),
                    "owner": now.owner,
                }
            )
    return told
