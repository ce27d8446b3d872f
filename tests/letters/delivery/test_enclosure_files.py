"""What arrives by e-mail: the letter as text and as HTML, and everything that is enclosed, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from redress.letters.delivery.channel import NotNow, TooLarge
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.delivery.outbox import FileChannel
from redress.letters.delivery.smtp import Smtp
from redress.letters.form import pdf_of
from redress.procedures import loader
from redress.services import directory
from redress.settings import Settings
from tests.letters.delivery.conftest import RecordedComplaint
from tests.letters.delivery.mail_server import MailServer, text_of
from tests.letters.delivery.test_enclosures import INDEPENDENT, INVESTIGATION, Office
from tests.letters.form.test_form import shown, written

JPEG, PDF = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 500, b"%PDF-1.7\r\n.\r\n..\r\n--=_0_\r\n"


def enclosed(name: str, content: bytes, media_type: str = "application/pdf") -> Enclosure:
    pieces = [content[at : at + 1000] for at in range(0, len(content), 1000)]
    return Enclosure(name, media_type, len(content), lambda: iter(pieces))


def arrived(mail: MailServer, settings: Settings, letter: OutboundLetter) -> EmailMessage:
    assert Smtp(settings).send(letter).arrived
    return mail.mailbox.taken[-1]


def attached(message: EmailMessage) -> list[tuple[str | None, str, bytes]]:
    return [(a.get_filename(), a.get_content_type(), a.get_content()) for a in message.iter_attachments()]


def test_text_html_and_enclosures_arrive_as_they_are(by_mail: Settings, mail: MailServer) -> None:
    letter = written("We enclose the report.\n\nWhat we will do:\n  1. Say sorry <b>now</b>\n")
    report = enclosed("The report.pdf", PDF)
    picture = enclosed("A photograph of Ærøskøbing 🙂.jpg", JPEG, "image/jpeg")
    message = arrived(mail, by_mail, letter._replace(enclosures=(report, picture)))
    assert message.get_content_type() == "multipart/mixed"
    assert text_of(message) == letter.text
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    assert shown(html.get_content()).words == letter.text.split()
    assert attached(message) == [
        ("The report.pdf", "application/pdf", PDF),
        ("A photograph of Ærøskøbing 🙂.jpg", "image/jpeg", JPEG),
    ]
    assert not [defect for part in message.walk() for defect in part.defects]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ('a".exe\r\nBcc: everybody@else.example.pdf', "a_.exe Bcc_ everybody@else.example.pdf"),
        ("=?utf-8?q?x=0d=0aSubject:_locked?=.pdf", "=_utf-8_q_x=0d=0aSubject__locked_=.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("\u202efdp.exe", "fdp.exe"),
        ("x" * 400 + ".docx", "x" * 145 + ".docx"),
        ("", "document"),
    ],
)
def test_a_name_of_a_file_is_a_name_and_nothing_else(
    by_mail: Settings, mail: MailServer, name: str, kept: str
) -> None:
    message = arrived(mail, by_mail, written("Hello.")._replace(enclosures=(enclosed(name, PDF),)))
    assert attached(message) == [(kept, "application/pdf", PDF)]
    assert message["Bcc"] is None
    assert message.get_all("Subject") == [message["Subject"]]


@pytest.mark.parametrize("media_type", ["message/rfc822", "multipart/mixed", "", "a/b; name=x\r\nBcc: y"])
def test_no_type_makes_an_enclosure_a_part_of_the_letter(
    by_mail: Settings, mail: MailServer, media_type: str
) -> None:
    email = b"From: a@invented.example\r\nSubject: A\r\n\r\nHello\r\n"
    letter = written("Hello.")._replace(enclosures=(enclosed("first.eml", email, media_type),))
    assert attached(arrived(mail, by_mail, letter)) == [("first.eml", "application/octet-stream", email)]


def test_the_letter_itself_goes_with_it_where_the_authority_wants_it(
    by_mail: Settings, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wants = loader.authority("family-rights").model_copy(update={"email_form": "pdf"})
    monkeypatch.setattr("redress.letters.delivery.mime.authority", lambda name: wants)
    letter = written("We wrote this.", authority="family-rights")
    [(name, media_type, content)] = attached(arrived(mail, by_mail, letter))
    assert (name, media_type) == ("letter-2026-06-01.pdf", "application/pdf")
    assert "We wrote this." in PdfReader(BytesIO(content)).pages[0].extract_text()
    assert not attached(arrived(mail, by_mail, letter._replace(route="staff")))


def test_what_no_mailbox_takes_does_not_leave_and_is_not_even_read(
    by_mail: Settings, mail: MailServer
) -> None:
    def unread() -> Iterator[bytes]:
        raise AssertionError("it was read")

    small = by_mail.model_copy(update={"email_bytes": 100_000})
    large = Enclosure("large.pdf", "application/pdf", 80_000, unread)
    with pytest.raises(TooLarge, match=r"larger than an e-mail may be here \(100,000 bytes\)"):
        Smtp(small).send(written("Hello.")._replace(enclosures=(large,)))
    with pytest.raises(TooLarge):
        Smtp(small).send(written("Hello. " * 20_000))
    assert mail.mailbox.tried == []
    assert attached(arrived(mail, small, written("Hello.")._replace(enclosures=(enclosed("a", PDF),))))


def test_what_cannot_be_read_leaves_later_and_never_in_part(by_mail: Settings, mail: MailServer) -> None:
    def broken() -> Iterator[bytes]:
        yield PDF
        raise ConnectionError

    whole = enclosed("a.pdf", PDF)
    for each in (whole._replace(content=broken), whole._replace(size=len(PDF) + 1)):
        with pytest.raises(NotNow, match="what is enclosed") as later:
            Smtp(by_mail).send(written("Hello.")._replace(enclosures=(each,)))
        assert not later.value.down
    assert mail.mailbox.tried == []


# --- in the folder -----------------------------------------------------------------------------------


def lain(folder: Path) -> dict[str, bytes]:
    return {path.name.partition("-complainant-")[2][6:]: path.read_bytes() for path in folder.rglob("*.*")}


def test_what_is_posted_lies_in_the_folder_ready_to_print(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)
    letter = written("We wrote this.", route="post", authority="family-rights")
    assert channel.send(letter).place.endswith(".txt")
    assert {*lain(tmp_path)} == {".txt", ".pdf"}
    assert lain(tmp_path)[".pdf"] == pdf_of(letter)
    report, notes = enclosed("Report on Pip Inventata.pdf", PDF), enclosed("notes", b"No ending.")
    assert channel.send(letter._replace(enclosures=(report, notes))).arrived
    found = lain(tmp_path)
    assert (found["-enclosure-1.pdf"], found["-enclosure-2.bin"]) == (PDF, b"No ending.")
    assert "Inventata" not in " ".join(path.name for path in tmp_path.rglob("*"))
    assert channel.send(letter._replace(enclosures=(report,))).arrived
    assert {*lain(tmp_path)} == {".txt", ".pdf", "-enclosure-1.pdf"}


def test_what_is_not_posted_is_drawn_only_where_that_is_wanted(tmp_path: Path) -> None:
    for route, pdf, endings in (
        ("email", "post", {".txt"}),
        ("email", "all", {".txt", ".pdf"}),
        ("staff", "all", {".txt"}),
    ):
        folder = tmp_path / f"{route}-{pdf}"
        assert FileChannel(folder, pdf).send(written("Hello.", route=route)).arrived  # type: ignore[arg-type]
        assert {*lain(folder)} == endings


def test_a_letter_lies_there_with_all_that_is_enclosed_or_not_at_all(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)
    lost = enclosed("b.pdf", PDF)._replace(size=1)
    letter = written("Hello.", enclosures=(enclosed("a.pdf", PDF), lost))
    with pytest.raises(NotNow, match="what is enclosed is not as long"):
        channel.send(letter)
    assert channel.find(letter) is None
    assert ".txt" not in lain(tmp_path)
    assert not [*tmp_path.rglob(".draft-*")]


# --- an adjudication, whole --------------------------------------------------------------------------


def test_an_adjudication_arrives_signed_with_both_reports(by_mail: Settings, mail: MailServer) -> None:
    office = Office(RecordedComplaint(by_mail))
    office.complaint.restart(by_mail)  # by its own channels: the mail server
    people = "name,email,roles,title\nAda Sampleton,a@b.example,adjudicating_officer,Assistant Director\n"
    directory.import_csv(office.complaint.register, "family-rights", people, "olive", dry_run=False)
    office.says("report", "2026-06-29", kind="investigation")
    office.attach(INVESTIGATION, "investigation_report", "The report.pdf")
    office.attach(INDEPENDENT, "independent_person_report")
    office.says("respond", "2026-07-01", outcome="upheld", summary="We were wrong.")
    [message] = [each for each in mail.mailbox.taken if "after Stage 2" in str(each["Subject"])]
    assert attached(message) == [
        ("The report.pdf", "application/pdf", INVESTIGATION),
        ("independent_person_report.pdf", "application/pdf", INDEPENDENT),
    ]
    text = text_of(message)
    assert "\n\nYours sincerely\n\nAda Sampleton\nAssistant Director\n" in text
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    assert shown(html.get_content()).words == text.split()
