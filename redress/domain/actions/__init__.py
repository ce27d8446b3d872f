"""What each action does to a case. One function each; `act` finds it by the message's name.

An action answers with a verdict. What reports a happening is always applied; what asks for
something may have to wait or be refused, each with its reason and the source of the rule.
"""

from __future__ import annotations

from collections.abc import Callable

from redress.domain.actions import answers, investigation, requests, turns
from redress.domain.state import ComplaintState, LogEntry, Outcome


def act(fold: ComplaintState, entry: LogEntry) -> Outcome:
    """Carry out one message."""
    return ACTIONS[entry.message.action](fold, entry)


ACTIONS: dict[str, Callable[[ComplaintState, LogEntry], Outcome]] = {
    "acknowledge": answers.acknowledge,
    "accept": answers.accept,
    "decline": answers.decline,
    "resolve_informally": answers.resolve_informally,
    "respond": answers.respond,
    "extend": answers.extend,
    "escalate": requests.escalate,
    "decide_late": requests.decide_late,
    "appoint": investigation.appoint,
    "agree_statement": investigation.agree_statement,
    "report": investigation.report,
    "schedule_panel": investigation.schedule_panel,
    "send_papers": investigation.send_papers,
    "hold_panel": investigation.hold_panel,
    "record_meeting": investigation.record_meeting,
    "suspend": turns.suspend,
    "resume": turns.resume,
    "set_advocate": turns.set_advocate,
    "withdraw": turns.withdraw,
    "close": turns.close,
    "refer_to_ombudsman": turns.refer_to_ombudsman,
    "ombudsman_decision": turns.ombudsman_decision,
    "complete_remedy": turns.complete_remedy,
    "split": turns.split,
    "reopen": turns.reopen,
    "restrict_contact": turns.restrict_contact,
    "recount": turns.recount,
    "correct": investigation.recorded,  # the case has put it right before folding: redress.domain.case
    "add_note": investigation.recorded,
}
