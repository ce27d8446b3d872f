"""Letters with enclosures by GOV.UK Notify: printed as one PDF, or files that an e-mail links to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from redress.domain.calendar import full_date
from redress.letters.delivery.channel import Accepted, NotNow, Refused, TooLarge
from redress.letters.delivery.notify import Notify
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.services.clock import today
from redress.settings import Settings
from redress.store.outbound import Recipient, Route
from tests.documents.samples import DOCX, EICAR, email
from tests.letters.delivery import notify_print, notify_service
from tests.letters.delivery.conftest import PERSON, RecordedComplaint, settings_by_notify
from tests.letters.delivery.enclosing import drawn, enclose, enclosure, picture, report, send_again
from tests.letters.delivery.notify_service import NotifyService
from tests.letters.lives import Life, in_full

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@cache
def answered() -> Life:
    return in_full()


def letter(route: Route, *enclosures: Any, **recipient: Any) -> OutboundLetter:
    """A real answer on its way, with enclosures."""
    [answer] = answered().named("stage_1_response")
    to = {"subject": answer.subject, "sender": "Exampleshire", "routes": [route], "name": PERSON["name"]}
    to |= {"email": PERSON["email"], "address": PERSON["address"], **recipient}
    return OutboundLetter(
        reference="CYP-2026-000001",
        key=answer.key,
        role="complainant",
        name=answer.name,
        on=answer.on,
        route=route,
        token="invented-token",
        recipient=Recipient.model_validate(to),
        text=answer.text,
        authority="family-rights",
        enclosures=enclosures,
    )


@pytest.fixture
def channel(by_notify: Settings) -> Notify:
    return Notify(by_notify)


# --- on paper ---------------------------------------------------------------------------------------


def test_a_letter_and_its_enclosures_are_one_pdf_that_notify_prints(
    channel: Notify, notify: NotifyService
) -> None:
    """To the edge, landscape, A3, a picture: each page comes within what may be printed."""
    to_the_edge = drawn(
        "#set page(margin: 1mm, fill: aqua)\n#lorem(50)\n#pagebreak()\n"
        "#set page(width: 297mm, height: 210mm)\nLandscape\n#pagebreak()\n"
        "#set page(width: 297mm, height: 420mm)\nA3"
    )
    turned = PdfWriter(clone_from=io.BytesIO(report(1, margin="2mm")))
    turned.pages[0].rotate(90)
    written = io.BytesIO()
    turned.write(written)
    whole = letter(
        "post",
        enclosure("report.pdf", to_the_edge),
        enclosure("turned.pdf", written.getvalue()),
        enclosure("photo.png", picture(), "image/png"),
    )
    accepted = channel.send(whole)
    [sent] = notify.taken.values()
    assert notify.not_printed == {}
    assert (sent["status"], sent["postage"], sent["reference"]) == ("received", "second", "invented-token")
    assert [sent[f"line_{n}"] for n in range(1, 5)] == [
        *("Testa Inventata", "1 Nowhere Lane", "Exampletown", "EX1 1AA")
    ]
    pdf = PdfReader(io.BytesIO(notify.printed[sent["id"]]))
    assert len(pdf.pages) - 3 - 1 - 1 in (1, 2), "the letter, then each enclosure"
    assert "An invented report" in pdf.pages[-2].extract_text()
    assert accepted == Accepted(f"notify/{sent['id']}", arrived=False)
    assert channel.find(whole) == accepted, "it is asked for before it is handed over again"
    assert channel.has_arrived(accepted.place)


def test_it_goes_to_where_the_person_is_reached_now(channel: Notify, notify: NotifyService) -> None:
    """The address stands in the letter as it was when it was written; corrected since, it goes there."""
    channel.send(letter("post", address="2 New Road, Inventedham EX2 2BB\nTel: 01632 960123"))
    [sent] = notify.taken.values()
    assert [sent.get(f"line_{n}") for n in range(1, 6)] == [
        *("Testa Inventata", "2 New Road", "Inventedham", "EX2 2BB"),
        None,
    ]


def test_first_class_where_the_settings_say_so(by_notify: Settings, notify: NotifyService) -> None:
    Notify(settings_by_notify(by_notify.state, notify, notify_postage="first")).send(letter("post"))
    [sent] = notify.taken.values()
    assert sent["postage"] == "first"


@pytest.mark.parametrize(
    ("enclosures", "why"),
    [
        ([enclosure("report.pdf", report(10))], "it has 1[12] pages with its enclosures"),
        ([enclosure("notes.docx", DOCX, DOCX_TYPE)], "1 of its enclosures are files of other kinds"),
        ([enclosure("old.eml", email(), "message/rfc822")], "files of other kinds"),
    ],
)
def test_what_notify_does_not_print_is_not_handed_over(
    channel: Notify, notify: NotifyService, enclosures: list[Any], why: str
) -> None:
    with pytest.raises(TooLarge, match=why):
        channel.send(letter("post", *enclosures))
    assert notify.taken == {}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("1 Nowhere Lane", "too short"),
        ("1 Nowhere Lane\nExampletown", "should be a UK postcode or a country"),
        ("No fixed abode\nExampletown\nEX1 1AA", "no fixed address"),
    ],
)
def test_an_address_that_no_letter_reaches_is_told_at_once_and_in_words(
    channel: Notify, notify: NotifyService, address: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        channel.send(letter("post", address=address))
    assert notify.taken == {}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("validation-failed", "outside what is printed"),
        ("virus-scan-failed", "a virus"),
        ("permanent-failure", "could not print it"),
    ],
)
def test_what_is_not_printed_after_all_goes_by_hand_and_says_why(
    by_notify: Settings, notify: NotifyService, status: str, why: str
) -> None:
    at = RecordedComplaint(by_notify)
    notify.status_of_the_rest = "pending-virus-check"
    at.open(format="letter")
    at.says("acknowledge", "2026-06-02")
    send_again(at)
    assert at.states() == {"acknowledgement to complainant": "accepted"}, "it is being looked at"
    for each in notify.taken.values():
        each["status"] = status
    send_again(at)
    assert why in at.reason()
    assert "has to be sent by hand" in at.told()[0]


# --- by e-mail --------------------------------------------------------------------------------------


def test_each_enclosure_is_a_file_that_the_e_mail_links_to(channel: Notify, notify: NotifyService) -> None:
    name, attached = "The *report* about " + "x" * 120, report()
    channel.send(letter("email", enclosure(name, attached), enclosure("notes.docx", DOCX, DOCX_TYPE)))
    [sent] = notify.taken.values()
    first, second = notify.files.items()
    for link, file in (first, second):
        assert link in sent["whole"]
        assert (file["for"], file["retention_period"]) == (PERSON["email"], "52 weeks")
    assert first[1]["content"] == attached
    assert (len(first[1]["filename"]), first[1]["filename"][-4:]) == (100, ".pdf")
    assert (second[1]["filename"], second[1]["content"]) == ("notes.docx", DOCX)
    last = full_date(today() + timedelta(weeks=52, days=-1))
    assert f"to download until {last}" in sent["whole"]
    assert "notes (DOCX) https://" in sent["whole"]
    assert sent["sanitised"] == ["body", "enclosure_1_name", "enclosure_2_name"]


@pytest.mark.parametrize(
    ("enclosures", "why"),
    [
        ([enclosure("large.pdf", report() + bytes(2 * 1024 * 1024))], "larger than the 2 MB"),
        ([enclosure("old.eml", email(), "message/rfc822")], "a type that GOV.UK Notify does not send"),
        ([enclosure("photo.heic", b"x", "image/heif")], "a type that GOV.UK Notify does not send"),
        ([enclosure("report.pdf", report())] * 5, "has places for 4 enclosures, and the letter has 5"),
    ],
)
def test_what_notify_does_not_send_by_e_mail_is_not_handed_over(
    channel: Notify, notify: NotifyService, enclosures: list[Any], why: str
) -> None:
    with pytest.raises(TooLarge, match=why):
        channel.send(letter("email", *enclosures))
    assert (notify.taken, notify.files) == ({}, {})


def test_more_files_than_the_template_has_places_for_are_not_even_read(channel: Notify) -> None:
    def never() -> Iterator[bytes]:
        raise AssertionError("five hundred of them would not fit into memory")

    with pytest.raises(TooLarge, match="has places for 4"):
        channel.send(letter("email", *[Enclosure("report.pdf", "application/pdf", 9, never)] * 500))


def test_a_virus_in_an_enclosure_is_told(channel: Notify, notify: NotifyService) -> None:
    with pytest.raises(Refused, match="a virus in an enclosure"):
        channel.send(letter("email", enclosure("report.pdf", b"%PDF-1.7\n" + EICAR)))
    assert notify.taken == {}


def test_a_service_that_cannot_send_files_yet_loses_nothing(channel: Notify, notify: NotifyService) -> None:
    notify.files_are_set_up = False
    with pytest.raises(NotNow) as later:
        channel.send(letter("email", enclosure("report.pdf", report())))
    assert later.value.down
    notify.fault = "500"
    with pytest.raises(NotNow):
        channel.send(letter("email", enclosure("report.pdf", report())))


def test_a_letter_without_enclosures_leaves_their_places_blank(
    channel: Notify, notify: NotifyService
) -> None:
    channel.send(letter("email"))
    [sent] = notify.taken.values()
    assert "enclos" not in sent["whole"].replace(sent["body"], "")
    assert notify.files == {}


def test_with_its_enclosures_it_leaves_once_though_the_answer_was_lost(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    for form in ("", "letter"):
        at.open(format=form)
        at.says("acknowledge", "2026-06-02")
        send_again(at)
        enclose(at, enclosure("report.pdf", report()))
        notify.fault = "take_and_hang_up"
        at.says("respond", "2026-06-03", outcome="not_upheld", summary="An invented answer.")
        notify.fault = "none"
        at.rested()
        send_again(at)
        assert at.states()["stage_1_response to complainant"] == "sent"
    assert set(notify.counted().values()) == {1}
    assert len(notify.files) == 1


# --- the stand-in itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pdf", "why"),
    [
        (drawn('#set page(paper: "a4")\nNo address'), "address-is-empty"),
        (drawn('#set page(paper: "a4", margin: 8mm)\n#lorem(900)'), "content-outside-printable-area"),
        (drawn("#set page(width: 297mm, height: 210mm)\nx"), "letter-not-a4-portrait-oriented"),
        (report(11), "letter-too-long"),
        (b"%PDF-1.7 nothing", "unable-to-read-the-file"),
    ],
)
def test_the_stand_in_prints_nothing_that_notify_does_not(pdf: bytes, why: str) -> None:
    assert notify_print.judged(pdf)[1] == why


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"content": "JVBERi0x", "postage": "second"}, "reference is a required property"),
        ({"reference": "r", "content": "JVBERi0x", "postage": "third"}, "postage invalid. It must be"),
        ({"reference": "r", "content": "?"}, "Cannot decode letter content"),
        ({"reference": "r", "content": "aGVsbG8="}, "Letter content is not a valid PDF"),
        ({"reference": "r", "content": "JVBERi0x", "template_id": "t"}, "Additional properties are not"),
    ],
)
def test_the_stand_in_takes_no_pdf_that_notify_does_not(
    notify: NotifyService, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(notify_service.Wrong) as wrong:
        notify._take_pdf(said)
    assert wrong.value.messages[0].startswith(message)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"filename": "x.exe"}, "Unsupported file type '.exe'"),
        ({"filename": "x" * 97 + ".pdf"}, "`filename` cannot be longer than 100 characters"),
        ({"filename": "none"}, "`filename` must end with a file extension"),
        ({"retention_period": "79 weeks"}, "Unsupported value for retention_period"),
        ({"confirm_email_before_download": "yes"}, "Unsupported value for confirm_email_before_download"),
        ({"colour": "red"}, "Additional properties are not allowed"),
    ],
)
def test_the_stand_in_takes_no_file_that_notify_does_not(said: dict[str, Any], message: str) -> None:
    with pytest.raises(notify_service.Wrong) as wrong:
        notify_service._checked_file({"file": "JVBERi0x", **said})
    assert wrong.value.messages[0].startswith(message)
