"""The API as people run it: a process of its own, with the real server, worker and register."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from temporalio.client import Client

from redress.api.__main__ import served
from redress.api.app import build, routers
from redress.api.context import AppContext
from redress.api.routing import Route
from redress.api.settings import ApiSettings
from redress.bootstrap_keys import cipher_for
from redress.security.access import Access, Role
from redress.security.encryption import Cipher
from redress.services.clock import today
from redress.settings import Settings
from redress.store.api_store import open_store
from redress.store.database import connect
from redress.store.register import Register
from redress.store.tokens import Tokens
from redress.temporal.embedded import free_port, server_command, wait_for_server
from tests.forking import Forked, started
from tests.stores import migrated

UI = "http://127.0.0.1:8233"
"""Where the Temporal UI is, as far as the codec knows."""

ROOT = Path(__file__).parent.parent.parent

_numbers = itertools.count(1)


def invented(**more: object) -> dict[str, Any]:
    """An opening that nobody has sent yet."""
    opening: dict[str, Any] = {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "api-test",
        "source_id": f"invented-{next(_numbers)}",
        "channel": "web_form",
        "received_on": today().isoformat(),
        "points": ["An invented point."],
        "complainant": {"name": "Testa Inventata", "role": "young_person"},
    }
    return opening | more


def access() -> dict[str, frozenset[Role] | None]:
    """Each operation to the roles it is for; None: anybody."""
    each = [route for router in routers() for route in router.routes]
    return {str(route.operation_id): route.allowed for route in each if isinstance(route, Route)}


class ApiProcess:
    """One api process and who may call it."""

    def __init__(self, state: Path, address: str, **settings: str) -> None:
        self.state = state
        self.settings = settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_API")}
        self.environment = given | {
            "TEMPORAL_ADDRESS": address,
            "REDRESS_STATE": str(state),
            "REDRESS_API_PORT": str(self.port),
            "REDRESS_RATE_PER_MINUTE": "1000000",
            "REDRESS_INTAKE_WITHIN": "20",
            **settings,
        }
        self.process: Forked | None = None
        self.http = httpx.AsyncClient(base_url=self.url, timeout=60, verify=False)  # loads no certificates
        self.tokens = Tokens(open_store(migrated(ApiSettings(state=state, api_url="")).store_url))

    def token(
        self,
        *roles: Role,
        authority: str | None = None,
        lasts: timedelta | None = None,
        name: str = "",
        access: Access = "brought",
        sources: list[str] | None = None,
        teams: list[str] | None = None,
    ) -> str:
        name = name or f"caller-{next(_numbers)}"
        return self.tokens.add(name, roles, authority, lasts, access=access, sources=sources, teams=teams)

    def headers(
        self,
        *roles: Role,
        authority: str | None = None,
        name: str = "",
        access: Access = "brought",
        sources: list[str] | None = None,
        teams: list[str] | None = None,
    ) -> dict[str, str]:
        token = self.token(
            *roles, authority=authority, name=name, access=access, sources=sources, teams=teams
        )
        return {"Authorization": f"Bearer {token}"}

    async def start(self) -> None:
        with (self.state / "api.log").open("ab") as log:
            self.process = started("api", self.environment, log)
        await self.until(self._answers)

    async def _answers(self) -> bool:
        try:
            return (await self.http.get("/healthz")).status_code == 200
        except httpx.TransportError:
            return False

    async def reaches(self, *, temporal: bool = True, register: bool = True) -> None:
        """Wait until the API sees these as they are."""

        async def seen() -> bool:
            ready = (await self.http.get("/readyz")).json()
            return (ready["temporal"], ready["register"]) == (temporal, register)

        await self.until(seen)

    async def until(self, what: Any, seconds: float = 90) -> None:
        for _ in range(int(seconds * 20)):
            if await what():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"it did not come to pass; the log: {self.log()[-3000:]}")

    async def stop(self, how: signal.Signals = signal.SIGKILL) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(how)
        return await asyncio.to_thread(process.wait)

    def log(self) -> str:
        return (self.state / "api.log").read_text()

    async def close(self) -> None:
        await self.http.aclose()
        if self.process is not None:
            await self.stop(signal.SIGTERM)

    # --- what tests do again and again -----------------------------------------------------------

    async def open(self, headers: dict[str, str], **more: object) -> str:
        answer = await self.http.post("/v1/complaints", json=invented(**more), headers=headers)
        assert answer.status_code in (201, 202), f"{answer.text}; the log: {self.log()[-3000:]}"
        reference = answer.json()["reference"]
        assert isinstance(reference, str)
        return reference

    async def send(
        self, headers: dict[str, str], reference: str, action: str, /, **fields: object
    ) -> httpx.Response:
        return await self.http.post(f"/v1/complaints/{reference}/{action}", json=fields, headers=headers)


class ApiThread(ApiProcess):
    """An API of other settings in a thread of this process: real HTTP, and no process to wait for.

    Temporal is out of its reach.
    """

    async def start(self) -> None:
        with pytest.MonkeyPatch.context() as told:
            for name, value in self.environment.items():
                told.setenv(name, value)
            settings = ApiSettings()
            app = build(settings, cipher_for(settings))
        self.context: AppContext = app.state.context
        self._server = uvicorn.Server(served(app, settings))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        await self.until(self._answers)

    async def close(self) -> None:
        await self.http.aclose()
        self._server.should_exit = True
        await asyncio.to_thread(self._thread.join, 60)
        assert not self._thread.is_alive(), "it was told to end, and goes on"


class OwnDeployment:
    """A Temporal server that can be stopped, a worker and an API, all one's own."""

    def __init__(self, state: Path, cipher: Cipher | None = None, **settings: str) -> None:
        self.state = state
        self.cipher = cipher
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.api = ApiProcess(state, self.address, **settings)
        self.server: subprocess.Popen[bytes] | None = None
        self.worker: Forked | None = None
        own = Settings(state=state, register_url=settings.get("REDRESS_REGISTER_URL", ""))
        self.register = Register(connect(own.database_url), cipher)

    async def start_server(self) -> Client:
        with (self.state / "server.log").open("ab") as log:
            command = server_command(self.port, database=self.state / "temporal.db")
            self.server = subprocess.Popen(command, stdout=log, stderr=log)
        return await wait_for_server(self.address, self.server, cipher=self.cipher)

    async def stop_server(self) -> None:
        assert self.server is not None
        server, self.server = self.server, None
        server.terminate()
        await asyncio.to_thread(server.wait)

    def start_worker(self) -> None:
        with (self.state / "worker.log").open("ab") as log:
            self.worker = started("worker", self.api.environment, log)

    async def close(self) -> None:
        await self.api.close()
        for process in (self.worker, self.server):
            if process is not None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                await asyncio.to_thread(process.wait)
        self.register.engine.dispose()
