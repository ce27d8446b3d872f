"""The seals that the settings name: real ones, or none where somebody said that this is a trial."""

from __future__ import annotations

from engine.settings import TRIAL, Settings
from privacy.ring import KeyMistake, read_ring
from privacy.seals import Sealed, Seals, Unsealed
from privacy.vault import Vault
from register.database import connect


def seals_for(settings: Settings) -> Seals:
    """What seals and opens everything personal. Raises `KeyMistake` without keys, unless this is a trial."""
    if settings.keys_file.exists():
        ring = read_ring(settings.keys_file)
        return Sealed(ring, Vault(connect(settings.vault_database_url), ring))
    if settings.trial == TRIAL:
        return Unsealed()
    raise KeyMistake(
        f"REDRESS_KEYS: there is no ring of keys at {settings.keys_file}: without one, names stand readable "
        "in Temporal and in the register. Make one: python starter.py keys new. Only for a trial, with "
        f"nobody's real name in it: REDRESS_TRIAL='{TRIAL}'"
    )
