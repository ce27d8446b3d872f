"""Following a complaint: what was recorded about it since one last looked."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from time import monotonic
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, JsonValue

from redress.api.backends import Unavailable
from redress.api.context import TheCaller, TheHouse
from redress.api.messages import Reference
from redress.api.openapi import answers
from redress.api.problems import Refusal, unavailable
from redress.security.access import READS_TEXT
from redress.store.changes import Recorded, recorded

router = APIRouter(tags=["complaints"])

LOOK_EVERY = 0.5
"""Seconds between two looks while a caller waits for something new."""


class Change(BaseModel):
    """One entry of a complaint's record."""

    id: int = Field(description="Its place in the record; entries of one complaint have rising numbers.")
    on: date = Field(description="The London date it belongs to.")
    recorded_at: datetime
    kind: Literal["opened", "message", "rejected", "letter", "reminder", "breach", "split", "ended", "erased"]
    what: str = Field(
        description="A message's action, a letter's name, the limit that was breached.", examples=["respond"]
    )
    outcome: str = Field(
        description="Of a message: applied, pending or refused, as it stands now. Of a letter or breach: "
        "done, skipped, history."
    )
    details: dict[str, JsonValue] | None = Field(
        description="What was said, for roles that may read it; null for others, and once it was erased."
    )


class Changes(BaseModel):
    """What was recorded, in that order."""

    changes: list[Change]
    next: int = Field(description="Give it as `after` the next time: only what came since is told.")


@router.get(
    "/v1/complaints/{reference}/changes",
    operation_id="follow_changes",
    summary="Follow a complaint's changes",
    response_model=Changes,
    responses=answers(found=True, reaches=True),
)
async def follow_changes(
    reference: Reference,
    house: TheHouse,
    caller: TheCaller,
    after: Annotated[int, Query(ge=0, le=2_147_483_647, description="`next` of the time before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 100,
    wait: Annotated[
        int,
        Query(ge=0, le=25, description="Seconds to wait for something new, before the answer is empty."),
    ] = 0,
) -> Changes:
    """The record since `after`. Ask again with `next`; with `wait` one request stands until something comes.

    Each entry is told once for each `after`, none is left out: the record is only ever added to.
    """
    await house.reachable(caller, reference)
    with_text = bool(caller.roles & READS_TEXT)
    ends_at = monotonic() + wait
    while True:
        try:
            found = await house.reach.ask(
                lambda register: recorded(register, reference, after, limit, with_text=with_text)
            )
        except Unavailable:
            raise unavailable("The register does not answer.") from None
        if found is None:
            raise Refusal("not-found", f"There never was a complaint {reference}.")
        if found or monotonic() >= ends_at:
            return Changes(changes=[_shown(each) for each in found], next=found[-1].id if found else after)
        await asyncio.sleep(LOOK_EVERY)


def _shown(entry: Recorded) -> Change:
    shown: dict[str, Any] = entry._asdict()
    return Change.model_validate(shown)
