"""A limit that runs in a case: a budget of days, a ledger of pauses, and what became of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from redress.domain.calendar import Calendar, OutsideTable
from redress.domain.procedure import Limit, Owner

COMPLAINANT_ASKED = "complainant_asked"
"""Why a limit is not late though its day has passed: the day was moved at the complainant's wish."""

NOT_DELIVERED = "letter_not_delivered"
"""Why a window rests: the letter with the answer that it counts from failed or came back."""

NOT_OWED = "not_owed"
"""Why a limit did not count: its stage had been left for the next one, which was not wanted after all."""

NEVER = date.max
_DAY = timedelta(days=1)


class Moved(NamedTuple):
    """An earlier due date, why it was left, and whether it had been breached by then."""

    due_on: date
    reason: str
    breach: bool
    on: date


class Pause(NamedTuple):
    """A time in which it did not count: from its first day up to `until` (None: it still lasts), and why."""

    since: date
    until: date | None
    ground: str


@dataclass(slots=True, eq=False)
class Deadline:
    """One running of one limit. Dates are London dates; `due_on` is the last day in time.

    It is open until it is met, stopped or lapsed. While it is open, `wakes_on` is the next day on
    which time alone does something to it: a reminder, running out, a further notice. `ran_out_on` is
    the due date that passed, of a target too; `fixed`: its date was given or promised to somebody, so
    that no newer calendar moves it. `excused_until`: the later day that the complainant asked for.

    `lost`: the days of its unit that pauses have added to it, `within` those of them that count towards the
    most it can be extended to; `rested`: those that passed in pauses while it was late already.
    """

    limit: Limit
    name: str
    counts_from: date
    due_on: date
    days: int
    _: KW_ONLY
    provisional: bool = False
    fixed: bool = False
    owner: Owner = field(init=False)
    extended: int = 0
    lost: int = 0
    within: int = 0
    rested: int = 0
    moved: list[Moved] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    paused_on: date | None = None
    pause_ends_on: date | None = None
    held: bool = False
    """Whether it is a window whose answer did not leave: it rests, whatever else pauses or resumes."""
    met_on: date | None = None
    met_assumed: bool = False
    stopped_on: date | None = None
    lapsed_on: date | None = None
    breached_on: date | None = None
    ran_out_on: date | None = None
    notices: int = 0
    wakes_on: date = NEVER
    excused_until: date | None = None
    round: int = 1
    """Which time its stage is gone through, where the Ombudsman has brought that back."""

    def __post_init__(self) -> None:
        self.owner = self.limit.owner

    @property
    def is_open(self) -> bool:
        """Whether it is still owed."""
        return self.met_on is None and self.stopped_on is None and self.lapsed_on is None

    @property
    def breach_due(self) -> bool:
        """Whether the present due date has been recorded as breached."""
        return self.breached_on == self.due_on

    @property
    def last_in_time(self) -> date:
        """The last day that is not late: the due date, or the later one that the complainant asked for."""
        return max(self.due_on, self.excused_until or self.due_on)

    def hand_on(self, milestone: str) -> None:
        """Something has happened: from then on somebody else may owe it."""
        self.owner = self.limit.owner_after.get(milestone, self.owner)

    def arm(self, calendar: Calendar, after: date) -> None:
        """Set `wakes_on` to the first notice after a day; the one after `due_on` is never passed over."""
        if self.paused_on is not None:
            self.wakes_on = self.pause_ends_on or NEVER
            return
        remind, chase = self.limit.remind, self.limit.chase
        while self.notices < len(remind):
            wakes = calendar.before(self.due_on, remind[self.notices])
            if wakes > after and (wakes > self.counts_from or self.limit.before):
                self.wakes_on = wakes
                return
            self.notices += 1
        if self.notices == len(remind):
            self.wakes_on = self.last_in_time + _DAY
            return
        self.wakes_on = NEVER
        if chase:
            with suppress(OutsideTable):
                late = _days_late_at(chase, self.notices - len(remind) - 1)
                self.wakes_on = calendar.add(self.last_in_time, late + self.rested + 1)

    def move(self, calendar: Calendar, due_on: date, reason: str, today: date) -> None:
        """Give it another due date, record the earlier one with its breach, and start its notices anew."""
        if due_on == self.due_on:
            return
        self.moved.append(Moved(self.due_on, reason, self.breach_due, today))
        if self.paused_on is not None and self.last_in_time < self.paused_on:
            self.paused_on = today  # late until now: it has lost nothing that belongs to the new date
        self.due_on = due_on
        self.notices = self.rested = 0
        self.arm(calendar, today)

    def allow_until(self, calendar: Calendar, until: date, reason: str, today: date) -> None:
        """Enlarge the budget so that it ends on `until`."""
        self.days = days_between(calendar, self.limit, self.counts_from, until) - self.lost
        self.fixed = True
        self.move(calendar, until, reason, today)

    def due_anew(self, calendar: Calendar) -> date:
        """The due date as a newer calendar counts it, as far as it may (docs/decisions/0010).

        A date that was given or promised stays. A window never ends earlier, and what is owed a time
        before a meeting is never owed later: both are days that the complainant was told to have.
        """
        if self.fixed:
            return self.due_on
        due_on = count(calendar, self.limit, self.counts_from, self.days + self.lost)
        if self.limit.kind == "window":
            return max(due_on, self.due_on)
        return min(due_on, self.due_on) if self.limit.before else due_on

    def most(self, calendar: Calendar) -> date | None:
        """The latest date it may be extended to; None where it cannot be."""
        if self.limit.extend_to is None:
            return None
        most = self.limit.extend_to + self.lost - self.within
        return count(calendar, self.limit, self.counts_from, most)

    def pause(self, calendar: Calendar, on: date, ground: str, *, within_most: bool) -> None:
        """Stop counting, at the latest where the most it can be extended to is used up (`within_most`).

        What is late already stays late, by as many days as on the day the pause began. Where nothing is left
        of the most, or the limit cannot be extended, a pause within the most stops nothing.
        """
        ends: date | None = None
        if within_most:
            most = self.most(calendar)
            left = days_between(calendar, self.limit, self.due_on, most) if most is not None else 0
            if left <= 0 or self.last_in_time < on:
                return
            ends = count(calendar, self.limit, max(on, self.counts_from), left)
        self.paused_on, self.pause_ends_on = on, ends
        self.pauses.append(Pause(on, None, ground))
        self.arm(calendar, on)

    def resume(self, calendar: Calendar, on: date) -> None:
        """Count on: the due date moves by the days lost in between (in its own unit); what was late does not.

        A pause within the most ends on its own day, on whatever later day somebody says that it has ended.
        """
        if self.paused_on is None:
            return
        since, ends = self.paused_on, self.pause_ends_on
        until = min(on, ends) if ends is not None else on
        self.paused_on = self.pause_ends_on = None
        self.held = False
        self.pauses[-1] = self.pauses[-1]._replace(until=until)
        lost = max(days_between(calendar, self.limit, max(since, self.counts_from), until), 0)
        if self.last_in_time < since:
            self.rested += lost
            self.arm(calendar, on)
            return
        if self.limit.before or lost == 0:
            self.notices = 0
            self.arm(calendar, on)
            return
        self.lost += lost
        self.within += lost if ends is not None else 0
        reason = f"suspended from {since.isoformat()} to {until.isoformat()}"
        self.move(calendar, count(calendar, self.limit, self.due_on, lost), reason, on)

    def run_again(self, calendar: Calendar, on: date) -> None:
        """It is owed once more, with the days it had left when it stopped; what was late then is late."""
        since, self.met_on, self.stopped_on = self.stopped_on, None, None
        if since is None or self.last_in_time < since or self.limit.before:
            return
        lost = days_between(calendar, self.limit, max(since, self.counts_from), on)
        if lost > 0:
            self.pauses.append(Pause(since, on, NOT_OWED))
            self.lost += lost
            reason = f"not owed from {since.isoformat()} to {on.isoformat()}"
            self.move(calendar, count(calendar, self.limit, self.due_on, lost), reason, on)

    def hold(self, calendar: Calendar, on: date) -> None:
        """Stop counting from a London date until `begin_anew`: its letter did not leave."""
        if self.paused_on is None:
            self.pause(calendar, on, NOT_DELIVERED, within_most=False)
        self.held, self.pause_ends_on, self.wakes_on = True, None, NEVER

    def begin_anew(self, calendar: Calendar, counts_from: date, today: date) -> None:
        """Count the whole time from another day: that from which its letter is had."""
        if self.paused_on is not None:
            self.pauses[-1] = self.pauses[-1]._replace(until=today)
        self.paused_on = self.pause_ends_on = None
        self.held = False
        self.counts_from, self.lost, self.within = counts_from, 0, 0
        due_on = count(calendar, self.limit, counts_from, self.days)
        self.move(calendar, due_on, f"counts from {counts_from.isoformat()}", today)
        if self.is_open:
            self.arm(calendar, max(today, counts_from))

    def due_without_pause(self, calendar: Calendar) -> date:
        """The last day in time had there been no pause; never later than `due_on`."""
        if self.lost == 0:
            return self.due_on
        return min(count(calendar, self.limit, self.counts_from, self.days), self.due_on)


