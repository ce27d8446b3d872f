"""The digest by which a message is known when it comes again: what it says, and nothing it leaves out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.domain.parsing import fingerprint, parse_message

KNOWN: list[tuple[str, dict[str, Any], str]] = [
    (
        "respond",
        {
            "outcome": "upheld",
            "findings": [{"point": 1, "outcome": "upheld"}],
            "remedies": [{"what": "An apology"}],
        },
        "cd8e18c42e938a6d",
    ),
    ("decline", {"reason": "R"}, "a1f133f756ab0acd"),
    ("escalate", {"points": [1]}, "6a87ae4f0094e3ec"),
    ("decide_late", {"accept": True, "reason": "R"}, "b6c9e0cb57984499"),
    (
        "appoint",
        {"role": "panel_chair", "person": {"name": "Fern Fictitious"}, "connection": "none"},
        "6dd51175cb1d8242",
    ),
    ("schedule_panel", {"meeting_on": "2026-06-10"}, "1aee32c4900a0df2"),
    ("hold_panel", {}, "956620a2c3428679"),
    ("suspend", {"reason": "R", "review_on": "2026-06-10"}, "75c62696df9950cd"),
    ("withdraw", {}, "9f03151423252900"),
    ("close", {"reason": "R"}, "42076b71bd39222b"),
    ("reopen", {"reason": "R"}, "6eeb76d92509bc02"),
    ("refer_to_ombudsman", {}, "9ae67fff2a6a74d8"),
    ("ombudsman_decision", {"outcome": "no fault found"}, "303a124806495523"),
    ("complete_remedy", {"remedy": 1}, "b612730ec2627bae"),
    ("resolve_informally", {"agreed": True}, "1d317d04fce74ed1"),
    ("set_advocate", {"advocate": {"name": "Adva Catena"}}, "eee19de2a2398651"),
    ("add_points", {"points": ["One more."]}, "6110dd9e612aa0e0"),
    ("add_note", {"note": "N"}, "7563df36bd2a4081"),
    ("agree_statement", {}, "1dd4fa93cba35f4f"),
    ("record_meeting", {"with": "W"}, "0c4d123c4775e0c6"),
    ("decide_early", {"accept": True, "reason": "R"}, "2432ced136de68a3"),
]
"""A message that was kept is known by its digest for good, whatever fields are added later."""


@pytest.mark.parametrize(("action", "fields", "digest"), KNOWN, ids=[row[0] for row in KNOWN])
def test_a_message_is_known_by_the_digest_it_had(action: str, fields: dict[str, Any], digest: str) -> None:
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
def test_what_a_field_says_changes_it(action: str, fields: dict[str, Any], more: dict[str, Any]) -> None:
    assert _digest(action, {**fields, **more}) != _digest(action, fields)


def _digest(action: str, fields: dict[str, Any]) -> str:
    raw = {"on": "2026-06-03", "message_id": "m", **fields}
    parsed = parse_message(action, raw, received_on=date(2026, 6, 1), today=date(2026, 6, 4))
    return fingerprint(parsed.message)[:16]
