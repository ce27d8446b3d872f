"""A complaint's whole file, for the person or the Ombudsman: what happened, and how dates were counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypedDict, cast

from sqlalchemy import select

from doors.answers import UnknownComplaint
from doors.clock import today
from doors.course import Happening, course
from privacy.seals import open_text
from redress.calendar import OutsideTable, long_date
from redress.case import Case
from redress.deadline import Deadline
from redress.erasure import Erased
from redress.library import authority
from redress.standing import DeadlineStatus, Status
from register import schema
from register.register import Register


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
    """A letter that was written, with its text where it is still there."""

    letter: str
    on: str
    recipient: str
    state: str
    text: str


class File(TypedDict):
    """The whole file of one complaint."""

    reference: str
    authority: str
    exported_on: str
    opening: dict[str, Any]
    status: Status
    chronology: list[Happening]
    decisions: list[dict[str, Any]]
    letters: list[SentLetter]
    dates: list[Counted]


def export(register: Register, outbox: Path, reference: str) -> File:
    """The file as of today. Raises `UnknownComplaint`, or `Erased` where only dates and outcomes are left."""
    with register.reading() as db:
        left = register.erased(db, reference)
        if left is not None:
            raise Erased(reference, str(left.get("erased_on")))
        found = register.case(db, reference)
    if found is None:
        raise UnknownComplaint(reference)
    case = found[0]
    status = case.status(today())
    opening = case.opening.model_dump(mode="json", exclude_defaults=True, exclude={"messages"})
    return File(
        reference=reference,
        authority=authority(case.intake.authority).title,
        exported_on=today().isoformat(),
        opening=opening,
        status=status,
        chronology=course(status),
        decisions=[dict(m) for m in status.get("messages", []) if m["action"] in DECISIONS],
        letters=_letters(register, outbox, reference),
        dates=[_counted(case, *pair) for pair in zip(case.fold.ledger, status["deadlines"], strict=False)],
    )


DECISIONS = ("accept", "decline", "respond", "decide_late", "ombudsman_decision", "extend", "suspend")
"""Messages by which the authority, or the Ombudsman, decides something."""


def _letters(register: Register, outbox: Path, reference: str) -> list[SentLetter]:
    table = schema.letters
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
                text=_text(register, outbox, dict(row)),
            )
            for row in rows
        ]


def _text(register: Register, outbox: Path, row: dict[str, Any]) -> str:
    """A letter's text: from the register, else from the outbox folder."""
    kept = row.get("text")
    if kept:
        return open_text(register.seals, kept)
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
        passed_over=[{"on": day.on.isoformat(), "why": day.why} for day in passed if day.on != first],
        earlier=[dict(moved) for moved in shown["moved"]],
    )


def as_text(file: File) -> str:
    """The file as people read it."""
    return "\n".join(_lines(file)) + "\n"


def _lines(file: File) -> Iterator[str]:
    status, opening = file["status"], file["opening"]
    yield f"File of complaint {file['reference']}"
    yield f"{file['authority']}. Made on {_day(file['exported_on'])}."
    yield ""
    yield "WHAT IT IS ABOUT"
    yield f"Received {_day(status['received_on'])} by {str(opening['channel']).replace('_', ' ')}."
    yield f"Procedure: {status['procedure']}, because {status['procedure_reason']}."
    for point in status["points"]:
        yield f"  {point['point']}. {point['text']}"
        for found in cast("list[dict[str, str]]", point["findings"]):
            why = f": {found['reason']}" if found["reason"] else ""
            yield f"     {found['stage'].replace('_', ' ')}: {found['outcome'].replace('_', ' ')}{why}"
    if opening.get("desired_outcome"):
        yield f"Wanted: {opening['desired_outcome']}"
    yield ""
    yield "CHRONOLOGY"
    yield from (f"{_day(each['on'])}  {each['what']}" for each in file["chronology"])
    yield ""
    yield "DECISIONS"
    for decision in file["decisions"]:
        said = decision.get("summary") or decision.get("reason") or ""
        what = str(decision["action"]).replace("_", " ")
        decided = str(decision.get("decided", "")).replace("_", " ")
        yield f"{_day(str(decision['on']))}  {what} {decided}".rstrip() + (f": {said}" if said else "")
    yield ""
    yield "HOW EACH DATE WAS COUNTED"
    for each in file["dates"]:
        unit = each["unit"].replace("_", " ")
        yield f"{each['title']}: due {_day(each['due_on'])} ({each['state'].replace('_', ' ')})"
        yield f"  {each['limit']} {unit} from {_day(each['counts_from'])}. {each['source']}"
        passed = ", ".join(f"{_day(day['on'])} ({day['why']})" for day in each["passed_over"])
        if passed:
            yield f"  not counted: {passed}"
        for moved in each["earlier"]:
            yield f"  was due {_day(moved['due_on'])}: {moved['reason']}"
    yield ""
    yield "LETTERS"
    for letter in file["letters"]:
        yield f"--- {_day(letter['on'])}, to the {letter['recipient'].replace('_', ' ')} ({letter['state']})"
        yield letter["text"] or "(its text is not kept here)"


def _day(iso: str) -> str:
    return long_date(date.fromisoformat(iso))
