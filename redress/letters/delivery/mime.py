"""A letter as an e-mail. Names and addresses come from strangers: none of them can add a header.

Python's own e-mail package did not see to that before 3.11.10 and 3.12.5 (CVE-2024-6923). So nothing here
relies on it: what it would decode is broken up, and the finished message is read again before it leaves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from redress.letters.delivery.enclosure_files import file_name, pieces_of
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.form.html import html_of
from redress.letters.naming import one_line
from redress.letters.visible import visible
from redress.procedures.loader import authority

LONGEST_NAME = 150
"""Characters of a name that stand beside an address."""

_ENCODED_WORD = re.compile(r"=(?=\?)|(?<=\?)(?==)")
"""Where an encoded word (RFC 2047) would begin or end."""

_MEDIA_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9][a-z0-9.+-]*")


class NotOneLetter(ValueError):
    """The finished message is not the letter it was made from; it must not leave."""


def fault_of_python() -> str:
    """What to tell an operator whose Python has the fault; nothing where it has none.

    Tried, since distributions mend it without another version.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "=?utf-8?q?x=0d=0aX-Added:_y?="
    try:
        is_faulty = "X-Added" in message_from_bytes(bytes(message), policy=SMTP)
    except (MessageError, ValueError):
        is_faulty = False
    if not is_faulty:
        return ""
    return (
        "this Python has CVE-2024-6923 (e-mail headers). Letters are protected against it; 3.11.10, 3.12.5 "
        "or later is still the better choice"
    )


def message_of(letter: OutboundLetter, sent_from: str) -> EmailMessage:
    """The message, from the authority under the address `sent_from`: text and HTML, and what goes with it.

    Raises `NotNow` where something that is enclosed cannot be read.
    """
    recipient = letter.recipient
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=header(recipient.sender), addr_spec=sent_from)
    message["To"] = Address(display_name=header(recipient.name), addr_spec=recipient.email)
    if recipient.reply_to:
        message["Reply-To"] = Address(display_name=header(recipient.sender), addr_spec=recipient.reply_to)
    message["Subject"] = header(f"{recipient.subject} ({letter.reference})")
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id(letter, sent_from)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange goes by: no answer "out of office"
    message.set_content(letter.text, subtype="plain", charset="utf-8", cte="quoted-printable")
    message.add_alternative(html_of(letter), subtype="html", charset="utf-8", cte="quoted-printable")
    for attached in _attached(letter):
        _attach(message, attached)
    mark = hashlib.sha256(letter.token.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{mark}")  # no line that is quoted or base64 can begin so
    return message


def encoded_size(letter: OutboundLetter) -> int:
    """Bytes that a letter's enclosures take in an e-mail, about: told without reading them."""
    return sum(each.size for each in letter.enclosures) * 4 * 78 // (3 * 76)


def _attached(letter: OutboundLetter) -> Iterator[Enclosure]:
    """What goes with a letter: the letter itself on its letterhead, where the authority wants it so."""
    if letter.route == "email" and letter.authority and authority(letter.authority).email_form == "pdf":
        from redress.letters.form.pdf import pdf_of  # here: few draw any

        pdf = pdf_of(letter)
        yield Enclosure(f"letter-{letter.on}.pdf", "application/pdf", len(pdf), lambda: iter([pdf]))
    yield from letter.enclosures


def _attach(message: EmailMessage, attached: Enclosure) -> None:
    content = b"".join(pieces_of(attached))
    maintype, _, subtype = attached.media_type.partition("/")
    if not _MEDIA_TYPE.fullmatch(attached.media_type) or maintype in ("message", "multipart"):
        maintype, subtype = "application", "octet-stream"  # an e-mail within one may not be base64
    message.add_attachment(
        content, maintype=maintype, subtype=subtype, filename=header(file_name(attached.name))
    )


def bytes_of(message: EmailMessage) -> bytes:
    """A message as it goes over the wire. Raises `NotOneLetter` where it would be read as another one."""
    try:
        wire = bytes(message)
    except (MessageError, ValueError) as error:  # a mended Python finds some of it
        raise NotOneLetter(type(error).__name__) from None
    _compare(message, message_from_bytes(wire, policy=SMTP))
    return wire


def _compare(written: MIMEPart, read: MIMEPart) -> None:
    """Whether a message, or a part of one, is read as it was written: headers, parts and content."""
    if _headers(read) != _headers(written):
        raise NotOneLetter("a header is not what it was")
    if written.is_multipart():
        parts, found = [*written.iter_parts()], [*read.iter_parts()]
        if len(parts) != len(found) or read.preamble or (read.epilogue or "").strip():
            raise NotOneLetter("its parts are not what they were")
        for part, other in zip(parts, found, strict=True):
            _compare(part, other)
    elif read.is_multipart() or _content(read) != _content(written):
        raise NotOneLetter("the text is not what it was")


def _content(part: MIMEPart) -> list[str] | bytes:
    content: str | bytes = part.get_content()
    return content.splitlines() if isinstance(content, str) else content


def _headers(message: MIMEPart) -> list[tuple[str, list[str]]]:
    """Names and words of a message's headers: where a long one is folded makes no difference."""
    return [(name, str(value).split()) for name, value in message.items()]


def message_id(letter: OutboundLetter, sent_from: str) -> str:
    """The same however often the letter is sent, so that it can be found and told from another."""
    return f"<{letter.token}@{sent_from.rpartition('@')[2]}>"


def header(text: str) -> str:
    """Text that can stand in a header: on one line, nothing in it that is not seen or would be decoded."""
    return _ENCODED_WORD.sub(r"\g<0> ", one_line(visible(text)))[:LONGEST_NAME]
