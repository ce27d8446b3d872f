"""The documentation: the OpenAPI document, and a page made from it."""

from __future__ import annotations

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
    return page("documentation", **document, operations=operations)
