"""The answers of a complaint: which stages have one, and how long the next may be asked for after it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from redress.domain.deadline import Deadline, count
from redress.domain.deadlines import Deadlines
from redress.domain.procedure import Stage, StageName


class Answers:
    """What has been answered in one complaint, and what is owed once more."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.on: dict[StageName, date] = {}
        self._by: dict[StageName, str] = {}

    def record(self, stage: StageName, on: date, by: str) -> None:
        """A stage has its answer, of a day and from somebody."""
        self.on[stage] = on
        self._by[stage] = by

    def were_given_by(self, person: str) -> bool:
        """Whether somebody has answered a stage before."""
        return bool(person) and person in self._by.values()

    def begin_round(self, stages: Collection[StageName]) -> None:
        """These stages are gone through anew: their answers are owed once more."""
        for stage in stages:
            self.on.pop(stage, None)

    def owe_anew(self, stage: Stage, from_day: date) -> None:
        """The answer at a stage is owed once more, counted from a day."""
        self.on.pop(stage.name, None)
        limit = self._deadlines.procedure.limit[stage.response]
        due_on = count(self._deadlines.calendar, limit, from_day, limit.days)
        self._deadlines.run(Deadline(limit, limit.name, from_day, due_on, limit.days))

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
