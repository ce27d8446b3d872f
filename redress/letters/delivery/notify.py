"""Letters by GOV.UK Notify, through its own client: e-mail, text message and post.

Notify keeps what it was given under our reference, and can be asked by it for a week. So nothing is
handed over again before Notify has been asked. What it has taken it delivers in its own time, and
says later what became of it.

By post goes our own PDF, letter and enclosures in one, by Notify's letter specification
(https://www.notifications.service.gov.uk/using-notify/guidance/letter-specification): A4 upright, at most ten
pages and 2 MB, nothing outside the margins, the address in its place. By e-mail each enclosure is a file of
its own that Notify keeps and the e-mail links to
(https://docs.notifications.service.gov.uk/python.html#send-a-file-by-email): of certain types, at most 2 MB.
What is beyond that is `TooLarge`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from notifications_python_client.utils import prepare_upload
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from redress.domain.calendar import full_date
from redress.domain.london import london_date
from redress.domain.postal_address import envelope_lines, not_for_the_post
from redress.letters.a4 import Margins, pages_in
from redress.letters.delivery.channel import Accepted, CannotAsk, Lost, NotNow, Refused, TooLarge, Unsure
from redress.letters.delivery.channel_settings import is_uuid, refuse
from redress.letters.delivery.enclosure_files import file_name, pieces_of
from redress.letters.delivery.mime import header
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.printing import print_ready
from redress.security.network import is_safe_address
from redress.settings import Settings
from redress.store.outbound import Route

MOST_BYTES = 2 * 1024 * 1024
"""Of a letter by post, and of a file that an e-mail links to."""

MOST_PAGES = 10
"""Of a letter by post: five sheets, printed on both sides."""

MARGINS = Margins(side=16.0, end=6.0)
"""What is left free around the pages of enclosures, in mm: a little more than the 15 and 5 asked for."""

FILE_TYPES: Mapping[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "application/msword": (".doc",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
}
"""The types of our documents that Notify takes for e-mails, with how it wants their names to end."""

LONGEST_FILE_NAME = 100

PLACES = 20
"""For how many enclosures a template may have places. Those that a letter does not need are left blank."""

ARRIVED = ("delivered", "received", "sent")
UNDER_WAY = ("created", "sending", "pending", "accepted", "pending-virus-check")
"""Statuses that are not the last word; every other one is a failure."""

LOST = "technical-failure"
"""What went wrong between Notify and who delivers for it: Notify asks for it to be sent again. For letters on
paper it asks not to: it mends those itself."""

BEING_MENDED = (
    "GOV.UK Notify had a fault of its own with it, and says that it mends it: ask there what became of it"
)

NOT_PRINTED = {
    "validation-failed": "something in it lies outside what is printed, or its address is none for the post",
    "virus-scan-failed": "it found what may be a virus in it",
    "permanent-failure": "whoever prints for it could not print it",
}
"""Why a letter on paper is not printed, by Notify's status: nothing is wrong that could not go by hand."""

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
    "send files by email has not been set up",
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

    The e-mail template is only `((subject))`, `((body))` and places for enclosures, that of text messages
    `((body))`.
    """
    if not _is_key(settings.notify_key.get_secret_value()):
        yield "REDRESS_NOTIFY_KEY: should be an API key as Notify shows it: NAME-SERVICE_ID-SECRET"
    if not is_safe_address(settings.notify_url):
        yield "REDRESS_NOTIFY_URL: should begin with https:// (http:// only for this machine)"
    templates = {"email": settings.notify_email_template, "text": settings.notify_text_template}
    needed = {"email" if route == "staff" else route for route in routes}
    for route, template in templates.items():
        if route in needed and not is_uuid(template):
            name = f"REDRESS_NOTIFY_{route.upper()}_TEMPLATE"
            yield f"{name}: should be the id of a template, copied from Notify"
    if settings.notify_reply_to and not is_uuid(settings.notify_reply_to):
        yield "REDRESS_NOTIFY_REPLY_TO: should be the id of a reply-to address, copied from Notify"


BEYOND = ("unsupported file type", "exceeds file size limit", "filename")
"""What Notify's words hold where it does not take one of the enclosures."""

