"""A real mail server (aiosmtpd) that takes mail over TLS from those who log in, and fails as it is told."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from tests.letters.delivery.certificates import Certificates

USER, PASSWORD = "redress", "an-invented-password"

Fault = Literal[
    "none",
    "refuse_us",
    "refuse_person",
    "put_off_person",
    "put_off_all",
    "refuse_message",
    "put_off_message",
    "hang_at_recipient",
    "hang_at_data",
    "hang_with_message",
    "close_in_data",
    "hold",
    "take_and_die",
    "take_and_hang",
]
"""How it fails: at a recipient, at the message, or half-way. `hold`: it takes it only once this is
another; `take_and_…`: it has it, and says nothing.
"""


def text_of(message: EmailMessage) -> str:
    """The text of a letter that arrived, beside which it has its HTML and its enclosures."""
    text = message.get_body(("plain",))
    assert isinstance(text, EmailMessage)
    return str(text.get_content()).replace("\r\n", "\n")


class Doubtful(SMTP):
    """Breaks off in the middle of a message where it is told to."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # as aiosmtpd names it
        handler = self.event_handler
        assert isinstance(handler, Mailbox)
        assert self.envelope is not None
        fault = handler.fault_for(self.envelope.rcpt_tos)
        if fault == "hang_at_data":
            await asyncio.sleep(3600)
        if fault != "close_in_data":
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        reader = self._reader
        assert reader is not None
        await reader.readline()
        handler.broken_off += 1
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()


class Mailbox:
    """What the server took, and how it fails."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.tried: list[str] = []
        self.fault: Fault = "none"
        self.once: dict[str, Fault] = {}
        """How it fails at the first letter to an address."""
        self.reached: set[str] = set()
        """Addresses of `once` at which it has come to that."""
        self._present: dict[str, Fault] = {}
        self.asked = 0
        self.broken_off = 0

    async def handle_MAIL(  # noqa: N802  # as aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault == "refuse_us":
            return f"553 5.7.1 <{address}> is not yours to send from"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 ok"

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked += 1
        self.tried.append(address)
        if address in self.once:
            self._present[address] = self.once.pop(address)
        else:
            self._present.pop(address, None)
        fault = self.fault_for([address])
        if fault == "hang_at_recipient":
            self.reached.add(address)
            await asyncio.sleep(3600)
        if fault == "refuse_person":
            return f"550 5.1.1 <{address}> is nobody here"
        if fault == "put_off_person":
            return f"452 4.2.2 <{address}> has a full mailbox"
        if fault == "put_off_all":
            return "421 4.3.2 going down"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self.fault_for(envelope.rcpt_tos)
        self.reached.update(envelope.rcpt_tos)
        if fault == "hang_with_message":
            await asyncio.sleep(3600)
        while self.fault_for(envelope.rcpt_tos) == "hold":
            await asyncio.sleep(0.02)
        if fault == "refuse_message":
            return "554 5.6.0 no such messages here"
        if fault == "put_off_message":
            return "451 4.3.0 later"
        content = envelope.content
        assert isinstance(content, bytes)
        message = BytesParser(policy=default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients += envelope.rcpt_tos
        if fault == "take_and_die":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.sleep(3600)
        if fault == "take_and_hang":
            await asyncio.sleep(3600)
        return "250 2.0.0 taken"

    def fault_for(self, addresses: Sequence[str]) -> Fault:
        """How it fails now at a letter to an address."""
        return next((self._present[each] for each in addresses if each in self._present), self.fault)

    def let_go(self, address: str) -> None:
        """Take what was held."""
        self._present.pop(address, None)

    def counted(self) -> Counter[str]:
        """How often each message was taken, by its Message-ID."""
        return Counter(str(message["Message-ID"]) for message in self.taken)


class MailServer:
    """The server on a port of its own; it can be stopped and started again."""

    def __init__(self, certificates: Certificates, *, implicit_tls: bool = False, tls: bool = True) -> None:
        self.mailbox = Mailbox()
        self.port = free_port()
        self._certificates = certificates
        self.authority = certificates.ca
        self._implicit = implicit_tls
        self._tls = tls
        self._controller: Controller | None = None

    def start(self) -> None:
        options: dict[str, Any] = {"authenticator": _who_knows_the_password, "auth_required": True}
        if self._tls and not self._implicit:
            options |= {"tls_context": self._certificates.server, "require_starttls": True}
        else:
            options |= {"auth_require_tls": False}
        self._controller = _Doubting(
            self.mailbox,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=self._certificates.server if self._implicit else None,
            **options,
        )
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None


class _Doubting(Controller):
    def factory(self) -> SMTP:
        return Doubtful(self.handler, **self.SMTP_kwargs)


def _who_knows_the_password(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: object
) -> AuthResult:
    knows = isinstance(said, LoginPassword) and said == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=knows, handled=knows)


def free_port(among: range = range(20_000, 32_000)) -> int:
    """By chance, and outside of what systems give to outgoing connections, which would take it meanwhile."""
    while True:
        port = secrets.choice(among)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
