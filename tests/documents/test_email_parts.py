"""The attachments of an e-mail, compared with what the standard library finds in it."""

from __future__ import annotations

import os
from email import message_from_bytes
from email.policy import default

import pytest

from redress.documents.email_parts import attachments
from redress.documents.errors import WrongType
from redress.documents.spool import Spool
from tests.documents.samples import PDF, PNG, email

BIG = os.urandom(400_000)


def found(spool: Spool, content: bytes) -> list[tuple[str, bytes]]:
    spool.write(content)
    there = []
    for each in attachments(spool):
        with each.content:
            there.append((each.name, b"".join(each.content.pieces())))
    return there


def expected(content: bytes) -> list[tuple[str, bytes]]:
    parts = message_from_bytes(content, policy=default).iter_attachments()
    decoded = [(part.get_filename() or "", part.get_payload(decode=True)) for part in parts]
    return [(name, content) for name, content in decoded if isinstance(content, bytes)]


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_each_attachment_is_found_as_it_was(spool: Spool, ends: bytes) -> None:
    content = email(("report.pdf", PDF), ("bild ä.png", PNG), ("big.bin", BIG)).replace(b"\n", ends)
    there = found(spool, content)
    assert there == [("report.pdf", PDF), ("bild ä.png", PNG), ("big.bin", BIG)] == expected(content)


def test_an_email_that_was_forwarded_is_one_whole_document(spool: Spool) -> None:
    [(name, inner)] = found(spool, email(forwarded=PDF))
    assert name == ""
    assert expected(inner) == [("inner.pdf", PDF)]


BY_HAND = b"""From: a@invented.example
Subject: by hand
Content-Type: multipart/mixed; boundary="xyz"

Before the first part.
--xyz
Content-Type: multipart/alternative; boundary="xyz-inner"

--xyz-inner
Content-Type: text/plain

--xyz is no delimiter of this line.
--xyz-inner--
--xyz
Content-Type: text/plain; name="notes.txt"
Content-Disposition: attachment; filename="notes.txt"
Content-Transfer-Encoding: quoted-printable

One=
 line=3D, caf=C3=A9
and two
--xyz
Content-Type: application/octet-stream
Content-Disposition: attachment
Content-Transfer-Encoding: 8bit

as it is

--xyz--
After the last one.
"""


def test_it_is_read_as_the_standard_library_reads_it(spool: Spool) -> None:
    there = found(spool, BY_HAND)
    assert there == [("notes.txt", "One line=, café\nand two".encode()), ("", b"as it is\n")]
    assert there == expected(BY_HAND)


def test_a_scan_that_was_sent_as_nothing_but_itself_is_an_attachment(spool: Spool) -> None:
    content = (
        b"From: scanner@invented.example\nSubject: scan\nContent-Type: application/pdf; name=scan.pdf\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERi0xLjcK\n"
    )
    assert found(spool, content) == [("scan.pdf", b"%PDF-1.7\n")]


@pytest.mark.parametrize(
    "content",
    [
        b"From: a@b.example\nTo: c\n\nNo parts at all.",
        b"From: a@b.example\nContent-Type: multipart/mixed\n\nno delimiter",
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n',
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\n\n" * 2000,
        b"From: a@b.example\n" + b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n' * 200,
    ],
)
def test_an_email_that_is_broken_breaks_nothing(spool: Spool, content: bytes) -> None:
    assert found(spool, content) == []


def test_an_email_with_headers_that_nobody_writes_is_not_taken(spool: Spool) -> None:
    part = b'--x\nContent-Type: text/plain; name="' + b"a" * 60_000 + b'"\n\n'
    with pytest.raises(WrongType, match="longer than those of any"):
        found(spool, b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n" + part * 20)


def test_a_header_that_nobody_can_read_says_nothing(spool: Spool) -> None:
    part = b"--x\nContent-Disposition: attachment; filename=" + b"(" * 2000 + b"\n\nHi\n--x--\n"
    content = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n" + part
    assert found(spool, content) == []
