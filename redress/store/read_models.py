"""From a case to the tables that people query. Replaces a complaint's rows; changes no record."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Table, bindparam, delete

from redress.domain.case import Case
from redress.domain.messages import KNOWN
from redress.domain.status import Status
from redress.security.encryption import Cipher, encrypt_text
from redress.store import tables
from redress.store.calendars import keep_calendar
from redress.store.database import upsert
from redress.store.naming import kept_id
from redress.store.notices import note_changes

OWED = ("running", "overdue")
"""The states of a deadline that somebody still owes; a paused one is apart."""


def project(db: Connection, case: Case, as_of: date, cipher: Cipher, *, first: bool = False) -> Status:
    """Write where the case stands on a date; gives the status it wrote."""
    status = case.latest_status(as_of)
    reference = case.reference
    note_changes(db, case, status, as_of)
    upsert(db, tables.complaints, [_line(db, case, status)])
    _put(db, tables.deadlines, reference, _deadlines(reference, status), first=first)
    _put(db, tables.messages, reference, _messages(reference, case, cipher), first=True)
    if any(not entry.message.reports for entry in case.log):  # nothing else makes rows in these
        _put(db, tables.appointments, reference, _appointments(reference, case))
    if case.rejected or any(not entry.message.reports for entry in case.log):
        _put(db, tables.refusals, reference, _refusals(reference, status, cipher))
    return status


def _put(
    db: Connection, table: Table, reference: str, rows: list[dict[str, Any]], *, first: bool = False
) -> None:
    """Make a complaint's rows in a table these, and no more; `first`: there cannot have been more."""
    if rows:
        upsert(db, table, rows)
    if not first:
        db.execute(_beyond(table), {"of": reference, "last": len(rows)})


@cache
def _beyond(table: Table) -> Delete:
    return delete(table).where(table.c.reference == bindparam("of"), table.c.number > bindparam("last"))


def _line(db: Connection, case: Case, status: Status) -> dict[str, Any]:
    changes = case.state.deadlines.next_event
    return {
        "reference": status["reference"],
        "authority": status["authority"],
        "procedure": status["procedure"],
        "kind": status["kind"],
        "state": status["state"],
        "stage": status["stage"],
        "received_on": date.fromisoformat(status["received_on"]),
        "next_due_on": _day(status["next_due_on"]),
        "waiting_for": status["waiting_for"],
        "overdue": status["overdue"],
        "closed_on": _day(status["closed_on"]),
        "closed_as": status["closed_as"],
        "is_listed": status["state"] != "closed" or status["next_due_on"] is not None,
        "good_until": date.max if changes is None else changes - timedelta(days=1),
        "calendar": keep_calendar(db, case.state.calendar),
    }


def _deadlines(reference: str, status: Status) -> list[dict[str, Any]]:
    return [
        {
            "reference": reference,
            "number": number,
            "name": d["name"],
            "stage": d["stage"],
            "kind": d["kind"],
            "owner": d["owner"],
            "counts_from": _day(d["counts_from"]),
            "days": d["limit"],
            "unit": d["unit"],
            "due_on": _day(d["due_on"]),
            "provisional": d["provisional"],
            "met_on": _day(d["met_on"]),
            "state": d["state"],
            "days_late": d["days_late"],
            "breaches": sum(moved["breach"] for moved in d["moved"])
            + (d["kind"] == "limit" and d["days_late"] > 0),
            "source": d["source"],
            "is_owed": d["state"] in OWED,
        }
        for number, d in enumerate(status["deadlines"], 1)
    ]


def _appointments(reference: str, case: Case) -> list[dict[str, Any]]:
    return [
        {
            "reference": reference,
            "number": number,
            "role": held.role,
            "connection": held.connection,
            "on_date": held.on,
            "until": held.until,
        }
        for number, held in enumerate(case.state.people.appointments, 1)
    ]


def _messages(reference: str, case: Case, cipher: Cipher) -> list[dict[str, Any]]:
    rows = []
    for entry in case.log:
        verdict = case.state.outcomes[entry.seq]
        rows.append(
            {
                "reference": reference,
                "seq": entry.seq,
                "message_id": kept_id(cipher, entry.message.message_id, reference),
                "action": entry.message.action,
                "on_date": entry.message.on,
                "assumed": entry.assumed,
                "outcome": verdict.outcome,
                "reason": _sealed(cipher, verdict.reason, reference),
            }
        )
    return rows


def _refusals(reference: str, status: Status, cipher: Cipher) -> list[dict[str, Any]]:
    return [
        {
            "reference": reference,
            "number": number,
            "message_id": _kept_id(cipher, refused.get("message_id"), reference),
            # The name of a signal that is no action's is whatever its sender wrote.
            "action": refused["action"] if refused["action"] in KNOWN else "unknown",
            "on_date": _day(str(refused["on"])),
            "reason": _sealed(cipher, str(refused["reason"]), reference),
        }
        for number, refused in enumerate(status["refused"], 1)
    ]


def _kept_id(cipher: Cipher, message_id: object, reference: str) -> str | None:
    return kept_id(cipher, str(message_id), reference) if message_id else None


def _sealed(cipher: Cipher, reason: str, reference: str) -> str:
    """A reason may quote what somebody wrote."""
    return encrypt_text(cipher, reason, reference) if reason else ""


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
