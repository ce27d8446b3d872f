"""Who read personal data: `audit`. And what every command does that shows such data: it says so first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from redress.api.settings import ApiSettings
from redress.cli import console
from redress.cli.shared import register
from redress.services import readings as service
from redress.services.errors import NoAnswer, NotFound
from redress.store.api_store import open_store
from redress.store.readings import Entry, ReadingFilter, Readings

if TYPE_CHECKING:
    from redress.store.register import Register

app = typer.Typer()

PAGE = 500


@app.command()
def audit(
    reference: console.OptionalReference = None,
    reader: Annotated[str | None, typer.Option(help="Only what this reader read.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """Who read personal data, where and when, the newest first. To ask is a reading, too."""
    with console.ending(stores="the API's store"):
        own = console.settings_of(ApiSettings)
        store, here = Readings(open_store(own.store_url)), register()
        if reference is not None and not here.knows(reference):
            raise NotFound(reference)
        service.take_in(store, own.readings_file)
        entries = _all(store, ReadingFilter(reference, reader))
        write_down(here, "audit", {one for each in entries for one in each.complaints})
    if as_json:
        console.print_json([_document(each) for each in entries])
    else:
        _show(entries)


def write_down(here: Register, command: str, references: Iterable[str]) -> None:
    """Write down that a command shows these complaints, before it does. Raises `NoAnswer` where it cannot."""
    file = console.settings().readings_file
    shown = sorted(set(references))
    try:
        known = here.authorities_of(shown)
    except (SQLAlchemyError, OSError):  # what Temporal shows can be shown with the register down
        known = {}
    complaints = {reference: known.get(reference, "") for reference in shown}
    try:
        service.write_down(file, service.local_reading(f"starter.py {command}", complaints))
    except OSError as error:
        why = f"{file}: who reads this cannot be written down, so it is not shown: {error.strerror}"
        raise NoAnswer(why) from None


def _all(store: Readings, wanted: ReadingFilter) -> list[Entry]:
    page = service.page(store, wanted, limit=PAGE)
    entries = page.entries
    while page.next:
        page = service.page(store, wanted, limit=PAGE, after=page.next)
        entries += page.entries
    return entries


def _document(entry: Entry) -> dict[str, object]:
    removed_before = entry.removed_before.isoformat() if entry.removed_before else None
    shown = entry._asdict() | {"at": entry.at.isoformat(), "removed_before": removed_before}
    del shown["id"]
    return shown


MOST_NAMED = 5


def _show(entries: list[Entry]) -> None:
    from redress.cli.tables import console as screen
    from redress.cli.tables import table_of

    table = table_of("when (UTC)", "who", "as", "where", "complaints")
    for each in entries:
        who = each.reader + (" (asserted)" if each.reader_kind == "command_line" else "")
        named = ", ".join(each.complaints[:MOST_NAMED])
        more = len(each.complaints) - MOST_NAMED
        named += f" and {more} more" if more > 0 else ""
        kind = each.reader_kind.replace("_", " ")
        roles = f"{kind}: {', '.join(each.roles)}" if each.roles else kind
        table.add_row(f"{each.at:%Y-%m-%d %H:%M}", who, roles, each.door, named)
    screen.print(table if entries else "nobody has read anything")
