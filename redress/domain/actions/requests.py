"""Asking for the next stage, in time, too early or too late."""

from __future__ import annotations

from typing import cast

from redress.domain import messages as m
from redress.domain.actions.common import refused
from redress.domain.state import APPLIED, ComplaintState, LogEntry, Outcome

OPENED_BY_ANOTHER = "the stage asked for was opened by an earlier request"


def escalate(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The complainant asks for the next stage. Out of time or too early, it waits; it is not refused."""
    message = cast(m.Escalate, entry.message)
    if fold.closed_as in ("withdrawn", "declined"):
        return refused(
            f"The complaint was {fold.closed_as}; it can be brought again as a new complaint, "
            "or taken to the Ombudsman."
        )
    stage = fold.procedure.stage[fold.current_stage]
    if stage.next is None:
        return refused(f"{stage.title} is the last stage; {fold.procedure.beyond}.")
    asked_at = fold.asked_at.setdefault(entry.seq, stage.name)
    if asked_at != stage.name:
        return Outcome("applied", OPENED_BY_ANOTHER)
    lapsed = fold.closed_as == "lapsed" or (fold.closed_on is None and fold.has_lapsed(stage))
    settled = fold.closed_as == "resolved" and fold.edition >= 3 and fold.may_ask_until(stage, message.on)
    too_late = (fold.closed_on is not None and not settled) or lapsed
    if too_late and not (stage.after_lapse == "of_right" or entry.assumed):
        if not fold.late_requests:
            fold.reach("late_request", message.on)
            fold.ask_owner(fold.latest["late_request_decision"], entry)
        fold.late_requests.append(entry)
        fold.send("request_waits", entry, why="late" if lapsed else "closed")
        passed = "The window to ask has passed" if lapsed else "The complaint was closed early"
        return Outcome("pending", f"{passed}; the Complaints Manager decides on this request, with reasons.")
    response = fold.latest.get(stage.response)
    is_late = stage.late_opens_next and response is not None and response.ran_out_on is not None
    skipped = message.agreed_by_authority and stage.skip_by_agreement
    tried = stage.name == "informal" and "informally_tried" in fold.reached
    ready = stage.name in fold.answered or is_late or skipped or tried or stage.ask_any_time
    if fold.stage == "intake" and fold.closed_on is None:
        if not (is_late or skipped):
            if not fold.retrying:
                fold.send("request_waits", entry, why="intake")
            return fold.wait(entry, "Whether the matter is taken is decided first (accept or decline).")
        fold.note_irregular(entry, "whether the matter is taken was not decided")
        fold.stage = fold.entry
        fold.reach("decided", fold.day, assumed=entry.assumed)
    if not ready and fold.closed_on is None:
        if fold.edition >= 3 and not fold.retrying and fold.asked_for.get(stage.name) == message.on:
            return Outcome("applied", OPENED_BY_ANOTHER)  # by form and by letter on one day
        if not fold.retrying:
            fold.send("request_waits", entry, why="early")
        return fold.wait(
            entry,
            f"{stage.title} is neither answered nor late; the request takes effect on the day it is.",
        )
    if entry.assumed and fold.closed_on is not None:
        fold.note_irregular(
            entry, f"came without a date after closing on {fold.closed_on.isoformat()}; taken as in time"
        )
    fold.open_stage(stage.next, entry, fold.day, taken_on=fold.day)
    return APPLIED


def decide_late(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A person's reasoned decision on a request made after its window."""
    message = cast(m.DecideLate, entry.message)
    if not fold.late_requests:
        return refused("No late request is waiting for a decision.")
    requests, fold.late_requests = fold.late_requests, []
    fold.reach("late_decided", message.on, assumed=entry.assumed)
    stage = fold.procedure.stage[fold.current_stage]
    outcome = "applied" if message.accept else "not_accepted"
    decided = "accepted" if message.accept else "not accepted"
    for request in requests:
        fold.verdicts[request.seq] = Outcome(outcome, f"{decided}: {message.reason}", message.on)
    if message.accept and stage.next is not None:
        first = requests[0]
        fold.open_stage(stage.next, first, first.message.on, taken_on=message.on)
    fold.send("late_request_decision", entry)
    return APPLIED
