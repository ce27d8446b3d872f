"""The authority's answer at a stage: to all points at issue or some, late, further or amended."""

from __future__ import annotations

from datetime import date

from redress.domain.actions.registry import carries_out
from redress.domain.actions.releasing import let_follow
from redress.domain.answers import AnswerLetter, GivenAnswer
from redress.domain.drafting import draft, take_back_alike, waits_to_be_approved
from redress.domain.effect_log import mark_of
from redress.domain.effects import Fact
from redress.domain.log import APPLIED, LogEntry, Outcome
from redress.domain.messages import Respond
from redress.domain.parsing import Problem, fingerprint
from redress.domain.points import Point, PointFinding
from redress.domain.position import Ending
from redress.domain.procedure import Stage
from redress.domain.receipt import copies_of, is_written, leaving_of, receipts
from redress.domain.state import ComplaintState
from redress.domain.unsaid import unsaid_by_answer
from redress.domain.words import plain


def answer_problem(state: ComplaintState, message: Respond) -> Problem | None:
    """What an answer leaves open: which stage it answers, or which answer it amends."""
    if message.amends is not None:
        if message.amends not in state.answers.given:
            return Problem("amends", "should be the message_id of an answer (respond) that was given before")
        return None
    known = state.procedure.stage
    if message.stage is not None and message.stage not in known:
        return Problem("stage", f"should be one of {', '.join(known)}", "not_one_of")
    never_came = state.answers.never_came if state.closed_on is None else []
    if message.stage is None and never_came:
        choose = ", ".join([*never_came, state.stage_rules.name])
        first = known[never_came[0]].title
        return Problem(
            "stage", f"say which stage this answers: {choose} ({first} was never answered)", "missing"
        )
    return None


@carries_out(Respond)
def respond(state: ComplaintState, entry: LogEntry, message: Respond) -> Outcome:
    """The answer at a stage; always recorded. One that does not say which stage it answers waits."""
    problem = answer_problem(state, message)
    if problem is not None and state.closed_on is None:
        return state.wait_for_stage(entry, f"{problem}. The Complaints Manager is asked.")
    if message.amends in state.answers.given:
        return _amend(state, entry, message, state.answers.given[message.amends])
    stage = state.procedure.stage.get(message.stage or "", state.stage_rules)
    if state.closed_on is not None:
        if problem is not None:  # nobody is owed anything here who would come back to it
            state.note_irregular(entry, str(problem))
        return _answer_after_the_end(state, entry, message, stage)
    order = state.procedure.order
    if order[stage.name] > order[state.current_stage]:
        return state.wait(entry, f"{stage.title} has not been asked for yet; the answer is kept until it is.")
    waits = waits_to_be_approved(state, entry, message, stage.answer_letter)
    if state.stage == "intake" and not waits:
        state.take_undecided(entry)
    chosen = _points_answered(state, message, stage)
    earlier = _answer_to_the_same(state, message, stage)
    if earlier is not None and not chosen:
        return _answer_again(state, entry, message, earlier)
    points = frozenset(point.number for point in chosen)
    if waits and (chosen or message.findings):
        letter, response = stage.answer_letter, stage.response
        return draft(state, entry, message, letter, response=response, stage=stage.name, points=points)
    take_back_alike(state, entry, message, stage.name, points)
    _note_what_is_missing(state, entry, message, stage, len(chosen))
    _record(state, entry, message, stage, chosen)
    ends = chosen and stage.name == state.current_stage and not state.unanswered(stage.name)
    if ends:
        _reach_milestones(state, entry, message, stage)
    for remedy in message.remedies:
        state.remedies.agree(remedy, message.on, "answer")
    if ends:
        _complete(state, entry, message, stage)
    elif not chosen:
        state.note_irregular(entry, "it answers no point at issue")
        if message.findings:
            _send_answer(state, entry, message, stage)
    elif stage.name != state.current_stage:
        _answer_behind(state, entry, message, stage)
    else:
        _send_answer(state, entry, message, stage)
    state.retry_waiting()
    return APPLIED


def _points_answered(state: ComplaintState, message: Respond, stage: Stage) -> list[Point]:
    """The points that an answer answers for the first time: those it has findings on, or all at issue."""
    unanswered = state.unanswered(stage.name)
    if not message.findings:
        return unanswered
    judged = {finding.point for finding in message.findings}
    waiting = [p for p in state.points.suspended if p.number not in state.answers.answered(stage.name)]
    return [point for point in [*unanswered, *waiting] if point.number in judged]


def _answer_to_the_same(state: ComplaintState, message: Respond, stage: Stage) -> GivenAnswer | None:
    """The latest answer at a stage to what is answered once more; None: it says nothing on what was."""
    judged = {finding.point for finding in message.findings}
    given = [answer for answer in state.answers.given.values() if answer.stage == stage.name]
    alike = [answer for answer in given if not judged or judged & answer.points]
    return alike[-1] if alike else None


