"""Letters over SMTP to a real server: what it gets, and what each of its failures means for a letter."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from redress.letters.dispatcher import SendLimits
from redress.security.encryption import EnvelopeCipher, PlaintextCipher
from redress.settings import Settings
from redress.store import letters as kept
from tests.letters.delivery.certificates import Certificates
from tests.letters.delivery.conftest import RecordedComplaint, settings_by_mail
from tests.letters.delivery.mail_server import Fault, MailServer, text_of


def test_a_letter_is_a_proper_message_of_the_authority(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    assert at.says("acknowledge", "2026-06-02")
    [message] = mail.mailbox.taken
    assert message["From"] == "Exampleshire County Council <complaints@exampleshire.example>"
    assert message["Reply-To"] == "Exampleshire County Council <childrens.complaints@exampleshire.example>"
    assert message["To"] == "Testa Inventata <testa@inventata.example>"
    assert message["Subject"] == f"We have your complaint ({at.reference})"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "multipart/alternative"
    parts = [(part.get_content_type(), part.get_content_charset()) for part in message.iter_parts()]
    assert parts == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    [row] = at.rows()
    assert text_of(message) == kept.text_of(at.register.cipher, row)
    assert row.place == f"smtp/{message['Message-ID'].strip('<>')}"
    assert (row.state, row.channel, row.attempts) == ("sent", "smtp", 1)
    assert mail.mailbox.recipients == ["testa@inventata.example"]


def test_nothing_personal_stands_in_the_register(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open(name="Xaveria Unlikelyname", email="xaveria@unlikelyname.example")
    at.says("acknowledge", "2026-06-02")
    [message] = mail.mailbox.taken
    for file in by_mail.state.rglob("*.db*"):
        said = file.read_bytes()
        for mark in (b"Unlikelyname", b"unlikelyname", b"Nowhere Lane", b"900123"):
            assert mark not in said, (file, mark)
    assert at.reference not in message["Message-ID"]
    assert "unlikelyname" not in message["Message-ID"]


@pytest.mark.parametrize(
    "name",
    [
        "Testa\r\nBcc: everybody@else.example",
        "Testa\nInventata\x07\x1b",
        '"Testa" <other@else.example>, ',
        "Těsta Ïnventåta 🙂",
        "\u202eatatnevnI atseT",
        "T" * 200,
    ],
)
def test_a_name_adds_no_header_and_no_recipient(by_mail: Settings, mail: MailServer, name: str) -> None:
    at = RecordedComplaint(by_mail)
    at.open(name=name)
    assert at.says("acknowledge", "2026-06-02")
    [message] = mail.mailbox.taken
    assert mail.mailbox.recipients == ["testa@inventata.example"]
    assert [a.addr_spec for a in message["To"].addresses] == ["testa@inventata.example"]
    assert message["Bcc"] is None
    assert "\u202e" not in message["To"]


def test_lines_of_a_dot_and_long_lines_arrive_as_written(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    at.says("acknowledge", "2026-06-02")
    odd = ".\n..\n.dot\n" + "ü" * 2000
    at.says("respond", "2026-06-03", outcome="upheld", summary=odd)
    body = text_of(mail.mailbox.taken[-1])
    [row] = at.rows("stage_1_response")
    assert body == kept.text_of(at.register.cipher, row)
    assert re.search(r"^ *\.\.$", body, re.MULTILINE)
    assert "ü" * 2000 in body


def test_the_same_letter_has_the_same_id_and_each_letter_its_own(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.mailbox.fault = "put_off_message"
    at.says("acknowledge", "2026-06-02")
    ids = [at.dispatcher._letter_of(row).token for row in at.rows()]
    mail.mailbox.fault = "none"
    at.rested()
    at.activities.send_letters(at.reference)
    at.says("respond", "2026-06-03", outcome="upheld")
    sent = [str(message["Message-ID"]) for message in mail.mailbox.taken]
    assert sent[0] == f"<{ids[0]}@exampleshire.example>"
    assert len(set(sent)) == 2


def test_no_two_complaints_share_an_id_even_without_keys(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.register.cipher = PlaintextCipher()
    for _ in range(2):
        at.open()
        assert at.says("acknowledge", "2026-06-02")
    assert list(mail.mailbox.counted().values()) == [1, 1]


def test_implicit_tls(tmp_path: Path, trusted: Certificates) -> None:
    server = MailServer(trusted, implicit_tls=True)
    server.start()
    try:
        at = RecordedComplaint(settings_by_mail(tmp_path, server, trusted, smtp_tls="tls"))
        at.open()
        assert at.says("acknowledge", "2026-06-02")
        assert len(server.mailbox.taken) == 1
    finally:
        server.stop()


# --- what is not sent at all -----------------------------------------------------------------------


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"smtp_ca": None}))
    at.open()
    assert not at.says("acknowledge", "2026-06-02")
    assert at.reason() == "the mail server's certificate could not be verified"
    assert mail.mailbox.asked == 0


def test_a_server_without_tls_gets_nothing(tmp_path: Path, trusted: Certificates) -> None:
    server = MailServer(trusted, tls=False)
    server.start()
    try:
        at = RecordedComplaint(settings_by_mail(tmp_path, server, trusted))
        at.open()
        assert not at.says("acknowledge", "2026-06-02")
        assert at.reason() == "the mail server offers no STARTTLS"
        assert server.mailbox.asked == 0
    finally:
        server.stop()


def test_a_wrong_password_is_no_secret_in_the_log(
    by_mail: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    at = RecordedComplaint(by_mail.model_copy(update={"smtp_password": SecretStr("a-wrong-password")}))
    at.open()
    assert not at.says("acknowledge", "2026-06-02")
    assert at.reason() == "the mail server refused our login: 535"
    assert "a-wrong-password" not in caplog.text
    assert "a-wrong-password" not in repr(at.settings)


# --- what failures mean ----------------------------------------------------------------------------

PUT_OFF: dict[Fault, str] = {
    "refuse_us": "the mail server takes nothing from us: 553 5.7.1",
    "put_off_person": "the mail server put it off: 452 4.2.2",
    "put_off_all": "the mail server put it off: 421 4.3.2",
    "put_off_message": "the mail server put it off: 451 4.3.0",
    "hang_at_recipient": "the mail server hung up, or did not answer in time",
    "hang_at_data": "the mail server hung up, or did not answer in time",
}


@pytest.mark.parametrize(("fault", "reason"), PUT_OFF.items())
def test_what_has_certainly_not_left_is_tried_again_and_leaves_once(
    by_mail: Settings, mail: MailServer, fault: Fault, reason: str
) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.mailbox.fault = fault
    assert not at.says("acknowledge", "2026-06-02")
    [row] = at.rows()
    assert row.state == "ready"
    assert row.reason == reason
    at.rested()
    with pytest.raises(ApplicationError, match="1 could not leave yet") as later:
        at.activities.send_letters(at.reference)
    assert later.value.next_retry_delay is not None
    mail.mailbox.fault = "none"
    at.rested()
    at.activities.send_letters(at.reference)
    at.activities.send_letters(at.reference)
    assert at.activities.record_and_send(at.request)
    assert list(mail.mailbox.counted().values()) == [1]
    assert at.states() == {"acknowledgement to complainant": "sent"}


@pytest.mark.parametrize(("fault", "code"), [("refuse_person", "550 5.1.1"), ("refuse_message", "554 5.6.0")])
def test_what_is_refused_is_raised_at_once(
    by_mail: Settings, mail: MailServer, fault: Fault, code: str
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = fault
    assert at.says("acknowledge", "2026-06-02"), "nothing is left that could be tried"
    assert at.states() == {
        "acknowledgement to complainant": "failed",
        "undelivered to complaints_manager": "sent",
    }
    assert at.reason() == f"the mail server refused it: {code}"
    [told] = at.told()
    assert f"What happened: the mail server refused it: {code}.\n" in told
    assert "acknowledgement, dated Tuesday 2 June 2026, to the complainant, by e-mail" in told
    for personal in ("Testa", "Inventata", "inventata.example", "Nowhere"):
        assert personal not in told
    assert mail.mailbox.taken == []
    at.activities.send_letters(at.reference)
    assert len(at.told()) == 1


def test_a_connection_that_breaks_within_a_message_leaves_it_once_or_raises_it(
    by_mail: Settings, mail: MailServer
) -> None:
    """At which byte it breaks is the network's choice: before the last one nothing can have been taken."""
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = "close_in_data"
    at.says("acknowledge", "2026-06-02")
    assert mail.mailbox.broken_off == 1
    mail.mailbox.fault = "none"
    at.rested()
    at.activities.send_letters(at.reference)
    ended = at.states()["acknowledgement to complainant"]
    assert (ended, len(mail.mailbox.taken), len(at.told())) in (("sent", 1, 0), ("unsure", 0, 1))


