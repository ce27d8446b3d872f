"""Who may call the HTTP API: tokens are made, listed, rotated and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from redress.domain.parsing import Malformed, Problem
from redress.procedures.loader import authority_names
from redress.security.access import ACCESSES, INTAKE, ROLES, TEAMS
from redress.security.tokens import Token
from redress.store.tokens import Tokens

LONGEST_NAME = 100
"""Letters of a token's name."""


LONGEST_SOURCE = 200
"""Letters of a source, as an opening may have them."""


def make(
    tokens: Tokens,
    name: str,
    roles: Sequence[str],
    authority: str | None,
    lasts: timedelta | None,
    *,
    access: str | None = None,
    sources: Sequence[str] = (),
    teams: Sequence[str] = (),
) -> str:
    """A new token, of which only a hash is kept: it cannot be shown again. Raises `Malformed`.

    `access`: what the role `intake` reaches, `brought` where left out. `sources`: those that its openings may
    name, any where there are none. `teams`: whose complaints the role `team_manager` reaches.
    """
    problems = [
        Problem("role", f"{role!r} is none of {', '.join(ROLES)}") for role in roles if role not in ROLES
    ]
    if not roles:
        problems.append(Problem("role", "is missing: give one role or several"))
    if authority is not None and authority not in authority_names():
        problems.append(Problem("authority", f"{authority!r} is none of {', '.join(authority_names())}"))
    problems += _limit_problems(roles, access, sources)
    problems += _team_problems(roles, authority, teams)
    if not _is_plain(name, LONGEST_NAME) or ":" in name:
        what = f"should be 1 to {LONGEST_NAME} letters that say who comes with it, without a colon"
        problems.append(Problem("NAME", what))
    elif _live(tokens, name):
        problems.append(Problem("NAME", f"{name} has a token: rotate or revoke it"))
    if problems:
        raise Malformed(problems)
    return tokens.add(
        name,
        [role for role in ROLES if role in roles],
        authority,
        lasts,
        access=next((one for one in ACCESSES if one == access), "brought"),
        sources=sorted(set(sources)) or None,
        teams=sorted(set(teams)) or None,
    )


def _limit_problems(roles: Sequence[str], access: str | None, sources: Sequence[str]) -> list[Problem]:
    problems = []
    if access is not None and access not in ACCESSES:
        problems.append(Problem("access", f"{access!r} is none of {', '.join(ACCESSES)}"))
    elif access is not None and not INTAKE & set(roles):
        problems.append(Problem("access", "is for the role intake: others reach all of their authority"))
    if not all(_is_plain(source, LONGEST_SOURCE) for source in sources):
        problems.append(Problem("source", f"should be 1 to {LONGEST_SOURCE} letters, as openings have it"))
    return problems


def _team_problems(roles: Sequence[str], authority: str | None, teams: Sequence[str]) -> list[Problem]:
    if not TEAMS & set(roles):
        return [Problem("team", "is for the role team_manager")] if teams else []
    problems = []
    if len(set(roles)) > 1:
        problems.append(Problem("role", "team_manager stands alone: give each role a token of its own"))
    if not teams:
        problems.append(Problem("team", "is missing: name each team whose complaints they reach"))
    if not all(_is_plain(team, LONGEST_SOURCE) for team in teams):
        problems.append(Problem("team", f"should be 1 to {LONGEST_SOURCE} letters, as openings have it"))
    if authority is None:
        problems.append(Problem("authority", "is missing: teams are those of one authority"))
    return problems


def _is_plain(text: str, longest: int) -> bool:
    """Whether a text can be told from every other by looking at it: no blanks around it, nothing unseen."""
    return 0 < len(text) <= longest and text == text.strip() and text.isprintable()


def rotate(tokens: Tokens, name: str, keep: timedelta) -> str:
    """A new token in place of another, which works `keep` longer. Raises `Malformed` where there is none."""
    live = _live(tokens, name)
    if not live:
        raise Malformed([Problem("NAME", f"{name} has no token that could be rotated: make a new one")])
    last = live[-1]
    lasts = last.expires_at - last.made_at if last.expires_at else None
    secret = tokens.add(
        name,
        last.roles,
        last.authority,
        lasts,
        access=last.access,
        sources=last.sources,
        teams=last.teams,
    )
    tokens.expire([token.id for token in live], keep)
    return secret


def revoke(tokens: Tokens, name: str) -> int:
    """End every token of a name at once; gives how many. Raises `Malformed` where there is none."""
    if not tokens.known(name):
        raise Malformed([Problem("NAME", f"there is no token {name}")])
    return tokens.revoke(name)


def _live(tokens: Tokens, name: str) -> list[Token]:
    return [token for token in tokens.known(name) if token.state == "live"]
