"""The process that answers over HTTP: `python -m gateway`. Stops cleanly on SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from engine.connection import quiet_runtime
from engine.logs import set_up
from engine.seals import seals_for
from engine.traces import flush
from gateway.app import build
from gateway.settings import GatewaySettings
from privacy.ring import KeyMistake
from privacy.seals import Unsealed
from redress.library import FileMistake, check_all

log = logging.getLogger("redress.gateway")

LONGEST_HEADERS = 16 * 1024
"""Bytes of a request's line and headers."""


def main() -> int:
    """Run until told to stop; gives the exit status."""
    os.umask(0o077)  # what is kept names people
    try:
        settings = GatewaySettings()
    except ValidationError as error:
        for each in error.errors():
            print(f"REDRESS_{str(each['loc'][0]).upper()}: {each['msg']}", file=sys.stderr)  # noqa: T201
        return 2
    set_up(settings)
    quiet_runtime()
    try:
        check_all()
        seals = seals_for(settings)
        if settings.oidc_issuer and not settings.oidc_audience:
            raise KeyMistake("REDRESS_OIDC_AUDIENCE: is missing: whom must the issuer's tokens be meant for?")
        app = build(settings, seals)
    except FileMistake as mistake:
        log.error("a procedure or authority file cannot be used: %s", mistake)
        return 2
    except KeyMistake as mistake:
        log.error("%s", mistake)
        return 2
    except (SQLAlchemyError, OSError) as error:
        log.error("REDRESS_GATEWAY_URL: the gateway's own store cannot be used: %s", type(error).__name__)
        return 1
    if isinstance(seals, Unsealed):
        log.warning("this is a trial: nothing is encrypted, and names are readable")
    log.info("answering at http://%s:%d, documented at /docs", settings.gateway_host, settings.gateway_port)
    signal.signal(signal.SIGTERM, _already_stopped)
    signal.signal(signal.SIGINT, _already_stopped)
    uvicorn.run(
        app,
        host=settings.gateway_host,
        port=settings.gateway_port,
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
        timeout_graceful_shutdown=int(settings.shutdown_within),
    )
    flush()
    log.info("stopped")
    return 0


def _already_stopped(_number: int, _frame: FrameType | None) -> None:
    """Uvicorn ends cleanly and then raises what ended it once more, which would cut off the rest here."""


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stderr.flush()
    # The SDK's native threads can crash a Python that is taking itself down after a clean run.
    os._exit(status)
