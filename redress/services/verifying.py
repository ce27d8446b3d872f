"""The proof that the record is whole: nothing in it was changed, moved, put in between or taken away.

What the register holds is compared with itself by the chain over each complaint's events; its length with
what is kept elsewhere: in the complaint's history in Temporal, and, of a file that closed or was erased, in
the key store. Every encrypted value has to open in its place, and none may stand in the clear.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection, Row, select
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from redress.contract import WORKFLOW, WORKFLOW_ID_PREFIX, workflow_id
from redress.documents.errors import StoreUnavailable
from redress.domain.identifiers import REFERENCE
from redress.security.encryption import (
    COMPLAINT_KEY,
    EnvelopeCipher,
    InClear,
    decrypt_document,
    decrypt_text,
    key_of,
)
from redress.security.keyring import KeyDestroyed, MissingKey, Unreadable
from redress.services.documents import Documents
from redress.store import tables
from redress.store.chain import link
from redress.store.places import ENCRYPTED, place_of
from redress.store.register import Register

Head = tuple[int, str]
"""How many events a complaint had at some time, and the chain's code over them."""

EventRow = Row[*tuple[Any, ...]]

MOST_COMPARED = 100
"""Events of a complaint among which one is looked for that was moved; in longer ones it counts as changed."""


class Fault(BaseModel):
    """Something that is not as it was recorded.

    `entry`: the number of the event in its complaint, from 1; empty where it is no event. `fault`: `changed`;
    `missing`; `moved` from another place; `in_clear`: unencrypted though there are keys.
    """

    reference: str
    entry: int | None
    fault: Literal["changed", "missing", "moved", "in_clear"]
    what: str


class Verified(BaseModel):
    """What was looked at, what is wrong with it, and what could not be proved."""

    whole: bool = True
    complaints: int = 0
    entries: int = 0
    faults: list[Fault] = []
    cannot_prove: list[str] = []


class _Found(NamedTuple):
    """What the register holds of a complaint."""

    reference: str
    opening: EventRow | None
    events: Sequence[EventRow]


async def verify(
    client: Client | None, register: Register, reference: str = "", documents: Documents | None = None
) -> Verified:
    """Verify one complaint, or all.

    `client`: None where Temporal cannot be asked; `documents`: None where they are not looked at. Raises
    `MissingKey`, `KeysUnavailable` where a master key is missing or out of reach.
    """
    result = Verified()
    cipher = register.cipher
    kept = cipher.key_store.heads() if isinstance(cipher, EnvelopeCipher) else {}
    references = [reference] if reference else sorted(await _known(client, register) | {*kept})
    unproved, in_reach = 0, True
    for each in references:
        heads = await heads_in_temporal(client, each) if client is not None else set()
        heads |= {kept[each]} if each in kept else set()
        with register.reading() as db:
            found = _found(db, each)
            if not heads and found.opening is None and not found.events:
                continue
            result.faults += _verified(db, register, found, heads)
        result.complaints += 1
        result.entries += len(found.events)
        unproved += _unproved(register, found)
        if documents is not None and in_reach:
            in_reach = await asyncio.to_thread(_documents, documents, each, result.faults)
    if not reference:
        result.faults += _directories(register)
    result.whole = not result.faults
    result.cannot_prove = list(_cannot_prove(register, client, unproved))
    if not in_reach:
        result.cannot_prove.append(
            "the document store is out of reach: whether documents are whole is not proved"
        )
    return result


def _cannot_prove(register: Register, client: Client | None, unproved: int) -> Iterator[str]:
    if unproved:
        yield (
            f"{unproved} events are encrypted, and there are no keys here: that none was changed, moved or "
            "put in between can be proved with the keyring and the key store alone"
        )
    elif not isinstance(register.cipher, EnvelopeCipher):
        yield (
            "there are no keys: the chain shows what was changed by accident; whoever can write to the "
            "register can make it anew"
        )
    if client is None:
        yield (
            "Temporal was not asked: that nothing is missing at the end of an open complaint, and that no "
            "open complaint is missing, is not proved"
        )


def _unproved(register: Register, found: _Found) -> int:
    """How many events only somebody with the keys can verify."""
    if isinstance(register.cipher, EnvelopeCipher):
        return 0
    return sum(bool(key_of(row.body)) for row in found.events)


def _documents(documents: Documents, reference: str, faults: list[Fault]) -> bool:
    """Add what is wrong with a complaint's documents; False where the document store is out of reach."""
    try:
        for fault, what in documents.faults(reference):
            faults.append(Fault(reference=reference, entry=None, fault=fault, what=what))
    except StoreUnavailable:
        return False
    return True


# --- what is known elsewhere ------------------------------------------------------------------------


async def _known(client: Client | None, register: Register) -> set[str]:
    """Every complaint that the register or Temporal has."""
    with register.reading() as db:
        known = set(db.execute(select(tables.references.c.reference)).scalars())
        known |= set(db.execute(select(tables.events.c.reference).distinct()).scalars())
    if client is not None:
        async for run in client.list_workflows(f"WorkflowType = '{WORKFLOW}'"):
            known.add(run.id.removeprefix(WORKFLOW_ID_PREFIX))
    return known


