"""Every request counted, logged in one line, and traced; by its route's template, never by what was sent."""

from __future__ import annotations

import logging
from http import HTTPMethod
from time import perf_counter

from opentelemetry import propagate, trace
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("redress.api.access")

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: their lines are for `REDRESS_LOG_LEVEL=DEBUG`."""

METHODS = frozenset(HTTPMethod)

CLIENT_CLOSED_REQUEST = 499
"""The status of a request whose caller went away before there was an answer."""


class Counts:
    """What one app has answered since it started."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "redress_api_requests",
            "Requests answered, by route, method and status",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "redress_api_request_seconds",
            "Seconds from a request to the end of its answer",
            ["route"],
            buckets=(0.05, 0.25, 1, 2.5, 10),
            registry=self.registry,
        )


class Watch:
    """The outermost layer: sees what every other one answers."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts
        self._tracer = trace.get_tracer("redress.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = CLIENT_CLOSED_REQUEST, perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        # Of the caller's trace its ids alone: `tracestate` and `baggage` hold whatever somebody wrote.
        parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        span = self._tracer.start_as_current_span(
            "request",
            propagate.extract({"traceparent": parent}),
            trace.SpanKind.SERVER,
            record_exception=False,  # its text could hold what somebody wrote
            set_status_on_exception=False,
        )
        method = scope["method"] if scope["method"] in METHODS else "other"
        with span as current:
            try:
                await self._app(scope, receive, send_and_note)
            finally:
                seconds, route = perf_counter() - began, route_of(scope)
                current.update_name(f"{method} {route}")
                current.set_attribute("http.response.status_code", status)
                self._counts.requests.labels(route, method, str(status)).inc()
                self._counts.seconds.labels(route).observe(seconds)
                level = logging.DEBUG if route in QUIET else logging.INFO
                log.log(level, "%s %s %d in %.0f ms", method, route, status, seconds * 1000)


def route_of(scope: Scope) -> str:
    """The template of a request's route; `none` where there is no such path."""
    return str(getattr(scope.get("route"), "path", "none"))
