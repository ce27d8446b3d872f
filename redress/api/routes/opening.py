"""Opening a complaint over HTTP, also while Temporal, or even the register, is down."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated, Any, Literal

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example
from pydantic import BaseModel, ConfigDict, Field

from redress.api.backends import Unavailable
from redress.api.bodies import Unparsed
from redress.api.context import AppContext, Context, CurrentCaller, check_authority
from redress.api.intake_queue import QueuedOpening
from redress.api.problems import Refusal, malformed
from redress.api.routing import endpoints, roles
from redress.contract import workflow_id
from redress.domain import opening as domain
from redress.domain.parsing import Malformed
from redress.procedures.loader import authority
from redress.security.access import BRINGS_CASES, INTAKE, STAFF
from redress.security.tokens import Caller
from redress.services import intake
from redress.services.errors import NoAnswer
from redress.store import callers
from redress.store.register import Register, Reserved

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

    model_config = ConfigDict(json_schema_extra={"example": domain.Opening.example()})


class Intake(BaseModel):
    """What became of an opening."""

    reference: str | None = Field(
        description="The complaint's reference; null while only the receipt is known.",
        examples=["CYP-2026-000123"],
    )
    workflow_id: str | None = Field(
        description="Its workflow in Temporal.", examples=["complaint-CYP-2026-000123"]
    )
    created: bool = Field(description="Whether this very request made it; false: it was here before.")
    differs: bool = Field(
        description="Whether it was here before with other content. Nothing was changed by this request."
    )
    state: Literal["opened", "waiting", "refused"] = Field(
        description="`waiting`: it is kept and will be opened by itself. `refused`: it can no longer be "
        "opened, since its authority or procedure was taken away meanwhile; `problem` says why."
    )
    receipt: str | None = Field(default=None, description="Ask `/v1/receipts/{receipt}` what became of it.")
    problem: str = Field(default="", description="Why it can no longer be opened.")


LOCATION = {
    "Location": {
        "description": "Where it, or while there is no reference its receipt, can be read.",
        "schema": {"type": "string"},
    }
}

EXAMPLES: dict[str, Example] = {"a complaint from a web form": {"value": domain.Opening.example()}}


@router.post(
    "/v1/complaints",
    operation_id="open_complaint",
    summary="Open a representation",
    status_code=201,
    response_model=Intake,
    response_description="Opened: `reference` is its name from now on.",
    responses={
        200: {
            "description": "It was here before; `differs` says whether with other content.",
            "model": Intake,
            "headers": LOCATION,
        },
        201: {"headers": LOCATION},
        202: {
            "description": "It is kept, and opened as soon as what is down is back: no need to repeat it.",
            "model": Intake,
            "headers": LOCATION,
        },
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
    raw = opening.document
    checked = await _checked(raw, caller)
    opened = await _Attempt(context, caller, checked, raw).done()
    response.status_code = 202 if opened.state == "waiting" else 201 if opened.created else 200
    if opened.reference:
        response.headers["Location"] = f"/v1/complaints/{opened.reference}"
    elif opened.receipt:
        response.headers["Location"] = f"/v1/receipts/{opened.receipt}"
    return opened


async def _checked(raw: dict[str, Any], caller: Caller) -> domain.Opening:
    check_authority(caller, raw.get("authority"))
    messages = raw.get("messages")
    if messages:
        if not caller.roles & BRINGS_CASES:
            roles = ", ".join(sorted(BRINGS_CASES))
            raise Refusal("not-allowed", f"A case under way (messages) is brought by the roles {roles}.")
        for message in messages if isinstance(messages, list) else []:
            if isinstance(message, dict) and isinstance(message.get("by", ""), str):
                # Who acted then is what the old file says; who says so is who calls.
                message["by"] = f"{message.get('by', '')} (brought by {caller.name})".strip()
    try:
        return await asyncio.to_thread(intake.check, raw)
    except Malformed as error:
        raise malformed(error) from None


class _Attempt:
    """One request's way to a complaint, within the seconds that a caller at a counter waits."""

    def __init__(
        self, context: AppContext, caller: Caller, opening: domain.Opening, raw: dict[str, Any]
    ) -> None:
        self._context, self._caller, self._opening, self._raw = context, caller, opening, raw
        self._ends_at = monotonic() + context.settings.intake_within

    @property
    def _left(self) -> float:
        return max(self._ends_at - monotonic(), 0.2)

    async def done(self) -> Intake:
        """Reserve and start; what cannot be done now is kept."""
        others, same = await asyncio.to_thread(self._context.queue.ahead_of, self._opening)
        if same:
            return await self._kept(None)  # the same one waits already: what it said first counts
        try:
            reserved = await self._context.backends.ask(self._reserve, self._left)
        except Unavailable:
            return await self._kept(None)
        except Malformed as error:
            raise malformed(error) from None
        if not reserved.started:
            if others:
                return await self._kept(reserved)  # they came first
            try:
                client = self._context.backends.temporal()
                begun = intake.begin(client, reserved.reference, reserved.opening)
                await asyncio.wait_for(begun, self._left)
            except Unavailable:
                return await self._kept(reserved)
            except (NoAnswer, TimeoutError):
                self._context.backends.temporal_failed()
                return await self._kept(reserved)
        return Intake(
            reference=reserved.reference,
            workflow_id=workflow_id(reserved.reference),
            created=reserved.created,
            differs=reserved.differs,
            state="opened",
        )

    def _reserve(self, register: Register) -> Reserved:
        reserved = register.reserve(self._opening, self._raw, authority(self._opening.authority).prefix)
        if not reserved.started:
            callers.note(register, reserved.reference, self._caller.name)
        return reserved

    async def _kept(self, reserved: Reserved | None) -> Intake:
        """Keep it, and give it the seconds that are left to be opened in its turn."""
        waiting = self._context.queue
        known = (reserved.reference, reserved.created, reserved.differs) if reserved else None
        kept = await asyncio.to_thread(waiting.put, self._opening, self._raw, self._caller.name, known)
        first = kept
        while kept.state == "waiting" and monotonic() < self._ends_at and self._may_open():
            await waiting.moved_on(self._ends_at - monotonic())
            known_now = await asyncio.to_thread(waiting.receipt, kept.receipt)
            kept = known_now or kept
        shown = _shown(kept)
        shown.created, shown.differs = kept.created and first.created, kept.differs or first.differs
        if reserved is not None and shown.reference is None:
            shown.reference = reserved.reference
        return shown

    def _may_open(self) -> bool:
        return self._context.backends.temporal_answers and self._context.backends.register_answers


@router.get(
    "/v1/receipts/{receipt}",
    operation_id="read_receipt",
    summary="What became of an opening that had to wait",
    response_model=Intake,
    openapi_extra=roles(STAFF | INTAKE),
)
async def read_receipt(receipt: ReceiptId, context: Context, caller: CurrentCaller) -> Intake:
    """Needs neither Temporal nor the register. A receipt can be asked about for 90 days."""
    kept = await asyncio.to_thread(context.queue.receipt, receipt)
    if kept is None:
        raise Refusal("not-found", "There is no such receipt, or its complaint was opened long ago.")
    check_authority(caller, kept.authority)
    return _shown(kept)


def _shown(kept: QueuedOpening) -> Intake:
    return Intake(
        reference=kept.reference,
        workflow_id=workflow_id(kept.reference) if kept.reference else None,
        created=kept.created,
        differs=kept.differs,
        state=kept.state,
        receipt=kept.receipt,
        problem=kept.problem,
    )
