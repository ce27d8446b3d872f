"""The state of a complaint: what follows from its opening and its messages in the order of their dates.

A `ComplaintState` starts from an opening, takes one message after another (`apply`) and lets time pass
(`advance`). It knows no clock, no database and no Temporal. It is made of

- `position`: the stage it is in, and whether it is open, suspended or closed;
- `deadlines`: the ledger of limits, what starts, meets, stops and moves them;
- `points`: what it is about, and what was found on each point;
- `complainants`: who complains, one person or several together, and who does no more;
- `people`: who takes which part, and the advocate;
- `answers`: the stages that have been answered, and what is owed once more;
- `drafts`: letters that wait to be approved, and their messages;
- `enclosures`: letters that wait for what they enclose, and what is withheld;
- `remedies`: what was agreed to be done;
- `requests`: messages that came too early or too late for what they ask;
- `attempts`: what was tried to reach a person of whom nothing is heard;
- `contact_log`: which contacts a reply is owed to;
- `contacts`: addresses and advocates that wait to be confirmed;
- `routes`: whether it belongs elsewhere, where the points suggest that and nobody has decided it;
- `effects`: the letters, reminders and records that it gives rise to.

What each message does stands in `redress.domain.actions`; actions change the state by its methods alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any

from redress.domain.answers import Answers, OwnWindow
from redress.domain.attempts import Attempts
from redress.domain.attendance import Attendance
from redress.domain.calendar import Calendar
from redress.domain.complainants import Complainant, Complainants, WhoReads
from redress.domain.conflicts import advocate_conflict
from redress.domain.contact_log import ContactLog
from redress.domain.contacts import Contacts
from redress.domain.deadline import Deadline
from redress.domain.deadlines import Deadlines
from redress.domain.drafts import APPROVAL, Drafts
from redress.domain.effect_log import EffectLog
from redress.domain.effects import Fact
from redress.domain.enclosures import Enclosures
from redress.domain.ended_appointments import at_work, tell_of_the_end
from redress.domain.fields import ApproachedBy, Contact
from redress.domain.linking import Links
from redress.domain.log import Irregular, LogEntry, Outcome, pending
from redress.domain.messages import DecideLate, Escalate, Message, Respond
from redress.domain.ombudsman import Approach, Ombudsman
from redress.domain.opening import Opening
from redress.domain.people import People
from redress.domain.points import Point, Points
from redress.domain.position import Ending, OpenOrClosed, Position
from redress.domain.procedure import Limit, PauseGround, Procedure, RulesSnapshot, Stage, StageName
from redress.domain.remedies import Remedies
from redress.domain.requests import Requests
from redress.domain.routes import ROUTE_DECISION, Routes
from redress.domain.strikes import Strikes
from redress.domain.words import asked_about_entry, entry_stage, plain, questions_of

Act = Callable[["ComplaintState", LogEntry], Outcome]
"""What carries out a message on a state: `redress.domain.actions.act`."""


NEXT_SITTING: dict[str, Any] = {
    "name": "panel_sitting",
    "title": "Next sitting of the Review Panel",
    "kind": "target",
    "late_letters": [],
    "says": "By {day} your Review Panel sits again.",
}
"""How an adjourned panel's next sitting differs from its meeting, whose limit the first has met."""


