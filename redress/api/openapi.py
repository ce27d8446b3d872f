"""The OpenAPI document: FastAPI's own, with the roles, security and problems of every operation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI, Header
from fastapi.openapi.utils import get_openapi

from redress.api.limits import LARGEST, LARGEST_BATCH
from redress.api.problems import PROBLEMS, TYPE, Problem, problems
from redress.api.schemas import Notice
from redress.procedures.loader import authority_names
from redress.security.access import CODEC, WHAT_ROLES_ARE

VERSION = "1.0.0"

TAGS = [
    {"name": "complaints", "description": "Open complaints, read where they stand, follow them."},
    {"name": "messages", "description": "What happens to a complaint: one operation for each action."},
    {"name": "dates", "description": "What is due, and how a date is counted."},
    {"name": "webhooks", "description": "Subscriptions to stage changes, closings and breaches."},
    {"name": "notices", "description": "What webhooks are sent."},
    {"name": "codec", "description": "For the Temporal UI and command: payloads encrypted and decrypted."},
    {"name": "health", "description": "For monitoring."},
]

ABOUT = """\
Complaints under the procedures of children's social care in England: open them, send them what happens,
read what is owed by whom by when.

**Who calls.** `Authorization: Bearer TOKEN`. The API's administrator makes tokens with
`starter.py token new`. {roles}

**Errors** are problem documents (RFC 9457, `application/problem+json`); `errors` names each field. Tell them
apart by `type`: {problems}. A path that is not there is a 404, a method that it does not take a 405.

**Repeats.** Whatever may be lost on the way may be sent again: an opening is one by `authority`, `source`
and `source_id`, a message by its `message_id` or `Idempotency-Key`. Keep sending the same until there is an
answer below 500; after a 503 or 429 wait for the seconds of `Retry-After` first.

**Pages.** Lists give `next`: ask again with it as `after`, all else alike, until it is null.

**Limits.** A body has at most {largest} bytes (codec: {batch}), one message 32 KiB, an opening 600 KiB; texts
hold 8,000 characters, names and ids 200. One caller has so many requests a minute (600 unless its
administrator chose otherwise; of the codec twenty times as many), a quarter of them at once; more get a 429.

**Dates** are London dates, `YYYY-MM-DD`; moments are ISO 8601 with their zone. New fields may come at any
time: pass over those you do not know. What you send may hold no unknown ones, and no unknown parameters.
"""

SIGNED = """\
Every notice is a POST of JSON, signed as Standard Webhooks (symmetric, `v1`) has it. To check that it is
ours:

1. Take the body as it came, byte for byte, before anything parses it.
2. Decode the secret: the Base64 after `whsec_` is the key.
3. Compute HMAC-SHA-256 with that key over `{webhook-id}.{webhook-timestamp}.{body}`, and write it in
   Base64.
4. `webhook-signature` holds one or more signatures with a space between, each `v1,` and Base64: one of
   them has to be yours. Compare in constant time.
5. Turn away what has a `webhook-timestamp` more than five minutes from your clock.

Answer 2xx within 15 seconds and work afterwards. Anything else, a redirect too, is tried again, at first
after seconds, then hours, for about four days. A notice has one `webhook-id` however often it is
tried: keep those you have had, and pass over what you know. The order is not promised; the number after the
dot rises.
"""

EXAMPLE_NOTICE: dict[str, Any] = {
    "type": "complaint.breached",
    "timestamp": "2026-12-05T00:00:02.101000+00:00",
    "data": {
        "on": "2026-12-05",
        "reference": "CYP-2026-000001",
        "authority": "family-rights",
        "procedure": "statutory",
        "kind": "complaint",
        "stage": "stage_1",
        "state": "open",
        "next_due_on": "2026-12-04",
        "waiting_for": "stage_manager",
        "overdue": True,
        "breach": {
            "deadline": "stage_1_response",
            "stage": "stage_1",
            "due_on": "2026-12-04",
            "days": 10,
            "unit": "working_days",
            "owner": "stage_manager",
        },
    },
}


def describe_webhook(app: FastAPI) -> None:
    """Add what the document says of the requests that the API sends."""

    @app.webhooks.post(
        "notice",
        operation_id="notice",
        tags=["notices"],
        summary="What your receiver is sent",
        description=SIGNED,
        response_description="Taken; its body is not read. Any other 2xx says the same.",
        openapi_extra={"security": []},
    )
    def notice(
        notice: Annotated[Notice, Body(openapi_examples={"a breach": {"value": EXAMPLE_NOTICE}})],
        id: Annotated[
            str,
            Header(
                alias="webhook-id",
                description="The delivery's name.",
                examples=["wh_0123456789abcdef01234567.42"],
            ),
        ],
        timestamp: Annotated[
            str,
            Header(
                alias="webhook-timestamp",
                description="When this try was made: Unix seconds.",
                examples=["1796428802"],
            ),
        ],
        signature: Annotated[
            str,
            Header(
                alias="webhook-signature", description="One or more signatures.", examples=["v1,gJm1b0…="]
            ),
        ],
    ) -> None: ...


def describe(app: FastAPI, *, issuer: str = "") -> dict[str, Any]:
    """The OpenAPI document of an app; `issuer`: that of OpenID Connect, where there is one."""
    roles = "Roles: " + "; ".join(f"`{role}` ({what})" for role, what in WHAT_ROLES_ARE.items()) + "."
    document = get_openapi(
        title="Redress",
        version=VERSION,
        summary="Complaints that act on the day",
        description=ABOUT.format(
            roles=roles,
            problems=", ".join(f"`{TYPE}{name}` ({status})" for name, (status, _) in PROBLEMS.items()),
            largest=f"{LARGEST:,}",
            batch=f"{LARGEST_BATCH:,}",
        ),
        routes=app.routes,
        webhooks=app.webhooks.routes,
        tags=TAGS,
    )
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    authority = schemas["Opening"]["properties"]["authority"]
    authority["description"] += f" Here: {', '.join(f'`{name}`' for name in authority_names())}."
    document["components"]["securitySchemes"] = _security_schemes(issuer)
    document["webhooks"]["notice"]["post"]["responses"].pop("422")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "x-roles" in operation:
                _complete(path, operation, issuer)
    return document


def _complete(path: str, operation: dict[str, Any], issuer: str) -> None:
    """Write into an operation for callers with a role what all those have in common."""
    roles = operation["x-roles"]
    description = operation.get("description", "")
    operation["description"] = f"{description}\n\nRoles: {', '.join(f'`{role}`' for role in roles)}.".strip()
    operation["security"] = [{"token": []}]
    operation["security"] += [{"issuer": []}] if issuer else []
    operation["security"] += [{"session": []}] if set(roles) == CODEC else []
    statuses = [401, 403, 413, 422, 429, 500, 503]
    statuses += [408, 415] if "requestBody" in operation else []
    statuses += [404] if "{" in path else []
    described = operation["responses"] | {str(each): answer for each, answer in problems(*statuses).items()}
    operation["responses"] = dict(sorted(described.items()))


def _security_schemes(issuer: str) -> dict[str, Any]:
    schemes: dict[str, Any] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of `starter.py token new`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "redress_codec",
            "description": "A browser's session, from `/codec/login`. For the codec alone.",
        },
    }
    if issuer:
        discovery = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        schemes["issuer"] = {"type": "openIdConnect", "openIdConnectUrl": discovery}
    return schemes
