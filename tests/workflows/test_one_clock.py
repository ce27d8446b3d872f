"""A sender whose clock is ahead of Temporal's, a start that failed, and clocks that are apart (K1)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from temporalio.client import Client

from redress.contract import Start, workflow_id
from redress.domain.opening_parsing import parse_opening
from redress.services import beginning_again, intake
from redress.services.beginning_again import BeginningAgain, NotBegun, not_begun
from redress.services.clock import today
from redress.store import tables
from redress.store.register import Register, Reserved
from redress.temporal.clock import is_apart, seconds_ahead
from tests.domain.conftest import document
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(120)

TOMORROW = today() + timedelta(days=1)


def reserve(shared_register: Register, received_on: str) -> Reserved:
    raw = document(received_on, source_id=uuid4().hex)
    return shared_register.reserve(parse_opening(raw, TOMORROW), raw, "CYP")


async def until_recorded(shared_register: Register, reference: str) -> None:
    async def is_recorded() -> bool:
        return shared_register.status(reference, TOMORROW) is not None

    await eventually(is_recorded, bool)


async def test_what_a_door_accepted_on_its_tomorrow_opens_and_takes_messages(
    server: tuple[str, Client], shared_register: Register
) -> None:
    client, reserved = server[1], reserve(shared_register, TOMORROW.isoformat())
    await intake.start(
        client, Start(reference=reserved.reference, opening=reserved.opening, accepted_on=TOMORROW)
    )
    await until_recorded(shared_register, reserved.reference)
    said = {"on": TOMORROW.isoformat(), "accepted_on": TOMORROW.isoformat(), "message_id": "a-1"}
    handle = client.get_workflow_handle(workflow_id(reserved.reference))
    answer = await handle.execute_update("acknowledge", said)
    assert (answer["applied"], answer["on"]) == (True, TOMORROW.isoformat())


async def test_a_start_that_failed_is_seen_and_begun_again(
    server: tuple[str, Client], shared_register: Register
) -> None:
    reserved = reserve(shared_register, today().isoformat())
    reference, table = reserved.reference, tables.references
    assert reference not in [
        each.reference for each in not_begun(shared_register)
    ]  # its start may be under way
    earlier = datetime.now(UTC) - timedelta(minutes=2)
    with shared_register.writing() as db:
        db.execute(update(table).where(table.c.reference == reference).values(reserved_at=earlier))
    assert reference in [each.reference for each in not_begun(shared_register)]
    await BeginningAgain(server[1], shared_register).once()
    await until_recorded(shared_register, reference)
    assert reference not in [each.reference for each in not_begun(shared_register)]


async def test_one_that_cannot_be_begun_holds_up_no_other(
    shared_register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def take_up(_client: object, _register: object, reference: str) -> None:
        begun.append(reference)
        if reference.endswith("1"):
            raise LookupError(reference)
        if reference.endswith("2"):
            await asyncio.sleep(60)

    found = [NotBegun(f"CYP-2026-00000{number}", datetime.now(UTC)) for number in (1, 2, 3)]
    monkeypatch.setattr(beginning_again, "not_begun", lambda _: found)
    monkeypatch.setattr(beginning_again, "take_up_again", take_up)
    monkeypatch.setattr(beginning_again, "BEGIN_WITHIN", 0.1)
    nobody: Any = None
    await BeginningAgain(nobody, shared_register).once()
    assert begun == [each.reference for each in found]


async def test_a_clock_that_is_ahead_of_temporals_is_seen(
    server: tuple[str, Client], shared_register: Register
) -> None:
    reserved, since = reserve(shared_register, today().isoformat()), datetime.now(UTC)
    await intake.begin(server[1], reserved)
    measured = [
        await seconds_ahead(server[1], reserved.reference, since + ahead)
        for ahead in (timedelta(0), timedelta(minutes=5))
    ]
    assert [is_apart(each) for each in measured] == [False, True]
