"""The OpenAPI document: what routes say of their answers, the schemas of messages, examples, roles."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from gateway.access import ACCESS, OPEN, WHAT_ROLES_ARE
from gateway.problems import MEDIA_TYPE, SAID, TYPE, Problem
from redress.fields import Day, Id
from redress.messages import MESSAGES, Message
from redress.opening import Opening

VERSION = "1.0.0"

EXAMPLE_OPENING: dict[str, Any] = {
    "authority": "family-rights",
    "kind": "complaint",
    "source": "web-form",
    "source_id": "example-0001",
    "channel": "web_form",
    "received_on": "2026-11-20",
    "points": ["Nobody told me that my social worker had left."],
    "complainant": {"name": "Juniper Madeup", "role": "young_person", "email": "juniper@madeup.example"},
}

EXAMPLE_MESSAGES: dict[str, dict[str, Any]] = {
    "acknowledge": {"on": "2026-11-23"},
    "accept": {"reason": "It is about a duty under the Act."},
    "decline": {"reason": "It is a request for information, and went to that team."},
    "resolve_informally": {"agreed": True, "terms": "The invented team rings on Mondays."},
    "extend": {"reason": "Two teams are concerned.", "until": "2026-12-18"},
    "respond": {
        "outcome": "partly_upheld",
        "summary": "An invented answer.",
        "remedies": [{"what": "Say sorry."}],
    },
    "escalate": {"reason": "I am not content with the answer."},
    "decide_late": {"accept": True, "reason": "Illness is a good reason."},
    "appoint": {
        "role": "investigating_officer",
        "person": {"name": "Fern Fictitious"},
        "connection": "employee",
    },
    "agree_statement": {"points": ["Nobody told me that my social worker had left."]},
    "report": {"kind": "investigation", "recommendations": [{"what": "Tell people beforehand."}]},
    "schedule_panel": {"meeting_on": "2027-01-20", "place": "An invented hall"},
    "record_meeting": {"with": "the Complaints Manager"},
    "suspend": {"reason": "The same matter is before an invented court.", "review_on": "2027-01-15"},
    "resume": {"reason": "The court has decided."},
    "set_advocate": {"advocate": {"name": "Adva Catena", "email": "adva@invented.example"}},
    "withdraw": {"reason": "It was sorted out."},
    "close": {"reason": "Everything was done.", "agreed_by_complainant": True},
    "ombudsman_decision": {"outcome": "no fault found"},
    "complete_remedy": {"remedy": 1},
    "correct": {"field": "received_on", "value": "2026-11-19", "reason": "The stamp says so."},
    "split": {"points": [2], "procedure": "corporate"},
    "reopen": {"reason": "A letter had been overlooked."},
    "restrict_contact": {"reason": "Threats, an invented example.", "until": "2027-02-01"},
    "add_note": {"note": "Rang; nobody at home."},
}

EXAMPLE_WEBHOOK: dict[str, Any] = {
    "url": "https://casework.invented.example/redress",
    "authority": "family-rights",
}

TAGS = [
    {"name": "complaints", "description": "Open complaints, read where they stand, follow them."},
    {"name": "messages", "description": "What happens to a complaint: one operation for each action."},
    {"name": "dates", "description": "What is due, and how a date is counted."},
    {"name": "webhooks", "description": "Being told of stage changes, closings and breaches."},
    {"name": "codec", "description": "For the Temporal UI and command: payloads encrypted and decrypted."},
    {"name": "health", "description": "For whoever watches over the gateway."},
]

ABOUT = """\
Complaints under the procedures of children's social care in England: open them, send them what happens,
read what is owed by whom by when.

**Who calls.** `Authorization: Bearer TOKEN`. Whoever runs the gateway makes tokens with
`starter.py token new`. {roles}

**Errors** are problem documents (RFC 9457, `application/problem+json`); `errors` names each field.

**Repeats.** Whatever may be lost on the way may be sent again: an opening is one by `authority`, `source`
and `source_id`, a message by its `message_id` or `Idempotency-Key`. After a 503 send the same again.