@pytest.mark.parametrize("fault", ["take_and_die", "hang_with_message"])
def test_what_nobody_can_be_sure_of_is_raised_and_not_sent_again(
    by_mail: Settings, mail: MailServer, fault: Fault
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = fault
    assert at.says("acknowledge", "2026-06-02")
    mail.mailbox.fault = "none"
    at.rested()
    at.activities.send_letters(at.reference)
    assert at.activities.record_and_send(at.request)
    assert len(mail.mailbox.taken) == (1 if fault == "take_and_die" else 0)
    assert at.states()["acknowledgement to complainant"] == "unsure"
    [told] = at.told()
    assert "It is not known whether a letter has left." in told


def test_who_is_told_is_told_by_the_outbox_where_their_own_address_is_refused(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.mailbox.fault = "refuse_person"
    assert at.says("acknowledge", "2026-06-02")
    [row] = at.rows("undelivered")
    assert (row.state, row.channel) == ("sent", "outbox")
    assert (by_mail.outbox_folder / row.place).is_file()


def test_put_off_for_days_it_is_given_up_and_raised(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.restart(at.settings, SendLimits(within=2.0, days=0.0))
    at.open()
    mail.mailbox.fault = "put_off_person"
    at.says("acknowledge", "2026-06-02")
    assert at.states() == {"acknowledgement to complainant": "ready"}
    at.activities.send_letters(at.reference)
    assert at.states()["acknowledgement to complainant"] == "failed"
    assert len(at.told()) == 1


def test_a_server_that_is_down_for_days_is_told_of_once_and_everything_leaves_when_it_is_back(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.restart(at.settings, SendLimits(within=2.0, days=0.0))
    at.open()
    mail.stop()
    assert not at.says("acknowledge", "2026-06-02")
    assert not at.says("respond", "2026-06-03", outcome="upheld")
    for _ in range(4):
        at.rested()
        with pytest.raises(ApplicationError):
            at.activities.send_letters(at.reference)
    assert sum("has not left for days" in told for told in at.told()) == len(at.told()) == 1
    mail.start()
    at.rested()
    at.activities.send_letters(at.reference)
    assert sorted(mail.mailbox.counted().values()) == [1, 1]
    assert set(at.states().values()) == {"sent"}


def test_a_letter_in_somebodys_hands_is_left_alone_until_they_must_be_gone(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = "put_off_message"
    at.says("acknowledge", "2026-06-02")
    mail.mailbox.fault = "none"
    [row] = at.rows()
    with at.register.writing() as db:
        assert kept.lease(db, row, "smtp")  # somebody who is killed right after
    assert kept_by_two(at, row) is None
    at.rested()
    with pytest.raises(ApplicationError):
        at.activities.send_letters(at.reference)
    assert at.states() == {"acknowledgement to complainant": "sending"}
    at.restart(at.settings, SendLimits(within=0.0, noting=0.0))
    at.activities.send_letters(at.reference)
    assert at.states()["acknowledgement to complainant"] == "unsure"
    assert mail.mailbox.taken == []


def kept_by_two(at: RecordedComplaint, row: kept.LetterRow) -> str | None:
    with at.register.writing() as db:
        return kept.lease(db, row, "smtp")


# --- who gets what, and how ------------------------------------------------------------------------


def test_staff_are_written_to_at_their_own_address_or_the_contacts(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    at.open(email="")
    at.says("escalate", "2026-07-10")
    to_staff = [row for row in at.rows() if row.means == "staff"]
    assert to_staff
    assert set(mail.mailbox.recipients) == {"childrens.complaints@exampleshire.example"}


def test_nobody_without_an_address_is_forgotten(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open(email="not an address", address="")
    at.says("acknowledge", "2026-06-02")
    assert at.states()["acknowledgement to complainant"] == "failed"
    assert at.reason() == "there is no e-mail address and no postal address that can be used"
    assert mail.mailbox.recipients == ["childrens.complaints@exampleshire.example"]


def test_post_goes_into_the_outbox_where_nothing_else_takes_it(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open(format="by post please")
    assert at.says("acknowledge", "2026-06-02")
    [row] = at.rows()
    assert (row.state, row.channel, row.means) == ("sent", "outbox", "post")
    assert (by_mail.outbox_folder / row.place).is_file()
    assert mail.mailbox.taken == []


def test_large_print_is_for_a_person_to_make(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open(format="large print, by post")
    at.says("acknowledge", "2026-06-02")
    assert at.states()["acknowledgement to complainant"] == "failed"
    [told] = at.told()
    assert "What happened: it was asked for in a form that a person has to make.\n" in told
    assert mail.mailbox.taken == []


def test_by_the_outbox_alone_whatever_was_asked_for_lies_there(tmp_path: Path) -> None:
    at = RecordedComplaint(Settings(state=tmp_path, register_url="", outbox=None))
    at.open(format="large print", email="", address="", telephone="")
    assert at.says("acknowledge", "2026-06-02")
    [row] = at.rows()
    assert (row.state, row.channel) == ("sent", "outbox")


def test_what_waits_for_somebody_who_was_erased_leaves_no_more(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.stop()
    at.says("acknowledge", "2026-06-02")
    cipher = at.register.cipher
    assert isinstance(cipher, EnvelopeCipher)
    cipher.key_store.destroy(at.reference)
    mail.start()
    at.rested()
    at.activities.send_letters(at.reference)
    [row] = at.rows()
    assert (row.state, row.text, row.envelope) == ("erased", None, None)
    assert mail.mailbox.taken == []


def test_a_letter_that_was_never_written_is_nobodys_once_its_complaint_is_erased(
    by_mail: Settings, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    with monkeypatch.context() as broken:
        broken.setattr("redress.letters.addressing.letters_for", lambda *_: 1 / 0)
        assert not at.says("acknowledge", "2026-06-02")
    cipher = at.register.cipher
    assert isinstance(cipher, EnvelopeCipher)
    cipher.key_store.destroy(at.reference)
    at.activities.send_letters(at.reference)  # ends, and is not tried for ever
    assert mail.mailbox.taken == []
