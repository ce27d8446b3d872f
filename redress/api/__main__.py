"""The process that answers over HTTP: `redress-api`. Stops cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import gc
import logging
import os
import signal
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from redress.api.app import build
from redress.api.protocol import PatientProtocol
from redress.api.settings import ApiSettings
from redress.bootstrap_keys import cipher_for
from redress.exit import leave
from redress.procedures.loader import check_all
from redress.security.encryption import PlaintextCipher
from redress.services.checking_texts import check_own_texts
from redress.services.migrating import check_schemas
from redress.startup import SetupError, read_settings
from redress.telemetry.logs import set_up
from redress.telemetry.traces import flush
from redress.temporal.client import quiet_runtime

log = logging.getLogger("redress.api")

MAX_HEADERS = 16 * 1024
"""Bytes of a request's line and headers."""


def run() -> int:
    """Run until told to stop; gives the exit status. Raises `SetupError`."""
    os.umask(0o077)  # the store names people
    settings = read_settings(ApiSettings)
    set_up(settings)
    quiet_runtime()
    gc.disable()  # what is made until it answers stays: it is not looked through for garbage
    try:
        check_all()
        check_own_texts()
        cipher = cipher_for(settings)
        if settings.oidc_issuer and not settings.oidc_audience:
            raise SetupError("REDRESS_OIDC_AUDIENCE: is missing: whom must the issuer's tokens be meant for?")
        check_schemas(settings)
        app = build(settings, cipher)
        gc.freeze()
        gc.enable()
    except SetupError:
        raise
    except (SQLAlchemyError, OSError) as error:
        log.error("REDRESS_API_URL: the API's own store cannot be used: %s", type(error).__name__)
        return 1
    if isinstance(cipher, PlaintextCipher):
        log.warning("this is a trial: nothing is encrypted, and names are readable")
    log.info("answering at http://%s:%d, documented at /docs", settings.api_host, settings.api_port)
    signal.signal(signal.SIGTERM, _already_stopped)
    signal.signal(signal.SIGINT, _already_stopped)
    server = uvicorn.Server(served(app, settings))
    server.run()
    flush()
    log.info("stopped")
    return 0 if server.started else 1


def served(app: FastAPI, settings: ApiSettings) -> uvicorn.Config:
    """How the app is served: within which bounds, and whose word on addresses is believed."""
    return uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEADERS,
        # Whoever may write X-Forwarded-For chooses the address that they are counted under.
        proxy_headers=bool(settings.api_proxies),
        forwarded_allow_ips=settings.api_proxies,
        timeout_graceful_shutdown=int(settings.shutdown_within),
    )


def _already_stopped(_number: int, _frame: FrameType | None) -> None:
    """Uvicorn ends cleanly and then raises what ended it once more, which would cut off the rest here."""


def main() -> NoReturn:
    """The command `redress-api`."""
    try:
        leave(run())
    except SetupError as mistake:
        log.error("the API cannot start: %s", mistake)
        leave(2)


if __name__ == "__main__":
    main()
