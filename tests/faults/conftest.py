"""An installation of its own for each file of faults: a server on a file, and worker processes to kill."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from redress.settings import Settings
from redress.store.database import connect
from redress.store.register import Register
from redress.temporal.embedded import embedded_server
from tests.conftest import Life
from tests.forking import Forked, started
from tests.stores import migrated

ROOT = Path(__file__).parent.parent.parent
_numbers = itertools.count(1)


class Installation:
    """A server, a register and an outbox, and worker processes; `more`: settings of these."""

    def __init__(self, address: str, client: Client, state: Path, more: dict[str, str]) -> None:
        self.client = client
        self.settings = migrated(Settings(state=state, register_url="", outbox=None))
        self.environment = os.environ | {"TEMPORAL_ADDRESS": address, "REDRESS_STATE": str(state)} | more
        self.register = Register(connect(self.settings.database_url))
        self.workers: list[Forked] = []

    def start_worker(self, number: int = 1) -> None:
        with (self.settings.state / "worker.log").open("ab") as log:
            self.workers += [started("worker", self.environment, log) for _ in range(number)]

    async def stop_worker(self, how: signal.Signals = signal.SIGKILL) -> set[int]:
        """All workers at once; gives their exit statuses."""
        for worker in self.workers:
            worker.send_signal(how)
        workers, self.workers = self.workers, []
        return {await asyncio.to_thread(worker.wait) for worker in workers}

    def life(self) -> Life:
        return Life(
            self.client, self.register, self.settings.outbox_folder, f"not opened yet {next(_numbers)}"
        )


@pytest.fixture(scope="module")
def surroundings() -> dict[str, str]:
    """Further settings of the workers."""
    return {}


@pytest_asyncio.fixture(scope="module")
async def own(
    tmp_path_factory: pytest.TempPathFactory, surroundings: dict[str, str]
) -> AsyncIterator[Installation]:
    """An installation for the tests of a file, one after the other; each leaves it with a worker."""
    state = tmp_path_factory.mktemp("installation")
    async with embedded_server(moves_time=True, database=state / "temporal.db") as (address, client):
        installation = Installation(address, client, state, surroundings)
        installation.start_worker()
        yield installation
        await installation.stop_worker()


@contextmanager
def locked(installation: Installation) -> Iterator[None]:
    """The register, held by somebody else: nobody can write anything down."""
    with closing(sqlite3.connect(installation.settings.state / "register.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")
