"""The rules of a complaint, brought into its history: today's for a new one, its own for an earlier one."""

from __future__ import annotations

import logging
from datetime import date

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.serving import serve_complaint
from redress.contract import BEGIN, BeginRequest, BeginResult, RegisterEntry, rejection
from redress.domain.case import Case
from redress.domain.opening_parsing import parse_opening
from redress.domain.packing import pack_state
from redress.domain.parsing import Malformed
from redress.procedures.loader import rules_for
from redress.store import letters
from redress.store.register import Register

log = logging.getLogger(__name__)

TURN_WITHIN = 1.0
"""Seconds that a complaint at its opening waits for its turn to write: the register is not needed there."""


class BeginComplaint:
    """Serves a complaint's workflow as it starts. May run more than once and counts once."""

    def __init__(self, register: Register, *, holds_clear_signals: bool = False) -> None:
        self.register = register
        self.holds_clear_signals = holds_clear_signals

    @activity.defn(name=BEGIN, no_thread_cancel_exception=True)
    def begin(self, request: BeginRequest) -> BeginResult:
        """Choose the rules, and record the opening where the register can be reached.

        Fails for good where a complaint that is to be taken up again is not in the register.
        """
        serve_complaint(request.reference)
        begun = self._begun(request)
        return begun.model_copy(update={"holds_clear_signals": self.holds_clear_signals})

    def _begun(self, request: BeginRequest) -> BeginResult:
        if request.opening is None:
            recalled = self._recalled(request.reference)
            if recalled is None:
                raise ApplicationError(f"{request.reference} is not in the register", non_retryable=True)
            return recalled
        opened_on = date.fromisoformat(request.opened_on)
        try:
            opening = parse_opening(request.opening, opened_on)
            rules = rules_for(opening, opened_on)
        except Malformed as malformed:  # an authority that there is not, say: it never becomes one by trying
            raise rejection(malformed) from None
        packed = rules.packed
        body = {"opening": request.opening, "opened_on": request.opened_on, "terms": packed}
        entry = RegisterEntry(key="opened", kind="opened", on=request.opened_on, body=body)
        try:
            with self.register.writing(within=TURN_WITHIN) as db:
                appended = self.register.append(db, request.reference, [entry])
                if appended.new:
                    case = Case(rules, request.reference, opening, opened_on)
                    self.register.project(db, case, opened_on, first=True)
        except (SQLAlchemyError, OSError) as error:
            # No clock waits for the register: the workflow keeps the entry and brings it again.
            problem = type(error).__name__
            log.warning("register out of reach at the opening of %s: %s", request.reference, problem)
            return self._recalled_if_readable(request.reference) or BeginResult(terms=packed, recorded=False)
        # Where it ran before, it goes on from there.
        before = None if appended.new else self._recalled(request.reference)
        chain = {"entries": appended.entries, "head": appended.head}
        return before or BeginResult(terms=packed, recorded=True, **chain)

    def _recalled_if_readable(self, reference: str) -> BeginResult | None:
        """What ran before, of a register that cannot be written to at the moment."""
        try:
            return self._recalled(reference)
        except (SQLAlchemyError, OSError):
            return None

    def _recalled(self, reference: str) -> BeginResult | None:
        recalled = self.register.recall(reference)
        if recalled is None:
            return None
        packed, state = recalled
        with self.register.reading() as db:
            waiting = bool(letters.in_state(db, ("waiting", "approved", *letters.OPEN), reference))
        return BeginResult(terms=packed, recorded=True, state=pack_state(state), letters_waiting=waiting)
