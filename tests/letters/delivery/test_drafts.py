"""Drafts in the register: read as if they left today, written for good when approved, sent once."""

from __future__ import annotations

from datetime import date

import pytest

from redress.domain.calendar import full_date
from redress.domain.drafts import Draft
from redress.domain.london import instant
from redress.procedures.loader import rules_for
from redress.services import erasing
from redress.services import letters as service
from redress.services.clock import today
from redress.services.errors import Rejected
from redress.settings import Settings
from redress.store import letters as store
from redress.store.outbound import mark_of
from tests.letters.delivery.certificates import Certificates
from tests.letters.delivery.conftest import RecordedComplaint, settings_by_mail
from tests.letters.delivery.mail_server import MailServer, text_of

WRITER = {"by": "Tess Team", "letter": "draft", "outcome": "upheld", "summary": "An invented answer."}


@pytest.fixture
def drafted(by_mail: Settings) -> RecordedComplaint:
    """A complaint of Monday 1 June whose Stage 1 answer waits to be approved."""
    made = RecordedComplaint(by_mail)
    made.open()
    made.says("acknowledge", "2026-06-02")
    made.says("respond", "2026-06-03", **WRITER)
    return made


def draft_of(complaint: RecordedComplaint) -> Draft:
    found: Draft = [*complaint.case.state.drafts][-1]
    return found


def mark(complaint: RecordedComplaint) -> str:
    [row] = complaint.rows(draft_of(complaint).template)
    return mark_of(row.key, row.recipient)


def state(complaint: RecordedComplaint) -> str:
    return service.one(complaint.register, complaint.reference, mark(complaint))["state"]


def test_a_draft_is_listed_and_read_and_keeps_no_text(drafted: RecordedComplaint, mail: MailServer) -> None:
    assert state(drafted) == "draft"
    text = service.text(drafted.register, drafted.reference, mark(drafted))
    assert "An invented answer." in text
    [row] = drafted.rows("stage_1_response")
    assert (row.text, row.envelope) == (None, None)
    assert not [each for each in mail.mailbox.taken if "An invented answer." in str(each)]


def test_what_is_approved_leaves_once_and_tells_when(drafted: RecordedComplaint) -> None:
    key = draft_of(drafted).key
    assert drafted.dispatcher.left(drafted.reference, [key]) == []
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    assert state(drafted) == "done"
    [left] = drafted.dispatcher.left(drafted.reference, [key])
    assert left.mark == mark(drafted)
    drafted.activities.record(drafted.request)  # as if the worker had been killed before it could say so
    drafted.dispatcher.send(drafted.reference)
    assert [row.round for row in drafted.rows("stage_1_response")] == [0]
    kept = service.text(drafted.register, drafted.reference, mark(drafted))
    drafted.says("letter_left", "2026-06-05", mark=mark(drafted))
    assert service.text(drafted.register, drafted.reference, mark(drafted)) == kept
    assert len(drafted.rows("stage_1_response")) == 1


def test_what_has_left_is_one_letter_still_under_another_procedure(drafted: RecordedComplaint) -> None:
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    drafted.says("letter_left", "2026-06-04", mark=mark(drafted))
    opening = drafted.case.intake.model_copy(update={"procedure": "corporate", "statutory": None})
    moved = {"procedure": "corporate", "reason": "No.", "rules": rules_for(opening).packed}
    drafted.says("change_procedure", "2026-06-05", **moved)
    assert draft_of(drafted).template == "answer"
    assert [row.state for row in drafted.rows("stage_1_response", "answer")] == ["sent"]


def test_an_approval_that_is_voided_before_it_left_takes_the_letter_back(
    drafted: RecordedComplaint, mail: MailServer
) -> None:
    mail.stop()
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    assert state(drafted) == "leaving"
    texts = {"summary": "Other words."}
    drafted.says("edit_letter", "2026-06-04", mark=mark(drafted), texts=texts)
    assert state(drafted) == "draft"
    assert "Other words." in service.text(drafted.register, drafted.reference, mark(drafted))
    drafted.says("approve_letter", "2026-06-05", mark=mark(drafted), by="Cora")
    [row] = drafted.rows("stage_1_response")
    assert (row.state, row.round) == ("ready", 1)
    assert "Other words." in service.text(drafted.register, drafted.reference, mark(drafted))


