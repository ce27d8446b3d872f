"""Backups of different moments are put back: what the register has recorded is in Temporal again, once."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.security.keyring import KeyDestroyed, add_key
from redress.services import erasing, intake, sending
from redress.services.clock import today
from redress.services.reconciling import reconcile
from redress.settings import Settings
from redress.store import tables
from redress.store.listing import ComplaintFilter, complaints
from redress.store.register import Register
from redress.temporal.embedded import embedded_server, free_port
from tests.stores import migrated
from tests.waiting import recorded, until

WITHIN = 60.0


class Restored:
    """An installation with keys whose databases can be backed up, taken away and put back."""

    def __init__(self, state: Path) -> None:
        self.state = state
        add_key(state / "keys.txt", "first")
        self.settings = Settings(
            state=state, register_url="", key_store_url="", keys=None, outbox=None, trial=""
        )
        self.port = free_port()
        self.client: Client
        self.register: Register

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Server and worker, on what lies in the folder."""
        cipher = cipher_for(migrated(self.settings))
        database = self.state / "temporal.db"
        async with embedded_server(cipher=cipher, port=self.port, database=database) as (_, client):
            activities = activities_for(self.settings, cipher)
            self.client, self.register = client, activities.register
            async with running_workers(client, activities, self.settings):
                yield
        activities.register.engine.dispose()

    def back_up(self, name: str) -> Path:
        """A database as it is at this moment, whoever works with it."""
        copy = self.state / f"{name}.backup"
        copy.unlink(missing_ok=True)
        source, target = sqlite3.connect(self.state / f"{name}.db"), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        return copy

    def put_back(self, name: str, copy: Path | None) -> None:
        """Lay a backup, or nothing, where the database was."""
        for left in self.state.glob(f"{name}.db*"):
            left.unlink()
        if copy is not None:
            (self.state / f"{name}.db").write_bytes(copy.read_bytes())

    async def open(self, number: int) -> str:
        opening = {
            "authority": "family-rights",
            "kind": "complaint",
            "source": "restores",
            "source_id": str(number),
            "channel": "email",
            "received_on": today().isoformat(),
            "points": ["An invented point."],
            "complainant": {"name": "Resta Inventata", "role": "parent"},
        }
        return (await intake.open_complaint(self.client, self.register, opening)).reference

    async def send(self, reference: str, action: str, **fields: Any) -> None:
        name, said = sending.complete(action, fields)
        assert (await sending.send(self.client, self.register, reference, name, said, WITHIN)).applied

    async def recorded(self, reference: str, messages: int) -> None:
        await recorded(self.register, reference, messages)

    async def reconciled(self) -> dict[str, str]:
        done = await reconcile(self.client, self.register, self.settings.outbox_folder, WITHIN)
        return {each.reference: each.outcome for each in done}

    def letters(self) -> list[tuple[str, str, str]]:
        table = tables.letters
        with self.register.reading() as db:
            found = db.execute(select(table.c.reference, table.c.key, table.c.recipient))
            return sorted((row.reference, row.key, row.recipient) for row in found)


@pytest.fixture
def installation(tmp_path: Path) -> Restored:
    return Restored(tmp_path)


async def test_an_older_temporal_is_brought_to_where_the_register_stands(installation: Restored) -> None:
    async with installation.running():
        first, second = await installation.open(1), await installation.open(2)
        await installation.send(first, "acknowledge")
        await installation.recorded(first, 1)
        older = installation.back_up("temporal")
        await installation.send(first, "respond", outcome="upheld", summary="An invented answer.")
        third = await installation.open(3)
        await installation.send(third, "acknowledge")
        await installation.recorded(first, 2)
        await installation.recorded(third, 1)
    installation.put_back("temporal", older)
    async with installation.running():
        files = sorted(installation.settings.outbox_folder.rglob("*.txt"))
        before = installation.letters()
        assert before
        assert await installation.reconciled() == {first: "taken up", second: "unchanged", third: "taken up"}
        assert set((await installation.reconciled()).values()) == {"unchanged"}
        assert installation.letters() == before
        assert sorted(installation.settings.outbox_folder.rglob("*.txt")) == files
        await installation.send(first, "add_note", note="An invented note.")
        await installation.recorded(first, 3)  # it would have been lost: its place in the record was taken
        await installation.send(third, "withdraw", reason="Sorted out.")
        await installation.recorded(third, 2)


async def test_letters_that_had_not_left_leave_after_a_restore(installation: Restored) -> None:
    """The older Temporal knows nothing of the message that caused them."""
    async with installation.running():
        reference = await installation.open(1)
        await installation.send(reference, "acknowledge")
        await installation.recorded(reference, 1)
        older = installation.back_up("temporal")
        await installation.send(reference, "extend", reason="Two invented teams.")
        await installation.recorded(reference, 2)
    installation.put_back("temporal", older)
    not_left = "UPDATE letters SET state = 'ready', claim = NULL, sent_at = NULL WHERE letter = 'extension'"
    with closing(sqlite3.connect(installation.state / "register.db")) as db, db:
        assert db.execute(not_left).rowcount
    async with installation.running():
        assert await installation.reconciled() == {reference: "taken up"}
        await installation.recorded(reference, 2)


