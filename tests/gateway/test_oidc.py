"""Callers that an OpenID Connect issuer vouches for: a real one of our own, with its own keys."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from temporalio.client import Client

from tests.gateway.conftest import Gate

AUDIENCE = "redress"


class Issuer:
    """Signs tokens and shows its public keys over HTTP."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.asked = 0
        self.shown = ["rsa", "ec"]

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            self.asked += 1
            made: dict[str, dict[str, Any]] = {
                "rsa": RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True),
                "ec": ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True),
            }
            return {"keys": [made[name] | {"kid": name, "use": "sig"} for name in self.shown]}
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


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer: Issuer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = issuer.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield issuer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest_asyncio.fixture(scope="module")
async def vouched(gate: Gate, server: tuple[str, Client], issuer: Issuer) -> AsyncIterator[Gate]:
    """A gateway that takes the issuer's tokens, beside its own."""
    vouched = Gate(
        gate.state,
        server[0],
        REDRESS_OIDC_ISSUER=issuer.url,
        REDRESS_OIDC_AUDIENCE=AUDIENCE,
        REDRESS_OIDC_ROLES_CLAIM="realm.roles",
        REDRESS_OIDC_ROLES=json.dumps({"Complaints-Staff": "staff", "Payloads": "codec"}),
        REDRESS_OIDC_AUTHORITY_CLAIM="council",
    )
    await vouched.start()
    await vouched.reaches()
    yield vouched
    await vouched.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_person_with_the_issuers_token_is_who_did_it(vouched: Gate, issuer: Issuer) -> None:
    staff = bearer(issuer.token(council="family-rights"))
    reference = await vouched.open(staff)
    answer = await vouched.send(staff, reference, "acknowledge", by="The Director")
    assert answer.status_code == 200, answer.text
    status = (await vouched.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert [message["by"] for message in status["messages"]] == ["fern-fictitious"]
    other = bearer(issuer.token(council="rotherham", alg="ES256", key=issuer.ec, kid="ec"))
    assert (await vouched.http.get(f"/v1/complaints/{reference}", headers=other)).status_code == 403
    assert (await vouched.http.get("/v1/webhooks", headers=staff)).status_code == 403
    own = vouched.headers("staff")
    assert (await vouched.http.get(f"/v1/complaints/{reference}", headers=own)).status_code == 200
    payloads = bearer(issuer.token(council="family-rights", realm={"roles": ["Payloads"]}))
    answer = await vouched.http.post("/codec/decode", json={"payloads": []}, headers=payloads)
    assert answer.status_code == 403  # limited to an authority


async def test_a_token_that_is_not_good_is_nobodys(vouched: Gate, issuer: Issuer) -> None:
    good = {"council": "family-rights"}
    now = datetime.now(UTC)
    public = issuer.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = rsa.generate_private_key(65537, 2048)
    curve = ec.generate_private_key(ec.SECP384R1())
    header, _, rest = issuer.token(**good).partition(".")
    bad = {
        "expired": issuer.token(**good, exp=now - timedelta(minutes=5)),
        "not yet": issuer.token(**good, nbf=now + timedelta(minutes=5)),
        "no end": issuer.token(**good, exp=None),
        "other issuer": issuer.token(**good, iss="https://elsewhere.example"),
        "no issuer": issuer.token(**good, iss=None),
        "other audience": issuer.token(**good, aud="another"),
        "no audience": issuer.token(**good, aud=None),
        "nobody": issuer.token(**good, sub=None),
        "no authority": issuer.token(),
        "authority is a list": issuer.token(council=["family-rights"]),
        "another's key": issuer.token(**good, key=stranger),
        "unknown key": issuer.token(**good, kid="never-seen"),
        "wrong kind of key": issuer.token(**good, kid="ec"),
        "other algorithm": issuer.token(**good, alg="RS512"),
        "other curve": issuer.token(**good, alg="ES384", key=curve, kid="ec"),
        "shared secret": issuer.token(**good, alg="HS256", key="a shared secret of 32 bytes or more!!"),
        "none": jwt.encode({"sub": "x"}, "", algorithm="none", headers={"kid": "rsa"}),
        "changed": f"{header}.{rest[:20]}x{rest[21:]}",
        "nothing": "..",
    }
    assert b"PUBLIC KEY" in public
    assert (await vouched.http.get("/v1/due", headers=bearer(issuer.token(**good)))).status_code == 200
    for name, token in bad.items():
        answer = await vouched.http.get("/v1/due", headers=bearer(token))
        assert answer.status_code == 401, name
        assert answer.headers["content-type"] == "application/problem+json"
    nothing = bearer(issuer.token(**good, realm={"roles": ["unrelated"]}))
    assert (await vouched.http.get("/v1/due", headers=nothing)).status_code == 403


async def test_keys_are_fetched_seldom_whatever_comes(vouched: Gate, issuer: Issuer) -> None:
    good = bearer(issuer.token(council="family-rights"))
    assert (await vouched.http.get("/v1/due", headers=good)).status_code == 200
    before = issuer.asked
    for number in range(30):
        token = issuer.token(council="family-rights", kid=f"unknown-{number}")
        assert (await vouched.http.get("/v1/due", headers=bearer(token))).status_code == 401
    assert (await vouched.http.get("/v1/due", headers=good)).status_code == 200
    assert issuer.asked <= before + 3  # at most once in ten seconds
    described = (await vouched.http.get("/openapi.json")).json()
    scheme = described["components"]["securitySchemes"]["issuer"]
    assert scheme["openIdConnectUrl"] == f"{issuer.url}/.well-known/openid-configuration"


async def test_an_issuer_that_is_down_locks_nobody_of_ours_out(
    gate: Gate, server: tuple[str, Client], issuer: Issuer
) -> None:
    alone = Gate(
        gate.state, server[0], REDRESS_OIDC_ISSUER="http://127.0.0.1:9", REDRESS_OIDC_AUDIENCE=AUDIENCE
    )
    await alone.start()
    try:
        answer = await alone.http.get("/v1/due", headers=bearer(issuer.token()))
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert (await alone.http.get("/v1/due", headers=alone.headers("reader"))).status_code == 200
        assert (await alone.http.get("/v1/due", headers=bearer("rdr_unknown"))).status_code == 401
    finally:
        await alone.close()