def test_a_draft_that_somebody_posted_is_kept_as_it_said(drafted: RecordedComplaint) -> None:
    drafted.says("letter_left", "2026-06-05", mark=mark(drafted))
    assert state(drafted) == "done"
    line = service.one(drafted.register, drafted.reference, mark(drafted))
    assert line["left_on"] == "2026-06-05"
    assert "An invented answer." in service.text(drafted.register, drafted.reference, mark(drafted))


def test_an_approved_letter_that_could_not_leave_and_was_posted_is_told_as_sent(
    drafted: RecordedComplaint, mail: MailServer
) -> None:
    mail.mailbox.fault = "refuse_person"
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    assert state(drafted) == "failed"
    drafted.says("letter_left", "2026-06-05", mark=mark(drafted))
    line = service.one(drafted.register, drafted.reference, mark(drafted))
    assert (line["state"], line["left_on"]) == ("done", "2026-06-05")


def test_a_copy_that_comes_back_after_it_left_is_as_any_other_letter(
    drafted: RecordedComplaint, mail: MailServer
) -> None:
    said = mark(drafted)
    drafted.says("approve_letter", "2026-06-04", mark=said, by="Cora")
    drafted.says("letter_left", "2026-06-04", mark=said)
    [row] = drafted.rows("stage_1_response")
    with drafted.register.writing() as db:
        assert store.change(db, row, ("sent",), state="failed")
    drafted.says("add_note", "2026-06-05", note="Rang.")
    assert state(drafted) == "failed", "nobody has said that somebody posted it"
    before = len(mail.mailbox.taken)
    service.prepare_again(drafted.register, drafted.reference, said)
    drafted.says("add_note", "2026-06-08", note="It is to be sent again.")
    assert [(row.state, row.channel) for row in drafted.rows("stage_1_response")] == [("sent", "smtp")]
    assert len(mail.mailbox.taken) > before


def test_that_one_copy_was_posted_says_nothing_of_another_that_failed(
    by_mail: Settings, mail: MailServer
) -> None:
    made = RecordedComplaint(by_mail)
    made.open(also=[{"name": "Fabian Makebelieve", "role": "parent", "email": "fabian@inventata.example"}])
    made.says("acknowledge", "2026-06-02")
    made.says("respond", "2026-06-03", **WRITER)
    mail.mailbox.fault = "refuse_person"
    draft = draft_of(made)
    made.says("approve_letter", "2026-06-04", mark=draft.marks[0], by="Cora")
    made.says("letter_left", "2026-06-05", mark=draft.marks[0])
    assert {row.recipient: row.state for row in made.rows(draft.template)} == {
        "complainant": "by_hand",
        "complainant_2": "failed",
    }


def test_a_draft_is_called_alike_when_whoever_comes_first_gets_no_copy(by_mail: Settings) -> None:
    made = RecordedComplaint(by_mail)
    made.open(also=[{"name": "Fabian Makebelieve", "role": "parent", "email": "fabian@inventata.example"}])
    made.says("acknowledge", "2026-06-02")
    made.says("withdraw", "2026-06-02", person="complainant")
    made.says("respond", "2026-06-03", **WRITER)
    told = made.case.status(date(2026, 6, 3))["letters"][-1]["mark"]
    assert service.one(made.register, made.reference, told)["mark"] == mark(made)
    assert service.reference_of(made.register, told) == made.reference


def test_a_draft_whose_message_is_struck_out_is_withdrawn(drafted: RecordedComplaint) -> None:
    before = mark(drafted)
    drafted.says("strike_out", "2026-06-04", message="respond-2026-06-03", reason="Another complaint's.")
    assert service.one(drafted.register, drafted.reference, before)["state"] == "withdrawn"


