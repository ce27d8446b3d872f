"""Tokens and browser sessions in the API's own store. What is secret is kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, delete, func, insert, select, update

from redress.security.access import Access, Role, effective
from redress.security.tokens import Caller, Token, digest, new_token, token_identity
from redress.store.api_store import sessions, tokens
from redress.store.database import writing

SESSION = timedelta(hours=10)
"""How long a browser's session lasts at most."""

UNUSED = timedelta(hours=1)
"""How long one lasts that nobody uses."""

NOTED_EVERY = timedelta(minutes=1)
"""How often the use of one is written down: the UI asks about each event apart."""


class Tokens:
    """The tokens in the API's own store."""

    def __init__(self, store: Engine) -> None:
        self._store = store

    def add(
        self,
        name: str,
        roles: Sequence[Role],
        authority: str | None,
        lasts: timedelta | None,
        *,
        access: Access = "brought",
        sources: Sequence[str] | None = None,
        teams: Sequence[str] | None = None,
    ) -> str:
        """A new token; gives it, and this is the only time that it can be seen."""
        secret, now = new_token(), datetime.now(UTC)
        row = {
            "name": name,
            "digest": digest(secret),
            "roles": list(roles),
            "authority": authority,
            "access": access,
            "sources": None if sources is None else list(sources),
            "teams": None if teams is None else list(teams),
            "made_at": now,
            "expires_at": now + lasts if lasts else None,
        }
        with writing(self._store) as db:
            db.execute(insert(tokens).values(row))
        return secret

    def known(self, name: str | None = None) -> list[Token]:
        """All tokens ever made, in that order; `name`: only those."""
        wanted = select(tokens).order_by(tokens.c.id)
        if name is not None:
            wanted = wanted.where(tokens.c.name == name)
        with self._store.connect() as db:
            return [_token(row) for row in db.execute(wanted)]

    def expire(self, ids: Sequence[int], within: timedelta) -> None:
        """Let tokens end after this time, where they do not end before."""
        ends = datetime.now(UTC) + within
        later = tokens.c.id.in_(ids) & (func.coalesce(tokens.c.expires_at, ends) >= ends)
        with writing(self._store) as db:
            db.execute(update(tokens).where(later).values(expires_at=ends))

    def revoke(self, name: str) -> int:
        """End every token of a name at once; gives how many."""
        live = (tokens.c.name == name) & tokens.c.revoked_at.is_(None)
        with writing(self._store) as db:
            return db.execute(update(tokens).where(live).values(revoked_at=datetime.now(UTC))).rowcount

    def caller(self, secret: str) -> Caller | None:
        """Who comes with a token; None where it is unknown, revoked or over. The same work for each."""
        with self._store.connect() as db:
            row = db.execute(select(tokens).where(tokens.c.digest == digest(secret))).one_or_none()
        if row is None or _token(row).state != "live":
            return None
        return Caller(
            name=row.name,
            roles=effective(row.roles),
            authority=row.authority,
            identity=token_identity(row.name),
            token=row.id,
            access=row.access,
            sources=None if row.sources is None else frozenset(row.sources),
            teams=frozenset(row.teams or ()),
        )

    # --- browsers --------------------------------------------------------------------------------

    def begin_session(self, caller: Caller) -> tuple[str, datetime]:
        """What a browser keeps instead of a token, and when it ends."""
        secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
        ends = min(now + SESSION, caller.until or now + SESSION)
        who = {
            "name": caller.name,
            "identity": caller.identity,
            "roles": sorted(caller.roles),
            "authority": caller.authority,
        }
        row = {
            "digest": digest(secret),
            "token": caller.token or None,
            "expires_at": ends,
            "used_at": now,
        } | who
        is_over = (sessions.c.expires_at <= now) | (sessions.c.used_at <= now - UNUSED)
        with writing(self._store) as db:
            db.execute(delete(sessions).where(is_over))
            db.execute(insert(sessions).values(row))
        return secret, ends

    def end_session(self, secret: str) -> None:
        """Forget a browser."""
        with writing(self._store) as db:
            db.execute(delete(sessions).where(sessions.c.digest == digest(secret)))

    def of_session(self, secret: str) -> Caller | None:
        """Who sits at a browser, for as long as the token they came with is good; this is a use of it."""
        now, it = datetime.now(UTC), sessions.c.digest == digest(secret)
        with self._store.connect() as db:
            row = db.execute(select(sessions).where(it)).one_or_none()
            if row is None or row.expires_at <= now or row.used_at <= now - UNUSED:
                return None
            if row.token is not None:
                token = db.execute(select(tokens).where(tokens.c.id == row.token)).one_or_none()
                if token is None or _token(token).state != "live":
                    return None
        if row.used_at <= now - NOTED_EVERY:
            with writing(self._store) as db:
                db.execute(update(sessions).where(it).values(used_at=now))
        return Caller(row.name, frozenset(row.roles), row.authority, row.identity, row.token or 0)


def _token(row: Row[*tuple[Any, ...]]) -> Token:
    is_over = row.expires_at is not None and row.expires_at <= datetime.now(UTC)
    state = "revoked" if row.revoked_at else "expired" if is_over else "live"
    known = {name: getattr(row, name) for name in Token._fields if name != "state"}
    return Token(**known, state=state)
