"""Who read personal data. Asking for it is a reading too."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import Context, CurrentCaller
from redress.api.problems import unavailable
from redress.api.readings import shows
from redress.api.routing import endpoints, roles
from redress.api.schemas import Next, Schema
from redress.domain.identifiers import REFERENCE
from redress.security.access import MANAGER
from redress.services import readings
from redress.store.readings import ReaderKind, ReadingFilter

router = endpoints("audit")


class ReadingEntry(Schema):
    """One entry for each reader, complaint, door and minute; of a list one, which names its complaints."""

    at: datetime
    """The minute, in UTC."""

    reader: str = Field(examples=["casework"])
    """Who: the name of a token, of the issuer's caller, or of the account on the machine."""

    reader_kind: ReaderKind
    """How that is known: `token` (one of ours), `oidc` (the issuer), `command_line` (asserted: the account
    that ran the command). `retention`: nobody read; older entries were removed."""

    roles: list[str] = Field(examples=[["staff"]])
    """The roles by which they may."""

    door: str = Field(examples=["GET /v1/complaints/{reference}"])
    """Where: the operation, or the command."""

    complaints: list[str] = Field(examples=[["CYP-2026-000123"]])
    """Whose data it showed. What the codec decrypts for no complaint yet stands by the name of its key."""

    removed_before: datetime | None
    """Of `retention`: entries before this moment were removed."""


class Audit(Schema):
    """A page of readings, the newest first."""

    readings: list[ReadingEntry]
    """The newest first."""

    next: Next


@router.get(
    "/v1/audit",
    operation_id="read_audit",
    summary="Who read personal data",
    openapi_extra=roles(MANAGER),
)
async def read_audit(
    request: Request,
    context: Context,
    caller: CurrentCaller,
    reference: Annotated[
        str | None,
        Query(
            pattern=f"^{REFERENCE.pattern}$",
            description="Only of this complaint.",
            examples=["CYP-2026-000123"],
        ),
    ] = None,
    reader: Annotated[
        str | None, Query(max_length=200, description="Only by this reader.", examples=["casework"])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most on one page.")] = 100,
    after: Annotated[
        str, Query(max_length=300, description="`next` of the page before; left out: from the newest.")
    ] = "",
) -> Audit:
    """Every reading that showed a complaint, by HTTP, the codec and the command line.

    Of callers limited to one authority: its complaints alone, also of a list that showed others.
    """
    wanted = ReadingFilter(reference, reader, caller.authority)
    store = context.readings.readings
    try:
        ask = partial(readings.page, store, wanted, limit=limit, after=after)
        page = await context.audit_work.alone(caller.identity, ask)
    except SQLAlchemyError:
        raise unavailable("The record of readings cannot be read just now.") from None
    shows(request, *{one for entry in page.entries for one in entry.complaints})
    return Audit(readings=[ReadingEntry(**entry._asdict()) for entry in page.entries], next=page.next)
