"""A complaint's whole file as people read it: who, what about, what happened, how each date was counted."""

from __future__ import annotations

from pathlib import Path

from redress.services.exporting import File
from redress.services.text_templates import text_template
from redress.services.timeline import KINDS

SHOWN_ELSEWHERE = (
    "action",
    "on",
    "by",
    "message_id",
    "outcome",
    "assumed",
    "decided",
    "findings",
    "remedies",
)
"""Fields of a message that its first line shows, or that have a place of their own."""


def as_text(file: File) -> str:
    """The file, section by section."""
    return text_template(Path(__file__).with_name("export.txt.jinja")).render(
        file,
        course=_course(file),
        reasons={row.get("message_id"): row["reason"] for row in file["status"]["refused"]},
        shown_elsewhere=SHOWN_ELSEWHERE,
    )


def _course(file: File) -> list[object]:
    """The chronology with whole messages, by day; messages in the order in which they came."""
    messages = file["status"].get("messages", [])
    rows: list[tuple[str, int, object]] = [(str(row["on"]), KINDS.index("message"), row) for row in messages]
    entries = [row for row in file["chronology"] if row["kind"] != "message"]
    rows += [(row["on"], KINDS.index(row["kind"]), row) for row in entries]
    return [row for *_, row in sorted(rows, key=lambda row: row[:2])]
