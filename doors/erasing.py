"""Destroying a complaint's personal data, with proof; dates and outcomes stay."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from doors.answers import NotErasable, UnknownComplaint
from doors.clock import today
from privacy.ring import Unreadable
from privacy.seals import Sealed, open_document, open_text
from privacy.vault import Destroyed
from redress.erasure import marks_of, scrubbed
from redress.library import authority, authority_names
from redress.record import RegisterEntry
from register import schema
from register.register import Register
from workflows.wire import workflow_id


class Searched(BaseModel):
    """One place that was searched: how much was looked at, and in how much of it something was readable."""

    where: str
    looked_at: int
    readable: int


class Proof(BaseModel):
    """What was done, and what a scan of everything found afterwards."""

    reference: str
    erased_on: date
    already: bool
    searched: list[Searched]

    @property
    def holds(self) -> bool:
        """Whether nothing personal was readable anywhere."""
        return all(place.readable == 0 for place in self.searched)


async def erase(client: Client, register: Register, outbox: Path, reference: str) -> Proof:
    """Destroy the complaint's own key, and what was never sealed; then search for what could be left.

    Raises `UnknownComplaint`, or `NotErasable` while the complaint is open or something is owed.
    Doing it again finishes what was broken off.
    """
    seals = register.seals
    if not isinstance(seals, Sealed):
        raise NotErasable("there are no keys here: this is a trial, whose data is deleted by hand")
    already = seals.vault.is_destroyed(reference)
    marks: set[str] = set()
    if not already:
        marks = _write_down_what_stays(register, reference)
    await _forget(client, reference)
    await asyncio.to_thread(shutil.rmtree, outbox / reference, ignore_errors=True)
    seals.vault.destroy(reference)
    searched = [
        _search_record(register, reference),
        _search_texts(register, marks),
        _search_folder(outbox / reference),
        await _search_history(client, reference),
    ]
    return Proof(reference=reference, erased_on=today(), already=already, searched=searched)


def due_for_erasure(register: Register, on: date) -> list[str]:
    """The closed complaints that their authority's retention has passed, with nothing owed any more."""
    kept = {name: authority(name).retention for name in authority_names()}
    found = []
    for status in register.statuses(on, closed=True):
        rule = kept.get(status["authority"])
        if rule is None or status["closed_on"] is None or status["next_due_on"] is not None:
            continue
        if "erased_on" not in status and rule.last_day(date.fromisoformat(status["closed_on"])) < on:
            found.append(status["reference"])
    return found


def _write_down_what_stays(register: Register, reference: str) -> set[str]:
    """Keep dates and outcomes in the open; gives the texts that have to be gone afterwards."""
    status, opening = register.status(reference, today()), register.opening(reference)
    if opening is None:
        raise UnknownComplaint(reference)
    if status is None:
        raise NotErasable(f"{reference} was reserved and never opened: open it first, or wait until it is")
    if status["closed_on"] is None:
        raise NotErasable(f"{reference} is open: it has to be closed before its personal data is destroyed")
    if status["next_due_on"] is not None:
        raise NotErasable(f"something of {reference} is still owed until {status['next_due_on']}")
    left = scrubbed(status, today())
    with register.writing() as db:
        entry = RegisterEntry(kind="erased", key="erased", on=today().isoformat(), body={"status": left})
        register.append(db, reference, [entry])
    return marks_of(opening, status)


async def _forget(client: Client, reference: str) -> None:
    """End the workflow if it still waits for its end, and take it out of Temporal."""
    execution = WorkflowExecution(workflow_id=workflow_id(reference))
    try:
        await client.get_workflow_handle(execution.workflow_id).terminate("its personal data is erased")
    except Destroyed:
        pass  # an earlier try came as far as the key, and so past this
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    # Every run: a long life has several, and what was typed in the UI is not under the complaint's key.
    for run in [*await _runs(client, reference), ""]:
        execution.run_id = run
        try:
            await client.workflow_service.delete_workflow_execution(
                DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
            )
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise


async def _runs(client: Client, reference: str) -> list[str]:
    """The runs of a complaint's workflow that Temporal's list still has."""
    return [run.run_id async for run in client.list_workflows(f"WorkflowId = '{workflow_id(reference)}'")]


def _search_record(register: Register, reference: str) -> Searched:
    """Whether anything sealed of the complaint still opens."""
    looked, readable = 0, 0
    with register.reading() as db:
        for table in schema.metadata.sorted_tables:
            if "reference" not in table.c:
                continue
            for row in db.execute(select(table).where(table.c.reference == reference)).mappings():
                for value in row.values():
                    if isinstance(value, str) and value.startswith("sealed:"):
                        looked += 1
                        readable += _opens(lambda text=value: open_text(register.seals, text))
                    elif isinstance(value, dict) and value.keys() == {"sealed"}:
                        looked += 1
                        readable += _opens(lambda document=value: open_document(register.seals, document))
    return Searched(where="sealed values of the register", looked_at=looked, readable=readable)


def _opens(attempt: Any) -> bool:
    try:
        attempt()
    except Unreadable:
        return False
    return True


def _search_texts(register: Register, marks: Iterable[str]) -> Searched:
    """Whether any of the complaint's texts stands readable in any row of the register."""
    wanted = list(marks)
    looked, readable = 0, 0
    with register.reading() as db:
        for table in schema.metadata.sorted_tables:
            for row in db.execute(select(table)).mappings():
                looked += 1
                said = " ".join(str(value) for value in row.values())
                readable += any(mark in said for mark in wanted)
    return Searched(where="rows of the register", looked_at=looked, readable=readable)


def _search_folder(folder: Path) -> Searched:
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return Searched(where="letters in the outbox", looked_at=len(files), readable=len(files))


async def _search_history(client: Client, reference: str) -> Searched:
    """Whether Temporal still has a history of the complaint."""
    for _ in range(600):
        left = len(await _runs(client, reference)) or await _is_known(client, reference)
        if not left:
            return Searched(where="histories in Temporal", looked_at=0, readable=0)
        await asyncio.sleep(0.1)  # Temporal deletes in its own time, within seconds
    return Searched(where="histories in Temporal", looked_at=left, readable=left)


async def _is_known(client: Client, reference: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id(reference)).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


__all__ = ["NotErasable", "Proof", "due_for_erasure", "erase"]
