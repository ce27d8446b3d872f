"""The cipher that the settings name: a real one, or none where somebody said that this is a trial."""

from __future__ import annotations

from redress.security.encryption import Cipher, EnvelopeCipher, PlaintextCipher
from redress.security.key_services.cached import CachedKeys
from redress.security.keyring import KeyringError, MasterKeys, read_keyring
from redress.services.migrating import check_key_store
from redress.settings import TRIAL, Settings
from redress.store.database import connect
from redress.store.key_store import FRESH, KeyStore


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys that the settings name. Raises `KeyringError`."""
    match settings.key_service:
        case "vault":
            if not settings.vault_address or settings.vault_token_file is None:
                raise KeyringError("REDRESS_VAULT_ADDRESS, REDRESS_VAULT_TOKEN_FILE: Vault needs both")
            from redress.security.key_services.vault import VaultKeys  # few have one: others load no client

            where = settings.vault_address, settings.vault_key, settings.vault_token_file
            return VaultKeys(*where, mount=settings.vault_mount, namespace=settings.vault_namespace)
        case "aws":
            return _aws(settings)
        case _:
            return read_keyring(settings.keys_file)


def _aws(settings: Settings) -> MasterKeys:
    try:
        from redress.security.key_services.aws_kms import AwsKeys
    except ModuleNotFoundError:
        raise KeyringError(
            "REDRESS_KEY_SERVICE: aws needs AWS's client: pip install 'redress[aws]'"
        ) from None
    keys = [each.strip() for each in settings.kms_key.split(",") if each.strip()]
    if not keys:
        raise KeyringError("REDRESS_KMS_KEY: should name the key of AWS KMS: an id, ARN or alias")
    return AwsKeys(keys, endpoint=settings.kms_endpoint)


def cipher_for(settings: Settings) -> Cipher:
    """What encrypts and decrypts everything personal.

    Raises `KeyringError` without keys, unless this is a trial; and where the key store is gone.
    """
    if settings.key_service != "file" or settings.keys_file.exists():
        keyring = master_keys(settings)
        check_key_store(settings)
        # Both remember a key: together for no longer than is set, so that revoking works within it.
        kept = settings.key_cache_seconds if settings.key_service != "file" else FRESH
        fresh = min(FRESH, kept)
        cached = CachedKeys(keyring, kept - fresh)
        store = KeyStore(connect(settings.key_store_database_url), cached, fresh)
        return EnvelopeCipher(cached, store)
    if settings.trial == TRIAL:
        return PlaintextCipher()
    raise KeyringError(
        f"REDRESS_KEYS: there is no keyring at {settings.keys_file}: without one, names stand readable "
        "in Temporal and in the register. Make one: python starter.py keys new. Only for a trial, with "
        f"nobody's real name in it: REDRESS_TRIAL='{TRIAL}'"
    )
