"""Managing webhooks over HTTP."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example
from pydantic import ConfigDict, Field

from redress.api.context import AppContext, Context, CurrentCaller, check_authority
from redress.api.problems import Refusal, wrong
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import Schema
from redress.procedures.loader import authority_names
from redress.security.access import MANAGER
from redress.security.tokens import Caller
from redress.services.webhook_addresses import NotAllowed, check_url
from redress.store import webhooks
from redress.store.notices import EVENTS, Event
from redress.store.webhooks import Subscription

router = endpoints("webhooks")

HookId = Annotated[
    str, Path(pattern=r"^wh_[0-9a-f]{24}$", description="Its id.", examples=["wh_0123456789abcdef01234567"])
]

EXAMPLES: dict[str, Example] = {
    "everything of one authority": {
        "value": {"url": "https://casework.invented.example/redress", "authority": "family-rights"}
    }
}

MAX_WEBHOOKS = 50
"""How many webhooks one authority may have; those of all authorities count apart, as one more."""


class NewWebhook(Schema):
    """A webhook to be made."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2000, examples=["https://casework.invented.example/redress"])
    """Where it leads: https, a public host. Redirects are not followed."""

    events: list[Event] = Field(default=[*EVENTS], min_length=1)
    """What is sent; all, if left out."""

    authority: str | None = Field(default=None, examples=["family-rights"])
    """Only this authority's complaints."""


class Webhook(Schema):
    """A webhook."""

    id: str = Field(examples=["wh_0123456789abcdef01234567"])
    """Its name; the first part of `webhook-id` in what it is sent."""

    url: str
    """Where it leads."""

    events: list[Event]
    """What it is sent."""

    authority: str | None
    """Only this authority's complaints; null: all."""

    made_by: str
    """The name of the caller who made it."""

    made_at: datetime
    """When."""

    waiting: int
    """Deliveries that have not arrived yet."""

    delivered: int
    """Deliveries that arrived."""

    given_up: int
    """Deliveries that were tried for days in vain."""

    last_answer: str
    """What the receiver last answered, if a delivery waits or was given up."""


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str
    """Signs every delivery; `whsec_` and Base64."""


class Webhooks(Schema):
    """All webhooks."""

    webhooks: list[Webhook]
    """In the order they were made."""


class Retried(Schema):
    """How many deliveries are tried anew."""

    retried: int
    """How many."""


@router.post(
    "/v1/webhooks",
    summary="Subscribe to changes",
    status_code=201,
    response_description="Made. Keep the `secret`: it is not shown again.",
    responses={201: header("Location", "Where it can be read.")},
    openapi_extra=roles(MANAGER),
)
async def make_webhook(
    new: Annotated[NewWebhook, Body(openapi_examples=EXAMPLES)],
    response: Response,
    context: Context,
    caller: CurrentCaller,
) -> WebhookWithSecret:
    """Tells a system of openings, stage changes, closings, reopenings and breaches, by POST, signed.

    The secret is shown this once.

    Each notice comes once for each webhook, with the same `webhook-id` however often it is tried, for about
    four days. What happened before the webhook was made is not sent.
    """
    _check(new, context, caller)
    only = new.authority or caller.authority
    living = await context.backends.ask(partial(webhooks.count, authority=only))
    if living >= MAX_WEBHOOKS:
        whose = f"of {only}" if only else "of all authorities"
        raise wrong("url", f"there are {MAX_WEBHOOKS} webhooks {whose} already: end one")
    made, secret = await context.backends.ask(
        lambda register: webhooks.subscribe(register, new.url, new.events, only, caller.name)
    )
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return WebhookWithSecret(**made._asdict(), secret=secret)


def _check(new: NewWebhook, context: AppContext, caller: Caller) -> None:
    if new.authority is not None:
        check_authority(caller, new.authority)
        if new.authority not in authority_names():
            raise wrong("authority", f"is none of {', '.join(authority_names())}")
    try:
        check_url(new.url, context.settings.webhook_rules)
    except NotAllowed as error:
        raise wrong("url", str(error)) from None


@router.get(
    "/v1/webhooks",
    summary="List webhooks",
    response_model=Webhooks,
    openapi_extra=roles(MANAGER, is_personal=False),
)
async def list_webhooks(context: Context, caller: CurrentCaller) -> dict[str, list[Subscription]]:
    """Those that there are, with how many deliveries wait, arrived, and were given up."""
    subscriptions = partial(webhooks.subscriptions, authority=caller.authority)
    return {"webhooks": await context.backends.ask(subscriptions)}


@router.get(
    "/v1/webhooks/{webhook}",
    summary="One webhook",
    response_model=Webhook,
    openapi_extra=roles(MANAGER, is_personal=False),
)
async def read_webhook(webhook: HookId, context: Context, caller: CurrentCaller) -> Subscription:
    """One webhook, with how its deliveries went."""
    return await _one(context, caller, webhook)


@router.delete(
    "/v1/webhooks/{webhook}",
    summary="End a webhook",
    status_code=204,
    response_description="Ended.",
    openapi_extra=roles(MANAGER),
)
async def end_webhook(webhook: HookId, context: Context, caller: CurrentCaller) -> Response:
    """Ends a webhook; what waits for it is dropped."""
    await _one(context, caller, webhook)
    await context.backends.ask(partial(webhooks.end, id=webhook))
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook}/secret",
    summary="Give a webhook a new secret",
    response_description="The new secret. Keep it: it is not shown again.",
    openapi_extra=roles(MANAGER),
)
async def renew_webhook_secret(webhook: HookId, context: Context, caller: CurrentCaller) -> WebhookWithSecret:
    """For a day each delivery bears two signatures, by the new secret and by the former one."""
    subscription = await _one(context, caller, webhook)
    secret = await context.backends.ask(partial(webhooks.renew_secret, id=webhook))
    return WebhookWithSecret(**subscription._asdict(), secret=secret)


@router.post(
    "/v1/webhooks/{webhook}/retry",
    summary="Try given-up deliveries anew",
    openapi_extra=roles(MANAGER),
)
async def retry_webhook(webhook: HookId, context: Context, caller: CurrentCaller) -> Retried:
    """For a receiver that was down for longer than deliveries are tried."""
    await _one(context, caller, webhook)
    return Retried(retried=await context.backends.ask(partial(webhooks.try_again, id=webhook)))


async def _one(context: AppContext, caller: Caller, id: str) -> Subscription:
    its_own = partial(webhooks.subscriptions, id=id, authority=caller.authority)
    for subscription in await context.backends.ask(its_own):
        return subscription
    raise Refusal("not-found", "There is no such webhook, or it is not this caller's to reach.")
