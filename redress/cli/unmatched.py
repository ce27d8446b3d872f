"""`starter.py unmatched …`: what intake callers said about complaints that they do not reach."""

from __future__ import annotations

from typing import Annotated

import typer

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import client, register
from redress.domain.log import Answer
from redress.domain.sentences import with_long_dates
from redress.services import unmatched as service

app = typer.Typer(
    help="Requests of intake systems about complaints that they did not bring: match or dismiss them.",
    no_args_is_help=True,
)

Request = Annotated[str, typer.Argument(help="The request's id, from the list.")]

DECIDED_BY = "command line"
"""Who decided, where nobody says who sits there."""


@app.command("list")
def list_(
    authority: Annotated[str | None, typer.Option(help="Only what this authority's staff see.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """What waits, with what it says, in the order it came."""
    requests: list[service.Request] = []
    here = register()
    with console.ending():
        page = service.waiting(here, authority)
        requests += page.requests
        while page.next:
            page = service.waiting(here, authority, after=page.next)
            requests += page.requests
        write_down(here, "unmatched", (each.claimed for each in requests if each.claimed))
    if as_json:
        console.print_json([_document(request) for request in requests])
        return
    table = tables.table_of("request", "on", "from", "about", "action", "says", whole=0)
    for each in requests:
        says = "; ".join(f"{name}: {value}" for name, value in each.message.items() if name not in KNOWN)
        table.add_row(each.request, each.on.isoformat(), each.caller, each.claimed, each.action, says)
    tables.console.print(table if requests else "no requests to show")


KNOWN = ("on", "by", "message_id")
"""Fields of a message that other columns show, or that say nothing to a person."""


@app.command()
def match(request: Request, reference: console.Reference, as_json: console.AsJson = False) -> None:
    """Send a request to the complaint it belongs to, once, with the date it has."""

    async def work() -> Answer:
        return await service.match(
            await client(),
            register(),
            request,
            reference,
            authority=None,
            decided_by=DECIDED_BY,
            within=console.settings().answer_within,
        )

    answer = console.run(work)
    if as_json:
        console.print_json(answer.model_dump(mode="json", exclude_unset=True))
    elif answer.reason:
        console.say(with_long_dates(answer.reason))
    if not (answer.applied or answer.pending):
        raise typer.Exit(console.REFUSED)
    if not as_json:
        console.say(f"{request}: {'applied' if answer.applied else 'pending'} at {reference}")


@app.command()
def dismiss(
    request: Request,
    reason: Annotated[str, typer.Option(help="Why it belongs to no complaint.")],
    as_json: console.AsJson = False,
) -> None:
    """Note that a request belongs to no complaint; with its reason it is kept for 90 days."""
    with console.ending():
        service.dismiss(register(), request, reason, authority=None, decided_by=DECIDED_BY)
    if as_json:
        console.print_json({"request": request, "state": "dismissed"})
    else:
        console.say(f"{request}: dismissed")


def _document(request: service.Request) -> dict[str, object]:
    dates = {"received_at": request.received_at.isoformat(), "on": request.on.isoformat()}
    return request._asdict() | dates
