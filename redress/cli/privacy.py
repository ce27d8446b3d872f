"""What is personal: `export`, `erase`, `keys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redress.api.settings import ApiSettings
from redress.bootstrap_keys import master_keys
from redress.cli import console, tables
from redress.cli.audit import write_down
from redress.cli.documents import folder_beside, write_documents
from redress.cli.shared import client, register
from redress.security.keyring import add_key
from redress.services import erasing, export_text, exporting
from redress.services.clock import today
from redress.services.documents import Documents
from redress.services.errors import Rejected
from redress.services.key_management import KeyManagement
from redress.store.api_store import open_store

if TYPE_CHECKING:
    from redress.store.register import Register

app = typer.Typer()


@app.command()
def export(
    reference: console.Reference,
    out: Annotated[Path | None, typer.Option(help="Write it to this file, readable by you alone.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """A complaint's whole file, for the person or the Ombudsman: chronology, letters, decisions, counts.

    With --out its documents are written as they are, into a folder beside the file.
    """
    with console.ending():
        here = register()
        documents = Documents(here, console.settings())
        file = exporting.export(here, reference, documents)
        write_down(here, "export", [reference])
    text = console.as_json_text(file) if as_json else export_text.as_text(file)
    if out is None and file["documents"]:
        listed = tables.counted(len(file["documents"]), "document")
        console.say(f"{listed} only listed: with --out they are written, too")
    if out is None:
        print(text, end="")  # noqa: T201  # the file itself
    else:
        console.write_privately(out, text)
        console.say(f"written to {out}")
        with console.ending():
            write_documents(documents, file["documents"], folder_beside(out))


@app.command()
def erase(
    reference: console.OptionalReference = None,
    due_: Annotated[
        bool, typer.Option("--due", help="All that their authority's retention has passed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --due: only say which.")] = False,
    as_json: console.AsJson = False,
) -> None:
    """Destroy a closed complaint's personal data, with proof. Its dates and outcomes stay."""
    if (reference is None) is not due_:
        console.fail(console.MALFORMED, ["REFERENCE: give one, or --due"])
    if dry_run and not due_:
        console.fail(
            console.MALFORMED, ["--dry-run: goes with --due; for one complaint 'show' says where it stands"]
        )

    due: list[str] = []
    proofs: list[erasing.Proof] = []

    async def work() -> None:
        here, own = register(), console.settings()
        wanted = [reference] if reference else _due(here)
        if dry_run:
            due.extend(wanted)
            return
        temporal = await client()
        documents = Documents(here, own)
        for each in wanted:
            try:
                proof = await erasing.erase(
                    temporal, here, own.outbox_folder, each, own.state, documents=documents
                )
                proofs.append(proof)
            except Rejected as not_yet:
                if reference:
                    raise
                console.say(f"{each}: kept for now; {not_yet}")

    console.run(work)
    if as_json:
        documents = [*due, *(proof.model_dump(mode="json") for proof in proofs)]
        console.print_json(documents if due_ else documents[0])
    else:
        tables.show_proofs(due, proofs)
    if not all(proof.holds for proof in proofs):
        raise typer.Exit(1)


def _due(register: Register) -> list[str]:
    """What is to be erased; what is past a period that nobody has confirmed is only reported."""
    due = erasing.due_for_erasure(register, today())
    for each in due.unconfirmed:
        console.say(
            f"{each}: kept; it is past a retention that is not confirmed ([retention] verified = false)"
        )
    return due.confirmed


keys = typer.Typer(help="The keyring that everything personal is encrypted with.", no_args_is_help=True)
app.add_typer(keys, name="keys")


def _keys() -> KeyManagement:
    own = console.settings()
    api = ApiSettings(state=own.state)
    has_store = bool(api.api_url) or (own.state / "api.db").exists()
    store = open_store(api.store_url) if has_store else None
    return KeyManagement(own.keys_file, register(), store, is_file=own.key_service == "file")


@keys.command("new")
def new_key(name: Annotated[str, typer.Option(help="Its name; today's date if left out.")] = "") -> None:
    """Put a new key on top of the keyring; what runs uses it within seconds. Then: keys rewrap."""
    with console.ending():
        own = console.settings()
        if own.key_service != "file":
            name = master_keys(own).rotate(name)
            console.say(f"{own.key_service}: key {name} is the present one now; then: keys rewrap")
            return
        file = own.keys_file
        name = add_key(file, name)
    console.say(f"{file}: key {name} is on top now; keep a copy of the file where no backup is")


@keys.command("list")
def list_keys(as_json: console.AsJson = False) -> None:
    """The keys of the keyring, and what each is needed for."""
    with console.ending():
        uses = _keys().uses()
    if as_json:
        console.print_json([each.model_dump() for each in uses])
        return
    for each in uses:
        mark = "  (present)" if each.is_present else ""
        mark = "  (MISSING: put its line back)" if each.is_missing else mark
        tables.console.print(f"{each.name}  wraps {each.wraps}, encrypts {each.encrypts}{mark}")


@keys.command("rewrap")
def rewrap_keys() -> None:
    """Wrap every complaint's own key with the present key, so that an older one can be taken away."""
    with console.ending():
        done, there = _keys().rewrap()
    console.say(f"{done} of {there} keys were wrapped anew")


@keys.command("remove")
def remove_key(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Take an old key out of the keyring, if nothing needs it any more."""
    with console.ending():
        _keys().remove(name)
    file = console.settings().keys_file
    console.say(f"{file}: key {name} is gone from it; keep a copy of the file as it is now")
