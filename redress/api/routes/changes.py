"""Following a complaint: what was recorded about it since one last looked."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import date, datetime
from time import monotonic
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field, JsonValue

from redress.api.context import AppContext, Context, CurrentCaller, Reference
from redress.api.problems import no_such_complaint
from redress.api.routing import endpoints, roles
from redress.api.schemas import Schema
from redress.security.access import READERS, READS_TEXT, TEAMS
from redress.security.tokens import Caller
from redress.store.changes import recorded

router = endpoints("complaints")

LOOK_EVERY = 0.5
"""Seconds between two looks while a caller waits for something new."""


class Change(Schema):
    """One entry of a complaint's record."""

    id: str
    """What it is called, for good: no other entry ever gets this id, whatever is restored from a backup."""

    on: date
    """The London date it belongs to."""

    recorded_at: datetime
    """When it was written down."""

    kind: Literal["opened", "message", "rejected", "letter", "reminder", "breach", "split", "ended", "erased"]
    """What sort of entry it is."""

    what: str = Field(examples=["respond"])
    """A message's action, a letter's name, the limit that was breached."""

    outcome: str
    """Of a message: applied, pending or refused, as it stands now. Of a letter or breach: done, skipped,
    history."""

    details: dict[str, JsonValue] | None
    """What was written, for roles that may read it; null for others, once struck out, and once erased."""


class Changes(Schema):
    """What was recorded, in that order."""

    changes: list[Change]
    """In the order they were recorded."""

    next: str
    """Give it as `after` the next time: only what came since is given. It means nothing to a reader."""


@router.get(
    "/v1/complaints/{reference}/changes",
    operation_id="follow_changes",
    summary="Follow a complaint's changes",
    response_model=Changes,
    openapi_extra=roles(READERS | TEAMS),
)
async def follow_changes(
    reference: Reference,
    context: Context,
    caller: CurrentCaller,
    after: Annotated[
        str, Query(max_length=40, description="`next` of the time before; empty: from the beginning.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 100,
    wait: Annotated[
        int, Query(ge=0, le=25, description="Seconds to wait for something new, before the answer is empty.")
    ] = 0,
) -> dict[str, Any]:
    """The record since `after`. Ask again with `next`; with `wait` one request stands until something comes.

    Each entry is given once for each `after`, none is left out: the record is only ever added to. After a
    restore from a backup that lacks what `after` stands for, the record is given from the beginning.
    """
    with context.callers.waiting(caller) if wait else nullcontext():
        return await _followed(context, caller, reference, after, limit, wait)


async def _followed(
    context: AppContext, caller: Caller, reference: str, after: str, limit: int, wait: int
) -> dict[str, Any]:
    with_text = bool(caller.roles & READS_TEXT)
    ends_at = monotonic() + wait
    while True:
        entries = await context.backends.ask(
            lambda register: recorded(register, reference, after, limit, with_text=with_text)
        )
        if entries is None:
            raise no_such_complaint()
        if entries or monotonic() >= ends_at:
            return {"changes": entries, "next": entries[-1].id if entries else after}
        await asyncio.sleep(LOOK_EVERY)
