"""Connecting to Temporal, the same way from every process."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio import runtime
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCStatusCode

from redress.security.encryption import Cipher
from redress.startup import SetupError
from redress.temporal.converter import data_converter

log = logging.getLogger(__name__)

WORKER_HEARTBEAT = timedelta(seconds=5)
"""How often a worker tells the server that it runs (an activity's heartbeats are others)."""

WORKER_GONE = 4 * WORKER_HEARTBEAT
"""One that has not done so for so long is gone."""

UNREACHABLE = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED}
"""The status of a call that no server answered, or one that is starting."""


def quiet_runtime(metrics: str = "", *, is_worker: bool = False) -> None:
    """Keep the SDK's core off standard output: commands print JSON there. Call once, before connecting.

    `metrics`: the `ADDRESS:PORT` on which the SDK's own metrics are given to Prometheus. `is_worker`: its
    warnings go into the process's log, since they say why a workflow task failed.
    """
    core = logging.getLogger("temporalio.core")
    if not is_worker:
        core.propagate = False
        core.addHandler(logging.StreamHandler(sys.stderr))
    core.setLevel(logging.WARNING if is_worker else logging.ERROR)
    telemetry = runtime.TelemetryConfig(
        logging=runtime.LoggingConfig(
            filter=runtime.TelemetryFilter(core_level="WARN" if is_worker else "ERROR", other_level="ERROR"),
            forwarding=runtime.LogForwardingConfig(logger=core),
        ),
        metrics=runtime.PrometheusConfig(bind_address=metrics) if metrics else None,
    )
    own = runtime.Runtime(telemetry=telemetry, worker_heartbeat_interval=WORKER_HEARTBEAT)
    runtime.Runtime.set_default(own, error_if_already_set=False)


def where() -> str:
    """The address that will be tried, for messages to people. Raises `SetupError`."""
    return str(_config().get("target_host"))


def _config() -> ClientConnectConfig:
    """Temporal's own settings, as the SDK reads them; `TEMPORAL_API_KEY_FILE` names a file with the key."""
    try:
        config = ClientConfig.load_client_connect_config(config_file_strict=True)
        key_file = os.environ.get("TEMPORAL_API_KEY_FILE")
        if key_file:
            config["api_key"] = Path(key_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SetupError(
            f"{error.filename}: cannot be read ({error.strerror}): temporal.toml, TEMPORAL_TLS_… or "
            "TEMPORAL_API_KEY_FILE names it"
        ) from None
    except (RuntimeError, ValueError) as error:
        raise SetupError(f"TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: {error}") from None
    config.setdefault("target_host", "localhost:7233")
    return config


async def connect(cipher: Cipher, interceptors: Sequence[Interceptor] = ()) -> Client:
    """A client by Temporal's standard settings. Raises `RuntimeError` at once if unreachable.

    Raises `SetupError` where they cannot be used.
    """
    converter = data_converter(cipher)
    return await Client.connect(**_config(), data_converter=converter, interceptors=interceptors)


async def connect_patiently(
    stop: asyncio.Event, cipher: Cipher, interceptors: Sequence[Interceptor] = ()
) -> Client | None:
    """Like `connect`, but waits for a server that is not up yet; None if told to stop meanwhile."""
    pause = 0.5
    while not stop.is_set():
        try:
            return await connect(cipher, interceptors)
        except RuntimeError as error:
            log.warning("Temporal at %s is not up yet; trying again in %.0f s (%s)", where(), pause, error)
        try:
            async with asyncio.timeout(pause):
                await stop.wait()
        except TimeoutError:
            pause = min(pause * 2, 10)
    return None


async def running_workers(client: Client) -> list[WorkerHeartbeat]:
    """The last heartbeats of the workers that run, one for each task queue they poll. Raises `RPCError`."""
    request = ListWorkersRequest(namespace=client.namespace, query="Status = 'Running'")
    listed = await client.workflow_service.list_workers(request)
    since = datetime.now(UTC) - WORKER_GONE
    found = [each.worker_heartbeat for each in listed.workers_info]
    return [each for each in found if each.heartbeat_time.ToDatetime(UTC) > since]
