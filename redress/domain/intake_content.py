"""Whether two openings say the same: what decides that an intake which comes again differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_LINE_BREAK = re.compile(r"\r\n?")


def comparable(opening: Mapping[str, Any]) -> dict[str, Any]:
    """An opening as it is compared: without nulls, blanks, empty lists, and who passed its messages on.

    What says nothing is as if it had been left out; nobody sees the spaces around a text, nor by which
    characters its lines end.
    """
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
        return _LINE_BREAK.sub("\n", value).strip()
    if isinstance(value, Mapping):
        trimmed = {name: _trimmed(part) for name, part in value.items()}
        return {
            name: part
            for name, part in trimmed.items()
            if part not in (None, "", []) and not (name == "about" and part == {})
        }
    return [_trimmed(part) for part in value] if isinstance(value, list) else value


def differing_fields(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a later opening says otherwise than the first, with what it says of them."""
    was = comparable(first)
    return {name: value for name, value in comparable(later).items() if value != was.get(name)}
