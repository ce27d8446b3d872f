"""Tokens: made, listed, rotated, revoked; and who comes with one.

A token is 256 random bits, so its SHA-256 is all that has to be kept: nobody can try them out, and
a slow hash, which protects what people choose themselves, would only cost every request its time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Engine, Row, delete, insert, select, update

from redress.security.access import Role
from redress.store.api_store import sessions, tokens, utc

PREFIX = "rdr_"
"""How a token begins, so that one that lies about is known for what it is."""

SESSION = timedelta(hours=10)
"""How long a browser's session lasts at most."""


class TokenError(ValueError):
    """A token cannot be made, rotated or revoked as asked: `field` and what is wrong with it."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")


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
    roles: list[str]
    authority: str | None
    made_at: datetime
    expires_at: datetime | None
    state: str


class Tokens:
    """The tokens in the API's own store."""

    def __init__(self, store: Engine) -> None:
        self._store = store
        self._writer = store.execution_options(writes=True)

    def make(
        self,
        name: str,
        roles: Sequence[Role],
        authority: str | None = None,
        lasts: timedelta | None = None,
    ) -> str:
        """A new token; gives it, and this is the only time that it can be seen. Raises `TokenError`."""
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise TokenError("NAME", "should be 1 to 100 letters that say who comes with it")
        if not roles:
            raise TokenError("role", "is missing: give one role or several")
        if authority is not None and "codec" in roles:
            what = "leave it out: whoever decodes payloads reads every authority's"
            raise TokenError("authority", what)
        if any(token.state == "live" for token in self.known(name)):
            raise TokenError("NAME", f"{name} has a token: rotate or revoke it")
        return self._insert(name, list(roles), authority, lasts)

    def _insert(self, name: str, roles: list[Any], authority: str | None, lasts: timedelta | None) -> str:
        secret, now = PREFIX + secrets.token_urlsafe(32), datetime.now(UTC)
        row = {
            "name": name,
            "digest": _digest(secret),
            "roles": roles,
            "authority": authority,
            "made_at": now,
            "expires_at": now + lasts if lasts else None,
        }
        with self._writer.begin() as db:
            db.execute(insert(tokens).values(row))
        return secret

    def known(self, name: str | None = None) -> list[Token]:
        """All tokens ever made, in that order; `name`: only those."""
        wanted = select(tokens).order_by(tokens.c.id)
        if name is not None:
            wanted = wanted.where(tokens.c.name == name)
        with self._store.connect() as db:
            return [_token(row) for row in db.execute(wanted)]

    def rotate(self, name: str, keep: timedelta) -> str:
        """A new token in place of another, which works `keep` longer. Raises `TokenError`."""
        live = [token for token in self.known(name) if token.state == "live"]
        if not live:
            raise TokenError("NAME", f"{name} has no token that could be rotated: make a new one")
        last, now = live[-1], datetime.now(UTC)
        lasts = last.expires_at - last.made_at if last.expires_at else None
        secret = self._insert(name, last.roles, last.authority, lasts)
        with self._writer.begin() as db:
            for each in live:
                ends = min(each.expires_at or now + keep, now + keep)
                db.execute(update(tokens).where(tokens.c.id == each.id).values(expires_at=ends))
        return secret

    def revoke(self, name: str) -> int:
        """End every token of a name at once; gives how many. Raises `TokenError` where there is none."""
        known = tokens.c.name == name
        with self._writer.begin() as db:
            if db.execute(select(tokens.c.id).where(known)).first() is None:
                raise TokenError("NAME", f"there is no token {name}")
            gone = update(tokens).where(known, tokens.c.revoked_at.is_(None))
            return db.execute(gone.values(revoked_at=datetime.now(UTC))).rowcount

    def caller(self, secret: str) -> Caller | None:
        """Who comes with a token; None where it is unknown, revoked or over. The same work for each."""
        with self._store.connect() as db:
            row = db.execute(select(tokens).where(tokens.c.digest == _digest(secret))).one_or_none()
        if row is None or _token(row).state != "live":
            return None
        return Caller(row.name, frozenset(row.roles), row.authority, row.id)

    # --- browsers --------------------------------------------------------------------------------

    def begin_session(self, caller: Caller) -> tuple[str, datetime]:
        """What a browser keeps instead of a token, and when it ends."""
        secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
        ends = min(now + SESSION, caller.until or now + SESSION)
        row = {
            "digest": _digest(secret),
            "token": caller.token or None,
            "name": caller.name,
            "roles": sorted(caller.roles),
            "authority": caller.authority,
            "expires_at": ends,
        }
        with self._writer.begin() as db:
            db.execute(delete(sessions).where(sessions.c.expires_at <= now))
            db.execute(insert(sessions).values(row))
        return secret, ends

    def end_session(self, secret: str) -> None:
        """Forget a browser."""
        with self._writer.begin() as db:
            db.execute(delete(sessions).where(sessions.c.digest == _digest(secret)))

    def of_session(self, secret: str) -> Caller | None:
        """Who sits at a browser, for as long as the token they came with is good."""
        with self._store.connect() as db:
            row = db.execute(select(sessions).where(sessions.c.digest == _digest(secret))).one_or_none()
            if row is None or utc(row.expires_at) <= datetime.now(UTC):
                return None
            if row.token is not None:
                token = db.execute(select(tokens).where(tokens.c.id == row.token)).one_or_none()
                if token is None or _token(token).state != "live":
                    return None
        return Caller(row.name, frozenset(row.roles), row.authority, row.token or 0)


def _token(row: Row[*tuple[Any, ...]]) -> Token:
    expires_at = utc(row.expires_at) if row.expires_at else None
    is_over = expires_at is not None and expires_at <= datetime.now(UTC)
    state = "revoked" if row.revoked_at else "expired" if is_over else "live"
    return Token(row.id, row.name, list(row.roles), row.authority, utc(row.made_at), expires_at, state)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
