"""The OpenAPI document: FastAPI's own, with the roles, security and problems of every operation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Header
from pydantic import Field

from redress.api.limits import MAX_BODIES, MAX_BODY
from redress.api.problems import PROBLEMS, TYPE, Problem, problems
from redress.api.routing import OPEN
from redress.api.schemas import Notice, Schema
from redress.procedures.loader import authority_names
from redress.security.access import CODEC, WHAT_ROLES_ARE

TEXTS = Path(__file__).with_name("texts")
DATA = tomllib.loads((TEXTS / "document.toml").read_text(encoding="utf-8"))

ABOUT = (TEXTS / "about.txt").read_text(encoding="utf-8")

ANYTHING = "#/components/schemas/JsonValue"
"""What pydantic calls any JSON value."""

SIGNED = (TEXTS / "notices.txt").read_text(encoding="utf-8")


class SignatureHeaders(Schema):
    """What signs a notice."""

    webhook_id: str = Field(examples=["wh_0123456789abcdef01234567.42"])
    """The delivery's name."""

    webhook_timestamp: str = Field(examples=["1796428802"])
    """When this try was made: Unix seconds."""

    webhook_signature: str = Field(examples=["v1,gJm1b0…="])
    """One or more signatures."""


def describe_webhook(app: FastAPI) -> None:
    """Add what the document says of the requests that the API sends."""

    @app.webhooks.post(
        "notice",
        operation_id="notice",
        tags=["notices"],
        summary="What your receiver is sent",
        description=SIGNED,
        response_description="Taken; its body is not read. Any other 2xx says the same.",
        openapi_extra=OPEN,
    )
    def notice(
        notice: Annotated[Notice, Body(openapi_examples={"a breach": {"value": DATA["example_notice"]}})],
        headers: Annotated[SignatureHeaders, Header()],
    ) -> None: ...


def about() -> dict[str, Any]:
    """What FastAPI writes at the head of the document."""
    roles = "Roles: " + "; ".join(f"`{role}` ({what})" for role, what in WHAT_ROLES_ARE.items()) + "."
    types = ", ".join(f"`{TYPE}{name}` ({status})" for name, (status, _) in PROBLEMS.items())
    limits = {"largest": f"{MAX_BODY:,}", "batch": f"{MAX_BODIES['/codec/decode']:,}"}
    return {
        "title": "Redress",
        "version": "1.0.0",
        "summary": "Complaints that act on the day",
        "description": ABOUT.format(roles=roles, problems=types, **limits),
        "openapi_tags": [{"name": name, "description": what} for name, what in DATA["tags"].items()],
    }


def complete(document: dict[str, Any], *, issuer: str = "") -> None:
    """Add to FastAPI's document what it does not know; `issuer`: that of OpenID Connect, if any."""
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    authority = schemas["Opening"]["properties"]["authority"]
    authority["description"] += f" Here: {', '.join(f'`{name}`' for name in authority_names())}."
    document["components"]["securitySchemes"] = _security_schemes(issuer)
    document["webhooks"]["notice"]["post"]["responses"].pop("422")
    schemas.pop("JsonValue", None)
    _leave_untyped_open(document)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "x-roles" in operation:
                _complete(path, operation, issuer)


def _leave_untyped_open(part: Any) -> None:
    """Say nothing of what may be anything: generators of clients stop at a type that is none.

    An object without `additionalProperties` is as open as one that allows any; a schema without a type as one
    that refers to such.
    """
    if isinstance(part, list):
        for each in part:
            _leave_untyped_open(each)
    if not isinstance(part, dict):
        return
    if part.get("$ref") == ANYTHING:
        del part["$ref"]
    more = part.get("additionalProperties")
    if more is True or more == {} or (isinstance(more, dict) and more.get("$ref") == ANYTHING):
        del part["additionalProperties"]
    for each in part.values():
        _leave_untyped_open(each)


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
    described = operation["responses"] | {
        str(status): answer for status, answer in problems(*statuses).items()
    }
    operation["responses"] = dict(sorted(described.items()))


def _security_schemes(issuer: str) -> dict[str, Any]:
    schemes: dict[str, Any] = {**DATA["security"]}
    if issuer:
        discovery = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        schemes["issuer"] = {"type": "openIdConnect", "openIdConnectUrl": discovery}
    return schemes
