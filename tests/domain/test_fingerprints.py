"""The digest by which a message is known when it comes again: what it says, and nothing it leaves out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.parsing import fingerprint, parse_message

BEFORE: list[tuple[str, dict[str, Any], str]] = [
    (
        "respond",
        {
            "outcome": "upheld",
            "findings": [{"point": 1, "outcome": "upheld"}],
            "remedies": [{"what": "An apology"}],
        },
        "40f96e5fff39a1d8",
    ),
    ("decline", {"reason": "R"}, "1477295ad5cd643c"),
    ("escalate", {"points": [1]}, "71f846d46142b122"),
    ("decide_late", {"accept": True, "reason": "R"}, "94a8638092683632"),
    (
        "appoint",
        {"role": "panel_chair", "person": {"name": "Fern Fictitious"}, "connection": "none"},
        "042394fb68ae8cad",
    ),
    ("schedule_panel", {"meeting_on": "2026-06-10"}, "652185574a55603e"),
    ("hold_panel", {}, "a53ec0a6f4847aef"),
    ("suspend", {"reason": "R", "review_on": "2026-06-10"}, "90cf508ff5747566"),
    ("withdraw", {}, "b45d60511565dc3a"),
    ("close", {"reason": "R"}, "efb7af05ac682b7d"),
    ("reopen", {"reason": "R"}, "ea8b2b4b36c97e71"),
    ("refer_to_ombudsman", {}, "daed5e4a0776f5b5"),
    ("ombudsman_decision", {"outcome": "no fault found"}, "30624e8c34de56f0"),
    ("complete_remedy", {"remedy": 1}, "34b911e15f60fd97"),
    ("resolve_informally", {"agreed": True}, "77b26234ba2ccc4c"),
    ("set_advocate", {"advocate": {"name": "Adva Catena"}}, "a73f7fa5821c325f"),
    ("add_points", {"points": ["One more."]}, "bb54aa894748cee6"),
    ("add_note", {"note": "N"}, "cbfb586ad29d681c"),
    ("agree_statement", {}, "70b8d05ec9f4912c"),
    ("record_meeting", {"with": "W"}, "b27076135af55b43"),
    ("decide_early", {"accept": True, "reason": "R"}, "da7d707a96133ea0"),
]
"""As they were before messages had their added fields."""


@pytest.mark.parametrize(("action", "fields", "digest"), BEFORE, ids=[row[0] for row in BEFORE])
def test_a_field_left_out_changes_no_digest(action: str, fields: dict[str, Any], digest: str) -> None:
    assert _digest(action, fields) == digest


@pytest.mark.parametrize(
    ("action", "fields", "more"),
    [
        ("respond", {"outcome": "upheld"}, {"stage": "stage_1"}),
        ("complete_remedy", {"remedy": 1}, {"evidence": "A letter"}),
        ("escalate", {}, {"channel": "post"}),
        ("record_meeting", {}, {"kind": "director_and_independent_person"}),
        ("refer_to_ombudsman", {}, {"approached_by": "complainant"}),
    ],
)
def test_what_an_added_field_says_changes_it(
    action: str, fields: dict[str, Any], more: dict[str, Any]
) -> None:
    assert _digest(action, {**fields, **more}) != _digest(action, fields)


def _digest(action: str, fields: dict[str, Any]) -> str:
    raw = {"on": "2026-06-03", "message_id": "m", **fields}
    parsed = parse_message(action, raw, received_on=date(2026, 6, 1), today=date(2026, 6, 4))
    return fingerprint(parsed.message)[:16]
