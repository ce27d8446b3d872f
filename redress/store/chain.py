"""The chain over a complaint's events: each carries a code over what is stored of it and the code before.

The codes are made with the register's own key (HMAC-SHA-256, a key derived for each complaint) over what is
stored, which stays as it is when the complaint is erased. So nothing can be changed, left out, moved or put
in between without that key; only the end can be cut off, which those see who keep length and head elsewhere.
"""

from __future__ import annotations

import json
from datetime import UTC

from redress.security.encryption import Cipher
from redress.store.places import Columns

FORMAT = 1
"""Bound to each code, so that another way of making them can be told from this one."""


def link(cipher: Cipher, event: Columns, before: str) -> str:
    """The code of an event; `before`: that of the event before it, empty for the first."""
    moment = event["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds")
    names = event["reference"], event["number"], event["key"], event["kind"]
    text = json.dumps([FORMAT, *names, event["on_date"].isoformat(), moment, event["body"], before])
    return cipher.mac(text, event["reference"])
