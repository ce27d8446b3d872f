"""AWS KMS, through AWS's own client: the master key never leaves it, and CloudTrail has each use of it.

Only who uses it needs the client: `pip install 'redress[aws]'`. Credentials and region come from AWS's own
settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from redress.security.keyring import LOOKED_AT_EVERY, KeyringError, KeysUnavailable, MissingKey, Unreadable

OF_ANOTHER_KEY = {"InvalidCiphertextException", "IncorrectKeyException"}

SETTINGS = Config(
    retries={"mode": "standard", "total_max_attempts": 4},  # it waits longer each time it is throttled
    connect_timeout=3,
    read_timeout=5,
)


class AwsKeys:
    """Symmetric keys of AWS KMS, the present one first: ids, ARNs or aliases. A name is a key's id.

    KMS rotates what is behind an id by itself, and still opens what was wrapped before.
    """

    def __init__(self, keys: Sequence[str], *, endpoint: str = "") -> None:
        self._keys = list(keys)
        self._kms: Any = boto3.client("kms", endpoint_url=endpoint or None, config=SETTINGS)
        self._ids: tuple[float, list[str]] = (float("-inf"), [])

    @property
    def present(self) -> str:
        """The id of the key that wraps."""
        return self.names[0]

    @property
    def names(self) -> list[str]:
        """The ids of all keys, the present one first: an alias may have been given to another meanwhile."""
        at, ids = self._ids
        if time.monotonic() - at > LOOKED_AT_EVERY:
            described = [self._ask(self._kms.describe_key, KeyId=key) for key in self._keys]
            ids = [str(each["KeyMetadata"]["KeyId"]) for each in described]
            self._ids = time.monotonic(), ids
        return ids

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the present one; gives that one's id, and the wrapped key."""
        wrapped = self._ask(self._kms.encrypt, KeyId=self._keys[0], Plaintext=key, **_bound(about))
        return str(wrapped["KeyId"]).rpartition("/")[2], bytes(wrapped["CiphertextBlob"])

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `MissingKey`, `Unreadable`, `KeysUnavailable`."""
        if name not in self.names:
            raise MissingKey(name)  # never a key of somebody else's account that a row may name
        key = self._keys[self.names.index(name)]
        return bytes(
            self._ask(self._kms.decrypt, KeyId=key, CiphertextBlob=wrapped, **_bound(about))["Plaintext"]
        )

    def rotate(self, name: str = "") -> str:
        """Rotate what is behind the present id at once. Raises `KeyringError` where a name is given."""
        if name:
            raise KeyringError("--name: AWS KMS names its keys itself")
        self._ask(self._kms.rotate_key_on_demand, KeyId=self.present)
        return self.present

    def _ask(self, call: Callable[..., dict[str, Any]], **asked: object) -> dict[str, Any]:
        try:
            return call(**asked)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in OF_ANOTHER_KEY:
                raise Unreadable("AWS KMS cannot open it: it was changed, or belongs elsewhere") from None
            raise KeysUnavailable(f"AWS KMS refuses ({code}): was the use of the key revoked?") from None
        except BotoCoreError as error:
            raise KeysUnavailable(f"AWS KMS does not answer ({type(error).__name__})") from None


def _bound(about: str) -> dict[str, dict[str, str]]:
    """What the wrapped key is bound to; CloudTrail shows it in the open, and it names nobody."""
    return {"EncryptionContext": {"redress": about}}
