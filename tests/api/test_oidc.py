"""Callers that an OpenID Connect issuer vouches for: a real one of our own, with its own keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from pydantic import ValidationError
from temporalio.client import Client

from redress.api import oidc
from redress.api.oidc import NoKeys
from redress.api.settings import ApiSettings
from tests.api.api_process import ApiProcess, ApiThread
from tests.api.issuer import AUDIENCE, Issuer


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_person_with_the_issuers_token_is_who_did_it(api: ApiProcess, issuer: Issuer) -> None:
    staff = bearer(issuer.token(council="family-rights"))
    reference = await api.open(staff)
    answer = await api.send(staff, reference, "acknowledge", by="The Director")
    assert answer.status_code == 200, answer.text
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert [message["by"] for message in status["messages"]] == ["oidc:fern-fictitious"]
    other = bearer(issuer.token(council="rotherham", alg="ES256", key=issuer.ec, kid="ec"))
    assert (await api.http.get(f"/v1/complaints/{reference}", headers=other)).status_code == 404
    assert (await api.http.get("/v1/webhooks", headers=staff)).status_code == 403
    own = api.headers("staff")
    assert (await api.http.get(f"/v1/complaints/{reference}", headers=own)).status_code == 200
    payloads = bearer(issuer.token(council="family-rights", realm={"roles": ["Payloads"]}))
    answer = await api.http.post("/codec/decode", json={"payloads": []}, headers=payloads)
    assert answer.status_code == 200


async def test_nobody_of_the_issuers_is_taken_for_a_token(api: ApiProcess, issuer: Issuer) -> None:
    """S5: `sub: casework` is not the token named casework, nor does anybody choose whose cases are theirs."""
    realm = {"roles": ["Web-Form"]}
    token = api.headers("intake", name="casework", authority="family-rights")
    person, again, other = (
        bearer(issuer.token(council="family-rights", sub=sub, realm=realm))
        for sub in ("casework", "casework", "token:casework")
    )
    brought_by_token, brought_by_person = await api.open(token), await api.open(person)
    for headers, reached, hidden in (
        (token, brought_by_token, brought_by_person),
        (person, brought_by_person, brought_by_token),
        (again, brought_by_person, brought_by_token),
    ):
        for reference, status in ((reached, 200), (hidden, 404)):
            answer = await api.http.get(f"/v1/complaints/{reference}/standing", headers=headers)
            assert answer.status_code == status
    for reference in (brought_by_token, brought_by_person):
        answer = await api.http.get(f"/v1/complaints/{reference}/standing", headers=other)
        assert answer.status_code == 404
    said = await api.send(person, brought_by_person, "add-note", note="Invented.")
    assert said.status_code == 200, said.text
    staff = api.headers("staff")
    status = (await api.http.get(f"/v1/complaints/{brought_by_person}", headers=staff)).json()
    assert [message["by"] for message in status["messages"]] == ["oidc:casework"]


async def test_the_issuer_says_what_a_caller_reaches_and_which_sources(
    tmp_path: Path, issuer: Issuer
) -> None:
    settings = ApiSettings(
        state=tmp_path,
        oidc_issuer=issuer.url,
        oidc_audience=AUDIENCE,
        oidc_roles_claim="roles",
        oidc_access_claim="redress.access",
        oidc_sources_claim="redress.sources",
        oidc_teams_claim="redress.sources",
    )
    for claims, access, sources in (
        ({"access": "authority", "sources": ["form-a", 7]}, "authority", {"form-a"}),
        ({"access": ["authority"], "sources": "form-a form-b"}, "brought", {"form-a", "form-b"}),
        ({}, "brought", set()),
    ):
        caller = await oidc.Issuer(settings).caller(issuer.token(redress=claims, roles=["intake"]))
        assert caller is not None
        assert (caller.access, caller.sources) == (access, frozenset(sources))
        teams = claims.get("sources") or []
        named = [teams] if isinstance(teams, str) else teams
        assert caller.teams == {team for team in named if isinstance(team, str)}


def hs256(secret: bytes, issuer: Issuer, **claims: Any) -> str:
    """A token signed with a secret that everybody knows, which PyJWT itself would not do."""
    payload = issuer.token(**claims).split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "rsa"}).encode()).rstrip(b"=")
    said = header + b"." + payload.encode()
    signature = base64.urlsafe_b64encode(hmac.new(secret, said, hashlib.sha256).digest()).rstrip(b"=")
    return (said + b"." + signature).decode()


async def test_a_token_that_is_not_good_is_nobodys(api: ApiProcess, issuer: Issuer) -> None:
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
        "public key as shared secret": hs256(public, issuer, **good),
        "none": jwt.encode({"sub": "x"}, "", algorithm="none", headers={"kid": "rsa"}),
        "changed": f"{header}.{rest[:20]}x{rest[21:]}",
        "nothing": "..",
    }
    assert (await api.http.get("/v1/due", headers=bearer(issuer.token(**good)))).status_code == 200
    for name, token in bad.items():
        answer = await api.http.get("/v1/due", headers=bearer(token))
        assert answer.status_code == 401, name
        assert answer.headers["content-type"] == "application/problem+json"
    for_ever = bearer(issuer.token(**good, exp=10**17))
    assert (await api.http.get("/v1/due", headers=for_ever)).status_code in (200, 401)
    nothing = bearer(issuer.token(**good, realm={"roles": ["unrelated"]}))
    assert (await api.http.get("/v1/due", headers=nothing)).status_code == 403


async def test_claims_of_any_form_are_no_fault_of_ours(api: ApiProcess, issuer: Issuer) -> None:
    odd: list[object] = [{"a": 1}, [["x"]], [{"a": []}], 7, 1.5, True, "", "\x00", [None]]
    for claim in odd:
        for name, value in (
            ("realm", claim),
            ("realm", {"roles": claim}),
            ("realm", {"roles": [claim, "Complaints-Staff"]}),
            ("council", claim),
            ("sub", claim),
        ):
            token = jwt.encode(
                {
                    "iss": issuer.url,
                    "aud": AUDIENCE,
                    "sub": "fern-fictitious",
                    "council": "family-rights",
                    "exp": datetime.now(UTC) + timedelta(minutes=5),
                    name: value,
                }
                if name != "sub" or isinstance(value, str)
                else {"iss": issuer.url, "aud": AUDIENCE, "exp": datetime.now(UTC) + timedelta(minutes=5)},
                issuer.rsa,
                algorithm="RS256",
                headers={"kid": "rsa"},
            )
            answer = await api.http.get("/v1/due", headers=bearer(token))
            assert answer.status_code in (200, 401, 403), (name, value)


@pytest.mark.parametrize(
    ("besides", "status"),
    [
        pytest.param(
            [None, "x", {"kty": "RSA"}, {"kty": "RSA", "kid": "x", "n": "!", "e": 1}], 200, id="unreadable"
        ),
        pytest.param([{"kty": "EC", "crv": "P-256", "kid": "y", "x": "AA", "y": "AA"}], 200, id="no point"),
    ],
)
async def test_one_bad_key_harms_no_other(issuer: Issuer, besides: list[object], status: int) -> None:
    issuer.besides = besides
    try:
        found = await fresh(issuer).caller(issuer.token(council="family-rights"))
    finally:
        issuer.besides = []
    assert (200 if found else 401) == status


async def test_a_short_key_and_a_discovery_of_another_issuer_are_not_taken(issuer: Issuer) -> None:
    short = rsa.generate_private_key(65537, 1024)  # what an issuer must not sign with
    issuer.besides = [RSAAlgorithm.to_jwk(short.public_key(), as_dict=True) | {"kid": "short", "use": "sig"}]
    try:
        token = issuer.token(council="family-rights", key=short, kid="short")
        assert await fresh(issuer).caller(token) is None
    finally:
        issuer.besides = []
    issuer.calls_itself = "https://elsewhere.example"
    try:
        with pytest.raises(NoKeys):
            await fresh(issuer).caller(issuer.token(council="family-rights"))
    finally:
        issuer.calls_itself = issuer.url


@pytest.mark.parametrize("issuer_url", ["http://login.example", "ftp://login.example", "login.example"])
def test_an_issuer_is_reached_by_https(issuer_url: str) -> None:
    with pytest.raises(ValidationError, match="should begin with https://"):
        ApiSettings(oidc_issuer=issuer_url)


def fresh(issuer: Issuer) -> oidc.Issuer:
    """Our side of an issuer, which knows none of its keys yet."""
    return oidc.Issuer(
        ApiSettings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE, oidc_roles_claim="realm.roles")
    )


async def test_keys_are_fetched_seldom_whatever_comes(api: ApiProcess, issuer: Issuer) -> None:
    good = bearer(issuer.token(council="family-rights"))
    assert (await api.http.get("/v1/due", headers=good)).status_code == 200
    before = issuer.asked
    for number in range(30):
        token = issuer.token(council="family-rights", kid=f"unknown-{number}")
        assert (await api.http.get("/v1/due", headers=bearer(token))).status_code == 401
    assert (await api.http.get("/v1/due", headers=good)).status_code == 200
    assert issuer.asked <= before + 3  # at most once in ten seconds
    described = (await api.http.get("/openapi.json")).json()
    scheme = described["components"]["securitySchemes"]["issuer"]
    assert scheme["openIdConnectUrl"] == f"{issuer.url}/.well-known/openid-configuration"


async def test_a_slow_issuer_holds_up_none_whose_key_is_known(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can come with a key that nobody knows; and an issuer may say nothing for hours."""
    ours = fresh(issuer)
    good = issuer.token(council="family-rights")
    assert await ours.caller(good) is not None
    silent = asyncio.Event()
    monkeypatch.setattr(ours, "_fetch", silent.wait)
    monkeypatch.setattr(oidc, "AT_MOST_EVERY", 0.0)
    stranger = asyncio.create_task(ours.caller(issuer.token(kid="unknown")))
    await asyncio.sleep(0.05)
    assert await asyncio.wait_for(ours.caller(good), 1) is not None
    silent.set()
    assert await stranger is None
    silent.clear()
    monkeypatch.setattr(oidc, "FRESH", 0.0)
    assert await asyncio.wait_for(ours.caller(good), 1) is not None, "it did not answer the last time"
    silent.set()


async def test_an_issuer_that_is_down_locks_nobody_of_ours_out(
    api: ApiProcess, server: tuple[str, Client], issuer: Issuer
) -> None:
    alone = ApiThread(
        api.state, server[0], REDRESS_OIDC_ISSUER="http://127.0.0.1:9", REDRESS_OIDC_AUDIENCE=AUDIENCE
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
