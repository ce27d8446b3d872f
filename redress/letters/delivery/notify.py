"""Letters by GOV.UK Notify, through its own client: e-mail, text message and post.

Notify keeps what it was given under our reference, and can be asked by it for a week. So nothing is
handed over again before Notify has been asked. What it has taken it delivers in its own time, and
says later what became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from redress.domain.postal_address import begun_well, postal_lines
from redress.letters.delivery.channel import Accepted, CannotAsk, Lost, NotNow, Refused, Unsure
from redress.letters.delivery.channel_settings import is_uuid, refuse
from redress.letters.delivery.mime import header
from redress.letters.delivery.outbound import OutboundLetter
from redress.security.network import is_safe_address
from redress.settings import Settings
from redress.store.outbound import Route

MOST_LINES = 7
"""Lines that an address may have, the name among them."""

ARRIVED = ("delivered", "received", "sent")
UNDER_WAY = ("created", "sending", "pending", "accepted", "pending-virus-check")
"""Statuses that are not the last word; every other one is a failure."""

LOST = "technical-failure"
"""What went wrong between Notify and who delivers for it: Notify asks for it to be sent again."""

OURS = (
    "template not found",
    "template has been deleted",
    "template_id",
    "is not suitable for",
    "missing personalisation",
    "reply_to",
    "api key",
    "trial mode",
    "is not allowed to send",
)
"""What Notify's words hold where not the letter is refused but how our service is set up: it concerns every
letter until somebody mends it."""

# What the client logs of a refused request can hold what was in it.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)


def _is_key(key: str) -> bool:
    ids = key[-73:]
    return is_uuid(ids[:36]) and is_uuid(ids[37:])


def _problems(settings: Settings, routes: frozenset[Route]) -> Iterator[str]:
    """Which settings of our service at Notify cannot be used for these routes, and what would be right.

    Each template is only `((subject))` and `((body))`, that of text messages `((body))`.
    """
    if not _is_key(settings.notify_key.get_secret_value()):
        yield "REDRESS_NOTIFY_KEY: should be an API key as Notify shows it: NAME-SERVICE_ID-SECRET"
    if not is_safe_address(settings.notify_url):
        yield "REDRESS_NOTIFY_URL: should begin with https:// (http:// only for this machine)"
    templates = {"email": settings.notify_email_template, "post": settings.notify_post_template}
    templates["text"] = settings.notify_text_template
    needed = {"email" if route == "staff" else route for route in routes}
    for route, template in templates.items():
        if route in needed and not is_uuid(template):
            name = f"REDRESS_NOTIFY_{route.upper()}_TEMPLATE"
            yield f"{name}: should be the id of a template, copied from Notify"
    if settings.notify_reply_to and not is_uuid(settings.notify_reply_to):
        yield "REDRESS_NOTIFY_REPLY_TO: should be the id of a reply-to address, copied from Notify"


WHY = {
    "last line of": "the last line of the postal address should be a UK postcode or a country",
    "must be a real uk postcode": "the last line of the postal address should be a UK postcode",
    "must not start with": "a line of the postal address begins with a character that none may begin with",
    "must be at least": "the postal address is too short: with the name it needs three lines",
    "must be no more than": "the postal address is too long: with the name it may have seven lines",
    "must be a real address": "the postal address says that there is no fixed address",
    "not a valid email address": "the e-mail address is none",
    "not a valid phone number": "the telephone number is none that text messages can go to",
    "not enough digits": "the telephone number has too few digits",
    "too many digits": "the telephone number has too many digits",
}
"""By words of Notify's, why it refuses a letter, as a manager reads it."""


