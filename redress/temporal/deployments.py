"""Worker versions: which build runs complaints, and how another one takes over or hands back.

A complaint lives longer than any build, so it moves to whichever version is current (or, for a share of
complaints, ramping) at its next workflow task: `AUTO_UPGRADE`. See docs/upgrading.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel
from temporalio.api.deployment.v1 import WorkerDeploymentVersion as WorkerDeploymentVersionProto
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkerDeploymentVersionStatus
from temporalio.api.workflowservice import v1 as workflowservice
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from redress.contract import LETTERS_QUEUE, TASK_QUEUE
from redress.startup import SetupError
from redress.temporal.client import running_workers

UNVERSIONED = "unversioned"
"""Stands in place of a build id for workers that run without a version."""

WAIT_FOR_WORKERS = 60.0
"""Seconds that a version's workers have to appear before it is given up."""

PAUSE = 0.25
"""Seconds between two looks at the server."""

QUEUES = (TASK_QUEUE, LETTERS_QUEUE)
"""What a version's workers have to poll between them."""

IN_PROGRESS = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS


class DeploymentError(Exception):
    """The versions cannot be changed as asked; says why, and what would help."""


class NoWorkers(DeploymentError):
    """No worker of the version polls: complaints that moved to it would wait in silence."""


class Version(BaseModel):
    """One build of the software, as the server knows it."""

    build_id: str
    status: str
    """`current`, `ramping`, `draining` (complaints may not have moved away yet), `drained`, `inactive`."""
    workers: int
    """How many processes of it poll for complaints."""
    created_at: datetime
    last_current_at: datetime | None
    """When it last became current; None: it never was."""


class Deployment(BaseModel):
    """The versions of one deployment, and which of them complaints go to."""

    name: str
    current: str
    """The build id, or `unversioned`."""
    ramping: str | None
    ramp_percentage: float
    """The share of complaints that goes to the ramping version."""
    versions: list[Version]
    """The newest first."""


def worker_deployment(name: str, build_id: str) -> WorkerDeploymentConfig | None:
    """How a worker takes part in Worker Versioning; None where both are empty.

    Raises `ValueError` where only one is given: such a worker would be passed over in silence.
    """
    if not (name or build_id):
        return None
    if not (name and build_id):
        raise SetupError("REDRESS_DEPLOYMENT and REDRESS_BUILD_ID: set both, or neither")
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(name, build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def describe(client: Client, name: str) -> Deployment:
    """The versions of a deployment. Raises `DeploymentError` where no worker of it ever started."""
    return _deployment(await _describe(client, name), await _workers(client, name))


async def make_current(
    client: Client, name: str, build_id: str, within: float = WAIT_FOR_WORKERS
) -> Deployment:
    """Send complaints, and their letters, to a version; `UNVERSIONED` sends them to workers without one.

    Waits for its workers, on both task queues, for `within` seconds, then raises `NoWorkers`; `RPCError`
    where the server refuses, for example because somebody else changed the versions at this moment.
    """
    found = await _with_workers(client, name, build_id, within)
    await client.workflow_service.set_worker_deployment_current_version(
        workflowservice.SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=name,
            build_id=_on_the_wire(build_id),
            conflict_token=found.conflict_token,
            identity=client.identity,
        )
    )
    return await _propagated(client, name)


async def ramp(
    client: Client, name: str, build_id: str, percentage: float, within: float = WAIT_FOR_WORKERS
) -> Deployment:
    """Send a share of the complaints to a version, 0 to 100 per cent; the rest stay with the current one.

    A complaint is always on the same side. Raises like `make_current`.
    """
    found = await _with_workers(client, name, build_id, within)
    return await _ramp(client, name, _on_the_wire(build_id), percentage, found.conflict_token)


async def roll_back(client: Client, name: str, within: float = WAIT_FOR_WORKERS) -> Deployment:
    """End a ramp; where there is none, make the version current again that was so before the current one.

    That is, among versions older than the current one, the one that was current last: doing it twice goes
    two versions back, never forward to the faulty one. Raises like `make_current`, and where there is
    nothing to go back to.
    """
    found = await _describe(client, name)
    now = _deployment(found, Counter())
    if now.ramping is not None:
        return await _ramp(client, name, "", 0, found.conflict_token)
    return await make_current(client, name, _before(now).build_id, within)


def _before(now: Deployment) -> Version:
    current = next((each for each in now.versions if each.build_id == now.current), None)
    if current is None:
        raise DeploymentError(f"no version of {now.name} is current: there is nothing to roll back")
    earlier = {
        each.last_current_at: each
        for each in now.versions
        if each.last_current_at is not None and each.created_at < current.created_at
    }
    if not earlier:
        raise DeploymentError(
            f"no version of {now.name} was current before {current.build_id}. To go back to workers that run "
            f"without a version: versions current {UNVERSIONED}"
        )
    return earlier[max(earlier)]


