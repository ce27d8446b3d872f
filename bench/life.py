"""The life the benchmark measures with: one complaint through all three stages, invented throughout."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

AUTHORITY = "family-rights"


class Step(NamedTuple):
    """One message, so many days after the complaint was received."""

    day: int
    action: str
    body: dict[str, Any]


POINTS = [
    "Nobody told me that my social worker had changed until she did not come.",
    "The plan that was agreed at the review in spring was not carried out.",
    "My file says things about my mother that are not true, and nobody put them right.",
]

_REASONS = (
    "The records show two visits that were cancelled and not arranged again. The team accepts that this "
    "should not have happened and that a letter should have gone out the same week."
)
_FINDINGS = [
    {"point": number, "outcome": outcome, "reason": _REASONS}
    for number, outcome in enumerate(("upheld", "partly_upheld", "not_upheld"), 1)
]


def _answer(outcome: str, **more: Any) -> dict[str, Any]:
    summary = "We looked at the file, spoke with the team and with you, and this is what we found."
    return {"outcome": outcome, "summary": summary, "findings": _FINDINGS, "by": "J. Sample", **more}


def _person(role: str, name: str, connection: str = "none") -> dict[str, Any]:
    return {"role": role, "person": {"name": name, "id": f"P-{name[:3].upper()}"}, "connection": connection}


def steps(received_on: date) -> list[Step]:
    """Twenty-two messages from the acknowledgement to the final response, all in time."""
    meeting_on = received_on + timedelta(days=158)
    extended_until = received_on + timedelta(days=120)
    wants = {"desired_outcome": "An apology and a plan that is kept."}
    asks = [{"what": "Put the file right and write to say that it was done", "who": "Team manager"}]
    return [
        Step(2, "acknowledge", {"by": "Duty desk"}),
        Step(12, "extend", {"reason": "The team manager is on leave and holds the only notes."}),
        Step(24, "respond", _answer("partly_upheld")),
        Step(35, "escalate", {"reason": "The plan is still not carried out.", **wants}),
        Step(37, "appoint", _person("investigating_officer", "Avery Invented", "employee")),
        Step(38, "appoint", _person("independent_person", "Blake Imagined")),
        Step(39, "appoint", _person("adjudicating_officer", "Casey Madeup", "employee")),
        Step(44, "agree_statement", {"points": POINTS}),
        Step(
            60,
            "extend",
            {"reason": "Three former workers must be found and heard.", "until": extended_until.isoformat()},
        ),
        Step(100, "report", {"kind": "investigation", "recommendations": asks}),
        Step(102, "report", {"kind": "independent_person"}),
        Step(110, "respond", _answer("partly_upheld")),
        Step(125, "escalate", {"reason": "The third point was not looked at.", **wants}),
        Step(126, "acknowledge", {}),
        Step(130, "appoint", _person("panel_chair", "Devon Fictional")),
        Step(131, "appoint", _person("panel_member", "Ellis Pretend")),
        Step(132, "appoint", _person("panel_member", "Frankie Notreal")),
        Step(133, "schedule_panel", {"meeting_on": meeting_on.isoformat(), "place": "County Hall, room 2"}),
        Step(140, "send_papers", {"note": "By post and by e-mail."}),
        Step(158, "hold_panel", {"note": "All were present."}),
        Step(162, "report", {"kind": "panel", "recommendations": asks}),
        Step(172, "respond", _answer("upheld")),
    ]


def opening(received_on: date, source_id: str) -> dict[str, Any]:
    """The opening of one complaint."""
    return {
        "authority": AUTHORITY,
        "kind": "complaint",
        "source": "bench",
        "source_id": source_id,
        "channel": "web_form",
        "received_on": received_on.isoformat(),
        "points": POINTS,
        "complainant": {
            "name": "Robin Invented",
            "role": "care_leaver",
            "email": "robin@example.org",
            "address": "1 Made-up Street, Exampletown EX1 1AA",
        },
        "desired_outcome": "An apology and a plan that is kept.",
    }
