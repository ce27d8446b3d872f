"""Opening a complaint over HTTP, also while Temporal, or even the register, is down."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example
from pydantic import Field

from redress.api.bodies import Unparsed
from redress.api.context import AppContext, Context, CurrentCaller, check_authority, check_reach, check_source
from redress.api.problems import Refusal, problems, wrong
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import Schema
from redress.contract import workflow_id
from redress.domain import opening as domain
from redress.domain.status import MessageOutcome
from redress.security.access import BRINGS_CASES, INTAKE, STAFF
from redress.security.tokens import Caller
from redress.services import intake
from redress.services.openings import Outcome, outcome_of

router = endpoints("complaints")

ReceiptId = Annotated[
    str,
    Path(
        pattern=r"^rc_[0-9a-f]{32}$",
        description="The receipt from a 202.",
        examples=["rc_0123456789abcdef0123456789abcdef"],
    ),
]


class Opening(Unparsed, domain.Opening):
    """What opens a complaint, comment, compliment or other representation."""


class Intake(Schema):
    """What became of an opening."""

    reference: str | None = Field(examples=["CYP-2026-000123"])
    """The complaint's reference; null while only the receipt is known."""

    workflow_id: str | None = Field(examples=["complaint-CYP-2026-000123"])
    """Its workflow in Temporal."""

    created: bool
    """Whether this very request made it; false: it was here before."""

    differs: bool
    """Whether it was here before with other content, which is kept for staff and changes nothing."""

    state: Literal["opened", "waiting", "refused"]
    """`waiting`: it is kept and will be opened by itself. `refused`: it can no longer be opened, since its
    authority or procedure was taken away meanwhile; `problem` says why."""

    refused: list[MessageOutcome] = []
    """Past messages that the rules refused, and why. Empty while it waits."""

    receipt: str | None = None
    """Ask `/v1/receipts/{receipt}` what became of it."""

    problem: str = ""
    """Why it can no longer be opened."""


LOCATION = header("Location", "Where it, or while there is no reference its receipt, can be read.")

THERE_BEFORE = "It was here before, with the same content."

WAITING = "It is kept, and opened as soon as what is down is back: no need to repeat it."

EXAMPLES: dict[str, Example] = {"a complaint from a web form": {"value": domain.Opening.example()}}


@router.post(
    "/v1/complaints",
    summary="Open a representation",
    status_code=201,
    response_description="Opened: `reference` is its name from now on.",
    responses={
        200: {"description": THERE_BEFORE, "model": Intake, **LOCATION},
        201: LOCATION,
        202: {"description": WAITING, "model": Intake, **LOCATION},
        **problems(409),
    },
    openapi_extra=roles(STAFF | INTAKE),
)
async def open_complaint(
    opening: Annotated[Opening, Body(openapi_examples=EXAMPLES)],
    response: Response,
    context: Context,
    caller: CurrentCaller,
) -> Intake:
    """Opens a complaint, comment, compliment or other representation.

    `authority`, `source` and `source_id` make it one: the same sent again, at once or years later, or two
    at the same moment, is one complaint, with one reference. `messages` (a case that is already under way)
    are for the role `complaints_manager`, since they could hold any decision.
    """
    raw = opening.raw
    checked = await _checked(raw, caller)
    await _check_links(context, caller, checked)
    outcome = await context.openings.open(checked, raw, caller.identity, context.settings.intake_within)
    opened = _shown(outcome)
    if opened.differs:
        raise await _differs(context, caller, opened)
    response.status_code = 202 if opened.state == "waiting" else 201 if opened.created else 200
    location = await _location(context, caller, opened)
    if location:
        response.headers["Location"] = location
    return opened


async def _check_links(context: AppContext, caller: Caller, opening: domain.Opening) -> None:
    """Refuse, as what there is none of, a complaint beyond the reach of an intake system.

    The other one shows the link, too: nobody writes to what they do not reach, nor is told that it is there.
    """
    if not caller.reaches_what_it_brought(STAFF | INTAKE):
        return
    for other in opening.links_to:
        if not await check_reach(context, caller, STAFF | INTAKE, other):
            raise wrong("linked_to", f"there is no complaint {other} of this authority")


async def _differs(context: AppContext, caller: Caller, opened: Intake) -> Refusal:
    """Nothing was changed; the reference is told to whoever may reach the complaint."""
    detail = "The same source_id was here before with other content. Nothing was changed; staff look at it."
    reference, receipt = opened.reference, opened.receipt
    if reference is not None and not await _reaches(context, caller, reference):
        reference = receipt = None
    known = {"reference": reference, "receipt": receipt}
    more: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    return Refusal("differs", detail, created=False, differs=True, **more)


async def _location(context: AppContext, caller: Caller, opened: Intake) -> str:
    """Where this caller can read it: nowhere, where somebody else brought it first."""
    if opened.reference is None:
        return f"/v1/receipts/{opened.receipt}" if opened.receipt else ""
    if caller.roles & STAFF:
        return f"/v1/complaints/{opened.reference}"
    is_own = opened.created or await _reaches(context, caller, opened.reference)
    return f"/v1/complaints/{opened.reference}/standing" if is_own else ""


async def _reaches(context: AppContext, caller: Caller, reference: str) -> bool:
    """Whether a caller reaches a complaint; no, where nobody can say just now."""
    try:
        return await check_reach(context, caller, STAFF | INTAKE, reference)
    except Refusal:
        return False


async def _checked(raw: dict[str, Any], caller: Caller) -> domain.Opening:
    check_authority(caller, raw.get("authority"))
    check_source(caller, raw.get("source"))
    messages = raw.get("messages")
    if messages:
        if not caller.roles & BRINGS_CASES:
            roles = ", ".join(sorted(BRINGS_CASES))
            raise Refusal("not-allowed", f"A case under way (messages) is brought by the roles {roles}.")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, dict) and isinstance(message.get("by", ""), str):
                # Who acted then is what the old file says; who says so is who calls.
                message["by"] = f"{message.get('by', '')} (brought by {caller.name})".strip()
    return await asyncio.to_thread(intake.check, raw)


@router.get(
    "/v1/receipts/{receipt}",
    summary="What became of an opening that had to wait",
    openapi_extra=roles(STAFF | INTAKE, is_personal=False),
)
async def read_receipt(receipt: ReceiptId, context: Context, caller: CurrentCaller) -> Intake:
    """Needs neither Temporal nor the register. A receipt can be asked about for 90 days."""
    known = await asyncio.to_thread(context.queue.receipt, receipt)
    is_reached = (
        known is not None
        and caller.authority in (None, known.authority)
        and (known.caller == caller.identity or not caller.reaches_what_it_brought(STAFF | INTAKE))
    )
    if known is None or not is_reached:
        raise Refusal(
            "not-found",
            "There is no such receipt, it is another caller's, or its complaint was opened long ago.",
        )
    return _shown(outcome_of(known))


def _shown(outcome: Outcome) -> Intake:
    name = outcome.reference
    return Intake(workflow_id=workflow_id(name) if name else None, **outcome._asdict())
