"""The channels that the settings name, each looked at before the first letter leaves."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

from redress.letters.delivery.channel import Channel
from redress.letters.delivery.channels import Channels, by_outbox
from redress.letters.delivery.contact_routes import usable_email
from redress.letters.delivery.file_channel import FileChannel
from redress.letters.delivery.smtp import MailServer, Smtp
from redress.letters.dispatcher import SendLimits
from redress.settings import Settings


class ChannelConfigError(ValueError):
    """The settings of sending cannot be used; a line for each: which, what is wrong, what would be right."""


def outbox_only(settings: Settings) -> Channels:
    """Everything into the outbox folder, whatever the settings say: for rehearsals, tests and benches."""
    return by_outbox(FileChannel(settings.outbox_folder))


def routes_for(settings: Settings) -> Channels:
    """What leaves by what. Raises `ChannelConfigError`."""
    wrong = [*_wrong(settings)]
    if wrong:
        raise ChannelConfigError("\n".join(wrong))
    used = _used(settings)
    channels: dict[str, Channel] = {"outbox": FileChannel(settings.outbox_folder)}
    if "smtp" in used:
        channels["smtp"] = _smtp(settings)
    if "notify" in used:
        channels["notify"] = _notify(settings)
    return Channels(
        outbox=channels["outbox"],
        email=channels[settings.send_email],
        post=channels[settings.send_post],
        staff=channels[settings.send_staff],
        text=channels.get(settings.send_text),
    )


def send_limits_of(settings: Settings) -> SendLimits:
    """How long a letter may take, and how long it is tried."""
    return SendLimits(settings.send_within, settings.send_for_days)


def _used(settings: Settings) -> set[str]:
    return {settings.send_email, settings.send_post, settings.send_staff, settings.send_text}


def _smtp(settings: Settings) -> Smtp:
    return Smtp(
        MailServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            ca_file=str(settings.smtp_ca) if settings.smtp_ca else None,
            sent_from=settings.smtp_from,
            within=settings.send_within,
        )
    )


def _notify(settings: Settings) -> Channel:
    # Here, since its client takes a fifth of a second to load, and most commands send nothing.
    from redress.letters.delivery.notify import Notify, NotifyService

    service = NotifyService(
        key=settings.notify_key.get_secret_value(),
        url=settings.notify_url,
        email_template=settings.notify_email_template,
        text_template=settings.notify_text_template,
        post_template=settings.notify_post_template,
        reply_to_id=settings.notify_reply_to,
        within=settings.send_within,
    )
    return Notify(service)


def _wrong(settings: Settings) -> Iterator[str]:
    used = _used(settings)
    if "smtp" in used:
        yield from _wrong_smtp(settings)
    if "notify" in used:
        yield from _wrong_notify(settings)


def _wrong_smtp(settings: Settings) -> Iterator[str]:
    if not settings.smtp_host:
        yield "REDRESS_SMTP_HOST: is missing; name the mail server, for example smtp.council.example"
    elif settings.smtp_tls == "none" and not _is_here(settings.smtp_host):
        yield "REDRESS_SMTP_TLS: none is only for a server on this machine; starttls or tls"
    if settings.smtp_ca is not None:
        try:
            ssl.create_default_context(cafile=str(settings.smtp_ca))
        except OSError:  # ssl's own errors among them
            yield f"REDRESS_SMTP_CA: {settings.smtp_ca} should be a readable file of certificates (PEM)"
    if settings.smtp_from and not usable_email(settings.smtp_from):
        yield "REDRESS_SMTP_FROM: should be an e-mail address, for example complaints@council.example"
    if bool(settings.smtp_user) is not bool(settings.smtp_password.get_secret_value()):
        yield "REDRESS_SMTP_USER, REDRESS_SMTP_PASSWORD: give both or neither"


def _wrong_notify(settings: Settings) -> Iterator[str]:
    key = settings.notify_key.get_secret_value()
    if not (_is_uuid(key[-73:-37]) and _is_uuid(key[-36:])):
        yield "REDRESS_NOTIFY_KEY: should be an API key as Notify shows it: NAME-SERVICE_ID-SECRET"
    where = urlsplit(settings.notify_url)
    if where.scheme != "https" and not (where.scheme == "http" and _is_here(where.hostname or "")):
        yield "REDRESS_NOTIFY_URL: should begin with https:// (http:// only for this machine)"
    needed = {
        "email": "notify" in (settings.send_email, settings.send_staff),
        "post": settings.send_post == "notify",
        "text": settings.send_text == "notify",
    }
    for means, is_needed in needed.items():
        if is_needed and not _is_uuid(getattr(settings, f"notify_{means}_template")):
            which = f"REDRESS_NOTIFY_{means.upper()}_TEMPLATE"
            yield f"{which}: should be the id of a template, copied from Notify"
    if settings.notify_reply_to and not _is_uuid(settings.notify_reply_to):
        yield "REDRESS_NOTIFY_REPLY_TO: should be the id of a reply-to address, copied from Notify"


def _is_here(host: str) -> bool:
    """Whether a host is this machine, by its name or number alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
