"""Destroying a complaint's personal data, with proof; dates and outcomes stay."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from time import monotonic
from typing import NamedTuple, cast

from pydantic import BaseModel
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import RegisterEntry, workflow_id
from redress.domain.calendar import long_date
from redress.domain.erasure import marks_of, scrubbed
from redress.domain.identifiers import checked_reference
from redress.domain.status import Status
from redress.procedures.loader import authority, authority_names
from redress.security.encryption import UNASSIGNED_KEY, EnvelopeCipher
from redress.security.keyring import KeyDestroyed
from redress.services.clock import today
from redress.services.documents import Documents
from redress.services.erasure_search import Searched, search_files, search_folder, search_record, search_texts
from redress.services.errors import NotFound, Rejected
from redress.services.letters import lines
from redress.services.querying import ONLY_OPEN, NotRunning, live_status
from redress.store import listing
from redress.store.letters import OPEN, TO_APPROVE, in_state
from redress.store.listing import ComplaintFilter
from redress.store.register import Register

FOLLOWS_WITHIN = 10.0
"""Seconds for which record and letters are waited for."""

ASKED_WITHIN = 30.0
"""Seconds that a complaint whose file has not closed has to say where it stands."""


class Proof(BaseModel):
    """What was done, and what a scan of everything found afterwards."""

    reference: str
    erased_on: date
    already: bool
    searched: list[Searched]
    linked: list[str] = []
    """Complaints that belong together with it, as a part that was split off, and are not erased."""
    never_sent: list[str] = []
    """Letters that were for somebody to send by hand, and of which nobody has said that they were."""

    @property
    def holds(self) -> bool:
        """Whether nothing personal was readable anywhere."""
        return all(place.readable == 0 for place in self.searched)


async def erase(
    client: Client,
    register: Register,
    outbox: Path,
    reference: str,
    state: Path | None = None,
    *,
    documents: Documents | None = None,
) -> Proof:
    """Destroy the complaint's own key, and what was never encrypted; then search for what could be left.

    `state`: the folder whose databases and logs are searched as files, too; `documents`: None where there
    are none. Raises `NotFound`, `Rejected` while the complaint is open or something is owed or under way,
    `NoAnswer`, or `StoreUnavailable`: then nothing is erased. Doing it again finishes what was broken off.
    """
    cipher = register.cipher
    if not isinstance(cipher, EnvelopeCipher):
        raise Rejected("there are no keys here: this is a trial, whose data is deleted by hand")
    if not register.knows(reference):
        raise NotFound(reference)
    checked_reference(reference)  # a folder is removed by it
    already = cipher.key_store.is_destroyed(reference)
    marks = set() if already else _marks(register, reference)
    stays = register.what_stays(reference) if already else _what_stays(register, reference)
    if documents is not None:  # first: what is out of reach cannot be deleted, nor proved to be gone
        await asyncio.to_thread(documents.store.names, reference)
    if not already and reference not in register.noted_as_erased():
        await _nothing_is_under_way(client, register, reference)
    by_hand = [] if already else await asyncio.to_thread(lines, register, reference, "by_hand")
    await forget(client, cipher, reference)
    cipher.key_store.destroy(reference, json.dumps(stays) if stays is not None else None)
    await asyncio.to_thread(shutil.rmtree, outbox / reference, ignore_errors=True)
    deleted = await asyncio.to_thread(documents.erase, reference) if documents is not None else None
    if stays is not None:  # last: until it stands there, also in a register from before this, it is not done
        entry = RegisterEntry(kind="erased", key="erased", on=today().isoformat(), body={"status": stays})
        with register.writing() as db:
            appended = register.append(db, reference, [entry])
        register.keep_head(reference, appended)
    searched = [
        search_record(register, reference),
        search_folder(outbox / reference),
        await _search_history(client, reference),
    ]
    if deleted is not None:
        looked, left = deleted
        searched.append(
            Searched(
                where="files in the document store", looked_at=looked, readable=len(left), found=left[:20]
            )
        )
    if marks:  # later nobody knows any more what to look for
        searched.append(await asyncio.to_thread(search_texts, register, marks))
    if marks and state is not None:
        searched.append(await asyncio.to_thread(search_files, state, marks))
    linked = {str(link["reference"]) for link in stays["linked"]} if stays is not None else set()
    destroyed = cipher.key_store.is_destroyed
    return Proof(
        reference=reference,
        erased_on=today(),
        already=already,
        searched=searched,
        linked=sorted(each for each in linked if register.knows(each) and not destroyed(each)),
        never_sent=[f"{each['letter']} to {each['to']} of {each['on']}" for each in by_hand],
    )


class Due(NamedTuple):
    """Closed complaints that are past their authority's retention, with nothing owed any more.

    `unconfirmed`: past a period that their authority has not confirmed; they are not to be erased for it.
    `automatic`: those among `confirmed` whose authority has them erased by the daily maintenance.
    """

    confirmed: list[str]
    unconfirmed: list[str]
    automatic: list[str]


def due_for_erasure(register: Register, on: date) -> Due:
    """What is past its retention on a London date."""
    retentions = {name: authority(name).retention for name in authority_names()}
    cipher = register.cipher
    destroyed = {*cipher.key_store.destroyed()} if isinstance(cipher, EnvelopeCipher) else set()
    erased = register.noted_as_erased() & destroyed
    due = Due([], [], [])
    for line in listing.complaints(register, ComplaintFilter(closed=True, duplicates=True), on):
        rule = retentions.get(line.authority)
        if rule is None or line.closed_on is None or line.next_due_on is not None:
            continue
        if line.reference not in erased and rule.last_day(line.closed_on) < on:
            (due.confirmed if rule.verified else due.unconfirmed).append(line.reference)
            if rule.erase_automatically:
                due.automatic.append(line.reference)
    return due


def _what_stays(register: Register, reference: str) -> Status:
    """Dates and outcomes of a complaint that may be erased."""
    status = register.status(reference, today())
    if status is None:
        raise Rejected(f"{reference} was reserved and never opened: open it first, or wait until it is")
    if status["closed_on"] is None:
        raise Rejected(f"{reference} is open: it has to be closed before its personal data is destroyed")
    if status["next_due_on"] is not None:
        owed = long_date(date.fromisoformat(status["next_due_on"]))
        raise Rejected(f"something of {reference} is still owed until {owed}")
    drafted = [
        letter for letter in status["letters"] if "mark" in letter and letter.get("state") != "withdrawn"
    ]
    if drafted:
        mark = drafted[0].get("mark")
        raise Rejected(f"{reference} has a drafted letter, {mark}, that is not known to have left")
    return status if "erased_on" in status else cast(Status, scrubbed(status, today()))


async def _nothing_is_under_way(client: Client, register: Register, reference: str) -> None:
    """Wait for what follows within seconds; raise `Rejected` where it does not."""
    ends = monotonic() + FOLLOWS_WITHIN
    while True:
        try:
            return await _all_has_arrived(client, register, reference)
        except Rejected:
            if monotonic() > ends:
                raise
            await asyncio.sleep(0.2)


async def _all_has_arrived(client: Client, register: Register, reference: str) -> None:
    """Raise `Rejected` where the complaint knows more than the record, or a letter has not left yet."""
    with register.reading() as db:
        letters = len(in_state(db, ("waiting", *TO_APPROVE, *OPEN), reference))
    if letters:
        raise Rejected(f"{letters} letters of {reference} have not left yet: see 'starter.py letters'")
    try:
        live = await live_status(client, reference, today(), ASKED_WITHIN, ONLY_OPEN)
    except NotRunning:
        return
    recorded = register.status(reference, today())
    if recorded is None or live["closed_on"] is None or live["next_due_on"] is not None:
        raise Rejected(f"{reference} is open again; the record follows in a moment")
    if message_ids(live) - message_ids(recorded):
        raise Rejected(f"{reference} has messages that are not recorded yet: try again in a moment")


def message_ids(status: Status) -> set[str]:
    """The messages that a status knows."""
    return {str(each["message_id"]) for each in status.get("messages", [])}


def _marks(register: Register, reference: str) -> set[str]:
    """The texts that have to be gone afterwards."""
    opening, status = register.opening(reference), register.status(reference, today())
    return marks_of(opening or {}, status or {})


async def forget(client: Client, cipher: EnvelopeCipher, reference: str) -> None:
    """End the workflow if it still waits for its end, and take it out of Temporal."""
    execution = WorkflowExecution(workflow_id=workflow_id(reference))
    # An earlier try that came as far as the key came past this.
    with suppress(KeyDestroyed), _unless_gone():
        await client.get_workflow_handle(execution.workflow_id).terminate("its personal data is erased")
    # Every run: a long life has several, and what was typed in the UI is not under the complaint's key.
    for run in [*await _runs(client, reference), ""]:
        execution.run_id = run
        await _assign_keys(client, cipher, reference, run)
        with _unless_gone():
            await client.workflow_service.delete_workflow_execution(
                DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
            )


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Leave what is inside where Temporal has no such workflow any more."""
    try:
        yield
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise


UNASSIGNED_NAME = re.compile(re.escape(UNASSIGNED_KEY.encode()) + rb"[0-9a-f]{32}")


async def _assign_keys(client: Client, cipher: EnvelopeCipher, reference: str, run: str) -> None:
    """What was typed for the complaint and no worker has read since is its own as well."""
    names: set[str] = set()
    handle = client.get_workflow_handle(workflow_id(reference), run_id=run or None)
    with _unless_gone():
        async for event in handle.fetch_history_events():
            names |= {name.decode() for name in UNASSIGNED_NAME.findall(event.SerializeToString())}
    for name in names:
        await asyncio.to_thread(cipher.assign, name, reference)


async def _runs(client: Client, reference: str) -> list[str]:
    """The runs of a complaint's workflow that Temporal's list still has."""
    return [run.run_id async for run in client.list_workflows(f"WorkflowId = '{workflow_id(reference)}'")]


async def _search_history(client: Client, reference: str) -> Searched:
    """Whether Temporal still has a history of the complaint."""
    for _ in range(600):
        left = len(await _runs(client, reference)) or await _is_known(client, reference)
        if not left:
            return Searched(where="histories in Temporal", looked_at=0, readable=0)
        await asyncio.sleep(0.1)  # Temporal deletes in its own time, within seconds
    return Searched(where="histories in Temporal", looked_at=left, readable=left)


async def _is_known(client: Client, reference: str) -> bool:
    with _unless_gone():
        await client.get_workflow_handle(workflow_id(reference)).describe()
        return True
    return False