# --- what the server says ----------------------------------------------------------------------------


def _deployment(
    found: workflowservice.DescribeWorkerDeploymentResponse, workers: Counter[tuple[str, str]]
) -> Deployment:
    info = found.worker_deployment_info
    routing = info.routing_config
    versions = [
        Version(
            build_id=each.deployment_version.build_id,
            status=_status(each.status),
            workers=workers[each.deployment_version.build_id, TASK_QUEUE],
            created_at=each.create_time.ToDatetime(UTC),
            last_current_at=_instant(each.last_current_time),
        )
        for each in info.version_summaries
    ]
    return Deployment(
        name=info.name,
        current=routing.current_deployment_version.build_id or UNVERSIONED,
        ramping=routing.ramping_deployment_version.build_id or None,
        ramp_percentage=routing.ramping_version_percentage,
        versions=sorted(versions, key=lambda each: each.created_at, reverse=True),
    )


async def _with_workers(
    client: Client, name: str, build_id: str, within: float
) -> workflowservice.DescribeWorkerDeploymentResponse:
    """The deployment, once workers of the version poll every task queue and the server knows it."""
    queue = TASK_QUEUE
    try:
        async with asyncio.timeout(within):
            for queue in QUEUES:
                while not (await _workers(client, name))[build_id, queue]:  # noqa: ASYNC110  # the server's
                    await asyncio.sleep(PAUSE)
            while not await _knows(client, name, build_id):  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)
            return await _describe(client, name)
    except TimeoutError:
        settings = f"with REDRESS_DEPLOYMENT={name} and REDRESS_BUILD_ID={build_id}"
        how = "without a version" if build_id == UNVERSIONED else settings
        raise NoWorkers(
            f"no worker of {build_id} asked for work on the task queue {queue} within {within:.0f} s: start "
            f"one {how} first. Nothing has changed"
        ) from None


async def _workers(client: Client, name: str) -> Counter[tuple[str, str]]:
    """How many workers run, by build id and task queue, those without a version included."""
    workers: Counter[tuple[str, str]] = Counter()
    for each in await running_workers(client):
        version = each.deployment_version
        if version.deployment_name in ("", name):
            build_id = version.build_id if version.deployment_name else UNVERSIONED
            workers[build_id, each.task_queue] += 1
    return workers


async def _knows(client: Client, name: str, build_id: str) -> bool:
    """Whether the server has noted every task queue of the version: seconds after its workers first poll."""
    if build_id == UNVERSIONED:
        return True
    asked = workflowservice.DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace,
        deployment_version=WorkerDeploymentVersionProto(deployment_name=name, build_id=build_id),
    )
    try:
        found = await client.workflow_service.describe_worker_deployment_version(asked)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return set(QUEUES) <= {each.name for each in found.worker_deployment_version_info.task_queue_infos}


async def _describe(client: Client, name: str) -> workflowservice.DescribeWorkerDeploymentResponse:
    asked = workflowservice.DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    try:
        return await client.workflow_service.describe_worker_deployment(asked)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise DeploymentError(
            f"there is no deployment {name}: no worker with REDRESS_DEPLOYMENT={name} has ever started here"
        ) from None


async def _ramp(client: Client, name: str, build_id: str, percentage: float, token: bytes) -> Deployment:
    await client.workflow_service.set_worker_deployment_ramping_version(
        workflowservice.SetWorkerDeploymentRampingVersionRequest(
            namespace=client.namespace,
            deployment_name=name,
            build_id=build_id,
            percentage=percentage,
            conflict_token=token,
            identity=client.identity,
        )
    )
    return await _propagated(client, name)


async def _propagated(client: Client, name: str) -> Deployment:
    """The deployment, once its task queues know of the change."""
    while True:
        found = (await _describe(client, name)).worker_deployment_info
        if found.routing_config_update_state != IN_PROGRESS:
            return await describe(client, name)
        await asyncio.sleep(PAUSE)


def _on_the_wire(build_id: str) -> str:
    return "" if build_id == UNVERSIONED else build_id


def _instant(at: Timestamp) -> datetime | None:
    return at.ToDatetime(UTC) if at.seconds else None


def _status(status: WorkerDeploymentVersionStatus.ValueType) -> str:
    name = WorkerDeploymentVersionStatus.Name(status)
    return name.removeprefix("WORKER_DEPLOYMENT_VERSION_STATUS_").lower()
