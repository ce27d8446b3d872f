"""`GET /metrics`: what an operator's Prometheus reads, with a token of the role `reader`.

Counts only: no label holds a reference, a caller or anything that a caller sent.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from redress.api.backends import Unavailable
from redress.api.context import House, TheCaller, TheHouse
from redress.api.openapi import answers
from redress.api.problems import Refusal
from redress.store.register import Register
from redress.telemetry.metrics import RegisterCollector

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counts for Prometheus",
    response_class=PlainTextResponse,
    responses=answers(),
)
async def metrics(request: Request, house: TheHouse, caller: TheCaller) -> Response:
    """Complaints, letters, webhooks, requests. With the register down it says so and gives the rest."""
    if caller.authority is not None:
        raise Refusal("not-allowed", "These are the counts of every authority.")
    said = [
        await _of_register(house),
        await asyncio.to_thread(_of_house, house),
        generate_latest(request.app.state.counts.registry),
    ]
    return Response(b"".join(said), media_type=CONTENT_TYPE_LATEST)


async def _of_register(house: House) -> bytes:
    try:
        return await house.reach.ask(_counted)
    except Unavailable:
        registry = CollectorRegistry()
        Gauge("redress_register_up", "Whether the register could be read (1) or not (0)", registry=registry)
        return generate_latest(registry)


def _counted(register: Register) -> bytes:
    registry = CollectorRegistry()
    registry.register(RegisterCollector(register))
    return generate_latest(registry)


def _of_house(house: House) -> bytes:
    registry = CollectorRegistry()
    up = Gauge("redress_temporal_up", "Whether Temporal answers the API (1) or not (0)", registry=registry)
    up.set(house.reach.temporal_answers)
    waiting = Gauge("redress_openings_waiting", "Openings kept that wait to be opened", registry=registry)
    waiting.set(house.waiting.count())
    return generate_latest(registry)
