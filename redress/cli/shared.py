"""What commands share: their usual arguments, the register, a client."""

from __future__ import annotations

from functools import cache

from temporalio.client import Client

from redress.bootstrap_keys import cipher_for
from redress.cli.console import settings
from redress.domain.parsing import Malformed, Problem
from redress.security.encryption import Cipher
from redress.services.errors import NoAnswer
from redress.startup import SetupError
from redress.store.database import connect as connect_register
from redress.store.register import Register
from redress.temporal.client import connect, where


@cache
def cipher() -> Cipher:
    """What encrypts and decrypts what is personal, once for the process."""
    return cipher_for(settings())


def register() -> Register:
    """The register that the settings name."""
    return Register(connect_register(settings().database_url), cipher())


async def client(*, reading: bool = False) -> Client:
    """A client of Temporal. Raises `NoAnswer` where it is out of reach, and an error for wrong settings.

    `reading`: nothing was to be done, so that nobody need be told that it is not.
    """
    address, keys = where(), cipher()
    try:
        return await connect(keys)
    except RuntimeError:
        raise NoAnswer(f"Temporal is out of reach at {address}", applied="" if reading else "no") from None
    except SetupError:
        raise
    except ValueError as error:
        raise Malformed([Problem("TEMPORAL_ADDRESS", str(error))]) from None
