"""What commands share: their usual arguments, the register, a client."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import typer
from temporalio.client import Client

from doors.answers import NoAnswer
from doors.console import settings
from engine.connection import connect, where
from engine.seals import seals_for
from privacy.seals import Seals
from redress.parse import Malformed, Problem
from register.database import connect as connect_register
from register.register import Register

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Reference = Annotated[str, typer.Argument(help="The complaint's reference, for example CYP-2026-000123.")]


@cache
def seals() -> Seals:
    """What seals and opens what is personal, once for the process."""
    return seals_for(settings())


def register() -> Register:
    """The register that the settings name."""
    return Register(connect_register(settings().database_url), seals())


async def client(*, reading: bool = False) -> Client:
    """A client of Temporal. Raises `NoAnswer` where it is out of reach, `Malformed` for wrong settings.

    `reading`: nothing was to be done, so that nobody need be told that it is not.
    """
    try:
        address = where()
    except Exception as error:  # the SDK does not export the class of its errors about settings
        raise Malformed([Problem("TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE", str(error))]) from None
    try:
        return await connect(seals())
    except RuntimeError:
        raise NoAnswer(f"Temporal is out of reach at {address}", applied="" if reading else "no") from None
    except ValueError as error:
        raise Malformed([Problem("TEMPORAL_ADDRESS", str(error))]) from None
