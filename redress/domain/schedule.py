"""What must be done about a complaint, and when: the difference between its effects and what is settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from redress.domain.calendar import OutsideTable
from redress.domain.deadline import Deadline
from redress.domain.effect_log import CHASE, mark_of
from redress.domain.effects import Effect, Fact
from redress.domain.facts import facts_of, step_of
from redress.domain.log import EffectStatus
from redress.domain.london import instant, london_date, london_time
from redress.domain.messages import ChangeProcedure, Message
from redress.domain.parsing import fingerprint
from redress.domain.routes import ROUTE_DECISION
from redress.domain.sentences import chase, goes_on, letter_leaves, owed, reminder
from redress.domain.state import ComplaintState

SHORTLY_BEFORE = 5
"""Working days before the opening about which a message sent later still writes its letter."""


REPEATED = ("reminder", "letter_to_approve", "letter_urgent")
"""Letters of which the last alone leaves where several are due."""


class Task(NamedTuple):
    """One effect that is to be carried out or recorded now."""

    effect: Effect
    state: EffectStatus


class Timer(NamedTuple):
    """An instant at which time alone changes something, with a sentence for whoever watches."""

    name: str
    at: datetime
    summary: str


class Schedule:
    """What is due when in one complaint, and what was settled. `now` is a UTC instant given by the caller.

    `loaded`: how many messages it was opened with; effects of a day before that are history.
    """

    def __init__(self, opened_on: date, loaded: int, state: ComplaintState) -> None:
        self._policy = state.procedure.policy
        self._opened_on = opened_on
        self._loaded = loaded
        self._opening_notices = notices_at_opening(state, opened_on)
        self.settled: dict[str, EffectStatus] = {}

    def due(self, state: ComplaintState, now: datetime) -> list[Task]:
        """What is to be carried out now, in order, each effect once; it counts as settled from here."""
        tasks: list[Task] = []
        effects = self._effects(state)
        replaced = self.replaced(state)
        for at, effect in enumerate(effects):
            if effect.key in self.settled or effect.key in replaced:
                continue
            if state.drafts.has_left(effect.key):
                self.settled[effect.key] = "done"  # it was written when it was approved
                tasks.append(Task(effect, "done"))
                continue
            if self.is_history(state, effect):
                self.settled[effect.key] = "history"
                continue
            if self._ready_at(state, effect, now) > now:
                continue
            is_overtaken = self._is_overtaken(state, effect, effects[at + 1 :], now)
            status: EffectStatus = "skipped" if is_overtaken else "done"
            self.settled[effect.key] = status
            tasks.append(Task(effect, status))
        return tasks

    def timers(self, state: ComplaintState, now: datetime) -> list[Timer]:
        """One timer for each running limit, and one for the next reminder or waiting letter."""
        timers: list[Timer] = []
        soon: list[tuple[datetime, str]] = []
        for deadline in state.running:
            ends = deadline.last_in_time + timedelta(days=1)
            if deadline.paused_on is None and deadline.wakes_on <= ends and instant(ends) > now:
                timers.append(Timer(deadline.name, instant(ends), owed(state.procedure, deadline)))
            if deadline.paused_on is not None and deadline.pause_ends_on is not None:
                day = deadline.pause_ends_on
                soon.append((instant(day), goes_on(state.procedure, deadline, day)))
            elif deadline.wakes_on not in (ends, date.max):
                day = state.calendar.on_or_after(deadline.wakes_on)
                sentence = reminder if deadline.wakes_on < ends else chase
                at = instant(day, self._policy.office_opens)
                soon.append((at, sentence(state.procedure, deadline, day)))
        replaced = self.replaced(state)
        for effect in self._effects(state):
            if effect.key in replaced:
                continue
            if effect.key not in self.settled and not self.is_history(state, effect):
                leaves = self._ready_at(state, effect, now)
                soon.append((leaves, letter_leaves(effect, london_date(leaves))))
        ahead = [(at, summary) for at, summary in soon if at > now]
        if ahead:
            at, summary = min(ahead)
            timers.append(Timer("next", at, summary))
        return timers

    def _ready_at(self, state: ComplaintState, effect: Effect, now: datetime) -> datetime:
        """The instant from which an effect may be carried out (policy: office hours)."""
        if effect.kind in ("breach", "split"):
            return instant(effect.on)
        if effect.by_clock:
            at = instant(state.calendar.on_or_after(effect.on), self._policy.office_opens)
            return at if at > now else self._next_office_hour(state, now)
        if self._policy.hold_letters == "clock":
            return instant(effect.on)
        return self._next_office_hour(state, now)

    def leaves_on(self, state: ComplaintState, on: date, now: datetime) -> date | None:
        """The London date on which the letter of a message about a day, come now, leaves at the earliest.

        None where none leaves: the day lies before the complaint came here.
        """
        if on < self._opened_on and not self._is_shortly_before(state, on):
            return None
        if self._policy.hold_letters == "all":
            return max(on, london_date(self._next_office_hour(state, now)))
        return max(on, london_date(now))

    def is_history(self, state: ComplaintState, effect: Effect) -> bool:
        """Whether an effect belongs to a day before the complaint came here: then nobody is written to.

        A message that was sent since, about a day shortly before, still writes its letter.
        """
        if effect.on >= self._opened_on or effect.kind == "split":
            return False
        sent_since = not effect.by_clock and effect.seq is not None and effect.seq >= self._loaded
        return not sent_since or not self._is_shortly_before(state, effect.on)

    def _is_shortly_before(self, state: ComplaintState, day: date) -> bool:
        """Whether a day lies at most `SHORTLY_BEFORE` working days before the complaint came here."""
        try:
            return state.calendar.between(day, self._opened_on) <= SHORTLY_BEFORE
        except OutsideTable:  # years before
            return False

    def _next_office_hour(self, state: ComplaintState, now: datetime) -> datetime:
        opens, closes = self._policy.office_opens, self._policy.office_closes
        today, clock = london_date(now), london_time(now)
        if state.calendar.is_working_day(today) and clock < closes:
            return now if clock >= opens else instant(today, opens)
        return instant(state.calendar.add(today, 1), opens)

    def _is_overtaken(
        self, state: ComplaintState, effect: Effect, later: list[Effect], now: datetime
    ) -> bool:
        """Whether an effect of time has lost its point: done meanwhile, moved, or a later one is due too."""
        if effect.releases_a_draft:
            return not state.drafts.stands(effect)
        if "in_error" in effect.facts:
            return not left_in_error(effect.facts, self.settled)
        if effect.template == CHASE:
            late = any(d.last_in_time < london_date(now) and d.paused_on is None for d in state.running)
            newer = [other for other in later if other.template == CHASE]
            return not late or any(self._ready_at(state, other, now) <= now for other in newer)
        if effect.by_clock and effect.template == "closure" and self._was_told_before_a_move(state, effect):
            return True
        name = effect.facts.get("deadline")
        is_of_time = effect.by_clock and name is not None
        if not is_of_time or effect.kind == "breach" or effect.template == "breach_notice":
            return False
        deadline = state.latest.get(str(name))
        if deadline is None or not _still_concerns(effect, deadline):
            return True
        repeats = effect.kind == "reminder" or effect.template in REPEATED
        return repeats and any(
            _about_the_same(effect, other) and self._ready_at(state, other, now) <= now for other in later
        )

    def replaced(self, state: ComplaintState) -> set[str]:
        """The keys of letters that need not leave, since one left that a later message had caused.

        Of two acknowledgements the earlier one counts, whichever was logged first, and there is one letter:
        the same where two messages say the same in every word. Nor does what a message was answered, opened
        or acknowledged with leave again by the name that it has under the procedure it was moved to.
        """
        letters = [effect for effect in state.effects if effect.kind == "letter"]
        new = [effect for effect in letters if effect.message and effect.key not in self.settled]
        if not new:
            return set()
        left = {draft.key for draft in state.drafts if draft.left_as_another}
        by_mark = {mark_of(entry): entry.message for entry in state.effects.heard}
        gone = [key for key in self.settled if key not in {effect.key for effect in letters}]
        replaced: set[str] = set()
        for effect in new:
            if effect.once and any(_amended(effect, other) for other in letters if other.key in self.settled):
                replaced.add(effect.key)  # the later answer, logged before it, has left
                continue
            if effect.key in left or any(self._is_same_elsewhere(state, effect, key) for key in gone):
                replaced.add(effect.key)
                continue
            for key in gone:
                template, mark, to = _parts(key)
                message = by_mark.get(mark)
                same = (template, to) == (effect.template, _parts(effect.key)[2])
                if same and message is not None and _was_replaced(message, effect):
                    gone.remove(key)
                    replaced.add(effect.key)
                    break
        return replaced

    def _was_told_before_a_move(self, state: ComplaintState, effect: Effect) -> bool:
        """Whether a letter left about an end which, under the procedure it was moved to, has another day."""
        moves = [e.message.on for e in state.effects.heard if isinstance(e.message, ChangeProcedure)]
        told = [key for key, how in self.settled.items() if key.startswith("closure:") and how != "skipped"]
        return bool(told) and any(effect.on < on for on in moves)

    def _is_same_elsewhere(self, state: ComplaintState, effect: Effect, key: str) -> bool:
        """Whether a letter that left is an effect under another procedure: of one message, for one end."""
        template, mark, to = _parts(key)
        same = (mark, to) == _parts(effect.key)[1:] and self.settled[key] in ("done", "history")
        known = state.letters_of_stages
        return same and bool(known.get(template, set()) & known.get(effect.template, set()))

    def _effects(self, state: ComplaintState) -> list[Effect]:
        in_order = sorted(state.effects, key=lambda effect: effect.on)  # corrections are told last of all
        return [*self._opening_notices, *in_order]


def left_in_error(facts: Mapping[str, Any], settled: Mapping[str, EffectStatus]) -> list[dict[str, str]]:
    """Which of the letters that should not have been there did leave."""
    return [
        letter
        for letter in facts["in_error"]
        if letter.get("has_left") or settled.get(letter["key"]) == "done"
    ]


def _still_concerns(effect: Effect, deadline: Deadline) -> bool:
    """Whether a deadline has the due date still that an effect is about, and is owed (or was cut short)."""
    if deadline.due_on.isoformat() != effect.facts.get("due_on"):
        return False
    return deadline.is_open or (deadline.stopped_on is not None and effect.kind == "letter")


def _parts(key: str) -> tuple[str, str, str]:
    """The key of a letter that a message causes: its template, the mark of the message, to whom."""
    template, _, rest = key.partition(":")
    mark, _, to = rest.partition(":")
    return template, mark, to


def _amended(effect: Effect, other: Effect) -> bool:
    """Whether another answer amends the one that a letter is about."""
    same = other.template == effect.template and other.message is not None and effect.message is not None
    return same and "amends_on" in other.facts and other.facts["amends_on"] == effect.on.isoformat()


def _was_replaced(message: Message, effect: Effect) -> bool:
    """Whether an effect stands where the one of another, later message stood."""
    cause = effect.message
    if cause is None or message.on < cause.on or message.action != cause.action:
        return False
    return effect.once or _content(message) == _content(cause)


def _content(message: Message) -> str:
    return fingerprint(message, "on", "by", "note")


def _about_the_same(effect: Effect, other: Effect) -> bool:
    """Whether time has caused another effect for the same due date."""
    return other.by_clock and all(
        other.facts.get(fact) == effect.facts.get(fact) for fact in ("deadline", "due_on")
    )


def notices_at_opening(state: ComplaintState, opened_on: date) -> list[Effect]:
    """What the Complaints Manager is told when a complaint comes here: what to decide, what is late."""
    notices = []
    to_decide = state.latest.get("eligibility_decision")
    if to_decide is not None and to_decide.is_open:
        questions: list[Fact] = [question.asked for question in state.questions]
        facts = facts_of(state.deadlines, to_decide) | {"questions": questions, "next": step_of(to_decide)}
        key = "decision_needed:opening"
        notices.append(Effect(key, "letter", "decision_needed", opened_on, facts))
    route = state.latest.get(ROUTE_DECISION)
    if route is not None and route.is_open:
        asked: list[Fact] = [each.asked for each in state.routes]
        facts = facts_of(state.deadlines, route) | {"questions": asked, "next": step_of(route)}
        notices.append(Effect("decision_needed:route", "letter", "decision_needed", opened_on, facts))
    if state.to_ask and state.closed_on is None:
        to_ask: list[Fact] = [question.asked for question in state.to_ask]
        facts = {"questions": to_ask, "next": state.effects.next_step()}
        notices.append(Effect("to_ask:opening", "letter", "to_ask", opened_on, facts))
    late: list[Fact] = [
        {
            "name": d.name,
            "title": d.limit.title,
            "due_on": d.due_on.isoformat(),
            "owner": d.owner,
            "source": d.limit.source,
        }
        for d in state.running
        if d.last_in_time < opened_on and d.paused_on is None
    ]
    if late:  # one notice of all that was overdue when the complaint was brought here
        facts = {"late": late, "next": state.effects.next_step()}
        key = "overdue_at_opening"
        notices.append(Effect(key, "letter", key, opened_on, facts))
    return notices
