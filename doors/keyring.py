"""The ring of keys, from the command line: a new key on top, what the keys wrap, wrapping anew."""

from __future__ import annotations

from pydantic import BaseModel

from engine.seals import seals_for
from engine.settings import Settings
from engine.workers import register_for
from privacy.ring import KeyMistake, add_key
from privacy.seals import Sealed
from register import webhooks


class KeyUse(BaseModel):
    """One key of the ring, and how many complaints' own keys it wraps."""

    name: str
    is_present: bool
    wraps: int


def new(settings: Settings, name: str = "") -> str:
    """Put a new key on top of the ring; gives its name. Raises `KeyMistake`."""
    return add_key(settings.keys_file, name)


def uses(settings: Settings) -> list[KeyUse]:
    """The keys of the ring, the present one first. Raises `KeyMistake`."""
    seals = _sealed(settings)
    counted = seals.vault.ring_names()
    names = [*seals.ring.names, *(name for name in counted if name not in seals.ring.names)]
    return [KeyUse(name=n, is_present=n == seals.ring.present, wraps=counted.get(n, 0)) for n in names]


def rewrap(settings: Settings) -> tuple[int, int]:
    """Wrap every complaint's key with the present key; gives how many were wrapped anew, and of how many.

    The secrets of webhooks, which belong to no complaint, are sealed with it anew as well.
    """
    seals = _sealed(settings)
    webhooks.reseal(register_for(settings, seals))
    return seals.vault.rewrap()


def _sealed(settings: Settings) -> Sealed:
    seals = seals_for(settings)
    if not isinstance(seals, Sealed):
        raise KeyMistake("REDRESS_KEYS: there is no ring of keys: this is a trial")
    return seals
