"""A sender whose clock is ahead of Temporal's, a start that failed, and clocks that are apart (K1)."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, update
from temporalio.client import Client

from redress.contract import Start, workflow_id
from redress.domain.opening_parsing import parse_opening
from redress.services import beginning_again, intake
from redress.services.beginning_again import BeginningAgain, not_begun
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


def overdue(shared_register: Register, reserved: Reserved | None = None, *, minutes: int = 2) -> str:
    """A complaint that was accepted so long ago, and not begun since."""
    reserved = reserved or reserve(shared_register, today().isoformat())
    reference, table = reserved.reference, tables.references
    earlier = datetime.now(UTC) - timedelta(minutes=minutes)
    with shared_register.writing() as db:
        db.execute(update(table).where(table.c.reference == reference).values(reserved_at=earlier))
    return reference


async def until_recorded(shared_register: Register, reference: str) -> None:
    async def is_recorded() -> bool:
        return shared_register.status(reference, TOMORROW) is not None

    await eventually(is_recorded, bool)


async def test_what_was_accepted_tomorrow_opens_and_takes_messages(
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
    lately = [each.reference for each in not_begun(shared_register)]
    assert reserved.reference not in lately, "its start may be under way"
    reference = overdue(shared_register, reserved)
    assert reference in [each.reference for each in not_begun(shared_register)]
    await BeginningAgain(server[1], shared_register).once()
    await until_recorded(shared_register, reference)
    assert reference not in [each.reference for each in not_begun(shared_register)]


async def test_one_that_cannot_be_begun_holds_up_no_other(
    server: tuple[str, Client], shared_register: Register
) -> None:
    table = tables.references
    broken, fine = overdue(shared_register, minutes=3), overdue(shared_register)
    with shared_register.writing() as db:
        db.execute(update(table).where(table.c.reference == broken).values(opening="no opening"))
    await BeginningAgain(server[1], shared_register).once()
    await until_recorded(shared_register, fine)
    assert broken in [each.reference for each in not_begun(shared_register)]
    with shared_register.writing() as db:
        db.execute(delete(table).where(table.c.reference == broken))


async def test_a_start_that_nobody_answers_holds_up_no_other(
    server: tuple[str, Client],
    shared_register: Register,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    both = {overdue(shared_register), overdue(shared_register)}
    with monkeypatch.context() as soon, socket.create_server(("127.0.0.1", 0)) as silent:
        soon.setattr(beginning_again, "BEGIN_WITHIN", 0.2)
        nobody = await Client.connect(f"127.0.0.1:{silent.getsockname()[1]}", lazy=True)
        await BeginningAgain(nobody, shared_register).once()
    assert {f"{each} was accepted and cannot be begun: TimeoutError" for each in both} <= {*caplog.messages}
    await BeginningAgain(server[1], shared_register).once()
    for each in both:
        await until_recorded(shared_register, each)


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
