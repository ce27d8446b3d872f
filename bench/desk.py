"""The sending side: opens complaints as the intake does, and asks the register what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from temporalio.client import Client, WorkflowHandle

from bench.life import opening
from redress.contract import workflow_id
from redress.domain.london import london_date
from redress.domain.opening_parsing import parse_opening
from redress.procedures.loader import authority
from redress.services import intake
from redress.settings import Settings
from redress.store import tables
from redress.store.database import connect
from redress.store.register import Register
from redress.store.schema import migrate

Handle = WorkflowHandle[Any, Any]


class Desk:
    """Opens complaints received today."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self.client = client
        self.register = Register(migrate(connect(settings.database_url), "register"))
        self.outbox = settings.outbox_folder
        self.today = london_date(datetime.now(UTC))

    async def open(self, source_id: str, raw: dict[str, Any] | None = None) -> Handle:
        """Reserve a reference and start the complaint's workflow."""
        raw = raw or opening(self.today, source_id)
        parsed = parse_opening(raw, self.today)
        prefix = authority(parsed.authority).prefix
        reserved = await asyncio.to_thread(self.register.reserve, parsed, raw, prefix)
        await intake.begin(self.client, reserved.reference, raw)
        return self.client.get_workflow_handle(workflow_id(reserved.reference))

    def recorded(self, kind: str, like: str = "%") -> int:
        """How many events of a kind the register has."""
        table = tables.events
        wanted = select(func.count()).where(table.c.kind == kind, table.c.key.like(like))
        with self.register.reading() as db:
            return int(db.execute(wanted).scalar_one())

    def letters(self, name: str = "%", state: str = "sent") -> int:
        """How many letters of a name have left."""
        table = tables.letters
        wanted = select(func.count()).where(table.c.letter.like(name), table.c.state == state)
        with self.register.reading() as db:
            return int(db.execute(wanted).scalar_one())

    async def until(self, there: Callable[[], bool], seconds: float = 300) -> None:
        """Wait until the register shows it."""
        for _ in range(int(seconds / 0.05)):
            if await asyncio.to_thread(there):
                return
            await asyncio.sleep(0.05)
        raise TimeoutError("the register does not show what was to come")


async def together(at_once: int, jobs: Iterable[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """Do the jobs, so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Callable[[], Awaitable[Any]]) -> Any:
        async with gate:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))
