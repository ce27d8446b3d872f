"""The command line from outside: each command is a process of its own, as people and scripts run it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client

from redress.procedures.bank_holidays import calendar_today
from redress.services import intake
from redress.services.clock import today
from redress.settings import TRIAL, Settings
from redress.store.database import connect
from redress.store.register import Register
from redress.temporal.embedded import embedded_server, free_port
from tests import forking
from tests.stores import migrated

ROOT = Path(__file__).parent.parent.parent
CALENDAR = calendar_today()
_numbers = itertools.count(1)


@dataclass
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as exactly one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.err.strip().splitlines()


@dataclass
class Cli:
    """`starter.py` against one Temporal and one state folder."""

    address: str
    state: Path
    more: dict[str, str] = field(default_factory=dict)
    client: Client | None = None
    register: Register | None = None

    async def __call__(self, *words: str, stdin: str | bytes = b"", patience: float = 80) -> Ran:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL", "REDRESS"))
        }
        env |= {"TEMPORAL_ADDRESS": self.address, "REDRESS_STATE": str(self.state), "COLUMNS": "160"}
        env |= {"REDRESS_TRIAL": TRIAL}
        given = stdin.encode() if isinstance(stdin, str) else stdin
        status, out, err = await forking.command(words, env | self.more, given, patience)
        assert b"Traceback" not in err, err.decode()
        return Ran(status, out.decode(), err.decode())

    async def open(self, **more: object) -> str:
        """Open a new complaint, without a process of its own; gives its reference."""
        assert self.client is not None
        assert self.register is not None
        return (await intake.open_complaint(self.client, self.register, opening(**more))).reference


def opening(**more: object) -> dict[str, Any]:
    """A well-formed opening of its own, received today."""
    return {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "commands",
        "source_id": f"command-{next(_numbers)}",
        "channel": "email",
        "received_on": today().isoformat(),
        "points": ["An invented point."],
        "complainant": {"name": "Dora Inventata", "role": "young_person"},
    } | more


def back(working_days: int) -> str:
    """The date so many working days before today."""
    return CALENDAR.before(today(), working_days).isoformat()


def ahead(working_days: int) -> str:
    """The date so many working days after today."""
    return CALENDAR.add(today(), working_days).isoformat()


@pytest.fixture
def cli(server: tuple[str, Client], shared_register: Register, settings: Settings) -> Cli:
    """The command line, with a worker that answers."""
    return Cli(server[0], settings.state, client=server[1], register=shared_register)


@pytest.fixture
def down(shared_register: Register, settings: Settings) -> Cli:
    """The command line with Temporal out of reach, and the run's own register."""
    return Cli(f"127.0.0.1:{free_port()}", settings.state, {"REDRESS_ANSWER_WITHIN": "1"})


@pytest.fixture
def alone(tmp_path: Path) -> Cli:
    """No Temporal, no register, no state folder."""
    return Cli("127.0.0.1:1", tmp_path / "none")


@pytest_asyncio.fixture(scope="session")
async def bare_server() -> AsyncIterator[tuple[str, Client]]:
    """A Temporal without a worker."""
    async with embedded_server() as running:
        yield running


@pytest.fixture(scope="session")
def bare_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return migrated(Settings(state=tmp_path_factory.mktemp("bare"), register_url="", outbox=None))


@pytest.fixture
def bare(bare_server: tuple[str, Client], bare_settings: Settings) -> Cli:
    """The command line with Temporal but no worker, and an empty register."""
    register = Register(connect(bare_settings.database_url))
    return Cli(bare_server[0], bare_settings.state, {"REDRESS_ANSWER_WITHIN": "2"}, bare_server[1], register)