async def heads_in_temporal(client: Client, reference: str) -> set[Head]:
    """Every length and head of a complaint's record that its workflow was told, of all runs that are kept."""
    found: set[Head] = set()
    if not REFERENCE.fullmatch(reference):  # what somebody started by hand, or wrote into the register
        return found
    name = workflow_id(reference)
    query = f"WorkflowId = '{name}' AND WorkflowType = '{WORKFLOW}'"
    runs = [run.run_id async for run in client.list_workflows(query)]
    for run in [*runs, *([] if runs else [None])]:  # one that has just begun is in no list yet
        payloads: list[Payload] = []
        try:
            async for event in client.get_workflow_handle(name, run_id=run).fetch_history_events():
                payloads += _told(event)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
        codec = client.data_converter.with_context(
            WorkflowSerializationContext(namespace=client.namespace, workflow_id=name)
        ).payload_codec
        opened = await codec.decode(payloads) if codec is not None else payloads
        found |= {head for payload in opened if (head := _head_in(payload)) is not None}
    return found


def _told(event: HistoryEvent) -> Iterator[Payload]:
    """The payloads of an event that may hold what a record's chain had come to."""
    for payloads in event.marker_recorded_event_attributes.details.values():
        yield from payloads.payloads
    yield from event.activity_task_completed_event_attributes.result.payloads
    yield from event.workflow_execution_started_event_attributes.input.payloads