async def test_without_any_temporal_everything_is_taken_up_from_the_register(installation: Restored) -> None:
    async with installation.running():
        references = [await installation.open(number) for number in range(3)]
        await installation.send(references[0], "acknowledge")
        await installation.recorded(references[0], 1)
    installation.put_back("temporal", None)
    async with installation.running():
        assert set((await installation.reconciled()).values()) == {"taken up"}
        assert set((await installation.reconciled()).values()) == {"unchanged"}
        for reference in references:
            shown = await sending.status(
                installation.client, installation.register, reference, today(), WITHIN
            )
            assert shown["state"] == "open"


async def test_an_older_register_is_told_and_nothing_is_changed(installation: Restored) -> None:
    async with installation.running():
        first = await installation.open(1)
        await installation.send(first, "acknowledge")
        await installation.recorded(first, 1)
        older = installation.back_up("register")
        await installation.send(first, "respond", outcome="upheld", summary="An invented answer.")
        await installation.recorded(first, 2)
        second = await installation.open(2)
    installation.put_back("register", older)
    async with installation.running():
        told = await installation.reconciled()
        assert told == {first: "register is older", second: "register is older"}
        shown = await sending.status(installation.client, installation.register, first, today(), WITHIN)
        assert [each["action"] for each in shown.get("messages", [])] == ["acknowledge", "respond"]


async def test_what_was_erased_does_not_come_back_with_an_older_key_store(installation: Restored) -> None:
    async with installation.running():
        reference = await installation.open(1)
        await installation.send(reference, "acknowledge")
        await installation.send(reference, "withdraw", reason="Sorted out.")
        await installation.recorded(reference, 2)
        copies = {name: installation.back_up(name) for name in ("temporal", "key-store")}
        proof = await erasing.erase(
            installation.client, installation.register, installation.settings.outbox_folder, reference
        )
        assert proof.holds
    for name, copy in copies.items():
        installation.put_back(name, copy)
    async with installation.running():
        assert installation.register.opening(reference) is not None  # its name can be read again
        assert await installation.reconciled() == {reference: "erased again"}
        shown = await sending.status(installation.client, installation.register, reference, today(), WITHIN)
        assert shown.get("erased_on") == today().isoformat()
        assert await installation.reconciled() == {}


async def test_what_was_erased_stays_so_with_an_older_register_and_an_older_temporal(
    installation: Restored,
) -> None:
    async with installation.running():
        reference, other = await installation.open(1), await installation.open(2)
        await installation.send(reference, "acknowledge")
        await installation.send(reference, "withdraw", reason="Sorted out.")
        await installation.recorded(reference, 2)
        await until(lambda: installation.register.status(other, today()) is not None)
        copies = {name: installation.back_up(name) for name in ("temporal", "register")}
        proof = await erasing.erase(
            installation.client, installation.register, installation.settings.outbox_folder, reference
        )
        assert proof.holds
        later = await installation.open(3)
    for name, copy in copies.items():
        installation.put_back(name, copy)
    async with installation.running():
        with pytest.raises(KeyDestroyed):
            installation.register.opening(reference)
        shown = installation.register.status(reference, today())
        assert shown is not None
        assert (shown.get("erased_on"), shown["closed_as"]) == (today().isoformat(), "withdrawn")
        lines = complaints(installation.register, ComplaintFilter(closed=True), today())
        listed = {each.reference for each in lines}
        assert listed == {reference, other}
        assert (await installation.reconciled())[reference] == "erased again"
        assert reference not in await installation.reconciled()
        query = f"WorkflowId = 'complaint-{reference}'"
        assert [run.run_id async for run in installation.client.list_workflows(query)] == []
        assert await installation.open(4) > later, "a reference is not given a second time"


async def test_what_was_terminated_goes_on_and_every_run_of_it_is_erased(
    installation: Restored,
) -> None:
    async with installation.running():
        reference = await installation.open(1)
        await installation.send(reference, "acknowledge")
        await installation.recorded(reference, 1)
        await installation.client.get_workflow_handle(f"complaint-{reference}").terminate("by mistake")
        assert await installation.reconciled() == {reference: "taken up"}
        assert await installation.reconciled() == {reference: "unchanged"}
        await installation.send(reference, "withdraw", reason="Sorted out.")
        await installation.recorded(reference, 2)
        proof = await erasing.erase(
            installation.client, installation.register, installation.settings.outbox_folder, reference
        )
        assert proof.holds
        query = f"WorkflowId = 'complaint-{reference}'"
        assert [
            run.run_id async for run in installation.client.list_workflows(query)
        ] == []  # neither of the two


async def test_letters_that_had_not_left_leave_once_their_complaint_is_taken_up(
    installation: Restored,
) -> None:
    outbox = installation.settings.outbox_folder
    outbox.write_text("in the way of the folder", encoding="utf-8")
    async with installation.running():
        reference = await installation.open(1)
        await installation.send(reference, "acknowledge")
        await until(lambda: bool(installation.letters()))
        await installation.client.get_workflow_handle(f"complaint-{reference}").terminate("by mistake")
        outbox.unlink()
        assert await installation.reconciled() == {reference: "taken up"}
        await until(lambda: any(outbox.rglob("*.txt")))
