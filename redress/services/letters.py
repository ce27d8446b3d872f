"""Letters: which left and which did not, and what a person decides about one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Literal, NamedTuple, TypedDict

from sqlalchemy.exc import SQLAlchemyError

from redress.domain.drafting import version_of
from redress.domain.london import instant, london_date
from redress.domain.parsing import Malformed, Problem
from redress.domain.status import Status, tell_letters
from redress.letters.addressing import directory_of, readdress, written
from redress.letters.catalogue import catalogue
from redress.letters.delivery.notice import hand_day
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.drafts import letters_of
from redress.letters.stored_enclosures import EnclosureLookup
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority, authority_names
from redress.services.approvals import with_approvers
from redress.services.clock import today
from redress.services.errors import NotFound, Rejected
from redress.store import letters as store
from redress.store.letters import LetterFilter, LetterRow, LetterState, NewLetter, Place
from redress.store.outbound import mark_of
from redress.store.register import Register

NOT_DONE: tuple[LetterState, ...] = ("waiting", "draft", "approved", "leaving", "failed", "unsure")
"""Letters that did not leave, or may not have: something is still to be done, by the software or a person."""

BECAME: dict[LetterState, str] = {
    "waiting": "not written yet",
    "draft": "a draft, to be approved",
    "approved": "approved, and about to be written",
    "leaving": "about to leave",
    "done": "sent",
    "arrived": "arrived",
    "failed": "not deliverable",
    "unsure": "perhaps sent, perhaps not",
    "by_hand": "for somebody to send by hand",
    "withdrawn": "withdrawn",
    "erased": "erased",
}
"""What became of a letter, in words."""


class LetterLine(TypedDict):
    """What became of one letter. Nothing in it is personal.

    `left_on`: the London date on which it left; None while it has not. `send_by`: the London date by which
    somebody should send it, where one was told to. `by`: what took it. `waits_for`: the kinds of documents
    that are to be attached before it can leave.
    """

    reference: str
    mark: str
    letter: str
    to: str
    on: str
    state: LetterState
    left_on: str | None
    send_by: str | None
    by: str
    attempts: int
    reason: str
    place: str
    waits_for: list[str]


class LetterPage(NamedTuple):
    """Letters, by complaint; `next`: what gives the page after this one."""

    letters: list[LetterLine]
    next: str | None


def page(register: Register, wanted: LetterFilter, *, limit: int, after: str = "") -> LetterPage:
    """A page of letters; `after`: `next` of the page before. Raises `NotFound`, `Malformed`."""
    if wanted.reference is not None and not register.knows(wanted.reference):
        raise NotFound(wanted.reference)
    with register.reading() as db:
        start = _place(after) if after else None
        rows = store.told(db, wanted, _posted(), most=limit + 1, after=start)
    shown, more = rows[:limit], None
    if len(rows) > limit:
        last = json.dumps([shown[-1].reference, shown[-1].key, shown[-1].recipient])
        more = base64.urlsafe_b64encode(last.encode()).decode()
    return LetterPage([_line(row) for row in shown], more)


def lines(register: Register, reference: str | None, state: LetterState | None = None) -> list[LetterLine]:
    """The letters of a complaint; without one, those of all with which something is still to be done.

    `state`: those alone. Raises `NotFound`.
    """
    if reference is not None and not register.knows(reference):
        raise NotFound(reference)
    listed = _lines(register, LetterFilter(reference, state=state))
    if reference is None and state is None:
        return [line for line in listed if line["state"] in NOT_DONE]
    return listed


def texts(register: Register, reference: str) -> list[tuple[LetterLine, str]]:
    """The letters of a complaint that have a text, each with it, also of one that was never reserved."""
    shown = []
    for line in _lines(register, LetterFilter(reference)):
        with suppress(Malformed):
            shown.append((line, text(register, reference, line["mark"])))
    return shown


def are_under_way(register: Register, reference: str) -> bool:
    """Whether letters of a complaint are still to be written, or to leave by themselves."""
    listed = _lines(register, LetterFilter(reference))
    return any(line["state"] in ("waiting", "approved", "leaving") for line in listed)


def _lines(register: Register, wanted: LetterFilter) -> list[LetterLine]:
    with register.reading() as db:
        rows = store.told(db, wanted, _posted())
    return [_line(row) for row in sorted(rows, key=lambda row: (row.on_date, row.reference, row.position))]


def reference_of(register: Register, mark: str) -> str:
    """The complaint that has the only letter of this mark. Raises `Malformed`."""
    with register.reading() as db:
        references = store.references_of(db, mark)
    if len(references) == 1:
        return references[0]
    if references:
        which = f"stands for letters of {', '.join(references[:5])}: name the complaint before it"
        raise Malformed([Problem("MARK", f"{mark!r} {which}")])
    raise Malformed([Problem("MARK", f"there is no letter {mark!r}; see them all: starter.py letters")])


def one(register: Register, reference: str, mark: str) -> LetterLine:
    """What became of one letter; of a draft with what it waits for.

    Raises `Malformed` where there is none of this mark.
    """
    row = found(register, reference, mark)
    line = _line(row)
    if row.state in store.TO_APPROVE:
        copy = next((each for each in _draft_copies(register, row) if each.recipient == row.recipient), None)
        line["waits_for"] = [*copy.missing] if copy is not None else []
        line["reason"] = line["reason"] or (copy.why_it_waits if copy is not None else "")
    return line


def text(register: Register, reference: str, mark: str) -> str:
    """A letter as it was written; a draft, or one that waits for an enclosure, as if it left today.

    Raises `Malformed` where there is none of this mark.
    """
    return _as_written(register, found(register, reference, mark)).text


def pdf(register: Register, reference: str, mark: str) -> bytes:
    """The same letter as a PDF on the authority's letterhead. Raises as `text` does, and `SetupError`."""
    from redress.letters.form.pdf import pdf_of  # asked for by few, and slow to load

    row = found(register, reference, mark)
    letter = _as_written(register, row)
    return pdf_of(
        OutboundLetter(
            reference=reference,
            key=letter.key,
            role=letter.recipient,
            name=letter.letter,
            on=letter.on_date,
            route=letter.means,
            token="",
            recipient=letter.envelope,
            text=letter.text,
            authority=register.authority_of(reference) or "",
        )
    )


