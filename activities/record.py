"""The record: what happened to a complaint, and the letters that follow from it, in one transaction."""

from __future__ import annotations

from temporalio import activity

from activities.serving import serve_complaint
from redress.contract import RECORD, RecordRequest, RecordResult, RegisterEntry
from redress.domain.messages import LetterLeft
from redress.domain.splitting import part_of
from redress.letters.dispatcher import LetterDispatcher
from redress.store import letters as letter_store
from redress.store.register import Register

TURN_WITHIN = 1.0
"""Seconds that a workflow task, which stays open meanwhile, waits for its turn to write."""


class RecordEntries:
    """Serves a complaint's workflow whenever something has happened. May run more than once, counts once.

    Letters are written here, so that each is there once and none is lost. Nothing leaves from here:
    recording waits for no mail server.
    """

    def __init__(self, register: Register, dispatcher: LetterDispatcher) -> None:
        self.register = register
        self.dispatcher = dispatcher

    @activity.defn(name=RECORD, no_thread_cancel_exception=True)
    def record(self, request: RecordRequest) -> RecordResult:
        """Append the entries, write the letters among them, and make the tables that people query anew."""
        serve_complaint(request.reference)
        is_local = activity.in_activity() and activity.info().is_local
        with self.register.writing(within=TURN_WITHIN if is_local else None) as db:
            appended = self.register.append(db, request.reference, request.entries)
            found = self.register.case(db, request.reference)
            if found is None:
                raise LookupError(f"{request.reference}: its opening is not recorded yet")
            case, last = found
            for entry in request.entries:
                if _is_split(entry):
                    self.register.reserve_part(db, part_of(case, entry.body["facts"]))
            effects = [(entry.body, last) for entry in request.entries if _is_letter(entry)]
            effects = [each for each in effects if not case.state.drafts.has_left(each[0]["key"])]
            if effects:
                self.dispatcher.write(db, case, effects)
            approved = {body["facts"]["draft"] for body, _ in effects if "draft" in body["facts"]}
            left = {entry.body["seq"] for entry in request.entries if _says_that_it_left(entry)}
            drafted = self.dispatcher.drafts.see_to(db, case, last, approved, left)
            self.register.project(db, case, last)
            # Also those that somebody wants sent again: what says so is recorded, and that is this moment.
            waiting = bool(effects) or not drafted or letter_store.is_to_leave(db, request.reference)
        if any(entry.kind == "ended" for entry in request.entries):
            self.register.keep_head(request.reference, appended)
        return RecordResult(letters_waiting=waiting, entries=appended.entries, head=appended.head)


def _is_split(entry: RegisterEntry) -> bool:
    return entry.body.get("kind") == "split" and entry.body.get("state") == "done"


def _says_that_it_left(entry: RegisterEntry) -> bool:
    return entry.kind == "message" and entry.body["action"] == LetterLeft.action


def _is_letter(entry: RegisterEntry) -> bool:
    return entry.kind == "effect" and bool(entry.body["template"]) and entry.body["state"] == "done"
