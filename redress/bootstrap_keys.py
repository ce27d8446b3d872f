"""The cipher that the settings name: a real one, or none where somebody said that this is a trial."""

from __future__ import annotations

from redress.security.encryption import Cipher, EnvelopeCipher, PlaintextCipher
from redress.security.keyring import KeyringError, read_keyring
from redress.services.migrating import check_key_store
from redress.settings import TRIAL, Settings
from redress.store.database import connect
from redress.store.key_store import KeyStore


def cipher_for(settings: Settings) -> Cipher:
    """What encrypts and decrypts everything personal.

    Raises `KeyringError` without keys, unless this is a trial; and where the key store is gone.
    """
    if settings.keys_file.exists():
        keyring = read_keyring(settings.keys_file)
        check_key_store(settings)
        return EnvelopeCipher(keyring, KeyStore(connect(settings.key_store_database_url), keyring))
    if settings.trial == TRIAL:
        return PlaintextCipher()
    raise KeyringError(
        f"REDRESS_KEYS: there is no keyring at {settings.keys_file}: without one, names stand readable "
        "in Temporal and in the register. Make one: python starter.py keys new. Only for a trial, with "
        f"nobody's real name in it: REDRESS_TRIAL='{TRIAL}'"
    )
