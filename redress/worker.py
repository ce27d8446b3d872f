"""The process that runs complaints. Stops cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import NoReturn

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.exit import leave
from redress.letters.check import check_letters
from redress.letters.delivery.configuration import ChannelConfigError, channels_for
from redress.procedures.files import tell_all
from redress.procedures.loader import FileError, check_all
from redress.security.encryption import PlaintextCipher
from redress.security.keyring import KeyringError
from redress.services.beginning_again import BeginningAgain
from redress.services.migrating import check_schemas
from redress.settings import Settings
from redress.store.schema import SchemaNotCurrent
from redress.telemetry.logs import set_up
from redress.telemetry.traces import flush, tracing
from redress.temporal.client import connect_patiently, quiet_runtime, where
from redress.temporal.deployments import worker_deployment

log = logging.getLogger("redress.worker")


async def run() -> int:
    """Run until told to stop; gives the exit status."""
    os.umask(0o077)  # register and letters name people
    settings = Settings()
    set_up(settings)
    try:
        quiet_runtime(settings.metrics, is_worker=True)
    except ValueError as error:  # the SDK's words hold the setting at most
        what = "should be ADDRESS:PORT where nobody else listens, for example 127.0.0.1:9464"
        log.error("REDRESS_METRICS: %s: %s (%s)", settings.metrics, what, error)
        return 2
    try:
        worker_deployment(settings.deployment, settings.build_id)
    except ValueError as error:
        log.error("%s", error)
        return 2
    try:
        tell_all(check_all, check_letters)
    except FileError as mistake:
        log.error("a procedure or authority file cannot be used: %s", mistake)
        return 2
    try:
        cipher = cipher_for(settings)
        check_schemas(settings)
    except (KeyringError, SchemaNotCurrent) as mistake:
        log.error("%s", mistake)
        return 2
    try:
        channels = channels_for(settings)
    except ChannelConfigError as mistake:
        log.error("letters cannot be sent: %s", mistake)
        return 2
    if isinstance(cipher, PlaintextCipher):
        log.warning("this is a trial: nothing is encrypted, and names are readable")
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    client = await connect_patiently(stop, cipher, tracing("redress-worker"))
    if client is None:
        return 0
    activities = activities_for(settings, cipher, channels)
    async with running_workers(client, activities, settings):
        log.info("running complaints from %s, namespace %s", where(), client.namespace)
        beginning = asyncio.create_task(BeginningAgain(client, activities.register).run())
        await stop.wait()
        beginning.cancel()
        log.info("stopping: activities under way are finished first")
    flush()
    log.info("stopped")
    return 0


def main() -> NoReturn:
    """The command `redress-worker`."""
    leave(asyncio.run(run()))
