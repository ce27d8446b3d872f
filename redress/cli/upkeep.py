"""For operators: `migrate`, `recount`, `reconcile`."""

from __future__ import annotations

from typing import Annotated

import typer

from redress.api.settings import ApiSettings
from redress.cli import console, tables
from redress.cli.shared import client, register
from redress.services import beginning_again, reconciling, recounting
from redress.services.documents import Documents
from redress.services.migrating import migrate_stores

app = typer.Typer()


@app.command("not-begun")
def not_begun(as_json: console.AsJson = False) -> None:
    """Complaints that were accepted more than a minute ago and do not run: a worker starts them again.

    Reads the register, so it works with Temporal down.
    """
    with console.ending():
        found = beginning_again.not_begun(register())
    if as_json:
        console.print_json([each._asdict() | {"accepted_at": each.accepted_at.isoformat()} for each in found])
    else:
        for each in found:
            tables.console.print(
                f"{each.reference}: accepted {each.accepted_at:%Y-%m-%d %H:%M} UTC, not begun"
            )
        if not found:
            tables.console.print("no complaints to show")


@app.command()
def migrate(as_json: console.AsJson = False) -> None:
    """Bring the register, the key store and the API's own store to the schema of this version.

    Before each start of a new version. It may be run any number of times, also by several at once.
    """
    own = console.settings_of(ApiSettings)
    with console.ending(stores="one of the stores"):
        done = migrate_stores(own, own.store_url, own.api_role)
    if as_json:
        console.print_json(done)
    else:
        for name in done:
            console.say(f"{name.replace('_', ' ')}: up to date")


@app.command()
def recount(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would move.")] = False,
    authority: Annotated[str | None, typer.Option(help="Only this authority's complaints.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """Bring the newer list of bank holidays to the open complaints. First with --dry-run.

    Ends with status 3 where a complaint is out of reach; the others have been seen to. Run it again.
    """

    async def work() -> recounting.RecountReport:
        return await recounting.recount(
            await client(),
            register(),
            console.settings().answer_within,
            dry_run=dry_run,
            authority=authority,
            progress=console.say,
        )

    recounted = console.run(work)
    if as_json:
        console.print_json(recounted.document())
    else:
        tables.show_recount(recounted)
    for each in recounted.of("failed"):
        console.say(f"{each.reference}: {each.reason}")
    if recounted.of("failed"):
        raise typer.Exit(console.NO_ANSWER)


@app.command()
def reconcile(as_json: console.AsJson = False) -> None:
    """After a restore or a termination: bring Temporal to where the register stands (docs/backup.md).

    Ends with status 1 where the register is the older one, or a complaint does not answer.
    """

    async def work() -> list[reconciling.Reconciled]:
        within = console.settings().answer_within
        here, own = register(), console.settings()
        return await reconciling.reconcile(
            await client(), here, own.outbox_folder, within, Documents(here, own)
        )

    done = console.run(work)
    if as_json:
        console.print_json([each._asdict() for each in done])
    else:
        for line in reconciling.lines(done):
            tables.console.print(line)
    if any(each.outcome in reconciling.WRONG for each in done):
        raise typer.Exit(1)
