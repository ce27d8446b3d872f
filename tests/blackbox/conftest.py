"""Redress as others see it: its commands, its processes, Temporal and the register's tables.

Nothing here imports the product, so these tests run against any checkout:
`REDRESS_CHECKOUT=FOLDER python -m pytest tests/blackbox`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle

from tests import forking
from tests.letters.delivery import certificates, mail_server
from tests.letters.delivery.mail_server import MailServer, free_port

CHECKOUT = Path(os.environ.get("REDRESS_CHECKOUT", Path(__file__).resolve().parent.parent.parent))

SEARCH_ATTRIBUTES = {
    "Authority": "Keyword",
    "Procedure": "Keyword",
    "Stage": "Keyword",
    "State": "Keyword",
    "WaitingFor": "Keyword",
    "NextDue": "Datetime",
    "Overdue": "Bool",
}

WITHIN = 60.0
"""Seconds that what follows by itself may take on a busy machine."""


class Installation:
    """A Temporal server, a state folder, and the processes of a checkout beside them."""

    def __init__(self, address: str, client: Client, state: Path, settings: dict[str, str]) -> None:
        self.client = client
        self.state = state
        own = {
            "TEMPORAL_ADDRESS": address,
            "REDRESS_STATE": str(state),
            "REDRESS_TRIAL": "names are readable",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
        self.environment = kept | own | settings
        self.workers: list[forking.Forked | subprocess.Popen[bytes]] = []
        self._opened = 0

    def start_worker(self, **settings: str) -> None:
        with (self.state / "worker.log").open("ab") as log:
            environment = self.environment | settings
            if CHECKOUT == forking.ROOT:
                self.workers.append(forking.started("worker", environment, log))
                return
            command = [sys.executable, "worker.py"]
            self.workers.append(subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=log))

    async def stop_workers(self) -> None:
        for worker in self.workers:
            worker.send_signal(signal.SIGKILL)
            await asyncio.to_thread(worker.wait)
        self.workers.clear()

    async def command(self, *words: str, given: object = None) -> tuple[int, Any]:
        """The exit status of a command of `starter.py`, and the document that it prints."""
        typed = json.dumps(given).encode() if given is not None else b""
        if CHECKOUT == forking.ROOT:
            ran = await forking.command([*words, "--json"], self.environment, typed)
            return ran.status, json.loads(ran.out) if ran.out.strip() else None
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "starter.py",
            *words,
            "--json",
            cwd=CHECKOUT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate(typed)
        return process.returncode or 0, json.loads(printed) if printed.strip() else None

    async def open(self, email: str = "testa@inventata.example", **more: object) -> str:
        self._opened += 1
        opening: dict[str, object] = {
            "authority": "family-rights",
            "kind": "complaint",
            "source": "test",
            "source_id": str(self._opened),
            "channel": "email",
            "received_on": date.today().isoformat(),
            "points": ["An invented point."],
            "complainant": {"name": "Testa Inventata", "role": "parent", "email": email},
        }
        status, opened = await self.command("open", "-", given=opening | more)
        assert status == 0
        return str(opened["reference"])

    async def send(self, reference: str, action: str, **fields: object) -> tuple[int, Any]:
        return await self.command("send", reference, action, "--data", "-", given=fields)

    def handle(self, reference: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"complaint-{reference}")

    def recorded(self, reference: str, action: str) -> int:
        """How many messages of an action stand in the register."""
        question = "SELECT count(*) FROM messages WHERE reference = ? AND action = ?"
        with closing(sqlite3.connect(self.state / "register.db", timeout=30)) as db:
            return int(db.execute(question, (reference, action)).fetchone()[0])


async def until(what: Callable[[], bool], seconds: float = WITHIN) -> bool:
    """Whether it comes to be so."""
    ends = asyncio.get_running_loop().time() + seconds
    while not what():
        if asyncio.get_running_loop().time() > ends:
            return False
        await asyncio.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    trusted = certificates.make(tmp_path_factory.mktemp("certificates"))
    server = MailServer(trusted)
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, mail: MailServer
) -> AsyncIterator[Installation]:
    """A worker and a mail server; letters to staff go into the folder."""
    state = tmp_path_factory.mktemp("state")
    settings = {
        "REDRESS_SEND_EMAIL": "smtp",
        "REDRESS_SEND_WITHIN": "60",
        "REDRESS_SMTP_HOST": "localhost",
        "REDRESS_SMTP_PORT": str(mail.port),
        "REDRESS_SMTP_CA": str(mail.authority),
        "REDRESS_SMTP_USER": mail_server.USER,
        "REDRESS_SMTP_PASSWORD": mail_server.PASSWORD,
        "REDRESS_SMTP_FROM": "complaints@exampleshire.example",
    }
    async with started(state, settings) as here:
        yield here


@asynccontextmanager
async def started(state: Path, settings: dict[str, str]) -> AsyncIterator[Installation]:
    """A server and a worker; a key, unless nothing is to be encrypted."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("temporal")), "server", "start-dev", "--headless"]
    command += ["--ip", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = await _connected(f"127.0.0.1:{port}")
    here = Installation(f"127.0.0.1:{port}", client, state, settings)
    if "migrate" in (CHECKOUT / "README.md").read_text(encoding="utf-8"):
        await here.command("migrate")
    if not here.environment["REDRESS_TRIAL"]:
        new_key = [sys.executable, "starter.py", "keys", "new"]
        await asyncio.to_thread(subprocess.run, new_key, cwd=CHECKOUT, env=here.environment, check=True)
    here.start_worker()
    yield here
    await here.stop_workers()
    server.terminate()
    await asyncio.to_thread(server.wait)


async def _connected(address: str) -> Client:
    for _ in range(600):
        try:
            client = await Client.connect(address)
            await client.count_workflows("Overdue = true")
        except Exception:  # not up yet, or its search attributes are not known yet
            await asyncio.sleep(0.1)
        else:
            return client
    raise AssertionError(f"no Temporal server at {address}")
