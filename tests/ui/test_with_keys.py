"""With keys: nobody reads a complaint in the UI without the codec, and whoever may reads and sends all."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import subprocess
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect
from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.domain.calendar import long_date
from redress.procedures.bank_holidays import calendar_today
from redress.security.keyring import add_key
from redress.settings import Settings
from redress.store.register import Register
from redress.temporal.converter import LOOK_THERE
from redress.temporal.embedded import free_port, server_command, wait_for_server
from redress.temporal.namespace import prepare
from tests.api.api_process import ApiProcess
from tests.conftest import Life
from tests.stores import migrated
from tests.ui.browser import Operator, at_the_ui

CALENDAR = calendar_today()

_numbers = itertools.count(1)

MARKED = "Markedo"
"""Stands in everything personal that these complaints hold."""


class Encrypted(NamedTuple):
    """A server with a UI, a worker and an API, all with keys."""

    ui: str
    api: ApiProcess
    client: Client
    register: Register
    settings: Settings


@pytest_asyncio.fixture(scope="module")
async def encrypted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Encrypted]:
    state = tmp_path_factory.mktemp("encrypted")
    settings = migrated(Settings(state=state, register_url="", key_store_url="", keys=None, outbox=None))
    add_key(settings.keys_file)
    cipher = cipher_for(settings)
    activities = activities_for(settings, cipher)
    port, ui_port = free_port(), free_port()
    ui = f"http://127.0.0.1:{ui_port}"
    api = ApiProcess(state, f"127.0.0.1:{port}", REDRESS_CODEC_ORIGINS=json.dumps([ui]))
    command = server_command(
        port, ui_port=ui_port, database=state / "temporal.db", moves_time=True, codec=f"{api.url}/codec"
    )
    with (state / "server.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        client = await wait_for_server(f"127.0.0.1:{port}", server, cipher=cipher)
        await prepare(client)
        await api.start()
        async with running_workers(client, activities, settings):
            yield Encrypted(ui, api, client, activities.register, settings)
    finally:
        await api.close()
        server.terminate()
        await asyncio.to_thread(server.wait)


@pytest_asyncio.fixture
async def life(encrypted: Encrypted) -> Life:
    life = Life(
        encrypted.client, encrypted.register, encrypted.settings.outbox_folder, f"KEYS-{next(_numbers)}"
    )
    await life.open(points=[MARKED], complainant={"name": MARKED, "role": "young_person"})
    return life


@pytest_asyncio.fixture
async def stranger(browser: Browser, encrypted: Encrypted) -> AsyncIterator[Operator]:
    async with at_the_ui(browser, encrypted.ui) as somebody:
        yield somebody


@pytest_asyncio.fixture(scope="module")
async def set_up(browser: Browser, encrypted: Encrypted) -> AsyncIterator[Operator]:
    """Somebody who may read, in a browser that was set up as docs/operators.md says."""
    async with at_the_ui(browser, encrypted.ui) as somebody:
        await somebody.logs_in(encrypted.api.url, encrypted.api.token("codec"))
        await somebody.sets_the_codec(encrypted.api.url)
        yield somebody


@pytest_asyncio.fixture
async def reader(set_up: Operator) -> AsyncIterator[Operator]:
    """The same, back at their desk: no dialog is open."""
    yield set_up
    await set_up.closes_dialogs()


def cannot_read(operator: Operator) -> Locator:
    """What the UI says where it is given nothing to read with."""
    return operator.page.locator("#content").get_by_text("Codec Server could not connect")


async def test_without_the_codec_nothing_can_be_read(life: Life, stranger: Operator) -> None:
    await stranger.opens(life.reference)
    await expect(cannot_read(stranger)).to_be_visible()
    labels = await stranger.timeline()
    assert "begin_complaint" in labels
    everything = await stranger.page.content()
    await stranger.tab("user-metadata")
    await expect(stranger.page.get_by_text("No summary available")).to_be_visible()
    everything += await stranger.page.content()
    for never in (MARKED, "Acknowledgement", "Complaints Manager", "family-rights"):
        assert never not in everything


async def test_a_login_alone_opens_nothing_in_another_browser(
    life: Life, stranger: Operator, encrypted: Encrypted
) -> None:
    """The cookie goes along only where the browser was told to send it."""
    await stranger.logs_in(encrypted.api.url, encrypted.api.token("codec"))
    await stranger.opens(life.reference)
    await expect(cannot_read(stranger)).to_be_visible()
    assert MARKED not in await stranger.page.content()


async def test_with_it_everything_can_be_read(life: Life, reader: Operator) -> None:
    await reader.opens(life.reference)
    await expect(reader.page.get_by_text(f'"{MARKED}"').first).to_be_visible()
    assert any("the Complaints Manager owes: Acknowledgement" in label for label in await reader.timeline())
    assert await reader.reads("summary") == f"Complaint {life.reference} to family-rights"
    assert (await reader.reads("current-details")).startswith("Stage 1: local resolution · open\nOwed now\n")
    assert f'"reference": "{life.reference}"' in await reader.asks("status")
    await reader.opens(life.reference)
    assert (await reader.offered())["acknowledge"] == 'The acknowledgement goes out: {"on": "YYYY-MM-DD"}'


async def test_what_is_sent_from_the_ui_is_encrypted(life: Life, reader: Operator) -> None:
    await reader.opens(life.reference)
    assert await reader.sends("extend", {"on": life.today.isoformat(), "reason": MARKED}) == ""
    (sent,) = [dict(m) for m in (await life.status())["messages"] if m["action"] == "extend"]
    assert sent["reason"] == MARKED
    kept = await kept_of(life)
    assert "extend" in kept
    assert MARKED not in readable(kept)


async def test_a_refusal_is_told_and_its_reason_kept_encrypted(life: Life, reader: Operator) -> None:
    await reader.opens(life.reference)
    beyond = CALENDAR.add(life.today, 40)
    form = {"reason": MARKED, "until": beyond.isoformat()}
    assert await reader.sends("extend", form) == LOOK_THERE
    current_details = await reader.reads("current-details", until="Last message")
    assert f"refused: until {long_date(beyond)} is beyond the most allowed" in current_details
    assert MARKED not in current_details
    kept = readable(await kept_of(life))
    assert "beyond the most" not in kept
    assert MARKED not in kept


async def test_what_is_malformed_is_told_by_its_field_and_kept_nowhere(life: Life, reader: Operator) -> None:
    await reader.opens(life.reference)
    assert await reader.sends("respond", {"summary": MARKED}) == "outcome: is missing"
    assert "EXECUTION_UPDATE" not in await kept_of(life)


async def kept_of(life: Life) -> str:
    """A complaint's history as Temporal keeps it, in JSON."""
    history = await life.handle.fetch_history()
    return history.to_json()


def readable(history: str) -> str:
    """A history with every payload as far as anybody can read it."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: _text(said) if name == "data" and isinstance(said, str) else bare(said)
                for name, said in value.items()
            }
        return [bare(each) for each in value] if isinstance(value, list) else value

    return json.dumps(bare(json.loads(history)))


def _text(data: str) -> str:
    return re.sub(r"[^ -~]", " ", base64.b64decode(data).decode("latin-1"))
