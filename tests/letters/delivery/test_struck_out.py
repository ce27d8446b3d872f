"""What was struck out: managers read it; a person's file and the changes say only that something was."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from redress.services.clock import today
from redress.services.exporting import export
from redress.services.lists import statuses
from redress.services.struck_out import with_what_it_said
from redress.settings import Settings
from redress.store import changes, listing
from redress.store.listing import ComplaintFilter
from tests.letters.delivery.conftest import RecordedComplaint

SECRETS = ("Nadia Notreal", "The loan is paid")


@pytest.fixture
def complaint(tmp_path: Path) -> RecordedComplaint:
    complaint = RecordedComplaint(Settings(state=tmp_path, register_url="", outbox=None))
    complaint.open()
    complaint.says("acknowledge", "2026-06-02")
    complaint.says("respond", "2026-06-04", outcome="upheld", summary="The loan is paid.")
    reason = "It belongs to the complaint of Nadia Notreal."
    complaint.says("strike_out", "2026-06-05", message="respond-2026-06-04", reason=reason)
    return complaint


def test_managers_read_what_it_said(complaint: RecordedComplaint) -> None:
    status = with_what_it_said(complaint.register, complaint.case.status(date(2026, 6, 5)))
    [struck] = status["struck_out"]
    assert struck["content"]["action"] == "respond"
    assert struck["content"]["summary"] == "The loan is paid."


def test_a_persons_file_and_lists_say_only_that_something_was(complaint: RecordedComplaint) -> None:
    file = export(complaint.register, complaint.reference)
    assert file["status"]["struck_out"] == [{"on": "2026-06-05"}]
    told = json.dumps({name: part for name, part in file.items() if name != "letters"}, default=str)
    lines = listing.complaints(complaint.register, ComplaintFilter(), today())
    listed = json.dumps(statuses(complaint.register, lines, today()), default=str)
    for secret in SECRETS:
        assert secret not in told
        assert secret not in listed


def test_the_changes_say_only_that_something_was(complaint: RecordedComplaint) -> None:
    found = changes.recorded(complaint.register, complaint.reference, "", 100, with_text=True)
    assert found is not None
    sealed = [each for each in found if "respond" in each.what or each.outcome == "struck_out"]
    assert sealed
    for each in found:
        if each.kind != "message" or each.what != "strike_out":
            assert "The loan is paid" not in json.dumps(each.details, default=str), each
