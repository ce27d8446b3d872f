"""The real UI on a real server of its own, with a worker, and a real Chromium: closed after its last test.

An open page of the UI is never quite idle.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from redress.bootstrap import activities_for, running_workers
from redress.contract import WORKFLOW, workflow_id
from redress.settings import Settings
from redress.store.register import Register
from redress.temporal.embedded import embedded_server, free_port
from redress.temporal.namespace import prepare
from tests.conftest import Life
from tests.stores import migrated
from tests.ui.browser import NoBrowser, Operator, a_browser, at_the_ui, chromium

_numbers = itertools.count(1)

NewLife = Callable[[], Life]


OFF = "0"
"""`REDRESS_UI_TESTS=0` leaves these tests out; otherwise they run wherever there is a Chromium."""


def why_not() -> str:
    """Why these tests cannot be run here; empty where they can."""
    if os.environ.get("REDRESS_UI_TESTS") == OFF:
        return "REDRESS_UI_TESTS=0 leaves out the tests of the Temporal UI"
    try:
        chromium()
    except NoBrowser as error:
        return f"the tests of the Temporal UI need a browser: {error}"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what opens a browser where there is none; the rest of this folder needs none."""
    if reason := why_not():
        for item in items:
            if isinstance(item, pytest.Function) and {"place", "browser"} & set(item.fixturenames):
                item.add_marker(pytest.mark.skip(reason=reason))


class Place(NamedTuple):
    """Where everything of these tests runs."""

    ui: str
    client: Client
    register: Register
    settings: Settings


STUCK_REFERENCE = "STUCK-0001"


@workflow.defn(name=WORKFLOW)
class Broken:
    """A complaint whose code has a fault: every task of it fails."""

    @workflow.run
    async def run(self) -> None:
        raise RuntimeError("a fault of ours")


@asynccontextmanager
async def one_is_stuck(client: Client) -> AsyncIterator[None]:
    """A complaint whose tasks fail. It takes most of a minute until the server calls it so: begin early."""
    queue, runner = "broken", UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[Broken], workflow_runner=runner):
        await client.start_workflow(WORKFLOW, id=workflow_id(STUCK_REFERENCE), task_queue=queue)
        yield


@pytest_asyncio.fixture(scope="package")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    settings = migrated(Settings(state=tmp_path_factory.mktemp("ui"), register_url="", outbox=None))
    activities = activities_for(settings)
    ui_port = free_port()
    async with embedded_server(moves_time=True, ui_port=ui_port) as (_, client):
        await prepare(client)
        async with running_workers(client, activities, settings), one_is_stuck(client):
            yield Place(f"http://127.0.0.1:{ui_port}", client, activities.register, settings)


@pytest_asyncio.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def regular(browser: Browser, place: Place) -> AsyncIterator[Operator]:
    """Somebody who has had the UI open all day: to load it takes longer than most tests."""
    async with at_the_ui(browser, place.ui) as somebody:
        yield somebody


@pytest_asyncio.fixture
async def operator(regular: Operator) -> AsyncIterator[Operator]:
    """The regular operator, back at their desk: no dialog is open."""
    yield regular
    await regular.closes_dialogs()


@pytest_asyncio.fixture
async def newcomer(browser: Browser, place: Place) -> AsyncIterator[Operator]:
    """Somebody who opens the UI for the first time."""
    async with at_the_ui(browser, place.ui) as somebody:
        yield somebody


@pytest.fixture(scope="package")
def new_life(place: Place) -> NewLife:
    """Makes complaints, each with its own clock."""

    def make() -> Life:
        return Life(place.client, place.register, place.settings.outbox_folder, f"UI-{next(_numbers):04d}")

    return make
