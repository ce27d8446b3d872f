"""Whether the API lives, and whether all it needs does."""

from __future__ import annotations

import asyncio
from typing import Literal

from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import Context
from redress.api.problems import problems, unavailable
from redress.api.routing import OPEN, endpoints
from redress.api.schemas import Schema
from redress.temporal.clock import is_apart

router = endpoints("health")


class Alive(Schema):
    """The process answers."""

    status: Literal["alive"]
    """Always the same."""


class Ready(Schema):
    """What the API needs, and whether it answers."""

    status: Literal["ready", "degraded"]
    """`ready`, or `degraded`: openings are kept, the rest may get a 503."""

    temporal: bool
    """Whether Temporal answers."""

    register_: bool = Field(alias="register")
    """Whether the register answers."""

    clock: bool
    """Whether its clock was within a minute of Temporal's when that was last seen."""

    waiting: int
    """Openings that wait to be opened."""


@router.get("/healthz", summary="Is it alive?", openapi_extra=OPEN)
async def healthz() -> Alive:
    """Asks nothing but the process itself: where this fails, restart it."""
    return Alive(status="alive")


@router.get(
    "/readyz",
    summary="Can it do everything?",
    responses=problems(503),
    openapi_extra=OPEN,
)
async def readyz(context: Context) -> Ready:
    """200 as long as openings can be taken, even if only to be kept; `degraded` where something is down."""
    temporal, register = context.backends.temporal_answers, context.backends.register_answers
    try:
        waiting = await asyncio.to_thread(context.queue.count)
    except SQLAlchemyError:
        raise unavailable("The API's own store cannot be used: send nobody here.") from None
    clock = not is_apart(context.backends.clock_ahead)
    status = "ready" if temporal and register and clock else "degraded"
    return Ready(status=status, temporal=temporal, register=register, clock=clock, waiting=waiting)
