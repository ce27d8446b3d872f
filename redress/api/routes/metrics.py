"""`GET /metrics`: what an operator's Prometheus reads, with a token of the role `reader`.

Counts only: no label holds a reference, a caller or anything that a caller sent.
"""

from __future__ import annotations

import asyncio

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from redress.api.context import AppContext, Context, CurrentCaller
from redress.api.problems import Refusal
from redress.api.routing import endpoints, roles
from redress.security.access import METRICS
from redress.services.backends import Unavailable
from redress.store.register import Register
from redress.telemetry.metrics import RegisterCollector

router = endpoints("health")


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    response_class=PlainTextResponse,
    openapi_extra=roles(METRICS, is_personal=False),
)
async def metrics(request: Request, context: Context, caller: CurrentCaller) -> Response:
    """Complaints, letters, webhooks, requests. With the register down it says so and gives the rest."""
    if caller.authority is not None:
        raise Refusal("not-allowed", "These are the counts of every authority.")
    parts = [
        await _of_register(context),
        await asyncio.to_thread(_of_api, context),
        generate_latest(request.app.state.counts.registry),
    ]
    return Response(b"".join(parts), media_type=CONTENT_TYPE_LATEST)


async def _of_register(context: AppContext) -> bytes:
    try:
        return await context.backends.ask(_counted)
    except Unavailable:
        registry = CollectorRegistry()
        Gauge("redress_register_up", "Whether the register could be read (1) or not (0)", registry=registry)
        return generate_latest(registry)


def _counted(register: Register) -> bytes:
    registry = CollectorRegistry()
    registry.register(RegisterCollector(register))
    return generate_latest(registry)


def _of_api(context: AppContext) -> bytes:
    registry = CollectorRegistry()
    up = Gauge("redress_temporal_up", "Whether Temporal answers the API (1) or not (0)", registry=registry)
    up.set(context.backends.temporal_answers)
    what = "Seconds that the API's clock is ahead of Temporal's, as far as it has been seen"
    ahead = Gauge("redress_clock_ahead_seconds", what, registry=registry)
    ahead.set(context.backends.clock_ahead or 0.0)
    waiting = Gauge("redress_openings_waiting", "Openings kept that wait to be opened", registry=registry)
    waiting.set(context.queue.count())
    return generate_latest(registry)
