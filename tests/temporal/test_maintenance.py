"""The daily maintenance, by its Schedule on the real server: it counts what is due, and erases if told to."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleOverlapPolicy,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.erase_due import EraseDue
from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.contract import MAINTENANCE, TASK_QUEUE, DigestReport, ErasureReport
from redress.procedures import loader
from redress.procedures.authority import Retention
from redress.procedures.bank_holidays import calendar_today
from redress.security.keyring import add_key
from redress.services import erasing, sending
from redress.services.clock import today
from redress.settings import Settings
from redress.store import letters
from redress.store.register import Register
from redress.temporal.converter import data_converter
from redress.temporal.embedded import embedded_server
from redress.temporal.namespace import prepare
from redress.temporal.schedules import DIGEST_SCHEDULE, MAINTENANCE_SCHEDULE
from tests.cli.conftest import Cli
from tests.stores import migrated
from tests.waiting import eventually, recorded, until
from workflows.maintenance import Maintenance

LONG_AGO = date(today().year - 8, 3, 1)
"""family-rights keeps six years."""


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cli]:
    state = tmp_path_factory.mktemp("maintenance")
    add_key(state / "keys.txt", "only")
    settings = migrated(
        Settings(state=state, register_url="", key_store_url="", keys=None, outbox=None, trial="")
    )
    cipher = cipher_for(settings)
    async with embedded_server(cipher=cipher) as (address, client):
        activities = activities_for(settings, cipher)
        assert any("maintenance daily at 02:30" in sentence for sentence in await prepare(client))
        async with running_workers(client, activities, settings):
            yield Cli(address, state, {"REDRESS_TRIAL": ""}, client, activities.register)


async def _maintained(stack: Cli) -> tuple[ErasureReport, str]:
    """What the schedule's workflow found and did, run at once; and the workflow's id."""
    assert stack.client is not None
    schedule = stack.client.get_schedule_handle(MAINTENANCE_SCHEDULE)
    before = (await schedule.describe()).info.num_actions
    await schedule.trigger()
    described = await eventually(schedule.describe, lambda found: found.info.num_actions > before)
    started = described.info.recent_actions[-1].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    run = stack.client.get_workflow_handle(started.workflow_id, result_type=ErasureReport)
    return await run.result(), started.workflow_id


async def _closed_long_ago(stack: Cli, **more: object) -> str:
    messages = [
        {"action": "acknowledge", "on": LONG_AGO.isoformat()},
        {"action": "withdraw", "on": (LONG_AGO + timedelta(days=20)).isoformat()},
    ]
    reference = await stack.open(received_on=LONG_AGO.isoformat(), messages=messages, **more)
    assert stack.register is not None
    await recorded(stack.register, reference, messages=2)
    return reference


def _letters_wait(register: Register, reference: str) -> bool:
    with register.reading() as db:
        return bool(letters.in_state(db, ("waiting", *letters.OPEN), reference))


async def test_there_is_one_schedule_however_often_the_namespace_is_prepared(stack: Cli) -> None:
    assert stack.client is not None
    schedule = stack.client.get_schedule_handle(MAINTENANCE_SCHEDULE)
    await schedule.pause(note="by an operator")
    assert await prepare(stack.client) == []
    assert sorted([each.id async for each in await stack.client.list_schedules()]) == [
        DIGEST_SCHEDULE,
        MAINTENANCE_SCHEDULE,
    ]
    found = await schedule.describe()
    assert found.schedule.state.paused, "an operator's choice stays"
    await schedule.unpause()
    assert found.schedule.policy.overlap == ScheduleOverlapPolicy.SKIP
    window = found.schedule.policy.catchup_window
    assert window is not None
    assert window >= timedelta(days=1)
    london = [at.astimezone(ZoneInfo("Europe/London")) for at in found.info.next_action_times]
    assert {(at.hour, at.minute) for at in london} == {(2, 30)}
    assert {later - earlier for earlier, later in pairwise(london)} == {timedelta(days=1)}


async def test_an_older_versions_action_is_put_right(stack: Cli) -> None:
    assert stack.client is not None
    schedule = stack.client.get_schedule_handle(MAINTENANCE_SCHEDULE)

    def another(found: ScheduleUpdateInput) -> ScheduleUpdate:
        action = found.description.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        action.task_queue = "another"
        return ScheduleUpdate(found.description.schedule)

    await schedule.update(another)
    assert len(await prepare(stack.client)) == 1
    action = (await schedule.describe()).schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert (action.workflow, action.task_queue) == (MAINTENANCE, TASK_QUEUE)


async def test_it_reports_until_the_authority_has_it_erase(
    stack: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = stack.register
    assert register is not None
    assert stack.client is not None
    lately = await stack.open()
    due = [await _closed_long_ago(stack) for _ in range(2)]
    await _closed_long_ago(stack, authority="rotherham")
    stuck = await stack.open(received_on=LONG_AGO.isoformat())
    folder = stack.state / "outbox" / stuck
    folder.parent.mkdir(exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("Not a folder: letters cannot leave.")
    name, withdrawal = sending.complete("withdraw", {"on": LONG_AGO.isoformat()})
    assert (await sending.send(stack.client, register, stuck, name, withdrawal, 60)).applied
    await until(lambda: _letters_wait(register, stuck))

    report, _ = await _maintained(stack)
    assert report == ErasureReport(due=3, unconfirmed=1)
    assert not register.noted_as_erased()
    assert {register.opening(reference) is not None for reference in due} == {True}

    monkeypatch.setattr(erasing, "FOLLOWS_WITHIN", 0.5)
    authorities = tmp_path / "authorities"
    shutil.copytree(loader.AUTHORITIES, authorities)
    file = authorities / "family-rights.toml"
    file.write_text(file.read_text().replace("[retention]", "[retention]\nerase_automatically = true"))
    monkeypatch.setattr(loader, "AUTHORITIES", authorities)
    loader.authority.cache_clear()
    try:
        await _is_broken_off_by_a_worker_that_stops(stack)
        assert not register.noted_as_erased()
        report, run = await _maintained(stack)
        again, _ = await _maintained(stack)
    finally:
        monkeypatch.undo()
        loader.authority.cache_clear()
    assert report == ErasureReport(due=3, unconfirmed=1, erased=2, failed=1)
    assert again == ErasureReport(due=1, unconfirmed=1, failed=1)
    assert register.noted_as_erased() == set(due)
    for reference in due:
        proof = await erasing.erase(stack.client, register, stack.state / "outbox", reference)
        assert (proof.already, proof.holds) == (True, True)
    status = register.status(lately, today())
    assert status is not None
    assert "erased_on" not in status

    history = await stack.client.get_workflow_handle(run).fetch_history()
    assert not any(reference in history.to_json() for reference in due)
    replayer = Replayer(
        workflows=[Maintenance],
        data_converter=data_converter(register.cipher),
        workflow_runner=SandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)


async def _is_broken_off_by_a_worker_that_stops(stack: Cli) -> None:
    assert stack.client is not None
    assert stack.register is not None
    maintenance = EraseDue(stack.client, stack.register, stack.state / "outbox", stack.state)
    stopping = ActivityEnvironment()
    stopping.info = replace(stopping.info, workflow_type=MAINTENANCE)
    stopping.worker_shutdown()
    with pytest.raises(ApplicationError, match="another goes on") as told:
        await asyncio.to_thread(stopping.run, maintenance.erase_due)
    assert not told.value.non_retryable


def test_only_a_confirmed_period_is_erased_automatically() -> None:
    assert not Retention(years=6).erase_automatically
    with pytest.raises(ValueError, match="verified = true"):
        Retention(years=6, verified=False, erase_automatically=True)


async def test_the_daily_digest_leaves_once_a_day_by_its_schedule(stack: Cli) -> None:
    """At 07:00 in London; started twice on one day, each mailbox has its digest once."""
    assert stack.client is not None
    await stack.open(received_on=(today() - timedelta(days=60)).isoformat())
    schedule = stack.client.get_schedule_handle(DIGEST_SCHEDULE)
    described = await schedule.describe()
    london = [at.astimezone(ZoneInfo("Europe/London")) for at in described.info.next_action_times]
    assert {(at.hour, at.minute) for at in london} == {(7, 0)}
    reports = [await _digests_sent(stack.client, number) for number in (1, 2)]
    assert [report.failed for report in reports] == [0, 0]
    assert reports[0].sent >= (1 if calendar_today().is_working_day(today()) else 0)
    assert reports[1].sent == 0


async def _digests_sent(client: Client, number: int) -> DigestReport:
    """What came of a run that is started now, the how manieth of this schedule it is."""
    schedule = client.get_schedule_handle(DIGEST_SCHEDULE)
    await schedule.trigger()
    found = await eventually(schedule.describe, lambda each: each.info.num_actions >= number)
    started = found.info.recent_actions[-1].action
    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
    run = client.get_workflow_handle(started.workflow_id, result_type=DigestReport)
    report: DigestReport = await run.result()
    return report