def last_day_from(calendar: Calendar, window: Deadline, begins: date) -> date:
    """The last day of a window for somebody for whom it counts from another London date.

    It loses nothing to the pauses in between, unless it was over when they began.
    """
    due_on = count(calendar, window.limit, begins, window.days)
    for pause in window.pauses:
        if pause.ground == NOT_DELIVERED or pause.until is None or due_on < pause.since:
            continue
        lost = max(days_between(calendar, window.limit, max(pause.since, begins), pause.until), 0)
        due_on = count(calendar, window.limit, due_on, lost)
    return due_on


def _days_late_at(chase: list[int], at: int) -> int:
    """The working days late at which somebody is told again; the last interval repeats."""
    if at < len(chase):
        return chase[at]
    step = chase[-1] - chase[-2] if len(chase) > 1 else chase[-1]
    return chase[-1] + step * (at - len(chase) + 1)


def count(calendar: Calendar, limit: Limit, start: date, days: int) -> date:
    """The date `days` of the limit's unit after `start` (before it, where the limit counts back)."""
    if limit.unit == "calendar_days":
        return start - timedelta(days=days) if limit.before else start + timedelta(days=days)
    return calendar.before(start, days) if limit.before else calendar.add(start, days)


def days_between(calendar: Calendar, limit: Limit, start: date, end: date) -> int:
    """How many days of the limit's unit lie after `start` up to and including `end`."""
    if limit.unit == "calendar_days":
        return (end - start).days
    return calendar.between(start, end)


