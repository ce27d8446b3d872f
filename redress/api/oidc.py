"""Callers that an OpenID Connect issuer vouches for: its signed tokens, checked with its public keys."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from redress.api.settings import ApiSettings
from redress.domain.identifiers import ISSUED
from redress.security.access import ROLES, Role, effective
from redress.security.network import is_safe_address
from redress.security.tokens import Caller, issued_identity

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "ES256"]
"""Signatures by an issuer's private key; one that needs a shared secret, or none, is never taken."""

FRESH = 600.0
"""Seconds that keys are used before they are fetched again."""

AT_MOST_EVERY = 10.0
"""Seconds between two fetches, however many tokens with unknown keys come."""

ANSWER_WITHIN = 10.0
"""Seconds that the issuer has for all of its answer, however slowly it comes."""

SHORTEST_RSA = 2048
"""Bits of an RSA key, at least (NIST SP 800-131A)."""

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
        self._fetching: asyncio.Task[None] | None = None
        self._answers = True
        """Whether it did when it was last asked; until it does again, nobody with a known key waits."""

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
        except (jwt.PyJWTError, ArithmeticError, LookupError, ValueError, TypeError):
            return None  # claims of any form may come: none is a fault of ours
        return self._of(claims)

    def _of(self, claims: dict[str, Any]) -> Caller | None:
        settings = self._settings
        name = _at(claims, settings.oidc_name_claim)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            return None
        claim = _at(claims, settings.oidc_roles_claim)
        given = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        named = [role for role in given if isinstance(role, str)]
        ours = {settings.oidc_roles.get(role, "") if settings.oidc_roles else role for role in named}
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
            roles=effective(roles),
            authority=authority,
            identity=issued_identity(str(claims["iss"]), str(claims["sub"])),
            until=until,
            access="authority" if reaches_all else "brought",
            sources=self._sources(claims),
            teams=self._teams(claims),
        )

    def _sources(self, claims: dict[str, Any]) -> frozenset[str] | None:
        """The sources that a caller may name: none at all where the claim that should say so is missing."""
        place = self._settings.oidc_sources_claim
        if not place:
            return None
        claim = self._claim(claims, place)
        named = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        return frozenset(source for source in named if isinstance(source, str))

    def _teams(self, claims: dict[str, Any]) -> frozenset[str]:
        """The teams that a team manager is limited to: a list, or one; none where nothing says so."""
        claim = self._claim(claims, self._settings.oidc_teams_claim)
        named = claim if isinstance(claim, list) else [claim]
        return frozenset(team for team in named if isinstance(team, str))

    @staticmethod
    def _claim(claims: dict[str, Any], place: str) -> Any:
        return _at(claims, place) if place else None

    async def _key(self, name: str) -> jwt.PyJWK | None:
        """The key of a name. Whoever comes with one that is known waits for nobody who does not."""
        known, is_stale = self._keys.get(name), monotonic() - self._fetched_at > FRESH
        if known is not None and not is_stale:
            return known
        if self._fetching is None and monotonic() - self._asked_at > AT_MOST_EVERY:
            self._asked_at = monotonic()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        if self._fetching is not None and (known is None or self._answers):
            await asyncio.shield(self._fetching)
        if self._fetched_at == float("-inf"):
            raise NoKeys
        return self._keys.get(name)

    def _fetched(self, _: asyncio.Task[None]) -> None:
        self._fetching = None
        self._answers = self._fetched_at >= self._asked_at

    async def _fetch(self) -> None:
        """Fetch the keys; where that fails, those that are here stay in use."""
        issuer = self._settings.oidc_issuer
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN),
                httpx.AsyncClient(timeout=5, follow_redirects=False) as http,
            ):
                discovered = (await http.get(place)).raise_for_status().json()
                if discovered["issuer"] != issuer:
                    raise ValueError("the discovery document names another issuer")
                keys_at = str(discovered["jwks_uri"])
                if not is_safe_address(keys_at):
                    raise ValueError("the issuer's keys are not served by https")
                keys = (await http.get(keys_at)).raise_for_status().json()["keys"]
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            said = str(error) if type(error) is ValueError else type(error).__name__
            log.warning("the issuer's keys could not be fetched: %s", said)
            return
        if isinstance(keys, list):
            self._keys = dict(each for key in keys if (each := _signing_key(key)) is not None)
            self._fetched_at = monotonic()


def _signing_key(key: object) -> tuple[str, jwt.PyJWK] | None:
    """A key of the set that an issuer signs with; None for any other, which harms no key beside it."""
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
        return None
    if key.get("kty") != "RSA" and (key.get("kty"), key.get("crv")) != ("EC", "P-256"):
        return None
    try:
        known = jwt.PyJWK(key)
    except (jwt.PyJWTError, ArithmeticError, LookupError, ValueError, TypeError):
        return None
    if isinstance(known.key, RSAPublicKey) and known.key.key_size < SHORTEST_RSA:
        log.warning("a key of the issuer's is shorter than %d bits: it is not used", SHORTEST_RSA)
        return None
    return key["kid"], known


def _at(claims: dict[str, Any], place: str) -> Any:
    """The claim at a place such as `realm_access.roles`; a claim of that very name wins."""
    if place in claims:
        return claims[place]
    value: Any = claims
    for part in place.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
