"""Tokens: what one is, and who calls with it.

A token is 256 random bits, so its SHA-256 is all that has to be kept: nobody can try them out, and
a slow hash, which protects what people choose themselves, would only cost every request its time.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from redress.domain.identifiers import ISSUED
from redress.security.access import INTAKE, MANAGER, READERS, STAFF, TEAMS, Access, Role

PREFIX = "rdr_"
"""How a token begins, so that one that lies about is known for what it is."""


class Caller(NamedTuple):
    """Who calls. `name` is what the record says; `authority`: the only one whose complaints they reach.

    `token` is the number of their token, 0 where another issuer vouches for them until `until`. `identity` is
    what a caller is known by wherever it is stored, compared or counted: the same for every token of one
    name, and never that of somebody whom the issuer vouches for. `access` and `sources`: what the role
    `intake` reaches, and the sources that an opening of theirs may name (None: any). `teams`: whose
    complaints a team manager reaches; without any, none.
    """

    name: str
    roles: frozenset[Role]
    authority: str | None
    identity: str
    token: int = 0
    until: datetime | None = None
    access: Access = "brought"
    sources: frozenset[str] | None = None
    teams: frozenset[str] = frozenset()

    @property
    def only_teams(self) -> frozenset[str] | None:
        """The teams whose complaints are all that they reach; None: they are no team manager.

        Without an authority none: teams are those of one.
        """
        if not self.roles & TEAMS:
            return None
        return self.teams if self.authority is not None else frozenset()

    @property
    def role(self) -> Role | None:
        """The role in which they send messages and open complaints: the highest they have.

        `intake` where they are none of the authority's own people, `reader` or not.
        """
        for roles in (MANAGER, STAFF, TEAMS, INTAKE, READERS, self.roles):
            for role in sorted(self.roles & roles):
                return role
        return None

    def reaches_what_it_brought(self, allowed: frozenset[Role]) -> bool:
        """Whether that is all they reach of what these roles may do: they may do it as `intake` alone."""
        return self.access == "brought" and self.roles & allowed <= INTAKE


class Token(NamedTuple):
    """What is known of a token. `state`: live, expired, revoked."""

    id: int
    name: str
    roles: list[Role]
    authority: str | None
    access: Access
    sources: list[str] | None
    teams: list[str] | None
    made_at: datetime
    expires_at: datetime | None
    state: str


def token_identity(name: str) -> str:
    """What callers with a token of this name are known by."""
    return f"token:{name}"


def issued_identity(issuer: str, subject: str) -> str:
    """What somebody is known by whom an issuer vouches for: opaque, since a `sub` may be an address."""
    return ISSUED + hashlib.sha256(f"{issuer}\n{subject}".encode("utf-8", "surrogatepass")).hexdigest()[:40]


def new_token() -> str:
    """A new secret, which is shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
