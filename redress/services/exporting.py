"""A complaint's whole file, for the person or the Ombudsman: what happened, and how dates were counted."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, TypedDict, get_args

from redress.domain.calendar import OutsideTable
from redress.domain.case import Case
from redress.domain.deadline import Deadline
from redress.domain.opening import Opening
from redress.domain.status import DeadlineStatus, Status
from redress.procedures.loader import authority
from redress.security.keyring import KeyDestroyed
from redress.services.clock import today
from redress.services.documents import DocumentLine, Documents
from redress.services.errors import NotFound
from redress.services.letters import with_delivery
from redress.services.struck_out import without_what_it_said
from redress.services.timeline import TimelineEntry, timeline
from redress.store.letters import LetterRow, State, in_state, recipient_of, text_of
from redress.store.register import Register


class Counted(DeadlineStatus):
    """How one date came about: each earlier one with its reason is in `moved`; the days not counted."""

    passed_over: list[dict[str, str]]


class SentLetter(TypedDict):
    """A letter that was written, how it left and when, why it did not, and its text where it is still there.

    `sent_at`: UTC. `enclosed`: what left with it, each by what it is called within the complaint, which is a
    digest of what is in it, and by the name of its file.
    """

    letter: str
    on: str
    recipient: str
    state: str
    by: str | None
    sent_at: str | None
    why: str | None
    text: str
    enclosed: list[dict[str, str]]


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
    documents: list[DocumentLine]
    dates: list[Counted]


def export(register: Register, reference: str, documents: Documents | None = None) -> File:
    """The file as of today; what is in its documents is read apart. Raises `NotFound`."""
    with register.reading() as db:
        recorded = register.case(db, reference) if register.erased(db, reference) is None else None
    case = recorded[0] if recorded else None
    status = case.status(today()) if case else register.status(reference, today())
    if status is None:
        raise NotFound(reference)
    status = without_what_it_said(with_delivery(register, status))
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
        letters=_letters(register, reference),
        documents=documents.listed(reference) if documents is not None else [],
        dates=[
            Counted(**shown, passed_over=_passed_over(case, deadline) if case and deadline else [])
            for shown, deadline in zip_longest(status["deadlines"], deadlines)
        ],
    )


def _document(opening: Opening) -> dict[str, Any]:
    return opening.model_dump(mode="json", exclude_defaults=True, exclude={"messages"})


DECISIONS = {
    *("accept", "decline", "extend", "respond", "decide_late", "suspend", "resume", "restrict_contact"),
    *(
        "split",
        "change_procedure",
        "strike_out",
        "close",
        "reopen",
        "refer_to_ombudsman",
        "ombudsman_decision",
    ),
}
"""Messages by which the authority, or the Ombudsman, decides something."""


def _letters(register: Register, reference: str) -> list[SentLetter]:
    with register.reading() as db:
        rows = in_state(db, get_args(State), reference)
    return [
        SentLetter(
            letter=row.letter,
            on=row.on_date.isoformat(),
            recipient=row.recipient,
            state=row.state,
            by=row.channel,
            sent_at=row.sent_at.isoformat() if row.sent_at else None,
            why=row.reason,
            text=_text(register, row),
            enclosed=_enclosed(register, row),
        )
        for row in sorted(rows, key=lambda row: (row.on_date, row.key))
    ]


def _enclosed(register: Register, row: LetterRow) -> list[dict[str, str]]:
    try:
        found = recipient_of(register.cipher, row).enclosed if row.envelope else []
    except KeyDestroyed:
        return []
    return [{"document": each.document, "name": each.name, "kind": each.kind} for each in found]


def _text(register: Register, row: LetterRow) -> str:
    """A letter's text; empty where it is not written yet, or erased."""
    try:
        return text_of(register.cipher, row) if row.text else ""
    except KeyDestroyed:
        return ""


def _passed_over(case: Case, deadline: Deadline) -> list[dict[str, str]]:
    """The days that were not counted; day 0 is none of them."""
    if deadline.limit.unit != "working_days":
        return []
    first, last = sorted((deadline.counts_from, deadline.due_on))
    try:
        days = case.state.calendar.skipped(first, last)
    except OutsideTable:
        return []
    return [{"on": day.on.isoformat(), "why": day.why} for day in days if day.on != first]