WHY = {
    "not a valid email address": "the e-mail address is none",
    "not a valid phone number": "the telephone number is none that text messages can go to",
    "not enough digits": "the telephone number has too few digits",
    "too many digits": "the telephone number has too many digits",
    "did not pass the virus scan": "it found what may be a virus in an enclosure",
}
"""By words of Notify's, why it refuses a letter, as a manager reads it."""


class Notify:
    """All that Notify sends."""

    name = "notify"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, letter: OutboundLetter) -> Accepted:
        """Send one letter, with its enclosures. Raises `NotNow`, `Refused`, `TooLarge` or `Unsure`."""
        try:
            made = self._post(letter)
        except APIError as error:
            raise _meaning(error) from None
        if not isinstance(made, dict) or "id" not in made:
            raise Unsure("GOV.UK Notify gave no answer that could be read")
        return Accepted(f"notify/{made['id']}", arrived=False)

    def _post(self, letter: OutboundLetter) -> Any:
        client, settings, recipient = self._client(), self.settings, letter.recipient
        if letter.route == "text":
            to, body = _usable(recipient.telephone), {"body": letter.text}
            return client.send_sms_notification(to, settings.notify_text_template, body, letter.token)
        if letter.route == "post":
            pdf = _printed(letter)
            return client.send_precompiled_letter_notification(
                letter.token, BytesIO(pdf), settings.notify_postage
            )
        to, template = _usable(recipient.email), settings.notify_email_template
        if letter.enclosures:  # before any is read
            _check_places(self._template(client), len(letter.enclosures))
        files = self._files(letter)
        whole = {"subject": header(recipient.subject), "body": letter.text, **files}
        return client.send_email_notification(
            to,
            template,
            whole,
            letter.token,
            settings.notify_reply_to or None,
            # Strangers wrote in these: no links of theirs.
            sanitise_content_for=[
                "body",
                *(name for name in files if name.endswith("_name") and files[name]),
            ],
        )

    def _template(self, client: NotificationsAPIClient) -> Any:
        try:
            return client.get_template(self.settings.notify_email_template)
        except APIError as error:
            raise NotNow(f"GOV.UK Notify could not be asked: {_number(error)}", down=True) from None

    def _files(self, letter: OutboundLetter) -> dict[str, Any]:
        """The enclosures by the template's fields: `enclosures`, `enclosure_1`, `enclosure_1_name`, ..."""
        weeks = self.settings.notify_file_weeks
        fields: dict[str, Any] = {"enclosures": ""}
        if letter.enclosures:
            last = london_date(datetime.now(UTC)) + timedelta(weeks=weeks, days=-1)
            fields["enclosures"] = (
                f"Enclosed, to download until {full_date(last)}. "
                "You are asked for this e-mail address first, so that nobody else can."
            )
        for number in range(1, max(PLACES, len(letter.enclosures)) + 1):
            fields |= {f"enclosure_{number}": "", f"enclosure_{number}_name": ""}
        for number, enclosure in enumerate(letter.enclosures, 1):
            name = _file_name(enclosure)
            fields[f"enclosure_{number}_name"] = f"{Path(name).stem} ({Path(name).suffix[1:].upper()})"
            fields[f"enclosure_{number}"] = prepare_upload(
                BytesIO(b"".join(pieces_of(enclosure))),
                filename=name,
                confirm_email_before_download=True,
                retention_period=f"{weeks} weeks",
            )
        return fields

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
        status, on_paper = str(answer.get("status")), answer.get("type") == "letter"
        if status in ARRIVED:
            return True
        if status in UNDER_WAY:
            return False
        if on_paper and status == LOST:
            raise CannotAsk(BEING_MENDED)
        if status == LOST:
            raise Lost(f"GOV.UK Notify could not deliver it: {LOST}")
        if on_paper and status in NOT_PRINTED:
            raise TooLarge(f"GOV.UK Notify did not print it: {NOT_PRINTED[status]}")
        known = status if status.replace("-", "").isalpha() and len(status) < 40 else "a status nobody knows"
        raise Refused(f"GOV.UK Notify could not deliver it: {known}")

    def _client(self) -> NotificationsAPIClient:
        """A client of one's own: theirs is not made for several threads."""
        settings = self.settings
        key = settings.notify_key.get_secret_value()
        return NotificationsAPIClient(key, settings.notify_url, timeout=settings.send_within)


