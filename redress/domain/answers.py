"""The answers of a complaint: which stages have one, and how long the next may be asked for after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from redress.domain.deadline import Deadline, count
from redress.domain.deadlines import Deadlines
from redress.domain.procedure import Limit, Stage, StageName


class GivenAnswer(NamedTuple):
    """One answer that was given: at which stage, when, to which points, and what it said."""

    stage: StageName
    on: date
    points: frozenset[int]
    content: str


class GivenBy(NamedTuple):
    """Who gave an answer, at which stage, the how manieth time that was gone through."""

    stage: StageName
    round: int
    person: str


class Answers:
    """What has been answered in one complaint, and what is owed once more.

    `on`: the stages whose every point at issue has its answer, and the day of the last. `received`: when the
    person had the last answer of a stage; of several people the last of them. `receipts`: when each of them
    had it, by number. `points`: the numbers of those that were answered at each stage.
    `left`: those that had no answer when the next stage was asked for because it was late. `given`: every
    answer of the present rounds by the id of its message. `by`: who gave an answer, of all rounds.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.on: dict[StageName, date] = {}
        self.received: dict[StageName, date] = {}
        self.receipts: dict[StageName, dict[int, date]] = {}
        self.points: dict[StageName, set[int]] = {}
        self.left: dict[StageName, set[int]] = {}
        self.given: dict[str, GivenAnswer] = {}
        self.by: list[GivenBy] = []

    def record(self, message_id: str, answer: GivenAnswer, receipts: Mapping[int, date], by: str) -> None:
        """An answer was given, and each of those who complain has it on a day, by number."""
        stage, received = answer.stage, max(receipts.values())
        its = self.receipts.setdefault(stage, {})
        its |= {number: max(on, its.get(number, on)) for number, on in receipts.items()}
        self.given[message_id] = answer
        self.points.setdefault(stage, set()).update(answer.points)
        self.left.get(stage, set()).difference_update(answer.points)
        self.received[stage] = max(received, self.received.get(stage, received))
        self.by.append(GivenBy(stage, self._deadlines.round_of(stage), by))

    def were_given_by(self, person: str, stage: StageName) -> bool:
        """Whether somebody has answered another stage before, or this one before it was brought back."""
        present = (stage, self._deadlines.round_of(stage))
        return bool(person) and any(by == person and present != (at, round) for at, round, by in self.by)

    def begin_round(self, stages: Collection[StageName]) -> None:
        """These stages are gone through anew: answers are owed once more, and none of before is amended."""
        for stage in stages:
            for known in (self.on, self.received, self.receipts, self.points, self.left):
                known.pop(stage, None)
        for message_id, answer in [*self.given.items()]:
            if answer.stage in stages:
                del self.given[message_id]

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

    def may_ask_until(self, stage: Stage, on: date) -> bool:
        """Whether a day lies in the window that an answer at a stage has begun, though it has ended since."""
        return any(on <= window.due_on for window in self._windows_after(stage))

    def own_last_day(self, window: Deadline, number: int) -> date:
        """The last day of a window for one of several people: it runs from when they had the answer.

        That of the last of them closes it. A window that was moved since is the same for all.
        """
        received = self.receipts.get(window.limit.stage, {}).get(number)
        begun = f"answer_received:{window.limit.stage}"
        if received is None or window.limit.starts != begun or received >= window.counts_from:
            return window.due_on
        calendar, limit = self._deadlines.calendar, window.limit
        if count(calendar, limit, window.counts_from, window.days) != window.due_on:
            return window.due_on
        return count(calendar, limit, received, window.days)

    def own_time_has_passed(self, stage: Stage, number: int) -> bool:
        """Whether one of several people can no longer ask in time, though others still can."""
        windows = [window for window in self._windows_after(stage) if window.is_open]
        today = self._deadlines.day
        return bool(windows) and all(self.own_last_day(window, number) < today for window in windows)

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


def _milestones_of(stage: Stage) -> tuple[str, str]:
    """What an answer at a stage reaches: that it was given, and that the person has it."""
    return f"answered:{stage.name}", f"answer_received:{stage.name}"
