"""Sending messages over HTTP: one operation for each action, with the action's own fields."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Body, Header, Response
from fastapi.openapi.models import Example
from pydantic import BaseModel, Field, create_model
from sqlalchemy.exc import SQLAlchemyError

from redress.api.bodies import Unparsed
from redress.api.context import AppContext, Context, CurrentCaller, IsReached, Reference
from redress.api.problems import Refusal, check_taken, problems, unavailable, wrong
from redress.api.routing import endpoints, roles
from redress.domain.fields import Day, Id, Text
from redress.domain.log import Answer
from redress.domain.messages import MESSAGES, ApproveLetter, Message
from redress.security.access import CASEWORK, INTAKE
from redress.security.tokens import Caller
from redress.services import sending, unmatched
from redress.services.backends import Unavailable
from redress.services.errors import NoAnswer

router = endpoints("messages")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your name for this message, if the body has no `message_id`: the same message with the "
        "same name counts once, however often it comes. Visible ASCII characters, without spaces.",
        examples=["form-81723"],
    ),
]

NOT_TAKEN = "The message was not taken. Send the same one again later."

UNKNOWN = (
    "Nobody answered in time; whether the message was taken is not known. Send the same one again, with this "
    "message_id and on: it counts once."
)

AcceptedOn = Annotated[
    Day | None, Field(description="The London date it happened or was received; today if left out.")
]
SenderId = Annotated[Id | None, Field(description="Your name for it; made up and given back if left out.")]
IgnoredSender = Annotated[Text, Field(description="Ignored: who calls is what is recorded.")]


def body_of(kind: type[Message]) -> type[BaseModel]:
    """The body of an action: date and id may be left out."""
    bases: tuple[type[BaseModel], ...] = (Unparsed, kind)
    return create_model(
        kind.__name__,
        __base__=bases,
        __doc__=kind.__doc__,
        __cls_kwargs__={"use_attribute_docstrings": False},  # it has no source: looking for it takes long
        on=(AcceptedOn, None),
        message_id=(SenderId, None),
        by=(IgnoredSender, ""),
    )


def _endpoint(action: str, kind: type[Message]) -> Callable[..., Awaitable[Answer]]:
    async def send(
        message: Unparsed,
        response: Response,
        reference: Reference,
        context: Context,
        caller: CurrentCaller,
        is_reached: IsReached,
        idempotency_key: IdempotencyKey = None,
    ) -> Answer:
        body = message.raw
        _check_sender(caller, kind, body)
        body["by"] = caller.name
        if kind is ApproveLetter:
            body["as_role"] = caller.role
        if not is_reached:
            response.status_code = 202
            return await _keep(context, caller, reference, action, body, idempotency_key)
        from_intake = not caller.roles & CASEWORK
        answer = await _send(context, reference, action, body, idempotency_key, from_intake=from_intake)
        check_taken(answer, response)
        return answer

    examples: dict[str, Example] = {kind.title: {"value": kind.example()}}
    send.__annotations__["message"] = Annotated[body_of(kind), Body(openapi_examples=examples)]
    return send


def _check_sender(caller: Caller, kind: type[Message], body: dict[str, Any]) -> None:
    """Refuse an intake system that fills in what only the authority can. Raises `Refusal`.

    And the manager of a team who would have a letter leave that others approve.
    """
    filled = [name for name in kind.authority_only if body.get(name)]
    if filled and not caller.roles & CASEWORK:
        roles = ", ".join(sorted(CASEWORK))
        raise Refusal("not-allowed", f"{', '.join(filled)} is for the roles {roles} to say.")
    if caller.role == "team_manager" and str(body.get("letter", "")).strip().casefold() == "at_once":
        what = (
            "whether a letter leaves at once is for the authority's file to say: leave it out, or say draft"
        )
        raise Refusal("not-allowed", f"letter: {what}.")


async def _send(
    context: AppContext,
    reference: str,
    action: str,
    body: dict[str, Any],
    key: str | None,
    *,
    from_intake: bool,
) -> Answer:
    _name(body, key)
    name, completed = await asyncio.to_thread(sending.accept, action, body, from_intake=from_intake)
    repeat = {"message_id": completed["message_id"], "on": completed["on"]}
    since = datetime.now(UTC)
    try:
        client, register = context.backends.temporal(), context.backends.register
        within = context.settings.api_answer_within
        answer = await sending.send(client, register, reference, name, completed, within)
    except (Unavailable, SQLAlchemyError) as error:
        what = str(error) if isinstance(error, Unavailable) else "The register"
        raise unavailable(f"{what} does not answer. {NOT_TAKEN}", applied="no", **repeat) from None
    except NoAnswer as error:
        detail = NOT_TAKEN if error.applied == "no" else UNKNOWN
        raise unavailable(detail, applied=error.applied or "no", **repeat) from None
    await context.backends.compare_clocks(reference, since)
    return answer


def _name(body: dict[str, Any], key: str | None) -> None:
    """Give a message the name that the header has for it. Raises `Refusal`."""
    if key is not None and body.get("message_id") not in (None, key):
        raise wrong("message_id", "is another than the header Idempotency-Key: leave one of them out")
    if key is not None:
        body["message_id"] = key


async def _keep(
    context: AppContext, caller: Caller, reference: str, action: str, body: dict[str, Any], key: str | None
) -> Answer:
    """Keep what an intake caller says about a complaint beyond its reach, whether there is one or not."""
    _name(body, key)
    dated = body.get("on") is not None
    name, completed = await asyncio.to_thread(sending.accept, action, body, from_intake=True)
    try:
        return await context.backends.ask(
            lambda register: unmatched.keep(register, caller, reference, name, completed, dated=dated)
        )
    except Unavailable as error:
        repeat = {"message_id": completed["message_id"], "on": completed["on"]}
        raise unavailable(f"{error} does not answer. {NOT_TAKEN}", applied="no", **repeat) from None
    except unmatched.TooManyWait:
        detail = (
            f"{unmatched.MOST_WAITING} requests of this caller wait to be matched: staff see to them first."
        )
        raise Refusal("too-many", detail, headers={"Retry-After": "3600"}) from None


def _description(kind: type[Message]) -> str:
    always = " It reports what has happened, so it is always recorded." if kind.reports else ""
    return (
        f"{kind.meaning()}{always}\n\n`on` is today in London where it is left out, marked as assumed: "
        "nothing is judged late on such a date. `by` is who calls, "
        "whatever the body says. Until an answer comes, repeat the same message under the same `message_id` "
        "(or `Idempotency-Key`)."
    )


APPLIED = "Applied: `changed` says what moved. With `repeated` it came before, and nothing was done again."

PENDING = (
    "Taken; it waits for a person's decision or for its day. `reason` says which. What an intake caller says "
    "about a complaint that it does not reach is answered so too, whether there is one or not."
)

for _action, _kind in MESSAGES.items():
    router.add_api_route(
        f"/v1/complaints/{{reference}}/{_action.replace('_', '-')}",
        _endpoint(_action, _kind),
        methods=["POST"],
        operation_id=f"send_{_action}",
        summary=_kind.title,
        description=_description(_kind),
        response_model=Answer,
        response_description=APPLIED,
        response_model_exclude_unset=True,
        responses={202: {"description": PENDING, "model": Answer}, **problems(409, 410)},
        openapi_extra=roles(_kind.sent_by, keeps_unreached=bool(_kind.sent_by & INTAKE)),
    )
