"""The codec endpoint: the Temporal UI and the `temporal` command read and write payloads through it.

Temporal's remote codec protocol: POST a JSON of payloads to `/codec/encode` or `/codec/decode`, and get as
many back. A payload that nobody here can read comes back as a placeholder that says so, never as an error,
or one bad payload would hide a whole page.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from google.protobuf import json_format
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common.v1 import Payload, Payloads

from redress.api.bodies import read_object
from redress.api.callers import CHALLENGE, COOKIE
from redress.api.context import TheHouse
from redress.api.openapi import answers, payloads_body
from redress.api.problems import wrong
from redress.contract import workflow_id
from redress.security.access import ACCESS
from redress.security.encryption import Cipher, EnvelopeCipher
from redress.temporal.codec import EncryptionCodec, placeholder

router = APIRouter(tags=["codec"])

MOST_PAYLOADS = 10_000


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
    responses=answers(body=True),
    openapi_extra=payloads_body(),
)
async def encode(request: Request, house: TheHouse) -> Response:
    """For what is not known yet whose it is: each encrypted under a key of its own."""
    payloads = await _payloads(request)
    if isinstance(house.cipher, EnvelopeCipher):
        payloads = await EncryptionCodec(house.cipher, workflow_id("")).encode(payloads)
    return _answer(payloads)


@router.post(
    "/codec/decode",
    operation_id="codec_decode",
    summary="Decrypt payloads",
    responses=answers(body=True),
    openapi_extra=payloads_body(),
)
async def decode(request: Request, house: TheHouse) -> Response:
    """What cannot be read, since its key is destroyed or was never here, comes back as words that say so."""
    payloads = await _payloads(request)
    return _answer(await asyncio.to_thread(_decoded, house.cipher, payloads))


def _decoded(cipher: Cipher, payloads: list[Payload]) -> list[Payload]:
    return (
        [placeholder(cipher, each) for each in payloads] if isinstance(cipher, EnvelopeCipher) else payloads
    )


async def _payloads(request: Request) -> list[Payload]:
    document = await read_object(request)
    # Of none, the `temporal` command leaves the field out, as when a query fails before it has a result.
    found = Payloads()
    try:
        json_format.ParseDict(document, found, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise wrong("payloads", "should be a list of Temporal payloads") from None
    if len(found.payloads) > MOST_PAYLOADS:
        raise wrong("payloads", f"at most {MOST_PAYLOADS} at once")
    return list(found.payloads)


def _answer(payloads: list[Payload]) -> Response:
    said: dict[str, Any] = json_format.MessageToDict(Payloads(payloads=payloads))
    return Response(json.dumps(said or {"payloads": []}), media_type="application/json")


# --- browsers ------------------------------------------------------------------------------------

STYLE = "body{font:1rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}input{width:100%}"

POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
}


def _page(said: str, form: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Reading payloads</title>'
        f"<style>{STYLE}</style><h1>Reading payloads in the Temporal UI</h1><p>{said}</p>{form}"
    )


FORM = (
    '<form method="post" action="/codec/login"><label for="token">A token with the role codec</label>'
    '<input id="token" name="token" type="password" autocomplete="off" required autofocus>'
    "<p><button>Log in</button></p></form>"
    '<form method="post" action="/codec/logout"><button>Log out</button></form>'
)


@router.get(
    "/codec/login", operation_id="codec_login_page", include_in_schema=False, response_class=HTMLResponse
)
async def login_page() -> HTMLResponse:
    """A form for a token."""
    said = "Log in here once a day; then go back to the UI, which asks this api to decrypt what you look at."
    return HTMLResponse(_page(said, FORM), headers=POLICY)


@router.post("/codec/login", operation_id="codec_login", include_in_schema=False)
async def login(request: Request, house: TheHouse) -> Response:
    """Take a token for a session that lives in a cookie which no script can read.

    A token that cannot be taken is answered with the form and what is wrong: a person reads it.
    """
    house.callers.count_stranger(request)
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=5)
    secret = fields.get("token", [""])[0].strip()
    caller = await house.callers.of_token(secret)
    if caller is None:
        said = "The token is unknown, revoked or over. A new one: starter.py token new NAME --role codec."
        return HTMLResponse(_page(said, FORM), status_code=401, headers={**POLICY, **CHALLENGE})
    if not caller.roles & ACCESS["codec_decode"] or caller.authority is not None:
        said = "This token is for other work: reading takes one with the role codec, for all authorities."
        return HTMLResponse(_page(said, FORM), status_code=403, headers=POLICY)
    session, ends = await asyncio.to_thread(house.callers.tokens.begin_session, caller)
    response = HTMLResponse(
        _page("You are logged in: go back to the Temporal UI and load the page anew."), headers=POLICY
    )
    response.set_cookie(
        COOKIE,
        session,
        expires=ends,
        path="/codec",
        httponly=True,
        samesite="lax",
        secure=house.settings.gateway_https,
    )
    return response


@router.post("/codec/logout", operation_id="codec_logout", include_in_schema=False)
async def logout(request: Request, house: TheHouse) -> Response:
    """Forget the browser."""
    session = request.cookies.get(COOKIE)
    if session:
        await asyncio.to_thread(house.callers.tokens.end_session, session)
    response = RedirectResponse("/codec/login", status_code=303)
    response.delete_cookie(COOKIE, path="/codec")
    return response
