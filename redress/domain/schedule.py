"""What must be done about a case, and when: the difference between its effects and what is settled."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from redress.domain.effects import Effect, Fact
from redress.domain.facts import facts_of, step_of
from redress.domain.log import EffectStatus
from redress.domain.london import instant, london_date, london_time
from redress.domain.procedure import RulesSnapshot
from redress.domain.sentences import chase, letter_leaves, owed, reminder
from redress.domain.state import ComplaintState

SHORTLY_BEFORE = 5
"""Working days before the opening about which a message sent later still writes its letter."""


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
    """The part of a case that knows what is due. `now` is a UTC instant given by the caller."""

    terms: RulesSnapshot
    opened_on: date
    loaded: int
    fold: ComplaintState
    settled: dict[str, EffectStatus]
    opening_notices: list[Effect]

    def due(self, now: datetime) -> list[Task]:
        """What is to be carried out now, in order, each effect once; it counts as settled from here."""
        self.fold.advance(max(london_date(now), self.fold.day))
        tasks: list[Task] = []
        for at, effect in enumerate(self._effects()):
            if effect.key in self.settled:
                continue
            if self._is_history(effect):
                self.settled[effect.key] = "history"
                continue
            if self.ready_at(effect, now) > now:
                continue
            state: EffectStatus = "skipped" if self._overtaken(at, effect, now) else "done"
            self.settled[effect.key] = state
            tasks.append(Task(effect, state))
        return tasks

    def timers(self, now: datetime) -> list[Timer]:
        """One timer for each running limit, and one for the next reminder or waiting letter."""
        policy = self.terms.procedure.policy
        timers: list[Timer] = []
        soon: list[tuple[datetime, str]] = []
        for deadline in self.fold.running:
            last = deadline.due_on + timedelta(days=1)
            if deadline.paused_on is None and deadline.wakes_on <= last and instant(last) > now:
                timers.append(Timer(deadline.name, instant(last), owed(self.fold.procedure, deadline)))
            if deadline.wakes_on < last or last < deadline.wakes_on < date.max:
                day = self.fold.calendar.on_or_after(deadline.wakes_on)
                says = reminder if deadline.wakes_on < last else chase
                soon.append((instant(day, policy.office_opens), says(self.fold.procedure, deadline, day)))
        for effect in self._effects():
            if effect.key not in self.settled and not self._is_history(effect):
                leaves = self.ready_at(effect, now)
                soon.append((leaves, letter_leaves(effect, london_date(leaves))))
        ahead = [(at, summary) for at, summary in soon if at > now]
        if ahead:
            at, summary = min(ahead)
            timers.append(Timer("next", at, summary))
        return timers

    def ready_at(self, effect: Effect, now: datetime) -> datetime:
        """The instant from which an effect may be carried out (policy: office hours)."""
        policy = self.terms.procedure.policy
        if effect.kind in ("breach", "split"):
            return instant(effect.on)
        if effect.by_clock:
            at = instant(self.fold.calendar.on_or_after(effect.on), policy.office_opens)
            return at if at > now else self._next_office(now)
        if policy.hold_letters == "clock":
            return instant(effect.on)
        return self._next_office(now)

    def _is_history(self, effect: Effect) -> bool:
        """Whether an effect belongs to a day before the complaint came here: then nobody is written to.

        A message that was sent since, about a day shortly before, still writes its letter.
        """
        if effect.on >= self.opened_on or effect.kind == "split":
            return False
        sent_since = not effect.by_clock and effect.seq is not None and effect.seq >= self.loaded
        return not sent_since or self.fold.calendar.between(effect.on, self.opened_on) > SHORTLY_BEFORE

    def _next_office(self, now: datetime) -> datetime:
        policy, calendar = self.terms.procedure.policy, self.fold.calendar
        today, clock = london_date(now), london_time(now)
        if calendar.is_working_day(today) and clock < policy.office_closes:
            return now if clock >= policy.office_opens else instant(today, policy.office_opens)
        return instant(calendar.add(today, 1), policy.office_opens)

    def _overtaken(self, at: int, effect: Effect, now: datetime) -> bool:
        """Whether a clock's effect has lost its point: done meanwhile, moved, or a later one is due too."""
        name = effect.facts.get("deadline")
        if effect.kind == "breach" or not effect.by_clock or name is None:
            return False
        if effect.template == "breach_notice":
            return False
        deadline = self.fold.latest.get(str(name))
        same = deadline is not None and deadline.due_on.isoformat() == effect.facts.get("due_on")
        if deadline is None or not same:
            return True
        if not deadline.is_open and not (deadline.stopped_on and effect.kind == "letter"):
            return True
        rungs = ("reminder", "chase")
        if effect.kind != "reminder" and effect.template not in rungs:
            return False
        return any(
            later.facts.get("deadline") == name
            and later.facts.get("due_on") == effect.facts.get("due_on")
            and self.ready_at(later, now) <= now
            for later in self._effects()[at + 1 :]
            if later.by_clock
        )

    def _effects(self) -> list[Effect]:
        return [*self.opening_notices, *self.fold.effects] if self.opening_notices else self.fold.effects

    def _notices_at_opening(self) -> list[Effect]:
        """What the Complaints Manager is told when a complaint comes here: what to decide, what is late."""
        notices = []
        fold = self.fold
        to_decide = fold.latest.get("eligibility_decision")
        if to_decide is not None and to_decide.is_open:
            questions: list[Fact] = [question.asked for question in fold.questions]
            facts = {**facts_of(fold, to_decide), "questions": questions, "next": step_of(to_decide)}
            key = "decision_needed:opening"
            notices.append(Effect(key, "letter", "decision_needed", self.opened_on, facts))
        if fold.to_ask and fold.closed_on is None:
            to_ask: list[Fact] = [question.asked for question in fold.to_ask]
            facts = {"questions": to_ask, "next": self.fold.next_step()}
            notices.append(Effect("to_ask:opening", "letter", "to_ask", self.opened_on, facts))
        overdue = self._overdue_at_opening()
        return [*notices, overdue] if overdue else notices

    def _overdue_at_opening(self) -> Effect | None:
        """One notice of all that was overdue when the case was brought here."""
        late: list[Fact] = [
            {
                "name": d.name,
                "title": d.limit.title,
                "due_on": d.due_on.isoformat(),
                "owner": d.owner,
                "source": d.limit.source,
            }
            for d in self.fold.running
            if d.due_on < self.opened_on and d.paused_on is None
        ]
        if not late:
            return None
        facts: dict[str, Fact] = {"late": late, "next": self.fold.next_step()}
        key = "overdue_at_opening"
        return Effect(key, "letter", key, self.opened_on, facts)