def _printed(letter: OutboundLetter) -> bytes:
    """A letter with its enclosures as Notify prints it. Raises `Refused`, `TooLarge`."""
    wrong = not_for_the_post(envelope_lines(letter.recipient.name, _usable(letter.recipient.address)))
    if wrong:  # of a PDF Notify would say so later, and not what
        raise Refused(f"GOV.UK Notify would refuse it: {wrong}")
    pdf, beside = print_ready(letter, MARGINS)
    if beside:
        raise TooLarge(
            f"it cannot be printed whole: {len(beside)} of its enclosures are files of other kinds"
        )
    pages = pages_in(pdf)
    if pages > MOST_PAGES:
        raise TooLarge(f"it has {pages} pages with its enclosures, and GOV.UK Notify prints {MOST_PAGES}")
    if len(pdf) > MOST_BYTES:
        raise TooLarge("with its enclosures it is larger than the 2 MB that GOV.UK Notify prints")
    return pdf


def _file_name(enclosure: Enclosure) -> str:
    """What a file is called at Notify. Raises `TooLarge` where Notify does not take it."""
    ends = FILE_TYPES.get(enclosure.media_type)
    if ends is None:
        raise TooLarge("an enclosure is of a type that GOV.UK Notify does not send by e-mail")
    if enclosure.size > MOST_BYTES:
        raise TooLarge("an enclosure is larger than the 2 MB that GOV.UK Notify sends by e-mail")
    name = Path(file_name(enclosure.name))
    end = name.suffix if name.suffix.casefold() in ends else ends[0]
    stem = name.stem if name.suffix.casefold() in ends else name.name
    return stem[: LONGEST_FILE_NAME - len(end)] + end


def _check_places(template: Any, needed: int) -> None:
    """Raise `TooLarge` where an e-mail template has no places for the links to so many enclosures.

    Notify takes files without a place as well, and nobody would ever see a link to them.
    """
    known = template.get("personalisation") if isinstance(template, dict) else None
    # Notify's own way to compare the names of placeholders.
    names = {re.sub(r"[\s_-]", "", str(name)).casefold() for name in known or {}}
    places = next(n for n in range(needed + 1) if n == needed or f"enclosure{n + 1}" not in names)
    if places < needed:
        what = f"the e-mail template at GOV.UK Notify has places for {places} enclosures"
        raise TooLarge(f"{what}, and the letter has {needed}")


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
    if error.status_code == 413 or any(its in words for its in BEYOND for words in _words(error)):
        return TooLarge("GOV.UK Notify does not take one of the enclosures")
    if 400 <= error.status_code < 500:
        return Refused(f"GOV.UK Notify refused it: {_why(error) or code}")
    return Unsure(f"GOV.UK Notify failed: {code}")


def _is_ours(error: APIError) -> bool:
    """Whether a request was refused for how our service is set up at Notify, by its words for that."""
    return any(ours in words for words in _words(error) for ours in OURS)


def _why(error: APIError) -> str:
    """Why Notify refused a letter, in words of our own: its own may quote an address. Empty: not known."""
    return next((why for its, why in WHY.items() for words in _words(error) if its in words), "")


def _words(error: APIError) -> list[str]:
    return [str(part.get("message", "")).casefold() for part in error.message or [] if isinstance(part, dict)]


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
