"""Connecting to Temporal, the same way from every process."""

from __future__ import annotations

import asyncio
import logging
import sys

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from engine.converter import data_converter
from privacy.seals import Seals

log = logging.getLogger(__name__)


def quiet_runtime() -> None:
    """Keep the SDK's core off standard output: doors print JSON there. Call once, before connecting."""
    core = logging.getLogger("temporalio.core")
    core.propagate = False
    core.addHandler(logging.StreamHandler(sys.stderr))
    core.setLevel(logging.ERROR)
    telemetry = TelemetryConfig(
        logging=LoggingConfig(
            filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"),
            forwarding=LogForwardingConfig(logger=core),
        )
    )
    Runtime.set_default(Runtime(telemetry=telemetry), error_if_already_set=False)


def where() -> str:
    """The address that will be tried, for messages to people."""
    return str(ClientConfig.load_client_connect_config().get("target_host") or "localhost:7233")


async def connect(seals: Seals) -> Client:
    """A client by Temporal's standard settings. Raises `RuntimeError` at once if unreachable."""
    config = ClientConfig.load_client_connect_config(config_file_strict=True)
    config.setdefault("target_host", "localhost:7233")
    return await Client.connect(**config, data_converter=data_converter(seals))


async def connect_patiently(stop: asyncio.Event, seals: Seals) -> Client | None:
    """Like `connect`, but waits for a server that is not up yet; None if told to stop meanwhile."""
    pause = 0.5
    while not stop.is_set():
        try:
            return await connect(seals)
        except RuntimeError as error:
            log.warning("Temporal at %s is not up yet; trying again in %.0f s (%s)", where(), pause, error)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            pause = min(pause * 2, 10)
    return None
