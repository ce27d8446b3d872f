"""Every path, method and role: 401 and 403 exactly where the table says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute

from redress.api.app import build
from redress.api.routing import endpoints
from redress.api.settings import ApiSettings
from redress.domain.messages import MESSAGES
from redress.security.access import ROLES
from redress.security.encryption import PlaintextCipher
from redress.settings import TRIAL
from tests.api.api_process import ApiProcess, access
from tests.stores import migrated

OPEN = {"healthz", "readyz", "openapi", "docs", "codec_login_page", "codec_login", "codec_logout"}
"""Operations that need no token. None of them shows anything of a complaint."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Way(NamedTuple):
    """A way in: an operation with its method, and a path that leads to it."""

    operation: str
    method: str
    path: str


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> list[Way]:
    state: Path = tmp_path_factory.mktemp("walk")
    app = build(migrated(ApiSettings(state=state, trial=TRIAL)), PlaintextCipher())
    return list(_ways(app.routes))


def _ways(routes: object) -> Iterator[Way]:
    """Every way in that the app itself has, routers within routers too."""
    for route in routes if isinstance(routes, list) else []:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from _ways(inner)
            continue
        assert isinstance(route, APIRoute), route
        assert route.operation_id, route.path
        path = (
            route.path.replace("{reference}", "CYP-1999-000001")
            .replace("{receipt}", "rc_" + "0" * 32)
            .replace("{webhook}", "wh_" + "0" * 24)
            .replace("{number}", "1")
            .replace("{request}", "um_" + "0" * 32)
            .replace("{mark}", "0" * 8)
            .replace("{person}", "pn_" + "0" * 24)
            .replace("{document}", "0" * 32)
        )
        assert "{" not in path, path
        yield from (Way(route.operation_id, method, path) for method in sorted(route.methods or ()))


def test_each_operation_stands_in_the_table_once(ways: list[Way]) -> None:
    names = [way.operation for way in ways]
    assert len(names) == len(set(names)) > 40
    assert set(names) == access().keys()
    assert {name for name, allowed in access().items() if allowed is None} == OPEN
    for action, kind in MESSAGES.items():
        assert access()[f"send_{action}"] == kind.sent_by


async def test_every_role_on_every_path_and_method(api: ApiProcess, ways: list[Way]) -> None:
    callers = {role: api.headers(role) for role in ROLES}
    allowed = {(way.method, way.path): way for way in ways}
    allowed_roles = access()
    seen = 0
    for path in {way.path for way in ways}:
        for method in METHODS:
            way = allowed.get((method, path))
            for role, headers in callers.items():
                answer = await api.http.request(method, path, headers=headers)
                seen += 1
                if way is None:
                    assert answer.status_code == 405, (method, path, role)
                elif way.operation in OPEN:
                    # Logging in takes no header, only what the form holds.
                    expected = {401} if way.operation == "codec_login" else {200, 303}
                    assert answer.status_code in expected, (way, role)
                elif role in (allowed_roles[way.operation] or ()):
                    assert answer.status_code not in (401, 403, 405, 500), (way, role, answer.text)
                else:
                    assert answer.status_code == 403, (way, role, answer.text)
                    assert answer.headers["content-type"] == "application/problem+json"
    assert seen == len({way.path for way in ways}) * len(METHODS) * len(ROLES)


async def test_nobody_without_a_good_token_reaches_anything(api: ApiProcess, ways: list[Way]) -> None:
    everything = list(ROLES)
    over = api.token(*everything, lasts=timedelta(microseconds=1))
    revoked = api.token(*everything, name="revoked-one")
    good = api.token(*everything)
    api.tokens.revoke("revoked-one")
    bad: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": f"Bearer {good}x"},
        {"Authorization": "Bearer rdr_" + "A" * 43},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4Iiwicm9sZXMiOlsic3RhZmYiXX0."},
        {"Authorization": f"Bearer {over}"},
        {"Authorization": f"Bearer {revoked}"},
        {"Cookie": f"redress_codec={good}"},
    ]
    for way in ways:
        if way.operation in OPEN:
            continue
        for headers in bad:
            answer = await api.http.request(way.method, way.path, headers=headers)
            assert answer.status_code == 401, (way, headers)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


def test_an_endpoint_that_names_no_roles_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="roles"):
        endpoints().get("/v1/forgotten")(lambda: None)


async def test_who_calls_is_asked_before_the_body_is_read(api: ApiProcess) -> None:
    theirs = await api.open(api.headers("staff"), authority="north-somerset")
    path = f"/v1/complaints/{theirs}/acknowledge"
    for headers, status in (
        ({}, 401),
        (api.headers("reader"), 403),
        (api.headers("staff", authority="family-rights"), 404),
        (api.headers("staff"), 422),
    ):
        json_ = headers | {"Content-Type": "application/json"}
        answer = await api.http.post(path, content=b"{not json", headers=json_)
        assert answer.status_code == status, answer.text
