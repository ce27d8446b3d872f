"""Master keys that are held elsewhere: Vault or OpenBao, and AWS KMS, each through its own client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from redress.bootstrap_keys import master_keys
from redress.security.encryption import EnvelopeCipher, Place, decrypt_text, encrypt_text
from redress.security.key_services.cached import CachedKeys
from redress.security.keyring import KeyringError, KeysUnavailable, MasterKeys, Unreadable
from redress.settings import Settings
from redress.store.key_store import KeyStore
from tests.security.key_services import TOKEN, Kms, Vault, running
from tests.stores import new_store

KEY = bytes(range(32))
TEXT = Place("letters", "text", "CYP-1", "a complainant")
SECRET = Place("subscriptions", "secret", row="wh_1")


@pytest.fixture(params=[Vault, Kms])
def service(request: pytest.FixtureRequest) -> Iterator[Vault | Kms]:
    stand_in: Vault | Kms = request.param()
    with running(stand_in), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "invented")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        yield stand_in


@pytest.fixture
def keys(service: Vault | Kms, tmp_path: Path) -> MasterKeys:
    return _keys(service, tmp_path)


def _keys(service: Vault | Kms, folder: Path) -> MasterKeys:
    (folder / "token").write_text(TOKEN + "\n")
    here = f"http://127.0.0.1:{service.port}"
    if isinstance(service, Vault):
        token = folder / "token"
        own = Settings(state=folder, key_service="vault", vault_address=here, vault_token_file=token)
    else:
        own = Settings(state=folder, key_service="aws", kms_key="alias/redress", kms_endpoint=here)
    return master_keys(own)


def test_a_wrapped_key_opens_for_what_it_was_wrapped_for(keys: MasterKeys) -> None:
    name, wrapped = keys.wrap(KEY, "CYP-1")
    assert KEY not in wrapped
    assert (name, [name]) == (keys.present, keys.names)
    assert keys.unwrap(name, wrapped, "CYP-1") == KEY
    with pytest.raises(Unreadable):
        keys.unwrap(name, wrapped, "CYP-2")


def test_one_that_is_throttled_is_asked_again_and_says_so_in_the_end(
    service: Vault | Kms, keys: MasterKeys
) -> None:
    name, wrapped = keys.wrap(KEY, "CYP-1")
    service.throttled = 2
    assert keys.unwrap(name, wrapped, "CYP-1") == KEY
    service.throttled = 50
    with pytest.raises(KeysUnavailable, match=r"429|ThrottlingException"):
        keys.unwrap(name, wrapped, "CYP-1")
    service.throttled = 0
    assert keys.unwrap(name, wrapped, "CYP-1") == KEY


def test_after_a_rotation_the_old_opens_and_the_new_wraps(service: Vault | Kms, keys: MasterKeys) -> None:
    old, wrapped = keys.wrap(KEY, "CYP-1")
    new = keys.rotate()
    assert len(service.key.keys) == 2
    assert keys.wrap(KEY, "CYP-1")[0] == new == keys.present
    assert keys.unwrap(old, wrapped, "CYP-1") == KEY
    with pytest.raises(KeyringError, match="--name"):
        keys.rotate("by-name")


def test_what_is_revoked_opens_nothing_within_the_time_that_is_set(
    service: Vault | Kms, keys: MasterKeys
) -> None:
    now = [0.0]
    cached = CachedKeys(keys, 60, clock=lambda: now[0])
    name, wrapped = keys.wrap(KEY, "CYP-1")
    assert cached.unwrap(name, wrapped, "CYP-1") == KEY
    asked = len(service.asked)
    service.is_revoked = True
    now[0] = 59.0
    assert cached.unwrap(name, wrapped, "CYP-1") == KEY
    assert len(service.asked) == asked, "one that is remembered is not asked for"
    now[0] = 60.0
    with pytest.raises(KeysUnavailable, match="revoked"):
        cached.unwrap(name, wrapped, "CYP-1")
    service.is_revoked = False
    assert cached.unwrap(name, wrapped, "CYP-1") == KEY


def test_a_silent_service_is_not_waited_for_by_everybody(keys: MasterKeys) -> None:
    now, asked = [0.0], [0]
    cached = CachedKeys(keys, 60, clock=lambda: now[0])
    name, wrapped = cached.wrap(KEY, "CYP-2026-000001")
    other = keys.wrap(KEY, "CYP-2026-000002")

    class Silent:
        def unwrap(self, *_: object) -> bytes:
            asked[0] += 1
            now[0] += 15
            raise KeysUnavailable

    served, cached._keys = cached._keys, cast(MasterKeys, Silent())
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            cached.unwrap(*other, "CYP-2026-000002")
    assert asked == [1]
    assert cached.unwrap(name, wrapped, "CYP-2026-000001") == KEY, "it is kept"
    now[0] += 6
    cached._keys = served
    assert cached.unwrap(*other, "CYP-2026-000002") == KEY


def test_everything_is_encrypted_with_it(service: Vault | Kms, keys: MasterKeys, tmp_path: Path) -> None:
    store = KeyStore(new_store(tmp_path / "key-store.db", "key_store"), keys, fresh=0)
    cipher = EnvelopeCipher(keys, store)
    texts = {place: encrypt_text(cipher, "Sealia Inventata", place) for place in (TEXT, SECRET)}
    keys.rotate()
    assert {decrypt_text(cipher, text, place) for place, text in texts.items()} == {"Sealia Inventata"}
    assert store.rewrap() == ((1, 1) if isinstance(service, Vault) else (0, 1))
    assert decrypt_text(cipher, texts[TEXT], TEXT) == "Sealia Inventata"
    service.is_revoked = True
    with pytest.raises(KeysUnavailable):
        decrypt_text(cipher, texts[TEXT], TEXT)


def test_a_version_that_vault_may_no_longer_open_is_revoked(tmp_path: Path) -> None:
    vault = Vault()
    with running(vault):
        keys = _keys(vault, tmp_path)
        name, wrapped = keys.wrap(KEY, "CYP-1")
        keys.rotate()
        vault.min_decryption_version = 2
        with pytest.raises(KeysUnavailable, match="too old"):
            keys.unwrap(name, wrapped, "CYP-1")
        (tmp_path / "token").write_text("of somebody else")
        with pytest.raises(KeysUnavailable, match="permission denied"):
            keys.wrap(KEY, "CYP-1")


@pytest.mark.real_service
def test_a_real_one_does_the_same(tmp_path: Path) -> None:
    """With the settings of one in the environment, for example REDRESS_KEY_SERVICE=vault and its others."""
    settings = Settings(state=tmp_path)
    if settings.key_service == "file" or "REDRESS_TEST_REAL_KEYS" not in os.environ:
        pytest.skip("REDRESS_TEST_REAL_KEYS, REDRESS_KEY_SERVICE: name a real Vault or AWS KMS to try it")
    keys = master_keys(settings)
    name, wrapped = keys.wrap(KEY, "CYP-1")
    assert keys.unwrap(name, wrapped, "CYP-1") == KEY
    with pytest.raises(Unreadable):
        keys.unwrap(name, wrapped, "CYP-2")
