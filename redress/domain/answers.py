"""The answers of a complaint: which stages have one, and how long the next may be asked for after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

from redress.domain.deadline import Deadline, count, last_day_from
from redress.domain.deadlines import Deadlines
from redress.domain.drafts import READERS
from redress.domain.effects import letter_mark
from redress.domain.log import LogEntry
from redress.domain.messages import Respond
from redress.domain.procedure import Limit, Stage, StageName


class GivenAnswer(NamedTuple):
    """One answer that was given: at which stage, when, to which points, and what it said."""

    stage: StageName
    on: date
    points: frozenset[int]
    content: str


class AnswerLetter(NamedTuple):
    """The letter with an answer: of which message, at which stage, on which points, and when it left.

    `left`: the London date on which it left, as it is assumed until something else is known. `copies`: by the
    number of each of those who complain the mark of the copy by which they have it: their own, for want of
    one their advocate's. `left_later`: when the copies of some left that did so on another day.
    """

    entry: LogEntry
    stage: StageName
    points: frozenset[int]
    key: str
    left: date
    copies: Mapping[int, str]
    left_later: Mapping[int, date] = MappingProxyType({})

    @property
    def marks(self) -> tuple[str, ...]:
        """What all its copies are called."""
        return tuple(letter_mark(self.key, role) for role in READERS)

    def had_by(self, mark: str) -> int | None:
        """The number of whoever has the answer by this copy; None: it says of nobody whether they have it."""
        return next((number for number, copy in self.copies.items() if copy == mark), None)

    def left_for(self, number: int) -> date:
        """The London date on which somebody's copy left, as far as is known."""
        return self.left_later.get(number, self.left)

    def left_on(self, mark: str) -> date:
        """The same of a copy."""
        number = self.had_by(mark)
        return self.left if number is None else self.left_for(number)


@dataclass(slots=True, eq=False)
class AnswerRecord:
    """An answer as it stands in the list of all of them.

    `round`: which time its stage was gone through. `amends`: the id of the message of the answer that it
    amends. `letter`: the one that Redress writes, None where the authority's own has gone. `left` and `had`:
    for each of those who complain, by number, when it left for them and when they have it.
    """

    message: Respond
    answer: GivenAnswer
    round: int
    amends: str | None
    letter: AnswerLetter | None
    left: dict[int, date]
    had: dict[int, date]


class OwnWindow(NamedTuple):
    """A window as it is for one of several people, in London dates: day 0, and the last day in time.

    `not_begun`: their copy of the letter with the answer has not left, so that neither date counts.
    """

    counts_from: date
    last_day: date
    state: Literal["not_begun", "running", "paused", "lapsed"]


class GivenBy(NamedTuple):
    """Who gave an answer, at which stage, the how manieth time that was gone through."""

    stage: StageName
    round: int
    person: str


