"""What the Complaints Manager is told of a letter that did not leave, or may not have."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from redress.domain.calendar import Calendar
from redress.letters.delivery.contact_routes import BY_A_PERSON, NO_ADDRESS, NOT_AS_ASKED, NOT_REACHED
from redress.letters.delivery.outbound import OutboundLetter
from redress.store.outbound import Route, mark_of

UNDELIVERED = "undelivered"
"""The letter's name."""

How = Literal["failed", "unsure", "late", "by_hand"]
"""It can never leave; nobody knows whether it left; it has not left for days and is still tried; somebody has
to send it by hand."""

BY: dict[Route, str] = {
    "email": "e-mail",
    "text": "text message",
    "post": "post",
    "staff": "e-mail",
    "none": "no means there is",
}


INFECTED = "ClamAV found something in an enclosure"
NOT_THERE = "an enclosure is missing in the document store, or not as it was attached"
NO_CHANNEL = "no channel takes it: see the settings"

CAUSES = {
    BY_A_PERSON: "form",
    NO_ADDRESS: "address",
    NOT_AS_ASKED: "address",
    NOT_REACHED: "appointee",
    INFECTED: "enclosure",
    NOT_THERE: "store",
    NO_CHANNEL: "settings",
}
"""What is behind a reason, where what is to be done depends on it."""

HAND_DAYS = 2
"""Working days within which somebody sends a letter that has to go by hand."""


def hand_day(calendar: Calendar, told_on: date) -> date:
    """The last day on which a letter should go by hand that somebody was told of on a London date."""
    return calendar.add(told_on, HAND_DAYS)


def notice(
    letter: OutboundLetter,
    round_: int,
    how: How,
    reason: str,
    *,
    send_by: date | None = None,
    file: str = "",
) -> dict[str, Any]:
    """The effect that makes the letter. One for each way in which each try of a letter ends.

    Of one to be sent by hand `send_by`: the London date by which; `file`: where it lies in the outbox folder.
    """
    mark = mark_of(letter.key, letter.role)
    facts = {
        "about": letter.name.replace("_", " "),
        "to": letter.role.removesuffix("_text"),
        "dated": letter.on.isoformat(),
        "by": BY[letter.route],
        "how": how,
        "reason": reason,
        "cause": CAUSES.get(reason, "") if how == "failed" else "",
        "mark": mark,
        "send_by": send_by.isoformat() if send_by else "",
        "file": file,
    }
    return {"key": f"{UNDELIVERED}:{mark}:{round_}:{how}", "template": UNDELIVERED, "facts": facts}
