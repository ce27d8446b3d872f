"""Complaints that were accepted and do not run."""

from __future__ import annotations

from pydantic import Field

from redress.api.context import Context, CurrentCaller
from redress.api.problems import Refusal
from redress.api.routing import endpoints, roles
from redress.api.schemas import Schema
from redress.security.access import READERS
from redress.services.beginning_again import not_begun

router = endpoints("complaints")


class NotBegun(Schema):
    """A complaint whose start failed, or did not reach Temporal. A worker starts it again by itself."""

    reference: str = Field(examples=["CYP-2026-000123"])
    """The complaint's reference."""

    accepted_at: str = Field(examples=["2026-11-20T23:59:57+00:00"])
    """When it was accepted, UTC."""


@router.get(
    "/v1/not-begun",
    operation_id="list_not_begun",
    summary="Accepted, and not running",
    openapi_extra=roles(READERS, is_personal=False),
)
async def list_not_begun(context: Context, caller: CurrentCaller) -> list[NotBegun]:
    """What is on this list for more than some minutes needs somebody: see the worker's log."""
    if caller.authority is not None:
        raise Refusal("not-allowed", "This is the list of every authority.")
    found = await context.backends.ask(not_begun)
    return [NotBegun(reference=each.reference, accepted_at=each.accepted_at.isoformat()) for each in found]