def _as_written(register: Register, row: LetterRow) -> NewLetter:
    """A letter as it was written; a draft, or one that waits for an enclosure, as if it left today."""
    if row.state in store.TO_APPROVE:
        return _copy_of(row, _draft_copies(register, row))
    if row.waits_for:
        return _waiting(register, row)
    if row.text is None:
        raise Malformed([Problem("MARK", "its text is not kept here: it was erased, or is not written yet")])
    envelope, text_ = store.recipient_of(register.cipher, row), store.text_of(register.cipher, row)
    return NewLetter(row.key, row.recipient, row.letter, row.on_date, row.means, envelope, text_)


def version(register: Register, reference: str, mark: str) -> int | None:
    """Which version of a draft `text` gives; None: it is no draft any more. Raises as `text` does."""
    row = found(register, reference, mark)
    if row.state not in store.TO_APPROVE:
        return None
    with register.reading() as db:
        recorded = register.case(db, reference)
    state = recorded[0].state if recorded is not None else None
    draft = next((draft for draft in state.drafts if draft.key == row.key), None) if state else None
    return version_of(state, draft) if state is not None and draft is not None else None


def _draft_copies(register: Register, row: LetterRow) -> list[store.NewLetter]:
    """The copies of a draft as if it left today."""
    with register.reading() as db:
        recorded = register.case(db, row.reference)
        case = recorded[0] if recorded is not None else None
        draft = next((draft for draft in case.state.drafts if draft.key == row.key), None) if case else None
        if case is None or draft is None or draft.left is not None:
            return []
        return letters_of(
            case,
            draft,
            today(),
            directory=directory_of(register, db, case),
            lookup=EnclosureLookup(register, db),
        )


def _waiting(register: Register, row: LetterRow) -> NewLetter:
    with register.reading() as db:
        recorded = register.case(db, row.reference)
        effects = [body for body, _ in register.waiting_letters(db, row.reference, today())]
        effect = next((body for body in effects if body["key"] == row.key), None)
        copies: list[store.NewLetter] = []
        if recorded is not None and effect is not None:
            case = recorded[0].as_if_leaving(row.key, today())
            enclosing = EnclosureLookup(register, db).of(case, effect)
            people = directory_of(register, db, case)
            copies = [*written(case, effect, today(), texts=True, directory=people, enclosing=enclosing)]
    return _copy_of(row, copies)


def _copy_of(row: LetterRow, copies: Iterable[store.NewLetter]) -> NewLetter:
    its = next((copy for copy in copies if copy.recipient == row.recipient), None)
    if its is None:
        raise Malformed([Problem("MARK", "as things stand its message writes no letter to this reader")])
    return its


def is_awaited(register: Register, reference: str, mark: str, on: date) -> bool:
    """Whether it changes a complaint that a letter left on a London date, by its mark.

    It is a draft, approved or not; or a letter with an answer that did not leave on the day assumed.
    """
    with register.reading() as db:
        recorded = register.case(db, reference)
    return recorded is not None and recorded[0].is_awaited(mark, on)


def prepare_again(register: Register, reference: str, mark: str) -> LetterRow:
    """Make a letter that was raised, or waits, ready to leave now; gives it as it was before.

    It goes to where whoever it is for is reached now: a wrong address is corrected first. Raises `Malformed`,
    and `Rejected` where it has been sent.
    """
    row = found(register, reference, mark)
    if row.state not in (*store.OPEN, *store.RAISED):
        raise Rejected(f"this letter is {_became(row)}: there is nothing to send again")
    with register.writing() as db:
        recorded = register.case(db, reference)
        if recorded is not None:
            readdress(register, db, recorded[0], row)
        if row.state in store.RAISED:
            store.requeue(db, row)
        else:
            store.try_now(db, row)
    return row


