"""A complaint's whole file, for the person or the Ombudsman: what happened, and how dates were counted."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import select

from redress.domain.calendar import OutsideTable, Skipped
from redress.domain.case import Case
from redress.domain.deadline import Deadline
from redress.domain.opening import Opening
from redress.domain.status import DeadlineStatus, Status
from redress.procedures.loader import authority
from redress.security.encryption import decrypt_text
from redress.security.keyring import KeyDestroyed
from redress.services.clock import today
from redress.services.errors import NotFound
from redress.services.timeline import TimelineEntry, timeline
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
    chronology: list[TimelineEntry]
    decisions: list[dict[str, Any]]
    letters: list[SentLetter]
    dates: list[Counted]


def export(register: Register, outbox: Path, reference: str) -> File:
    """The file as of today. Raises `NotFound`."""
    with register.reading() as db:
        found = register.case(db, reference) if register.erased(db, reference) is None else None
    case = found[0] if found else None
    status = case.status(today()) if case else register.status(reference, today())
    if status is None:
        raise NotFound(reference)
    deadlines = case.state.ledger if case else []
    return File(
        reference=reference,
        authority=authority(status["authority"]).title,
        exported_on=today().isoformat(),
        erased_on=status.get("erased_on"),
        opening=_document(case.intake) if case else {},
        details=_document(case.state.opening) if case else {},
        status=status,
        chronology=timeline(status),
        decisions=[dict(m) for m in status.get("messages", []) if m["action"] in DECISIONS],
        letters=_letters(register, outbox, reference),
        dates=[
            _counted(shown, _passed_over(case, deadline) if case and deadline else [])
            for shown, deadline in zip_longest(status["deadlines"], deadlines)
        ],
    )


def _document(opening: Opening) -> dict[str, Any]:
    return opening.model_dump(mode="json", exclude_defaults=True, exclude={"messages"})


DECISIONS = {
    *("accept", "decline", "extend", "respond", "decide_late", "suspend", "resume", "restrict_contact"),
    *("split", "close", "reopen", "refer_to_ombudsman", "ombudsman_decision"),
}
"""Messages by which the authority, or the Ombudsman, decides something."""


def _letters(register: Register, outbox: Path, reference: str) -> list[SentLetter]:
    table = tables.letters
    wanted = select(table).where(table.c.reference == reference).order_by(table.c.on_date, table.c.key)
    with register.reading() as db:
        return [
            SentLetter(
                letter=row["letter"],
                on=row["on_date"].isoformat(),
                recipient=row["recipient"],
                state=row["state"],
                by=row["channel"],
                sent_at=row["sent_at"].isoformat() if row["sent_at"] else None,
                why=row["reason"],
                text=_text(register, outbox, row["text"], row["place"]),
            )
            for row in db.execute(wanted).mappings()
        ]


def _text(register: Register, outbox: Path, stored: str | None, place: str | None) -> str:
    """A letter's text: from the register, else from the outbox folder; empty where it is erased or gone."""
    if stored:
        try:
            return decrypt_text(register.cipher, stored)
        except KeyDestroyed:
            return ""
    for path in (Path(place), outbox / place) if place else ():
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def _passed_over(case: Case, deadline: Deadline) -> list[Skipped]:
    """The days that were not counted; day 0 is none of them."""
    if deadline.limit.unit != "working_days":
        return []
    first, last = sorted((deadline.counts_from, deadline.due_on))
    try:
        return [day for day in case.state.calendar.skipped(first, last) if day.on != first]
    except OutsideTable:
        return []


def _counted(shown: DeadlineStatus, passed: list[Skipped]) -> Counted:
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
        passed_over=[{"on": day.on.isoformat(), "why": day.why} for day in passed],
        earlier=[dict(moved) for moved in shown["moved"]],
    )
