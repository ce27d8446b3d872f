"""What is reported as done: statement, reports, the panel's papers and meeting, other meetings, notes."""

from __future__ import annotations

from redress.domain.actions.registry import carries_out
from redress.domain.log import LogEntry
from redress.domain.messages import (
    AddNote,
    AgreeStatement,
    Correct,
    HoldPanel,
    RecordMeeting,
    Report,
    SendPapers,
)
from redress.domain.outcome import APPLIED, Outcome
from redress.domain.state import ComplaintState
from redress.domain.words import plain


@carries_out(AgreeStatement)
def agree_statement(state: ComplaintState, entry: LogEntry, message: AgreeStatement) -> Outcome:
    """The complaint statement is agreed: the second reading of Stage 2 starts."""
    if not _happened(state, entry, "statement_agreed"):
        return APPLIED
    if message.points:
        state.points.reword(message.points)
    state.effects.send("statement_agreed", entry)
    return APPLIED


@carries_out(Report)
def report(state: ComplaintState, entry: LogEntry, message: Report) -> Outcome:
    """A report has been received. The panel's report starts the final response's limit."""
    if _happened(state, entry, f"reported:{message.kind}") and message.kind == "panel":
        state.effects.send("panel_report", entry)
    return APPLIED


@carries_out(SendPapers)
def send_papers(state: ComplaintState, entry: LogEntry, message: SendPapers) -> Outcome:
    """Notice and papers have gone to everybody at the panel."""
    if _happened(state, entry, "papers_sent"):
        on = state.panel_on.isoformat() if state.panel_on else None
        state.effects.send("panel_notice", entry, meeting_on=on)
    return APPLIED


@carries_out(HoldPanel)
def hold_panel(state: ComplaintState, entry: LogEntry, message: HoldPanel) -> Outcome:
    """The panel met: its report and, provisionally, the final response fall due."""
    _happened(state, entry, "panel_held")
    return APPLIED


def _happened(state: ComplaintState, entry: LogEntry, milestone: str) -> bool:
    """Record what is reported; whether it has a place in this procedure."""
    if not state.procedure.knows(milestone):
        state.note_irregular(entry, f"this procedure has no place for {plain(milestone)}")
        return False
    if state.closed_on is not None:
        state.note_irregular(entry, f"the complaint was closed on {state.closed_on.isoformat()}")
    elif state.state == "suspended":
        state.note_irregular(entry, "the complaint is suspended")
    state.expect(entry, milestone)
    state.deadlines.reach(milestone, entry.message.on, assumed=entry.assumed)
    return True


@carries_out(RecordMeeting)
def record_meeting(state: ComplaintState, entry: LogEntry, message: RecordMeeting) -> Outcome:
    """A meeting was offered or held. It stops no clock; a target that waits for one is met."""
    state.deadlines.reach("met_in_person", message.on, assumed=entry.assumed)
    return APPLIED


@carries_out(AddNote)
def add_note(state: ComplaintState, entry: LogEntry, message: AddNote) -> Outcome:
    """A note for the file: it may be about any day, and changes no date."""
    state.add_note()
    return APPLIED


@carries_out(Correct)
def correct(state: ComplaintState, entry: LogEntry, message: Correct) -> Outcome:
    """Nothing is left to do: what it puts right was right from the start (`redress.domain.folding`)."""
    return APPLIED
