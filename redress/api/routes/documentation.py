"""The documentation: the OpenAPI document, and a page made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from redress.api.pages import page
from redress.api.routing import OPEN, endpoints

router = endpoints()


@router.get("/openapi.json", operation_id="openapi", include_in_schema=False, openapi_extra=OPEN)
async def document(request: Request) -> JSONResponse:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", operation_id="docs", include_in_schema=False, openapi_extra=OPEN)
async def documentation(request: Request) -> HTMLResponse:
    """The same for people."""
    document = request.app.openapi()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    operations += [("your receiver", "post", hook["post"]) for hook in document["webhooks"].values()]
    schemas = document["components"]["schemas"]
    return page(
        "documentation",
        **document,
        operations=operations,
        fields=lambda schema: _fields(schema, schemas),
        forms=_forms,
    )


class Field(NamedTuple):
    """What the page says of a field."""

    name: str
    kind: str
    is_needed: bool
    description: str
    forms: list[str]
    """The schemas that it leads to."""


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Field]:
    """The fields of an object of this schema; none where it is none."""
    whole = schemas[_name(schema["$ref"])] if "$ref" in schema else schema
    needed = whole.get("required", [])
    return [
        Field(name, _kind(field), name in needed, field.get("description", ""), _forms(field))
        for name, field in whole.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value in a few words."""
    one_of = schema.get("anyOf", schema.get("oneOf"))
    if "$ref" in schema:
        return _name(schema["$ref"])
    if one_of is not None:
        return " or ".join(dict.fromkeys(_kind(each) for each in one_of))
    if "enum" in schema or "const" in schema:
        return " | ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return f"{kind}, {schema['format']}" if "format" in schema else kind


def _forms(schema: Mapping[str, Any]) -> list[str]:
    """The names of the schemas that a schema names, in its items and alternatives too."""
    inner = [schema.get("items", {}), *schema.get("anyOf", []), *schema.get("oneOf", [])]
    own = [_name(schema["$ref"])] if "$ref" in schema else []
    return own + [name for each in inner if each for name in _forms(each)]


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
