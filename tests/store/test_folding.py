"""How often the rules are gone through: once for each recording, and not again for who only reads."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.contract import BeginRequest, RecordRequest
from redress.domain.case import Case
from redress.domain.log import LogEntry
from redress.domain.state import ComplaintState
from redress.letters.delivery.outbox import FileChannel
from redress.store.listing import ComplaintFilter, OwedFilter, complaints, owed
from redress.store.register import Register
from tests.store.test_register import OPENED_ON, RAW, _activities, _begun, _said, register

__all__ = ["register"]

MESSAGES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("acknowledge", "2026-06-02", {}),
    ("add_note", "2026-06-03", {"note": "They rang."}),
    ("extend", "2026-06-04", {"reason": "Two agencies.", "until": "2026-06-20"}),
)


class Counted:
    """Folds begun, and messages applied in them, since somebody looked."""

    def __init__(self) -> None:
        self.folds = self.messages = 0

    def since(self) -> tuple[int, int]:
        found = self.folds, self.messages
        self.folds = self.messages = 0
        return found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    begun, applied = ComplaintState.__init__, ComplaintState.apply

    def count_fold(self: ComplaintState, *given: Any, **more: Any) -> None:
        counted.folds += 1
        begun(self, *given, **more)

    def count_message(self: ComplaintState, entry: LogEntry) -> None:
        counted.messages += 1
        applied(self, entry)

    monkeypatch.setattr(ComplaintState, "__init__", count_fold)
    monkeypatch.setattr(ComplaintState, "apply", count_message)
    return counted


def test_each_recording_folds_once(register: Register, tmp_path: Any, counted: Counted) -> None:
    """Letters, tables and notices are all made from one and the same case."""
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    for action, on, fields in MESSAGES:
        entries = _said(case, action, on, **fields)
        counted.since()
        activities.record(RecordRequest(reference=case.reference, entries=entries))
        folds, messages = counted.since()
        assert folds == 1, action
        assert messages <= len(case.log), action


def test_the_opening_is_folded_once(register: Register, tmp_path: Any, counted: Counted) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    activities.begin(BeginRequest(reference="CYP-2026-000001", opened_on=OPENED_ON.isoformat(), opening=RAW))
    assert counted.since() == (1, 0)


def test_who_reads_again_finds_it_folded(register: Register, tmp_path: Any, counted: Counted) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    entries = _said(case, "acknowledge", "2026-06-02")
    activities.record(RecordRequest(reference=case.reference, entries=entries))
    counted.since()
    first = register.status(case.reference, date(2026, 6, 3))
    assert counted.since() == (1, 1)
    assert register.status(case.reference, date(2026, 6, 3)) == first
    later = register.status(case.reference, date(2026, 8, 3))
    assert later is not None
    assert later["overdue"]
    day = date(2026, 8, 3)
    assert complaints(register, ComplaintFilter(), day)[0].overdue
    assert [each.name for _, each in owed(register, OwedFilter(), day)] == ["stage_1_response"]
    assert counted.since() == (0, 0)


def test_what_is_recorded_since_is_seen_at_once(register: Register, tmp_path: Any) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    assert (status := register.status(case.reference, date(2026, 6, 3))) is not None
    assert status.get("messages") == []
    entries = _said(case, "acknowledge", "2026-06-02")
    Register(register.engine)  # another process
    activities.record(RecordRequest(reference=case.reference, entries=entries))
    assert (status := register.status(case.reference, date(2026, 6, 3))) is not None
    assert [each["action"] for each in status.get("messages", [])] == ["acknowledge"]


def test_an_earlier_day_is_told_as_it_was(register: Register, tmp_path: Any) -> None:
    """A fold that was taken on to a later day is of no use for an earlier one."""
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case = _begun(activities)
    before = register.status(case.reference, date(2026, 6, 3))
    register.status(case.reference, date(2026, 12, 1))
    assert register.status(case.reference, date(2026, 6, 3)) == before


def test_a_case_taken_up_in_one_go_is_the_one_that_lived(register: Register, tmp_path: Any) -> None:
    activities = _activities(register, FileChannel(tmp_path / "outbox"))
    case: Case = _begun(activities)
    for action, on, fields in (*MESSAGES, ("add_note", "2026-06-01", {"note": "Found in the post."})):
        entries = _said(case, action, on, **fields)
        activities.record(RecordRequest(reference=case.reference, entries=entries))
    with register.reading() as db:
        found = register.case(db, case.reference)
    assert found is not None
    assert found[0].status(date(2026, 7, 1)) == case.status(date(2026, 7, 1))
    assert found[0].saved().messages == case.saved().messages
