"""What touches the world: the terms of a new complaint, the record, the letters.

Each may run more than once and counts once.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from letters.letter import Letter, letters_for
from letters.outbox import Post
from redress.case import Case
from redress.library import authority, packed_terms_for, terms_for
from redress.loading import parse_opening
from redress.packing import pack_state
from redress.record import RegisterEntry
from register import schema
from register.database import upsert
from register.register import Register
from workflows.wire import BEGIN, CARRY_OUT, DELIVER, Begin, Begun, Errand, Outcome

log = logging.getLogger(__name__)


class Errands:
    """The activities, with the register and the post they work on."""

    def __init__(self, register: Register, post: Post) -> None:
        self.register = register
        self.post = post

    @activity.defn(name=BEGIN)
    def begin(self, asked: Begin) -> Begun:
        """The terms of a complaint: for a new one today's, for an earlier one those it was opened with."""
        if asked.opening is None:
            recalled = self.register.recall(asked.reference)
            if recalled is None:
                raise ApplicationError(f"{asked.reference} is not in the register", non_retryable=True)
            terms, state = recalled
            return Begun(terms=terms, recorded=True, state=pack_state(state))
        opened_on = date.fromisoformat(asked.opened_on)
        opening = parse_opening(asked.opening, opened_on)
        said = packed_terms_for(opening, opened_on)
        entry = RegisterEntry(
            key="opened",
            kind="opened",
            on=asked.opened_on,
            body={"opening": asked.opening, "opened_on": asked.opened_on, "terms": said},
        )
        recorded = True
        try:
            with self.register.writing() as db:
                self.register.append(db, asked.reference, [entry])
                case = Case(terms_for(opening, opened_on), asked.reference, opening, opened_on)
                self.register.project(db, case, opened_on)
        except (SQLAlchemyError, OSError) as error:
            # No clock waits for the register: the workflow keeps the entry and brings it again.
            log.warning(
                "register out of reach at the opening of %s: %s", asked.reference, type(error).__name__
            )
            recorded = False
        return Begun(terms=said, recorded=recorded)

    @activity.defn(name=CARRY_OUT)
    def carry_out(self, errand: Errand) -> Outcome:
        """Record entries and send the letters among them, in one transaction."""
        with self.register.writing() as db:
            self.register.append(db, errand.reference, errand.entries)
            found = self.register.case(db, errand.reference)
            if found is None:
                raise LookupError(f"{errand.reference}: its opening is not recorded yet")
            case, last = found
            letters = [
                letter
                for entry in errand.entries
                if _is_letter(entry)
                for letter in self._letters(case, entry.body, last)
            ]
            delivered = self._send(db, case.reference, letters) if letters else True
            self.register.project(db, case, last)
        return Outcome(delivered=delivered)

    @activity.defn(name=DELIVER)
    def deliver(self, reference: str) -> None:
        """Send the letters of a complaint that could not leave; raises while any cannot."""
        with self.register.writing() as db:
            found = self.register.case(db, reference)
            waiting = self.register.waiting_letters(db, reference)
            if found is None:
                return
            letters = [x for effect, on in waiting for x in self._letters(found[0], effect, on)]
            delivered = self._send(db, reference, letters)
        if not delivered:
            raise RuntimeError("some letters could not leave yet; they are tried again")

    def _send(self, db: Connection, reference: str, letters: list[Letter]) -> bool:
        """Send each letter that has not left, and write down what became of it; whether all have left."""
        left = self.register.letters_sent(db, reference, [letter.key for letter in letters])
        rows = []
        for letter in letters:
            if (letter.key, letter.recipient) in left:
                continue
            place = None
            try:
                place = self.post.send(reference, letter)
            except Exception as error:  # whatever the post does, the record must stand
                log.warning("%s: %s did not leave: %s", reference, letter.name, type(error).__name__)
            rows.append(
                {
                    "reference": reference,
                    "key": letter.key,
                    "recipient": letter.recipient,
                    "letter": letter.name,
                    "on_date": letter.on,
                    "state": "sent" if place else "waiting",
                    "place": place,
                    "sent_at": datetime.now(UTC) if place else None,
                }
            )
        if rows:
            upsert(db, schema.letters, rows)
        return all(row["place"] for row in rows)

    def _letters(self, case: Case, effect: dict[str, Any], on: date) -> list[Letter]:
        return letters_for(case, authority(case.intake.authority), effect, on)


def _is_letter(entry: RegisterEntry) -> bool:
    return entry.kind == "effect" and bool(entry.body["template"]) and entry.body["state"] == "done"
