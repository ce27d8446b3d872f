"""The drill of docs/upgrading.md: two versions side by side, one promoted, rolled back; nothing is silent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
import pytest_asyncio
from temporalio.client import Client

from redress.services.errors import NoAnswer
from redress.settings import Settings
from redress.store.database import connect
from redress.store.register import Register
from redress.temporal.deployments import (
    UNVERSIONED,
    NoWorkers,
    describe,
    make_current,
    ramp,
    roll_back,
    worker_deployment,
)
from redress.temporal.embedded import embedded_server, temporal_command
from tests.cli.conftest import Cli
from tests.conftest import Life
from tests.forking import Forked, started
from tests.stores import migrated
from tests.waiting import PATIENCE, eventually, recorded

ROOT = Path(__file__).parent.parent.parent
DEPLOYMENT = "drill"

ANSWERED_WITHIN = 60.0
"""Seconds: nothing is silent for minutes, on the busiest machine; what is healthy answers in a fraction."""


class Stack:
    """A server, and workers of several versions, each a process."""

    def __init__(self, address: str, client: Client, state: Path) -> None:
        self.client = client
        self.cli = Cli(address, state, {"REDRESS_DEPLOYMENT": DEPLOYMENT})
        self.settings = migrated(Settings(state=state, register_url="", outbox=None))
        self.register = Register(connect(self.settings.database_url))
        self._environment = os.environ | {"TEMPORAL_ADDRESS": address, "REDRESS_STATE": str(state)}
        self._workers: dict[str, Forked | subprocess.Popen[bytes]] = {}

    def start(self, build_id: str, *command: str) -> None:
        """Have a worker of a version, if there is none yet."""
        version = {"REDRESS_DEPLOYMENT": DEPLOYMENT, "REDRESS_BUILD_ID": build_id}
        environment = self._environment | (version if build_id != UNVERSIONED else {})
        if build_id not in self._workers:
            with (self.settings.state / "worker.log").open("ab") as log:
                if not command:
                    self._workers[build_id] = started("worker", environment, log)
                    return
                self._workers[build_id] = subprocess.Popen(
                    [sys.executable, *command], cwd=ROOT, env=environment, stderr=log
                )

    async def current(self, build_id: str) -> None:
        """Have a worker of a version, and the version current."""
        self.start(build_id)
        assert (await make_current(self.client, DEPLOYMENT, build_id, PATIENCE)).current == build_id

    async def stop(self, build_id: str) -> None:
        worker = self._workers.pop(build_id)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait) == 0

    async def stop_all(self) -> None:
        for build_id in list(self._workers):
            await self.stop(build_id)

    async def versions(self, *words: str, status: int = 0) -> str:
        """Run a `versions` command; gives the version then current, or what it says where it fails."""
        ran = await self.cli("versions", *words, "--json")
        assert ran.status == status, ran.err
        return str(ran.document["current"]) if status == 0 else ran.err

    async def opened(self, name: str) -> Life:
        life = Life(self.client, self.register, self.settings.outbox_folder, name)
        await life.open()
        await self.sends(life, "acknowledge")
        return life

    async def sends(self, life: Life, action: str = "add_note", **fields: object) -> str:
        """Send a message, which has to be answered soon; gives the version whose process did it."""
        began = monotonic()
        answer = await life.send(action, **(fields or {"note": "During the drill."}))
        assert monotonic() - began < ANSWERED_WITHIN
        assert answer.applied, answer.reason
        answered_by = [
            event.workflow_task_completed_event_attributes.identity
            for event in (await life.handle.fetch_history()).events
            if event.HasField("workflow_task_completed_event_attributes")
        ]
        pid = int(answered_by[-1].partition("@")[0])
        return next(build_id for build_id, worker in self._workers.items() if worker.pid == pid)

    async def moves(self, life: Life, build_id: str) -> None:
        """Before long a version answers a complaint's messages; on the way each is answered, too."""
        assert await eventually(lambda: self.sends(life), lambda by: by == build_id) == build_id


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """For the tests of this file, one after the other; each says which version it begins with."""
    async with embedded_server(moves_time=True) as (address, client):
        running = Stack(address, client, tmp_path_factory.mktemp("versions"))
        yield running
        await running.stop_all()


async def _due_dates(life: Life) -> list[tuple[str, str]]:
    return [(each["name"], each["due_on"]) for each in (await life.status())["deadlines"]]


async def test_from_workers_without_a_version_and_back(stack: Stack) -> None:
    stack.start(UNVERSIONED)
    life = await stack.opened("drill-first")
    assert await stack.sends(life) == UNVERSIONED
    assert "no deployment drill" in await stack.versions("list", status=4)
    await stack.current("1.0")
    await stack.moves(life, "1.0")
    await stack.current(UNVERSIONED)
    await stack.moves(await stack.opened("drill-second"), UNVERSIONED)
    await stack.stop("1.0")
    await stack.moves(life, UNVERSIONED)
    await stack.current("1.0")
    await stack.stop(UNVERSIONED)


