"""Who calls, and whether they may: asked before a request is looked at any further."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Engine
from starlette.requests import Request

from redress.api.browsers import Browsers
from redress.api.limits import Rates
from redress.api.oidc import Issuer, NoKeys
from redress.api.problems import Refusal, unavailable
from redress.api.settings import ApiSettings
from redress.security.access import CODEC, Role
from redress.security.tokens import Caller
from redress.store.tokens import Tokens

CODEC_TIMES = 20
"""How many times the usual rate the codec has: the UI asks it about each event apart, the command about each
payload, so that one long history takes hundreds of requests within a second."""

DAY_MINUTES = 24 * 60

KEYS_A_DAY = 5000
"""Calls of one caller to encrypt what is nobody's yet, in a day: each makes a key that is kept for a time."""

WORK = 0.025
"""Seconds of work on the register that count as one request more."""

MOST_WAITING = 250
"""Requests of one caller that may stand until something comes."""

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Callers:
    """Those who have a token of ours, those whom the issuer vouches for, and browsers at the codec."""

    def __init__(self, store: Engine, settings: ApiSettings) -> None:
        self.tokens = Tokens(store)
        self.browsers = Browsers(settings)
        self._issuer = Issuer(settings) if settings.oidc_issuer else None
        self._rates = Rates(settings.rate_per_minute)
        self._codec_rates = Rates(settings.rate_per_minute * CODEC_TIMES)
        self._unknown_rates = Rates(settings.rate_per_minute)
        self._keys = Rates(KEYS_A_DAY / DAY_MINUTES, burst=KEYS_A_DAY)
        self._bytes = Rates(settings.bytes_per_day / DAY_MINUTES, burst=settings.bytes_per_day)
        most = settings.document_bytes_per_day
        self._document_bytes = Rates(most / DAY_MINUTES, burst=most)
        self._waiting: Counter[str] = Counter()

    async def admit(self, allowed: frozenset[Role], request: Request) -> Caller:
        """The caller, if they have one of these roles. Raises `Refusal`."""
        is_codec = allowed == CODEC
        caller = await self.identify(
            request.headers, self.browsers.session(request.cookies) if is_codec else None
        )
        if caller is None:
            self.count_unknown(request)
            detail = "There is no token with it, or it is unknown, revoked or over: Authorization: Bearer …"
            raise Refusal("no-token", detail, headers=CHALLENGE)
        rates = self._codec_rates if is_codec else self._rates
        rates.take(caller.identity)
        if request.url.path == "/codec/encode":
            self._keys.take(caller.identity)
        if not caller.roles & allowed:
            raise Refusal("not-allowed", f"This is for the roles {', '.join(sorted(allowed))}.")
        return caller

    def count_unknown(self, request: Request) -> None:
        """Count a request of somebody unknown, by their address. Raises `Refusal` at too many."""
        self._unknown_rates.take(_network(request.client.host if request.client else ""))

    def count_bytes(self, caller: Caller, size: int) -> None:
        """Count a body that a caller sent. Raises `Refusal` where it is more than they may in a day."""
        self._bytes.take(caller.identity, size)

    def count_document_bytes(self, caller: Caller, size: int) -> None:
        """The same of a document."""
        self._document_bytes.take(caller.identity, size)

    def charge(self, caller: Caller, seconds: float) -> None:
        """Count the work that a request was, beyond what every request is."""
        self._rates.charge(caller.identity, seconds / WORK)

    @contextmanager
    def waiting(self, caller: Caller) -> Iterator[None]:
        """A request that stands until something comes. Raises `Refusal` where a caller has too many."""
        mark = caller.identity
        if self._waiting[mark] >= MOST_WAITING:
            what = f"{MOST_WAITING} requests of this caller wait already."
            raise Refusal("too-many", what, headers={"Retry-After": "5"})
        self._waiting[mark] += 1
        try:
            yield
        finally:
            self._waiting[mark] -= 1
            if not self._waiting[mark]:
                del self._waiting[mark]

    async def identify(self, headers: Mapping[str, str], session: str | None = None) -> Caller | None:
        """Who comes with a token, or with a browser's session; None where it is not good."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            return await self.of_token(secret.strip())
        if session is not None:
            return await asyncio.to_thread(self.tokens.of_session, session)
        return None

    async def of_token(self, secret: str) -> Caller | None:
        """Who comes with a token of ours or the issuer's."""
        caller = await asyncio.to_thread(self.tokens.caller, secret)
        if caller is not None or self._issuer is None:
            return caller
        try:
            return await self._issuer.caller(secret)
        except NoKeys:
            raise unavailable("The OpenID Connect issuer does not answer.") from None


def _network(host: str) -> str:
    """By what an address is counted: one of IPv6 by its network, which is one customer's."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"address {host}"
    return f"network {int(address) >> 64:x}" if isinstance(address, IPv6Address) else f"address {host}"
