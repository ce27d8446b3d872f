"""Requests of intake callers that belong to no complaint they reach: staff match or dismiss them."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from redress.api.bodies import Unparsed
from redress.api.context import AppContext, Context, CurrentCaller, check_reach
from redress.api.problems import Refusal, check_taken, no_such_complaint, problems, unavailable
from redress.api.readings import shows
from redress.api.routing import endpoints, roles
from redress.api.schemas import Next, Schema
from redress.domain.fields import RequiredText
from redress.domain.identifiers import REFERENCE, typed_reference
from redress.domain.log import Answer
from redress.domain.messages import MESSAGES
from redress.domain.parsing import Malformed, problems_of
from redress.security.access import STAFF
from redress.services import unmatched
from redress.services.backends import Unavailable
from redress.services.errors import NoAnswer

router = endpoints("unmatched")

B = TypeVar("B", bound=Schema)

RequestId = Annotated[
    str,
    Path(
        pattern=r"^um_[0-9a-f]{32}$",
        description="The request's id, from the list.",
        examples=["um_0123456789abcdef0123456789abcdef"],
    ),
]


class UnmatchedRequest(Schema):
    """What an intake caller said about a complaint that it does not reach."""

    request: str = Field(examples=["um_0123456789abcdef0123456789abcdef"])
    """Its id."""

    received_at: datetime
    """When it came."""

    on: date
    """The London date it happened or was received: it keeps it when it is matched."""

    caller: str = Field(examples=["web-form"])
    """Who sent it."""

    authority: str | None
    """Whose staff see it; null: staff who are limited to no authority."""

    claimed: str = Field(examples=["CYP-2026-000123"])
    """The reference that the caller named. There may be no such complaint."""

    action: str = Field(examples=["escalate"], json_schema_extra={"enum": [*MESSAGES]})
    """What is asked for."""

    message: dict[str, JsonValue]
    """What came; empty where its key is lost."""


class UnmatchedRequests(Schema):
    """What waits, in the order it came."""

    requests: list[UnmatchedRequest]
    """In the order they came."""

    next: Next


def _typed(reference: object) -> object:
    return typed_reference(reference) if isinstance(reference, str) else reference


class Matching(Schema):
    """The complaint that a request belongs to."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, BeforeValidator(_typed)] = Field(
        pattern=f"^{REFERENCE.pattern}$", examples=["CYP-2026-000123"]
    )
    """The complaint's reference."""


class Dismissing(Schema):
    """Why a request belongs to no complaint."""

    model_config = ConfigDict(extra="forbid")

    reason: RequiredText = Field(examples=["Nobody we know; answered by letter."])
    """In a sentence or two."""


class Match(Unparsed, Matching):
    """The complaint that a request belongs to."""


class Dismissal(Unparsed, Dismissing):
    """Why a request belongs to no complaint."""


@router.get(
    "/v1/unmatched",
    operation_id="list_unmatched",
    summary="Requests that wait to be matched",
    response_model=UnmatchedRequests,
    openapi_extra=roles(STAFF),
)
async def list_unmatched(
    request: Request,
    context: Context,
    caller: CurrentCaller,
    after: Annotated[
        str, Query(max_length=40, description="`next` of the page before; left out: from the start.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most on one page.")] = 100,
) -> dict[str, Any]:
    """What intake callers said about complaints that they do not reach: a person sees where it belongs."""
    page = await context.backends.ask(
        partial(unmatched.waiting, authority=caller.authority, after=after, limit=limit)
    )
    shows(request, *{each.claimed for each in page.requests if each.claimed})
    return {"requests": [each._asdict() for each in page.requests], "next": page.next}


@router.post(
    "/v1/unmatched/{request}/match",
    operation_id="match_request",
    summary="Match a request to its complaint",
    response_model=Answer,
    response_description="Applied. It counts on the day it was received.",
    response_model_exclude_unset=True,
    responses={
        202: {
            "description": "Taken by the complaint; it waits there. `reason` says for what.",
            "model": Answer,
        },
        **problems(409, 410),
    },
    openapi_extra=roles(STAFF),
)
async def match_request(
    request: RequestId, match: Match, response: Response, context: Context, caller: CurrentCaller
) -> Answer:
    """Sends it to the complaint as it came, once; repeat it where no answer comes."""
    await _see(context, request, caller.authority)
    reference = _parsed(Matching, match).reference
    if not await check_reach(context, caller, STAFF, reference):
        raise no_such_complaint()
    try:
        answer = await unmatched.match(
            context.backends.temporal(),
            context.backends.register,
            request,
            reference,
            authority=caller.authority,
            decided_by=caller.name,
            within=context.settings.api_answer_within,
        )
    except (Unavailable, SQLAlchemyError) as error:
        what = str(error) if isinstance(error, Unavailable) else "The register"
        raise unavailable(f"{what} does not answer. Match it again later: it counts once.") from None
    except NoAnswer as error:
        detail = "Nobody answered in time. Match it again: it counts once."
        raise unavailable(detail, applied=error.applied or "no") from None
    check_taken(answer, response)
    return answer


@router.post(
    "/v1/unmatched/{request}/dismiss",
    operation_id="dismiss_request",
    summary="Dismiss a request that belongs to no complaint",
    status_code=204,
    response_description="Dismissed.",
    responses=problems(409),
    openapi_extra=roles(STAFF),
)
async def dismiss_request(
    request: RequestId, dismissal: Dismissal, context: Context, caller: CurrentCaller
) -> Response:
    """It goes with its reason after 90 days."""
    await _see(context, request, caller.authority)
    dismiss = partial(
        unmatched.dismiss,
        request=request,
        reason=_parsed(Dismissing, dismissal).reason,
        authority=caller.authority,
        decided_by=caller.name,
    )
    await context.backends.ask(dismiss)
    return Response(status_code=204)


async def _see(context: AppContext, request: str, authority: str | None) -> None:
    """Whether there is such a request is asked before the body is looked at. Raises `Refusal`."""
    if not await context.backends.ask(partial(unmatched.is_seen, request=request, authority=authority)):
        raise Refusal("not-found", "There is no such request, or it is not this caller's to reach.")


def _parsed(kind: type[B], body: Unparsed) -> B:
    try:
        return kind.model_validate(body.raw)
    except ValidationError as error:
        raise Malformed(problems_of(error)) from None
