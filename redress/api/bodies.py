"""Bodies of requests: read once as one JSON document, documented as the classes of the domain.

FastAPI documents a body by its model. A message or an opening is not validated by it: the service does that,
with the words that the command line has too, so a body is parsed once.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn, Self, cast

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, model_validator

from redress.api.problems import Refusal, wrong

MAX_DEPTH = 32
"""How deep a document may be nested."""

SMALL = 64 * 1024
"""Bytes of a body that are parsed in less time than it takes to have it done elsewhere."""


class Unparsed(BaseModel):
    """Base of a body that is documented by its fields and handed on as it came."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, document: Any, _: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(document, dict):
            raise ValueError("should be one JSON object")
        body = cast(Self, cls.model_construct())
        body._raw = document
        return body

    @property
    def raw(self) -> dict[str, Any]:
        """What came; called so since no field of a message is."""
        return self._raw


class JsonRequest(Request):
    """A request whose body has been read."""

    document: Any = None

    async def parsed(self) -> Self:
        """The same, its body read as JSON. Raises `Refusal`."""
        self.document = await _read_json(self)
        return self

    async def json(self) -> Any:
        """The document, as FastAPI asks for it."""
        return self.document


async def _read_json(request: Request) -> Any:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refusal("not-json", "Send Content-Type: application/json.")
    raw = await request.body()
    return _parsed(raw) if len(raw) <= SMALL else await asyncio.to_thread(_parsed, raw)


def _parsed(raw: bytes) -> Any:
    try:
        document = json.loads(raw, parse_constant=_no_number, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise wrong("body", f"is nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:
        raise wrong("body", str(error) if isinstance(error, _Repeated) else "is not JSON") from None
    if not _is_within(MAX_DEPTH, document):
        raise wrong("body", f"is nested more than {MAX_DEPTH} deep")
    return document


class _Repeated(ValueError):
    """A key stands twice: which of both was meant nobody knows."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _Repeated("holds a field twice")
    return fields


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _is_within(depth: int, value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_is_within(depth - 1, part) for part in inner)
