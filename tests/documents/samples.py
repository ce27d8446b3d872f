"""Invented documents of every type, and those that only pretend."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import typst

PDF = b"%PDF-1.7\n1 0 obj<</Title(An invented report)>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(60)
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXE = b"MZ\x90\x00\x03" + bytes(200)
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE" + b"!$H+H*"
"""What scanners take for a virus, so that they can be tried; in two parts, lest one finds it here."""


def office(*names: str) -> bytes:
    """An archive with these files, as newer office programs write them."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, f"<{name}/>")
    return written.getvalue()


DOCX = office("[Content_Types].xml", "_rels/.rels", "word/document.xml")
DOCM = office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
XLSX = office("[Content_Types].xml", "xl/workbook.xml")
DOC = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(700) + "WordDocument".encode("utf-16-le") + bytes(100)
MSG = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(700) + "__substg1.0_".encode("utf-16-le") + bytes(100)


def printed(text: str) -> bytes:
    """A PDF of one page, whose text no plain search finds."""
    pdf: bytes = typst.compile(text.encode(), ignore_system_fonts=True)
    return pdf


def word(text: str) -> bytes:
    """A file of Word, compressed as Word does it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:t>{text}</w:t>" * 9)
    return written.getvalue()


def email(*attached: tuple[str, bytes], forwarded: bytes = b"") -> bytes:
    """An invented e-mail with attachments."""
    message = EmailMessage()
    message["From"] = "Testa Inventata <testa@invented.example>"
    message["To"] = "complaints@invented.example"
    message["Subject"] = "Papers"
    message["Date"] = "Mon, 1 Jun 2026 23:30:00 +0000"
    message.set_content("Here they are: café.\n" * 3, cte="quoted-printable")
    message.add_alternative("<p>Here they are</p>", subtype="html")
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    if forwarded:
        inner = EmailMessage()
        inner["From"], inner["Subject"] = "other@invented.example", "Earlier"
        inner.set_content("An earlier e-mail.")
        inner.add_attachment(forwarded, maintype="application", subtype="pdf", filename="inner.pdf")
        message.add_attachment(inner)
    return message.as_bytes()
