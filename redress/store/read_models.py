"""From a case to the tables that people query. Replaces a complaint's rows; changes no record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Date, Delete, Table, bindparam, delete, select

from redress.domain.case import Case
from redress.domain.messages import KNOWN
from redress.domain.status import Status
from redress.security.encryption import Cipher, EnvelopeCipher, encrypt_text
from redress.store import tables
from redress.store.calendars import keep_calendar
from redress.store.database import upsert
from redress.store.notices import note_changes
from redress.store.places import place_of

_LINE = (
    select(tables.complaints.c.stage, tables.complaints.c.closed_on, tables.complaints.c.calendar)
    .where(tables.complaints.c.reference == bindparam("of"))
    .with_for_update()  # two writers of one complaint take turns
)

OWED = ("running", "overdue")
"""The states of a deadline that somebody still owes; a paused one is apart."""


DRAWN = re.compile(r"(m-[0-9a-f]{32}|content-[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.\d+)?")
"""Ids that the software, the UI or the `temporal` command draw: they name nobody."""


def stored_id(cipher: Cipher, message_id: str, reference: str) -> str:
    """A message's id as it stands in a table: a sender may choose it, even somebody's name.

    One that was drawn as it is, others as a digest by the complaint's key. Raises `KeyDestroyed` once the
    complaint is erased.
    """
    if not isinstance(cipher, EnvelopeCipher) or DRAWN.fullmatch(message_id):
        return message_id
    return f"named-{cipher.digest(message_id, reference)[:32]}"


def project(db: Connection, case: Case, as_of: date, cipher: Cipher, *, first: bool = False) -> Status:
    """Write where the case stands on a date; gives the status it wrote."""
    status = case.latest_status(as_of)
    reference = case.reference
    before = None if first else db.execute(_LINE, {"of": reference}).one_or_none()
    note_changes(db, case, status, as_of, before)
    calendar = keep_calendar(db, case.state.calendar, before.calendar if before is not None else "")
    upsert(db, tables.complaints, [_line(case, status, cipher) | {"calendar": calendar}])
    _put(db, tables.deadlines, reference, _deadlines(case, status), first=first)
    _put(db, tables.findings, reference, _findings(reference, case), first=first)
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


def row_of(table: Table, status: Mapping[str, Any]) -> dict[str, Any]:
    """What of a status, or of a deadline in it, is a column of a table; there, dates are dates."""
    return {
        name: date.fromisoformat(value) if value is not None and name in _dates(table) else value
        for name, value in status.items()
        if name in table.c
    }


@cache
def _dates(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.c if isinstance(column.type, Date))


def team_mark(cipher: Cipher, team: str) -> str:
    """What a list is filtered by a team with: a keyed digest, since a team's name may hold a person's."""
    folded = " ".join(team.casefold().split())
    return cipher.mac(folded, "team") if folded else ""


def _line(case: Case, status: Status, cipher: Cipher) -> dict[str, Any]:
    changes = case.state.deadlines.next_event
    about = case.state.opening.about
    return row_of(tables.complaints, status) | {
        "is_listed": status["state"] != "closed" or status["next_due_on"] is not None,
        "good_until": date.max if changes is None else changes - timedelta(days=1),
        "teams": " ".join(team_mark(cipher, team) for team in about.all_teams) if about else "",
    }


def _deadlines(case: Case, status: Status) -> list[dict[str, Any]]:
    ledger = case.state.ledger
    return [
        row_of(tables.deadlines, deadline)
        | {
            "reference": case.reference,
            "paused_on": ledger[number - 1].paused_on,
            "excused_until": ledger[number - 1].excused_until,
            "rested": ledger[number - 1].rested,
            "number": number,
            "days": deadline["limit"],
            "breaches": sum(moved["breach"] for moved in deadline["moved"])
            + (deadline["kind"] == "limit" and deadline["days_late"] > 0),
            "is_owed": deadline["state"] in OWED,
        }
        for number, deadline in enumerate(status["deadlines"], 1)
    ]


def _findings(reference: str, case: Case) -> list[dict[str, Any]]:
    """What was found on each point, in codes alone; why stands in the record, encrypted."""
    found = [(point.number, finding) for point in case.state.points.all for finding in point.findings]
    return [
        {"reference": reference, "number": number, "point": point, "stage": finding.stage}
        | {"outcome": finding.outcome, "on_date": finding.on}
        for number, (point, finding) in enumerate(found, 1)
    ]


def _appointments(reference: str, case: Case) -> list[dict[str, Any]]:
    return [
        {"reference": reference, "number": number, "role": held.role, "connection": held.connection}
        | {"on_date": held.on, "until": held.until}
        for number, held in enumerate(case.state.people.appointments, 1)
    ]


def _messages(reference: str, case: Case, cipher: Cipher) -> list[dict[str, Any]]:
    rows = []
    for entry in case.log:
        outcome = case.state.outcomes[entry.seq]
        rows.append(
            {
                "reference": reference,
                "seq": entry.seq,
                "message_id": stored_id(cipher, entry.message.message_id, reference),
                "action": entry.message.action,
                "on_date": entry.message.on,
                "assumed": entry.assumed,
                "in_clear": entry.in_clear,
                "outcome": outcome.outcome,
                "reason": _encrypted(cipher, outcome.reason, "messages", reference, entry.seq),
            }
        )
    return rows


def _refusals(reference: str, status: Status, cipher: Cipher) -> list[dict[str, Any]]:
    return [
        {
            "reference": reference,
            "number": number,
            "message_id": stored_id(cipher, str(id), reference)
            if (id := refused.get("message_id"))
            else None,
            # The name of a signal that is no action's is whatever its sender wrote.
            "action": refused["action"] if refused["action"] in KNOWN else "unknown",
            "on_date": date.fromisoformat(str(refused["on"])),
            "in_clear": bool(refused.get("in_clear")),
            "reason": _encrypted(cipher, str(refused["reason"]), "refusals", reference, number),
        }
        for number, refused in enumerate(status["refused"], 1)
    ]


def _encrypted(cipher: Cipher, reason: str, table: str, reference: str, number: int) -> str:
    """A reason may quote what somebody wrote."""
    row = {"reference": reference, "seq": number, "number": number}
    return encrypt_text(cipher, reason, place_of(table, "reason", row)) if reason else ""