class Answers:
    """What has been answered in one complaint, and what is owed once more.

    `on`: the stages whose every point at issue has its answer, and the day of the last. `received`: when the
    person had the last answer of a stage; of several people the last of them. `receipts`: when each of them
    had it, by number; `leavings`: when the letter with it left for them. `points`: the numbers of those that
    were answered at each stage.
    `left`: those that had no answer when the next stage was asked for because it was late. `given`: every
    answer of the present rounds by the id of its message. `all`: those of all rounds, in the order they were
    given. `by`: who gave an answer, of all rounds.
    `letters`: those that Redress writes about the answers of the present rounds, by their keys; `failed`: the
    marks of copies that failed or came back, and did not leave since.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.on: dict[StageName, date] = {}
        self.received: dict[StageName, date] = {}
        self.receipts: dict[StageName, dict[int, date]] = {}
        self.leavings: dict[StageName, dict[int, date]] = {}
        self.points: dict[StageName, set[int]] = {}
        self.left: dict[StageName, set[int]] = {}
        self.given: dict[str, GivenAnswer] = {}
        self.all: list[AnswerRecord] = []
        self.by: list[GivenBy] = []
        self.letters: dict[str, AnswerLetter] = {}
        self.failed: set[str] = set()

    def record(
        self,
        message: Respond,
        answer: GivenAnswer,
        letter: AnswerLetter | None,
        left: date,
        receipts: Mapping[int, date],
        amends: str | None,
    ) -> None:
        """An answer was given; it left on a day, and each of those who complain has it on one, by number.

        `letter`: the one that Redress writes about it.
        """
        stage, received = answer.stage, max(receipts.values())
        if letter is None:
            self.replace_letters(stage, answer.points)
        else:
            self.put_letter(letter)
        leavings, round_ = dict.fromkeys(receipts, left), self._deadlines.round_of(stage)
        _keep_latest(self.leavings, stage, leavings)
        _keep_latest(self.receipts, stage, receipts)
        self.all.append(AnswerRecord(message, answer, round_, amends, letter, leavings, {**receipts}))
        self.given[message.message_id] = answer
        self.points.setdefault(stage, set()).update(answer.points)
        self.left.get(stage, set()).difference_update(answer.points)
        self.received[stage] = max(received, self.received.get(stage, received))
        self.by.append(GivenBy(stage, round_, message.by))

    def were_given_by(self, person: str, stage: StageName) -> bool:
        """Whether somebody has answered another stage before, or this one before it was brought back."""
        present = (stage, self._deadlines.round_of(stage))
        return bool(person) and any(by == person and present != (at, round) for at, round, by in self.by)

    def begin_round(self, stages: Collection[StageName]) -> None:
        """These stages are gone through anew: answers are owed once more, and none of before is amended."""
        for stage in stages:
            for known in (self.on, self.received, self.receipts, self.leavings, self.points, self.left):
                known.pop(stage, None)
        for message_id, answer in [*self.given.items()]:
            if answer.stage in stages:
                del self.given[message_id]
        self.letters = {key: each for key, each in self.letters.items() if each.stage not in stages}

    def answered(self, stage: StageName) -> set[int]:
        """The numbers of the points that have been answered at a stage."""
        return self.points.get(stage, set())

    def leave(self, stage: StageName, unanswered: Iterable[int]) -> None:
        """The next stage was asked for though these points have had no answer at this one."""
        self.left[stage] = set(unanswered)

    @property
    def never_came(self) -> list[StageName]:
        """The earlier stages that owe an answer still."""
        return [stage for stage, points in self.left.items() if points]

    @property
    def behind_is_owed(self) -> bool:
        """Whether the limit of an earlier stage runs on, for points that went to no later one."""
        stages = self._deadlines.procedure.stage
        return any(self.is_owed(stages[stage]) for stage in self.never_came)

    def owe_anew(self, stage: Stage, from_day: date, *, keep: bool = False) -> None:
        """The answer at a stage is owed once more, counted from a day; `keep`: to further points only.

        Where something comes before it, as the Review Panel before the final response, that is owed.
        """
        self.on.pop(stage.name, None)
        if not keep:
            self.points.pop(stage.name, None)
        limit = self._owed_first(stage)
        due_on = count(self._deadlines.calendar, limit, from_day, limit.days)
        self._deadlines.run(Deadline(limit, limit.name, from_day, due_on, limit.days))

    def _owed_first(self, stage: Stage) -> Limit:
        """The limit of the answer at a stage; of what it counts from, where that has not happened."""
        procedure = self._deadlines.procedure
        limit = procedure.limit[stage.response]
        begins = limit.provisionally_from
        if begins is None or begins in self._deadlines.reached:
            return limit
        before = [procedure.limit[name] for name in procedure.meeting.get(begins, ())]
        return next((each for each in before if each.stage == stage.name), limit)

    def is_under_way(self, stage: Stage) -> bool:
        """Whether the answer at a stage, or what comes before it, is owed already."""
        latest = self._deadlines.latest
        names = {stage.response, self._owed_first(stage).name}
        return any(latest[name].is_open for name in names if name in latest)

    def is_owed(self, stage: Stage) -> bool:
        """Whether an answer at a stage is still owed: then no window of an earlier one ends the complaint."""
        response = self._deadlines.latest.get(stage.response)
        return response is not None and response.is_open

    def window_has_passed(self, stage: Stage) -> bool:
        """Whether the window to ask for the next stage passed, though the complaint still goes on.

        Where an answer is owed anew it does not count: there is a new window after that answer.
        """
        return not self.is_owed(stage) and any(d.lapsed_on is not None for d in self._windows_after(stage))

    def may_ask_until(self, stage: Stage, on: date, people: Collection[int]) -> bool:
        """Whether a day lies in the window that an answer at a stage has begun, though it has ended since.

        `people`: the numbers of those of whom any may ask.
        """
        windows = self._windows_after(stage)
        is_held = bool(windows) and any(self.is_undelivered(stage.name, number) for number in people)
        return is_held or any(
            on <= self.own_window(window, number).last_day for window in windows for number in people
        )

    def own_window(self, window: Deadline, number: int) -> OwnWindow:
        """A window as it runs for one of several people: from when their own copy left, or they had it.

        That of the last of them closes it. One that was begun anew for another reason is the same for all.
        """
        stage, starts = window.limit.stage, window.limit.starts
        known: Mapping[int, date] = {}
        if starts in (f"answered:{stage}", f"answer_received:{stage}"):
            known = (self.leavings if starts == f"answered:{stage}" else self.receipts).get(stage, {})
        begins, last = known.get(number, window.counts_from), window.due_on
        if window.counts_from > max(known.values(), default=window.counts_from):
            begins = window.counts_from
        if begins != window.counts_from:
            last = min(last_day_from(self._deadlines.calendar, window, begins), last)
        rests = window.paused_on is not None and not window.held and last >= window.paused_on
        if self.is_undelivered(stage, number):
            return OwnWindow(begins, last, "not_begun")
        if rests:
            return OwnWindow(begins, last, "paused")
        return OwnWindow(begins, last, "running" if last >= self._deadlines.day else "lapsed")

    def had_by_any(self, stage: StageName, people: Collection[int]) -> date:
        """When the first of these people had the last answer of a stage."""
        its = self.receipts[stage]
        return min((its[number] for number in people if number in its), default=self.received[stage])

    def own_time_has_passed(self, stage: Stage, number: int) -> bool:
        """Whether one of several people can no longer ask in time, though others still can."""
        windows = [window for window in self._windows_after(stage) if window.is_open]
        return bool(windows) and all(self.own_window(w, number).state == "lapsed" for w in windows)

    def begin_window(self, stage: Stage, received: date) -> None:
        """The person has the whole time to ask for the next stage, from the day they had an answer."""
        for window in self._deadlines.procedure.limits:
            if (
                window.kind == "window"
                and window.stage == stage.name
                and window.starts in _milestones_of(stage)
            ):
                self._deadlines.start(window, received, window.days)

    def use_window(self, stage: Stage) -> None:
        """A request made before the window stands: the window counts as used on its first day."""
        for window in self._windows_after(stage):
            if window.lapsed_on is not None:
                window.lapsed_on, window.met_on = None, window.counts_from

    def _windows_after(self, stage: Stage) -> list[Deadline]:
        latest = self._deadlines.latest
        begun = _milestones_of(stage)
        names = [w.name for w in self._deadlines.procedure.limits if w.lapse and w.starts in begun]
        return [latest[name] for name in names if name in latest]

    # --- letters that did not leave ----------------------------------------------------------------

    def letter_of(self, mark: str) -> AnswerLetter | None:
        """The letter with an answer, one copy of which has this mark."""
        return next((each for each in reversed(self.letters.values()) if mark in each.marks), None)

    def put_letter(self, letter: AnswerLetter) -> None:
        """Redress writes a letter with an answer: it takes the place of earlier ones to the same points."""
        self.replace_letters(letter.stage, letter.points)
        self.letters[letter.key] = letter

    def replace_letters(self, stage: StageName, points: frozenset[int]) -> None:
        """These points are answered anew: on the letters that answered them before nothing hangs any more."""
        replaced = [
            key for key, each in self.letters.items() if each.stage == stage and each.points <= points
        ]
        for key in replaced:
            del self.letters[key]

    def waits_to_leave(self, record: AnswerRecord, people: Collection[int]) -> bool:
        """Whether a copy of it for one of these people failed or came back, and did not leave since."""
        name = record.message.message_id
        its = [each for each in self.letters.values() if each.entry.message.message_id == name]
        its += [record.letter] if record.letter is not None else []
        return any(each.copies.get(number) in self.failed for each in its for number in people)

    def is_undelivered(self, stage: StageName, number: int) -> bool:
        """Whether somebody's copy of an answer at a stage failed or came back, and did not leave since."""
        if not self.failed:
            return False
        letters = [each for each in self.letters.values() if each.stage == stage]
        return any(each.copies.get(number) in self.failed for each in letters)

    def receive(self, letter: AnswerLetter, number: int, left: date, received: date) -> None:
        """Somebody's copy left on another day than was assumed, and they have it on a day.

        Their time to ask for the next stage counts from then, where nobody has asked for that yet.
        """
        self.letters[letter.key] = letter._replace(left_later={**letter.left_later, number: left})
        for record in self.all:
            if record.message.message_id == letter.entry.message.message_id:
                record.left[number], record.had[number] = left, received
        stage = letter.stage
        _keep_latest(self.leavings, stage, {number: left})
        _keep_latest(self.receipts, stage, {number: received})
        self.received[stage] = max(received, self.received.get(stage, received))
        if self.is_undelivered(stage, number):
            return  # what it left without is still to come
        for window in self.unused_windows(stage):
            begins = self._begins(window)
            if begins > window.counts_from:
                self._deadlines.begin_anew(window, begins)

    def settle_windows(self, people: Collection[int]) -> None:
        """No window runs for whoever's letter did not leave; then they have its whole time.

        `people`: the numbers of those who complain still. While it runs for any of them it runs on; else it
        rests until the others' letters have left.
        """
        windows = [d for d in self._deadlines.running if d.limit.kind == "window"]
        for window in windows:
            if window.limit.starts not in _begun_by(window.limit.stage):
                continue
            states = {self.own_window(window, number).state for number in people}
            if "not_begun" in states and not states & {"running", "paused"}:
                window.hold(self._deadlines.calendar, min(self._deadlines.day, window.due_on))
            elif window.held:
                self._deadlines.begin_anew(window, max(self._begins(window), window.counts_from))

    def _begins(self, window: Deadline) -> date:
        """When the time to go on begins for the last: when the answer left, or when the person had it."""
        stage = window.limit.stage
        its = self.leavings if window.limit.starts == f"answered:{stage}" else self.receipts
        return max(its.get(stage, {}).values(), default=self._deadlines.day)

    def unused_windows(self, stage: StageName) -> list[Deadline]:
        """The times to go on after an answer at a stage that nobody has used."""
        windows = [d for d in self._deadlines.latest.values() if d.limit.kind == "window"]
        return [
            d
            for d in windows
            if d.met_on is None and d.limit.stage == stage and d.limit.starts in _begun_by(stage)
        ]

    def end_windows_before(self, stage: StageName, asked_on: date, *, assumed: bool) -> None:
        """A stage is opened: the windows to ask for it have been used, on the day it was asked for.

        Asked for before the window began, it counts as used on the window's first day, or today.
        """
        deadlines = self._deadlines
        for name in deadlines.procedure.meeting.get(f"requested:{stage}", ()):
            window = deadlines.latest.get(name)
            if window is not None and window.is_open:
                on = max(asked_on, min(window.counts_from, deadlines.day))
                deadlines.meet(window, on, assumed=assumed)

    def may_go_on_after(self, stage: Stage) -> bool:
        """Whether the time to ask for the next stage runs."""
        return any(window.is_open for window in self._windows_after(stage))

    def resume_stage(self, stage: Stage) -> None:
        """A later stage is not wanted any more: an answer never given is owed again, a window runs on.

        Both have the days that they had; a window that has passed meanwhile is over.
        """
        latest = self._deadlines.latest
        if stage.name not in self.on:
            unmet = [latest[stage.response]] if stage.response in latest else []
        else:
            unmet = [window for window in self._windows_after(stage) if window.due_on >= self._deadlines.day]
        for deadline in unmet:
            self._deadlines.run_again(deadline)

    def take_back_late(self, stage: Stage) -> None:
        """The same where the answer came while the later stage ran: the time to ask begins today."""
        self.on[stage.name] = max(answer.on for answer in self.given.values() if answer.stage == stage.name)
        self.begin_windows_anew(stage)

    def begin_windows_anew(self, stage: Stage, counts_from: date | None = None) -> None:
        """The window after a stage passed during a pause: the person has it anew, from a day, else today."""
        latest = self._deadlines.latest
        begun = (*_milestones_of(stage), "informally_tried")
        windows = [w for w in self._deadlines.procedure.limits if w.kind == "window" and w.starts in begun]
        if any(latest[w.name].is_open for w in windows if w.name in latest):
            return
        for window in windows:
            if window.stage == stage.name:
                self._deadlines.start(window, counts_from or self._deadlines.day, window.days)


def _keep_latest(known: dict[StageName, dict[int, date]], stage: StageName, days: Mapping[int, date]) -> None:
    """Of two answers at a stage the later one counts, for each by their number."""
    its = known.setdefault(stage, {})
    its |= {number: max(on, its.get(number, on)) for number, on in days.items()}


def _begun_by(stage: StageName) -> tuple[str, ...]:
    """What begins the time to go on after an answer at a stage."""
    return (
        f"answered:{stage}",
        f"answer_received:{stage}",
        *(("informally_tried",) if stage == "informal" else ()),
    )


def _milestones_of(stage: Stage) -> tuple[str, str]:
    """What an answer at a stage reaches: that it was given, and that the person has it."""
    return f"answered:{stage.name}", f"answer_received:{stage.name}"
