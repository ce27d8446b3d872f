"""The deadlines of a complaint: the limits that run in it, what starts, meets, stops and moves them.

A milestone ("received", "answered:stage_1") is something that has happened. It meets the limits that wait
for it and starts those that count from it (`Deadlines.reach`). Nothing here knows a message or a letter.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from redress.domain.calendar import HolidayTable, calendar_for, differing_within
from redress.domain.deadline import COMPLAINANT_ASKED, NEVER, Deadline, Moved, count, days_between
from redress.domain.position import Position
from redress.domain.procedure import Limit, Owner, PauseGround, RulesSnapshot, StageName

NEVER_EARLY = ("met_in_person", "director_met", "ombudsman_decided")
"""Milestones that meet only what runs already: an earlier meeting or decision says nothing about a later."""

MAY_COME_EARLIER = "late_request_decision"
"""The limit that starts whatever stage its file names: a decision is asked for, and owed from then on."""


class Deadlines:
    """The ledger of one complaint's deadlines, on one day. Dates are London dates.

    `ledger` holds every deadline there ever was, `running` those that are open, `latest` the last one of each
    name. It reads where the complaint is (`position`) and changes nothing about that.
    """

    def __init__(self, rules: RulesSnapshot, position: Position, day: date) -> None:
        self.rules = rules
        self.procedure = rules.procedure
        self.position = position
        self.calendar = rules.calendar
        self.day = day
        self.pause_ground: PauseGround | None = None
        self.paused_since = day  # of the latest pause, its first day
        self.reached: dict[str, date] = {}
        # What came before its stage: its limits start with the stage, from this day (and counting from that).
        self._early: dict[str, tuple[date, date]] = {}
        # What was done before it was owed: its limit is met as soon as it runs (on this day, assumed or not).
        self._early_met: dict[str, tuple[date, bool]] = {}
        self.ledger: list[Deadline] = []
        self.running: list[Deadline] = []
        self.latest: dict[str, Deadline] = {}
        self._rounds: dict[StageName, list[date]] = {}
        """The days on which each stage has begun anew because the Ombudsman brought it back."""

    # --- time ---------------------------------------------------------------------------------------

    @property
    def next_event(self) -> date | None:
        """The next day on which time alone changes something; None while nothing runs."""
        wakes = min((d.wakes_on for d in self.running), default=date.max)
        return None if wakes == date.max else wakes

    def next_to_wake(self, to: date) -> Deadline | None:
        """The first deadline that wakes up to a day, having let time pass until then; None: until `to`."""
        first: Deadline | None = None
        for deadline in self.running:
            if deadline.wakes_on <= to and (first is None or deadline.wakes_on < first.wakes_on):
                first = deadline
        until = to if first is None else first.wakes_on
        if until > self.day:
            self.day = until
        return first

    # --- milestones ---------------------------------------------------------------------------------

    def reach(
        self, milestone: str, on: date, *, counts_from: date | None = None, assumed: bool = False
    ) -> None:
        """Something has happened: meet the deadlines that wait for it, start those that count from it."""
        self.reached.setdefault(milestone, on)
        if not self.meet_all(milestone, on, assumed=assumed) and self._may_be_early(milestone):
            self._early_met[milestone] = (on, assumed)
        if milestone in self.procedure.affecting_running:
            for deadline in self.running[:]:
                if milestone in deadline.limit.stopped_by:
                    self._stop(deadline, on)
                deadline.hand_on(milestone)
        starting = self.procedure.starting.get(milestone)
        if not starting:
            return
        order = self.procedure.order
        present = order[self.position.current_stage]
        for limit in starting:
            later = order[limit.stage] > present and limit.name != MAY_COME_EARLIER
            if later and limit.stage != "ombudsman":
                self._early[milestone] = (on, counts_from or on)
            elif limit.provisionally_from == milestone:
                self.start(limit, counts_from or on, limit.provisional_days, provisional=True)
            else:
                self.start(limit, counts_from or on, limit.days)

    def reach_what_came_early(self) -> None:
        """A stage has begun: what happened before it counts from now on."""
        for milestone, (on, counts_from) in list(self._early.items()):
            del self._early[milestone]
            self.reach(milestone, on, counts_from=counts_from)

    def _may_be_early(self, milestone: str) -> bool:
        """Whether what has met nothing now meets what is owed later: not once more what it has met before."""
        if milestone in NEVER_EARLY:
            return False
        names = self.procedure.meeting.get(milestone, ())
        latest = [self.latest[name] for name in names if name in self.latest]
        return not any(deadline.met_on for deadline in latest if self._is_of_this_round(deadline))

    def meet_all(self, milestone: str, on: date, *, assumed: bool = False) -> bool:
        """Meet every deadline that waits for the milestone; whether there was any."""
        any_met = False
        for name in self.procedure.meeting.get(milestone, ()):
            deadline = self.latest.get(name)
            if deadline is not None and deadline.is_open:
                self.meet(deadline, on, assumed=assumed)
                any_met = True
        return any_met

    # --- starting -----------------------------------------------------------------------------------

    def start(self, limit: Limit, counts_from: date, days: int, *, provisional: bool = False) -> None:
        """Run a limit from its day 0; where it runs already, it is based anew and the move is recorded."""
        if self.position.closed_on is not None and limit.outlives != "closure":
            return
        leader = self.latest.get(limit.follows) if limit.follows else None
        if leader is not None and not leader.is_open:
            return
        counts_from, days = self._at_latest(limit, counts_from, days, provisional=provisional)
        due_on = count(self.calendar, limit, counts_from, days)
        earlier = self.latest.get(limit.name)
        if earlier is not None and earlier.is_open:
            self._base_anew(earlier, counts_from, due_on, days, provisional=provisional)
            return
        if earlier is not None and earlier.met_on is not None and self._is_of_this_round(earlier):
            if not limit.again:
                return  # it was met before: nothing is owed twice
            if due_on < self.day and limit.before:
                # Sent for another day, and late for this: nobody could have them before they knew of it.
                self._early_met[limit.met_by[0]] = (self.day, False)
        self.run(Deadline(limit, limit.name, counts_from, due_on, days, provisional=provisional))

    def _base_anew(
        self, running: Deadline, counts_from: date, due_on: date, days: int, *, provisional: bool
    ) -> None:
        limit, reason = running.limit, f"counts from {counts_from.isoformat()}"
        if limit.kind == "window" and due_on > running.due_on:
            # A second answer gives the person the whole time once more.
            running.counts_from = counts_from
            running.move(self.calendar, due_on, reason, self.day)
        elif not (running.provisional or limit.before) or provisional:
            return  # it counts from the first time, which is the stricter reading
        elif running.extended and limit.at_latest_from:
            # Extended before it started in earnest: the date stands, up to the most allowed from here.
            running.provisional, running.counts_from = False, counts_from
            most = running.most(self.calendar)
            until = min(running.due_on, most) if most else running.due_on
            running.allow_until(self.calendar, until, reason, self.day)
        else:
            running.counts_from, running.days, running.provisional = counts_from, days, False
            running.lost = running.within = 0  # what was lost before belongs to the days that no longer count
            running.move(self.calendar, due_on, reason, self.day)
            self._rest(running)

    def _at_latest(
        self, limit: Limit, counts_from: date, days: int, *, provisional: bool
    ) -> tuple[date, int]:
        """Where it starts on another limit's last day at the latest: from when it counts, and how long."""
        other = self.latest.get(limit.at_latest_from) if limit.at_latest_from else None
        if other is None:
            return counts_from, days
        return (other.due_on if provisional else min(counts_from, other.due_on)), limit.days

    def run(self, deadline: Deadline) -> None:
        """Put a new deadline under way; it is met at once where what meets it came early."""
        deadline.round = self.round_of(deadline.limit.stage)
        self.ledger.append(deadline)
        self.running.append(deadline)
        self.latest[deadline.name] = deadline
        for milestone in deadline.limit.owner_after:
            if milestone in self.reached:
                deadline.hand_on(milestone)
        leader = deadline.limit.follows and self.latest.get(deadline.limit.follows)
        if leader and leader.extended and leader.is_open:
            self._follow(deadline, leader, leader.moved[-1].reason if leader.moved else "extended")
        early = [m for m in deadline.limit.met_by if m in self._early_met]
        if early:
            met_on, assumed = self._early_met.pop(early[0])
            self.meet(deadline, met_on, assumed=assumed)
            return
        deadline.arm(self.calendar, self.day if deadline.limit.before else deadline.counts_from)
        self._rest(deadline)

    def owe_again(self, milestone: str, on: date) -> None:
        """What was done is undone: the limits that it met are owed once more, counted from a day."""
        self.reached.pop(milestone, None)
        for name in self.procedure.meeting.get(milestone, ()):
            deadline = self.latest.get(name)
            if deadline is not None and deadline.met_on is not None:
                due_on = count(self.calendar, deadline.limit, on, deadline.limit.days)
                self.run(Deadline(deadline.limit, name, on, due_on, deadline.limit.days))

    def undo(self, milestone: str, on: date) -> None:
        """It has not happened on that day after all: what it met then is owed on, with the days it had."""
        if self.reached.get(milestone) == on:
            self.forget(milestone)
        for name in self.procedure.meeting.get(milestone, ()):
            deadline = self.latest.get(name)
            if deadline is not None and deadline.met_on == on:
                self.run_again(deadline)

    def run_again(self, deadline: Deadline) -> None:
        """What had stopped, or been used by something that counts no more, runs on with the days it had."""
        if deadline.is_open:
            return
        deadline.run_again(self.calendar, self.day)
        self.running.append(deadline)
        deadline.arm(self.calendar, self.day)
        self._rest(deadline)

    def run_until(
        self, limit: Limit, on: date, until: date, *, name: str = "", owner: Owner | None = None
    ) -> None:
        """Run a limit whose last day somebody was told; `name` and `owner` where they are not the limit's."""
        days = days_between(self.calendar, limit, on, until)
        deadline = Deadline(limit, name or limit.name, on, until, days, fixed=True)
        deadline.owner = owner or limit.owner
        self.run(deadline)

    def renew_until(self, limit: Limit, on: date, until: date) -> None:
        """The same; where the limit runs already, that running is met first."""
        earlier = self.latest.get(limit.name)
        if earlier is not None and earlier.is_open:
            self.meet(earlier, on)
        self.run_until(limit, on, until)

    # --- rounds -------------------------------------------------------------------------------------

    def begin_round(self, stages: Collection[StageName]) -> None:
        """Stages are gone through anew: what ran in them stops, what happened in them is to happen again."""
        for deadline in self.running[:]:
            outlives = deadline.limit.outlives
            if outlives is None or (outlives == "stage" and deadline.limit.stage in stages):
                self._stop(deadline, self.day)
        for stage in stages:
            if f"requested:{stage}" in self.reached:  # else this is the first time
                self._rounds.setdefault(stage, []).append(self.day)
        for milestone in {*self.reached, *self._early, *self._early_met}:
            if self._belongs_to(milestone, stages):
                self.forget(milestone)

    def forget(self, milestone: str) -> None:
        """What has happened counts no more: it is to happen again."""
        for known in (self.reached, self._early, self._early_met):
            known.pop(milestone, None)

    def _belongs_to(self, milestone: str, stages: Collection[StageName]) -> bool:
        """Whether a milestone is one of these stages': by its name, or since all that it meets is theirs."""
        if milestone.rpartition(":")[2] in self.procedure.stage:
            return milestone.rpartition(":")[2] in stages
        met = [self.procedure.limit[name].stage for name in self.procedure.meeting.get(milestone, ())]
        return bool(met) and all(stage in stages for stage in met)

    def _is_of_this_round(self, deadline: Deadline) -> bool:
        return deadline.round == self.round_of(deadline.limit.stage)

    def round_of(self, stage: StageName, on: date = NEVER) -> int:
        """Which time a stage is gone through, from 1: at present, or of what was done in it on a day."""
        return 1 + sum(begun <= on for begun in self._rounds.get(stage, ()))

    # --- ending -------------------------------------------------------------------------------------

    def meet(self, deadline: Deadline, on: date, *, assumed: bool = False) -> None:
        """What was owed is done."""
        deadline.resume(self.calendar, on)
        deadline.met_on = on
        deadline.met_assumed = assumed
        self.running.remove(deadline)

    def lapse(self, deadline: Deadline) -> None:
        """A window has passed without being used."""
        deadline.lapsed_on = self.day
        self.running.remove(deadline)

    def stop(self, on: date, *, closing: bool, keep: str = "") -> None:
        """Stop what does not survive the end of a stage (or, closing, of the complaint).

        `keep`: the milestone of an answer that stays owed; the limits that it meets run on.
        """
        staying = ("closure",) if closing else ("closure", "stage")
        for deadline in self.running[:]:
            if deadline.limit.outlives not in staying and keep not in deadline.limit.met_by:
                self._stop(deadline, on)

    def stop_one(self, deadline: Deadline) -> None:
        """It is not owed any more, from today."""
        self._stop(deadline, self.day)

    def meet_late(self, milestone: str, on: date, *, assumed: bool = False) -> None:
        """What an earlier stage owed is done, though the next one has begun meanwhile."""
        self.reached.setdefault(milestone, on)
        for name in self.procedure.meeting.get(milestone, ()):
            deadline = self.latest.get(name)
            if deadline is not None and deadline.stopped_on is not None:
                deadline.stopped_on = None
                self.running.append(deadline)
            if deadline is not None and deadline.is_open:
                self.meet(deadline, on, assumed=assumed)

    def _stop(self, deadline: Deadline, on: date) -> None:
        deadline.resume(self.calendar, on)
        deadline.stopped_on = on
        self.running.remove(deadline)

    # --- moving -------------------------------------------------------------------------------------

    def pause(self, ground: PauseGround) -> None:
        """The whole complaint is suspended: what this ground stops rests.

        What rests already loses its days since then.
        """
        if self.pause_ground is None:
            self.paused_since = self.day
        elif self.pause_ground != ground:
            self.resume(self.day)
        self.pause_ground = ground
        for deadline in self.running:
            self._rest(deadline)

    @property
    def pause_is_over(self) -> bool:
        """Whether what a ground within the most allowed has stopped counts again, or is owed no more."""
        ground = self.pause_ground
        return (
            ground is not None
            and ground.within_most
            and all(d.paused_on is None or d.held for d in self.running)
        )

    def resume(self, on: date) -> None:
        """Count on: each due date moves by the days lost, or follows the limit it starts from at latest."""
        self.pause_ground = None
        for deadline in self.running:
            if not deadline.held:
                deadline.resume(self.calendar, on)
        for deadline in self.running:
            other = self.latest.get(deadline.limit.at_latest_from or "")
            if deadline.provisional and other is not None and other.is_open and not deadline.extended:
                deadline.counts_from, deadline.lost, deadline.within = other.due_on, 0, 0
                due_on = count(self.calendar, deadline.limit, other.due_on, deadline.days)
                deadline.move(self.calendar, due_on, f"counts from {other.due_on.isoformat()}", self.day)

    def begin_anew(self, deadline: Deadline, counts_from: date) -> None:
        """Give a window its whole time from another day; it rests where the complaint does."""
        deadline.begin_anew(self.calendar, counts_from, self.day)
        if deadline.is_open:
            self._rest(deadline)

    def _rest(self, deadline: Deadline) -> None:
        """Pause it while the complaint is suspended, where it may rest and does not yet."""
        ground = self.pause_ground
        if ground is None or deadline.paused_on is not None:
            return
        if ground.stages and deadline.limit.stage not in ground.stages:
            return
        if deadline.limit.name != "suspension_review" and deadline.limit.outlives != "closure":
            deadline.pause(self.calendar, self.day, ground.name, within_most=ground.within_most)

    def due_without_pause(self, deadline: Deadline) -> date:
        """What would be due by when had nothing been paused, what it counts from included."""
        other = self.latest.get(deadline.limit.at_latest_from or "")
        if deadline.provisional and other is not None and deadline.counts_from == other.due_on:
            earlier = self.due_without_pause(other)
            if earlier < other.due_on and not deadline.fixed:
                due_on = count(self.calendar, deadline.limit, earlier, deadline.days)
                return min(due_on, deadline.due_on)
        return deadline.due_without_pause(self.calendar)

    def extend(self, deadline: Deadline, until: date, reason: str) -> None:
        """Move a deadline by an extension, and with it the reading that follows it."""
        deadline.extended += 1
        deadline.allow_until(self.calendar, until, reason, self.day)
        self._rest(deadline)
        for other in self.running:
            if other.limit.follows == deadline.limit.name:
                self._follow(other, deadline, reason)

    def _follow(self, deadline: Deadline, leader: Deadline, reason: str) -> None:
        # By its days, not by its date: a newer calendar may count the most from a promised date otherwise.
        most = deadline.most(self.calendar) if leader.days == leader.limit.extend_to else None
        until = max(deadline.due_on, most or leader.due_on)
        deadline.allow_until(self.calendar, until, reason, self.day)
        self._rest(deadline)

    def excuse(self, deadline: Deadline, until: date | None) -> None:
        """The complainant asked for a later day: until then it is not late; None: they did not, after all."""
        if deadline.excused_until == until:
            return
        deadline.excused_until = until
        deadline.moved = [moved for moved in deadline.moved if moved.reason != COMPLAINANT_ASKED]
        if until is not None:
            deadline.moved.append(Moved(deadline.due_on, COMPLAINANT_ASKED, breach=False, on=self.day))
            deadline.breached_on = deadline.ran_out_on = None
        deadline.notices = 0
        deadline.arm(self.calendar, self.day)

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
            other = self.latest.get(deadline.limit.at_latest_from or "")
            if other in moved and deadline.provisional and counts_from == other.moved[-1].due_on:
                deadline.counts_from = other.due_on  # it runs provisionally from a last day that has moved
            due_on = deadline.due_anew(self.calendar)
            if deadline.fixed or min(due_on, earlier) < (deadline.paused_on or self.day):
                deadline.counts_from = counts_from
                continue
            if due_on == earlier:
                continue  # it may count from another day now, and end on the same
            which = differing_within(days, counts_from, earlier, due_on)
            why = f"{which}: {table.version} instead of {was.version}"
            deadline.move(self.calendar, due_on, why, self.day)
            moved.append(deadline)
        return moved
