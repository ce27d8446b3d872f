"""Whether the API lives, and whether all it needs does."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import TheHouse
from redress.api.openapi import only
from redress.api.problems import unavailable

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = Field(examples=["alive"])


class Ready(BaseModel):
    """What the API needs, and whether it answers."""

    status: str = Field(description="`ready`, or `degraded`: openings are kept, the rest may get a 503.")
    temporal: bool
    register_: bool = Field(alias="register", description="The register.")
    waiting: int = Field(description="Openings that wait to be opened.")


@router.get("/healthz", operation_id="healthz", summary="Is it alive?", response_model=Alive)
async def healthz() -> Alive:
    """Asks nothing but the process itself: where this fails, start it anew."""
    return Alive(status="alive")


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it do everything?",
    response_model=Ready,
    responses=only(503),
)
async def readyz(house: TheHouse) -> Ready:
    """200 as long as openings can be taken, even if only to be kept; `degraded` where something is down."""
    temporal, register = house.reach.temporal_answers, house.reach.register_answers
    try:
        waiting = await asyncio.to_thread(house.waiting.count)
    except SQLAlchemyError:
        raise unavailable("The API's own store cannot be used: send nobody here.") from None
    word = "ready" if temporal and register else "degraded"
    return Ready(status=word, temporal=temporal, register=register, waiting=waiting)
