"""What touches the world: the terms of a new complaint, the record, the letters.

Each may run more than once and counts once. None is broken off half-way where its complaint was terminated:
a letter in hand is handed over and written down.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from redress.contract import BEGIN, CARRY_OUT, DELIVER, Begin, Begun, Errand, ErrandOutcome
from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.packing import pack_state
from redress.domain.record_entry import RegisterEntry
from redress.domain.splitting import part_of
from redress.letters.dispatcher import LetterDispatcher, Remaining
from redress.procedures.loader import packed_rules_for, rules_for
from redress.security.keyring import KeyDestroyed
from redress.store import letters as kept
from redress.store.register import Register

log = logging.getLogger(__name__)

A_MOMENT = 1.0
"""Seconds that a complaint at its opening waits for its turn to write: the register is not needed there."""


class Errands:
    """The activities, with the register and the post they work on."""

    def __init__(self, register: Register, postroom: LetterDispatcher) -> None:
        self.register = register
        self.postroom = postroom

    @activity.defn(name=BEGIN, no_thread_cancel_exception=True)
    def begin(self, asked: Begin) -> Begun:
        """The terms of a complaint: for a new one today's, for an earlier one those it was opened with."""
        if asked.opening is None:
            recalled = self._recalled(asked.reference)
            if recalled is None:
                raise ApplicationError(f"{asked.reference} is not in the register", non_retryable=True)
            return recalled
        opened_on = date.fromisoformat(asked.opened_on)
        opening = parse_opening(asked.opening, opened_on)
        said = packed_rules_for(opening, opened_on)
        entry = RegisterEntry(
            key="opened",
            kind="opened",
            on=asked.opened_on,
            body={"opening": asked.opening, "opened_on": asked.opened_on, "terms": said},
        )
        try:
            with self.register.writing(within=A_MOMENT) as db:
                new = self.register.append(db, asked.reference, [entry])
                case = Case(rules_for(opening, opened_on), asked.reference, opening, opened_on)
                if new:
                    self.register.project(db, case, opened_on, first=True)
        except (SQLAlchemyError, OSError) as error:
            # No clock waits for the register: the workflow keeps the entry and brings it again.
            log.warning(
                "register out of reach at the opening of %s: %s", asked.reference, type(error).__name__
            )
            return self._recalled_if_readable(asked.reference) or Begun(terms=said, recorded=False)
        before = None if new else self._recalled(asked.reference)  # it ran before: it goes on from there
        return before or Begun(terms=said, recorded=True)

    def _recalled_if_readable(self, reference: str) -> Begun | None:
        """What ran before, of a register that cannot be written to at the moment."""
        try:
            return self._recalled(reference)
        except (SQLAlchemyError, OSError):
            return None

    def _recalled(self, reference: str) -> Begun | None:
        recalled = self.register.recall(reference)
        if recalled is None:
            return None
        terms, state = recalled
        with self.register.reading() as db:
            waiting = bool(kept.in_state(db, ("waiting", *kept.OPEN), reference))
        return Begun(terms=terms, recorded=True, state=pack_state(state), undelivered=waiting)

    @activity.defn(name=CARRY_OUT, no_thread_cancel_exception=True)
    def carry_out(self, errand: Errand) -> ErrandOutcome:
        """Record entries and write the letters among them, in one transaction; after it, send them."""
        written = True
        with self.register.writing() as db:
            self.register.append(db, errand.reference, errand.entries)
            found = self.register.case(db, errand.reference)
            if found is None:
                raise LookupError(f"{errand.reference}: its opening is not recorded yet")
            case, last = found
            splits = [entry for entry in errand.entries if _is_split(entry)]
            for entry in splits:
                self.register.reserve_part(db, part_of(case, entry.body["facts"]))
            effects = [(entry.body, last) for entry in errand.entries if _is_letter(entry)]
            if effects:
                written = self.postroom.write(db, case, effects)
            self.register.project(db, case, last)
        if not effects:
            return ErrandOutcome(delivered=True)
        if splits:  # its letters name a part that is opened next: they leave after that
            return ErrandOutcome(delivered=False)
        try:
            remaining = self.postroom.send(errand.reference)
        except Exception as error:  # the record stands, and whatever befell the letters, they are kept
            log.warning("%s: letters wait: %s", errand.reference, type(error).__name__)
            return ErrandOutcome(delivered=False)
        return ErrandOutcome(delivered=written and not (remaining.to_leave or remaining.to_arrive))

    @activity.defn(name=DELIVER, no_thread_cancel_exception=True)
    def deliver(self, reference: str) -> None:
        """See to letters that could not leave at once, or of which it is to be heard whether they arrived.

        Raises while there are any: then it is asked again.
        """
        written = True
        try:
            with self.register.writing() as db:
                waiting = self.register.waiting_letters(db, reference)
                found = self.register.case(db, reference) if waiting else None
                if found is not None:
                    self.register.forget_unwritten(db, reference)
                    written = self.postroom.write(db, found[0], waiting)
        except KeyDestroyed:
            written = True  # erased: there is nobody left to write to
        remaining = self.postroom.send(reference, ask=True)
        if not written:
            raise RuntimeError("a letter could not be written yet; it is tried again")
        if remaining.to_leave or remaining.to_arrive:
            raise _later(remaining)


_CATEGORY = {True: ApplicationErrorCategory.UNSPECIFIED, False: ApplicationErrorCategory.BENIGN}


def _later(remaining: Remaining) -> ApplicationError:
    """What an operator reads while letters are on their way, and when they are looked at next."""
    said = []
    if remaining.to_leave:
        said.append(f"{remaining.to_leave} could not leave yet")
    if remaining.to_arrive:
        said.append(f"{remaining.to_arrive} left and have not arrived yet")
    return ApplicationError(
        f"letters: {', '.join(said)}; looked at again by itself",
        type="LettersUnderWay",
        next_retry_delay=timedelta(seconds=remaining.next_in),
        category=_CATEGORY[remaining.to_leave > 0],
    )


def _is_split(entry: RegisterEntry) -> bool:
    return entry.body.get("kind") == "split" and entry.body.get("state") == "done"


def _is_letter(entry: RegisterEntry) -> bool:
    return entry.kind == "effect" and bool(entry.body["template"]) and entry.body["state"] == "done"
