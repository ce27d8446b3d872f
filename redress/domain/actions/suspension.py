"""Suspending a complaint or some of its points, and taking them up again."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.actions.response import settle
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import Resume, Suspend
from redress.domain.state import ComplaintState


@carries_out(Suspend)
def suspend(state: ComplaintState, entry: LogEntry, message: Suspend) -> Outcome:
    """Pause what its ground stops until a dated review; of some points only, it stops no clock.

    Sent again about what is suspended already, it is the review: looked at, and suspended further.
    """
    if state.closed_on is not None:
        return refused("The complaint is closed: there is nothing to suspend.")
    if message.review_on < message.on:
        return refused("review_on: the review must not lie before the suspension.")
    if message.points is None:
        reviewed = state.state == "suspended"
        why_not = _stops_nothing(state, message)
        if why_not:
            state.note_irregular(entry, why_not)
            return Outcome("applied", f"It is recorded, and stops no clock: {why_not}.")
    elif state.state == "suspended":
        return refused("The whole complaint is suspended already.")
    else:
        named, unknown = state.points.named(message.points)
        if not any(point.state in ("open", "suspended") for point in named):
            return refused("points: none of these is a point at issue.")
        for name in unknown:
            state.note_irregular(entry, f"there is no point {name!r}")
        reviewed = all(point.state == "suspended" for point in named)
        state.suspend_points(named)
    _set_review(state, message, reviewed=reviewed)
    if message.points is not None:
        state.effects.send("suspension_of_points", entry)
        settle(state, entry)
        return APPLIED
    since, most_on = state.deadlines.paused_since.isoformat(), _most_allowed(state)
    state.effects.send("suspension", entry, paused_since=since, reviewed=reviewed, most_on=most_on)
    return APPLIED


def _stops_nothing(state: ComplaintState, message: Suspend) -> str:
    """Suspend the whole complaint where its ground stops a clock; else why it stops none."""
    stated, stage = message.stated_ground, state.current_stage
    allowed = [ground for ground in state.procedure.pauses if not ground.stages or stage in ground.stages]
    ground = next((ground for ground in allowed if ground.name == stated), None)
    if ground is None:
        names = " or ".join(ground.name for ground in allowed)
        stops = f"here {names} does" if names else "here nothing does"
        return f"the ground {stated} stops none ({stops})"
    if not state.suspend(ground):
        return f"no limit is left that the ground {stated} stops ({ground.source})"
    return ""


def _most_allowed(state: ComplaintState) -> str:
    """The day that a pause within the most allowed cannot pass; empty for one without such a day."""
    ground = state.deadlines.pause_ground
    if ground is None or not ground.within_most:
        return ""
    most = [d.most(state.calendar) for d in state.running if d.paused_on is not None]
    return max((day for day in most if day is not None), default=state.day).isoformat()


def _set_review(state: ComplaintState, message: Suspend, *, reviewed: bool) -> None:
    """Whatever is suspended is looked at again on a dated day, by the Complaints Manager.

    Of several suspensions that run beside each other the earliest day counts.
    """
    limit = state.procedure.limit["suspension_review"]
    earlier = state.latest.get(limit.name)
    review_on = message.review_on
    if earlier is not None and earlier.is_open and not reviewed:
        review_on = min(review_on, max(earlier.due_on, message.on))
    state.deadlines.renew_until(limit, message.on, review_on)


@carries_out(Resume)
def resume(state: ComplaintState, entry: LogEntry, message: Resume) -> Outcome:
    """Take it up again: every paused limit moves by the days lost.

    Where a pause has ended by itself, this is its review.
    """
    review = state.latest.get("suspension_review")
    if review is None or not review.is_open or state.closed_on is not None:
        return refused("Nothing of this complaint is suspended.")
    state.deadlines.meet(review, message.on, assumed=entry.assumed)
    if state.pause_ran_out and not state.points.suspended:
        return Outcome("applied", "the pause had ended by itself, and its review is done")
    state.resume()
    _answer_what_was_suspended(state, entry)
    state.effects.send("resumption", entry)
    return APPLIED


def _answer_what_was_suspended(state: ComplaintState, entry: LogEntry) -> None:
    """A point whose stage was answered while it waited is owed an answer of its own.

    Where none is, the person has the window anew that may have passed meanwhile; at the last stage the
    complaint ends.
    """
    stage = state.stage_rules
    waited = state.points.end_suspension()
    if stage.name not in state.answers.on:
        return
    unanswered = [point for point in waited if all(f.stage != stage.name for f in point.findings)]
    if unanswered:
        state.points.rest_all_but(unanswered)
        state.answers.owe_anew(stage, entry.message.on, keep=True)
    elif stage.next is None:
        state.close("completed", "closure", entry)
    else:
        state.answers.begin_windows_anew(stage)
