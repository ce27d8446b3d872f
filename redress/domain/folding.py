"""A complaint made anew from its log: messages in the order of their dates, corrections from the start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from redress.domain.actions import act
from redress.domain.calendar import HolidayTable, OutsideTable, long_date
from redress.domain.complainants import names_known
from redress.domain.corrections import corrected
from redress.domain.deadline import Deadline, Moved
from redress.domain.drafting import letters_of_drafts
from redress.domain.effects import Fact
from redress.domain.facts import move_of
from redress.domain.log import LogEntry
from redress.domain.messages import Correct, Extend, Recount
from redress.domain.moving import letters_of_stages, moved, procedures_in
from redress.domain.opening import Opening
from redress.domain.procedure import RulesSnapshot
from redress.domain.sentences import with_long_dates
from redress.domain.state import ComplaintState
from redress.domain.strikes import strikes_in, with_words_of_drafts


class Folding(NamedTuple):
    """What a complaint follows from, beside its messages: its rules, and the opening as it came."""

    rules: RulesSnapshot
    intake: Opening
    loaded: int = 0
    """How many messages it was opened with."""

    def state(self, log: list[LogEntry], until: date = date.max) -> ComplaintState:
        """The complaint made anew from the messages dated up to `until`.

        Corrections count from the start, as if what they put right had never been wrong; the ledger says
        which due dates each of them moved, on the day it was made.
        """
        state, has_corrections = self._fold(log, until)
        for strike in {each.by.seq: each.by for each in state.strikes.struck.values()}.values():
            if strike.message.on <= until:
                _record_strike(state, strike, *self._around(log, strike))
        if has_corrections:
            in_order = sorted(state.strikes.kept(log), key=LogEntry.by_date)
            after: ComplaintState | None = None  # the entry before, where that was a correction too
            for at, entry in enumerate(in_order):
                if isinstance(entry.message, Correct) and entry.message.on <= until:
                    before = after or self._fold(in_order[:at], entry.message.on)[0]
                    after = self._fold(in_order[: at + 1], entry.message.on)[0]
                    _record_correction(state, entry, entry.message, before, after)
                else:
                    after = None
        return state

    def _around(self, log: list[LogEntry], strike: LogEntry) -> tuple[ComplaintState, ComplaintState]:
        """The complaint before and after a strike, on its day."""
        known, on = [entry for entry in log if entry.by_date() < strike.by_date()], strike.message.on
        before, after = self._fold(known, on)[0], self._fold([*known, strike], on)[0]
        before.advance(on)
        after.advance(on)
        return before, after

    def _fold(self, log: list[LogEntry], until: date) -> tuple[ComplaintState, bool]:
        procedures = procedures_in(self.rules.procedure, log)
        letters = letters_of_drafts(procedures)
        strikes = with_words_of_drafts(strikes_in(log), log, letters)
        put_right = corrected(self.intake, strikes.kept(log))
        rules = moved(self.rules, put_right.opening, put_right.entries, until)
        state = ComplaintState(rules, put_right.opening, act, self.rules.procedure)
        state.strikes = strikes
        state.loaded = self.loaded
        state.letters_of_stages = letters_of_stages(procedures_in(self.rules.procedure, put_right.entries))
        state.letters_of_drafts, state.was_moved = letters, len(procedures) > 1
        state.granted = self._granted(log, until) if put_right.reasons else frozenset()
        state.contacts.former = put_right.former
        if state.complainants.are_several:
            state.complainants.names = names_known(put_right.openings)
        for entry in sorted(put_right.entries, key=LogEntry.by_date):
            if entry.message.on > until:
                break
            state.apply(entry)
        for struck in strikes.struck.values():
            if struck.entry.message.on <= until:
                state.outcomes[struck.entry.seq] = struck.outcome
        return state, bool(put_right.reasons)

    def _granted(self, log: list[LogEntry], until: date) -> frozenset[int]:
        """The extensions that were given when nothing had been corrected yet.

        A correction may cut one to the most that is allowed from the right date; it cancels none in silence.
        """
        given = frozenset(entry.seq for entry in log if isinstance(entry.message, Extend))
        if not given:
            return given
        as_it_was, _ = self._fold([e for e in log if not isinstance(e.message, Correct)], until)
        return frozenset(seq for seq in given if _stands(as_it_was, seq))

    def moves_of(self, log: list[LogEntry], table: HolidayTable, today: date) -> list[dict[str, Any]]:
        """The due dates that a newer table of bank holidays would move if it counted from `today`.

        In the order of the ledger. Raises `OutsideTable` where the table does not reach as far as the
        complaint's own.
        """
        before, _ = self._fold(log, date.max)
        on = max([today, before.opening.received_on, *(entry.message.on for entry in log)])
        asked = LogEntry(len(log), Recount(on=on, message_id="recount-asked", holidays=table))
        after, _ = self._fold([*log, asked], date.max)
        if after.outcomes[asked.seq].outcome == "refused":
            raise OutsideTable(after.outcomes[asked.seq].reason)
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


def _record_strike(
    state: ComplaintState, strike: LogEntry, before: ComplaintState, after: ComplaintState
) -> None:
    """Tell whoever may have had a letter because of what was struck out."""
    still = {effect.key for effect in after.effects}
    in_error: list[Fact] = [
        {
            "key": effect.key,
            "template": effect.template,
            "on": effect.on.isoformat(),
            "stage": effect.facts.get("stage"),
            "owner": effect.facts.get("owner"),
            **{name: effect.facts[name] for name in ("to_people", "appointed") if name in effect.facts},
        }
        for effect in before.effects
        if effect.kind == "letter"
        and effect.key not in still
        and not effect.releases_a_draft
        and not after.drafts.has_left(effect.key)  # what it says stands, by the letter that left
    ]
    if in_error:
        facts: dict[str, Fact] = {
            "in_error": in_error,
            "next": state.effects.next_step(),
            "stage": state.stage,
        }
        state.effects.take_back(strike, strike.message.on, facts)


def _record_correction(
    state: ComplaintState, entry: LogEntry, message: Correct, before: ComplaintState, after: ComplaintState
) -> None:
    """Write into the ledger and the effects of `state` what one correction moved, on the day it was made."""
    on = message.on
    before.advance(on)
    after.advance(on)
    moves = _record_moves(before, after, state, message.reason, on)
    common: dict[str, Fact] = {"next": state.effects.next_step(), "stage": state.stage}
    if moves:
        state.effects.correct_dates(entry, on, {**common, "moved": moves})
    undone = [*_undone(before, after)]
    if undone:
        state.effects.tell_undone(entry, on, {**common, "undone": undone})


def _undone(before: ComplaintState, after: ComplaintState) -> Iterator[Fact]:
    """What was decided before a correction and does not stand as it did, as the manager is told it."""
    for entry in after.effects.heard:
        what: dict[str, Fact] = {"title": entry.message.title, "on": entry.message.on.isoformat()}
        if not _stands(before, entry.seq):
            continue
        if not _stands(after, entry.seq):
            outcome = after.outcomes[entry.seq]
            now = f"{outcome.outcome.replace('_', ' ')}. {with_long_dates(outcome.reason)}"
            yield {**what, "now": now.strip()}
        elif after.capped.get(entry.seq) not in (None, before.capped.get(entry.seq)):
            until = after.capped[entry.seq]
            yield {**what, "now": f"it reaches to {long_date(until)} alone, the most that is allowed"}


def _stands(state: ComplaintState, seq: int) -> bool:
    outcome = state.outcomes.get(seq)
    return outcome is not None and outcome.outcome == "applied"


def _record_moves(
    before: ComplaintState, after: ComplaintState, state: ComplaintState, reason: str, on: date
) -> list[Fact]:
    """Write into the ledger of `state` what one correction moved; gives what letters say of it."""
    facts: list[Fact] = []
    for name, now in after.latest.items():
        was, same = before.latest.get(name), _same_running(now, after.ledger, state.ledger)
        if was is None or was.due_on == now.due_on:
            continue
        if same is not None:
            same.moved.append(Moved(was.due_on, f"corrected: {reason}", was.breach_due, on))
            same.moved.sort(key=lambda moved: moved.on)
        if now.is_open and now.limit.follows is None and now.limit.kind != "target":
            facts.append(move_of(now, was.due_on))
    return facts


def _same_running(
    deadline: Deadline, ledger: Sequence[Deadline], other: Sequence[Deadline]
) -> Deadline | None:
    """The running of a limit that is the same in another ledger, where it may have run once more since."""
    at = next(n for n, d in enumerate(d for d in ledger if d.name == deadline.name) if d is deadline)
    others = [d for d in other if d.name == deadline.name]
    return others[at] if at < len(others) else None
