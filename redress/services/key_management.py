"""The ring of keys, from the command line: a new key on top, what each is needed for, one taken out."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter

from pydantic import BaseModel
from sqlalchemy import select
from temporalio.client import Client

from redress.api.settings import ApiSettings
from redress.bootstrap import register_for
from redress.bootstrap_keys import cipher_for
from redress.security.encryption import OF_RING, EnvelopeCipher, key_of
from redress.security.keyring import LOOKED_AT_EVERY, KeyringError, add_key, remove_key
from redress.settings import Settings
from redress.store import webhooks
from redress.store.api_store import open_store, waiting


class KeyUse(BaseModel):
    """One key of the ring, and what it is needed for.

    `wraps`: keys of complaints and slips. `encrypts`: what it encrypted itself in register and api, that is
    secrets of webhooks, and openings that came while the vault was down.
    """

    name: str
    is_present: bool
    wraps: int
    encrypts: int
    is_missing: bool = False
    """Whether it is needed and does not stand in the file."""


def new(settings: Settings, name: str = "") -> str:
    """Put a new key on top of the ring; gives its name. Raises `KeyringError`."""
    return add_key(settings.keys_file, name)


def uses(settings: Settings) -> list[KeyUse]:
    """The keys of the ring, the present one first, and those that are missing. Raises `KeyringError`."""
    cipher = _sealed(settings)
    wraps, sealed = cipher.key_store.ring_names(), _sealed_by(settings, cipher)
    needed = sorted({*wraps, *sealed} - {*cipher.keyring.names})
    return [
        KeyUse(
            name=name,
            is_present=name == cipher.keyring.present,
            wraps=wraps.get(name, 0),
            encrypts=sealed[name],
            is_missing=name in needed,
        )
        for name in [*cipher.keyring.names, *needed]
    ]


def rewrap(settings: Settings) -> tuple[int, int]:
    """Wrap every complaint's key with the present key; gives how many were wrapped anew, and of how many.

    The secrets of webhooks, which belong to no complaint, are sealed with it anew as well.
    """
    cipher = _sealed(settings)
    webhooks.reseal(register_for(settings, cipher))
    return cipher.key_store.rewrap()


async def remove(settings: Settings, client: Client, name: str) -> None:
    """Take a key out of the ring if nothing needs it any more. Raises `KeyringError`, which says what does.

    Every history that Temporal keeps is looked through: earlier versions sealed what was typed in the UI
    with the ring's own key.
    """
    await asyncio.sleep(max(0.0, LOOKED_AT_EVERY + 1 - _age(settings)))  # by then all use the present key
    known = next((each for each in uses(settings) if each.name == name and not each.is_missing), None)
    if known is not None and not known.is_present:
        needed = []
        if known.wraps:
            needed.append(f"it wraps {known.wraps} keys (starter.py keys rewrap)")
        if known.encrypts:
            needed.append(
                f"it seals {known.encrypts} values of register and api (starter.py keys rewrap; what waits)"
            )
        found = await _histories(client, name)
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            needed.append(f"{', '.join(found[:3])}{more} in Temporal hold what it sealed")
        if needed:
            raise KeyringError(f"{name} is still needed: {'; '.join(needed)}")
    remove_key(settings.keys_file, name)


def _age(settings: Settings) -> float:
    """Seconds since the file of the ring was changed."""
    try:
        return max(0.0, time.time() - settings.keys_file.stat().st_mtime)
    except OSError:
        return LOOKED_AT_EVERY + 1


def _sealed_by(settings: Settings, cipher: EnvelopeCipher) -> Counter[str]:
    """How much each key of the ring sealed itself, in the register and in the API's store."""
    names = webhooks.key_names(register_for(settings, cipher))
    ways_in = ApiSettings(state=settings.state)
    if ways_in.api_url or (settings.state / "api.db").exists():  # else no api ever ran here
        with open_store(ways_in.store_url).connect() as db:
            names += [key_of(body) for body in db.execute(select(waiting.c.body)).scalars()]
    return Counter(each.removeprefix(OF_RING) for each in names if each.startswith(OF_RING))


async def _histories(client: Client, name: str) -> list[str]:
    """The workflows whose histories hold something that a key of the ring sealed."""
    mark = re.compile(re.escape(f"{OF_RING}{name}".encode()) + rb"(?![A-Za-z0-9._-])")
    found = []
    async for run in client.list_workflows():
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        async for event in handle.fetch_history_events():
            if mark.search(event.SerializeToString()):
                found.append(run.id)
                break
    return found


def _sealed(settings: Settings) -> EnvelopeCipher:
    cipher = cipher_for(settings)
    if not isinstance(cipher, EnvelopeCipher):
        raise KeyringError("REDRESS_KEYS: there is no ring of keys: this is a trial")
    return cipher
