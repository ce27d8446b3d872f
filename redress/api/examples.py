"""The examples of the OpenAPI document: everybody in them is invented."""

from __future__ import annotations

from typing import Any

EXAMPLE_OPENING: dict[str, Any] = {
    "authority": "family-rights",
    "kind": "complaint",
    "source": "web-form",
    "source_id": "example-0001",
    "channel": "web_form",
    "received_on": "2026-11-20",
    "points": ["Nobody told me that my social worker had left."],
    "complainant": {"name": "Juniper Madeup", "role": "young_person", "email": "juniper@madeup.example"},
}

EXAMPLE_MESSAGES: dict[str, dict[str, Any]] = {
    "acknowledge": {"on": "2026-11-23"},
    "accept": {"reason": "It is about a duty under the Act."},
    "decline": {"reason": "It is a request for information, and went to that team."},
    "resolve_informally": {"agreed": True, "terms": "The invented team rings on Mondays."},
    "extend": {"reason": "Two teams are concerned.", "until": "2026-12-18"},
    "respond": {
        "outcome": "partly_upheld",
        "summary": "An invented answer.",
        "remedies": [{"what": "Say sorry."}],
    },
    "escalate": {"reason": "I am not content with the answer."},
    "decide_late": {"accept": True, "reason": "Illness is a good reason."},
    "appoint": {
        "role": "investigating_officer",
        "person": {"name": "Fern Fictitious"},
        "connection": "employee",
    },
    "agree_statement": {"points": ["Nobody told me that my social worker had left."]},
    "report": {"kind": "investigation", "recommendations": [{"what": "Tell people beforehand."}]},
    "schedule_panel": {"meeting_on": "2027-01-20", "place": "An invented hall"},
    "record_meeting": {"with": "the Complaints Manager"},
    "suspend": {"reason": "The same matter is before an invented court.", "review_on": "2027-01-15"},
    "resume": {"reason": "The court has decided."},
    "set_advocate": {"advocate": {"name": "Adva Catena", "email": "adva@invented.example"}},
    "withdraw": {"reason": "It was sorted out."},
    "close": {"reason": "Everything was done.", "agreed_by_complainant": True},
    "ombudsman_decision": {"outcome": "no fault found"},
    "complete_remedy": {"remedy": 1},
    "correct": {"field": "received_on", "value": "2026-11-19", "reason": "The stamp says so."},
    "split": {"points": [2], "procedure": "corporate"},
    "reopen": {"reason": "A letter had been overlooked."},
    "restrict_contact": {"reason": "Threats, an invented example.", "until": "2027-02-01"},
    "add_note": {"note": "Rang; nobody at home."},
}

EXAMPLE_WEBHOOK: dict[str, Any] = {
    "url": "https://casework.invented.example/redress",
    "authority": "family-rights",
}

_INTAKE: dict[str, Any] = {
    "reference": "CYP-2026-000001",
    "workflow_id": "complaint-CYP-2026-000001",
    "created": True,
    "differs": False,
    "state": "opened",
    "receipt": None,
    "problem": "",
}

_ANSWER: dict[str, Any] = {
    "message_id": "m-904096b102034e7b8d6c6e56d41a774c",
    "on": "2026-11-24",
    "applied": True,
    "pending": False,
    "repeated": False,
    "reason": "",
    "changed": [
        {
            "what": "acknowledgement",
            "was": "running",
            "is": "met",
            "was_due_on": "2026-11-25",
            "due_on": "2026-11-25",
        }
    ],
}

EXAMPLE_ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("open_complaint", "201"): _INTAKE,
    ("open_complaint", "200"): _INTAKE | {"created": False},
    ("open_complaint", "202"): _INTAKE
    | {"state": "waiting", "receipt": "rc_0123456789abcdef0123456789abcdef"},
    ("read_receipt", "200"): _INTAKE | {"receipt": "rc_0123456789abcdef0123456789abcdef"},
    ("send_acknowledge", "200"): _ANSWER,
    ("send_escalate", "202"): _ANSWER
    | {
        "applied": False,
        "pending": True,
        "reason": "It came after the window, which ended on Fri 18 Dec 2026: a person decides.",
        "changed": [],
    },
    ("list_due", "200"): {
        "due": [
            {
                "due_on": "2026-12-04",
                "reference": "CYP-2026-000001",
                "authority": "family-rights",
                "name": "stage_1_response",
                "stage": "stage_1",
                "kind": "limit",
                "owner": "stage_manager",
                "state": "running",
                "days_late": 0,
                "provisional": False,
                "source": "Regulations reg 14; guidance 3.5",
            }
        ],
        "next": None,
    },
    ("count_days", "200"): {
        "from": "2026-12-24",
        "days": 1,
        "unit": "working_days",
        "before": False,
        "due_on": "2026-12-29",
        "provisional": False,
        "explanation": "Tue 29 Dec 2026 is 1 working day after Thu 24 Dec 2026; 4 days between do not count.",
        "skipped": [
            {"on": "2026-12-25", "why": "Christmas Day"},
            {"on": "2026-12-26", "why": "Saturday"},
            {"on": "2026-12-27", "why": "Sunday"},
            {"on": "2026-12-28", "why": "Boxing Day (substitute day)"},
        ],
    },
    ("follow_changes", "200"): {
        "changes": [
            {
                "id": 41,
                "on": "2026-11-24",
                "recorded_at": "2026-11-24T10:02:11Z",
                "kind": "message",
                "what": "acknowledge",
                "outcome": "applied",
                "details": None,
            }
        ],
        "next": 41,
    },
}
"""Operation and status to what such an answer looks like."""
