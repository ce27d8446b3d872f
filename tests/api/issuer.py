"""An OpenID Connect issuer: a real HTTP server with keys of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.serving import Handler, serving

AUDIENCE = "redress"


class Issuer:
    """Signs tokens and shows its public keys over HTTP."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.asked = 0
        self.shown = ["rsa", "ec"]
        self.besides: list[object] = []
        """Keys of other kinds that stand in its set."""
        self.calls_itself = self.url

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.calls_itself, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            self.asked += 1
            made: dict[str, dict[str, Any]] = {
                "rsa": RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True),
                "ec": ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True),
            }
            shown = [made[name] | {"kid": name, "use": "sig"} for name in self.shown]
            return {"keys": [*self.besides, *shown]}
        return None

    def token(self, *, key: Any = None, alg: str = "RS256", kid: str = "rsa", **claims: object) -> str:
        now = datetime.now(UTC)
        said: dict[str, Any] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "fern-fictitious",
            "exp": now + timedelta(minutes=5),
            "nbf": now,
            "realm": {"roles": ["Complaints-Staff", "unrelated"]},
        }
        said = {name: value for name, value in (said | claims).items() if value is not None}
        return jwt.encode(said, key or self.rsa, algorithm=alg, headers={"kid": kid})


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that answers."""
    issuer: Issuer

    class Shows(Handler):
        def do_GET(self) -> None:
            document = issuer.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Shows) as port:
        issuer = Issuer(port)
        yield issuer
