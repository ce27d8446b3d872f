"""The worker as every process builds it: the real one, the tests' and the rehearsal's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.errands import Errands
from redress.bootstrap_keys import cipher_for
from redress.contract import TASK_QUEUE
from redress.letters.delivery.channels import Channels
from redress.letters.delivery.configuration import outbox_only, send_limits_of
from redress.letters.dispatcher import LetterDispatcher
from redress.security.encryption import Cipher
from redress.settings import Settings
from redress.store.database import connect
from redress.store.register import Register
from redress.temporal.heartbeats import EVERY, HeartbeatInterceptor
from redress.temporal.refusals import TellRefusals
from redress.temporal.runner import RUNNER
from workflows.complaint import Complaint

PICKED_UP_WITHIN = timedelta(seconds=3)
"""After a worker dies, how long its complaints wait for it before another one takes them over."""


def register_for(settings: Settings, cipher: Cipher) -> Register:
    """The register that the settings name."""
    return Register(connect(settings.database_url), cipher)


def errands_for(settings: Settings, cipher: Cipher | None = None, routes: Channels | None = None) -> Errands:
    """The activities on the register that the settings name.

    `routes`: by what letters leave; left out, all of them by the outbox folder: only who says so writes to
    real people.
    """
    register = register_for(settings, cipher or cipher_for(settings))
    return Errands(
        register, LetterDispatcher(register, routes or outbox_only(settings), send_limits_of(settings))
    )


def build_worker(client: Client, errands: Errands, settings: Settings) -> Worker:
    """A worker for complaints."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Complaint],
        activities=[errands.begin, errands.carry_out, errands.deliver],
        activity_executor=ThreadPoolExecutor(settings.activity_threads, "errand"),
        max_concurrent_activities=settings.activity_threads,
        max_concurrent_local_activities=settings.activity_threads,
        max_cached_workflows=settings.cached_complaints,
        workflow_runner=RUNNER,
        interceptors=[TellRefusals(), HeartbeatInterceptor()],
        max_heartbeat_throttle_interval=EVERY,
        sticky_queue_schedule_to_start_timeout=PICKED_UP_WITHIN,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_within),
    )
