"""The OpenAPI document: what routes say of their answers, the schemas of messages, examples, roles."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from redress.api.examples import EXAMPLE_ANSWERS, EXAMPLE_OPENING
from redress.api.field_words import explain
from redress.api.limits import LARGEST, LARGEST_BATCH
from redress.api.problems import MEDIA_TYPE, SAID, TYPE, Problem
from redress.api.schemas import FORMS, FURTHER, STATUS_LISTS, webhook
from redress.domain.fields import Day, Id
from redress.domain.messages import MESSAGES, Message
from redress.domain.opening import Opening
from redress.procedures.loader import authority_names
from redress.security.access import ACCESS, OPEN, WHAT_ROLES_ARE

VERSION = "1.0.0"

TAGS = [
    {"name": "complaints", "description": "Open complaints, read where they stand, follow them."},
    {"name": "messages", "description": "What happens to a complaint: one operation for each action."},
    {"name": "dates", "description": "What is due, and how a date is counted."},
    {"name": "webhooks", "description": "Being told of stage changes, closings and breaches."},
    {"name": "codec", "description": "For the Temporal UI and command: payloads encrypted and decrypted."},
    {"name": "health", "description": "For whoever watches over the API."},
]

ABOUT = """\
Complaints under the procedures of children's social care in England: open them, send them what happens,
read what is owed by whom by when.

**Who calls.** `Authorization: Bearer TOKEN`. Whoever runs the API makes tokens with
`starter.py token new`. {roles}

**Errors** are problem documents (RFC 9457, `application/problem+json`); `errors` names each field. Tell them
apart by `type`: {problems}. A path that is not there is a 404, a method that it does not take a 405.

**Repeats.** Whatever may be lost on the way may be sent again: an opening is one by `authority`, `source`
and `source_id`, a message by its `message_id` or `Idempotency-Key`. Keep sending the same until there is an
answer below 500; after a 503 or 429 wait for the seconds of `Retry-After` first.

**Pages.** Lists give `next`: ask again with it as `after`, all else alike, until it is null.

**Limits.** A body has at most {largest} bytes (codec: {batch}), one message 32 KiB, an opening 600 KiB; texts
hold 8,000 characters, names and ids 200. One caller has so many requests a minute (600 unless whoever runs
the API chose otherwise; of the codec twenty times as many), a quarter of them at once; then comes a 429.

**Dates** are London dates, `YYYY-MM-DD`; moments are ISO 8601 with their zone. New fields may come at any
time: pass over those you do not know. What you send may hold no unknown ones, and no unknown parameters.
"""


DONE = {
    "open_complaint": "Opened: `reference` is its name from now on.",
    "make_webhook": "Made. Keep the `secret`: it is not shown again.",
    "renew_webhook_secret": "The new secret. Keep it: it is not shown again.",
    "end_webhook": "Ended.",
}
"""What a usual good answer means, where that is not plain."""

APPLIED = "Applied: `changed` says what moved. With `repeated` it came before, and nothing was done again."

HEADERS = {
    "open_complaint": ("Location", "Where it, or while there is no reference its receipt, can be read."),
    "make_webhook": ("Location", "Where it can be read."),
    "read_complaint": ("Redress-Read-From", "Who answered: `temporal`, or `register`."),
    "read_standing": ("Redress-Read-From", "Who answered: `temporal`, or `register`."),
}
"""A header that a good answer has."""

MORE_OF_PROBLEM: dict[str, Any] = {
    "applied": {
        "type": "string",
        "enum": ["no", "unknown"],
        "description": "With a 503 to a message: `no`: it was not taken. `unknown`: it may have been. Send "
        "the same again either way, with `message_id` and `on` as they stand here: it counts once.",
    },
    "message_id": {"type": "string", "description": "With a 409 or 503 to a message: what it is called."},
    "on": {"type": "string", "format": "date", "description": "With a 409 or 503 to a message: its date."},
    "repeated": {"type": "boolean", "description": "With a 409: whether it had been refused before."},
}
"""Further fields of problem documents that answer a message."""


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
    statuses += [503]  # the API's own store, or an issuer, may be out of reach for anybody
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
            "description": "One or several.",
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
        description=ABOUT.format(
            roles=roles,
            problems=", ".join(f"`{TYPE}{name}` ({status})" for name, (status, _) in SAID.items()),
            largest=f"{LARGEST:,}",
            batch=f"{LARGEST_BATCH:,}",
        ),
        routes=app.routes,
        tags=TAGS,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_schemas())
    schemas["Payloads"] = PAYLOADS
    _say_more(schemas)
    components["securitySchemes"] = _security(issuer)
    document["webhooks"] = {"notice": webhook()}
    for path in document["paths"].values():
        for operation in path.values():
            _who_may(operation, issuer)
            _what_comes_back(operation)
    return document


def _say_more(schemas: dict[str, Any]) -> None:
    """Write into the schemas what the routes' own models leave open: what lists hold, what fields mean."""
    schemas.update(FORMS)
    status = schemas["ComplaintStatus"]["properties"]
    for name, form in STATUS_LISTS.items():
        status[name]["items"] = {"$ref": f"#/components/schemas/{form}"}
    status.update(FURTHER)
    schemas["StatusDeadline"]["properties"]["verified"] = {
        "type": "boolean",
        "description": "Whether the rule was read against its text.",
    }
    schemas["MessageAnswer"]["properties"]["changed"]["items"] = {"$ref": "#/components/schemas/ChangedThing"}
    schemas["Problem"]["properties"] |= MORE_OF_PROBLEM
    for name, schema in schemas.items():
        for field, said in schema.get("properties", {}).items():
            meaning = explain(name, field)
            if "description" not in said and meaning is not None:
                said["description"] = meaning
    authorities = schemas["Opening"]["properties"]["authority"]
    authorities["description"] += f" Here: {', '.join(f'`{name}`' for name in authority_names())}."


def _what_comes_back(operation: dict[str, Any]) -> None:
    """Write into an operation how its good answers look, and which headers they have."""
    name = operation["operationId"]
    for status, answer in operation["responses"].items():
        if not status.startswith("2"):
            continue
        if answer["description"] == "Successful Response":
            answer["description"] = DONE.get(name, APPLIED if name.startswith("send_") else "As asked.")
        example = EXAMPLE_ANSWERS.get((name, status))
        if example is not None:
            answer["content"]["application/json"]["example"] = example
        if name in HEADERS:
            header, said = HEADERS[name]
            answer["headers"] = {header: {"description": said, "schema": {"type": "string"}}}


def _schemas() -> dict[str, Any]:
    from redress.api.webhooks import NewWebhook  # the route's own module, which needs this one

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
