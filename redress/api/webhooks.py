"""Managing webhooks over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redress.api.backends import Unavailable
from redress.api.bodies import body_of, read_object
from redress.api.context import House, TheCaller, TheHouse, check_authority
from redress.api.examples import EXAMPLE_WEBHOOK
from redress.api.openapi import answers
from redress.api.problems import Refusal, malformed, unavailable, wrong
from redress.api.webhook_addresses import NotFound, check_url
from redress.domain.parsing import Malformed, problems_of
from redress.procedures.loader import authority_names
from redress.security.tokens import Caller
from redress.store import webhooks
from redress.store.notices import EVENTS, Event
from redress.store.register import Register
from redress.store.webhooks import Subscription

router = APIRouter(tags=["webhooks"])

T = TypeVar("T")

HookId = Annotated[str, Path(pattern=r"^wh_[0-9a-f]{24}$", description="The webhook's id.")]

MOST = 50
"""How many webhooks there may be."""


class NewWebhook(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1,
        max_length=2000,
        description="Where it leads: https, a public host. Redirects are not followed.",
        examples=["https://casework.invented.example/redress"],
    )
    events: list[Event] = Field(
        default=[*EVENTS], min_length=1, description="What is told; all, if left out."
    )
    authority: str | None = Field(
        default=None, description="Only this authority's complaints.", examples=["family-rights"]
    )


class Webhook(BaseModel):
    """A webhook."""

    id: str = Field(examples=["wh_0123456789abcdef01234567"])
    url: str
    events: list[Event]
    authority: str | None
    made_by: str
    made_at: datetime
    waiting: int = Field(description="Deliveries that have not arrived yet.")
    delivered: int
    given_up: int = Field(description="Deliveries that were tried for days in vain.")
    last_answer: str = Field(description="What the receiver last said, if a delivery waits or was given up.")


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str = Field(description="Signs every delivery; `whsec_` and Base64.")


class Webhooks(BaseModel):
    """All webhooks."""

    webhooks: list[Webhook]


class Retried(BaseModel):
    """How many deliveries are tried anew."""

    retried: int


@router.post(
    "/v1/webhooks",
    operation_id="make_webhook",
    summary="Be told of changes",
    status_code=201,
    response_model=WebhookWithSecret,
    responses=answers(body=True, reaches=True),
    openapi_extra=body_of("NewWebhook", {"everything of one authority": EXAMPLE_WEBHOOK}),
)
async def make_webhook(
    request: Request, response: Response, house: TheHouse, caller: TheCaller
) -> WebhookWithSecret:
    """Tells a system of openings, stage changes, closings, reopenings and breaches, by POST, signed.

    The secret is shown this once.

    Each notice comes once for each webhook, with the same `webhook-id` however often it is tried, for about
    four days. What happened before the webhook was made is not told.
    """
    new = _new(await read_object(request), house, caller)
    only = new.authority or caller.authority
    there = await _ask(house, webhooks.subscriptions)
    if len(there) >= MOST:
        raise wrong("url", f"there are {MOST} webhooks already: end one")
    made, secret = await _ask(
        house, lambda register: webhooks.subscribe(register, new.url, new.events, only, caller.name)
    )
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return WebhookWithSecret(**made._asdict(), secret=secret)


def _new(raw: dict[str, object], house: House, caller: Caller) -> NewWebhook:
    try:
        new = NewWebhook.model_validate(raw)
    except ValidationError as error:
        raise malformed(Malformed(problems_of(error))) from None
    if new.authority is not None:
        if new.authority not in authority_names():
            raise wrong("authority", f"is none of {', '.join(authority_names())}")
        check_authority(caller, new.authority)
    try:
        check_url(new.url, loopback=house.settings.webhook_loopback)
    except NotFound as error:
        raise wrong("url", str(error)) from None
    return new


@router.get(
    "/v1/webhooks",
    operation_id="list_webhooks",
    summary="List webhooks",
    response_model=Webhooks,
    responses=answers(reaches=True),
)
async def list_webhooks(house: TheHouse, caller: TheCaller) -> Webhooks:
    """Those that are told now, with how many deliveries wait, arrived, and were given up."""
    found = await _ask(house, lambda register: webhooks.subscriptions(register, authority=caller.authority))
    return Webhooks(webhooks=[Webhook(**each._asdict()) for each in found])


@router.get(
    "/v1/webhooks/{webhook}",
    operation_id="read_webhook",
    summary="One webhook",
    response_model=Webhook,
    responses=answers(found=True, reaches=True),
)
async def read_webhook(webhook: HookId, house: TheHouse, caller: TheCaller) -> Webhook:
    """One webhook, with how its deliveries went."""
    return Webhook(**(await _one(house, caller, webhook))._asdict())


@router.delete(
    "/v1/webhooks/{webhook}",
    operation_id="end_webhook",
    summary="Be told no more",
    status_code=204,
    responses=answers(found=True, reaches=True),
)
async def end_webhook(webhook: HookId, house: TheHouse, caller: TheCaller) -> Response:
    """Ends a webhook; what waits for it is dropped."""
    await _one(house, caller, webhook)
    await _ask(house, lambda register: webhooks.end(register, webhook))
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook}/secret",
    operation_id="renew_webhook_secret",
    summary="Give a webhook a new secret",
    response_model=WebhookWithSecret,
    responses=answers(found=True, reaches=True),
)
async def renew_webhook_secret(webhook: HookId, house: TheHouse, caller: TheCaller) -> WebhookWithSecret:
    """For a day each delivery bears two signatures, by the new secret and by the former one."""
    found = await _one(house, caller, webhook)
    secret = await _ask(house, lambda register: webhooks.renew_secret(register, webhook))
    return WebhookWithSecret(**found._asdict(), secret=secret)


@router.post(
    "/v1/webhooks/{webhook}/retry",
    operation_id="retry_webhook",
    summary="Try given-up deliveries anew",
    response_model=Retried,
    responses=answers(found=True, reaches=True),
)
async def retry_webhook(webhook: HookId, house: TheHouse, caller: TheCaller) -> Retried:
    """For a receiver that was down for longer than deliveries are tried."""
    await _one(house, caller, webhook)
    return Retried(retried=await _ask(house, lambda register: webhooks.try_again(register, webhook)))


async def _one(house: House, caller: Caller, id: str) -> Subscription:
    found = await _ask(house, lambda register: webhooks.subscriptions(register, id=id))
    if not found:
        raise Refusal("not-found", f"There is no webhook {id}.")
    check_authority(caller, found[0].authority)
    return found[0]


async def _ask(house: House, work: Callable[[Register], T]) -> T:
    try:
        return await house.reach.ask(work)
    except Unavailable:
        raise unavailable("The register does not answer.") from None