def _answer_again(state: ComplaintState, entry: LogEntry, message: Respond, earlier: GivenAnswer) -> Outcome:
    """What was answered is answered again: the same once more is noted, anything else amends it."""
    title = state.procedure.stage[earlier.stage].title
    state.note_irregular(entry, f"{title} was answered on {earlier.on.isoformat()} already")
    if _content(message) == earlier.content:
        return APPLIED
    return _amend(state, entry, message, earlier)


def _answer_after_the_end(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> Outcome:
    """An answer to a closed complaint: where an answer or its window ended that, it amends the answer."""
    assert state.closed_on is not None
    earlier = _answer_to_the_same(state, message, stage)
    if earlier is not None and state.closed_as in ("lapsed", "completed", "resolved"):
        return _answer_again(state, entry, message, earlier)
    state.note_irregular(entry, f"the complaint was closed on {state.closed_on.isoformat()}")
    return APPLIED


def _note_what_is_missing(
    state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage, points: int
) -> None:
    if state.state == "suspended":
        state.note_irregular(entry, "the complaint is suspended")
    state.expect(entry, f"answered:{stage.name}")
    if stage.with_independent_person and "director_met" not in state.reached:
        if message.independent_person_consulted is not True:
            state.note_irregular(entry, f"the Independent Person was not consulted ({stage.source})")
        for name in state.procedure.meeting.get("director_met", ()):
            source = state.procedure.limit[name].source
            state.note_irregular(entry, f"{plain('director_met')} is not recorded ({source})")
    unsaid = unsaid_by_answer(stage, message, points)
    if unsaid:
        state.note_irregular(entry, f"{unsaid} ({stage.source})")
    if stage.different_person and state.answers.were_given_by(message.by, stage.name):
        state.note_irregular(entry, f"whoever answers here answered an earlier stage too ({stage.source})")


def _record(
    state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage, chosen: list[Point]
) -> None:
    """Each point's own finding; without any, what was decided holds for every point that it answers."""
    points = frozenset(point.number for point in chosen)
    answer = GivenAnswer(stage.name, message.on, points, _content(message))
    state.answers.given[message.message_id] = answer
    if chosen:
        _keep_answer(state, entry, message, answer)
    if not message.findings:
        _decide_alike(message, stage, chosen)
        return
    before = state.answers.answered(stage.name)
    for finding in message.findings:
        named, _ = state.points.named([finding.point])
        if finding.point not in before:
            state.note_irregular(entry, f"a finding on point {finding.point}, which is not at issue here")
        if named:
            named[0].findings.append(PointFinding(stage.name, finding.outcome, finding.reason, message.on))


def _keep_answer(
    state: ComplaintState, entry: LogEntry, message: Respond, answer: GivenAnswer, amends: str | None = None
) -> dict[int, date]:
    """Keep an answer, and by which letter it is had: the time to go on after it counts from when that left.

    Gives when each of those who complain has it, by number.
    """
    left, had, letter = leaving_of(entry, message), receipts(state, entry, message), None
    if is_written(entry, message):
        key = f"{state.procedure.stage[answer.stage].answer_letter}:{mark_of(entry)}"
        letter = AnswerLetter(entry, answer.stage, answer.points, key, left, copies_of(state, key))
    state.answers.record(message, answer, letter, left, had, amends)
    if letter is not None:
        let_follow(state, letter.key)
    return had


def _decide_alike(message: Respond, stage: Stage, chosen: list[Point]) -> None:
    for point in chosen:
        point.findings.append(PointFinding(stage.name, message.outcome, "", message.on))


def _reach_milestones(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    """Every point at issue has its answer: the limit is met, and the time to go on begins."""
    on, received = message.on, max(state.answers.received[stage.name], message.on)
    state.answers.on[stage.name] = on
    if stage.name == "informal":
        state.deadlines.reach("informally_tried", on, assumed=entry.assumed)
    left = max(state.answers.leavings[stage.name].values())
    state.deadlines.reach(f"answered:{stage.name}", on, counts_from=left, assumed=entry.assumed)
    state.deadlines.reach(f"answer_received:{stage.name}", on, counts_from=received)


def _complete(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    """The answer goes out, and ends the complaint where nothing is left."""
    closed_as = _closes_as(state, message, stage)
    if stage.named_letter and state.opening.remarks_on_somebody and is_written(entry, message):
        state.effects.send(stage.named_letter, entry, once=True)
    if closed_as:
        state.close(closed_as, stage.answer_letter if is_written(entry, message) else "", entry)
        return
    _send_answer(state, entry, message, stage)
    state.ask_about_early_requests(entry)


def settle(state: ComplaintState, entry: LogEntry) -> None:
    """Points have left the present stage: where all others are answered, it is answered from today."""
    stage, day = state.stage_rules, state.day
    begun = state.answers.answered(stage.name) and stage.name not in state.answers.on
    if not begun or state.closed_on is not None or state.unanswered(stage.name):
        return
    state.answers.on[stage.name] = day
    state.deadlines.reach(f"answered:{stage.name}", day, assumed=entry.assumed)
    received = max(day, state.answers.received[stage.name])
    state.deadlines.reach(f"answer_received:{stage.name}", day, counts_from=received)
    if stage.next is None and not state.anything_is_owed:
        state.close("completed", "closure", entry)
    else:
        state.ask_about_early_requests(entry)
    state.retry_waiting()


def _answer_behind(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    """An earlier stage is answered though the next one runs: its limit is met late, the next one runs on."""
    if not state.answers.left.get(stage.name):
        state.deadlines.meet_late(f"answered:{stage.name}", message.on, assumed=entry.assumed)
    present = state.stage_rules
    if present.name in state.answers.on and not state.anything_is_owed:
        if present.next is None:
            state.close("completed", "", entry)
        elif state.answers.window_has_passed(present):
            state.answers.begin_windows_anew(present)
    _send_answer(state, entry, message, stage)


def _send_answer(
    state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage, **more: Fact
) -> None:
    """The letter with the answer, where Redress writes it: to which points it is, and which are owed one."""
    if not is_written(entry, message):
        return
    owed: list[Fact] = [point.number for point in state.unanswered(stage.name)]
    given = state.answers.given[message.message_id]
    answers: list[Fact] = []
    if owed or given.points != state.answers.answered(stage.name):
        answers = [*sorted(given.points)]
    once = not (answers or more)
    more |= {"stage": stage.name, "answers": answers, "still_owed": owed}
    state.effects.send(stage.answer_letter, entry, to="", once=once, **more)


def _closes_as(state: ComplaintState, message: Respond, stage: Stage) -> Ending | None:
    """As what an answer ends the complaint; None: it goes on."""
    if state.anything_is_owed:
        return None  # what waits for proceedings elsewhere, or for an earlier stage, is still to be answered
    if stage.next is None:
        return "completed"
    settled = message.outcome == "resolved" and stage.resolved_closes and not state.requests.ask_to_go_on
    return "resolved" if settled else None


def _content(message: Respond) -> str:
    return fingerprint(message, "on", "by", "note", "stage", "amends", "received_on", "person", "letter")


def _amend(state: ComplaintState, entry: LogEntry, message: Respond, earlier: GivenAnswer) -> Outcome:
    """An answer is amended: it is sent as such, and the limit keeps the first answer's date.

    Where the next stage was not asked for, the time to ask begins again, though the complaint closed
    meanwhile because that passed or the answer ended it; where it runs, it runs on.
    """
    stage = state.procedure.stage[earlier.stage]
    judged = {finding.point for finding in message.findings} or set(earlier.points)
    points = frozenset(judged & earlier.points)
    if waits_to_be_approved(state, entry, message, stage.answer_letter):
        return draft(state, entry, message, stage.answer_letter, stage=stage.name, points=points)
    take_back_alike(state, entry, message, stage.name, points)
    answer = GivenAnswer(stage.name, message.on, points, _content(message))
    amends = next((name for name, given in state.answers.given.items() if given is earlier), None)
    had = _keep_answer(state, entry, message, answer, amends)
    _find_anew(state, entry, message, earlier)
    for remedy in message.remedies:
        state.remedies.agree_anew(remedy, message.on)
    ended = state.closed_as in ("lapsed", "completed", "resolved")
    if stage.name == state.current_stage and stage.name in state.answers.on and stage.next is not None:
        if ended and message.outcome != "resolved":
            state.position.open()
        state.answers.begin_window(stage, max(*had.values(), leaving_of(entry, message)))
    _send_answer(state, entry, message, stage, amends_on=earlier.on.isoformat())
    if stage.name == state.current_stage and stage.name in state.answers.on:
        state.ask_about_early_requests(entry)
    return APPLIED


def _find_anew(state: ComplaintState, entry: LogEntry, message: Respond, earlier: GivenAnswer) -> None:
    stage = state.procedure.stage[earlier.stage]
    by_number = {point.number: point for point in state.points.all}
    if not message.findings:
        _decide_alike(message, stage, [by_number[number] for number in sorted(earlier.points)])
    for finding in message.findings:
        if finding.point in earlier.points:
            found = PointFinding(stage.name, finding.outcome, finding.reason, message.on)
            by_number[finding.point].findings.append(found)
        else:
            what = f"a finding on point {finding.point}, which the answer that is amended did not answer"
            state.note_irregular(entry, what)
