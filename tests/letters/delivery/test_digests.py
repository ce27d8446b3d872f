"""The daily digest: one a mailbox and day, a line a case, over a real register and a real mail server."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from redress.contract import RegisterEntry
from redress.domain.calendar import full_date
from redress.letters.delivery.channel import NotNow
from redress.procedures import authority as authorities
from redress.procedures import loader
from redress.procedures.authority import DailyDigest
from redress.services import digests as service
from redress.services import directory
from redress.services import letters as letter_service
from redress.settings import Settings
from redress.store import digests as store
from redress.store import listing
from redress.store.listing import OwedFilter
from tests.letters.delivery.conftest import RecordedComplaint

MANAGER = loader.authority("family-rights").contact.email


@pytest.fixture
def complaint(tmp_path: Path) -> RecordedComplaint:
    return RecordedComplaint(Settings(state=tmp_path, register_url="", outbox=None))


def told(complaint: RecordedComplaint, on: str) -> dict[str, str]:
    """The digests of a day, by kind; here all staff share one mailbox."""
    found = service.digests_of(complaint.register, "family-rights", date.fromisoformat(on))
    assert len({digest.mailbox for digest in found}) <= 1
    return {digest.kind: service.text_of(digest) for digest in found}


def sent(complaint: RecordedComplaint, on: str) -> int:
    return service.send_digests(
        complaint.register, complaint.dispatcher.channels, date.fromisoformat(on)
    ).sent


def test_nothing_is_sent_where_there_is_nothing(complaint: RecordedComplaint) -> None:
    assert told(complaint, "2026-06-02") == {}
    assert sent(complaint, "2026-06-02") == 0


def test_a_line_a_case_with_what_is_late_due_and_today(complaint: RecordedComplaint) -> None:
    late = (
        complaint.open()
    )  # received on Monday 1 June 2026; acknowledgement due on the 4th, answer on the 15th
    complaint.says("add_note", "2026-06-02", note="x")
    early = told(complaint, "2026-06-03")["digest"]
    assert (
        f"Due soon:\n  - {late}: Acknowledgement, due on Thursday 4 June 2026 (Complaints Manager)" in early
    )
    assert "Late" not in early
    last = told(complaint, "2026-06-04")
    assert "Due today:" in last["digest"]
    assert f"Today is the last day:\n  - {late}: Acknowledgement" in last["urgent"]
    next_day = told(complaint, "2026-06-05")["digest"]
    assert (
        f"Late since the last working day:\n  - {late}: Acknowledgement, due on Thursday 4 June" in next_day
    )
    assert "urgent" not in told(complaint, "2026-06-05")
    both = told(complaint, "2026-06-17")["digest"]
    assert both.count(late) == 1, "a line a case"
    assert (
        "Acknowledgement, due on Thursday 4 June 2026 (Complaints Manager); Stage 1 response, due on" in both
    )


def test_it_hides_nothing_that_the_lists_show_as_late(complaint: RecordedComplaint) -> None:
    complaint.open()
    complaint.open()
    complaint.says("acknowledge", "2026-06-02")
    complaint.open()
    complaint.says(
        "suspend", "2026-06-03", reason="A hearing.", proceedings="A hearing", review_on="2026-06-10"
    )
    for day in ("2026-06-05", "2026-06-08", "2026-06-16", "2026-07-01"):
        on = date.fromisoformat(day)
        owed = [each for _, each in listing.owed(complaint.register, OwedFilter(), on) if each.due_on < on]
        text = told(complaint, day).get("digest", "")
        for each in owed:
            assert each.owner == "complainant" or each.reference in text, (day, each)


def test_on_a_day_off_only_what_is_new_is_told(complaint: RecordedComplaint) -> None:
    complaint.open()
    complaint.says("acknowledge", "2026-06-02")
    assert "digest" in told(complaint, "2026-06-19")  # a Friday
    assert told(complaint, "2026-06-20") == {}


def test_it_names_nobody(complaint: RecordedComplaint) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-02", note="Secret.")
    for texts in (told(complaint, "2026-06-04"), told(complaint, "2026-06-30")):
        for text in texts.values():
            for personal in ("Testa", "Inventata", "invented point", "Nowhere", "Secret"):
                assert personal not in text


def test_what_waits_without_a_limit_is_to_decide(complaint: RecordedComplaint) -> None:
    reference = complaint.open(email="", address="")
    complaint.says("acknowledge", "2026-06-02")
    assert "a letter has to be sent by hand" in told(complaint, "2026-06-03")["digest"]
    complaint.says("escalate", "2026-06-03")
    text = told(complaint, "2026-06-04")["digest"]
    assert "waits for a decision since Wednesday 3 June 2026: escalate" in text
    assert text.count(reference) == 1, "a line a case"


def test_letters_of_an_erased_complaint_wait_for_nobody(complaint: RecordedComplaint) -> None:
    reference = complaint.open(email="", address="")
    complaint.says("acknowledge", "2026-06-02")
    complaint.says("withdraw", "2026-06-03")
    assert "a letter has to be sent by hand" in told(complaint, "2026-06-04")["digest"]
    entry = RegisterEntry(kind="erased", key="erased", on="2026-06-04", body={"status": {}})
    with complaint.register.writing() as db:
        complaint.register.append(db, reference, [entry])
    assert told(complaint, "2026-06-05") == {}
    assert {each["state"] for each in letter_service.lines(complaint.register, reference)} == {"erased"}


def test_each_leaves_once_for_a_mailbox_and_day(complaint: RecordedComplaint) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-02", note="x")
    assert sent(complaint, "2026-06-04") == 2, "the digest, and apart from it that today is the last day"
    assert sent(complaint, "2026-06-04") == 0
    files = sorted((complaint.settings.outbox_folder / "DIGEST-20260604").glob("*.txt"))
    assert [file.name.split("-staff-")[0] for file in files] == [
        "2026-06-04-daily_digest",
        "2026-06-04-daily_urgent",
    ]
    assert full_date(date(2026, 6, 4)) in files[0].read_text(encoding="utf-8")
    assert sent(complaint, "2026-06-05") == 1


def test_a_mailbox_written_in_two_ways_gets_all_of_it_in_one(complaint: RecordedComplaint) -> None:
    other = MANAGER.upper()
    assert other != MANAGER
    entry = {"name": "Tara Teamlead", "email": other, "roles": ["stage_manager"], "teams": ["Team North"]}
    directory.add(complaint.register, "family-rights", entry, "test")
    complaint.open(about={"team": "Team North"})
    complaint.says("add_note", "2026-06-02", note="x")
    assert "Acknowledgement" in told(complaint, "2026-06-17")["digest"]
    assert "Stage 1 response" in told(complaint, "2026-06-17")["digest"]


def test_what_was_erased_after_the_backup_keeps_no_digest_from_anybody(complaint: RecordedComplaint) -> None:
    entry = {"name": "Olive Imagined", "email": "olive@council.example", "roles": ["complaints_manager"]}
    directory.add(complaint.register, "family-rights", entry, "test")
    erased = complaint.open()
    complaint.says("add_note", "2026-06-03", note="x")
    complaint.register.cipher.key_store.destroy(erased)  # type: ignore[union-attr]
    assert "digest" in told(complaint, "2026-06-03")


def test_two_that_send_at_once_send_one(
    complaint: RecordedComplaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-02", note="x")
    [digest] = service.digests_of(complaint.register, "family-rights", date(2026, 6, 5))
    place = store.DigestPlace(
        digest.authority, service._mark(complaint.register, digest), digest.on, "digest"
    )
    with complaint.register.writing() as db:
        assert store.claim(db, place, 1) is None
    with pytest.raises(NotNow, match="it is being sent"):
        sent(complaint, "2026-06-05")
    monkeypatch.setattr(store, "LEASE", -1.0)
    report = service.send_digests(complaint.register, complaint.dispatcher.channels, date(2026, 6, 5))
    assert (report.sent, report.failed) == (0, 1), "whoever had it is gone: perhaps it left, so never again"
    assert sent(complaint, "2026-06-08") == 1, "the next day's tells the same"


def test_a_folder_that_cannot_be_used_is_tried_again(complaint: RecordedComplaint) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-02", note="x")
    folder = complaint.settings.outbox_folder
    folder.rename(folder.with_name("gone")) if folder.exists() else None
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(NotNow):
        sent(complaint, "2026-06-05")
    folder.unlink()
    assert sent(complaint, "2026-06-05") == 1


def test_an_authority_that_cannot_be_read_keeps_no_others_digest_from_leaving(
    complaint: RecordedComplaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-02", note="x")
    monkeypatch.setattr(service, "authority_names", lambda: ["aa-is-in-no-file", "family-rights"])
    with pytest.raises(NotNow, match="aa-is-in-no-file"):
        sent(complaint, "2026-06-05")
    monkeypatch.undo()
    assert sent(complaint, "2026-06-05") == 0, "it had left"
    assert len(list(complaint.settings.outbox_folder.rglob("*daily_digest*"))) == 1


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority to which nothing is urgent."""
    own = loader.authority("family-rights").model_copy(update={"digest": DailyDigest(urgent=[])})
    for module in (service, letter_service):
        monkeypatch.setattr(module, "authority", lambda name: own)
    monkeypatch.setattr("redress.letters.addressing.authority", lambda name: own)