**Dates** are London dates, `YYYY-MM-DD`.
"""


def answers(
    more: dict[int, tuple[str, type[BaseModel]]] | None = None,
    *,
    body: bool = False,
    found: bool = False,
    refused: bool = False,
    reaches: bool = False,
) -> dict[int | str, dict[str, Any]]:
    """Every status an operation answers with, beside its usual one.

    `body`: it takes a body; `found`: it is about a thing that may not be there; `refused`: the rules may
    refuse it; `reaches`: it needs the register or Temporal.
    """
    statuses = [401, 403, 422, 429, 500]
    statuses += [408, 413, 415] if body else [413]
    statuses += [404] if found else []
    statuses += [409, 410] if refused else []
    statuses += [503]  # the gateway's own store, or an issuer, may be out of reach for anybody
    known: dict[int | str, dict[str, Any]] = {
        status: {"description": said, "model": model} for status, (said, model) in (more or {}).items()
    }
    return known | only(*sorted(statuses))


def only(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem documents of these statuses."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    name, title = next((name, title) for name, (known, title) in SAID.items() if known == status)
    example: dict[str, Any] = {
        "type": TYPE + name,
        "title": title,
        "status": status,
        "detail": "…",
        "errors": [{"field": "received_on", "problem": "is missing"}] if status == 422 else [],
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    said: dict[str, Any] = {"description": f"{title}.", "content": {MEDIA_TYPE: content}}
    if status in (429, 503):
        said["headers"] = {
            "Retry-After": {
                "description": "Seconds until it is worth trying again.",
                "schema": {"type": "integer"},
            }
        }
    return said


def schema_name(action: str) -> str:
    """What the body of an action is called among the schemas."""
    return MESSAGES[action].__name__


def _as_sent(kind: type[Message]) -> type[BaseModel]:
    """A message as callers write it: date and id may be left out."""
    return create_model(
        kind.__name__,
        __base__=kind,
        __doc__=kind.title,
        on=(Day | None, None),
        message_id=(Id | None, None),
    )


def payloads_body() -> dict[str, Any]:
    """Request and answer of the codec: as many payloads back as came."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Payloads"}}}
    return {
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "As many payloads, in the same order.", "content": content}},
    }


PAYLOADS = {
    "type": "object",
    "description": "Temporal payloads, as protobuf writes them in JSON.",
    "properties": {
        "payloads": {
            "type": "array",
            "maxItems": 10000,
            "items": {
                "type": "object",
                "properties": {
                    "metadata": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "contentEncoding": "base64"},
                    },
                    "data": {"type": "string", "contentEncoding": "base64"},
                },
            },
        }
    },
    "required": ["payloads"],
}


def describe(app: FastAPI, *, issuer: str = "") -> dict[str, Any]:
    """The OpenAPI document of an app."""
    roles = "Roles: " + "; ".join(f"`{role}` ({what})" for role, what in WHAT_ROLES_ARE.items()) + "."
    document = get_openapi(
        title="Redress",
        version=VERSION,
        summary="Complaints that act on the day",
        description=ABOUT.format(roles=roles),
        routes=app.routes,
        tags=TAGS,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_schemas())
    schemas["Payloads"] = PAYLOADS
    components["securitySchemes"] = _security(issuer)
    for path in document["paths"].values():
        for operation in path.values():
            _who_may(operation, issuer)
    return document


def _schemas() -> dict[str, Any]:
    from gateway.hooks import NewWebhook  # the route's own module, which needs this one

    models: list[type[BaseModel]] = [Opening, Problem, NewWebhook, *map(_as_sent, MESSAGES.values())]
    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = found["$defs"]
    schemas["Opening"]["example"] = EXAMPLE_OPENING
    for action in MESSAGES:
        properties = schemas[schema_name(action)]["properties"]
        properties["by"]["description"] = "Ignored: who calls is what is recorded."
        properties["on"]["description"] = "The London date it happened or was received; today if left out."
        properties["message_id"]["description"] = "Your name for it; made up and given back if left out."
    return schemas


def _security(issuer: str) -> dict[str, Any]:
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
        schemes["issuer"] = {
            "type": "openIdConnect",
            "openIdConnectUrl": f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        }
    return schemes


def _who_may(operation: dict[str, Any], issuer: str) -> None:
    """Write the roles of an operation into it."""
    name = operation["operationId"]
    if name in OPEN:
        operation["security"] = []
        return
    roles = sorted(ACCESS[name])
    operation["x-roles"] = roles
    said = operation.get("description", "")
    operation["description"] = f"{said}\n\nRoles: {', '.join(f'`{role}`' for role in roles)}.".strip()
    operation["security"] = [{"token": []}]
    if issuer:
        operation["security"].append({"issuer": []})
    if name.startswith("codec_"):
        operation["security"].append({"session": []})
