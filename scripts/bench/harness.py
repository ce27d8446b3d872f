"""What every part measures with: a Temporal server, a fresh register, fresh keys, processes beside them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil
from sqlalchemy import Table, func, select
from temporalio.client import Client, WorkflowHandle

from redress.api.settings import ApiSettings
from redress.bootstrap import register_for
from redress.bootstrap_keys import cipher_for
from redress.security.keyring import add_key
from redress.services import intake
from redress.services.documents import Attachment, Documents
from redress.services.migrating import migrate_stores
from redress.settings import Settings
from redress.store.register import Register
from redress.temporal.embedded import embedded_server
from scripts.devserver import ROOT

Handle = WorkflowHandle[Any, Any]
T = TypeVar("T")

CONCURRENCY = 20
"""Requests in flight at the client."""


class Figure(NamedTuple):
    """One measured figure; without `at_least` and `at_most` it is for information."""

    key: str
    title: str
    value: float
    unit: str = ""
    at_least: float = -inf
    at_most: float = inf

    @property
    def is_kept(self) -> bool:
        """Whether what is promised is so; also where nothing is promised."""
        return self.at_least <= self.value <= self.at_most

    def __str__(self) -> str:
        """The figure for people, with the promise beside it."""
        promise = "" if self.is_kept else "NOT KEPT: "
        if self.at_least > -inf:
            promise += f"at least {self.at_least:,g}"
        if self.at_most < inf:
            promise += f"at most {self.at_most:,g}"
        return f"{self.title:<60}{self.value:>12,.2f} {self.unit:<3} {promise}".rstrip()


class Stack(NamedTuple):
    """The running parts; `environment` is that of processes beside them."""

    client: Client
    register: Register
    environment: dict[str, str]

    @contextmanager
    def process(self, command: list[str], **settings: str) -> Iterator[psutil.Popen]:
        """Run a command for as long as the block lasts."""
        process = psutil.Popen(command, cwd=ROOT, env=self.environment | settings)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    async def open(self, raw: dict[str, Any]) -> Handle:
        """Open a complaint, as every caller does."""
        opened = await intake.open_complaint(self.client, self.register, raw)
        return self.client.get_workflow_handle(opened.workflow_id)

    def attach(self, reference: str, *kinds: str) -> None:
        """Attach what letters enclose, invented."""
        documents = Documents(self.register, Settings(state=Path(self.environment["REDRESS_STATE"])))
        for kind in kinds:
            with documents.spool() as spool:
                spool.write(f"%PDF-1.7\n% an invented {kind}\n%%EOF\n".encode())
                documents.attach(reference, spool, Attachment(f"{kind}.pdf", kind), "bench")

    def count(self, table: Table, **wanted: str) -> int:
        """The rows of a table of the register that have these values."""
        with self.register.reading() as db:
            return int(db.execute(select(func.count()).select_from(table).filter_by(**wanted)).scalar_one())

    async def wait_for(self, table: Table, number: int, **wanted: str) -> None:
        """Wait until the register has so many of them. Raises `TimeoutError`."""
        await until(lambda: self.count(table, **wanted) >= number)


@asynccontextmanager
async def running(state: Path, *, moves_time: bool = False) -> AsyncIterator[Stack]:
    """A server and what is needed to work with it, keys on. `moves_time`: single complaints can be moved."""
    settings = ApiSettings(state=state)
    add_key(settings.keys_file)
    migrate_stores(settings, settings.store_url)
    cipher = cipher_for(settings)
    async with embedded_server(cipher=cipher, moves_time=moves_time) as (address, client):
        environment = {"TEMPORAL_ADDRESS": address, "REDRESS_STATE": str(state), "REDRESS_LOG_LEVEL": "ERROR"}
        yield Stack(client, register_for(settings, cipher), os.environ | environment)


async def until(is_done: Callable[[], bool], seconds: float = 300) -> None:
    """Wait until it is. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(is_done):
            await asyncio.sleep(0.02)


async def together(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do the jobs, so many at once."""
    turns = asyncio.Semaphore(CONCURRENCY)

    async def one(job: Coroutine[Any, Any, T]) -> T:
        async with turns:
            return await job

    return await asyncio.gather(*map(one, jobs))


def report(progress: str) -> None:
    """Progress, on standard error."""
    print(progress, file=sys.stderr, flush=True)