def test_reminders_and_what_is_still_late_are_told_in_the_digest_alone(complaint: RecordedComplaint) -> None:
    reference = complaint.open()
    complaint.says("add_note", "2026-06-03", note="x")
    assert {effect.template for effect in complaint.case.state.effects} >= {"reminder"}
    assert complaint.rows("reminder", "target_passed", "chase") == []
    complaint.says("add_note", "2026-06-19", note="y")
    assert complaint.rows("reminder", "target_passed", "chase") == []
    assert complaint.rows("breach_notice"), "that a lateness begins is told apart"
    status = letter_service.with_delivery(complaint.register, complaint.case.status(date(2026, 6, 19)))
    assert {row["state"] for row in status["letters"] if row["letter"] == "reminder"} == {"skipped"}
    assert reference in told(complaint, "2026-06-19")["digest"]


def test_an_authority_chooses_what_is_urgent(complaint: RecordedComplaint, quiet: None) -> None:
    complaint.open()
    complaint.says("add_note", "2026-06-04", note="x")
    assert set(told(complaint, "2026-06-04")) == {"digest"}
    complaint.says("add_note", "2026-06-19", note="y")
    assert complaint.rows("breach_notice") == []


def test_what_can_be_urgent_is_said_where_it_is_misspelt() -> None:
    with pytest.raises(ValueError, match="last_day"):
        authorities.DailyDigest.model_validate({"urgent": ["last day"]})
