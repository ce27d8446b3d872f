"""Nothing that nobody sees, or that turns what stands around it, reaches a letter or a header."""

from __future__ import annotations

import unicodedata
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redress.letters.delivery.mime import NotOneLetter, bytes_of, fault_of_python, message_of
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.naming import one_line
from redress.letters.visible import visible
from redress.store.outbound import Recipient
from tests.letters.delivery.mail_server import text_of

ATTACK = "=?utf-8?q?x=0d=0aSubject:_Your_account_is_locked=0d=0a=0d=0aClick_here?="


def letter_to(name: str, subject: str = "Your complaint") -> OutboundLetter:
    recipient = Recipient(
        subject=subject, sender="Exampleshire Council", reply_to="complaints@exampleshire.example"
    ).model_copy(update={"name": name, "email": "robin@invented.example"})
    return OutboundLetter(
        reference="CYP-2026-000001",
        key="k",
        role="complainant",
        name="acknowledgement",
        on=date(2026, 11, 27),
        route="email",
        token="t" * 32,
        recipient=recipient,
        text="We will write to you.\n",
    )


@pytest.mark.parametrize(
    "name",
    [
        ATTACK,
        ATTACK.replace("utf-8?q", "utf-8?b"),
        "=?=?utf-8?q?a?=?=",
        "a =?utf-8?q?=0d=0aBcc:x@y.example?= b",
    ],
)
def test_encoded_words_in_a_name_are_broken_up(name: str) -> None:
    for letter in (letter_to(name), letter_to("Robin Invented", subject=f"Your complaint {name}")):
        read = message_from_bytes(
            bytes_of(message_of(letter, "complaints@exampleshire.example")), policy=SMTP
        )
        assert read.get_all("Subject") == [read["Subject"]]
        assert "Bcc" not in read
        assert "Click here" not in str(read["Subject"])
        assert read["To"].addresses[0].addr_spec == "robin@invented.example"
        assert text_of(read) == "We will write to you.\n"


def test_a_message_that_would_be_read_as_another_does_not_leave() -> None:
    message = message_of(letter_to("Robin Invented"), "complaints@exampleshire.example")
    message["X-Made-Up"] = ATTACK  # as a header that nobody broke up
    if fault_of_python():
        with pytest.raises(NotOneLetter):
            bytes_of(message)
    else:
        try:
            wire = bytes_of(message)
        except NotOneLetter:
            return
        assert message_from_bytes(wire, policy=SMTP)["Subject"] == message["Subject"]
    two = EmailMessage(policy=SMTP)
    two.set_content("Yours\n\n--end\n\nA part of somebody else's.\n", cte="7bit")
    two.add_alternative("<p>Yours</p>", subtype="html")
    two.set_boundary("end")
    with pytest.raises(NotOneLetter):
        bytes_of(two)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\x1b[31mred\x07", "a [31mred "),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("one\r\ntwo\rthree\u2028four\x0bfive", "one\ntwo\nthree\nfour\nfive"),
        ("Jo\u200bhn\ufeff\u2066\u2069", "John"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("tab\tand caf\u00e9", "tab\tand caf\u00e9"),
    ],
)
def test_what_nobody_sees_is_left_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_hidden_is_left_and_one_line_is_one(text: str) -> None:
    shown = visible(text)
    assert not [each for each in shown if unicodedata.category(each) == "Cc" and each not in "\n\t"]
    assert not {*shown} & {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2028\u2029\ufeff"}
    assert len(one_line(text).splitlines()) <= 1
