"""What the Complaints Manager is told of a letter that did not leave, or may not have."""

from __future__ import annotations

from typing import Any, Literal

from redress.letters.delivery.outbound import OutboundLetter
from redress.store.outbound import Route, mark_of

UNDELIVERED = "undelivered"
"""The letter's name."""

How = Literal["failed", "unsure", "late"]
"""It can never leave; nobody knows whether it left; it has not left for days and is still tried."""

BY: dict[Route, str] = {
    "email": "e-mail",
    "text": "text message",
    "post": "post",
    "staff": "e-mail",
    "none": "no means there is",
}


def notice(letter: OutboundLetter, round_: int, how: How, reason: str) -> dict[str, Any]:
    """The effect that makes the letter. One for each way in which each try of a letter ends."""
    mark = mark_of(letter.key, letter.role)
    facts = {
        "about": letter.name.replace("_", " "),
        "to": letter.role.removesuffix("_text"),
        "dated": letter.on.isoformat(),
        "by": BY[letter.route],
        "how": how,
        "reason": reason,
        "mark": mark,
    }
    return {"key": f"{UNDELIVERED}:{mark}:{round_}:{how}", "template": UNDELIVERED, "facts": facts}
