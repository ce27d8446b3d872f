"""The worker as every process builds it: the real one, the tests' and the rehearsal's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.erase_due import EraseDue
from activities.errands import Errands
from activities.postroom import Postroom
from engine.post import outbox_only, patience_of
from engine.refusals import TellRefusals
from engine.runner import RUNNER
from engine.seals import seals_for
from engine.settings import Settings
from engine.signs_of_life import EVERY, SignsOfLife
from letters.delivery.routes import Routes
from privacy.seals import Seals
from redress.temporal.deployments import worker_deployment
from register.database import connect
from register.register import Register
from workflows.complaint import Complaint
from workflows.maintenance import Maintenance
from workflows.wire import TASK_QUEUE

PICKED_UP_WITHIN = timedelta(seconds=3)
"""After a worker dies, how long its complaints wait for it before another one takes them over."""


def register_for(settings: Settings, seals: Seals) -> Register:
    """The register that the settings name."""
    return Register(connect(settings.database_url), seals)


def errands_for(settings: Settings, seals: Seals | None = None, routes: Routes | None = None) -> Errands:
    """The activities on the register that the settings name.

    `routes`: by what letters leave (`engine.post.routes_for`); left out, all of them by the outbox folder:
    only who says so writes to real people.
    """
    register = register_for(settings, seals or seals_for(settings))
    return Errands(register, Postroom(register, routes or outbox_only(settings), patience_of(settings)))


def build_worker(client: Client, errands: Errands, settings: Settings) -> Worker:
    """A worker for complaints and the daily maintenance, of the version that the settings name."""
    maintenance = EraseDue(client, errands.register, settings.outbox_folder, settings.state)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Complaint, Maintenance],
        activities=[errands.begin, errands.carry_out, errands.deliver, maintenance.erase_due],
        activity_executor=ThreadPoolExecutor(settings.activity_threads, "errand"),
        max_concurrent_activities=settings.activity_threads,
        max_concurrent_local_activities=settings.activity_threads,
        max_cached_workflows=settings.cached_complaints,
        deployment_config=worker_deployment(settings.deployment, settings.build_id),
        workflow_runner=RUNNER,
        interceptors=[TellRefusals(), SignsOfLife()],
        max_heartbeat_throttle_interval=EVERY,
        sticky_queue_schedule_to_start_timeout=PICKED_UP_WITHIN,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_within),
    )
