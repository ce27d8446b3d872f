"""The codec endpoint: the Temporal UI and the `temporal` command read and write payloads through it.

Temporal's remote codec protocol: POST a JSON of payloads to `/codec/encode` or `/codec/decode`, and get as
many back. A payload that nobody here can read comes back as a placeholder that says so, never as an error,
or one bad payload would hide a whole page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from google.protobuf import json_format
from pydantic import Field
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common import v1 as common
from temporalio.api.common.v1 import Payload

from redress.api.bodies import Unparsed
from redress.api.callers import CHALLENGE
from redress.api.context import AppContext, Context, CurrentCaller
from redress.api.pages import page
from redress.api.problems import wrong
from redress.api.readings import shows
from redress.api.routing import OPEN, endpoints, roles
from redress.api.schemas import Schema
from redress.contract import WORKFLOW_ID_PREFIX
from redress.security.access import CODEC
from redress.security.encryption import EnvelopeCipher
from redress.temporal.codec import EncryptionCodec, decrypted

router = endpoints("codec")

MAX_PAYLOADS = 10_000

Base64 = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]


class PayloadDocument(Schema):
    """A payload of Temporal's, as protobuf writes it in JSON."""

    metadata: dict[str, Base64] = {}
    """How the data is encoded, above all."""

    data: Base64 = ""
    """The data."""


class Payloads(Unparsed):
    """Temporal payloads, as protobuf writes them in JSON."""

    payloads: list[PayloadDocument] = Field(default=[], max_length=MAX_PAYLOADS)
    """One or several."""


class CrossOrigin:
    """Lets pages of the Temporal UI use the codec, from their own origin, with their cookie; nothing else."""

    def __init__(self, app: ASGIApp, origins: list[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_credentials=True,
            allow_methods=["POST"],
            allow_headers=["authorization", "content-type", "x-namespace", "caller-type"],
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_codec = scope["type"] == "http" and scope["path"] in ("/codec/encode", "/codec/decode")
        await (self._shared if is_codec else self._app)(scope, receive, send)


@router.post(
    "/codec/encode",
    operation_id="codec_encode",
    summary="Encrypt payloads",
    response_model=Payloads,
    response_description="As many payloads, in the same order.",
    openapi_extra=roles(CODEC),
)
async def encode(body: Payloads, context: Context) -> Response:
    """For what is not known yet whose it is: each encrypted under a key of its own."""
    payloads = await asyncio.to_thread(_payloads, body)
    if isinstance(context.cipher, EnvelopeCipher):
        payloads = await EncryptionCodec(context.cipher, WORKFLOW_ID_PREFIX).encode(payloads)
    return await asyncio.to_thread(_answer, payloads)


@router.post(
    "/codec/decode",
    operation_id="codec_decode",
    summary="Decrypt payloads",
    response_model=Payloads,
    response_description="As many payloads, in the same order.",
    openapi_extra=roles(CODEC),
)
async def decode(body: Payloads, request: Request, context: Context, caller: CurrentCaller) -> Response:
    """What cannot be read, since its key is destroyed or was never here, comes back as words that say so.

    So does, for a caller who is limited to an authority, what is another authority's, or nobody knows whose.
    Who decodes is written down with each complaint whose key was used.
    """
    payloads, used = await asyncio.to_thread(_payloads, body), set[str]()
    if isinstance(context.cipher, EnvelopeCipher):
        may_read = _of_authority(context, caller.authority) if caller.authority is not None else None
        payloads, used = await asyncio.to_thread(decrypted, context.cipher, payloads, may_read)
    shows(request, *used, apart=True)
    return await asyncio.to_thread(_answer, payloads)


def _of_authority(context: AppContext, authority: str) -> Callable[[str | None], bool]:
    """Whether a complaint is an authority's; one that nobody knows is no one's."""

    @cache
    def is_own(reference: str | None) -> bool:
        return reference is not None and context.backends.register.authority_of(reference) == authority

    return is_own


def _payloads(body: Payloads) -> list[Payload]:
    # Of none, the `temporal` command leaves the field out, as when a query fails before it has a result.
    try:
        parsed = json_format.ParseDict(body.raw, common.Payloads(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise wrong("payloads", "should be a list of Temporal payloads") from None
    if len(parsed.payloads) > MAX_PAYLOADS:
        raise wrong("payloads", f"at most {MAX_PAYLOADS} at once")
    return list(parsed.payloads)


def _answer(payloads: list[Payload]) -> Response:
    document: dict[str, Any] = json_format.MessageToDict(common.Payloads(payloads=payloads))
    return Response(json.dumps(document or {"payloads": []}), media_type="application/json")


# --- browsers ------------------------------------------------------------------------------------


@router.get(
    "/codec/login",
    operation_id="codec_login_page",
    include_in_schema=False,
    response_class=HTMLResponse,
    openapi_extra=OPEN,
)
async def login_page(request: Request, context: Context) -> HTMLResponse:
    """A form for a token."""
    if not context.callers.browsers.is_safe(request):
        return _form(UNSAFE, 403)
    return _form(
        "Log in here once a day; then go back to the UI, which asks this API to decrypt what you see."
    )


@router.post("/codec/login", operation_id="codec_login", include_in_schema=False, openapi_extra=OPEN)
async def login(request: Request, context: Context) -> Response:
    """Take a token for a session that lives in a cookie which no script can read.

    A token that cannot be taken is answered with the form and what is wrong: a person reads it. Each login
    begins a session of its own, and ends the one that the browser had.
    """
    callers, browsers = context.callers, context.callers.browsers
    secret = _token(await request.body())
    if not browsers.is_safe(request):
        return _form(UNSAFE, 403)
    if not browsers.is_own_form(request):
        return _form(FORGED, 403)
    caller = await callers.of_token(secret)
    if caller is None:  # a good one is never locked out by bad ones from the same address
        callers.count_unknown(request)
        text = "The token is unknown, revoked or over. A new one: starter.py token new NAME --role codec."
        return _form(text, 401, CHALLENGE)
    if not caller.roles & CODEC:
        text = "This token is for other work: reading takes one with the role codec."
        return _form(text, 403)
    await _end_session(request, context)
    session, ends = await asyncio.to_thread(callers.tokens.begin_session, caller)
    text = "You are logged in. Go back to the Temporal UI and load its page anew."
    response = page("login", text=text, ways_back=browsers.ways_back(request))
    browsers.give(response, session, ends)
    return response


@router.post("/codec/logout", operation_id="codec_logout", include_in_schema=False, openapi_extra=OPEN)
async def logout(request: Request, context: Context) -> Response:
    """Forget the browser."""
    if not context.callers.browsers.is_own_form(request):
        return _form(FORGED, 403)
    await _end_session(request, context)
    response = RedirectResponse("/codec/login", status_code=303)
    context.callers.browsers.take_back(response)
    return response


UNSAFE = (
    "By http a login is taken on this machine alone: anybody under way could read the token. "
    "Put https before the API and set REDRESS_API_HTTPS=true."
)

FORGED = "This form came from another site, and nothing was done. Here is our own."


def _form(text: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return page("login", status, headers, text=text, form=text is not UNSAFE)


def _token(body: bytes) -> str:
    """The token in a form; empty where there is none."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5)
    except ValueError:  # more fields than the form has
        return ""
    return fields.get("token", [""])[0].strip()


async def _end_session(request: Request, context: Context) -> None:
    session = context.callers.browsers.session(request.cookies)
    if session is not None:
        await asyncio.to_thread(context.callers.tokens.end_session, session)
