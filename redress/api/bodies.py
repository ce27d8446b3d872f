"""Reading a request's body: one JSON document, and what schema the documentation shows for it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn

from fastapi import Request
from starlette.requests import ClientDisconnect

from redress.api.problems import Refusal, wrong

DEEPEST = 32
"""How deep a document may be nested."""

SECONDS = 20
"""How long a body may take to come."""


async def read_json(request: Request) -> Any:
    """The document in a request. Raises `Refusal`."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal("not-json", "Send Content-Type: application/json.")
    try:
        raw = await asyncio.wait_for(request.body(), SECONDS)
    except TimeoutError:
        raise Refusal("too-slow", f"The body did not come within {SECONDS} s.") from None
    except ClientDisconnect:
        raise Refusal("malformed", "The caller went away.") from None
    try:
        document = json.loads(raw, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:
        raise wrong("body", f"is nested more than {DEEPEST} deep") from None
    except ValueError as error:
        what = str(error) if isinstance(error, _Twice) else "is not JSON"
        raise wrong("body", what) from None
    if _depth(document) > DEEPEST:
        raise wrong("body", f"is nested more than {DEEPEST} deep")
    return document


async def read_object(request: Request) -> dict[str, Any]:
    """The same, where it has to be an object."""
    document = await read_json(request)
    if not isinstance(document, dict):
        raise wrong("body", "should be one JSON object")
    return document


class _Twice(ValueError):
    """A key stands twice: which of both was meant nobody knows."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("holds a field twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(document: Any) -> int:
    deepest, level = 0, [document]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest


def body_of(schema: str, examples: dict[str, Any]) -> dict[str, Any]:
    """What the documentation shows for a body; the schema is one of `redress.api.openapi`."""
    named = {name: {"summary": name, "value": value} for name, value in examples.items()}
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": named}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
