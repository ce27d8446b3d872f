"""The process that runs complaints. Stops cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from typing import NoReturn

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.exit import leave
from redress.letters.check import check_letters
from redress.letters.delivery.configuration import channels_for
from redress.letters.delivery.mime import fault_of_python
from redress.letters.form.pdf import check_letterheads
from redress.procedures.files import tell_all
from redress.procedures.loader import check_all
from redress.security.encryption import PlaintextCipher
from redress.services.beginning_again import BeginningAgain
from redress.services.checking_texts import check_own_texts
from redress.services.migrating import check_schemas
from redress.settings import Settings
from redress.startup import SetupError, read_settings
from redress.telemetry.logs import set_up
from redress.telemetry.traces import flush, tracing
from redress.temporal.client import connect_patiently, quiet_runtime, where
from redress.temporal.deployments import worker_deployment

log = logging.getLogger("redress.worker")

COLLECTED_AFTER = 2_000
"""New objects after which the youngest are looked through for garbage; Python's own 700 suits scripts."""


async def run() -> int:
    """Run until told to stop; gives the exit status. Raises `SetupError`."""
    os.umask(0o077)  # register and letters name people
    settings = read_settings(Settings)
    set_up(settings)
    try:
        quiet_runtime(settings.metrics, is_worker=True)
    except ValueError as error:  # the SDK's words hold the setting at most
        what = "should be ADDRESS:PORT where nobody else listens, for example 127.0.0.1:9464"
        raise SetupError(f"REDRESS_METRICS: {settings.metrics}: {what} ({error})") from None
    worker_deployment(settings.deployment, settings.build_id)
    tell_all(check_all, check_letters)
    check_own_texts()
    check_letterheads()
    cipher = cipher_for(settings)
    check_schemas(settings)
    channels = channels_for(settings)
    if fault := fault_of_python():
        log.warning("%s", fault)
    if isinstance(cipher, PlaintextCipher):
        log.warning("this is a trial: nothing is encrypted, and names are readable")
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    client = await connect_patiently(stop, cipher, tracing("redress-worker"))
    if client is None:
        return 0
    gc.collect()
    gc.freeze()  # what is loaded by now stays: it is not looked through again with every collection
    gc.set_threshold(COLLECTED_AFTER)
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
    try:
        leave(asyncio.run(run()))
    except SetupError as mistake:
        log.error("the worker cannot start: %s", mistake)
        leave(2)
