"""The API, put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from pydantic_core import ErrorDetails
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from redress.api import routes
from redress.api.context import AppContext
from redress.api.head import HeadAsGet
from redress.api.limits import Guard
from redress.api.openapi import about, complete, describe_webhook
from redress.api.problems import ANSWERED, bad_parameters, malformed, of_status, refusal_of
from redress.api.request_log import Counts, Watch
from redress.api.routes.codec import CrossOrigin
from redress.api.settings import ApiSettings
from redress.domain.parsing import Malformed, problems_in
from redress.security.encryption import Cipher
from redress.security.keyring import Unreadable
from redress.services.webhook_delivery import Dispatcher

log = logging.getLogger("redress.api")

THREADS = 40
"""Requests that wait for a database or count dates side by side."""

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own would put paths, queries and the texts of errors into spans (see `request_log`)."""


def routers() -> list[APIRouter]:
    """Every endpoint there is: the `router` of each module of `redress.api.routes`."""
    names = sorted(module.name for module in iter_modules(routes.__path__))
    return [import_module(f"{routes.__name__}.{name}").router for name in names]


class Api(FastAPI):
    """The app, with a document that says who may do what."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            complete(super().openapi(), issuer=self.state.context.settings.oidc_issuer)
        return super().openapi()


def build(settings: ApiSettings, cipher: Cipher) -> FastAPI:
    """The app. Its own store is opened at once; Temporal and the register may still be down."""
    context = AppContext(settings, cipher)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "api"))
        dispatcher = Dispatcher(
            context.backends, first_pause=settings.webhook_pause, rules=settings.webhook_rules
        )
        tasks = [
            asyncio.create_task(context.backends.watch(cipher)),
            asyncio.create_task(context.openings.run()),
            asyncio.create_task(dispatcher.run()),
            asyncio.create_task(context.readings.run()),
        ]
        for task in tasks:
            task.add_done_callback(_log_failure)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = Api(
        **about(),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    app.state.context = context
    app.state.counts = Counts()
    for router in routers():
        app.include_router(router)
    describe_webhook(app)
    for kind in ANSWERED:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(HeadAsGet)
    app.add_middleware(CrossOrigin, origins=settings.codec_origins)
    app.add_middleware(Guard, largest_document=settings.document_bytes)
    app.add_middleware(Watch, counts=app.state.counts)  # outermost: it sees what Guard turns away too
    return app


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a task of the API ended: %s", type(task.exception()).__name__)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Unreadable):
        log.error("%s", error)
    elif isinstance(error, SQLAlchemyError):
        log.error("a database cannot be used: %s", type(error).__name__)
    return refusal_of(error).response()


async def _refused_by_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return of_status(404, "There is no such path; every path stands in /openapi.json.").response()
    if error.status_code != 405:
        return of_status(error.status_code, headers=error.headers).response()
    allowed = ", ".join(_methods(request))
    return of_status(405, f"This path takes {allowed}.", {"Allow": allowed}).response()


def _methods(request: Request) -> list[str]:
    """Every method that a path takes, whichever of its routes has it."""
    every = [route for router in routers() for route in router.routes]
    fitting = [route for route in every if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in fitting for method in getattr(route, "methods", None) or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = problems_in((_worded(request, one) for one in error.errors()), "body")
    if all(one["loc"][0] == "body" for one in error.errors()):
        return malformed(Malformed(problems)).response()
    return bad_parameters(problems).response()


def _worded(request: Request, error: ErrorDetails) -> ErrorDetails:
    """An error by the field alone; of a pattern an example, since few read patterns."""
    worded: ErrorDetails = {**error, "loc": error["loc"][1:]}
    if error["type"] == "string_pattern_mismatch":
        dependant = request.scope["route"].dependant
        parameters = [*dependant.path_params, *dependant.query_params, *dependant.header_params]
        field = next(one.field_info for one in parameters if one.alias == error["loc"][-1])
        worded["type"], worded["msg"] = "value_error", f"should look like {field.examples[0]}"
    return worded
