"""What every endpoint has in common: who may use it is asked before anything of the request is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from redress.api.bodies import JsonRequest
from redress.api.context import admit, caller_of, context_of
from redress.api.problems import bad_parameters
from redress.api.readings import READING_POSTS, record_reading
from redress.domain.identifiers import typed_reference
from redress.domain.parsing import Problem
from redress.security.access import Role
from redress.services.backends import ASKING

OPEN: dict[str, Any] = {"security": []}
"""`openapi_extra` of an endpoint that needs no token. None of them shows anything of a complaint."""


def roles(
    allowed: frozenset[Role], *, keeps_unreached: bool = False, is_personal: bool = True
) -> dict[str, Any]:
    """`openapi_extra` of an endpoint for callers with one of these roles.

    `keeps_unreached`: it takes what an intake caller says about a complaint that it does not reach.
    `is_personal`: what it answers to a GET may be of a complaint, so that asking is recorded as a reading.
    """
    extra: dict[str, Any] = {"x-roles": sorted(allowed)}
    if keeps_unreached:
        extra["x-keeps-unreached"] = True
    if not is_personal:
        extra["x-personal"] = False
    return extra


def header(name: str, description: str) -> dict[str, Any]:
    """What the OpenAPI document says of a header of an answer."""
    return {"headers": {name: {"description": description, "schema": {"type": "string"}}}}


class Route(APIRoute):
    """An endpoint that says in its `openapi_extra` who may use it; one that says nothing cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        extra = options.get("openapi_extra") or {}
        if "x-roles" not in extra and extra != OPEN:
            raise TypeError(f"{path}: openapi_extra should be roles(…) or OPEN")
        self.allowed: frozenset[Role] | None = frozenset(extra["x-roles"]) if extra != OPEN else None
        self.keeps_unreached = bool(extra.get("x-keeps-unreached"))
        self.is_personal = bool(extra.get("x-personal", True))
        if options["response_description"] == "Successful Response":  # what FastAPI says of any
            options["response_description"] = "As asked."
        options["operation_id"] = options.get("operation_id") or getattr(endpoint, "__name__", None)
        super().__init__(path, endpoint, **options | {"strict_content_type": False})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint behind its checks."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if "reference" in request.path_params:
                request.path_params["reference"] = typed_reference(request.path_params["reference"])
            await admit(request, self.allowed, keeps_unreached=self.keeps_unreached)
            self._check_parameters(request)
            try:
                given = await self._read(request) if self.body_field else request
                response = await handle(given)
                if self.allowed is not None and self._is_reading:
                    readings = context_of(request).readings
                    await record_reading(given, readings, self.path, self.allowed, response)
                return response
            finally:
                _charge(request)

        return checked

    @property
    def _is_reading(self) -> bool:
        """Whether its answers show what is personal."""
        return self.operation_id in READING_POSTS or ("GET" in (self.methods or ()) and self.is_personal)

    async def _read(self, request: Request) -> JsonRequest:
        """The request with its body, which counts in what its caller may send in a day."""
        whole = JsonRequest(request.scope, request.receive)
        size = len(await whole.body())
        if self.allowed is not None and not self.path.startswith("/codec/"):
            context_of(request).callers.count_bytes(caller_of(request), size)
        return await whole.parsed()

    def _check_parameters(self, request: Request) -> None:
        """Refuse a parameter that is not there: a filter that is misspelt would filter nothing."""
        if not self.path.startswith("/v1/"):
            return  # what calls those is not made for this API
        known = {field.alias for field in self.dependant.query_params}
        given = [name for name, _ in request.query_params.multi_items()]
        problems = [
            Problem(_printable(name), "is given more than once", "repeated")
            if name in known
            else Problem(_printable(name), "no such parameter", "unknown_field")
            for name in dict.fromkeys(given)
            if name not in known or given.count(name) > 1
        ]
        if problems:
            raise bad_parameters(problems[:20])


def _charge(request: Request) -> None:
    """The work that an answer was counts in its caller's rate."""
    asked = ASKING.get()
    if asked is not None and asked.seconds:
        context_of(request).callers.charge(caller_of(request), asked.seconds)


def endpoints(*tags: str) -> APIRouter:
    """The router of a module of endpoints."""
    return APIRouter(tags=[*tags], route_class=Route)


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60]) or "?"
