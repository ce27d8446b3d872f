"""The authority's answer at the current stage."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import APPLIED, LogEntry, Outcome
from redress.domain.messages import Respond
from redress.domain.points import PointFinding
from redress.domain.position import Ending
from redress.domain.procedure import Stage
from redress.domain.state import ComplaintState


@carries_out(Respond)
def respond(state: ComplaintState, entry: LogEntry, message: Respond) -> Outcome:
    """The answer at the current stage; always recorded."""
    if state.closed_on is not None:
        state.note_irregular(entry, f"the complaint was closed on {state.closed_on.isoformat()}")
        return APPLIED
    if state.stage == "intake":
        state.take_undecided(entry)
    stage = state.stage_rules
    if stage.name in state.answers.on:
        answered_on = state.answers.on[stage.name].isoformat()
        state.note_irregular(entry, f"{stage.title} was answered on {answered_on} already")
        return APPLIED
    _note_what_is_missing(state, entry, message, stage)
    state.answers.record(stage.name, message.on, message.by)
    _record_findings(state, entry, message, stage)
    _reach_milestones(state, entry, message, stage)
    for remedy in message.remedies:
        state.remedies.agree(remedy, message.on, "answer")
    closed_as = _closes_as(state, message, stage)
    if closed_as:
        state.close(closed_as, stage.answer_letter, entry)
    else:
        state.effects.send(stage.answer_letter, entry, once=True)
    state.retry_waiting()
    return APPLIED


def _note_what_is_missing(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    if state.state == "suspended":
        state.note_irregular(entry, "the complaint is suspended")
    state.expect(entry, f"answered:{stage.name}")
    if stage.with_independent_person and message.independent_person_consulted is not True:
        state.note_irregular(entry, f"the Independent Person was not consulted ({stage.source})")
    if stage.different_person and state.answers.were_given_by(message.by):
        state.note_irregular(entry, f"whoever answers here answered an earlier stage too ({stage.source})")


def _reach_milestones(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    if stage.name == "informal":
        state.deadlines.reach("informally_tried", message.on, assumed=entry.assumed)
    state.deadlines.reach(f"answered:{stage.name}", message.on, assumed=entry.assumed)
    deemed = state.procedure.policy.deemed_days
    received = message.received_on or state.calendar.add(message.on, deemed)
    state.deadlines.reach(f"answer_received:{stage.name}", message.on, counts_from=max(received, message.on))


def _closes_as(state: ComplaintState, message: Respond, stage: Stage) -> Ending | None:
    """As what an answer ends the complaint; None: it goes on."""
    if state.points.suspended:
        return None  # what waits for proceedings elsewhere is still to be answered
    if stage.next is None:
        return "completed"
    settled = message.outcome == "resolved" and stage.resolved_closes and not state.requests.ask_to_go_on
    return "resolved" if settled else None


def _record_findings(state: ComplaintState, entry: LogEntry, message: Respond, stage: Stage) -> None:
    """Each point's own finding; without any, what was decided holds for every point."""
    if not message.findings:
        for point in state.points.open:
            point.findings.append(PointFinding(stage.name, message.outcome, "", message.on))
        return
    at_issue = state.points.at_issue
    for finding in message.findings:
        named, _ = state.points.named([finding.point])
        if not named or named[0] not in at_issue:
            state.note_irregular(entry, f"a finding on point {finding.point}, which is not at issue here")
        if named:
            named[0].findings.append(PointFinding(stage.name, finding.outcome, finding.reason, message.on))
    missing = {point.number for point in state.points.open} - {finding.point for finding in message.findings}
    if missing:
        state.note_irregular(entry, f"no finding on point {', '.join(map(str, sorted(missing)))}")
