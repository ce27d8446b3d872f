"""Stages 2 and 3: who takes part, statement, reports, the panel."""

from __future__ import annotations

from typing import cast

from redress.domain import messages as m
from redress.domain.actions.common import refused
from redress.domain.state import APPLIED, Appointment, ComplaintState, LogEntry, Outcome
from redress.domain.words import plain


def appoint(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A person takes a part, if independent enough and without another part that rules it out."""
    message = cast(m.Appoint, entry.message)
    rule = fold.procedure.role.get(message.role)
    if rule is None:
        return refused(f"This procedure has no {message.role.replace('_', ' ')}.")
    if message.connection not in rule.connections:
        return refused(
            f"{rule.title}: somebody whose connection with the authority is "
            f"'{message.connection}' may not take this part ({rule.source})."
        )
    order = fold.procedure.order
    if fold.closed_on is not None or order[fold.current_stage] > order[rule.stage]:
        return refused(f"{rule.title}: the stage of this part is over.")
    if order[fold.stage] < order[rule.stage]:
        return fold.wait(entry, f"{rule.title}: taken up once its stage is open.")
    for held in fold.appointments:
        if not held.person.is_same_as(message.person):
            continue
        if held.role in rule.apart_from:
            other = fold.procedure.role[held.role].title
            return refused(
                f"{rule.title}: this person has or had the part of {other} in this complaint ({rule.source})."
            )
        if held.role == message.role and held.until is None:
            return refused(f"{rule.title}: this person has this part already.")
    holders = [a for a in fold.appointments if a.role == message.role and a.until is None]
    if len(holders) >= rule.seats:
        if rule.seats > 1:
            return refused(f"{rule.title}: all {rule.seats} places are taken.")
        at = fold.appointments.index(holders[0])
        fold.appointments[at] = holders[0]._replace(until=message.on)
    fold.appointments.append(Appointment(message.role, message.person, message.connection, message.on))
    if len(holders) + 1 >= rule.seats:
        fold.reach(f"appointed:{message.role}", message.on, assumed=entry.assumed)
    return APPLIED


def agree_statement(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The complaint statement is agreed: the second reading of Stage 2 starts."""
    message = cast(m.AgreeStatement, entry.message)
    if not _happened(fold, entry, "statement_agreed"):
        return APPLIED
    if message.points:
        fold.points.reword(message.points)
    fold.send("statement_agreed", entry)
    return APPLIED


def report(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A report has been received. The panel's report starts the final response's limit."""
    message = cast(m.Report, entry.message)
    if _happened(fold, entry, f"reported:{message.kind}") and message.kind == "panel":
        fold.send("panel_report", entry)
    return APPLIED


def schedule_panel(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The panel is called: papers count back from its day."""
    message = cast(m.SchedulePanel, entry.message)
    if not fold.procedure.knows("panel_scheduled"):
        return refused("This procedure has no Review Panel.")
    if fold.closed_on is not None:
        return refused("The complaint is closed: no panel can be called.")
    if fold.stage != "stage_3":
        return fold.wait(entry, "No panel has been asked for yet; the date is kept until one is.")
    if "panel_held" in fold.reached:
        return refused("The panel has met already.")
    if message.meeting_on < message.on:
        fold.note_irregular(entry, "the panel was called for a day that had passed")
    limit = fold.latest.get("panel_meeting")
    if limit is not None and limit.is_open and message.meeting_on > limit.due_on:
        fold.note_irregular(
            entry, f"the panel is called for later than its limit, {limit.due_on.isoformat()}"
        )
    fold.reach("panel_scheduled", message.on, counts_from=message.meeting_on, assumed=entry.assumed)
    fold.panel_on = message.meeting_on
    fold.send("panel_date", entry)
    return APPLIED


def send_papers(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Notice and papers have gone to everybody at the panel."""
    if not _happened(fold, entry, "papers_sent"):
        return APPLIED
    on = fold.panel_on.isoformat() if fold.panel_on else None
    fold.send("panel_notice", entry, meeting_on=on)
    return APPLIED


def hold_panel(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """The panel met: its report and, provisionally, the final response fall due."""
    _happened(fold, entry, "panel_held")
    return APPLIED


def _happened(fold: ComplaintState, entry: LogEntry, milestone: str) -> bool:
    """Record what is reported; whether it has a place in this procedure."""
    message = entry.message
    if not fold.procedure.knows(milestone):
        fold.note_irregular(entry, f"this procedure has no place for {plain(milestone)}")
        return False
    if fold.closed_on is not None:
        fold.note_irregular(entry, f"the complaint was closed on {fold.closed_on.isoformat()}")
    elif fold.state == "suspended":
        fold.note_irregular(entry, "the complaint is suspended")
    fold.expect(entry, milestone)
    fold.reach(milestone, message.on, assumed=entry.assumed)
    return True


def record_meeting(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """A meeting was offered or held. It stops no clock; a target that waits for one is met."""
    fold.reach("met_in_person", entry.message.on, assumed=entry.assumed)
    return APPLIED


def recorded(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Nothing but a record."""
    return APPLIED
