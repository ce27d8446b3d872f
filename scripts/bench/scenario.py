"""What is measured with: one complaint through all three stages, invented throughout, from `life.json`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from redress.domain.london import london_date

_LIFE: dict[str, Any] = json.loads(Path(__file__).with_name("life.json").read_text(encoding="utf-8"))
"""The opening, and the messages with the day each is sent on, counted from the complaint's receipt. The dates
in their bodies are numbers of days too."""


class Step(NamedTuple):
    """One message, and the date it is sent on."""

    on: date
    action: str
    body: dict[str, Any]


def today() -> date:
    """The date in London."""
    return london_date(datetime.now(UTC))


def opening(received_on: date, source_id: str) -> dict[str, Any]:
    """The opening of one complaint."""
    return {**_LIFE["opening"], "received_on": received_on.isoformat(), "source_id": source_id}


def steps(received_on: date) -> list[Step]:
    """Twenty-two messages from the acknowledgement to the final response, all in time."""

    def on(day: int) -> date:
        return received_on + timedelta(days=day)

    life = []
    for message in _LIFE["messages"]:
        body = message["body"]
        dates = {name: on(body[name]).isoformat() for name in ("until", "meeting_on") if name in body}
        life.append(Step(on(message["day"]), message["action"], body | dates))
    return life
