"""A house of one's own for each fault: a server on a file, and a worker process to kill."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.client import Client

from engine.embedded import embedded_server
from engine.settings import Settings
from register.database import connect
from register.register import Register
from tests.conftest import Life

ROOT = Path(__file__).parent.parent.parent


class House:
    """A server, a register and an outbox, and at most one worker process."""

    def __init__(self, address: str, client: Client, state: Path) -> None:
        self.client = client
        self.settings = Settings(state=state, register_url="", outbox=None)
        self.environment = os.environ | {"TEMPORAL_ADDRESS": address, "REDRESS_STATE": str(state)}
        self.register = Register(connect(self.settings.database_url))
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        with (self.settings.state / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "worker.py"], cwd=ROOT, env=self.environment, stderr=log
            )

    async def stop_worker(self, how: signal.Signals = signal.SIGKILL) -> int:
        assert self.worker is not None
        self.worker.send_signal(how)
        worker, self.worker = self.worker, None
        return await asyncio.to_thread(worker.wait)

    def life(self) -> Life:
        return Life(self.client, self.register, self.settings.outbox_folder, "not opened yet")


@pytest_asyncio.fixture
async def own(tmp_path: Path) -> AsyncIterator[House]:
    async with embedded_server(moves_time=True, database=tmp_path / "temporal.db") as (address, client):
        house = House(address, client, tmp_path)
        house.start_worker()
        yield house
        if house.worker is not None:
            await house.stop_worker()
