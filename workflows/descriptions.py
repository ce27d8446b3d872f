"""What operators read in the UI beside the name of an update, signal or query: its meaning, what to fill in.

Each update is described by its title and a form to copy, in JSON, made from the examples of its class.
`YYYY-MM-DD` and `…` stand for what has to be put in; `on` is the day it happened or was received, and without
it lateness is not judged.
"""

from __future__ import annotations

import json
import re
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from redress.domain.messages import KNOWN, MESSAGES, Message

DAY, TEXT = "YYYY-MM-DD", "…"
"""What stands in a form where a date or a text has to be put in."""

STATUS_DESCRIPTION = (
    'Where the complaint stands today; with Query Arg "YYYY-MM-DD", where it stood on that day'
)

WHO_DESCRIPTION = "Who complains, for whom, about which team, how it came, what they want"
MOVES_DESCRIPTION = "For the command 'recount': which due dates a newer calendar of bank holidays would move"

DOCUMENTS_CHANGED_DESCRIPTION = "Not to be sent by hand: attaching a document has letters looked at again"

UNKNOWN_SIGNAL_DESCRIPTION = "A signal of any other name changes nothing: it is kept under 'refused'"

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def example_form(kind: type[Message]) -> dict[str, object]:
    """What an operator usually fills in: the fields that have an example, but lists of objects.

    Where one of several words has to stand, they stand with `|`.
    """
    fields = {field.alias or name: field for name, field in kind.model_fields.items() if field.examples}
    filled = {name: _blank(field) for name, field in fields.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _blank(field: FieldInfo) -> object:
    if get_origin(field.annotation) is Literal:
        return " | ".join(get_args(field.annotation))
    assert field.examples is not None
    return _without_content(field.examples[0])


def _without_content(example: object) -> object:
    """An example with its texts and dates taken out; None for a list of objects."""
    if isinstance(example, dict):
        return {name: _without_content(value) for name, value in example.items()}
    if isinstance(example, list):
        return None if isinstance(example[0], dict) else [_without_content(value) for value in example]
    if isinstance(example, str) and not example.isidentifier():
        return DAY if _ISO_DATE.fullmatch(example) else TEXT
    return example


def update_description(action: str) -> str:
    """Title and form of an update."""
    kind = KNOWN[action]
    if action not in MESSAGES:
        return f"{kind.title}: sent by a command, not from here"
    return f"{kind.title}: {json.dumps({'on': DAY, **example_form(kind)}, ensure_ascii=False)}"


def signal_description(action: str) -> str:
    """The same for a signal."""
    for_systems = "For systems that cannot wait for an answer; from here better an Update."
    return f"{for_systems} {update_description(action)}"