def days_late(calendar: Calendar, deadline: Deadline, as_of: date) -> int:
    """How many days late it is or was, in its own unit; 0 in time, at least 1 once late.

    Counted up to the day met or stopped, else up to `as_of`. Met on a non-working day counts as
    the next working day.
    """
    end = deadline.met_on or deadline.stopped_on or deadline.paused_on or as_of
    late = _late(calendar, deadline, deadline.due_on, end)
    return max(late - deadline.rested, 1) if late else 0


def days_late_without_pause(calendar: Calendar, deadline: Deadline, due_on: date, as_of: date) -> int:
    """The same had no pause stopped it: from what would be due by then; never fewer days."""
    return _late(calendar, deadline, due_on, deadline.met_on or deadline.stopped_on or as_of)


def _late(calendar: Calendar, deadline: Deadline, due_on: date, end: date) -> int:
    end, last = min(end, calendar.last_sure), max(due_on, deadline.excused_until or due_on)
    if deadline.met_assumed or deadline.lapsed_on is not None or end <= last:
        return 0
    if deadline.met_on is not None and deadline.limit.unit != "calendar_days":
        return calendar.between(due_on, calendar.on_or_after(end))
    return late_by(calendar, deadline.limit.unit, due_on, end)


def late_by(calendar: Calendar, unit: str, due_on: date, as_of: date) -> int:
    """How many days of its unit what is still owed is late on a day; 0 in time, at least 1 once late."""
    end = min(as_of, calendar.last_sure)
    if end <= due_on:
        return 0
    if unit == "calendar_days":
        return (end - due_on).days
    return max(calendar.between(due_on, end), 1)
