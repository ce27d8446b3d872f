"""The same intake sent again with other content: what staff do with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from redress.api.context import Context, CurrentCaller, Reference
from redress.api.problems import problems, unavailable
from redress.api.routing import endpoints, roles
from redress.domain.log import Answer
from redress.domain.status import DifferingStatus
from redress.security.access import MANAGER, STAFF
from redress.services import differing
from redress.services.errors import NoAnswer

router = endpoints("complaints")

Number = Annotated[
    int,
    Path(ge=1, description="Its number within the complaint: see `differing` of the status.", examples=[1]),
]


@router.get(
    "/v1/complaints/{reference}/differing",
    operation_id="list_differing",
    summary="Submissions of the same intake that said something else",
    openapi_extra=roles(STAFF),
)
async def list_differing(reference: Reference, context: Context) -> list[DifferingStatus]:
    """They changed nothing, and are kept until staff decide."""
    return await context.backends.ask(lambda register: differing.shown(register, reference))


@router.post(
    "/v1/complaints/{reference}/differing/{number}/dismiss",
    operation_id="dismiss_differing",
    summary="It changes nothing",
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def dismiss_differing(
    reference: Reference, number: Number, context: Context, caller: CurrentCaller
) -> list[DifferingStatus]:
    """It stays on the file as dismissed, and a note says who did that. Gives all there are."""
    client, register = context.backends.temporal(), context.backends.register
    within = context.settings.api_answer_within
    try:
        return await differing.dismiss(client, register, reference, number, within, by=caller.name)
    except NoAnswer as error:
        raise unavailable(f"{error}.", applied="unknown") from None


@router.post(
    "/v1/complaints/{reference}/differing/{number}/take",
    operation_id="take_differing",
    summary="Turn it into messages",
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def take_differing(
    reference: Reference, number: Number, context: Context, caller: CurrentCaller
) -> list[Answer]:
    """Corrections for the details that can be corrected, an advocate, and notes for the rest.

    Gives the answer to each; sent again, each counts once. It stays kept where one was refused. An address or
    advocate is pending until it is confirmed (`confirm_contact`), as whatever an intake system brings later.
    """
    client, register = context.backends.temporal(), context.backends.register
    within = context.settings.api_answer_within
    try:
        return await differing.take(client, register, reference, number, within, by=caller.name)
    except NoAnswer as error:
        raise unavailable(f"{error}.", applied="unknown") from None
