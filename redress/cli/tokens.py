"""`starter.py token …`: who may call the API, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer

from redress.api.settings import ApiSettings
from redress.cli.console import AsJson, ending, print_json, say, settings_of
from redress.cli.tables import console, table_of
from redress.security.access import ROLES, WHAT_ROLES_ARE
from redress.security.tokens import Token
from redress.services import tokens as service
from redress.store.api_store import open_store
from redress.store.tokens import Tokens

app = typer.Typer(
    help="Who may call the HTTP API, and as what.\n\n"
    + "\n\n".join(f"{role}: {what}" for role, what in WHAT_ROLES_ARE.items()),
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Who comes with it, for example web-form: the record shows it.")]


@app.command()
def new(
    name: Name,
    role: Annotated[list[str], typer.Option(help=f"{', '.join(ROLES)}; may be given several times.")],
    authority: Annotated[str | None, typer.Option(help="Only this authority's complaints.")] = None,
    access: Annotated[
        str | None,
        typer.Option(help="What intake reaches: what it brought itself (left out), or all of its authority."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="A source that its openings may name; may be given several times. Left out: any."),
    ] = None,
    team: Annotated[
        list[str] | None,
        typer.Option(help="A team whose complaints team_manager reaches; may be given several times."),
    ] = None,
    days: Annotated[int | None, typer.Option(help="How long it works; for ever if left out.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once and kept as a hash: whoever loses it needs a new one."""
    with _tokens() as tokens:
        lasts = timedelta(days=days) if days else None
        secret = service.make(
            tokens, name, role, authority, lasts, access=access, sources=source or (), teams=team or ()
        )
        _show_secret(tokens, name, secret, as_json=as_json)
    if "intake" in role and not source and not as_json:
        say("it may open complaints from any source: --source limits it to its own")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every token that was ever made, never the secret itself."""
    with _tokens() as tokens:
        known = tokens.known()
    if as_json:
        print_json([_document(token) for token in known])
        return
    table = table_of("name", "roles", "authority", "access", "sources", "teams", "made", "until", "", whole=0)
    for token in known:
        until = _minute(token.expires_at) if token.expires_at else ""
        roles, authority = ", ".join(token.roles), token.authority or "every"
        access = token.access if "intake" in token.roles else ""
        sources = ", ".join(token.sources) if token.sources is not None else "any"
        made, teams = _minute(token.made_at), ", ".join(token.teams or ())
        table.add_row(token.name, roles, authority, access, sources, teams, made, until, token.state)
    console.print(table)


@app.command()
def rotate(
    name: Name,
    keep: Annotated[int, typer.Option(help="Hours that the former one still works.", min=0)] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a new token in place of another, with the same roles."""
    with _tokens() as tokens:
        _show_secret(tokens, name, service.rotate(tokens, name, timedelta(hours=keep)), as_json=as_json)


@app.command()
def revoke(name: Name, as_json: AsJson = False) -> None:
    """End every token of this name, at once."""
    with _tokens() as tokens:
        ended = service.revoke(tokens, name)
    print_json({"name": name, "revoked": ended}) if as_json else say(f"{name}: {ended} revoked")


@contextmanager
def _tokens() -> Iterator[Tokens]:
    with ending(stores="the API's store"):
        yield Tokens(open_store(settings_of(ApiSettings).store_url))


def _show_secret(tokens: Tokens, name: str, secret: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(tokens.known(name)[-1]) | {"token": secret})
    else:
        print(secret)  # noqa: T201  # the token alone, for scripts
        say("keep it well: it is not shown again")


def _document(token: Token) -> dict[str, object]:
    expires_at = token.expires_at.isoformat() if token.expires_at else None
    return token._asdict() | {"made_at": token.made_at.isoformat(), "expires_at": expires_at}


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
