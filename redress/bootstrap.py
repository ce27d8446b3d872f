"""Puts the concrete parts together: the register, the channels, the activities, the workers.

Only entry points import this: the worker, the API, the command line, and whatever runs a worker of its own
(rehearsal, demo, tests).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.begin import BeginComplaint
from activities.erase_due import EraseDue
from activities.record import RecordEntries
from activities.send_digests import SendDigests
from activities.send_letters import SendLetters
from redress.bootstrap_keys import cipher_for
from redress.contract import HEARTBEAT_INTERVAL, LETTERS_QUEUE, TASK_QUEUE
from redress.letters.delivery.channels import Channels
from redress.letters.delivery.configuration import outbox_only, send_limits_of
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.stored_enclosures import content_for
from redress.security.encryption import Cipher
from redress.services.documents import Documents
from redress.settings import Settings
from redress.store.database import connect
from redress.store.register import Register
from redress.temporal.deployments import worker_deployment
from redress.temporal.heartbeats import HeartbeatInterceptor
from redress.temporal.inbound import OneArgument
from redress.temporal.runner import RUNNER
from workflows.complaint import Complaint
from workflows.daily_digest import DailyDigest
from workflows.maintenance import Maintenance

PICKED_UP_WITHIN = timedelta(seconds=3)
"""After a worker dies, how long its complaints wait for it before another one takes them over."""


@dataclass(frozen=True)
class Activities:
    """What touches the world, on one register."""

    register: Register
    dispatcher: LetterDispatcher
    holds_clear_signals: bool = False
    """Whether signals that come unencrypted though there are keys are held instead of applied."""

    def of_complaints(self) -> list[Callable[..., object]]:
        """The activities on the task queue of complaints."""
        begin = BeginComplaint(self.register, holds_clear_signals=self.holds_clear_signals)
        return [begin.begin, RecordEntries(self.register, self.dispatcher).record]

    def of_letters(self) -> list[Callable[..., object]]:
        """The activities on the task queue of letters."""
        return [SendLetters(self.dispatcher).send_letters, SendDigests(self.dispatcher).send_digests]


def register_for(settings: Settings, cipher: Cipher) -> Register:
    """The register that the settings name."""
    return Register(connect(settings.database_url), cipher)


def activities_for(
    settings: Settings, cipher: Cipher | None = None, channels: Channels | None = None
) -> Activities:
    """The activities on the register that the settings name.

    `channels`: by what letters leave; left out, all of them by the outbox folder: only who says so writes to
    real people.
    """
    register = register_for(settings, cipher or cipher_for(settings))
    content = content_for(register, settings)
    dispatcher = LetterDispatcher(
        register, channels or outbox_only(settings), send_limits_of(settings), content
    )
    return Activities(register, dispatcher, holds_clear_signals=settings.clear_signals == "hold")


@asynccontextmanager
async def running_workers(client: Client, activities: Activities, settings: Settings) -> AsyncIterator[None]:
    """Workers for the task queues of the settings, for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        if settings.queues != "letters":
            await stack.enter_async_context(complaints_worker(client, activities, settings))
        if settings.queues != "complaints":
            await stack.enter_async_context(letters_worker(client, activities, settings))
        yield


def complaints_worker(client: Client, activities: Activities, settings: Settings) -> Worker:
    """A worker that runs complaints, keeps their record, and does what is done daily."""
    documents = Documents(activities.register, settings)
    maintenance = EraseDue(client, activities.register, settings.outbox_folder, settings.state, documents)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Complaint, Maintenance, DailyDigest],
        activities=[*activities.of_complaints(), maintenance.erase_due],
        activity_executor=ThreadPoolExecutor(settings.activity_threads, "activity"),
        max_concurrent_activities=settings.activity_threads,
        max_concurrent_local_activities=settings.activity_threads,
        deployment_config=worker_deployment(settings.deployment, settings.build_id),
        max_cached_workflows=settings.cached_complaints,
        workflow_runner=RUNNER,
        interceptors=[OneArgument(), HeartbeatInterceptor()],
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        sticky_queue_schedule_to_start_timeout=PICKED_UP_WITHIN,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_within),
    )


def letters_worker(client: Client, activities: Activities, settings: Settings) -> Worker:
    """A worker that sends letters."""
    return Worker(
        client,
        task_queue=LETTERS_QUEUE,
        activities=activities.of_letters(),
        activity_executor=ThreadPoolExecutor(settings.activity_threads, "letters"),
        max_concurrent_activities=settings.activity_threads,
        deployment_config=worker_deployment(settings.deployment, settings.build_id),
        interceptors=[HeartbeatInterceptor()],
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_within),
    )
