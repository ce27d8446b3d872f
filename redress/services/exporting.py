"""A complaint's whole file, for the person or the Ombudsman: what happened, and how dates were counted."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import select

from redress.domain.calendar import OutsideTable
from redress.domain.case import Case
from redress.domain.deadline import Deadline
from redress.domain.status import DeadlineStatus, Status
from redress.procedures.loader import authority
from redress.security.encryption import decrypt_text
from redress.security.keyring import KeyDestroyed
from redress.services.clock import today
from redress.services.errors import NoSuchComplaint
from redress.services.timeline import Happening, course
from redress.store import tables
from redress.store.register import Register


class Counted(TypedDict):
    """How one date came about: every day that was passed over, and each earlier date with its reason."""

    name: str
    title: str
    counts_from: str
    limit: int
    unit: str
    due_on: str
    met_on: str | None
    state: str
    days_late: int
    source: str
    passed_over: list[dict[str, str]]
    earlier: list[dict[str, Any]]


class SentLetter(TypedDict):
    """A letter that was written, how it left and when, why it did not, and its text where it is still there.

    `sent_at`: UTC.
    """

    letter: str
    on: str
    recipient: str
    state: str
    by: str | None
    sent_at: str | None
    why: str | None
    text: str


class File(TypedDict):
    """The whole file of one complaint. Once it is erased: dates and outcomes, and no texts.

    `opening`: as it was brought; `details`: the same as it has been corrected since.
    """

    reference: str
    authority: str
    exported_on: str
    erased_on: str | None
    opening: dict[str, Any]
    details: dict[str, Any]
    status: Status
    chronology: list[Happening]
    decisions: list[dict[str, Any]]
    letters: list[SentLetter]
    dates: list[Counted]


def export(register: Register, outbox: Path, reference: str) -> File:
    """The file as of today. Raises `NoSuchComplaint`."""
    with register.reading() as db:
        found = register.case(db, reference) if register.erased(db, reference) is None else None
    status = found[0].status(today()) if found else register.status(reference, today())
    if status is None:
        raise NoSuchComplaint(reference)
    if found is None:
        return _what_is_left(register, outbox, status)
    case = found[0]
    return File(
        reference=reference,
        authority=authority(case.intake.authority).title,
        exported_on=today().isoformat(),
        erased_on=None,
        opening=case.intake.model_dump(mode="json", exclude_defaults=True, exclude={"messages"}),
        details=case.fold.opening.model_dump(mode="json", exclude_defaults=True, exclude={"messages"}),
        status=status,
        chronology=course(status),
        decisions=_decisions(status),
        letters=_letters(register, outbox, reference),
        dates=[_counted(case, *pair) for pair in zip(case.fold.ledger, status["deadlines"], strict=False)],
    )


def _what_is_left(register: Register, outbox: Path, status: Status) -> File:
    """The file of a complaint that was erased."""
    return File(
        reference=status["reference"],
        authority=authority(status["authority"]).title,
        exported_on=today().isoformat(),
        erased_on=status.get("erased_on"),
        opening={},
        details={},
        status=status,
        chronology=course(status),
        decisions=_decisions(status),
        letters=_letters(register, outbox, status["reference"]),
        dates=[_shown(deadline, []) for deadline in status["deadlines"]],
    )


def _decisions(status: Status) -> list[dict[str, Any]]:
    return [dict(m) for m in status.get("messages", []) if m["action"] in DECISIONS]


DECISIONS = (
    "accept",
    "decline",
    "extend",
    "respond",
    "decide_late",
    "suspend",
    "resume",
    "restrict_contact",
    "split",
    "close",
    "reopen",
    "refer_to_ombudsman",
    "ombudsman_decision",
)
"""Messages by which the authority, or the Ombudsman, decides something."""


def _letters(register: Register, outbox: Path, reference: str) -> list[SentLetter]:
    table = tables.letters
    with register.reading() as db:
        rows = db.execute(
            select(table).where(table.c.reference == reference).order_by(table.c.on_date, table.c.key)
        ).mappings()
        return [
            SentLetter(
                letter=row["letter"],
                on=row["on_date"].isoformat(),
                recipient=row["recipient"],
                state=row["state"],
                by=row["channel"],
                sent_at=row["sent_at"].replace(tzinfo=UTC).isoformat() if row["sent_at"] else None,
                why=row["reason"],
                text=_text(register, outbox, dict(row)),
            )
            for row in rows
        ]


def _text(register: Register, outbox: Path, row: dict[str, Any]) -> str:
    """A letter's text: from the register, else from the outbox folder."""
    kept = row.get("text")
    if kept:
        try:
            return decrypt_text(register.cipher, kept)
        except KeyDestroyed:
            return ""
    place = Path(row["place"]) if row["place"] else None
    for path in (place, outbox / place if place else None):
        if path is not None and path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def _counted(case: Case, deadline: Deadline, shown: DeadlineStatus) -> Counted:
    first, last = sorted((deadline.counts_from, deadline.due_on))
    passed = []
    if deadline.limit.unit == "working_days":
        try:
            passed = case.fold.calendar.skipped(first, last)
        except OutsideTable:
            passed = []
    return _shown(shown, [{"on": d.on.isoformat(), "why": d.why} for d in passed if d.on != first])


def _shown(shown: DeadlineStatus, passed: list[dict[str, str]]) -> Counted:
    return Counted(
        name=shown["name"],
        title=shown["title"],
        counts_from=shown["counts_from"],
        limit=shown["limit"],
        unit=shown["unit"],
        due_on=shown["due_on"],
        met_on=shown["met_on"],
        state=shown["state"],
        days_late=shown["days_late"],
        source=shown["source"],
        passed_over=passed,
        earlier=[dict(moved) for moved in shown["moved"]],
    )