def test_a_draft_says_by_when_to_ask_as_if_it_left_today(by_mail: Settings) -> None:
    made = RecordedComplaint(by_mail)
    made.open()
    made.says("escalate", "2026-06-03", agreed_by_authority=True)
    made.says("respond", "2026-07-01", **WRITER)
    draft = draft_of(made)
    assert draft.template == "adjudication"
    text = service.text(made.register, made.reference, mark(made))
    assert "The last day to ask is" in text
    assert made.case.as_if_left(draft, date(2026, 7, 2)).state.answers.on == {"stage_2": date(2026, 7, 2)}
    assert made.case.state.answers.on == {}


def test_nothing_is_erased_while_a_drafted_letter_lies_in_the_folder(by_mail: Settings) -> None:
    made = RecordedComplaint(by_mail.model_copy(update={"outbox": None}))
    made.open(email="", address="")
    made.says("acknowledge", "2026-06-02")
    made.says("respond", "2026-06-03", outcome="upheld", summary="An invented answer.", letter="sent")
    made.says(
        "close", "2026-06-04", kind="by_agreement", agreed_by_complainant=True, reason="x", letter="sent"
    )
    made.says("respond", "2026-06-05", amends="respond-2026-06-03", **WRITER)
    made.says("approve_letter", "2026-06-08", mark=draft_of(made).marks[0], by="Cora")
    assert state(made) == "by_hand"
    with pytest.raises(Rejected, match="not known to have left"):
        erasing._what_stays(made.register, made.reference)


def test_one_that_no_carrier_took_on_its_day_is_dated_when_it_leaves(
    drafted: RecordedComplaint, by_mail: Settings, mail: MailServer, trusted: Certificates
) -> None:
    """Approved in June; the carrier answers again on the day on which this test runs."""
    mail.stop()
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    key = draft_of(drafted).key
    [held] = drafted.rows("stage_1_response")
    assert (held.state, held.on_date) == ("ready", date(2026, 6, 4))
    again = MailServer(trusted)
    again.start()
    try:
        drafted.restart(settings_by_mail(by_mail.state, again, trusted))
        assert drafted.dispatcher.write_and_send(drafted.reference, [key])[0]
    finally:
        again.stop()
    [left] = drafted.rows("stage_1_response")
    assert (left.state, left.on_date, left.round) == ("sent", today(), held.round + 1)
    [letter] = [text for each in again.mailbox.taken if "An invented answer." in (text := text_of(each))]
    assert full_date(today()) in letter
    assert full_date(date(2026, 6, 4)) not in letter


def test_one_that_a_sender_has_is_not_written_anew(drafted: RecordedComplaint, mail: MailServer) -> None:
    mail.stop()
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    [held] = drafted.rows("stage_1_response")
    with drafted.register.writing() as db:
        assert store.lease(db, held, "smtp") is not None
    drafted.dispatcher.write_and_send(drafted.reference, [held.key])
    [row] = drafted.rows("stage_1_response")
    assert (row.state, row.on_date, row.round) == ("sending", date(2026, 6, 4), held.round)


def test_one_that_was_struck_out_while_a_sender_had_it_is_kept_and_taken_back(
    drafted: RecordedComplaint, mail: MailServer
) -> None:
    mail.stop()
    drafted.says("approve_letter", "2026-06-04", mark=mark(drafted), by="Cora")
    [held] = drafted.rows("stage_1_response")
    its, key = mark(drafted), held.key
    with drafted.register.writing() as db:
        claim = store.lease(db, held, "smtp")
    drafted.says("strike_out", "2026-06-05", message="respond-2026-06-03", reason="Of another complaint.")
    [row] = drafted.rows("stage_1_response")
    assert row.state == "sending"
    with drafted.register.writing() as db:
        assert store.end(db, row, claim, "sent", place="smtp/x", sent_at=instant(date(2026, 6, 5), "12:00"))
    assert drafted.case.leaving == [key]
    [left] = drafted.dispatcher.left(drafted.reference, drafted.case.leaving)
    assert left.mark == its
    drafted.says("letter_left", "2026-06-05", mark=left.mark)
    [taken_back] = [row for row in drafted.rows("letter_taken_back") if row.recipient == "complainant"]
    text = store.text_of(drafted.register.cipher, taken_back)
    assert full_date(date(2026, 6, 5)) in text
    assert drafted.case.leaving == []
