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
from redress.splitting import part_of
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
            return self._recalled(asked.reference)
        opened_on = date.fromisoformat(asked.opened_on)
        opening = parse_opening(asked.opening, opened_on)
        said = packed_terms_for(opening, opened_on)
        entry = RegisterEntry(
            key="opened",
            kind="opened",
            on=asked.opened_on,
            body={"opening": asked.opening, "opened_on": asked.opened_on, "terms": said},
        )
        try:
            with self.register.writing() as db:
                new = self.register.append(db, asked.reference, [entry])
                case = Case(terms_for(opening, opened_on), asked.reference, opening, opened_on)
                if new:
                    self.register.project(db, case, opened_on, first=True)
        except (SQLAlchemyError, OSError) as error:
            # No clock waits for the register: the workflow keeps the entry and brings it again.
            log.warning(
                "register out of reach at the opening of %s: %s", asked.reference, type(error).__name__
            )
            return Begun(terms=said, recorded=False)
        if not new:  # it ran before, and goes on from where it stood
            return self._recalled(asked.reference)
        return Begun(terms=said, recorded=True)

    def _recalled(self, reference: str) -> Begun:
        recalled = self.register.recall(reference)
        if recalled is None:
            raise ApplicationError(f"{reference} is not in the register", non_retryable=True)
        terms, state = recalled
        return Begun(terms=terms, recorded=True, state=pack_state(state))

    @activity.defn(name=CARRY_OUT)
    def carry_out(self, errand: Errand) -> Outcome:
        """Record entries and send the letters among them, in one transaction."""
        with self.register.writing() as db:
            self.register.append(db, errand.reference, errand.entries)
            found = self.register.case(db, errand.reference)
            if found is None:
                raise LookupError(f"{errand.reference}: its opening is not recorded yet")
            case, last = found
            for entry in errand.entries:
                if entry.body.get("kind") == "split" and entry.body.get("state") == "done":
                    self.register.reserve_part(db, part_of(case, entry.body["facts"]))
            effects = [(entry.body, last) for entry in errand.entries if _is_letter(entry)]
            delivered = self._send(db, case, effects) if effects else True
            self.register.project(db, case, last)
        return Outcome(delivered=delivered)

    @activity.defn(name=DELIVER)
    def deliver(self, reference: str) -> None:
        """Send the letters of a complaint that could not leave; raises while any cannot."""
        with self.register.writing() as db:
            found = self.register.case(db, reference)
            if found is None:
                return
            waiting = self.register.waiting_letters(db, reference)
            self.register.forget_unwritten(db, reference)
            delivered = self._send(db, found[0], waiting)
        if not delivered:
            raise RuntimeError("some letters could not leave yet; they are tried again")

    def _send(self, db: Connection, case: Case, effects: list[tuple[dict[str, Any], date]]) -> bool:
        """Send the letters of effects, each dated as said; whether all of them have left.

        What became of each is written down, so that none is lost and none leaves twice.
        """
        left = self.register.letters_sent(db, case.reference, [effect["key"] for effect, _ in effects])
        rows = []
        for effect, on in effects:
            try:
                letters = letters_for(case, authority(case.intake.authority), effect, on)
            except Exception as error:  # a letter that cannot be written must not hold up the record
                what = f"{effect['template']} cannot be written: {type(error).__name__}"
                log.error("%s: %s", case.reference, what)  # its text could hold names: never logged
                rows.append(_row(case, effect, on, recipient="", place=None))
                continue
            rows += [
                _row(case, effect, on, recipient=letter.recipient, place=self._leave(case, letter))
                for letter in letters
                if (letter.key, letter.recipient) not in left
            ]
        if rows:
            upsert(db, schema.letters, rows)
        return all(row["place"] for row in rows)

    def _leave(self, case: Case, letter: Letter) -> str | None:
        try:
            return self.post.send(case.reference, letter)
        except Exception as error:  # whatever the post does, the record must stand
            log.warning("%s: %s did not leave: %s", case.reference, letter.name, type(error).__name__)
            return None


def _row(
    case: Case, effect: dict[str, Any], on: date, *, recipient: str, place: str | None
) -> dict[str, Any]:
    return {
        "reference": case.reference,
        "key": effect["key"],
        "recipient": recipient,
        "letter": effect["template"],
        "on_date": on,
        "state": "sent" if place else "waiting",
        "place": place,
        "sent_at": datetime.now(UTC) if place else None,
    }


def _is_letter(entry: RegisterEntry) -> bool:
    return entry.kind == "effect" and bool(entry.body["template"]) and entry.body["state"] == "done"
