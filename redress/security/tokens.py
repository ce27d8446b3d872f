"""Tokens: what one is, and who calls with it.

A token is 256 random bits, so its SHA-256 is all that has to be kept: nobody can try them out, and
a slow hash, which protects what people choose themselves, would only cost every request its time.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from redress.security.access import Role

PREFIX = "rdr_"
"""How a token begins, so that one that lies about is known for what it is."""


class Caller(NamedTuple):
    """Who calls. `name` is what the record says; `authority`: the only one whose complaints they reach.

    `token` is the number of their token, 0 where another issuer vouches for them until `until`.
    """

    name: str
    roles: frozenset[Role]
    authority: str | None
    token: int = 0
    until: datetime | None = None


class Token(NamedTuple):
    """What is known of a token. `state`: live, expired, revoked."""

    id: int
    name: str
    roles: list[Role]
    authority: str | None
    made_at: datetime
    expires_at: datetime | None
    state: str


def new_token() -> str:
    """A new secret, which is shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
