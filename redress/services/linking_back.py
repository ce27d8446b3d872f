"""The other side of the links that an opening names."""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256

from temporalio.client import Client

from redress.domain.opening import Opening
from redress.services import sending
from redress.services.clock import today
from redress.store.register import Register

log = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds that a complaint has to take a link: the one that is opened waits no longer for it."""


async def link_back(client: Client, register: Register, reference: str, opening: Opening) -> None:
    """Have each complaint that an opening names show this one too; all are told at once.

    Where one does not answer, only this one shows the link; `link` says it again.
    """
    told = (_tell(client, register, other, reference) for other in opening.links_to)
    await asyncio.gather(*told)


async def _tell(client: Client, register: Register, other: str, reference: str) -> None:
    mark = sha256(f"{reference} {other}".encode()).hexdigest()[:24]
    said = {"on": today().isoformat(), "message_id": f"opened-{mark}", "reference": reference}
    try:
        await sending.send_alone(client, register, other, "link", said, WITHIN)
    except Exception as error:  # whatever befell the other one, this one is open
        log.warning("%s does not show that %s belongs with it: %s", other, reference, type(error).__name__)
