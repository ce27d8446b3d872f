"""The documentation as a page: made here from the OpenAPI document, without anybody else's scripts.

On this origin lives the codec's cookie: a script from elsewhere could read names with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment

from redress.api.routing import OPEN, endpoints

router = endpoints()

TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    Path(__file__).with_name("page.html").read_text(encoding="utf-8")
)

POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'"
}


@router.get("/openapi.json", operation_id="openapi", include_in_schema=False, openapi_extra=OPEN)
async def document(request: Request) -> JSONResponse:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", operation_id="docs", include_in_schema=False, openapi_extra=OPEN)
async def page(request: Request) -> HTMLResponse:
    """The same for people."""
    return HTMLResponse(page_of(request.app.openapi()), headers=POLICY)


def page_of(document: dict[str, Any]) -> str:
    """The page for an OpenAPI document."""
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    operations += [("your receiver", "post", each["post"]) for each in document["webhooks"].values()]
    return TEMPLATE.render(
        info=document["info"],
        tags=document["tags"],
        operations=operations,
        schemas=document["components"]["schemas"],
        examples=_examples,
    )


def _examples(operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    return [
        json.dumps(example["value"], indent=2, ensure_ascii=False)
        for kind in content.values()
        for example in [
            *kind.get("examples", {}).values(),
            *({"value": kind[one]} for one in kind if one == "example"),
        ]
    ]
