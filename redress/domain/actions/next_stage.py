"""Asking for the next stage, in time, too early or too late."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome, pending, refused
from redress.domain.messages import DecideLate, Escalate
from redress.domain.procedure import Stage
from redress.domain.state import ComplaintState

OPENED_BY_ANOTHER = Outcome("applied", "the stage asked for was opened by an earlier request")


@carries_out(Escalate)
def escalate(state: ComplaintState, entry: LogEntry, message: Escalate) -> Outcome:
    """The complainant asks for the next stage. Out of time or too early, it waits; it is not refused."""
    if state.closed_as in ("withdrawn", "declined"):
        return refused(
            f"The complaint was {state.closed_as}; it can be brought again as a new complaint, "
            "or taken to the Ombudsman."
        )
    stage = state.stage_rules
    if stage.next is None:
        return refused(f"{stage.title} is the last stage; {state.procedure.beyond}.")
    if state.requests.asked_from(entry, stage.name) != stage.name:
        return OPENED_BY_ANOTHER
    lapsed = state.closed_as == "lapsed" or (
        state.closed_on is None and state.answers.window_has_passed(stage)
    )
    if _is_too_late(state, entry, stage, lapsed=lapsed):
        return _wait_for_decision(state, entry, lapsed=lapsed)
    if state.closed_on is None:
        before_its_day = _wait_for_its_day(state, entry, message, stage)
        if before_its_day is not None:
            return before_its_day
    elif entry.assumed:
        closed_on = state.closed_on.isoformat()
        state.note_irregular(entry, f"came without a date after closing on {closed_on}; taken as in time")
    state.open_stage(stage.next, entry, state.day)
    return APPLIED


def _is_too_late(state: ComplaintState, entry: LogEntry, stage: Stage, *, lapsed: bool) -> bool:
    """Whether a person decides on the request: after its window, or after an early end.

    Whoever was told that it is settled has the window to go on all the same.
    """
    settled = state.closed_as == "resolved" and state.answers.may_ask_until(stage, entry.message.on)
    late = lapsed or (state.closed_on is not None and not settled)
    return late and not (stage.after_lapse == "of_right" or entry.assumed)


def _wait_for_decision(state: ComplaintState, entry: LogEntry, *, lapsed: bool) -> Outcome:
    state.wait_for_decision(entry)
    state.effects.send("request_waits", entry, why="late" if lapsed else "closed")
    passed = "The window to ask has passed" if lapsed else "The complaint was closed early"
    return pending(f"{passed}; the Complaints Manager decides on this request, with reasons.")


def _wait_for_its_day(
    state: ComplaintState, entry: LogEntry, message: Escalate, stage: Stage
) -> Outcome | None:
    """What becomes of a request that comes too early in an open complaint; None: its day has come."""
    response = state.latest.get(stage.response)
    is_late = stage.late_opens_next and response is not None and response.ran_out_on is not None
    without_answer = is_late or (message.agreed_by_authority and stage.skip_by_agreement)
    if state.stage == "intake":
        if not without_answer:
            _say_that_it_waits(state, entry, "intake")
            return state.wait(entry, "Whether the matter is taken is decided first (accept or decline).")
        state.take_undecided(entry)
    if without_answer or _may_go_on(state, stage):
        return None
    if not state.requests.is_retry and state.requests.has_opened(stage.name, message.on):
        return OPENED_BY_ANOTHER  # by form and by letter on one day
    _say_that_it_waits(state, entry, "early")
    return state.wait(
        entry, f"{stage.title} is neither answered nor late; the request takes effect on the day it is."
    )


def _may_go_on(state: ComplaintState, stage: Stage) -> bool:
    """Whether a stage has come as far as it must before the next one is asked for."""
    tried = stage.name == "informal" and "informally_tried" in state.reached
    return stage.name in state.answers.on or tried or stage.ask_any_time


def _say_that_it_waits(state: ComplaintState, entry: LogEntry, why: str) -> None:
    """Write to whoever asked, the first time."""
    if not state.requests.is_retry:
        state.effects.send("request_waits", entry, why=why)


@carries_out(DecideLate)
def decide_late(state: ComplaintState, entry: LogEntry, message: DecideLate) -> Outcome:
    """A person's reasoned decision on a request made after its window."""
    if not state.requests.late:
        return refused("No late request is waiting for a decision.")
    if message.accept:
        decided = Outcome("applied", f"accepted: {message.reason}", message.on)
    else:
        decided = Outcome("not_accepted", f"not accepted: {message.reason}", message.on)
    first, *_ = state.decide_late_requests(decided, assumed=entry.assumed)
    stage = state.stage_rules
    if message.accept and stage.next is not None:
        state.open_stage(stage.next, first, first.message.on)
    state.effects.send("late_request_decision", entry)
    return APPLIED
