"""Documents of a complaint: `attach`, `documents`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.shared import client, register
from redress.documents.spool import PIECE
from redress.domain.identifiers import other_reference
from redress.security.keyring import Unreadable
from redress.services.awaited_documents import hint_of, kinds_awaited, look_again
from redress.services.documents import Attachment, DocumentLine, Documents, saved_as
from redress.services.errors import NoAnswer, Rejected
from redress.startup import SetupError

if TYPE_CHECKING:
    from redress.store.register import Register

app = typer.Typer()

ATTACHED_BY = "command line"
"""Who attached it, where nobody says who sits there."""


@app.command()
def attach(
    reference: console.Reference,
    file: Annotated[Path, typer.Argument(help="PDF, Word, a picture, or an e-mail (.eml).")],
    kind: Annotated[
        str,
        typer.Option(help="What it is, in one word: investigation_report, panel_papers, evidence, consent …"),
    ] = "document",
    message: Annotated[str, typer.Option(help="The message_id of a message that it belongs to.")] = "",
    letter: Annotated[str, typer.Option(help="The mark of a letter that it belongs to.")] = "",
    in_place_of: Annotated[
        str, typer.Option(help="The document in whose place whoever that is withheld from gets this one.")
    ] = "",
    as_json: console.AsJson = False,
) -> None:
    """Attach a document to a complaint; an e-mail with its attachments, each as one of its own.

    What the complaint has already is kept once.
    """
    what = Attachment(file.name, kind, message, letter, in_place_of)
    with console.ending():
        documents = Documents(register(), console.settings())
        documents.check(reference, what)
        with documents.spool() as spool:
            try:
                with file.open("rb") as source:
                    while piece := source.read(PIECE):
                        spool.write(piece)
            except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
                console.fail(console.MALFORMED, [f"FILE: {file}: cannot be read: {error.strerror}"])
            done = documents.attach(reference, spool, what, ATTACHED_BY)
        awaited = kinds_awaited(register(), reference)
        if kind in awaited or (awaited and in_place_of):
            _look_again(reference)
    if as_json:
        console.print_json({**done.document, "created": done.created, "parts": done.parts})
        return
    for line in (done.document, *done.parts):
        tables.console.print(_shown(line), markup=False)
    if not done.created:
        console.say("the complaint had it already")
    hint = hint_of(kind, awaited, done.was)
    if hint:
        console.say(hint)


def _look_again(reference: str) -> None:
    """A letter may leave now; where Temporal is out of reach it does a little later."""

    async def work() -> None:
        with suppress(NoAnswer):
            await look_again(await client(reading=True), reference)

    console.run(work)


@app.command("documents")
def documents_(
    reference: console.Reference,
    document: Annotated[
        str | None, typer.Argument(help="Write this one to a file: the name that the list gives.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file; left out: its own name, here.")] = None,
    copy_to: Annotated[
        str, typer.Option(help="Attach this one to a linked complaint too: its reference.")
    ] = "",
    scan: Annotated[bool, typer.Option("--scan", help="Have ClamAV scan what was not scanned yet.")] = False,
    as_json: console.AsJson = False,
) -> None:
    """The documents of a complaint; one of them as it is; a scan of those that were not scanned yet."""
    if out is not None and document is None:
        console.fail(console.MALFORMED, ["--out: name the document that is to be written"])
    if copy_to and (document is None or out is not None):
        console.fail(console.MALFORMED, ["--copy-to: name the document that is to be copied, and no --out"])
    with console.ending():
        here = register()
        documents = Documents(here, console.settings())
        if document is not None and copy_to:
            _copy_one(here, documents, reference, document, other_reference(copy_to), as_json=as_json)
            return
        if document is not None:
            _write_one(here, documents, reference, document, out)
            return
        lines = documents.scan(reference) if scan else documents.listed(reference)
        write_down(here, "documents", [reference])
    if as_json:
        console.print_json(lines)
    else:
        for line in lines:
            tables.console.print(_shown(line), markup=False)
        if not lines:
            tables.console.print("no documents")


def _copy_one(
    here: Register, documents: Documents, reference: str, document: str, to: str, *, as_json: bool
) -> None:
    write_down(here, f"documents {document}", [reference])
    done = documents.copy(reference, document, to, ATTACHED_BY)
    if as_json:
        console.print_json({**done.document, "created": done.created, "parts": done.parts})
        return
    tables.console.print(_shown(done.document), markup=False)
    console.say(f"copied to {to}" if done.created else f"{to} had it already")


def _write_one(here: Register, documents: Documents, reference: str, document: str, out: Path | None) -> None:
    line, pieces = documents.read(reference, document)
    write_down(here, f"documents {document}", [reference])
    file = out or Path(line["name"])
    console.write_pieces_privately(file, pieces)
    console.say(f"written to {file}")


def folder_beside(out: Path) -> Path:
    """Where the documents of an export go: beside its file."""
    return out.with_name(f"{out.stem}-documents")


def write_documents(documents: Documents, lines: Iterable[DocumentLine], folder: Path) -> None:
    """Write each document into a folder, as it is; those that are withheld from somebody apart.

    One that cannot be had is named, and the others are written; then it ends with status 1.
    """
    missing = False
    for number, line in enumerate(lines, 1):
        if line["state"] == "erased":
            continue
        try:
            _, pieces = documents.read(line["reference"], line["document"])
        except (Unreadable, Rejected) as error:
            console.say(f"{line['name']}: not written: {error}")
            missing = True
            continue
        file = folder / saved_as(line, number)
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SetupError(f"{file.parent}: cannot be written: {error.strerror}") from None
        console.write_pieces_privately(file, pieces)
        console.say(f"written to {file}")
    if missing:
        raise typer.Exit(1)


def _shown(line: DocumentLine) -> str:
    parts = [
        line["document"],
        line["name"] or "(erased)",
        line["kind"],
        f"{line['size']:,} bytes",
        line["state"],
    ]
    parts += [f"withheld from {each['withheld_from']}" for each in line["withheld"]]
    parts += [f"not taken on its own: {each['name']}" for each in line["left_out"]]
    return "  ".join(parts)
