"""A letter as an e-mail. Names and addresses come from strangers: none of them can add a header."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.naming import one_line

LONGEST_NAME = 150
"""Characters of a name that stand beside an address."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and those that turn the direction of what is read."""


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


def message_id(letter: OutboundLetter, sent_from: str) -> str:
    """The same however often the letter is sent, so that it can be found and told from another."""
    return f"<{letter.token}@{sent_from.rpartition('@')[2]}>"


def header(text: str) -> str:
    """Text that can stand in a header: on one line, nothing in it that is not seen."""
    return one_line(_CONTROL.sub(" ", text))[:LONGEST_NAME]