class ComplaintState:
    """One complaint after some of its messages, on one day. Use it once, in the order of dates."""

    def __init__(
        self, rules: RulesSnapshot, opening: Opening, act: Act, opened_under: Procedure | None = None
    ) -> None:
        """`opened_under`: the procedure it followed before it was moved; left out: that of `rules`."""
        self._act = act
        self.rules = rules
        self.procedure = rules.procedure
        self.opening = opening
        self.entry = entry_stage(rules.procedure, opening)
        self.position = Position(rules.procedure, self.entry)
        self.deadlines = Deadlines(rules, self.position, opening.received_on)
        self.ledger, self.running = self.deadlines.ledger, self.deadlines.running
        self.latest, self.reached = self.deadlines.latest, self.deadlines.reached
        self.points = Points(opening.points)
        self.complainants = Complainants(opening)
        self.people = People(opening.advocate)
        self.requests = Requests()
        self.contacts = Contacts()
        self.attempts = Attempts()
        self.contact_log = ContactLog()
        self.strikes = Strikes({})
        self.links = Links()
        self.loaded = 0
        self.letters_of_stages: dict[str, set[str]] = {}  # what for, by template, also of earlier procedures
        self.letters_of_drafts: frozenset[str] = frozenset()  # the names that drafts can have had
        self.was_moved = False  # whether any move to another procedure ever came, struck out or not
        chosen = opened_under or rules.procedure
        self.opened_under = chosen.name
        self.routes = Routes(chosen, opening)
        self.effects = EffectLog(self.deadlines, opening.events_on or opening.received_on)
        self.outcomes: dict[int, Outcome] = {}
        self.granted: frozenset[int] = frozenset()  # extensions that were given before a correction
        self.capped: dict[int, date] = {}  # those that a correction has cut to the most allowed
        self.irregular: list[Irregular] = []
        self.answers = Answers(self.deadlines)
        self.remedies = Remedies(self.deadlines)
        self.drafts = Drafts(self.deadlines)
        self.enclosures = Enclosures(self.deadlines)
        self.notes = 0
        self.referred_on: date | None = None
        self.ombudsman = Ombudsman()
        self.pause_ran_out = False  # whether the latest pause of the whole has ended by itself
        self.panel_on: date | None = None
        self.attendance = Attendance()
        self.contact_restricted_until: date | None = None
        asked = questions_of(rules.procedure, opening)
        self.questions = [question for question in asked if question.decides]
        self.to_ask = [question for question in asked if not question.decides]
        self.to_ask += asked_about_entry(rules.procedure, opening, self.entry)
        self.deadlines.reach("received", opening.received_on)
        self.deadlines.reach(f"requested:{self.entry}", opening.received_on)
        self.ask_about_advocate()
        if self.questions:
            self._question()
        if self.routes.ask(self.points.all, opening=True):
            self._ask_about_route(chosen.limit.get("acknowledgement"))

    # --- what is read of it ----------------------------------------------------------------------

    @property
    def day(self) -> date:
        return self.deadlines.day

    @property
    def stage(self) -> StageName:
        return self.position.stage

    @property
    def current_stage(self) -> StageName:
        return self.position.current_stage

    @property
    def stage_rules(self) -> Stage:
        """What the procedure says of that stage."""
        return self.procedure.stage[self.position.current_stage]

    @property
    def state(self) -> OpenOrClosed:
        return self.position.state

    @property
    def closed_on(self) -> date | None:
        return self.position.closed_on

    @property
    def closed_as(self) -> Ending | None:
        return self.position.closed_as

    @property
    def calendar(self) -> Calendar:
        """The calendar that its dates are counted with today."""
        return self.deadlines.calendar

    def is_past(self, entry: LogEntry) -> bool:
        """Whether a message came with the opening: it tells of a case already under way."""
        return entry.seq < self.loaded

    def ask_about_advocate(self) -> bool:
        """Ask the Complaints Manager where the advocate has a part in the matter; whether there is cause."""
        asked = advocate_conflict(self)
        self.to_ask = [question for question in self.to_ask if question.name != "advocate_conflict"]
        if asked is not None:
            self.to_ask.append(asked)
        return asked is not None

    # --- time and messages -----------------------------------------------------------------------

    def advance(self, to: date) -> None:
        """Let time pass up to and including the morning of `to`."""
        while (deadline := self.deadlines.next_to_wake(to)) is not None:
            self.effects.by_clock = True
            if deadline.paused_on is not None:
                deadline.resume(self.calendar, self.day)
            else:
                self._wake(deadline)
            self._go_on()
            self.answers.settle_windows(self.numbers)
            self.effects.by_clock = False
            self.effects.add_next_steps()

    def _wake(self, deadline: Deadline) -> None:
        reminders, number = len(deadline.limit.remind), deadline.notices
        deadline.notices += 1
        deadline.arm(self.deadlines.calendar, self.deadlines.day)
        if deadline.limit is APPROVAL:
            self._ask_another_approver(deadline)
            return
        if number < reminders:
            self._remind(deadline, number)
        elif number > reminders:
            if deadline.limit.follows is None:
                self.effects.chase()
        elif deadline.limit.kind == "window":
            if not self.waits_for_letter(deadline):  # else it rests from now on
                self._lapse(deadline)
        else:
            self._run_out(deadline)

    def _lapse(self, window: Deadline) -> None:
        self.deadlines.lapse(window)
        if window.limit.lapse == "close" and not self.anything_is_owed:
            self._end_window()

    def _remind(self, deadline: Deadline, number: int) -> None:
        """Whoever owes it; of a window whoever can still use it: of several people it may be some alone."""
        if deadline.limit.kind != "window" or deadline.owner != "complainant" or len(self.numbers) < 2:
            self.effects.remind(deadline, number)
            return
        still = [n for n in self.numbers if self.own_window(deadline, n).state == "running"]
        if still:
            alone = {} if len(still) == len(self.numbers) else self.only_to(still)
            self.effects.remind(deadline, number, **alone)

    def _ask_another_approver(self, deadline: Deadline) -> None:
        """Nobody has approved a letter in time: the next is asked; on the limit's last day urgently."""
        deadline.ran_out_on = deadline.due_on
        letter = self.drafts.pass_on()
        if letter:
            self.effects.notify(letter, deadline, deadline.notices)

    @property
    def anything_is_owed(self) -> bool:
        """Whether a point still has no answer: then no window ends the complaint."""
        answers = self.answers
        is_owed = answers.is_owed(self.stage_rules) or answers.behind_is_owed
        return is_owed or bool(self.points.suspended)

    def _end_window(self) -> None:
        """Nobody asked for the next stage in time; who did so too early is asked once more, by a person."""
        if not (self.requests.early and self.keeps_early(self.stage_rules)):
            self.close("lapsed", "closure")
            return
        self.deadlines.reach("early_unanswered", self.day)
        self.effects.notify("decision_needed", self.latest["early_request_decision"])

    def _run_out(self, deadline: Deadline) -> None:
        deadline.ran_out_on = deadline.due_on
        is_target = deadline.limit.kind == "target"
        if not is_target:
            deadline.breached_on = deadline.due_on
            if deadline.limit.follows is not None:
                return  # another reading of a limit that speaks for itself
            self.effects.breach(deadline)
        for letter in deadline.limit.late_letters:
            self.effects.notify(letter, deadline)
        self.effects.notify("target_passed" if is_target else "breach_notice", deadline)
        self.retry_waiting()

    def apply(self, entry: LogEntry) -> None:
        """Take one message; none dated earlier may follow. What became of it stands in `outcomes`."""
        self.advance(entry.message.on)
        self.effects.heard.append(entry)
        stage, working = self.current_stage, at_work(self)
        self.outcomes[entry.seq] = self._act(self, entry)
        tell_of_the_end(self, entry, stage, working)
        self._go_on()
        self.answers.settle_windows(self.numbers)
        self._see_to_drafts(entry)
        self.effects.add_next_steps()

    def _see_to_drafts(self, entry: LogEntry) -> None:
        """What changed voids approvals, a draft that would say nothing any more goes, and dates follow."""
        self.drafts.void(entry, self.outcomes[entry.seq])
        for draft in self.drafts.open:
            message = draft.entry.message
            amends = isinstance(message, Respond) and message.amends is not None
            is_decided = (
                not self.requests.late if isinstance(message, DecideLate) else self.closed_on is not None
            )
            if is_decided and not amends:
                draft.withdrawn = "what it would say has been overtaken"
                self.outcomes[draft.entry.seq] = Outcome("overtaken", draft.withdrawn, self.day)
        self.drafts.owe()
        self.enclosures.owe()

    def retry_waiting(self) -> None:
        """Try again what waits: something has moved."""
        for entry in self.requests.take_waiting():
            self.requests.is_retry = True
            outcome = self._act(self, entry)
            self.requests.is_retry = False
            since = None if outcome.outcome == "pending" else self.day
            self.outcomes[entry.seq] = outcome._replace(since=since)

    def note_irregular(self, entry: LogEntry, what: str) -> None:
        """Record what should have been there before this message and was not."""
        irregular = Irregular(entry.seq, entry.message.action, entry.message.on, what)
        if irregular not in self.irregular:
            self.irregular.append(irregular)

    def expect(self, entry: LogEntry, milestone: str) -> None:
        """Note as irregular what the procedure expects before `milestone` and has not been reached."""
        for before in self.procedure.expects.get(milestone, ()):
            if before not in self.reached:
                self.note_irregular(entry, f"{plain(before)} is not recorded")

    def may_take_points(self) -> bool:
        """Whether new points join the stage that runs: not once it is answered, or its report is in."""
        stage = self.stage_rules
        has_report = stage.name == "stage_2" and "reported:investigation" in self.reached
        return stage.name not in self.answers.on and stage.name != "stage_3" and not has_report

    @property
    def may_reword_points(self) -> bool:
        """Whether an agreed statement words the points anew: what an answer is about stays as it is."""
        return self.current_stage not in self.answers.on and self.current_stage != "stage_3"

    # --- stages ----------------------------------------------------------------------------------

    def take(self, entry: LogEntry) -> None:
        """The matter is taken under the procedure: it is at the stage that it enters by."""
        self.position.enter(self.entry)
        self.deadlines.reach("decided", self.day, assumed=entry.assumed)

    def take_undecided(self, entry: LogEntry) -> None:
        """The same where nobody has decided it, and something came that only a taken matter has."""
        self.note_irregular(entry, "whether the matter is taken was not decided")
        self.take(entry)

    def _question(self) -> None:
        """A person has to decide whether the matter is taken."""
        self.position.stage = "intake"
        self.deadlines.reach("questioned", self.day)

    def _ask_about_route(self, by: Limit | None = None) -> None:
        """A person is to say by which route it goes on, by the day of a limit; nothing waits for that."""
        limit = self.procedure.limit.get(ROUTE_DECISION)
        if limit is not None:
            by = by or limit
            last = limit.model_copy(update={"days": by.days, "unit": by.unit})
            self.deadlines.start(last, self.day, last.days)

    def ask_about_points(self, added: Sequence[str], entry: LogEntry) -> None:
        """New points may suggest another route: the manager is asked of them too."""
        if not self.routes.ask(self.points.all[-len(added) :]):
            return
        runs = self.latest.get(ROUTE_DECISION)
        if runs is None or not runs.is_open:
            self._ask_about_route()
        if ROUTE_DECISION in self.latest:
            questions: list[Fact] = [each.asked for each in self.routes]
            self.effects.ask_owner(self.latest[ROUTE_DECISION], entry, questions=questions)

    def decide_route(self, entry: LogEntry) -> bool:
        """It is said by which route the matter goes on, as a whole; whether anybody had asked."""
        was_asked = bool(self.routes.open)
        self.routes.decide(self.procedure.name)
        self._route_is_decided(entry)
        return was_asked

    def split_route(self, entry: LogEntry) -> None:
        """Points have left by another route; what was asked of these alone is decided."""
        self.routes.split({point.number for point in self.points.all if point.is_gone})
        if not self.routes.open:
            self._route_is_decided(entry)

    def _route_is_decided(self, entry: LogEntry) -> None:
        asked = self.latest.get(ROUTE_DECISION)
        if asked is not None and asked.is_open:
            self.deadlines.meet(asked, self.day, assumed=entry.assumed)

    def open_stage(self, name: StageName, entry: LogEntry, counts_from: date) -> None:
        """Go to a stage: what ran in the last one stops, what belongs to this one starts."""
        self._settle_late(Outcome("applied", "the stage asked for was opened", self.day))
        self.answers.end_windows_before(name, entry.message.on, assumed=entry.assumed)
        for early in self.requests.take_early():
            self.outcomes[early.seq] = Outcome("applied", "it was asked for again", self.day)
        before, left = self.stage_rules, self._left_unanswered(entry)
        self.position.enter(name)
        if isinstance(entry.message, Escalate):
            self.requests.opened(name, entry.message.on)
            self.requests.asked_by[name] = self.askers([entry])
            self.requests.opened_by[name] = entry
            for remark in self.points.take_on(entry.message.points):
                self.note_irregular(entry, remark)
        self.answers.leave(before.name, left)
        resting = {point.number for point in self.points.all if point.state == "resting"}
        owed = f"answered:{before.name}" if left & resting else ""
        self.deadlines.stop(self.day, closing=False, keep=owed)
        self.deadlines.reach(f"requested:{name}", counts_from, assumed=entry.assumed)
        self.deadlines.reach_what_came_early()
        opening_letter = self.procedure.stage[name].opening_letter
        if opening_letter:
            asked_by = self.asked_by(self.requests.asked_by.get(name, ()))
            self.effects.send(opening_letter, entry, once=True, **asked_by)
        self.retry_waiting()

    def _left_unanswered(self, entry: LogEntry) -> set[int]:
        """The points that a request leaves without the answer that was owed to them at the present stage."""
        stage, message = self.stage_rules, entry.message
        skipped = isinstance(message, Escalate) and message.agreed_by_authority and stage.skip_by_agreement
        if skipped or stage.ask_any_time or stage.name == "informal" or stage.name in self.answers.on:
            return set()
        return {point.number for point in self.unanswered(stage.name)}

    def unanswered(self, stage: StageName) -> list[Point]:
        """The points that a stage still has to answer: those at issue, or those that an earlier one left."""
        if stage == self.current_stage:
            answered = self.answers.answered(stage)
            return [point for point in self.points.open if point.number not in answered]
        left = self.answers.left.get(stage, set())
        waits = [point for point in self.points.all if point.number in left]
        return [point for point in waits if point.state != "suspended" and not point.is_gone]

    # --- suspending, closing, reopening ----------------------------------------------------------

    def suspend(self, ground: PauseGround) -> bool:
        """The whole complaint rests, and every limit that this ground stops; whether it stops any."""
        self.deadlines.pause(ground)
        self.pause_ran_out = False
        if self.deadlines.pause_is_over:
            self.deadlines.pause_ground = None
            self.position.open()
            return False
        self.position.state = "suspended"
        return True

    def suspend_points(self, points: Sequence[Point]) -> None:
        """Some points rest; no clock does."""
        self.points.suspend(points)
        self.pause_ran_out = False

    def _go_on(self) -> None:
        """Open again what was paused until the most allowed is used up, or what was paused is answered.

        The review that was promised stays for as long as something is owed that the pause has moved.
        """
        if self.deadlines.pause_is_over and self.state == "suspended":
            self.resume()
            self.pause_ran_out = True
            if self.effects.by_clock:
                self.effects.resume()
        review = self.latest.get("suspension_review")
        if review is None or not review.is_open or not self.pause_ran_out or self.points.suspended:
            return
        if not any(deadline.pauses for deadline in self.running):
            self.deadlines.stop_one(review)

    def resume(self) -> None:
        """The whole complaint goes on: its limits move by the days lost."""
        self.position.open()
        self.deadlines.resume(self.day)

    def close(self, closed_as: Ending, letter: str, entry: LogEntry | None = None, **more: Fact) -> None:
        """Close the complaint today; what outlives it (remedies, a late request) goes on.

        `letter` says so, none where it is empty; without `entry` it is time that closes it.
        """
        on, stage = self.day, self.stage
        self.position.close(on, closed_as)
        self.deadlines.stop(on, closing=True)
        self.deadlines.pause_ground = None
        self.points.end_suspension()
        reason = f"the complaint was closed as {closed_as.replace('_', ' ')} before its day came"
        for waits in self.requests.take_all():
            self.outcomes[waits.seq] = Outcome("overtaken", reason, on)
        if letter:
            facts: dict[str, Fact] = {"closed_on": on.isoformat(), "closed_as": closed_as, "stage": stage}
            self.effects.close(letter, entry, facts | more)

    def reopen(self, entry: LogEntry, *, keep: bool = False) -> None:
        """Take a closed complaint up again: the answer at the stage where it ended is owed anew.

        `keep`: to the points alone that had none.
        """
        self.position.open()
        self.position.stage = self.current_stage
        self.answers.owe_anew(self.stage_rules, self.day, keep=keep)
        if self.questions and "decided" not in self.reached:
            self._question()
        if self.routes.open:
            self._ask_about_route()
        self.deadlines.reach("reopened", self.day, assumed=entry.assumed)

    def take_up(self, entry: LogEntry) -> None:
        """A complaint that stopped for no fault of the person's goes on: nothing of theirs comes too late.

        Where the stage was answered, the time to ask for the next one begins anew; else the answer is owed.
        """
        if self.current_stage not in self.answers.on:
            self.reopen(entry, keep=True)
            return
        self.position.open()
        self.position.stage = self.current_stage
        self.answers.begin_windows_anew(self.stage_rules)

    def go_back(self, stage: Stage) -> None:
        """A later stage is not wanted any more: what was owed and open at the one before it is again."""
        self.deadlines.stop(self.day, closing=False)
        self.deadlines.forget(f"requested:{self.stage}")
        self.position.enter(stage.name)
        self.points.return_to(stage.name, answered=stage.name in self.answers.on)
        self.answers.left.pop(stage.name, None)
        came_late = self.answers.answered(stage.name) and stage.name not in self.answers.on
        if came_late and not self.unanswered(stage.name):
            self.answers.take_back_late(stage)
        else:
            self.answers.resume_stage(stage)

    def change_complainant(self, complainant: Contact) -> None:
        """Somebody else goes on with it, in the place of whoever died last; else of the first.

        An advocate was the choice of the person before.
        """
        self.people.drop_advocate(self.complainants.replace(complainant))
        first, *others = [each.contact for each in self.complainants.all]
        self.opening = self.opening.model_copy(update={"complainant": first, "also_complaining": others})

    # --- several people ----------------------------------------------------------------------------

    def asker(self, message: Message) -> int | None:
        """The number of whoever of several people a message is about; None: all of them."""
        person = getattr(message, "person", None)
        found = self.complainants.find(person) if isinstance(person, str) else None
        return found.number if isinstance(found, Complainant) else None

    def askers(self, entries: Iterable[LogEntry]) -> set[int]:
        """The numbers of those who ask for something by these messages."""
        asked = [self.asker(entry.message) for entry in entries]
        everybody = {each.number for each in self.complainants.present}
        return everybody if None in asked else {number for number in asked if number is not None}

    def asked_by(self, numbers: Collection[int]) -> WhoReads:
        """Who asked, as a fact of a letter to all: it is not told to the others as theirs."""
        return {"asked_by": [*sorted(numbers)]} if self.complainants.are_several else {}

    def only_to(self, numbers: Collection[int]) -> WhoReads:
        """To whom alone a letter goes, as a fact of it."""
        return {"to_people": [*sorted(numbers)]} if self.complainants.are_several else {}

    @property
    def numbers(self) -> list[int]:
        """The numbers of those who complain still; of somebody who is not known, 1."""
        return [each.number for each in self.complainants.present] or [1]

    def own_window(self, window: Deadline, number: int) -> OwnWindow:
        """A window for one of several people, from their own receipt; of one person, the window itself."""
        own = self.answers.own_window(window, number)
        if len(self.complainants.present) < 2 and own.state != "not_begun":
            return own._replace(counts_from=window.counts_from, last_day=window.due_on)
        return own

    def waits_for_letter(self, window: Deadline) -> bool:
        """Whether the answer that a window counts from has not left for somebody who complains still."""
        stage = window.limit.stage
        return any(self.answers.is_undelivered(stage, number) for number in self.numbers)

    def own_time_has_passed(self, stage: Stage, number: int | None) -> bool:
        """Whether one of several people can no longer ask in time, though others still can."""
        if number is None or len(self.complainants.present) < 2:
            return False
        return self.answers.own_time_has_passed(stage, number)

    def drop_requests_of(self, number: int, reason: str) -> bool:
        """One of several people asks for the next stage no more; whether they had, too early or too late."""
        dropped: list[LogEntry] = []
        for waits, decided in (
            (self.requests.waiting, ""),
            (self.requests.early, "early_decided"),
            (self.requests.late, "late_decided"),
        ):
            theirs = [entry for entry in waits if self.asker(entry.message) == number]
            waits[:] = [entry for entry in waits if entry not in theirs]
            if theirs and decided and not waits:
                self.deadlines.reach(decided, self.day)
            dropped += theirs
        self.outcomes |= {entry.seq: Outcome("overtaken", reason, self.day) for entry in dropped}
        return bool(dropped)

    def refer(self, approached_by: ApproachedBy) -> None:
        """The matter goes to the Ombudsman; an open complaint stays where it is, and goes on."""
        self.referred_on = self.day
        self.ombudsman.approaches.append(Approach(self.day, approached_by))
        if self.closed_on is not None:
            self.position.refer()
        self.deadlines.reach("referred", self.day)

    def return_from_ombudsman(self, *, assumed: bool) -> None:
        """The Ombudsman has decided: what was sent back as premature can be referred again."""
        self.referred_on = None
        self.deadlines.reach("ombudsman_decided", self.day, assumed=assumed)

    def begin_round(self, stage: StageName, entry: LogEntry, counts_from: date) -> None:
        """The Ombudsman brings a stage back: it, and what came after it, is gone through once more.

        The appointments of these stages have ended; who held them may be appointed no more than before.
        """
        first = self.procedure.order[stage]
        later = [s.name for s in self.procedure.stages if self.procedure.order[s.name] > first]
        stages = [stage, *(s for s in later if f"requested:{s}" in self.reached)]
        self._settle_late(Outcome("overtaken", "the Ombudsman brought a stage back", self.day))
        self.deadlines.begin_round(stages)
        self.answers.begin_round(stages)
        roles = [rule.role for rule in self.procedure.roles if rule.stage in stages]
        self.people.end(roles, entry.message.on)
        self.position.enter(stage)
        self._forget_the_end()
        if "stage_3" in stages:
            self.panel_on = None
            self.attendance = Attendance()
        self.points.bring_back(stages)
        self.deadlines.reach(f"requested:{stage}", counts_from, assumed=entry.assumed)
        if not self.answers.is_under_way(self.stage_rules):
            self.answers.owe_anew(self.stage_rules, counts_from)

    def take_back(self, entry: LogEntry, counts_from: date) -> None:
        """A closed complaint is sent back: the answer is owed, or the next stage may be asked for."""
        self.position.open()
        self.position.stage = self.current_stage
        self._forget_the_end()
        if self.questions and "decided" not in self.reached:
            self._question()
        if self.routes.open:
            self._ask_about_route()
        if self.stage_rules.name in self.answers.on:
            self.answers.begin_windows_anew(self.stage_rules, counts_from)
        else:
            self.answers.owe_anew(self.stage_rules, counts_from)
        self.deadlines.reach("reopened", self.day, assumed=entry.assumed)

    def _forget_the_end(self) -> None:
        """The Ombudsman's decision ends nothing where the complaint goes on here."""
        self.reached.pop("ombudsman_decided", None)

    # --- requests --------------------------------------------------------------------------------

    def wait(self, entry: LogEntry, reason: str) -> Outcome:
        """Keep a message that came too early, until its day comes."""
        self.requests.waiting.append(entry)
        return pending(reason)

    def wait_for_stage(self, entry: LogEntry, reason: str) -> Outcome:
        """Keep an answer whole that does not say which stage it answers, and ask the Complaints Manager."""
        self.requests.stageless.append(entry)
        self.effects.send("answer_stage_needed", entry, message_id=entry.message.message_id)
        return pending(reason)

    def keeps_early(self, stage: Stage) -> bool:
        """Whether a request for the stage after this one is kept until this one is answered."""
        return stage.next == "stage_3" and "early_request_decision" in self.procedure.limit

    def wait_for_adjudication(self, entry: LogEntry) -> Outcome:
        """Keep a request for a Review Panel that came before the adjudication."""
        self.requests.early.append(entry)
        if not self.requests.is_retry:
            to_asker = self.only_to(self.askers([entry]))
            self.effects.send("request_waits", entry, why="adjudication", **to_asker)
        return pending("It came before the adjudication: after it the person is asked (decide_early).")

    def ask_about_early_requests(self, entry: LogEntry) -> None:
        """The adjudication is there: whoever asked for a panel before it is asked whether they want one."""
        for request in self.requests.early[:1]:
            asked_on = request.message.on.isoformat()
            to_askers = self.only_to(self.askers(self.requests.early))
            self.effects.send("early_request_question", entry, asked_on=asked_on, **to_askers)

    def wait_for_decision(self, entry: LogEntry) -> None:
        """Keep a request that came after its window, until a person has decided on it."""
        if not self.requests.late:
            self.deadlines.reach("late_request", entry.message.on)
            self.effects.ask_owner(self.latest["late_request_decision"], entry)
        self.requests.late.append(entry)

    def decide_late_requests(self, outcome: Outcome, *, assumed: bool = False) -> list[LogEntry]:
        """Every late request has this outcome from now on; gives them."""
        requests = self.requests.take_late()
        for request in requests:
            self.outcomes[request.seq] = outcome
        self.deadlines.reach("late_decided", self.day, assumed=assumed)
        return requests

    def _settle_late(self, outcome: Outcome) -> bool:
        """Late requests for a stage have this outcome, new points wait on."""
        points = [entry for entry in self.requests.late if not isinstance(entry.message, Escalate)]
        asked = [entry for entry in self.requests.late if entry not in points]
        if not points and asked:
            self.decide_late_requests(outcome)
        self.requests.late = points
        self.outcomes |= {entry.seq: outcome for entry in asked}
        return bool(asked)

    def drop_requests(self, reason: str) -> bool:
        """Nobody asks for the next stage any more; whether anybody had, too early or too late."""
        asked = [entry for entry in self.requests.waiting if isinstance(entry.message, Escalate)]
        for entry in asked:
            self.requests.waiting.remove(entry)
            self.outcomes[entry.seq] = Outcome("overtaken", reason, self.day)
        late = self._settle_late(Outcome("overtaken", reason, self.day))
        return bool(asked) or late

    def drop_early_requests(self, reason: str) -> bool:
        """Nobody asks for a Review Panel any more; whether anybody had, before the adjudication."""
        early = self.requests.take_early()
        self.outcomes |= {entry.seq: Outcome("overtaken", reason, self.day) for entry in early}
        if early:
            self.deadlines.reach("early_decided", self.day)
        return bool(early)

    # --- panel, contact, notes -----------------------------------------------------------------------

    def restrict_contact(self, until: date) -> None:
        """Replies stop until a day, on which that is reviewed."""
        self.deadlines.renew_until(self.procedure.limit["contact_review"], self.day, until)
        self.contact_restricted_until = until

    def adjourn_panel(self, on: date, until: date, *, assumed: bool) -> None:
        """The first sitting meets the limit; what counts from the panel waits for the one that ends it."""
        self.deadlines.meet_all("panel_held", on, assumed=assumed)
        limit = self.procedure.limit["panel_meeting"].model_copy(update=NEXT_SITTING)
        self.deadlines.renew_until(limit, on, until)
        self.panel_on = until

    def hold_panel(self, on: date, *, assumed: bool) -> None:
        """A sitting that ends the panel; it may be the only one."""
        sitting = self.latest.get(NEXT_SITTING["name"])
        if sitting is not None and sitting.is_open:
            self.deadlines.meet(sitting, on, assumed=assumed)

    def call_panel(self, meeting_on: date, on: date, *, assumed: bool) -> None:
        """The panel is called, on a day and for another; what is owed before it counts back from there."""
        self.deadlines.reach("panel_scheduled", on, counts_from=meeting_on, assumed=assumed)
        self.panel_on = meeting_on

    def add_note(self) -> None:
        """There is one note more in the file."""
        self.notes += 1