async def test_promoted_and_rolled_back_with_open_complaints(stack: Stack) -> None:
    await stack.current("1.0")
    of_old = await stack.opened("drill-old")
    dates = await _due_dates(of_old)

    stack.start("2.0")
    assert await stack.sends(of_old) == "1.0", "a version takes nothing before it is current"
    assert await stack.versions("current", "2.0", "--within", str(PATIENCE)) == "2.0"
    await stack.moves(of_old, "2.0")
    of_new = await stack.opened("drill-new")
    assert await stack.sends(of_new) == "2.0"
    dates_of_new = await _due_dates(of_new)

    assert await stack.versions("rollback", "--within", str(PATIENCE)) == "1.0"
    await stack.moves(of_old, "1.0")
    await stack.moves(of_new, "1.0")
    await stack.stop("2.0")
    assert await stack.sends(of_new) == await stack.sends(of_old) == "1.0"
    assert (await stack.cli("show", of_new.reference)).status == 0
    assert await _due_dates(of_old) == dates
    assert await _due_dates(of_new) == dates_of_new

    messages = (await of_old.status()).get("messages", [])
    await recorded(stack.register, of_old.reference, messages=len(messages))
    assert "no version of drill was current before 1.0" in await stack.versions("rollback", status=4)


async def test_a_share_of_complaints_first(stack: Stack) -> None:
    await stack.current("1.0")
    stack.start("2.0")
    life = await stack.opened("drill-ramp")
    ramped = await ramp(stack.client, DEPLOYMENT, "2.0", 100, PATIENCE)
    assert (ramped.current, ramped.ramping, ramped.ramp_percentage) == ("1.0", "2.0", 100)
    await stack.moves(life, "2.0")
    back = await roll_back(stack.client, DEPLOYMENT, PATIENCE)
    assert (back.current, back.ramping) == ("1.0", None)
    await stack.moves(life, "1.0")


async def test_nothing_moves_to_a_version_without_workers(stack: Stack) -> None:
    await stack.current("1.0")
    said = await stack.versions("current", "3.0", "--within", "1", status=3)
    assert "no worker of 3.0 asked for work on the task queue complaints within 1 s" in said
    await stack.current("2.0")
    await stack.stop("1.0")
    with pytest.raises(NoWorkers, match=r"no worker of 1\.0"):
        await roll_back(stack.client, DEPLOYMENT, within=1)
    found = await describe(stack.client, DEPLOYMENT)
    workers = {each.build_id: each.workers for each in found.versions}
    assert (found.current, workers) == ("2.0", {"1.0": 0, "2.0": 1})


async def test_what_only_the_newer_version_can_run_waits_for_it_or_stays_on_it(stack: Stack) -> None:
    """A complaint that was begun with a step which the older version does not have."""
    await stack.current("2.0")
    stack.start("3.0", "-m", "tests.temporal.newer_worker")
    await stack.current("3.0")
    waits, stays = await stack.opened("drill-waits"), await stack.opened("drill-stays")
    dates = await _due_dates(stays)
    assert (await roll_back(stack.client, DEPLOYMENT, PATIENCE)).current == "2.0"
    waits.patience = 1
    with pytest.raises(NoAnswer):
        await waits.send("add_note", note="The older version cannot take it.")
    listed = await stack.cli("list", "--json")
    assert {waits.reference, stays.reference} <= {each["reference"] for each in listed.document}

    pin = (
        f"workflow update-options --workflow-id {stays.handle.id} --versioning-override-behavior pinned "
        f"--versioning-override-deployment-name {DEPLOYMENT} --versioning-override-build-id 3.0"
    )
    temporal = [temporal_command(), "--address", stack.cli.address, *pin.split()]
    await asyncio.to_thread(subprocess.run, temporal, check=True, capture_output=True)
    assert await stack.sends(stays) == "3.0"
    assert await _due_dates(stays) == dates

    await stack.current("3.0")
    waits.patience = 60
    assert await stack.sends(waits) == "3.0"
    assert await _due_dates(waits) == dates


async def test_without_a_deployment_there_are_no_versions(tmp_path: Path) -> None:
    ran = await Cli("127.0.0.1:1", tmp_path)("versions", "list", "--json")
    assert (ran.status, ran.lines[0].split(":")[0]) == (2, "REDRESS_DEPLOYMENT")
    ran = await Cli("127.0.0.1:1", tmp_path, {"REDRESS_DEPLOYMENT": DEPLOYMENT})("versions", "list")
    assert (ran.status, "out of reach" in ran.err) == (3, True)


def test_a_worker_has_both_names_or_none() -> None:
    assert worker_deployment("", "") is None
    for name, build_id in (("drill", ""), ("", "1.0")):
        with pytest.raises(ValueError, match="set both, or neither"):
            worker_deployment(name, build_id)
