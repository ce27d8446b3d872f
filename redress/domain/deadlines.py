"""The clocks of a case: the limits that run in it, what starts, meets, stops and moves them.

A milestone ("received", "answered:stage_1") is something that has happened. It meets the limits that wait
for it and starts those that count from it (`Deadlines.reach`). Nothing here knows a message or a letter.
"""

from __future__ import annotations

from datetime import date

from redress.domain.calendar import Calendar, Differing, HolidayTable, calendar_for
from redress.domain.deadline import Deadline, count
from redress.domain.procedure import Limit, Procedure, StageName

NEVER_EARLY = ("met_in_person",)
"""Milestones that meet only what runs already: another meeting before says nothing about the one owed."""

NEVER_EARLY_EITHER = ("ombudsman_decided",)
"""The same, from the third edition on: a decision says nothing about a later referral."""


class Deadlines:
    """Where a case stands and which limits run in it, on one day. Dates are London dates."""

    def __init__(
        self, procedure: Procedure, calendar: Calendar, day: date, stage: StageName, edition: int
    ) -> None:
        self.procedure = procedure
        self.edition = edition
        self.calendar = calendar
        self.day = day
        self.stage = self.last_stage = stage
        self.state = "open"
        self.closed_on: date | None = None
        self.closed_as: str | None = None
        self.reached: dict[str, date] = {}
        # What came before its stage: its limits start with the stage, from this day (and counting from that).
        self.early: dict[str, tuple[date, date]] = {}
        # What was done before it was owed: its limit is met as soon as it runs (on this day, assumed or not).
        self.early_met: dict[str, tuple[date, bool]] = {}
        self.ledger: list[Deadline] = []
        self.running: list[Deadline] = []
        self.latest: dict[str, Deadline] = {}

    @property
    def current_stage(self) -> StageName:
        """The stage of the procedure it is in: before the first the first, at the Ombudsman the last."""
        return self.stage if self.stage in self.procedure.stage else self.last_stage

    @property
    def next_event(self) -> date | None:
        """The next day on which time alone changes something; None while nothing runs."""
        wakes = min((d.wakes_on for d in self.running), default=date.max)
        return None if wakes == date.max else wakes

    # --- milestones ---------------------------------------------------------------------------------

    def reach(
        self, milestone: str, on: date, *, counts_from: date | None = None, assumed: bool = False
    ) -> None:
        """Something has happened: meet the deadlines that wait for it, start those that count from it."""
        self.reached.setdefault(milestone, on)
        if not self._meet_all(milestone, on, assumed) and self._may_be_early(milestone):
            self.early_met[milestone] = (on, assumed)
        if milestone in self.procedure.felt_under_way:
            self._stop_or_hand_on(milestone, on)
        starting = self.procedure.starting.get(milestone)
        if not starting:
            return
        here = self.procedure.order[self.current_stage]
        for limit in starting:
            if self._comes_later(limit, here):
                self.early[milestone] = (on, counts_from or on)
            elif limit.provisionally_from == milestone:
                self._start(limit, counts_from or on, limit.provisional_days, provisional=True)
            else:
                self._start(limit, counts_from or on, limit.days)

    def _may_be_early(self, milestone: str) -> bool:
        """Whether what has met nothing now meets what is owed later: not once more what it has met before."""
        if milestone in NEVER_EARLY:
            return False
        if self.edition < 3:
            return True
        names = self.procedure.meeting.get(milestone, ())
        met = [self.latest[name].met_on for name in names if name in self.latest]
        return milestone not in NEVER_EARLY_EITHER and not any(met)

    def _comes_later(self, limit: Limit, here: int) -> bool:
        """Whether a limit belongs to a stage that is still to come; a decision that is asked for does not."""
        if limit.stage == "ombudsman" or (self.edition >= 3 and limit.name == "late_request_decision"):
            return False
        return self.procedure.order[limit.stage] > here

    def _stop_or_hand_on(self, milestone: str, on: date) -> None:
        for deadline in self.running[:]:
            if milestone in deadline.limit.stopped_by:
                deadline.stopped_on = on
                self._drop(deadline)
            owner = deadline.limit.owner_after.get(milestone)
            if owner is not None:
                deadline.owner = owner

    def _meet_all(self, milestone: str, on: date, assumed: bool) -> bool:
        """Meet every deadline that waits for the milestone; whether there was any."""
        any_met = False
        for name in self.procedure.meeting.get(milestone, ()):
            deadline = self.latest.get(name)
            if deadline is not None and deadline.is_open:
                self.meet(deadline, on, assumed=assumed)
                any_met = True
        return any_met

    def _start(self, limit: Limit, counts_from: date, days: int, *, provisional: bool = False) -> None:
        """Run a limit from its day 0; where it runs already, it is based anew and the move is kept."""
        if self.closed_on is not None and limit.outlives != "closure":
            return
        leader = self.latest.get(limit.follows) if limit.follows else None
        if leader is not None and not leader.is_open:
            return
        counts_from, days = self._at_latest(limit, counts_from, days, provisional=provisional)
        due_on = count(self.calendar, limit, counts_from, days)
        running = self.latest.get(limit.name)
        if running is not None and running.is_open:
            if limit.kind == "window" and due_on > running.due_on:
                running.counts_from = counts_from
                running.move(self.calendar, due_on, f"counts from {counts_from.isoformat()}", self.day)
                return  # a second answer gives the person the whole time once more
            if not (running.provisional or limit.before) or provisional:
                return  # it counts from the first time, which is the stricter reading
            if running.extended and limit.at_latest_from:
                self._start_extended(running, counts_from)
                return
            running.counts_from, running.days, running.provisional = counts_from, days, False
            running.lost = 0  # what was lost before belongs to the days that no longer count
            running.move(self.calendar, due_on, f"counts from {counts_from.isoformat()}", self.day)
            self._rest_again(running)
            return
        if running is not None and running.met_on is not None and not limit.again:
            return  # it was met before: nothing is owed twice
        if running is not None and running.met_on is not None and due_on < self.day and limit.before:
            # Sent for another day, and late for this: nobody could have them before they knew of it.
            met_on = self.day if self.edition >= 3 else running.met_on
            self.early_met[limit.met_by[0]] = (met_on, False)
        self.run(Deadline(limit, limit.name, counts_from, due_on, days, provisional))

    def _start_extended(self, deadline: Deadline, counts_from: date) -> None:
        """It was extended before it started in earnest: the date stands, up to the most allowed from here."""
        deadline.provisional, deadline.counts_from = False, counts_from
        most = deadline.most(self.calendar)
        until = min(deadline.due_on, most) if most else deadline.due_on
        deadline.allow_until(self.calendar, until, f"counts from {counts_from.isoformat()}", self.day)

    def _at_latest(
        self, limit: Limit, counts_from: date, days: int, *, provisional: bool
    ) -> tuple[date, int]:
        """Where it starts on another limit's last day at the latest: from when it counts, and how long."""
        other = self.latest.get(limit.at_latest_from) if limit.at_latest_from else None
        if other is None:
            return counts_from, days
        return (other.due_on if provisional else min(counts_from, other.due_on)), limit.days

    def count_on_from_others(self) -> None:
        """After a pause: what starts on another limit's last day at the latest follows that day."""
        for deadline in self.running:
            other = self.latest.get(deadline.limit.at_latest_from or "")
            if deadline.provisional and other is not None and other.is_open and not deadline.extended:
                deadline.counts_from, deadline.lost = other.due_on, 0
                due_on = count(self.calendar, deadline.limit, other.due_on, deadline.days)
                deadline.move(self.calendar, due_on, f"counts from {other.due_on.isoformat()}", self.day)

    # --- under way ----------------------------------------------------------------------------------

    def run(self, deadline: Deadline) -> Deadline:
        """Put a new deadline under way; it is met at once where what meets it came early."""
        self.ledger.append(deadline)
        self.running.append(deadline)
        self.latest[deadline.name] = deadline
        for milestone, owner in deadline.limit.owner_after.items():
            if milestone in self.reached:
                deadline.owner = owner
        leader = deadline.limit.follows and self.latest.get(deadline.limit.follows)
        if leader and leader.extended and leader.is_open:
            self._follow(deadline, leader, leader.moved[-1].reason if leader.moved else "extended")
        early = [m for m in deadline.limit.met_by if m in self.early_met]
        if early:
            met_on, assumed = self.early_met.pop(early[0])
            self.meet(deadline, met_on, assumed=assumed)
            return deadline
        if deadline.limit.before:
            deadline.reminded = self.edition >= 2
            deadline.arm(self.calendar, self.day)
        else:
            deadline.arm(self.calendar, deadline.counts_from)
        if self.state == "suspended" and self.can_be_paused(deadline):
            deadline.pause(self.day)
        return deadline

    def can_be_paused(self, deadline: Deadline) -> bool:
        """Whether a limit rests while the complaint is suspended."""
        return deadline.limit.name != "suspension_review" and deadline.limit.outlives != "closure"

    def _rest_again(self, deadline: Deadline) -> None:
        """What was late when the complaint was suspended, and has more time now, rests like the others."""
        late_before = self.state == "suspended" and deadline.paused_on is None
        if self.edition >= 3 and late_before and self.can_be_paused(deadline):
            deadline.pause(self.day)

    def meet(self, deadline: Deadline, on: date, *, assumed: bool = False) -> None:
        """What was owed is done."""
        deadline.met_on = on
        deadline.met_assumed = assumed
        deadline.paused_on = None
        self._drop(deadline)

    def stop(self, on: date, *, closing: bool) -> None:
        """Stop what does not survive the end of a stage (or, closing, of the complaint)."""
        for deadline in self.running[:]:
            outlives = deadline.limit.outlives
            if outlives == "closure" or (outlives == "stage" and not closing):
                continue
            deadline.stopped_on = on
            self._drop(deadline)

    def _drop(self, deadline: Deadline) -> None:
        self.running.remove(deadline)

    def extend(self, deadline: Deadline, until: date, reason: str) -> None:
        """Move a deadline by an extension, and with it the reading that follows it."""
        deadline.extended += 1
        deadline.allow_until(self.calendar, until, reason, self.day)
        self._rest_again(deadline)
        for other in self.running:
            if other.limit.follows == deadline.limit.name:
                self._follow(other, deadline, reason)

    def _follow(self, deadline: Deadline, leader: Deadline, reason: str) -> None:
        # By its days, not by its date: a newer calendar may count the most from a promised date otherwise.
        most = deadline.most(self.calendar) if leader.days == leader.limit.extend_to else None
        until = max(deadline.due_on, most or leader.due_on)
        deadline.allow_until(self.calendar, until, reason, self.day)
        self._rest_again(deadline)

    # --- a newer calendar ---------------------------------------------------------------------------

    def change_calendar(self, table: HolidayTable) -> list[Deadline]:
        """Count on with a newer table of bank holidays; gives the running deadlines that it moved.

        What has passed by now stays as it is, and no date moves into the past; a paused deadline has
        passed nothing since it was paused. The reason of each move names both versions.
        """
        was, self.calendar = self.calendar, calendar_for(table)
        days = was.differs(table)
        moved: list[Deadline] = []
        for deadline in self.running:
            earlier, counts_from = deadline.due_on, deadline.counts_from
            deadline.counts_from = self._base_anew(deadline, moved)
            due_on = deadline.due_anew(self.calendar)
            if deadline.fixed or min(due_on, earlier) < (deadline.paused_on or self.day):
                deadline.counts_from = counts_from
                continue
            if due_on == earlier:
                continue  # it may count from another day now, and end on the same
            which = _which(days, (counts_from, earlier, due_on))
            why = f"{which}: {table.version} instead of {was.version}"
            deadline.move(self.calendar, due_on, why, self.day)
            moved.append(deadline)
        return moved

    def _base_anew(self, deadline: Deadline, moved: list[Deadline]) -> date:
        """From when it counts, where it runs provisionally from another limit's last day that has moved."""
        other = self.latest.get(deadline.limit.at_latest_from or "")
        follows = deadline.provisional and other in moved
        if other is None or not follows or deadline.counts_from != other.moved[-1].due_on:
            return deadline.counts_from
        return other.due_on


def _which(days: list[Differing], ends: tuple[date, ...]) -> str:
    """The days for whose sake a due date moved, as people read them: those between its ends."""
    within = [str(day) for day in days if min(ends) <= day.on <= max(ends)]
    more = f" and {len(within) - 2} more" if len(within) > 3 else ""
    return ", ".join(within[:2] if more else within) + more or "newer bank holidays"