def _head_in(payload: Payload) -> Head | None:
    try:
        document = json.loads(payload.data)
        document = document.get("carried", document)
        head = int(document["entries"]), str(document["head"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return head if head[0] > 0 else None


# --- one complaint -------------------------------------------------------------------------------------


def _found(db: Connection, reference: str) -> _Found:
    opening = select(tables.references).where(tables.references.c.reference == reference)
    events = select(tables.events).where(tables.events.c.reference == reference)
    in_order = events.order_by(tables.events.c.number)
    return _Found(reference, db.execute(opening).first(), db.execute(in_order).all())


def _verified(db: Connection, register: Register, found: _Found, heads: set[Head]) -> Iterator[Fault]:
    if found.opening is None and not found.events:
        what = f"all of it: {max(heads)[0]} events were recorded"
        yield Fault(reference=found.reference, entry=None, fault="missing", what=what)
        return
    if found.opening is None:
        what = "complaint_references: its row is missing, and its events are there"
        yield Fault(reference=found.reference, entry=None, fault="missing", what=what)
    else:
        yield from _opening(register, found)
    broken = dict(_events(register, found))
    yield from broken.values()
    yield from _length(register, found, heads, {*broken})
    yield from _elsewhere(db, register, found)


def _opening(register: Register, found: _Found) -> Iterator[Fault]:
    row = found.opening
    assert row is not None, "asked for where it is there"
    try:
        opening = register.opening_of(row)
        if register.has_content(row, opening):
            return
        what, fault = "complaint_references.content_hash", "changed"
    except KeyDestroyed:
        return
    except Unreadable as error:
        if not _is_provable(register, row.opening):
            return
        yield _unopened(found.reference, None, error)
        return
    yield Fault(reference=found.reference, entry=None, fault="changed", what=f"{what}: it was {fault}")


def _is_provable(register: Register, stored: Any) -> bool:
    return isinstance(register.cipher, EnvelopeCipher) or not key_of(stored)


def _unopened(reference: str, entry: int | None, error: Unreadable) -> Fault:
    kind: Literal["in_clear", "changed"] = "in_clear" if isinstance(error, InClear) else "changed"
    return Fault(reference=reference, entry=entry, fault=kind, what=str(error))


def _events(register: Register, found: _Found) -> Iterator[tuple[int, Fault]]:
    """The faults of the chain itself, each by the number of its event."""
    before, number, id = "", 0, 0
    for row in found.events:
        for gap in range(number + 1, row.number):
            what = "its event is missing"
            yield gap, Fault(reference=found.reference, entry=gap, fault="missing", what=what)
        follows = row.number == number + 1
        fault = _event(register, found, row, before if follows else None)
        if fault is None and row.id < id:
            what = f"{row.key}: stands before an event that came before it"
            fault = Fault(reference=found.reference, entry=row.number, fault="moved", what=what)
        if fault is not None:
            yield row.number, fault
        before, number, id = row.chain, row.number, max(id, row.id)


def _event(register: Register, found: _Found, row: EventRow, before: str | None) -> Fault | None:
    """What is wrong with one event; `before`: the code of the one before it, None where that is missing."""
    cipher = register.cipher
    about = {"reference": found.reference, "entry": row.number}
    if not _is_provable(register, row.body):
        return None
    try:
        _check_terms(register, row, register.body_of(row))
    except KeyDestroyed:
        pass
    except MissingKey:
        raise
    except Unreadable as error:
        key = key_of(row.body)
        if key.startswith(COMPLAINT_KEY) and key != COMPLAINT_KEY + found.reference:
            what = f"{row.key}: its body is of {key.removeprefix(COMPLAINT_KEY)}"
            return Fault(**about, fault="moved", what=what)
        return _unopened(found.reference, row.number, error)
    if before is None or link(cipher, row._mapping, before) == row.chain:
        return None
    if _was_elsewhere(register, found, row):
        return Fault(**about, fault="moved", what=f"{row.key}: was recorded in another place of this record")
    return Fault(**about, fault="changed", what=f"{row.key}: is not as it was recorded")


def _check_terms(register: Register, row: EventRow, body: Any) -> None:
    """The rules that an opening was recorded with stand in a table of their own, by their digest."""
    if row.kind != "opened":
        return
    wanted = select(tables.terms.c.packed).where(tables.terms.c.digest == body["terms"])
    with register.reading() as db:
        packed = db.execute(wanted).scalar()
    if packed is None or hashlib.sha256(packed.encode()).hexdigest() != body["terms"]:
        raise Unreadable(f"{row.key}: its rules (terms, row {body['terms']}) are changed or missing")


def _was_elsewhere(register: Register, found: _Found, row: EventRow) -> bool:
    if len(found.events) > MOST_COMPARED:
        return False
    codes = ["", *(each.chain for each in found.events)]
    return any(
        link(register.cipher, {**row._mapping, "number": number}, before) == row.chain
        for number in range(1, len(found.events) + 2)
        for before in codes
    )


def _length(register: Register, found: _Found, heads: set[Head], broken: set[int]) -> Iterator[Fault]:
    """Whether the record still has all that was known of it elsewhere."""
    codes = {row.number: row.chain for row in found.events}
    last = max(codes, default=0)
    longest = max(heads, default=(0, ""))[0]
    for gone in range(last + 1, longest + 1):
        what = f"its event is missing at the end: {longest} were recorded"
        yield Fault(reference=found.reference, entry=gone, fault="missing", what=what)
    for entries, head in sorted(heads):
        if entries in codes and codes[entries] != head and entries not in broken:
            what = "another event was recorded here than the one that Temporal or the key store knows"
            yield Fault(reference=found.reference, entry=entries, fault="changed", what=what)
            return
    cipher = register.cipher
    is_destroyed = isinstance(cipher, EnvelopeCipher) and cipher.key_store.is_destroyed(found.reference)
    if is_destroyed and not any(row.kind == "erased" for row in found.events) and last >= longest:
        what = "that it was erased is not recorded: starter.py erase does it"
        yield Fault(reference=found.reference, entry=None, fault="missing", what=what)


def _directories(register: Register) -> Iterator[Fault]:
    """Whether every change of the directories is there up to the last one, and opens in its place."""
    table = tables.directory
    with register.reading() as db:
        rows = db.execute(select(table).order_by(table.c.authority, table.c.number)).mappings().all()
    last: dict[str, int] = {}
    for row in rows:
        before, last[row["authority"]] = last.get(row["authority"], 0), row["number"]
        for gone in range(before + 1, row["number"]):
            what = f"directory of {row['authority']}: change {gone} is missing"
            yield Fault(reference="", entry=None, fault="missing", what=what)
        if not isinstance(register.cipher, EnvelopeCipher):
            continue
        try:
            decrypt_document(register.cipher, row["body"], place_of(table.name, "body", row))
        except MissingKey:
            raise
        except Unreadable as error:
            yield _unopened("", None, error)


def _elsewhere(db: Connection, register: Register, found: _Found) -> Iterator[Fault]:
    """Whether every other encrypted value opens in its place, and the lists say whose complaint it is."""
    if not isinstance(register.cipher, EnvelopeCipher):
        return
    apart = (tables.references.name, tables.events.name)  # those are looked at above
    for name, kept in ENCRYPTED.items():
        table = tables.metadata.tables.get(name)
        if table is None or name in apart or not kept.of_complaint or "reference" not in table.c:
            continue
        for row in db.execute(select(table).where(table.c.reference == found.reference)).mappings():
            for column in kept.columns:
                place, value = place_of(name, column, row), row[column]
                try:
                    if isinstance(value, str) and value:
                        decrypt_text(register.cipher, value, place)
                    elif value:
                        decrypt_document(register.cipher, value, place)
                except KeyDestroyed:
                    pass
                except MissingKey:
                    raise
                except Unreadable as error:
                    yield _unopened(found.reference, None, error)
    lines = tables.complaints
    line = db.execute(select(lines.c.authority).where(lines.c.reference == found.reference)).scalar()
    if line is not None and found.opening is not None and line != found.opening.authority:
        what = "complaints.authority: it is not the authority it was opened for"
        yield Fault(reference=found.reference, entry=None, fault="changed", what=what)
