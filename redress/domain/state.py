"""The case as a fold: messages in the order of their dates, with limits running out between them.

A `Fold` starts from an opening, takes one message after another (`apply`) and lets time pass
(`advance`). It knows no clock, no database and no Temporal. What should have been done about it is
collected in `effects`, each under a key that stays the same however often the case is folded.
What each action does stands in `redress.domain.actions`, how limits start and move in
`redress.domain.deadlines`; here are the stages, the messages and what is said of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from redress.domain.calendar import calendar_for
from redress.domain.deadline import Deadline, count
from redress.domain.deadlines import Deadlines
from redress.domain.effects import Effect, Fact
from redress.domain.facts import facts_of, next_step, step_of
from redress.domain.fields import Person
from redress.domain.messages import Escalate, Message, Remedy
from redress.domain.opening import Opening
from redress.domain.points import Points
from redress.domain.procedure import RulesSnapshot, Stage, StageName
from redress.domain.words import asked_about_entry, entry_stage, plain, questions_of


class LogEntry(NamedTuple):
    """A message in the log: `seq` is the order of receipt; `assumed` that nobody gave its date."""

    seq: int
    message: Message
    assumed: bool = False


class Outcome(NamedTuple):
    """What became of a message, and why.

    `applied`, `pending` or `refused`; of what waited also `overtaken` or `not_accepted`. `since`: the day on
    which what waited took effect.
    """

    outcome: str
    reason: str = ""
    since: date | None = None


class Irregular(NamedTuple):
    """Something that should have been there before a message and was not."""

    seq: int
    action: str
    on: date
    what: str


class Appointment(NamedTuple):
    """A person in a part; `until` once somebody else has taken it."""

    role: str
    person: Person
    connection: str
    on: date
    until: date | None = None


class SplitOff(NamedTuple):
    """Points that became a linked complaint of their own; `part` is in its reference."""

    part: int
    on: date
    points: list[str]
    procedure: str


class AgreedAction(NamedTuple):
    """A remedy, numbered in the order agreed; its deadline is `remedy_<number>`."""

    number: int
    remedy: Remedy
    agreed_on: date
    done_on: date | None = None


APPLIED = Outcome("applied")

Act = Callable[["ComplaintState", LogEntry], Outcome]
"""What carries out a message on a fold: `redress.domain.actions.act`."""


class ComplaintState(Deadlines):
    """The state of one case after some of its messages, on one day. Use it once, in order of dates."""

    def __init__(self, terms: RulesSnapshot, opening: Opening, act: Act) -> None:
        entry = entry_stage(terms.procedure, opening)
        super().__init__(
            terms.procedure, calendar_for(terms.holidays), opening.received_on, entry, terms.edition
        )
        self._act = act
        self.chosen, self.known_procedures = terms.chosen, terms.procedures
        self.opening = opening
        self.last_event: date = opening.received_on
        self.answered: dict[str, date] = {}
        self.appointments: list[Appointment] = []
        self.remedies: list[AgreedAction] = []
        self.effects: list[Effect] = []
        self.verdicts: dict[int, Outcome] = {}
        self.waiting: list[LogEntry] = []
        self.late_requests: list[LogEntry] = []
        self.asked_at: dict[int, str] = {}
        self.asked_for: dict[StageName, date] = {}
        self.retrying = False
        self.by_clock = False
        self.irregular: list[Irregular] = []
        self.advocate = opening.advocate
        self.advocate_letters = opening.advocate is not None
        self.advocate_speaks = False
        self.referred_on: date | None = None
        self.panel_on: date | None = None
        self.points = Points(opening.points)
        self.answered_by: dict[str, str] = {}
        self.split_off: list[SplitOff] = []
        self.contact_restricted_until: date | None = None
        self.notes = 0
        asked = questions_of(terms.procedure, opening)
        self.questions = [question for question in asked if question.decides]
        self.entry: StageName = entry
        self.to_ask = [question for question in asked if not question.decides]
        self.to_ask += asked_about_entry(terms.procedure, opening, self.entry)
        self.reach("received", opening.received_on)
        self.reach(f"requested:{self.entry}", opening.received_on)
        if self.questions:
            self.stage = "intake"
            self.reach("questioned", opening.received_on)

    # --- time ------------------------------------------------------------------------------------

    def advance(self, to: date) -> None:
        """Let time pass up to and including the morning of `to`."""
        while True:
            first: Deadline | None = None
            for deadline in self.running:
                if deadline.wakes_on <= to and (first is None or deadline.wakes_on < first.wakes_on):
                    first = deadline
            if first is None:
                break
            self.day = max(self.day, first.wakes_on)
            self.last_event = self.day
            self._wake(first)
        if to > self.day:
            self.day = to

    def _wake(self, deadline: Deadline) -> None:
        reminders = len(deadline.limit.remind)
        rung = deadline.rung
        before = len(self.effects)
        self.by_clock = True
        deadline.rung += 1
        deadline.arm(self.calendar, self.day)
        if rung < reminders:
            self._remind(deadline, rung)
        elif rung == reminders:
            self._run_out(deadline)
        elif deadline.limit.follows is None:
            self.letter("chase", f"{deadline.name}:{deadline.due_on}:{rung - reminders}", deadline)
        self.by_clock = False
        self._say_what_is_next(before)

    def _remind(self, deadline: Deadline, rung: int) -> None:
        letter = deadline.limit.remind_letter
        key = f"reminder:{deadline.name}:{deadline.due_on}:{rung}"
        facts = facts_of(self, deadline)
        facts["next"] = step_of(deadline)
        self.effects.append(Effect(key, "reminder", letter, self.day, facts, by_clock=True))

    def _run_out(self, deadline: Deadline) -> None:
        limit = deadline.limit
        key = f"{deadline.name}:{deadline.due_on}"
        if limit.kind == "window":
            deadline.lapsed_on = self.day
            self._drop(deadline)
            if limit.lapse == "close" and not (self.points.suspended or self.owes_anew):
                self.close("lapsed", self.day, "closure", by_clock=True)
            return
        deadline.ran_out_on = deadline.due_on
        if limit.kind == "target":
            for letter in limit.late_letters:
                self.letter(letter, key, deadline)
            self.letter("target_passed", key, deadline)
            self.retry_waiting()
            return
        deadline.breached_on = deadline.due_on
        if limit.follows is not None:
            return  # another reading of a limit that speaks for itself
        self.effects.append(
            Effect(f"breach:{key}", "breach", "", self.day, facts_of(self, deadline), by_clock=True)
        )
        for letter in limit.late_letters:
            self.letter(letter, key, deadline)
        self.letter("breach_notice", key, deadline)
        self.retry_waiting()

    # --- messages --------------------------------------------------------------------------------

    def apply(self, entry: LogEntry) -> None:
        """Take one message; none dated earlier may follow. Its verdict stands in `verdicts`."""
        message = entry.message
        self.advance(message.on)
        self.last_event = message.on
        before = len(self.effects)
        self.verdicts[entry.seq] = self._act(self, entry)
        self._say_what_is_next(before)

    def note(self, entry: LogEntry) -> None:
        """A note for the file: it may be about any day, and changes nothing."""
        self.notes += 1
        self.verdicts[entry.seq] = APPLIED

    def _say_what_is_next(self, since: int) -> None:
        for effect in self.effects[since:]:
            if "next" not in effect.facts:
                effect.facts["next"] = self.next_step()

    def wait(self, entry: LogEntry, reason: str) -> Outcome:
        """Keep a message that came too early, until its day comes."""
        self.waiting.append(entry)
        return Outcome("pending", reason)

    def retry_waiting(self) -> None:
        """Try again what waits: something has moved."""
        waiting, self.waiting = self.waiting, []
        for entry in waiting:
            self.retrying = True
            verdict = self._act(self, entry)
            self.retrying = False
            if verdict.outcome != "pending":
                verdict = verdict._replace(since=self.day)
            self.verdicts[entry.seq] = verdict

    @property
    def asked_to_go_on(self) -> bool:
        """Whether a request for the next stage waits for this one to be answered."""
        return any(entry.message.action == "escalate" for entry in self.waiting)

    def note_irregular(self, entry: LogEntry, what: str) -> None:
        """Record what should have been there before this message and was not."""
        self.irregular.append(Irregular(entry.seq, entry.message.action, entry.message.on, what))

    def expect(self, entry: LogEntry, milestone: str) -> None:
        """Note as irregular what the procedure expects before `milestone` and has not been reached."""
        for before in self.procedure.expects.get(milestone, ()):
            if before not in self.reached:
                self.note_irregular(entry, f"{plain(before)} is not recorded")

    # --- stages ----------------------------------------------------------------------------------

    def open_stage(self, name: StageName, entry: LogEntry, on: date, *, taken_on: date) -> None:
        """Go to a stage: what ran in the last one stops, what belongs to this one starts.

        `on` is the date the new stage's limits count from, `taken_on` the day it was opened.
        """
        if self.closed_on is not None:
            self.closed_on, self.closed_as, self.state = None, None, "open"
        self._settle_late_requests(taken_on)
        for waiting in self.procedure.meeting.get(f"requested:{name}", ()):
            window = self.latest.get(waiting)
            if window is not None and window.is_open:
                asked_on = max(entry.message.on, min(window.counts_from, taken_on))
                self.meet(window, asked_on, assumed=entry.assumed)
        self.stop(taken_on, closing=False)
        self.stage = self.last_stage = name
        if isinstance(entry.message, Escalate):
            self.asked_for[name] = entry.message.on
            self._take_points_on(entry, entry.message)
        self.reach(f"requested:{name}", on, assumed=entry.assumed)
        for milestone, (reached_on, counts_from) in list(self.early.items()):
            del self.early[milestone]
            self.reach(milestone, reached_on, counts_from=counts_from)
        opening_letter = self.procedure.stage[name].opening_letter
        if opening_letter:
            self.send(opening_letter, entry)
        self.retry_waiting()

    def _take_points_on(self, entry: LogEntry, message: Escalate) -> None:
        chosen, unknown = self.points.named(message.points)
        for each in unknown:
            self.note_irregular(entry, f"there is no point {each!r}")
        gone = [point for point in chosen if point.state in ("split_off", "replaced")]
        for point in gone:
            self.note_irregular(entry, f"point {point.number} is {point.state.replace('_', ' ')}")
        going = [point for point in chosen if point not in gone]
        self.points.take_on(going or self.points.at_issue)

    def reopen(self, entry: LogEntry) -> None:
        """Take a closed complaint up again: the answer at the stage where it ended is owed anew."""
        on = entry.message.on
        self.closed_on, self.closed_as, self.state = None, None, "open"
        self.stage = self.current_stage
        self.owe_answer_anew(on)
        if self.questions and "decided" not in self.reached:
            self.stage = "intake"
            self.reach("questioned", on)
        self.reach("reopened", on, assumed=entry.assumed)

    def offer_anew(self, entry: LogEntry) -> None:
        """After a pause in which the window passed, the person has it anew; at the last stage it ends."""
        stage = self.procedure.stage[self.current_stage]
        begun = (f"answered:{stage.name}", f"answer_received:{stage.name}", "informally_tried")
        windows = [w for w in self.procedure.limits if w.kind == "window" and w.starts in begun]
        if stage.next is None:
            self.close("completed", self.day, "closure", entry=entry)
        elif not any(self.latest[w.name].is_open for w in windows if w.name in self.latest):
            for window in windows:
                if window.stage == stage.name:
                    self._start(window, self.day, window.days)

    @property
    def owes_anew(self) -> bool:
        """Whether an answer at the present stage is still owed: then no window of an earlier one ends it."""
        response = self.latest.get(self.procedure.stage[self.current_stage].response)
        return self.edition >= 3 and response is not None and response.is_open

    def has_lapsed(self, stage: Stage) -> bool:
        """Whether the window to ask for the next stage passed, though the complaint still goes on.

        Where an answer is owed anew it does not count: there is a new window after that answer.
        """
        if self.owes_anew:
            return False
        begun = (f"answered:{stage.name}", f"answer_received:{stage.name}")
        windows = [self.latest.get(w.name) for w in self.procedure.limits if w.lapse and w.starts in begun]
        return any(window is not None and window.lapsed_on is not None for window in windows)

    def may_ask_until(self, stage: Stage, on: date) -> bool:
        """Whether a day lies in the window that an answer at a stage has begun, though it has ended since."""
        begun = (f"answered:{stage.name}", f"answer_received:{stage.name}")
        windows = [self.latest.get(w.name) for w in self.procedure.limits if w.lapse and w.starts in begun]
        return any(window is not None and on <= window.due_on for window in windows)

    def owe_answer_anew(self, on: date) -> None:
        """The answer at the present stage is owed once more, counted from a day."""
        stage = self.procedure.stage[self.current_stage]
        self.answered.pop(stage.name, None)
        limit = self.procedure.limit[stage.response]
        due_on = count(self.calendar, limit, on, limit.days)
        self.run(Deadline(limit, limit.name, on, due_on, limit.days, provisional=False))

    def _settle_late_requests(self, on: date) -> None:
        """The stage that late requests ask for is opened: they are answered by that."""
        if self.late_requests:
            for request in self.late_requests:
                self.verdicts[request.seq] = Outcome("applied", "the stage asked for was opened", on)
            self.late_requests = []
            self._meet_all("late_decided", on, assumed=False)

    def close(
        self,
        closed_as: str,
        on: date,
        letter: str,
        *,
        entry: LogEntry | None = None,
        by_clock: bool = False,
        **more: Fact,
    ) -> None:
        """Close the complaint; what outlives it (remedies, a late request) goes on."""
        self.state, self.closed_on, self.closed_as = "closed", on, closed_as
        self.stop(on, closing=True)
        self.points.end_suspension()
        for waits in self.waiting:
            reason = f"the complaint was closed as {closed_as.replace('_', ' ')} before its day came"
            self.verdicts[waits.seq] = Outcome("overtaken", reason, on)
        self.waiting = []
        facts: dict[str, Fact] = {
            "closed_on": on.isoformat(),
            "closed_as": closed_as,
            "stage": self.stage,
            **more,
        }
        if letter:
            key = f"{letter}:{on}" if entry is None else f"{letter}:m{entry.seq}"
            message, seq = (entry.message, entry.seq) if entry else (None, None)
            self.effects.append(
                Effect(key, "letter", letter, self.day, facts, by_clock=by_clock, message=message, seq=seq)
            )

    # --- what must be done -----------------------------------------------------------------------

    def letter(self, template: str, key: str, deadline: Deadline) -> None:
        """A letter that time causes: it leaves in office hours."""
        facts = facts_of(self, deadline)
        facts["next"] = self.next_step(besides=deadline)
        self.effects.append(Effect(f"{template}:{key}", "letter", template, self.day, facts, by_clock=True))

    def open_part(self, part: SplitOff, entry: LogEntry) -> None:
        """A linked complaint is to be opened with the points that were split off."""
        points: list[Fact] = list(part.points)
        facts: dict[str, Fact] = {"part": part.part, "points": points, "procedure": part.procedure}
        self.effects.append(
            Effect(f"part:m{entry.seq}", "split", "", self.day, facts, by_clock=self.by_clock, seq=entry.seq)
        )

    def ask_owner(self, deadline: Deadline, entry: LogEntry) -> None:
        """A decision is needed: tell whoever owes it at once, not only when it is nearly late."""
        facts = facts_of(self, deadline)
        facts["next"] = step_of(deadline)
        key = f"decision_needed:m{entry.seq}"
        self.effects.append(
            Effect(key, "letter", "decision_needed", self.day, facts, by_clock=self.by_clock, seq=entry.seq)
        )

    def send(self, template: str, entry: LogEntry, *, to: str = "", **more: Fact) -> None:
        """A letter that a message causes; `to`: one of several, to this owner."""
        more["stage"] = self.stage
        if to:
            more["owner"] = to
        self.effects.append(
            Effect(
                f"{template}:m{entry.seq}" + (f":{to}" if to else ""),
                "letter",
                template,
                self.day,
                more,
                by_clock=self.by_clock,
                message=entry.message,
                seq=entry.seq,
            )
        )

    def next_step(self, besides: Deadline | None = None) -> Fact:
        """The date by which something happens next, what, and who owes it."""
        knew_on = self.opening.events_on or self.opening.received_on
        return next_step(self, knew_on, besides)
