"""Drafts as letters: written for whoever reads one, and for good once it is approved."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from redress.domain.case import Case
from redress.domain.directory import Directory
from redress.domain.drafts import Draft
from redress.domain.log import LogEntry
from redress.domain.london import instant
from redress.letters.addressing import directory_of, written
from redress.letters.approvers import draft_meant
from redress.letters.letter import letters_for
from redress.letters.stored_enclosures import EnclosureLookup
from redress.procedures.loader import authority
from redress.store import letters as store
from redress.store.letters import LetterRow, NewLetter, State
from redress.store.outbound import mark_of
from redress.store.register import Register

log = logging.getLogger(__name__)


def effect_of(case: Case, draft: Draft, on: date) -> tuple[Case, dict[str, Any]] | None:
    """What writes the letter of a draft as if it left on a London date, and the complaint as it is then.

    Of one that has left, as it did. None where its message writes no letter, as things stand.
    """
    then = case if draft.left is not None else case.as_if_left(draft, max(on, draft.entry.message.on))
    for effect in then.state.effects:
        if effect.key == draft.key and effect.template == draft.template:
            return then, {"key": effect.key, "template": effect.template, "facts": effect.shown()}
    return None


def letters_of(
    case: Case,
    draft: Draft,
    on: date,
    *,
    texts: bool = False,
    directory: Directory | None = None,
    lookup: EnclosureLookup | None = None,
) -> list[NewLetter]:
    """The copies of a draft as if it left on a London date; of one that has left, as it did."""
    found = effect_of(case, draft, on)
    if found is None:
        return []
    enclosing = lookup.of(*found) if lookup is not None else None
    return [*written(*found, on, texts=texts, directory=directory, enclosing=enclosing)]


def lacking(
    case: Case, facts: Mapping[str, Any], on: date, directory: Directory, lookup: EnclosureLookup
) -> list[str]:
    """What is to be attached before the draft that a letter to staff is about can leave, in words."""
    draft = draft_meant(case, facts)
    found = effect_of(case, draft, on) if draft is not None else None
    enclosing = lookup.of(*found) if found is not None else None
    if found is None or enclosing is None:
        return []
    own = authority(case.intake.authority)
    letters = letters_for(found[0], own, found[1], on, directory, enclosing)
    return [*dict.fromkeys(what for letter in letters for what in letter.enclosures.wanted)]


class DraftWriter:
    """A register's letters that wait to be approved. `texts`: text messages are sent beside letters."""

    def __init__(self, register: Register, *, texts: bool) -> None:
        self.register = register
        self.texts = texts

    def see_to(
        self,
        db: Connection,
        case: Case,
        on: date,
        released: Collection[str] = (),
        left: Collection[int] = (),
    ) -> bool:
        """Bring the letters up to date with a complaint, on a London date; whether all could be written.

        `released`: the keys of those that have just been approved: they are written for good, and anew where
        an earlier approval had been voided. `left`: the places in the log of messages that have just said
        that a letter left. What has a sender's hand on it stays as it is.
        """
        drafts = [*case.state.drafts]
        if not (drafts or case.state.strikes.struck):
            return True
        by_key: dict[str, list[LetterRow]] = {}
        keys = [key for draft in drafts for key in draft.keys]
        for row in store.of_drafts(db, case.reference, keys):
            by_key.setdefault(row.key, []).append(row)
        all_written = True
        for draft in drafts:
            try:
                if draft.left is None:
                    rows = by_key.pop(draft.key, [])
                    self._see_to(db, case, draft, rows, on, draft.key in released)
                else:
                    rows = [row for key in draft.keys for row in by_key.pop(key, [])]
                    self._see_to_left(db, case, draft, rows, draft.left, is_new=draft.left.seq in left)
            except Exception as error:  # a letter that cannot be written must not hold up the record
                what = f"the draft {draft.template} cannot be written: {type(error).__name__}"
                log.error("%s: %s", case.reference, what)
                all_written = False
        for gone in by_key.values():  # its message was struck out, or is another letter's by now
            self._turn(db, gone, "withdrawn")
        return all_written

    def _see_to(
        self, db: Connection, case: Case, draft: Draft, rows: list[LetterRow], on: date, is_new: bool
    ) -> None:
        is_leaving = case.is_leaving(draft)
        if is_leaving and rows and not is_new and not any(row.state in store.TO_APPROVE for row in rows):
            return
        if draft.state == "withdrawn":
            self._turn(db, rows, "withdrawn")
        else:
            state: State = "ready" if is_leaving else "approved" if draft.approved is not None else "draft"
            letters = letters_of(
                case,
                draft,
                on,
                texts=self.texts and is_leaving,
                directory=directory_of(self.register, db, case),
                lookup=EnclosureLookup(self.register, db),
            )
            if is_leaving and not is_new:  # those that are written for good stay as they are
                rows = [row for row in rows if row.state in store.TO_APPROVE]
                mine = {row.recipient for row in rows}
                letters = [letter for letter in letters if letter.recipient in mine]
            places = {(letter.key, letter.recipient) for letter in letters}
            self._turn(db, [row for row in rows if (row.key, row.recipient) not in places], "withdrawn")
            self._put(db, case, rows, letters, state)

    def _put(
        self, db: Connection, case: Case, rows: list[LetterRow], letters: list[NewLetter], state: State
    ) -> None:
        """Note letters in a state, those that a sender has in hand apart; `ready`: with text and address."""
        had = {(row.key, row.recipient): row for row in rows}
        taken = {place for place, row in had.items() if not self._take(db, row)}
        mine = [letter for letter in letters if (letter.key, letter.recipient) not in taken]
        waiting = mine if state != "ready" else [letter for letter in mine if letter.missing]
        store.put_drafts(db, case.reference, waiting, "approved" if state == "ready" else state)
        if state != "ready":
            return
        mine = [letter for letter in mine if not letter.missing]
        last = max(store.written(db, case.reference).values(), default=0)
        rounds = {place: _round_of(row) for place, row in had.items()}
        store.put(db, self.register.cipher, case.reference, mine, last, rounds)

    def _take(self, db: Connection, row: LetterRow) -> bool:
        """Keep senders from a letter that is about to be written anew; whether none has it."""
        return _is_movable(row) and store.change(
            db, row, (row.state,), {"round": row.round}, state="draft", round=_round_of(row)
        )

    def _see_to_left(
        self, db: Connection, case: Case, draft: Draft, rows: list[LetterRow], left: LogEntry, *, is_new: bool
    ) -> None:
        """Somebody said that it left, and no sender did, or none knew: what it said is kept.

        `is_new`: that has just been said. Later the senders alone say what becomes of each copy: one that
        comes back, or is sent again, is as any other letter's. Of a copy that failed it holds where it was
        said of that copy.
        """
        if rows and not (is_new or any(row.state in store.TO_APPROVE for row in rows)):
            return
        mark, posted_at = getattr(left.message, "mark", ""), instant(left.message.on, "12:00")
        for row in rows if is_new else ():
            is_in_folder = row.state == "sent" and row.channel == "outbox"
            if mark_of(row.key, row.recipient) == mark and (row.state in store.RAISED or is_in_folder):
                store.change(db, row, (row.state,), state="by_hand", sent_at=posted_at)
        if any(not _is_movable(row) for row in rows):
            return
        directory = directory_of(self.register, db, case)
        lookup = EnclosureLookup(self.register, db)
        letters = [
            letter._replace(missing=(), why_it_waits="")  # somebody sent it, with whatever they sent
            for letter in letters_of(case, draft, left.message.on, directory=directory, lookup=lookup)
        ]
        self._put(db, case, rows, letters, "ready")
        for row in store.of_drafts(db, case.reference, [draft.key]):
            if row.state == "ready":
                store.change(db, row, ("ready",), state="by_hand", sent_at=posted_at)

    def _turn(self, db: Connection, rows: list[LetterRow], state: State) -> None:
        for row in rows:
            if _is_movable(row):
                gone = {"state": state, "text": None, "envelope": None, "round": _round_of(row)}
                store.change(db, row, (row.state,), {"round": row.round}, **gone)


def _is_movable(row: LetterRow) -> bool:
    """Whether nobody has a letter in hand, and it has not left."""
    return row.state in (*store.TO_APPROVE, "ready", "withdrawn")


def _round_of(row: LetterRow) -> int:
    """Another one where it was written before: a sender that has read what it said must not send that."""
    return int(row.round) + int(row.state == "ready")