def again(dispatcher: LetterDispatcher, reference: str, mark: str) -> LetterLine:
    """Send a letter that was raised once more, or try one now that waits; gives what became of it.

    Where it cannot leave now it is as before: nobody but whoever asked is trying. Raises as `prepare_again`.
    """
    register = dispatcher.register
    row = prepare_again(register, reference, mark)
    dispatcher.write_and_send(reference)  # with what its reader may have by now
    if row.state in store.RAISED:
        now = found(register, reference, mark)
        # What somebody is to send by hand by a day still is, whatever way was tried.
        means = row.means if row.shown == "by_hand" else now.means
        with register.writing() as db:
            store.change(db, now, ("ready",), state=row.state, raised_at=row.raised_at, means=means)
    return one(register, reference, mark)


def done(register: Register, reference: str, mark: str, on: date) -> LetterLine:
    """Record that a person sent it on a London date; it is not tried any more.

    Raises `Malformed`, and `Rejected` where it has left already or may be leaving now.
    """
    row = found(register, reference, mark)
    if not row.on_date <= on <= today():
        what = f"{on} should lie between {row.on_date}, when it was written, and today in London, {today()}"
        raise Malformed([Problem("on", what)])
    states: tuple[store.State, ...] = (*store.RAISED, "ready")
    if row.shown == "by_hand":
        states = (*states, "sent")
    with register.writing() as db:
        if not store.change(db, row, states, state="by_hand", sent_at=instant(on, "12:00")):
            raise Rejected(f"this letter is {_became(row)}: it cannot be recorded as sent by hand")
    return one(register, reference, mark)


def with_delivery(register: Register, status: Status) -> Status:
    """A status whose letters say what became of them.

    What the rules take for done is written; that it left is said only where the register says so.
    """
    if "erased_on" in status:
        return status
    states: dict[str, set[str]] = {}
    with suppress(SQLAlchemyError, OSError), register.reading() as db:
        for row in store.told(db, LetterFilter(status["reference"]), _posted()):
            states.setdefault(row.key, set()).add(row.shown)
    for letter in status["letters"]:
        if letter["state"] == "done":
            its = states.get(letter["key"], set())
            nowhere: Literal["skipped", "leaving"] = (
                "skipped" if _is_in_digest(status, letter["letter"]) else "leaving"
            )
            letter["state"] = next((state for state in WORST_FIRST if state in its), nowhere)
    tell_letters(status)
    return with_approvers(register, status)


def _is_in_digest(status: Status, name: str) -> bool:
    """Whether staff read of it in their daily digest, so that no letter of its own was written."""
    entry = catalogue().get(name)
    return entry is not None and entry.told_in_digest(authority(status["authority"]).digest.urgent)


WORST_FIRST: Sequence[
    Literal["failed", "unsure", "waiting", "approved", "by_hand", "leaving", "done", "arrived"]
] = (*("failed", "unsure", "waiting", "approved", "by_hand", "leaving", "done", "arrived"),)
"""How a letter that is done with in the rules stands in a status: by the worst of its copies."""


def _posted() -> list[str]:
    return [name for name in authority_names() if authority(name).folder_posted_daily]


def found(register: Register, reference: str, mark: str) -> LetterRow:
    """The letter of a mark, with what it is shown as. Raises `Malformed` where there is none."""
    with register.reading() as db:
        rows: Iterable[LetterRow] = store.told(db, LetterFilter(reference), _posted())
    row = next((row for row in rows if row.recipient and mark_of(row.key, row.recipient) == mark), None)
    row = row or next((row for row in rows if store.is_draft_of(row, mark)), None)
    if row is None:
        what = f"{reference} has no letter {mark!r}; see them all: starter.py letters {reference}"
        raise Malformed([Problem("MARK", what)])
    return row


def _became(row: LetterRow) -> str:
    return BECAME[row.shown]


def _line(row: LetterRow) -> LetterLine:
    has_left = row.shown in ("done", "arrived") and row.sent_at is not None
    told_on = store.handed_on(row)
    return LetterLine(
        reference=row.reference,
        mark=mark_of(row.key, row.recipient),
        letter=row.letter,
        to=row.recipient,
        on=row.on_date.isoformat(),
        state=row.shown,
        left_on=london_date(row.sent_at).isoformat() if has_left else None,
        send_by=hand_day(calendar_today(), told_on).isoformat() if told_on else None,
        by=row.channel or "",
        attempts=row.attempts or 0,
        reason=row.reason or "",
        place=row.place or "",
        waits_for=store.kinds_missing(row),
    )


def _place(after: str) -> Place:
    try:
        place = json.loads(base64.urlsafe_b64decode(after.encode("ascii")))
    except (ValueError, binascii.Error, RecursionError):
        place = None
    if not isinstance(place, list) or [type(each) for each in place] != [str] * 3:
        raise Malformed([Problem("after", "is no place of a page: give `next` of the page before")])
    return place[0], place[1], place[2]
