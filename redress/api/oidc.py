"""Callers that an OpenID Connect issuer vouches for: its signed tokens, checked with its public keys."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx
import jwt

from redress.api.settings import ApiSettings
from redress.security.access import ROLES, Role
from redress.security.tokens import ISSUED, Caller, issued_identity

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "ES256"]
"""Signatures by an issuer's private key; one that needs a shared secret, or none, is never taken."""

FRESH = 600.0
"""Seconds that keys are used before they are fetched again."""

AT_MOST_EVERY = 10.0
"""Seconds between two fetches, however many tokens with unknown keys come."""

LEEWAY = 30
"""Seconds that clocks may differ."""

LONGEST_NAME = 200 - len(ISSUED)
"""Letters of the name that is recorded."""


class NoKeys(Exception):
    """The issuer's keys were never to be had: nobody can be judged."""


class Issuer:
    """The issuer that the settings name."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def caller(self, token: str) -> Caller | None:
        """Who comes with a token; None where it is not good. Raises `NoKeys`."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            return None
        name = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(name, str):
            return None
        key = await self._key(name)
        if key is None:
            return None
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[str(header["alg"])],
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return self._of(claims)

    def _of(self, claims: dict[str, Any]) -> Caller | None:
        settings = self._settings
        name = _at(claims, settings.oidc_name_claim)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            return None
        claim = _at(claims, settings.oidc_roles_claim)
        named = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        ours = {settings.oidc_roles.get(str(role), "") if settings.oidc_roles else role for role in named}
        roles: frozenset[Role] = frozenset(role for role in ROLES if role in ours)
        authority = None
        if settings.oidc_authority_claim:
            authority = _at(claims, settings.oidc_authority_claim)
            if not isinstance(authority, str) or not authority:
                return None  # callers are to be limited to an authority, and this one names none
        try:
            until = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (ValueError, OverflowError, OSError):
            return None  # an end that no calendar has
        reaches_all = self._claim(claims, settings.oidc_access_claim) == "authority"
        return Caller(
            name=f"{ISSUED}{name}",
            roles=roles,
            authority=authority,
            identity=issued_identity(str(claims["iss"]), str(claims["sub"])),
            until=until,
            access="authority" if reaches_all else "brought",
            sources=self._sources(claims),
        )

    def _sources(self, claims: dict[str, Any]) -> frozenset[str] | None:
        """The sources that a caller may name: none at all where the claim that should say so is missing."""
        place = self._settings.oidc_sources_claim
        if not place:
            return None
        claim = self._claim(claims, place)
        named = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        return frozenset(source for source in named if isinstance(source, str))

    @staticmethod
    def _claim(claims: dict[str, Any], place: str) -> Any:
        return _at(claims, place) if place else None

    async def _key(self, name: str) -> jwt.PyJWK | None:
        async with self._lock:
            is_stale = monotonic() - self._fetched_at > FRESH
            if (is_stale or name not in self._keys) and monotonic() - self._asked_at > AT_MOST_EVERY:
                self._asked_at = monotonic()
                await self._fetch()
            if self._fetched_at == float("-inf"):
                raise NoKeys
            return self._keys.get(name)

    async def _fetch(self) -> None:
        """Fetch the keys; where that fails, those that are here stay in use."""
        issuer = self._settings.oidc_issuer.rstrip("/")
        try:
            async with httpx.AsyncClient(timeout=5, follow_redirects=False) as http:
                discovery = (await http.get(f"{issuer}/.well-known/openid-configuration")).raise_for_status()
                keys = (await http.get(str(discovery.json()["jwks_uri"]))).raise_for_status().json()["keys"]
            known = {key["kid"]: jwt.PyJWK(key) for key in keys if _signs(key)}
        except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            log.warning("the issuer's keys could not be fetched: %s", type(error).__name__)
            return
        self._keys, self._fetched_at = known, monotonic()


def _signs(key: dict[str, Any]) -> bool:
    """Whether a key of the set is one that an issuer signs with."""
    kind, curve = key.get("kty"), key.get("crv")
    is_ours = kind == "RSA" or (kind == "EC" and curve == "P-256")
    return is_ours and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig"


def _at(claims: dict[str, Any], place: str) -> Any:
    """The claim at a place such as `realm_access.roles`; a claim of that very name wins."""
    if place in claims:
        return claims[place]
    value: Any = claims
    for part in place.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
