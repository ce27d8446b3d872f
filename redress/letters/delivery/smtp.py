"""Letters by e-mail over SMTP, encrypted, to one recipient each.

SMTP cannot be asked about a message. So it is followed step by step: until the line that ends the
message is on its way it has certainly not been taken; from then on only the server's answer counts,
and without one nobody knows (RFC 5321, 4.5.3.2.6 and 6.1).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from redress.domain.contact_details import usable_email
from redress.letters.delivery.channel import Accepted, CannotAsk, NotNow, Refused, TooLarge, Unsure
from redress.letters.delivery.channel_settings import refuse
from redress.letters.delivery.mime import NotOneLetter, bytes_of, encoded_size, message_id, message_of
from redress.letters.delivery.outbound import OutboundLetter
from redress.security.network import is_this_machine
from redress.settings import Settings
from redress.startup import SetupError
from redress.store.outbound import Route

HUNG_UP = "the mail server hung up, or did not answer in time"

_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")
_LINE_OF_A_DOT = re.compile(rb"(?m)^\.")


def _holds_certificates(file: Path | None) -> bool:
    try:
        return file is None or bool(ssl.create_default_context(cafile=file))
    except OSError:  # ssl's own errors among them
        return False


def _problems(settings: Settings) -> Iterator[str]:
    """Which settings of the mail server cannot be used, and what would be right."""
    if not settings.smtp_host:
        yield "REDRESS_SMTP_HOST: is missing; name the mail server, for example smtp.council.example"
    elif settings.smtp_tls == "none" and not is_this_machine(settings.smtp_host):
        yield "REDRESS_SMTP_TLS: none is only for a server on this machine; starttls or tls"
    if not _holds_certificates(settings.smtp_ca):
        yield f"REDRESS_SMTP_CA: {settings.smtp_ca} should be a readable file of certificates (PEM)"
    if bool(settings.smtp_user) is not bool(settings.smtp_password.get_secret_value()):
        yield "REDRESS_SMTP_USER, REDRESS_SMTP_PASSWORD: give both or neither"
    if settings.smtp_from and not usable_email(settings.smtp_from):
        yield "REDRESS_SMTP_FROM: should be an e-mail address, for example complaints@council.example"


class Smtp:
    """E-mail by one server."""

    name = "smtp"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._context = ssl.create_default_context(cafile=settings.smtp_ca)

    def send(self, letter: OutboundLetter) -> Accepted:
        """Send one letter with its enclosures. Raises `NotNow`, `Refused`, `TooLarge` or `Unsure`."""
        sent_from = self.settings.smtp_from or letter.recipient.reply_to
        if not letter.recipient.email:
            raise Refused("there is no e-mail address that can be used")
        if not sent_from:
            raise Refused("there is no address to send from: set REDRESS_SMTP_FROM or the authority's e-mail")
        message = self._message(letter, sent_from)
        session = _Session(self.settings, self._context)
        try:
            session.begin()
            session.address(sent_from, letter.recipient.email)
            session.give(message)
        finally:
            session.end()
        return Accepted(f"smtp/{message_id(letter, sent_from).strip('<>')}", arrived=True)

    def _message(self, letter: OutboundLetter, sent_from: str) -> bytes:
        """The message on the wire; as long as it is not whole, it has certainly not left."""
        most = self.settings.email_bytes
        if encoded_size(letter) > most:  # not read for nothing
            raise _too_large(most)
        try:
            message = bytes_of(message_of(letter, sent_from))
        except NotOneLetter as fault:
            raise Refused(f"a name or address in it cannot stand in an e-mail: {fault}") from None
        except SetupError as fault:
            raise NotNow(f"it cannot be drawn: {fault}") from None
        if len(message) > most:
            raise _too_large(most)
        return message

    def find(self, letter: OutboundLetter) -> Accepted | None:
        """Nobody can ask a mail server."""
        raise CannotAsk

    def has_arrived(self, place: str) -> bool:
        """What the server has taken is its own to deliver; should it fail later, it writes to the sender."""
        return True


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"with its enclosures it is larger than an e-mail may be here ({most:,} bytes)")


class _Session:
    """One conversation with the server. Each step says what its failure means."""

    def __init__(self, settings: Settings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context
        self._ends = monotonic() + settings.send_within
        self._smtp: smtplib.SMTP | None = None

    def begin(self) -> None:
        """Connect, encrypt, log in. Whatever fails here fails for every letter."""
        settings = self._settings
        host, port, within = settings.smtp_host, settings.smtp_port, settings.send_within
        try:
            if settings.smtp_tls == "tls":
                self._smtp = smtplib.SMTP_SSL(host, port, timeout=within, context=self._context)
            else:
                self._smtp = smtplib.SMTP(host, port, timeout=within)
            self._in_time().ehlo_or_helo_if_needed()
            if settings.smtp_tls == "starttls":
                self._in_time().starttls(context=self._context)
            if settings.smtp_user:
                password = settings.smtp_password.get_secret_value()
                self._in_time().login(settings.smtp_user, password)
        except smtplib.SMTPNotSupportedError as error:
            what = "authentication" if "AUTH" in str(error) else "STARTTLS"
            raise NotNow(f"the mail server offers no {what}", down=True) from None
        except smtplib.SMTPAuthenticationError as error:
            raise NotNow(f"the mail server refused our login: {error.smtp_code}", down=True) from None
        except ssl.SSLCertVerificationError:
            raise NotNow("the mail server's certificate could not be verified", down=True) from None
        except smtplib.SMTPResponseException as error:
            raise NotNow(f"the mail server turned us away: {error.smtp_code}", down=True) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"the mail server is out of reach: {type(error).__name__}", down=True) from None

    def address(self, sent_from: str, to: str) -> None:
        """Say from whom to whom."""
        try:
            smtp = self._in_time()
            self._check(*smtp.mail(sent_from), down=True, ours=True)
            smtp = self._in_time()
            self._check(*smtp.rcpt(to), down=False)
        except (OSError, smtplib.SMTPException):
            raise NotNow(HUNG_UP, down=True) from None

    def give(self, message: bytes) -> None:
        """Hand the message over. Once its last line is on its way, only an answer tells what became of it."""
        stuffed = _LINE_OF_A_DOT.sub(b"..", message)
        try:
            code, answer = self._in_time().docmd("DATA")
            if code != 354:
                self._check(code, answer, down=True)
                raise NotNow("the mail server takes no messages", down=True)
            self._in_time().send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        except (OSError, smtplib.SMTPException):
            raise NotNow(HUNG_UP, down=True) from None
        try:
            smtp = self._in_time()
            smtp.send(b".\r\n")
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            raise Unsure("the mail server had it, and did not say whether it took it") from None
        if not 200 <= code < 600:
            raise Unsure("the mail server had it, and its answer could not be read")
        self._check(code, answer, down=False)

    def end(self) -> None:
        """Hang up; by now nothing depends on it."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                if self._smtp.sock is not None:
                    self._smtp.sock.settimeout(1.0)
                self._smtp.quit()
            with suppress(OSError):
                self._smtp.close()

    def _in_time(self) -> smtplib.SMTP:
        """The connection, with what is left of the time for one letter."""
        smtp = self._smtp
        left = self._ends - monotonic()
        if smtp is None or smtp.sock is None:
            raise smtplib.SMTPServerDisconnected
        if left <= 0:
            raise TimeoutError
        smtp.sock.settimeout(left)
        return smtp

    def _check(self, code: int, answer: bytes, *, down: bool, ours: bool = False) -> None:
        """What an answer means: 2xx yes, 4xx not now, all else never. Its words may hold an address.

        `ours`: by now it knows nothing of the letter but where it comes from; what it refuses is all letters.
        """
        if 200 <= code < 300:
            return
        enhanced = _ENHANCED.search(answer[:20])
        number = f"{code} {enhanced[0].decode()}" if enhanced else str(code)
        if 400 <= code < 500:
            raise NotNow(f"the mail server put it off: {number}", down=down or code == 421)
        if ours or code == 530:  # 530: we should have logged in
            raise NotNow(f"the mail server takes nothing from us: {number}", down=True)
        raise Refused(f"the mail server refused it: {number}")


def build(settings: Settings, routes: frozenset[Route]) -> Smtp:
    """The mail server of the settings. Raises `ChannelConfigError`."""
    refuse(_problems(settings))
    return Smtp(settings)
