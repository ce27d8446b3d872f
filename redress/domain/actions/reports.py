"""What is reported as done: acknowledgement, statement, reports, the panel, meetings, remedies, notes."""

from __future__ import annotations

from redress.domain.actions.appointment import holders_of
from redress.domain.actions.registry import carries_out
from redress.domain.effect_log import mark_of
from redress.domain.enclosures import SentLetter
from redress.domain.log import APPLIED, LogEntry, Outcome, refused
from redress.domain.messages import (
    Acknowledge,
    AddNote,
    AgreeStatement,
    CompleteRemedy,
    Correct,
    HoldPanel,
    RecordMeeting,
    Report,
    SendPapers,
)
from redress.domain.people import AT_THE_PANEL, PANEL
from redress.domain.safeguarding import tell_of_safety
from redress.domain.state import ComplaintState
from redress.domain.words import plain


@carries_out(Acknowledge)
def acknowledge(state: ComplaintState, entry: LogEntry, message: Acknowledge) -> Outcome:
    """The acknowledgement goes out; where none is owed, that is noted."""
    stage = state.stage_rules
    milestones = ("acknowledged", f"acknowledged:{stage.name}")
    if not any(milestone in d.limit.met_by for d in state.running for milestone in milestones):
        state.note_irregular(entry, "nothing is waiting to be acknowledged")
        return APPLIED
    for milestone in milestones:
        state.deadlines.reach(milestone, message.on, assumed=entry.assumed)
    state.effects.send(stage.acknowledgement_letter, entry, once=True)
    return APPLIED


@carries_out(AgreeStatement)
def agree_statement(state: ComplaintState, entry: LogEntry, message: AgreeStatement) -> Outcome:
    """The complaint statement is agreed: the second reading of Stage 2 starts."""
    if not _happened(state, entry, "statement_agreed"):
        return APPLIED
    if message.points and state.may_reword_points:
        state.points.reword(message.points)
    elif message.points:
        state.note_irregular(entry, "the stage was answered already, so that its points stay as they are")
    state.effects.send("statement_agreed", entry)
    return APPLIED


@carries_out(Report)
def report(state: ComplaintState, entry: LogEntry, message: Report) -> Outcome:
    """A report has been received. The panel's report starts the final response's limit."""
    if _happened(state, entry, f"reported:{message.kind}") and message.kind == "panel":
        state.effects.send("panel_report", entry, appointed=holders_of(state, "independent_person"))
        _await_everybody(state, entry, "panel_report")
    return APPLIED


@carries_out(SendPapers)
def send_papers(state: ComplaintState, entry: LogEntry, message: SendPapers) -> Outcome:
    """Notice and papers have gone to everybody at the panel."""
    if _happened(state, entry, "papers_sent"):
        on = state.panel_on.isoformat() if state.panel_on else None
        there = holders_of(state, *PANEL, *AT_THE_PANEL)
        state.effects.send("panel_notice", entry, meeting_on=on, appointed=there)
        _await_everybody(state, entry, "panel_notice", "papers_sent")
    return APPLIED


def _await_everybody(state: ComplaintState, entry: LogEntry, template: str, milestone: str = "") -> None:
    """A letter with enclosures goes to several: `milestone` counts once everybody's copy has left."""
    key, left = f"{template}:{mark_of(entry)}", max(entry.message.on, entry.leaves_on or entry.message.on)
    state.enclosures.letters[key] = SentLetter(key, entry, left, milestone)


@carries_out(HoldPanel)
def hold_panel(state: ComplaintState, entry: LogEntry, message: HoldPanel) -> Outcome:
    """The panel met: its report and, provisionally, the final response fall due; adjourned, it sits again."""
    state.attendance.add(message.attended)
    if message.adjourned_to is None or not state.procedure.knows("panel_held"):
        state.hold_panel(message.on, assumed=entry.assumed)
        if _happened(state, entry, "panel_held"):
            for who in state.attendance.missed(each.contact for each in state.complainants.present):
                state.note_irregular(entry, who)
        return APPLIED
    if message.adjourned_to <= message.on:
        state.note_irregular(entry, "the panel was adjourned to a day that is not later")
    if "panel_held" in state.reached:
        state.note_irregular(entry, "the panel had ended already")
        return APPLIED
    if state.closed_on is not None or state.stage != "stage_3":
        state.note_irregular(entry, "no panel is under way")
        return APPLIED
    state.expect(entry, "panel_held")
    state.adjourn_panel(message.on, max(message.adjourned_to, message.on), assumed=entry.assumed)
    state.effects.send("panel_adjourned", entry)
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
    if message.kind == "director_and_independent_person":
        return _director_met(state, entry)
    state.deadlines.reach("met_in_person", message.on, assumed=entry.assumed)
    return APPLIED


def _director_met(state: ComplaintState, entry: LogEntry) -> Outcome:
    """The Director and the Independent Person met, to consider what the panel recommended."""
    stage = state.stage_rules
    if not stage.with_independent_person:
        state.note_irregular(entry, f"{stage.title} is not considered with the Independent Person")
    elif "reported:panel" not in state.reached:
        state.note_irregular(entry, f"{plain('reported:panel')} is not recorded")
    state.deadlines.reach("director_met", entry.message.on, assumed=entry.assumed)
    return APPLIED


@carries_out(AddNote)
def add_note(state: ComplaintState, entry: LogEntry, message: AddNote) -> Outcome:
    """A note for the file: it may be about any day, and changes no date."""
    state.add_note()
    tell_of_safety(state, entry, message.note)
    return APPLIED


@carries_out(Correct)
def correct(state: ComplaintState, entry: LogEntry, message: Correct) -> Outcome:
    """Nothing is left to do: what it puts right was right from the start (`redress.domain.folding`)."""
    return APPLIED


@carries_out(CompleteRemedy)
def complete_remedy(state: ComplaintState, entry: LogEntry, message: CompleteRemedy) -> Outcome:
    """An agreed action was done."""
    agreed = state.remedies.numbered(message.remedy)
    if agreed is None:
        return refused(f"There is no remedy {message.remedy}; {len(state.remedies)} are agreed.")
    if agreed.done_on is not None:
        return refused(f"Remedy {message.remedy} was done on {agreed.done_on.isoformat()} already.")
    state.remedies.complete(agreed, message, assumed=entry.assumed)
    if message.told_on is None:
        state.effects.send("remedy_done", entry)
    return APPLIED
