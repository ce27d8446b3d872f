"""The proof that the record is whole: `verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from redress.cli import console, tables
from redress.cli.shared import cipher, client
from redress.security.encryption import Cipher, PlaintextCipher
from redress.security.keyring import KeyringError
from redress.services.documents import Documents
from redress.services.errors import NoAnswer, NotFound
from redress.services.verifying import Verified, verify
from redress.store.database import connect
from redress.store.register import Register

app = typer.Typer()


@app.command("verify")
def verify_(
    reference: Annotated[str | None, typer.Argument(help="Only this complaint; all if left out.")] = None,
    as_json: console.AsJson = False,
) -> None:
    """Prove that the record is whole: nothing changed, moved, missing or put in unencrypted.

    Ends with status 4 where it is not, and says what; on standard error it says what could not be proved.
    """

    async def work() -> Verified:
        register = Register(connect(console.settings().database_url), _cipher())
        try:
            temporal = await client(reading=True) if not _is_without_keys() else None
        except NoAnswer:
            temporal = None
        documents = None if _is_without_keys() else Documents(register, console.settings())
        found = await verify(temporal, register, reference or "", documents)
        if reference and not found.complaints:
            raise NotFound(reference)
        return found

    found = console.run(work)
    if as_json:
        console.print_json(found.model_dump())
    else:
        for fault in found.faults:
            entry = f", entry {fault.entry}" if fault.entry is not None else ""
            kind = fault.fault.replace("_", " ")
            tables.console.print(f"{fault.reference}{entry}: {kind}: {fault.what}", markup=False)
        verdict = "whole" if found.whole else f"NOT WHOLE: {tables.counted(len(found.faults), 'fault')}"
        complaints = tables.counted(found.complaints, "complaint")
        entries = tables.counted(found.entries, "entry", "entries")
        tables.console.print(f"{complaints} with {entries}: {verdict}")
    for each in found.cannot_prove:
        console.say(f"not proved: {each}")
    if not found.whole:
        raise typer.Exit(console.REFUSED)


def _is_without_keys() -> bool:
    """Whether this is run where no keyring is, of a register that may have been written with one."""
    try:
        cipher()
    except KeyringError:
        if console.settings().keys_file.exists() or console.settings().key_service != "file":
            raise
        return True
    return False


def _cipher() -> Cipher:
    return PlaintextCipher() if _is_without_keys() else cipher()
