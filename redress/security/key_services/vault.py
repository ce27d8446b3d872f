"""HashiCorp Vault and OpenBao: the Transit engine wraps; the master key never leaves it.

Its HTTP API is the same in both and has five calls that are needed here, so there is no client's library.
"""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import httpx

from redress.security.keyring import LOOKED_AT_EVERY, KeyringError, KeysUnavailable, Unreadable

ANSWER_WITHIN = 5.0
"""Seconds for one answer."""

TRIES = 3

BUSY = {412, 429, 500, 502, 503, 504}
"""Statuses after which the same question is asked again: rate limits, a standby that lags, a sealed node."""

LONGEST_PAUSE = 2.0


class VaultKeys:
    """A key of the Transit engine, of a type that takes associated data, as `aes256-gcm96` does.

    A name is a version of it: `v3`. The token is read from its file each time: an agent renews it there.
    """

    def __init__(
        self, address: str, key: str, token_file: Path, *, mount: str = "transit", namespace: str = ""
    ) -> None:
        self._key = key
        self._token_file = token_file
        headers = {"X-Vault-Request": "true"} | ({"X-Vault-Namespace": namespace} if namespace else {})
        base = f"{address.rstrip('/')}/v1/{mount.strip('/')}/"
        self._http = httpx.Client(base_url=base, headers=headers, timeout=ANSWER_WITHIN)
        self._versions: tuple[float, list[str]] = (float("-inf"), [])

    @property
    def present(self) -> str:
        """The newest version."""
        return self.names[0]

    @property
    def names(self) -> list[str]:
        """The versions that still decrypt, the newest first."""
        at, names = self._versions
        if time.monotonic() - at > LOOKED_AT_EVERY:
            data = self._ask("GET", f"keys/{self._key}")
            oldest = max(int(data["min_decryption_version"]), 1)
            names = [f"v{number}" for number in range(int(data["latest_version"]), oldest - 1, -1)]
            self._versions = time.monotonic(), names
        return names

    def wrap(self, key: bytes, about: str) -> tuple[str, bytes]:
        """Wrap a key with the newest version; gives its name, and the wrapped key."""
        asked = {"plaintext": _base64(key), "associated_data": _base64(about.encode())}
        wrapped = str(self._ask("POST", f"encrypt/{self._key}", asked)["ciphertext"])
        return wrapped.split(":")[1], wrapped.encode()

    def unwrap(self, name: str, wrapped: bytes, about: str) -> bytes:
        """The key that was wrapped. Raises `Unreadable`, `KeysUnavailable`."""
        text = wrapped.decode("ascii", "replace")
        if not text.startswith(f"vault:{name}:"):
            raise Unreadable("it was wrapped by another key than it says")
        asked = {"ciphertext": text, "associated_data": _base64(about.encode())}
        return base64.b64decode(self._ask("POST", f"decrypt/{self._key}", asked)["plaintext"])

    def rotate(self, name: str = "") -> str:
        """Make a new version. Raises `KeyringError` where a name is given: versions have numbers."""
        if name:
            raise KeyringError("--name: Vault numbers the versions of a key itself")
        self._ask("POST", f"keys/{self._key}/rotate", {})
        self._versions = (float("-inf"), [])
        return self.present

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        for left in reversed(range(TRIES)):
            pause = 0.2
            try:
                answer = self._http.request(method, path, json=body, headers=self._token())
            except httpx.HTTPError as error:
                why = type(error).__name__
            else:
                if answer.is_success:
                    return dict(answer.json()["data"]) if answer.content else {}
                why = f"{answer.status_code}{_errors(answer)}"
                if answer.status_code not in BUSY:
                    raise _refused(answer, why)
                pause = _pause(answer)
            if left:
                time.sleep(pause)
        raise KeysUnavailable(f"Vault does not answer ({why}); it is asked again")

    def _token(self) -> dict[str, str]:
        try:
            return {"X-Vault-Token": self._token_file.read_text(encoding="utf-8").strip()}
        except OSError as error:
            what = f"REDRESS_VAULT_TOKEN_FILE: {self._token_file}: cannot be read: {type(error).__name__}"
            raise KeysUnavailable(what) from None


def _refused(answer: httpx.Response, why: str) -> Exception:
    """What Vault will not do: open what was changed, or, by its policies and versions, anything at all."""
    if answer.status_code == 400 and "disallowed by policy" not in answer.text:
        return Unreadable("Vault cannot open it: it was changed, or belongs elsewhere")
    return KeysUnavailable(f"Vault refuses ({why}): was the use of the key revoked, or its token?")


def _errors(answer: httpx.Response) -> str:
    """What Vault says of it: it names keys and paths, and nobody."""
    try:
        said = "; ".join(map(str, answer.json()["errors"]))
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {said[:200]}" if said else ""


def _pause(answer: httpx.Response) -> float:
    try:
        return min(max(float(answer.headers.get("Retry-After", "0.2")), 0.0), LONGEST_PAUSE)
    except ValueError:
        return 0.2


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
