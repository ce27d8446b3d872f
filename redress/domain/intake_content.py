"""Whether two openings say the same: what decides that an intake which comes again differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def comparable(opening: Mapping[str, Any]) -> dict[str, Any]:
    """An opening as it is compared: texts trimmed, nulls dropped, and without who passed its messages on."""
    content: dict[str, Any] = _trimmed(opening)
    messages = content.get("messages")
    if isinstance(messages, list):
        content["messages"] = [
            {name: value for name, value in each.items() if name != "by"} if isinstance(each, dict) else each
            for each in messages
        ]
    return content


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return {name: _trimmed(part) for name, part in value.items() if part is not None}
    return [_trimmed(part) for part in value] if isinstance(value, list) else value


def differing_fields(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a later opening says otherwise than the first, with what it says of them."""
    was = comparable(first)
    return {name: value for name, value in comparable(later).items() if value != was.get(name)}
