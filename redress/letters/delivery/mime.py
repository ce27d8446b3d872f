"""A letter as an e-mail. Names and addresses come from strangers: none of them can add a header.

Python's own e-mail package did not see to that before 3.11.10 and 3.12.5 (CVE-2024-6923). So nothing here
relies on it: what it would decode is broken up, and the finished message is read again before it leaves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.naming import one_line
from redress.letters.visible import visible

LONGEST_NAME = 150
"""Characters of a name that stand beside an address."""

_ENCODED_WORD = re.compile(r"=(?=\?)|(?<=\?)(?==)")
"""Where an encoded word (RFC 2047) would begin or end."""


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
    """The message, from the authority under the address `sent_from`."""
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
    return message


def bytes_of(message: EmailMessage) -> bytes:
    """A message as it goes over the wire. Raises `NotOneLetter` where it would be read as another one."""
    try:
        wire = bytes(message)
    except (MessageError, ValueError) as error:  # a mended Python finds some of it
        raise NotOneLetter(type(error).__name__) from None
    read = message_from_bytes(wire, policy=SMTP)
    if _headers(read) != _headers(message) or read.is_multipart():
        raise NotOneLetter("a header is not what it was")
    if read.get_content().splitlines() != message.get_content().splitlines():
        raise NotOneLetter("the text is not what it was")
    return wire


def _headers(message: EmailMessage) -> list[tuple[str, list[str]]]:
    """Names and words of a message's headers: where a long one is folded makes no difference."""
    return [(name, str(value).split()) for name, value in message.items()]


def message_id(letter: OutboundLetter, sent_from: str) -> str:
    """The same however often the letter is sent, so that it can be found and told from another."""
    return f"<{letter.token}@{sent_from.rpartition('@')[2]}>"


def header(text: str) -> str:
    """Text that can stand in a header: on one line, nothing in it that is not seen or would be decoded."""
    return _ENCODED_WORD.sub(r"\g<0> ", one_line(visible(text)))[:LONGEST_NAME]
