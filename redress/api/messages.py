"""Sending messages over HTTP: one operation for each action, with the action's own fields."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.backends import Unavailable
from redress.api.bodies import body_of, read_object
from redress.api.context import House, TheCaller, TheHouse
from redress.api.examples import EXAMPLE_MESSAGES
from redress.api.openapi import answers, schema_name
from redress.api.problems import Refusal, malformed, unavailable, wrong
from redress.domain.case import Answer
from redress.domain.erasure import Erased
from redress.domain.messages import MESSAGES, Message
from redress.domain.parsing import Malformed
from redress.security.access import SAID_BY_THE_AUTHORITY, STAFF
from redress.security.tokens import Caller
from redress.services import sending
from redress.services.errors import NoAnswer, NotFound
from redress.store import callers

router = APIRouter(tags=["messages"])

Reference = Annotated[
    str,
    Path(
        pattern=r"^[A-Z][A-Z0-9]{0,9}-[0-9]{4}-[0-9]{6,9}(-[0-9]{1,3}){0,3}$",
        description="The complaint's reference.",
        examples=["CYP-2026-000123"],
    ),
]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your name for this message, if the body has no `message_id`: the same message with the "
        "same name counts once, however often it comes.",
    ),
]


class MessageAnswer(BaseModel):
    """What a message did."""

    message_id: str = Field(description="What the message is called from now on.")
    on: date = Field(description="The London date it happened or was received.")
    applied: bool = Field(description="Whether it was carried out.")
    pending: bool = Field(description="Whether it waits: for a person's decision, or for its day.")
    repeated: bool = Field(description="Whether it came before; this is the first answer again.")
    reason: str = Field(description="Why it waits.")
    changed: list[dict[str, str | None]] = Field(
        description="What moved: stage, state, and each deadline, as it was and is."
    )


def _operation(action: str, kind: type[Message]) -> Callable[..., Awaitable[MessageAnswer]]:
    async def send(
        request: Request,
        response: Response,
        reference: Reference,
        house: TheHouse,
        caller: TheCaller,
        idempotency_key: IdempotencyKey = None,
    ) -> MessageAnswer:
        await house.reachable(caller, reference)
        body = await read_object(request)
        _only_what_they_can_say(caller, action, body)
        body["by"] = caller.name
        answer = await _sent(house, reference, action, body, idempotency_key)
        if not (answer.applied or answer.pending):
            raise Refusal(
                "refused",
                answer.reason,
                message_id=answer.message_id,
                on=answer.on.isoformat(),
                repeated=answer.repeated,
            )
        response.status_code = 202 if answer.pending else 200
        return MessageAnswer(**answer.model_dump())

    send.__doc__ = _description(kind)
    return send


def _only_what_they_can_say(caller: Caller, action: str, body: dict[str, Any]) -> None:
    """Turn away an intake system that says what only the authority can. Raises `Refusal`."""
    if caller.roles & STAFF:
        return
    said = [name for name in sorted(SAID_BY_THE_AUTHORITY.get(action, ())) if body.get(name)]
    if said:
        roles = ", ".join(sorted(STAFF))
        raise Refusal("not-allowed", f"{', '.join(said)} is for the roles {roles} to say.")


async def _sent(house: House, reference: str, action: str, body: dict[str, Any], key: str | None) -> Answer:
    said = body.get("message_id")
    if key is not None and said not in (None, key):
        raise wrong("message_id", "is another than the header Idempotency-Key: leave one of them out")
    if key is not None:
        body["message_id"] = key
    if body.get("on") is None and isinstance(body.get("message_id"), str):
        body["on"] = await _dated_before(house, reference, body["message_id"])
    name, completed = await _completed(action, body)
    repeat = {"message_id": completed["message_id"], "on": completed["on"]}
    try:
        client, register = house.reach.temporal(), house.reach.register
        within = house.settings.gateway_answer_within
        return await sending.send(client, register, reference, name, completed, within)
    except Malformed as error:
        raise malformed(error) from None
    except NotFound as error:
        raise Refusal("not-found", f"{error}.") from None
    except Erased as error:
        raise Refusal("erased", f"{error}.") from None
    except Unavailable as error:
        detail = f"{error} does not answer; the message was not taken. Send the same one again later."
        raise unavailable(detail, applied="no", **repeat) from None
    except SQLAlchemyError:
        detail = "The register does not answer; the message was not taken. Send the same one again later."
        raise unavailable(detail, applied="no", **repeat) from None
    except NoAnswer as error:
        if error.applied != "no":
            detail = "Nobody answered in time; whether the message was taken is not known. Send the same one "
            detail += "again, with this message_id and on: it counts once."
        else:
            detail = "The message was not taken. Send the same one again later."
        raise unavailable(detail, applied=error.applied or "no", **repeat) from None


async def _dated_before(house: House, reference: str, message_id: str) -> str | None:
    """The date of the same message when it came first: a repeat on a later day is still a repeat."""
    try:
        return await house.reach.ask(lambda register: callers.dated(register, reference, message_id))
    except Unavailable:
        return None


async def _completed(action: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        return await asyncio.to_thread(sending.complete, action, body)
    except Malformed as error:
        raise malformed(error) from None


def _description(kind: type[Message]) -> str:
    said = f"{kind.title}."
    if kind.reports:
        said += " It reports what has happened, so it is always recorded."
    return (
        f"{said}\n\n`on` is today in London where it is left out. `by` is who calls, whatever the body says. "
        "Until an answer comes, repeat the same message under the same `message_id` (or `Idempotency-Key`)."
    )


for _action, _kind in MESSAGES.items():
    router.add_api_route(
        f"/v1/complaints/{{reference}}/{_action.replace('_', '-')}",
        _operation(_action, _kind),
        methods=["POST"],
        operation_id=f"send_{_action}",
        summary=_kind.title,
        response_model=MessageAnswer,
        responses=answers(
            {
                202: (
                    "Taken; it waits for a person's decision or for its day. `reason` says which.",
                    MessageAnswer,
                )
            },
            body=True,
            found=True,
            refused=True,
            reaches=True,
        ),
        openapi_extra=body_of(schema_name(_action), {_kind.title: EXAMPLE_MESSAGES.get(_action, {})}),
    )
