"""The OpenAPI document: FastAPI's own, with the roles, security and problems of every operation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Header
from fastapi.openapi.utils import get_openapi
from pydantic import Field

from redress.api.limits import LARGEST, LARGEST_BATCH
from redress.api.problems import PROBLEMS, TYPE, Problem, problems
from redress.api.routing import OPEN
from redress.api.schemas import Notice, Schema
from redress.procedures.loader import authority_names
from redress.security.access import CODEC, WHAT_ROLES_ARE

VERSION = "1.0.0"

TEXTS = Path(__file__).with_name("texts")
DATA = tomllib.loads((TEXTS / "document.toml").read_text(encoding="utf-8"))

ABOUT = (TEXTS / "about.txt").read_text(encoding="utf-8")

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
        tags=[{"name": name, "description": what} for name, what in DATA["tags"].items()],
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
