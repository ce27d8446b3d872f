"""Asking for the next stage, in time, too early or too late."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.complainants import NotThere
from redress.domain.drafting import draft, waits_to_be_approved
from redress.domain.effects import Fact
from redress.domain.flags import TAKES_UP_AGAIN
from redress.domain.log import APPLIED, LogEntry, Outcome, pending, refused
from redress.domain.messages import AddPoints, DecideEarly, DecideLate, Escalate
from redress.domain.points import Point
from redress.domain.procedure import Stage
from redress.domain.receipt import is_written
from redress.domain.state import ComplaintState

OPENED_BY_ANOTHER = Outcome("applied", "the stage asked for was opened by an earlier request")


_BROUGHT_AGAIN = "it can be brought again as a new complaint, or taken to the Ombudsman."

_NO_WAY_ON: dict[str, str] = {
    "withdrawn": f"The complaint was withdrawn; {_BROUGHT_AGAIN}",
    "declined": f"The complaint was declined; {_BROUGHT_AGAIN}",
    "died": "It was closed after a death: reopen names who goes on with it.",
    "duplicate": "It was closed as a duplicate: the next stage is asked for in the complaint that goes on.",
    "transferred": "It was passed on to another body, which answers it.",
}
"""Why no further stage can be asked for, by how the complaint ended."""


@carries_out(Escalate)
def escalate(state: ComplaintState, entry: LogEntry, message: Escalate) -> Outcome:
    """The complainant asks for the next stage. Out of time or too early, it waits; it is not refused."""
    why_not = "" if state.requests.withdrawn else _NO_WAY_ON.get(state.closed_as or "", "")
    if why_not:
        return refused(why_not)
    person = state.complainants.find(message.person) if message.person is not None else None
    if isinstance(person, NotThere):
        return refused(person.told(names=not entry.from_intake))
    stage = state.stage_rules
    joined = _join(state, entry, message, stage) if state.closed_on is None else None
    if joined is not None:
        return joined
    if stage.next is None:
        return refused(f"{stage.title} is the last stage; {state.procedure.beyond}.")
    if state.requests.asked_from(entry, stage.name) != stage.name or _is_open(state, message, stage):
        return _opened_by_another(state, entry, stage)
    lapsed = state.closed_as == "lapsed" or (
        state.closed_on is None
        and (
            state.answers.window_has_passed(stage)
            or state.own_time_has_passed(stage, person.number if person else None)
        )
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


def _opened_by_another(state: ComplaintState, entry: LogEntry, stage: Stage) -> Outcome:
    """The stage runs already, and of several people this one asks for it too."""
    state.requests.asked_by.setdefault(stage.name, set()).update(state.askers([entry]))
    return OPENED_BY_ANOTHER


def _is_open(state: ComplaintState, message: Escalate, stage: Stage) -> bool:
    """Whether a request names the stage that runs, or one before it."""
    order = state.procedure.order
    return message.stage is not None and order.get(message.stage, 0) <= order[stage.name]


def _join(state: ComplaintState, entry: LogEntry, message: Escalate, stage: Stage) -> Outcome | None:
    """Points that rest, and have had no answer at the stage that runs, join it; None: it asks for another."""
    if message.stage not in (None, stage.name) or (message.stage is None and message.points is None):
        return None
    named = state.points.all if message.points is None else state.points.named(message.points)[0]
    answered = state.answers.answered(stage.name)
    joining = [point for point in named if point.state == "resting" and point.number not in answered]
    if not joining:
        return None
    before = next((each for each in state.procedure.stages if each.next == stage.name), None)
    if before is not None:
        not_yet = _cannot_join(state, entry, before, joining)
        if not_yet is not None:
            return not_yet
    for point in joining:
        point.state = "open"
    if stage.name in state.answers.on:
        state.answers.owe_anew(stage, message.on, keep=True)
    numbers: list[Fact] = [point.number for point in joining]
    asked_by = state.asked_by(state.askers([entry]))
    state.effects.send("points_joined", entry, joined=numbers, **asked_by)
    return APPLIED


def _cannot_join(
    state: ComplaintState, entry: LogEntry, before: Stage, joining: list[Point]
) -> Outcome | None:
    """Why points cannot join: the stage before owes them an answer that is not late, or never had them."""
    owed = state.answers.left.get(before.name, set())
    response = state.latest.get(before.response)
    is_late = before.late_opens_next and response is not None and response.ran_out_on is not None
    if not is_late and any(point.number in owed for point in joining):
        _say_that_it_waits(state, entry, "early")
        return state.wait(entry, f"{before.title} owes these points an answer; the request waits for it.")
    answered = state.answers.answered(before.name)
    missed = [str(p.number) for p in joining if p.number not in answered | owed]
    if missed and before.name != state.entry:
        return refused(
            f"points: {', '.join(missed)} had no answer at the stage before ({before.title}). "
            "They can be brought as a linked complaint."
        )
    return None


def _is_too_late(state: ComplaintState, entry: LogEntry, stage: Stage, *, lapsed: bool) -> bool:
    """Whether a person decides on the request: after its window, or after an early end.

    Whoever was told that it is settled has the window to go on all the same.
    """
    numbers = state.askers([entry])
    settled = state.closed_as == "resolved" and state.answers.may_ask_until(stage, entry.message.on, numbers)
    late = lapsed or (state.closed_on is not None and not settled)
    return late and not (stage.after_lapse == "of_right" or entry.assumed)


def _wait_for_decision(state: ComplaintState, entry: LogEntry, *, lapsed: bool) -> Outcome:
    state.wait_for_decision(entry)
    to_asker = state.only_to(state.askers([entry]))
    state.effects.send("request_waits", entry, why="late" if lapsed else "closed", **to_asker)
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
    is_next = message.stage in (None, stage.next)
    if is_next and (without_answer or _may_go_on(state, stage, message)):
        return None
    same_day = state.requests.has_opened(stage.name, message.on) and message.stage is None
    if not state.requests.is_retry and same_day:
        return _opened_by_another(state, entry, stage)  # by form and by letter on one day
    if state.keeps_early(stage) or (message.stage == "stage_3" and not is_next):
        return state.wait_for_adjudication(entry)
    _say_that_it_waits(state, entry, "early")
    return state.wait(
        entry, f"{stage.title} is neither answered nor late; the request takes effect on the day it is."
    )


def _may_go_on(state: ComplaintState, stage: Stage, message: Escalate) -> bool:
    """Whether a stage has come as far as it must before the next one is asked for, for the points named."""
    tried = stage.name == "informal" and "informally_tried" in state.reached
    if stage.name in state.answers.on or tried or stage.ask_any_time:
        return True
    named = {point.number for point in state.points.named(message.points)[0]} if message.points else set()
    return bool(named) and named <= state.answers.answered(stage.name)


def _say_that_it_waits(state: ComplaintState, entry: LogEntry, why: str) -> None:
    """Write to whoever asked, the first time."""
    if not state.requests.is_retry:
        state.effects.send("request_waits", entry, why=why, **state.only_to(state.askers([entry])))


@carries_out(DecideLate)
def decide_late(state: ComplaintState, entry: LogEntry, message: DecideLate) -> Outcome:
    """A person's reasoned decision on a request made after its window."""
    if not state.requests.late:
        return refused("No late request is waiting for a decision.")
    about_a_stage = any(isinstance(request.message, Escalate) for request in state.requests.late)
    if about_a_stage and waits_to_be_approved(state, entry, message, "late_request_decision"):
        return draft(state, entry, message, "late_request_decision", response="late_request_decision")
    decided_on = state.decide_late_requests(_decided(message), assumed=entry.assumed)
    requests = [request for request in decided_on if isinstance(request.message, Escalate)]
    if requests:
        stage = state.stage_rules
        asked = state.askers(requests)
        if message.accept and stage.next is not None:
            state.open_stage(stage.next, requests[0], requests[0].message.on)
            state.requests.asked_by[stage.next] = asked
        if is_written(entry, message):
            state.effects.send("late_request_decision", entry, **state.only_to(asked))
    for request in decided_on:
        if isinstance(request.message, AddPoints):
            _decide_about_points(state, entry, request, request.message, join=message.accept)
    return APPLIED


