"""E-mails over HTTP: each becomes a contact of the complaint that it belongs to."""

from __future__ import annotations

import asyncio
import base64
from datetime import date
from typing import Literal

from fastapi import Response
from pydantic import ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import AppContext, Context, CurrentCaller, Reference
from redress.api.problems import Refusal, check_taken, problems, unavailable, wrong
from redress.api.routing import endpoints, roles
from redress.api.schemas import Schema
from redress.domain.fields import Day
from redress.domain.log import Answer
from redress.security.access import CASEWORK, STAFF
from redress.security.tokens import Caller
from redress.services import emails, unmatched
from redress.services.backends import Unavailable
from redress.services.errors import NoAnswer

router = endpoints("messages")


class IncomingEmail(Schema):
    """An e-mail as a mail program keeps it."""

    model_config = ConfigDict(extra="forbid")

    eml: str = Field(min_length=1, examples=["RnJvbTogcm9iaW5AaW52ZW50ZWQuZXhhbXBsZQ0K"])
    """The file (RFC 5322) in Base64."""

    direction: Literal["in", "out"] | None = None
    """`in`: the person wrote; `out`: the authority did. Left out: by who sent it."""

    on: Day | None = None
    """Instead of the e-mail's own London date."""


class TakenEmail(Schema):
    """What became of an e-mail."""

    reference: str | None = Field(examples=["CYP-2026-000123"])
    """The complaint that it is a contact of; null: it answers none of our e-mails to a person."""

    request: str | None
    """Where it waits among the unmatched requests; null: it does not."""

    answer: Answer
    """What the complaint answered."""

    documents: list[str] = Field(examples=[["0123456789abcdef0123456789abcdef"]])
    """The e-mail and its attachments, as documents of the complaint: what each is called there."""

    not_kept: str
    """Why what came with it is not kept; empty: it is, or nothing came."""


@router.post(
    "/v1/contacts",
    operation_id="bring_email",
    summary="Record an e-mail as a contact of the complaint that it answers",
    responses={202: {"description": "Kept until a person sees where it belongs."}, **problems(409)},
    openapi_extra=roles(STAFF),
)
async def bring_email(
    email: IncomingEmail, context: Context, caller: CurrentCaller, response: Response
) -> TakenEmail:
    """Found by its headers, never guessed. What answers none of ours waits with the unmatched requests.

    Its attachments are kept as those of an e-mail whose complaint is named; of one that waits once it is
    matched and comes again.
    """
    return await _take(context, caller, email, None, response)


@router.post(
    "/v1/complaints/{reference}/contacts",
    operation_id="record_email",
    summary="Record an e-mail as a contact of this complaint",
    responses={202: {"description": "It waits for its day or a person."}, **problems(409)},
    openapi_extra=roles(CASEWORK),
)
async def record_email(
    reference: Reference, email: IncomingEmail, context: Context, caller: CurrentCaller, response: Response
) -> TakenEmail:
    """Once, however often it comes. What answers a letter of another complaint is refused.

    It and its attachments become documents of the complaint. Where the document store does not answer, the
    contact is recorded and this is a 503 with `applied` `yes`: send it again, and they are kept.
    """
    return await _take(context, caller, email, reference, response)


async def _take(
    context: AppContext, caller: Caller, email: IncomingEmail, reference: str | None, response: Response
) -> TakenEmail:
    try:
        raw = await asyncio.to_thread(base64.b64decode, email.eml, validate=True)
    except ValueError:
        raise wrong("eml", "should be the file in Base64") from None
    with context.document_work.under_way(caller.identity):
        taken = await _taken(context, caller, raw, reference, email.direction, email.on)
    check_taken(taken.answer, response)
    names = [each["document"] for each in taken.documents]
    return TakenEmail(**taken._asdict() | {"documents": names})


async def _taken(
    context: AppContext,
    caller: Caller,
    raw: bytes,
    reference: str | None,
    direction: emails.Direction | None,
    on: date | None,
) -> emails.Taken:
    try:
        return await emails.take(
            context.backends.temporal(),
            context.backends.register,
            raw,
            caller,
            documents=context.documents,
            reference=reference,
            direction=direction,
            on=on,
            within=context.settings.api_answer_within,
            apart=context.document_work.run,
        )
    except (Unavailable, SQLAlchemyError) as error:
        what = str(error) if isinstance(error, Unavailable) else "The register"
        raise unavailable(f"{what} does not answer. Send it again later: it counts once.") from None
    except NoAnswer as error:
        detail = "Nobody answered in time. Send it again: it counts once."
        raise unavailable(detail, applied=error.applied or "no") from None
    except emails.NotKept as error:
        raise unavailable(f"{str(error)[:1].upper()}{str(error)[1:]}.", applied="yes") from None
    except unmatched.TooManyWait:
        detail = f"{unmatched.MOST_WAITING} requests of this caller wait to be matched: see to them first."
        raise Refusal("too-many", detail, headers={"Retry-After": "3600"}) from None
