"""The seals that the settings name: real ones, or none where somebody said that this is a trial."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from engine.settings import TRIAL, Settings
from privacy.ring import KeyMistake, read_ring
from privacy.seals import Sealed, Seals, Unsealed, key_of
from privacy.vault import Vault, complaint_keys
from register.database import connect
from register.schema import references


def seals_for(settings: Settings) -> Seals:
    """What seals and opens everything personal.

    Raises `KeyMistake` without keys, unless this is a trial; and where the vault is gone.
    """
    if settings.keys_file.exists():
        ring = read_ring(settings.keys_file)
        if _vault_is_gone(settings):
            raise KeyMistake(
                "REDRESS_VAULT_URL: there is no vault here, and the register is sealed with its "
                "keys: put it back, from its backup if need be (docs/backup.md). No new one is made in its "
                "place: what was sealed could never be read again"
            )
        return Sealed(ring, Vault(connect(settings.vault_database_url), ring))
    if settings.trial == TRIAL:
        return Unsealed()
    raise KeyMistake(
        f"REDRESS_KEYS: there is no ring of keys at {settings.keys_file}: without one, names stand readable "
        "in Temporal and in the register. Make one: python starter.py keys new. Only for a trial, with "
        f"nobody's real name in it: REDRESS_TRIAL='{TRIAL}'"
    )


def _vault_is_gone(settings: Settings) -> bool:
    """Whether no vault is there, though complaints need it; not where that cannot be asked."""
    try:
        if _has_table(settings.vault_database_url, complaint_keys.name):
            return False
        if not _has_table(settings.database_url, references.name):
            return False
        register = connect(settings.database_url)
        with register.connect() as db:
            newest = select(references.c.opening).order_by(references.c.reserved_at.desc()).limit(1)
            opening = db.execute(newest).scalar()
        register.dispose()
    except (SQLAlchemyError, OSError):
        return False  # out of reach is told where it is used
    return bool(key_of(opening))


def _has_table(url: str, name: str) -> bool:
    """Whether a database has a table; one that is not there is not made by the question."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return False
    engine = connect(url)
    try:
        return inspect(engine).has_table(name)
    finally:
        engine.dispose()
