"""Who may call the HTTP API: tokens are made, listed, rotated and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from redress.domain.parsing import Malformed, Problem
from redress.procedures.loader import authority_names
from redress.security.access import ROLES
from redress.security.tokens import Token
from redress.store.tokens import Tokens

LONGEST_NAME = 100
"""Letters of a token's name."""


def make(
    tokens: Tokens, name: str, roles: Sequence[str], authority: str | None, lasts: timedelta | None
) -> str:
    """A new token, of which only a hash is kept: it cannot be shown again. Raises `Malformed`."""
    problems = [
        Problem("role", f"{role!r} is none of {', '.join(ROLES)}") for role in roles if role not in ROLES
    ]
    if not roles:
        problems.append(Problem("role", "is missing: give one role or several"))
    if authority is not None and authority not in authority_names():
        problems.append(Problem("authority", f"{authority!r} is none of {', '.join(authority_names())}"))
    if authority is not None and "codec" in roles:
        what = "leave it out: whoever decodes payloads reads every authority's"
        problems.append(Problem("authority", what))
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        problems.append(Problem("NAME", f"should be 1 to {LONGEST_NAME} letters that say who comes with it"))
    elif _live(tokens, name):
        problems.append(Problem("NAME", f"{name} has a token: rotate or revoke it"))
    if problems:
        raise Malformed(problems)
    return tokens.add(name, [role for role in ROLES if role in roles], authority, lasts)


def rotate(tokens: Tokens, name: str, keep: timedelta) -> str:
    """A new token in place of another, which works `keep` longer. Raises `Malformed` where there is none."""
    live = _live(tokens, name)
    if not live:
        raise Malformed([Problem("NAME", f"{name} has no token that could be rotated: make a new one")])
    last = live[-1]
    lasts = last.expires_at - last.made_at if last.expires_at else None
    secret = tokens.add(name, last.roles, last.authority, lasts)
    tokens.expire([token.id for token in live], keep)
    return secret


def revoke(tokens: Tokens, name: str) -> int:
    """End every token of a name at once; gives how many. Raises `Malformed` where there is none."""
    if not tokens.known(name):
        raise Malformed([Problem("NAME", f"there is no token {name}")])
    return tokens.revoke(name)


def _live(tokens: Tokens, name: str) -> list[Token]:
    return [token for token in tokens.known(name) if token.state == "live"]
