"""How often the database is asked: so many times for each step of a complaint, however long its file is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from redress.contract import BeginRequest, RecordRequest
from redress.letters.delivery.outbox import FileChannel
from redress.store.register import Register
from tests.store.test_register import OPENED_ON, RAW, _activities, _begun, _said, register

__all__ = ["register"]


@pytest.fixture
def since(register: Register) -> Callable[[], int]:
    """How many statements were run since it was last asked."""
    ran: list[str] = []

    @event.listens_for(register.engine, "before_cursor_execute")
    def _note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        ran.append(statement)

    def since() -> int:
        count = len(ran)
        ran.clear()
        return count

    return since


def test_a_complaint_is_opened_recorded_and_written_to_in_few_statements(
    register: Register, tmp_path: Path, since: Callable[[], int]
) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    reference = "CYP-2026-000002"
    _begun(activities)  # what is looked up once for a process
    since()
    activities.begin(BeginRequest(reference=reference, opened_on=OPENED_ON.isoformat(), opening=RAW))
    assert since() <= 10
    case = _begun(activities, reference)
    entries = _said(case, "acknowledge", "2026-06-02")
    since()
    activities.record(RecordRequest(reference=reference, entries=entries))
    assert since() <= 15
    activities.send_letters(reference)
    assert since() <= 7


def test_a_longer_file_asks_no_more_often(
    register: Register, tmp_path: Path, since: Callable[[], int]
) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case, asked = _begun(activities), []
    for number in range(10):
        entries = _said(case, "add_note", "2026-06-02", note="They rang.", message_id=f"m-{number}")
        since()
        activities.record(RecordRequest(reference=case.reference, entries=entries))
        asked.append(since())
    assert len({*asked[1:]}) == 1, asked