class Notify:
    """All that Notify sends."""

    name = "notify"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, letter: OutboundLetter) -> Accepted:
        """Send one letter. Raises `NotNow`, `Refused` or `Unsure`."""
        try:
            made = self._post(letter)
        except APIError as error:
            raise _meaning(error) from None
        if not isinstance(made, dict) or "id" not in made:
            raise Unsure("GOV.UK Notify gave no answer that could be read")
        return Accepted(f"notify/{made['id']}", arrived=False)

    def _post(self, letter: OutboundLetter) -> Any:
        client, settings, recipient = self._client(), self.settings, letter.recipient
        body = {"body": letter.text}
        whole = {"subject": header(recipient.subject), **body}
        if letter.route == "text":
            to = _usable(recipient.telephone)
            return client.send_sms_notification(to, settings.notify_text_template, body, letter.token)
        if letter.route == "post":
            lines = address_lines(recipient.name, _usable(recipient.address))
            return client.send_letter_notification(settings.notify_post_template, whole | lines, letter.token)
        return client.send_email_notification(
            _usable(recipient.email),
            settings.notify_email_template,
            whole,
            letter.token,
            settings.notify_reply_to or None,
            sanitise_content_for=["body"],  # strangers wrote in it: no links of theirs
        )

    def find(self, letter: OutboundLetter) -> Accepted | None:
        """What Notify has under our reference. Raises `NotNow` where it does not answer."""
        try:
            answer = self._client().get_all_notifications(reference=letter.token)
        except APIError as error:
            raise NotNow(f"GOV.UK Notify could not be asked: {_number(error)}", down=True) from None
        known = answer.get("notifications") if isinstance(answer, dict) else None
        return Accepted(f"notify/{known[0]['id']}", arrived=False) if known else None

    def has_arrived(self, place: str) -> bool:
        """What Notify says of a letter now. Raises `Refused`, `Lost`, `CannotAsk`, `NotNow`."""
        try:
            answer = self._client().get_notification_by_id(place.removeprefix("notify/"))
        except APIError as error:
            if error.status_code == 404:
                raise CannotAsk from None
            raise NotNow(f"GOV.UK Notify could not be asked: {_number(error)}", down=True) from None
        status = str(answer.get("status"))
        if status in ARRIVED:
            return True
        if status in UNDER_WAY:
            return False
        if status == LOST:
            raise Lost(f"GOV.UK Notify could not deliver it: {LOST}")
        known = status if status.replace("-", "").isalpha() and len(status) < 40 else "a status nobody knows"
        raise Refused(f"GOV.UK Notify could not deliver it: {known}")

    def _client(self) -> NotificationsAPIClient:
        """A client of one's own: theirs is not made for several threads."""
        settings = self.settings
        key = settings.notify_key.get_secret_value()
        return NotificationsAPIClient(key, settings.notify_url, timeout=settings.send_within)


def address_lines(name: str, address: str) -> dict[str, str]:
    """The address in Notify's lines: name first, then line by line, the postcode on the last."""
    name = begun_well(name)
    lines = [header(line) for line in ([name] if name else []) + postal_lines(address)]
    while len(lines) > MOST_LINES:  # the last lines, town and postcode, stay as they are
        lines[1:3] = [f"{lines[1]}, {lines[2]}"]
    return {f"address_line_{number}": line for number, line in enumerate(lines, 1)}


def _usable(address: str) -> str:
    if not address:
        raise Refused("there is no address that can be used")
    return address


def _meaning(error: APIError) -> Exception:
    """What a failed request means for the letter."""
    code = _number(error)
    if error.response is None:
        if _never_connected(error.__cause__):
            return NotNow("GOV.UK Notify is out of reach", down=True)
        return Unsure("GOV.UK Notify did not answer")
    if error.status_code in (401, 403, 404, 407, 429):  # our key, our address, our limit
        return NotNow(f"GOV.UK Notify turned us away: {code}", down=True)
    if error.status_code == 400 and _is_ours(error):
        return NotNow(f"GOV.UK Notify cannot send with our settings there: {code}", down=True)
    if 400 <= error.status_code < 500:
        return Refused(f"GOV.UK Notify refused it: {_why(error) or code}")
    return Unsure(f"GOV.UK Notify failed: {code}")


def _is_ours(error: APIError) -> bool:
    """Whether a request was refused for how our service is set up at Notify, by its words for that."""
    words = [str(part.get("message", "")) for part in error.message or [] if isinstance(part, dict)]
    return any(ours in message.casefold() for message in words for ours in OURS)


def _why(error: APIError) -> str:
    """Why Notify refused a letter, in words of our own: its own may quote an address. Empty: not known."""
    words = [str(part.get("message", "")) for part in error.message or [] if isinstance(part, dict)]
    return next((why for its, why in WHY.items() for message in words if its in message.casefold()), "")


def _never_connected(error: BaseException | None) -> bool:
    """Whether not even a connection was made, so that nothing can have been handed over."""
    if isinstance(error, ConnectTimeout):
        return True
    inner = error.args[0] if error is not None and error.args else None  # of urllib3
    return isinstance(getattr(inner, "reason", None), (NewConnectionError, ConnectTimeoutError))


def _number(error: APIError) -> str:
    """The status and Notify's name for the error, without its words: they may quote an address."""
    if error.response is None:
        return "no answer"
    match error.message:
        case [{"error": str(name)}, *_] if name.isidentifier():
            return f"{error.status_code} {name}"
    return str(error.status_code)


def build(settings: Settings, routes: frozenset[Route]) -> Notify:
    """Our service at Notify. Raises `ChannelConfigError`."""
    refuse(_problems(settings, routes))
    return Notify(settings)
