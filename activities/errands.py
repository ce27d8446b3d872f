"""What touches the world: the terms of a new complaint, the record, the letters.

Each may run more than once and counts once.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from letters.letter import Letter, letters_for
from letters.outbox import Post
from redress.case import Case
from redress.library import authority, terms_for
from redress.loading import parse_opening
from redress.record import RegisterEntry
from register import schema
from register.register import Register
from workflows.wire import BEGIN, CARRY_OUT, DELIVER, Begin, Begun, Errand, Outcome

log = logging.getLogger(__name__)


class Errands:
    """The activities, with the register and the post they work on."""

    def __init__(self, register: Register, post: Post) -> None:
        self.register = register
        self.post = post

    @activity.defn(name=BEGIN)
    def begin(self, asked: Begin) -> dict[str, Any]:
        """The terms of a complaint: for a new one today's, for an earlier one those it was opened with."""
        if asked.opening is None:
            recalled = self.register.recall(asked.reference)
            if recalled is None:
                raise LookupError(f"{asked.reference} is not in the register")
            terms, state = recalled
            begun = Begun(terms=terms, recorded=True, state=state)
            return begun.model_dump(mode="json", exclude_defaults=True)
        opened_on = date.fromisoformat(asked.opened_on)
        opening = parse_opening(asked.opening, opened_on)
        terms = terms_for(opening)
        said = terms.model_dump(mode="json", exclude_defaults=True)
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
                self.register.project(db, Case(terms, asked.reference, opening, opened_on), opened_on)
        except (SQLAlchemyError, OSError) as error:
            # No clock waits for the register: the workflow keeps the entry and brings it again.
            log.warning(
                "register out of reach at the opening of %s: %s", asked.reference, type(error).__name__
            )
            recorded = False
        return {"terms": said, "recorded": recorded}

    @activity.defn(name=CARRY_OUT)
    def carry_out(self, errand: Errand) -> Outcome:
        """Record entries and send the letters among them, in one transaction."""
        with self.register.writing() as db:
            self.register.append(db, errand.reference, errand.entries)
            found = self.register.case(db, errand.reference)
            if found is None:
                raise LookupError(f"{errand.reference}: its opening is not recorded yet")
            case, last = found
            to_send = [e.body for e in errand.entries if _is_letter(e)]
            for effect in to_send:
                self._note(db, case, effect, last)
            delivered = self._send(db, case, to_send) if to_send else True
            self.register.project(db, case, last)
        return Outcome(delivered=delivered)

    @activity.defn(name=DELIVER)
    def deliver(self, reference: str) -> None:
        """Send the letters of a complaint that could not leave; raises while any cannot."""
        table = schema.letters
        with self.register.writing() as db:
            found = self.register.case(db, reference)
            if found is None:
                return
            waiting = db.execute(
                select(table.c.key).where(table.c.reference == reference, table.c.state == "waiting")
            ).scalars()
            keys = {f"effect:{key}" for key in waiting}
            events = schema.events
            rows = db.execute(
                select(events.c.body).where(events.c.reference == reference, events.c.key.in_(keys))
            ).scalars()
            delivered = self._send(db, found[0], list(rows))
        if not delivered:
            raise RuntimeError("some letters could not leave yet; they are tried again")

    def _note(self, db: Connection, case: Case, effect: dict[str, Any], on: date) -> None:
        """Write down each letter once before it leaves, so that none is lost and none leaves twice."""
        table = schema.letters
        known = db.execute(
            select(table.c.key).where(table.c.reference == case.reference, table.c.key == effect["key"])
        ).first()
        if known is not None:
            return
        rows = [
            {
                "reference": case.reference,
                "key": letter.key,
                "recipient": letter.recipient,
                "letter": letter.name,
                "on_date": on,
                "state": "waiting",
            }
            for letter in self._letters(case, effect, on)
        ]
        if rows:
            db.execute(insert(table), rows)

    def _send(self, db: Connection, case: Case, effects: list[dict[str, Any]]) -> bool:
        table = schema.letters
        all_left = True
        for effect in effects:
            rows = db.execute(
                select(table).where(
                    table.c.reference == case.reference,
                    table.c.key == effect["key"],
                    table.c.state == "waiting",
                )
            ).all()
            dated = {row.recipient: row.on_date for row in rows}
            if not dated:
                continue
            for letter in self._letters(case, effect, max(dated.values())):
                if letter.recipient not in dated:
                    continue
                try:
                    place = self.post.send(case.reference, letter)
                except Exception as error:  # whatever the post does, the record must stand
                    log.warning("%s: %s did not leave: %s", case.reference, letter.name, type(error).__name__)
                    all_left = False
                    continue
                db.execute(
                    update(table)
                    .where(
                        table.c.reference == case.reference,
                        table.c.key == letter.key,
                        table.c.recipient == letter.recipient,
                    )
                    .values(state="sent", place=place, sent_at=datetime.now(UTC))
                )
        return all_left

    def _letters(self, case: Case, effect: dict[str, Any], on: date) -> list[Letter]:
        return letters_for(case, authority(case.intake.authority), effect, on)


def _is_letter(entry: RegisterEntry) -> bool:
    return entry.kind == "effect" and bool(entry.body["template"]) and entry.body["state"] == "done"
