"""Names of rows that others keep.

A table's own number begins again where a backup ended, and would then stand for two things (finding K2).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

MOST_DIGITS = 9
"""Of a number that is looked up: PostgreSQL's own has no more that mean anything here."""


def id_of_row(number: int, written_at: datetime, *what: str) -> str:
    """The number of a row and a check of what it stands for: `42-1f0c53a9be27d480`.

    The check is made of the moment, to the microsecond, at which the row was written, and of what it is
    about: the same for as long as the row is there, another for a row that gets the number again.
    """
    stands_for = "\0".join([written_at.astimezone(UTC).isoformat(timespec="microseconds"), *what])
    return f"{number}-{hashlib.sha256(stands_for.encode()).hexdigest()[:16]}"
