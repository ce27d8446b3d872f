"""An e-mail that answers one of ours is known by its headers, and by nothing else."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from redress.domain.parsing import Malformed
from redress.services.emails import answered_by, contact_of, read_email
from redress.services.letters import again
from redress.settings import Settings
from redress.store.outbound import mark_of
from tests.growth import FAR_FROM_SQUARE, growth
from tests.letters.delivery.conftest import RecordedComplaint
from tests.letters.delivery.mail_server import MailServer


def eml(**headers: str) -> EmailMessage:
    message = EmailMessage()
    usual = {
        "From": "Testa Inventata <Testa@inventata.example>",
        "To": "complaints@exampleshire.example",
        "Date": "Tue, 30 Jun 2026 23:30:00 +0000",
        "Subject": "Re: We have your complaint",
        "Message-ID": "<one@inventata.example>",
    }
    for name, value in (usual | headers).items():
        if value:
            message[name] = value
    message.set_content("I rang, and nobody rang back.\n")
    return message


def test_our_message_ids_lead_back_to_their_complaint_alone(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    first = at.open()
    assert at.says("acknowledge", "2026-06-02")
    second = at.open()
    assert at.says("acknowledge", "2026-06-02")
    ids = [str(each["Message-ID"]).strip("<>") for each in mail.mailbox.taken]
    found = answered_by(at.register, [*reversed(ids), "somebody@else.example"], None)
    assert [each.reference for each in found] == [second, first]
    assert answered_by(at.register, ids, "rotherham") == [], "another authority's"
    assert answered_by(at.register, [f"{ids[0]}x", "", ids[0].partition("@")[0]], None) == []


def test_a_letter_of_which_nobody_knows_whether_it_left_is_found_too(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.mailbox.fault = "take_and_die"
    at.says("acknowledge", "2026-06-02")
    [row] = at.rows("acknowledgement")
    assert row.state == "unsure"
    mail.mailbox.fault = "none"
    at.rested()
    again(at.dispatcher, at.reference, mark_of(row.key, row.recipient))
    to_person = [each for each in mail.mailbox.taken if "testa@" in str(each["To"])]
    ids = [str(each["Message-ID"]).strip("<>") for each in to_person]
    assert len(set(ids)) == 2, "it was sent again as another message, and both may be answered"
    assert {each.reference for each in answered_by(at.register, ids, None)} == {at.reference}


def test_an_e_mail_becomes_a_contact_of_its_london_date() -> None:
    message = eml(**{"In-Reply-To": "<b@x>", "References": "<a@x> <b@x>"})
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="school.pdf")
    email = read_email(bytes(message))
    assert email.answers == ["b@x", "a@x"]
    contact = contact_of(email, "in")
    assert contact["on"] == "2026-07-01", "half past midnight in London"
    assert contact["with"] == "Testa Inventata <Testa@inventata.example>"
    assert contact["summary"] == (
        "Subject: Re: We have your complaint\n\nI rang, and nobody rang back.\n\n[1 attachment]"
    )
    assert contact_of(read_email(bytes(message)), "in")["message_id"] == contact["message_id"]
    assert "inventata" not in contact["message_id"]


def test_html_alone_is_read_and_a_long_text_says_that_it_was_cut() -> None:
    message = eml()
    message.set_content("<style>p{}</style><p>One &amp; two</p><p>Three</p>", subtype="html")
    assert read_email(bytes(message)).text == "One & two\nThree"
    message.set_content("x" * 9000)
    assert "[9000 characters in all]" in contact_of(read_email(bytes(message)), "in")["summary"]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Auto-Submitted": "auto-replied"}, "eml: is an automatic answer"),
        ({"Date": "", "Message-ID": ""}, "eml: is no e-mail"),
        ({"From": ""}, "eml: is no e-mail"),
        ({"Date": "yesterday"}, "on: its date cannot be read"),
    ],
)
def test_what_is_no_contact_is_refused_by_name(headers: dict[str, str], told: str) -> None:
    with pytest.raises(Malformed) as error:
        contact_of(read_email(bytes(eml(**headers))), "in")
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 50, b"From: \r\n\r\n", b"PK\x03\x04"])
def test_no_bytes_bring_it_down(raw: bytes) -> None:
    with pytest.raises(Malformed):
        contact_of(read_email(raw), "in")


def html_mail(page: str) -> bytes:
    message = eml()
    message.set_content(page, subtype="html")
    return bytes(message)


def test_of_a_page_what_it_shows_is_kept() -> None:
    shown = {
        "<STYLE>p {}</STYLE><p>One<br >Two</p><script>if (a < b) c()</script>Three": "One\nTwo\nThree",
        "<head><title>No</title></head><style>Yes <b>bold</b>": "Yes bold",
        "a <!-- b --> c 1 < 2": "a  c 1 < 2",
        "<brand>One</brand><br>Two": "One\nTwo",
    }
    for page, text in shown.items():
        assert read_email(html_mail(page)).text == text


@pytest.mark.parametrize("again", ["<style>", "<", "<br ", "</head", "<!--"])
def test_a_page_made_to_take_long_takes_as_long_as_any_other(again: str) -> None:
    def read(size: int) -> None:
        read_email(html_mail(again * (size // len(again))))

    assert growth(read, 20_000, 160_000) < FAR_FROM_SQUARE


@pytest.mark.parametrize(
    "start",
    [
        "From: " + "a@b.example, " * 100_000,
        "From: a@b.example\nContent-Type: text/plain" + "; a*1=b" * 200_000,
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n" + "\n--x\n" * 1_000_001,
        "From: a@b.example\n"
        + "\n".join(f"Content-Type: multipart/x; boundary={n}\n\n--{n}" for n in range(999)),
    ],
)
def test_what_nobody_writes_is_not_read(start: str) -> None:
    with pytest.raises(Malformed, match="than an e-mail that somebody writes"):
        read_email(f"Date: Tue, 30 Jun 2026 23:30:00 +0000\n{start}\n\nHi\n".encode())


@pytest.mark.parametrize("sender", ["(" * 2000, "/@", ".:\\:", '"', "=?utf-8?q?=0a", "=00:;", "*0=--@[@"])
def test_a_header_that_nobody_can_read_hides_no_e_mail(sender: str) -> None:
    raw = f"From: {sender}\nDate: Tue, 30 Jun 2026 23:30:00 +0000\nSubject: Hello\n\nHi\n".encode()
    email = read_email(raw)
    assert (email.subject, email.text) == ("Hello", "Hi")
