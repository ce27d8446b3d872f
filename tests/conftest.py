"""A real Temporal server for the whole run, with clocks that tests can move one complaint at a time."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import AsyncIterator, Callable, Generator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from redress.bootstrap import activities_for, running_workers
from redress.contract import workflow_id
from redress.domain.case import Answer
from redress.domain.london import instant, london_date
from redress.domain.status import Status
from redress.services import intake, sending
from redress.services.awaited_documents import look_again
from redress.services.documents import Attachment, Documents
from redress.settings import TRIAL, Settings
from redress.store import tables
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import embedded_server
from tests.evidence import Evidence
from tests.stores import migrated
from tests.waiting import PATIENCE, until

quiet_runtime()

os.environ["REDRESS_TRIAL"] = TRIAL  # tests/privacy runs the same with keys

MOST_SKIPS = 5000
"""How often the server may skip in one move of a clock; a broken register is retried many times."""

_numbers = itertools.count(1)


class Life:
    """One complaint on the real server, with its own clock."""

    def __init__(self, client: Client, register: Register, outbox: Path, reference: str) -> None:
        config = TimeSkippingConfig(enabled=False, max_session_skip_count=MOST_SKIPS)
        self.skipper = TimeSkipper(client, config=config)
        self.register = register
        self._outbox = outbox
        self.reference = reference
        self.ahead = timedelta()
        self.patience = 60.0

    @property
    def client(self) -> Client:
        return self.skipper.client

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(workflow_id(self.reference))

    @property
    def outbox(self) -> Path:
        return self._outbox / self.reference

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def today(self) -> date:
        return london_date(self.now)

    async def open(self, **more: object) -> None:
        opening: dict[str, Any] = {
            "authority": "family-rights",
            "kind": "complaint",
            "source": "test",
            "source_id": self.reference,
            "channel": "email",
            "received_on": london_date(datetime.now(UTC)).isoformat(),
            "points": ["An invented point."],
            "complainant": {"name": "Testa Inventata", "role": "young_person"},
        }
        opened = await intake.open_complaint(self.client, self.register, opening | more)
        self.reference = opened.reference

    async def move_to(self, day: date, at: str = "12:00") -> None:
        """Move this complaint's clock to a time of day in London."""
        ahead = instant(day, at) - self.now
        if ahead > timedelta():
            await self.skipper.fast_forward(self.handle, ahead)
            self.ahead += ahead

    async def send(self, action: str, **fields: object) -> Answer:
        name, said = sending.complete(action, {"on": self.today.isoformat(), **fields})
        return await sending.send(self.client, self.register, self.reference, name, said, self.patience)

    async def attach(self, *kinds: str) -> None:
        """Attach an invented document of each kind, as letters enclose them."""
        own = Settings(state=self._outbox.parent, register_url="", outbox=None)
        documents = Documents(self.register, own)
        for kind in kinds:
            with documents.spool() as spool:
                spool.write(f"%PDF-1.7\n% an invented {kind}\n%%EOF\n".encode())
                documents.attach(self.reference, spool, Attachment(f"{kind}.pdf", kind), "test")
        await look_again(self.client, self.reference)

    async def reports(self) -> None:
        """The two reports with which an adjudication leaves."""
        await self.attach("investigation_report", "independent_person_report")

    async def status(self, as_of: date | None = None) -> Status:
        return await sending.status(self.client, self.register, self.reference, as_of or self.today, 60)

    async def deadline(self, name: str) -> dict[str, Any]:
        status = await self.status()
        return next(dict(d) for d in status["deadlines"] if d["name"] == name)

    def letters(self) -> list[str]:
        """The names of the letters in the outbox, each with its recipient, in order of their files."""
        return sorted(path.name[11:].rsplit("-", 1)[0] for path in self.outbox.glob("*.txt"))

    def reminded(self) -> list[str]:
        """The keys of the reminders that are recorded; staff read them in their daily digest."""
        key, reference = tables.events.c.key, tables.events.c.reference
        wanted = select(key).where(reference == self.reference, key.like("effect:reminder:%"))
        with self.register.reading() as db:
            return list(db.execute(wanted).scalars())

    async def settled(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for what follows within seconds: letters and the register."""
        await until(what, seconds)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return migrated(Settings(state=tmp_path_factory.mktemp("state"), register_url="", outbox=None))


@pytest_asyncio.fixture(scope="session")
async def server() -> AsyncIterator[tuple[str, Client]]:
    """The embedded server: its address and a client."""
    async with embedded_server(moves_time=True) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def shared_register(server: tuple[str, Client], settings: Settings) -> AsyncIterator[Register]:
    """A worker for the whole run; gives its register."""
    activities = activities_for(settings)
    async with running_workers(server[1], activities, settings):
        yield activities.register


@pytest.fixture
def life(server: tuple[str, Client], shared_register: Register, settings: Settings) -> Life:
    """A complaint of one's own."""
    return Life(server[1], shared_register, settings.outbox_folder, f"TEST-{next(_numbers):04d}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="keep the histories of tests/workflows/paths.py anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Evidence(), "evidence")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: it is not looked through for garbage again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


SHARES: tuple[tuple[str, ...], ...] = (
    ("chaos", "ui"),
    ("faults", "temporal"),
    ("api", "blackbox"),
    ("cli", "workflows", "security", "telemetry"),
    ("compose", "tests", "scripts", "delivery", "store"),
)
"""Folders of tests that take long or share servers, in their order, by the process that begins with them.

The first two wait for most of their time, hence more processes than cores: two cores are busy with five.
"""

QUICK = tuple(
    Path(__file__).with_name(name) for name in ("test_docs.py", "test_settings.py", "test_structure.py")
)
"""Of the files that stand in no folder, those whose tests need no server and take no time."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process begins with what takes long or shares servers, and ends with what needs neither.

    pytest-xdist gives each an equal stretch of the list, and one that is done takes over the end of
    another's: so few servers are started twice, and none is left alone with a test of a minute.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes != len(SHARES):
        return
    shares: list[list[pytest.Item]] = [[] for _ in SHARES]
    quick: list[pytest.Item] = []
    for item in items:
        at = _share_of(item)
        (quick if at is None else shares[at]).append(item)
    stretch = len(items) // processes
    items.clear()
    for folders, share in zip(SHARES, shares, strict=True):
        share.sort(key=lambda item: folders.index(item.path.parent.name))
        rest = max(0, stretch - len(share))
        items += share + quick[:rest]
        del quick[:rest]
    items += quick


def _share_of(item: pytest.Item) -> int | None:
    """Which process begins with a test; None: any can run it at any time."""
    if item.path in QUICK:
        return None
    return next((at for at, folders in enumerate(SHARES) if item.path.parent.name in folders), None)
