"""What operators read in the UI beside the name of an update, signal or query: its meaning, what to fill in.

Each update's prompt is its title and a form to copy, in JSON. `YYYY-MM-DD` and `…` stand for what has to be
put in; `on` is the day it happened or was received, and without it lateness is not judged.
"""

from __future__ import annotations

import json
from typing import get_args

from redress.domain.fields import AnswerOutcome, Connection, ReportKind, Role
from redress.domain.messages import KNOWN, ProcedureName

DAY, TEXT = "YYYY-MM-DD", "…"
"""What stands in a form where a date or a text has to be put in."""

FORMS: dict[str, dict[str, object]] = {
    "acknowledge": {},
    "accept": {"reason": TEXT},
    "decline": {"reason": TEXT},
    "resolve_informally": {"agreed": True},
    "extend": {"reason": TEXT, "until": DAY},
    "respond": {"outcome": " | ".join(get_args(AnswerOutcome)), "summary": TEXT},
    "escalate": {"reason": TEXT},
    "decide_late": {"accept": True, "reason": TEXT},
    "appoint": {
        "role": " | ".join(get_args(Role)),
        "person": {"name": TEXT},
        "connection": " | ".join(get_args(Connection)),
    },
    "agree_statement": {"points": [TEXT]},
    "report": {"kind": " | ".join(get_args(ReportKind))},
    "schedule_panel": {"meeting_on": DAY, "place": TEXT},
    "send_papers": {},
    "hold_panel": {},
    "record_meeting": {"with": TEXT},
    "suspend": {"reason": TEXT, "review_on": DAY},
    "resume": {"reason": TEXT},
    "set_advocate": {"advocate": {"name": TEXT}, "speaks": False, "gets_letters": True},
    "withdraw": {"reason": TEXT},
    "close": {"reason": TEXT, "agreed_by_complainant": True},
    "refer_to_ombudsman": {},
    "ombudsman_decision": {"outcome": TEXT},
    "complete_remedy": {"remedy": 1},
    "correct": {"field": "received_on", "value": DAY, "reason": TEXT},
    "split": {"points": [1], "procedure": " | ".join(get_args(ProcedureName))},
    "reopen": {"reason": TEXT},
    "restrict_contact": {"reason": TEXT, "until": DAY},
    "add_note": {"note": TEXT},
}
"""What an operator usually fills in, by action; where several words may stand, they stand with `|`."""

STATUS_DESCRIPTION = (
    'Where the complaint stands today; with Query Arg "YYYY-MM-DD", where it stood on that day'
)

MOVES_DESCRIPTION = "For the command 'recount': which due dates a newer calendar of bank holidays would move"

UNKNOWN_SIGNAL_DESCRIPTION = "A signal of any other name changes nothing: it is kept under 'refused'"


def update_description(action: str) -> str:
    """Title and form of an update."""
    title = KNOWN[action].title
    form = FORMS.get(action)
    if form is None:
        return f"{title}: sent by a command, not from here"
    return f"{title}: {json.dumps({'on': DAY, **form}, ensure_ascii=False)}"


def signal_description(action: str) -> str:
    """The same for a signal."""
    for_systems = "For systems that cannot wait for an answer; from here better an Update."
    return f"{for_systems} {update_description(action)}"
