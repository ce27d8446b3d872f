"""After a restore, or once a workflow was terminated: Temporal is brought to where the register stands.

The register is the record. Where Temporal's backup is the older one, complaints are missing in it, or do not
know messages that were recorded since: those are started from the register, in place of what runs. Where the
register is the older one nothing is changed, and it is said what it lacks (docs/backup.md).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import select
from temporalio.client import Client

from redress.contract import WORKFLOW, WORKFLOW_ID_PREFIX, Carried, Start
from redress.documents.errors import StoreUnavailable
from redress.domain.packing import pack_state
from redress.security.encryption import EnvelopeCipher
from redress.services.clock import today
from redress.services.documents import Documents
from redress.services.erasing import erase, forget, message_ids
from redress.services.errors import NoAnswer
from redress.services.intake import start
from redress.services.querying import UNLESS_ENDED_FROM_OUTSIDE, NotRunning, live_status
from redress.services.sending import take_up_again
from redress.store import tables
from redress.store.register import Register, Underway

Outcome = Literal["unchanged", "taken up", "erased again", "register is older", "no answer"]

WRONG: frozenset[Outcome] = frozenset({"register is older", "no answer"})
"""Outcomes that need somebody."""


class Reconciled(NamedTuple):
    """One complaint: what was done, and why where it needs saying."""

    reference: str
    outcome: Outcome
    why: str = ""


async def reconcile(
    client: Client, register: Register, outbox: Path, within: float, documents: Documents | None = None
) -> list[Reconciled]:
    """Go over all complaints, one by one; each has `within` seconds to answer. A worker has to run.

    Nothing may be opened or sent meanwhile. Doing it again changes nothing.
    """
    done = [
        await _erased_again(client, register, outbox, *each, documents)
        for each in await _came_back(client, register, documents)
    ]
    erased = register.noted_as_erased()
    underway = [each for each in register.underway() if each.reference not in erased]
    done += [await _one(client, register, each, within) for each in underway]
    return done + await _unknown(client, register)


async def _one(client: Client, register: Register, known: Underway, within: float) -> Reconciled:
    reference = known.reference
    recorded = await asyncio.to_thread(register.status, reference, today())
    try:
        runs = await live_status(client, reference, today(), within, UNLESS_ENDED_FROM_OUTSIDE)
    except NotRunning:
        runs = None
    except NoAnswer:
        why = "is a worker running, and does its code fit? (docs/stuck.md)"
        return Reconciled(reference, "no answer", why)
    if recorded is None and runs is None:
        await take_up_again(client, register, reference)  # its start had not reached Temporal
        return Reconciled(reference, "taken up", NOT_THERE)
    if recorded is None:
        return Reconciled(reference, "unchanged", "its opening is not recorded yet")
    lacks = message_ids(runs) - message_ids(recorded) if runs else set()
    if lacks:
        why = f"it lacks {len(lacks)} of the complaint's messages"
        return Reconciled(reference, "register is older", why)
    if runs and message_ids(recorded) == message_ids(runs):
        return Reconciled(reference, "unchanged")
    await _take_up(client, register, reference)
    why = "it lacked messages that are recorded" if runs else NOT_THERE
    return Reconciled(reference, "taken up", why)


NOT_THERE = "it did not run in Temporal"


async def _take_up(client: Client, register: Register, reference: str) -> None:
    """Start from the record in place of whatever runs; letters that had not left are seen to at once."""
    recalled = await asyncio.to_thread(register.recall, reference)
    assert recalled is not None, "its status was read a moment ago"
    terms, state = recalled
    carried = Carried(terms=terms, state=pack_state(state), letters_waiting=True)
    await start(client, Start(reference=reference, carried=carried), in_place=True)


def lines(done: list[Reconciled]) -> list[str]:
    """What was done, as people read it: each that is not unchanged, then the sum."""
    changed = [
        f"{each.reference}: {each.outcome}: {each.why}" for each in done if each.outcome != "unchanged"
    ]
    return [*changed, f"{len(done)} complaints: {len(done) - len(changed)} unchanged, {len(changed)} not"]


# --- what was erased and came back, what the register never heard of --------------------------------


async def _came_back(
    client: Client, register: Register, documents: Documents | None
) -> list[tuple[str, str]]:
    """Erased complaints of which an older backup has brought something back, and what."""
    cipher = register.cipher
    if not isinstance(cipher, EnvelopeCipher):
        return []
    erased, destroyed = register.noted_as_erased(), {*cipher.key_store.destroyed()}
    back = dict.fromkeys(erased - destroyed, "its key had come back")
    back |= {each: "the register did not know it" for each in destroyed - erased if register.knows(each)}
    async for run in client.list_workflows(f"WorkflowType = '{WORKFLOW}'"):
        reference = run.id.removeprefix(WORKFLOW_ID_PREFIX)
        if reference in destroyed:
            back.setdefault(reference, "its history had come back, which nobody can read")
    if documents is not None:
        with suppress(StoreUnavailable):  # the others do not wait for it, and verify says what is there
            for reference in await asyncio.to_thread(documents.of_erased):
                back.setdefault(reference, "its documents had come back, which nobody can read")
    return sorted(back.items())


async def _erased_again(
    client: Client, register: Register, outbox: Path, reference: str, why: str, documents: Documents | None
) -> Reconciled:
    if not register.knows(reference):  # neither register nor key: nothing of it can be read, nor go on
        assert isinstance(register.cipher, EnvelopeCipher)
        await forget(client, register.cipher, reference)
        if documents is not None:
            with suppress(StoreUnavailable):
                await asyncio.to_thread(documents.erase, reference)
        return Reconciled(reference, "erased again", why)
    proof = await erase(client, register, outbox, reference, documents=documents)
    why = why if proof.holds else f"{why}; something is still readable"
    return Reconciled(reference, "erased again" if proof.holds else "no answer", why)


async def _unknown(client: Client, register: Register) -> list[Reconciled]:
    """Complaints that run and that the register does not have: their references would be given out again."""
    table = tables.references
    with register.reading() as db:
        known = set(db.execute(select(table.c.reference)).scalars())
    unknown = []
    async for each in client.list_workflows(f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"):
        reference = each.id.removeprefix(WORKFLOW_ID_PREFIX)
        if reference not in known:
            unknown.append(Reconciled(reference, "register is older", "it does not have this complaint"))
    return sorted(unknown)
