"""The seals that the settings name: real ones, or none where somebody said that this is a trial."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from redress.security.encryption import Cipher, EnvelopeCipher, PlaintextCipher, key_of
from redress.security.keyring import KeyringError, read_keyring
from redress.settings import TRIAL, Settings
from redress.store.database import connect
from redress.store.key_store import KeyStore, complaint_keys
from redress.store.tables import references


def cipher_for(settings: Settings) -> Cipher:
    """What seals and opens everything personal.

    Raises `KeyringError` without keys, unless this is a trial; and where the vault is gone.
    """
    if settings.keys_file.exists():
        keyring = read_keyring(settings.keys_file)
        if _vault_is_gone(settings):
            raise KeyringError(
                "REDRESS_KEY_STORE_URL: there is no vault here, and the register is sealed with its "
                "keys: put it back, from its backup if need be (docs/backup.md). No new one is made in its "
                "place: what was sealed could never be read again"
            )
        return EnvelopeCipher(keyring, KeyStore(connect(settings.key_store_database_url), keyring))
    if settings.trial == TRIAL:
        return PlaintextCipher()
    raise KeyringError(
        f"REDRESS_KEYS: there is no keyring at {settings.keys_file}: without one, names stand readable "
        "in Temporal and in the register. Make one: python starter.py keys new. Only for a trial, with "
        f"nobody's real name in it: REDRESS_TRIAL='{TRIAL}'"
    )


def _vault_is_gone(settings: Settings) -> bool:
    """Whether no vault is there, though complaints need it; not where that cannot be asked."""
    try:
        if _has_table(settings.key_store_database_url, complaint_keys.name):
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
