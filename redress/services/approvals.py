"""Who owes the approval of a letter, by name, as statuses and lists tell those who may read names."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from sqlalchemy.exc import SQLAlchemyError

from redress.domain.status import Status
from redress.letters.addressing import directory_of
from redress.letters.approvers import OF_TODAY, asked, asked_for
from redress.security.keyring import Unreadable
from redress.store.register import Register


def with_approvers(register: Register, status: Status) -> Status:
    """A status whose drafts say who of the directory is asked to approve them, as of its day.

    Nothing is said where the directory knows nobody for that role, or the register does not answer.
    """
    waiting = [letter for letter in status["letters"] if letter.get("state") == "draft" and "mark" in letter]
    if not waiting:
        return status
    on = date.fromisoformat(status["as_of"])
    with suppress(SQLAlchemyError, OSError, Unreadable), register.reading() as db:
        recorded = register.case(db, status["reference"])
        if recorded is None:
            return status
        case, directory = recorded[0], directory_of(register, db, recorded[0])
        for letter in waiting:
            draft = case.state.drafts.marked(letter["mark"])
            who = asked(case, draft, directory, on).person if draft is not None else None
            if who is not None:
                letter["approver_name"] = who.name
    return status


def approvers_of(register: Register, references: Iterable[str], on: date) -> dict[str, str]:
    """Who is asked on a London date to approve the letter that is due first, by complaint.

    Only where the directory knows who it is.
    """
    names = {}
    with register.reading() as db:
        for reference in references:
            with suppress(Unreadable):
                recorded = register.case(db, reference)
                if recorded is None:
                    continue
                who = asked_for(recorded[0], OF_TODAY, directory_of(register, db, recorded[0]), on)
                if who is not None and who.person is not None:
                    names[reference] = who.person.name
    return names
