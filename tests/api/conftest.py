"""What the API's tests share: one api beside the run's server and worker, and one whole deployment."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from temporalio.client import Client

from redress.settings import Settings
from redress.store.register import Register
from tests.api.api_process import ApiProcess
from tests.api.deployment import CuttableDeployment, built
from tests.api.issuer import AUDIENCE, Issuer, issuing


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest_asyncio.fixture(scope="session")
async def api(
    server: tuple[str, Client], shared_register: Register, settings: Settings, issuer: Issuer
) -> AsyncIterator[ApiProcess]:
    """An API for the whole run, beside the run's own server and worker."""
    api = ApiProcess(
        settings.state,
        server[0],
        REDRESS_WEBHOOK_LOOPBACK="true",
        REDRESS_WEBHOOK_PAUSE="0.05",
        REDRESS_OIDC_ISSUER=issuer.url,
        REDRESS_OIDC_AUDIENCE=AUDIENCE,
        REDRESS_OIDC_ROLES_CLAIM="realm.roles",
        REDRESS_OIDC_ROLES=json.dumps(
            {"Complaints-Staff": "staff", "Payloads": "codec", "Web-Form": "intake"}
        ),
        REDRESS_OIDC_AUTHORITY_CLAIM="council",
    )
    await api.start()
    await api.reaches()
    yield api
    await api.close()


@pytest_asyncio.fixture(scope="session")
async def staff(api: ApiProcess) -> dict[str, str]:
    return api.headers("staff")


@pytest_asyncio.fixture(scope="session")
async def manager(api: ApiProcess) -> dict[str, str]:
    return api.headers("complaints_manager")


@pytest_asyncio.fixture(scope="session")
async def intake(api: ApiProcess) -> dict[str, str]:
    return api.headers("intake")


@pytest_asyncio.fixture(scope="session")
async def _deployment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CuttableDeployment]:
    async with built(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest_asyncio.fixture
async def deployment(_deployment: CuttableDeployment) -> CuttableDeployment:
    """The deployment, with all its parts running."""
    await _deployment.made_whole()
    return _deployment
