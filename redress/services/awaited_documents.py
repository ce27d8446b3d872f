"""What letters wait for, and having them looked at again once it is there."""

from __future__ import annotations

from contextlib import suppress

from temporalio.client import Client
from temporalio.service import RPCError

from redress.contract import DOCUMENTS_CHANGED, workflow_id
from redress.letters.enclosures import kinds
from redress.procedures.files import close_to
from redress.store import letters as store
from redress.store.register import Register


def kinds_awaited(register: Register, reference: str) -> list[str]:
    """The kinds of documents that letters of a complaint wait for."""
    with register.reading() as db:
        rows = store.in_state(db, ("waiting", "approved"), reference)
    return [*dict.fromkeys(kind for row in rows for kind in store.kinds_missing(row))]


def hint_of(kind: str, awaited: list[str], was: str = "") -> str:
    """What somebody is told who attaches a document of a kind; empty: nothing.

    `awaited`: the kinds that letters wait for; `was`: the other kind that the document had until now.
    """
    if was in kinds():
        return f"it was {was}, and letters enclose it as that no more"
    if kind in awaited or kind in kinds():
        return ""
    if awaited:
        return f"a letter waits for another kind: attach it with --kind {' or '.join(awaited)}"
    return f"no letter encloses the kind {kind!r}{close}" if (close := close_to(kind, kinds())) else ""


async def look_again(client: Client, reference: str) -> None:
    """Have letters that wait looked at now; where Temporal does not answer, they are within minutes."""
    with suppress(RPCError):
        await client.get_workflow_handle(workflow_id(reference)).signal(DOCUMENTS_CHANGED)
