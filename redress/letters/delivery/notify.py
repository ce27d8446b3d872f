"""Letters by GOV.UK Notify, through its own client: e-mail, text message and post.

Notify keeps what it was given under our reference, and can be asked by it for a week. So nothing is
handed over again before Notify has been asked. What it has taken it delivers in its own time, and
says later what became of it.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from requests.exceptions import ConnectTimeout

from redress.letters.delivery.channel import Accepted, CannotAsk, Lost, NotNow, Refused, Unsure
from redress.letters.delivery.mime import header
from redress.letters.delivery.outbound import OutboundLetter, Route

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


class NotifyService(NamedTuple):
    """Our service at Notify. Each template is only `((subject))` and `((body))`, that of texts `((body))`."""

    key: str
    url: str
    email_template: str
    text_template: str
    post_template: str
    reply_to_id: str
    within: float


class Notify:
    """All that Notify sends."""

    name = "notify"

    def __init__(self, service: NotifyService) -> None:
        self.service = service

    def send(self, parcel: OutboundLetter) -> Accepted:
        """Hand one letter over. Raises `NotNow`, `Refused` or `Unsure`."""
        envelope = parcel.envelope
        missing = {"email": not envelope.email, "text": not envelope.telephone, "post": not envelope.address}
        means = _means(parcel.means)
        if missing[means]:
            raise Refused("there is no address that can be used")
        try:
            made = self._post(parcel, means)
        except APIError as error:
            raise _meaning(error) from None
        if not isinstance(made, dict) or "id" not in made:
            raise Unsure("GOV.UK Notify gave no answer that could be read")
        return Accepted(f"notify/{made['id']}", arrived=False)

    def _post(self, parcel: OutboundLetter, means: Route) -> Any:
        client, service, envelope = self._client(), self.service, parcel.envelope
        said = {"subject": header(envelope.subject), "body": parcel.text}
        if means == "text":
            return client.send_sms_notification(
                envelope.telephone, service.text_template, {"body": parcel.text}, parcel.token
            )
        if means == "post":
            lines = address_lines(envelope.name, envelope.address)
            return client.send_letter_notification(service.post_template, said | lines, parcel.token)
        return client.send_email_notification(
            envelope.email,
            service.email_template,
            said,
            parcel.token,
            service.reply_to_id or None,
            sanitise_content_for=["body"],  # strangers wrote in it: no links of theirs
        )

    def find(self, parcel: OutboundLetter) -> Accepted | None:
        """What Notify has under our reference. Raises `NotNow` where it does not answer."""
        try:
            found = self._client().get_all_notifications(reference=parcel.token)
        except APIError as error:
            raise NotNow(f"GOV.UK Notify could not be asked: {_number(error)}", down=True) from None
        known = found.get("notifications") if isinstance(found, dict) else None
        return Accepted(f"notify/{known[0]['id']}", arrived=False) if known else None

    def has_arrived(self, place: str) -> bool:
        """What Notify says of a letter now. Raises `Refused`, `Lost`, `CannotAsk`, `NotNow`."""
        try:
            found = self._client().get_notification_by_id(place.removeprefix("notify/"))
        except APIError as error:
            if error.status_code == 404:
                raise CannotAsk from None
            raise NotNow(f"GOV.UK Notify could not be asked: {_number(error)}", down=True) from None
        status = str(found.get("status"))
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
        return NotificationsAPIClient(self.service.key, self.service.url, timeout=self.service.within)


def address_lines(name: str, address: str) -> dict[str, str]:
    """The address in Notify's lines: name first, then line by line, or by commas where it is on one line."""
    lines = [line.strip(" ,\t") for line in address.splitlines() if line.strip(" ,\t")]
    if len(lines) == 1:
        lines = [part.strip() for part in lines[0].split(",") if part.strip()]
    lines = [header(line) for line in ([name] if name else []) + lines]
    while len(lines) > MOST_LINES:  # the last lines, town and postcode, stay as they are
        lines[1:3] = [f"{lines[1]}, {lines[2]}"]
    return {f"address_line_{number}": line for number, line in enumerate(lines, 1)}


def _means(means: Route) -> Route:
    return "email" if means == "staff" else means


def _meaning(error: APIError) -> Exception:
    """What a failed request means for the letter."""
    code = _number(error)
    if error.response is None:
        if isinstance(error.__cause__, (ConnectTimeout,)) or _never_connected(error.__cause__):
            return NotNow("GOV.UK Notify is out of reach", down=True)
        return Unsure("GOV.UK Notify did not answer")
    if error.status_code in (401, 403, 404, 407, 429):  # our key, our address, our limit
        return NotNow(f"GOV.UK Notify turned us away: {code}", down=True)
    if error.status_code == 400 and _is_ours(error):
        return NotNow(f"GOV.UK Notify cannot send with our settings there: {code}", down=True)
    if 400 <= error.status_code < 500:
        return Refused(f"GOV.UK Notify refused it: {code}")
    return Unsure(f"GOV.UK Notify failed: {code}")


def _is_ours(error: APIError) -> bool:
    """Whether a request was refused for how our service is set up at Notify, by its words for that."""
    said = error.message
    words = [str(each.get("message", "")) for each in said if isinstance(each, dict)] if said else []
    return any(ours in each.casefold() for each in words for ours in OURS)


def _never_connected(error: BaseException | None) -> bool:
    """Whether not even a connection was made, so that nothing can have been handed over."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, (ConnectionRefusedError, ConnectTimeout)):
            return True
        if type(inner).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError"):
            return True
        reason = getattr(inner, "reason", None)
        first = inner.args[0] if inner.args else None
        following = [each for each in (reason, first) if isinstance(each, BaseException)]
        inner = following[0] if following else None
    return False


def _number(error: APIError) -> str:
    """The status and Notify's name for the error, without its words: they may quote an address."""
    if error.response is None:
        return "no answer"
    said = error.message
    first = said[0].get("error") if isinstance(said, list) and said and isinstance(said[0], dict) else None
    name = first if isinstance(first, str) and first.isidentifier() else ""
    return f"{error.status_code} {name}".strip()
