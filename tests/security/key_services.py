"""Stand-ins for Vault's Transit engine and AWS KMS: they answer as their makers document it.

Vault: developer.hashicorp.com/vault/api-docs/secret/transit, and the pages on errors and rate limits. AWS
KMS: its API reference (JSON 1.1, errors by `__type`). Both bind associated data, know versions, throttle and
revoke.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.serving import Handler, serving

TOKEN = "hvs.invented-token"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-west-2:111122223333:key/{KEY_ID}"


Answer = tuple[int, dict[str, Any], dict[str, str]]
"""A status, a document, and headers."""


class _StandIn:
    """What both can be told: `throttled` calls that come too fast, `is_revoked`; `asked`: what was."""

    def __init__(self) -> None:
        self.port, self.throttled, self.is_revoked = 0, 0, False
        self.asked: list[str] = []
        self.key = _Versions()


class _Versions:
    """A symmetric key with its versions."""

    def __init__(self) -> None:
        self.keys = [os.urandom(32)]

    def encrypt(self, data: bytes, about: bytes) -> tuple[int, bytes]:
        nonce = os.urandom(12)
        return len(self.keys), nonce + AESGCM(self.keys[-1]).encrypt(nonce, data, about)

    def decrypt(self, version: int, data: bytes, about: bytes) -> bytes:
        return AESGCM(self.keys[version - 1]).decrypt(data[:12], data[12:], about)


class Vault(_StandIn):
    """One key of the Transit engine."""

    min_decryption_version = 1

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        self.asked.append(f"{method} {path}")
        if self.throttled:
            self.throttled -= 1
            return (
                429,
                {"errors": ['request path "transit": rate limit quota exceeded']},
                {"Retry-After": "0"},
            )
        if headers.get("X-Vault-Token") != TOKEN or self.is_revoked:
            return 403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}, {}
        asked = json.loads(body or b"{}")
        about = base64.b64decode(asked.get("associated_data", ""))
        match method, path:
            case "POST", "/v1/transit/encrypt/redress":
                version, made = self.key.encrypt(base64.b64decode(asked["plaintext"]), about)
                text = f"vault:v{version}:{base64.b64encode(made).decode()}"
                return 200, {"data": {"ciphertext": text, "key_version": version}}, {}
            case "POST", "/v1/transit/decrypt/redress":
                return self._decrypt(asked["ciphertext"], about)
            case "GET", "/v1/transit/keys/redress":
                data = {"type": "aes256-gcm96", "latest_version": len(self.key.keys)}
                return 200, {"data": data | {"min_decryption_version": self.min_decryption_version}}, {}
            case "POST", "/v1/transit/keys/redress/rotate":
                self.key.keys.append(os.urandom(32))
                return 204, {}, {}
        return 404, {"errors": []}, {}

    def _decrypt(self, text: str, about: bytes) -> Answer:
        _, version, data = text.split(":")
        if int(version[1:]) < self.min_decryption_version:
            said = "ciphertext or signature version is disallowed by policy (too old)"
            return 400, {"errors": [said]}, {}
        try:
            opened = self.key.decrypt(int(version[1:]), base64.b64decode(data), about)
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}, {}
        return 200, {"data": {"plaintext": base64.b64encode(opened).decode()}}, {}


class Kms(_StandIn):
    """One symmetric key of AWS KMS, with an alias."""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        action = headers["X-Amz-Target"].removeprefix("TrentService.")
        asked = json.loads(body)
        self.asked.append(action)
        if self.throttled:
            self.throttled -= 1
            return _wrong("ThrottlingException", "Rate exceeded")
        if asked["KeyId"] not in (KEY_ID, ARN, "alias/redress"):
            return _wrong("NotFoundException", f"Key '{asked['KeyId']}' does not exist")
        if action == "DescribeKey":
            state = "Disabled" if self.is_revoked else "Enabled"
            return 200, {"KeyMetadata": {"KeyId": KEY_ID, "Arn": ARN, "KeyState": state}}, {}
        if self.is_revoked:
            return _wrong("DisabledException", f"{ARN} is disabled.")
        about = json.dumps(asked.get("EncryptionContext", {}), sort_keys=True).encode()
        match action:
            case "Encrypt":
                version, made = self.key.encrypt(base64.b64decode(asked["Plaintext"]), about)
                blob = base64.b64encode(bytes([version]) + made).decode()
                return (
                    200,
                    {"CiphertextBlob": blob, "KeyId": ARN, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"},
                    {},
                )
            case "Decrypt":
                sent = base64.b64decode(asked["CiphertextBlob"])
                try:
                    opened = self.key.decrypt(sent[0], sent[1:], about)
                except InvalidTag:
                    return _wrong("InvalidCiphertextException", "")
                return 200, {"Plaintext": base64.b64encode(opened).decode(), "KeyId": ARN}, {}
            case "RotateKeyOnDemand":
                self.key.keys.append(os.urandom(32))
                return 200, {"KeyId": ARN}, {}
        return _wrong("UnsupportedOperationException", action)


def _wrong(kind: str, message: str) -> Answer:
    return 400, {"__type": kind, "message": message}, {}


@contextmanager
def running(service: Vault | Kms) -> Iterator[None]:
    """The stand-in on a port of this machine."""

    class Answering(Handler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, document, headers = service.answer(self.command, self.path, self.headers, body)
            data = json.dumps(document).encode() if status != 204 else b""
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    with serving(Answering) as service.port:
        yield