def _decided(message: DecideLate | DecideEarly) -> Outcome:
    """What becomes of the requests that a person decided about."""
    if message.accept:
        return Outcome("applied", f"accepted: {message.reason}", message.on)
    return Outcome("not_accepted", f"not accepted: {message.reason}", message.on)


@carries_out(DecideEarly)
def decide_early(state: ComplaintState, entry: LogEntry, message: DecideEarly) -> Outcome:
    """What the person chose, asked after the adjudication whether the panel they had asked for is to meet."""
    stage = state.stage_rules
    if not state.requests.early:
        return refused("No request that came before the adjudication is waiting for a decision.")
    if stage.name not in state.answers.on or stage.next != "stage_3":
        return refused("The adjudication is not there yet: the person is asked after it.")
    requests = state.requests.take_early()
    asked = state.askers(requests)
    state.deadlines.reach("early_decided", message.on, assumed=entry.assumed)
    decided = _decided(message)
    state.outcomes |= {request.seq: decided for request in requests}
    if not message.accept:
        if state.answers.window_has_passed(stage):
            state.close("lapsed", "", entry)
        state.effects.send("early_request_decision", entry, **state.asked_by(asked))
        return APPLIED
    state.answers.use_window(stage)
    state.requests.waiting += requests[1:]  # points that they name besides join the panel
    state.open_stage("stage_3", requests[0], state.answers.had_by_any(stage.name, asked))
    state.requests.asked_by["stage_3"] = asked
    return APPLIED


def _decide_about_points(
    state: ComplaintState, entry: LogEntry, request: LogEntry, added: AddPoints, *, join: bool
) -> None:
    """New points join the complaint, or become a linked one that counts from when they were brought up."""
    received_on = (added.received_on or added.on).isoformat()
    texts: list[Fact] = [*added.points]
    if join:
        ended = state.closed_as in ("lapsed", "completed", "resolved")
        reopened = ended and state.rules.has(TAKES_UP_AGAIN)
        if reopened:
            state.position.open()
        state.points.add(added.points)
        if state.closed_on is None:
            state.ask_about_points(added.points, entry)
        if state.closed_on is None and state.current_stage in state.answers.on:
            state.answers.owe_anew(state.stage_rules, entry.message.on, keep=True)
        state.effects.send("points_decided", entry, texts=texts, part=0, reopened=reopened)
        return
    part = state.points.set_apart(added.points, request.seq + 1, entry.message.on, state.procedure.name)
    facts: dict[str, Fact] = {"part": part.part, "points": texts, "procedure": part.procedure}
    state.effects.open_part(facts | {"received_on": received_on}, request)
    state.effects.send("points_decided", entry, texts=texts, part=part.part, received_on=received_on)
