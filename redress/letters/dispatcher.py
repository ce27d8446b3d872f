"""Letters on their way out: each is leased by one sender, sent once, and what became of it is kept.

Letters of one complaint to one recipient leave in the order of their causes. What is certain not to have
left is tried again; what nobody can be sure of is not: it is raised to the Complaints Manager, as is what can
never leave. A letter that failed or is unsure holds up no other.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from redress.contract import NOTING, SENDING_BUDGET, AnswerToLeave, LeftLetter, SentLetters, WaitingLetter
from redress.documents.errors import CannotScan, Infected, StoreUnavailable
from redress.domain.case import Case
from redress.domain.drafts import READERS
from redress.domain.enclosures import FOLLOW_UP
from redress.domain.london import london_date
from redress.letters.addressing import directory_of, written
from redress.letters.approvers import LETTERS as ABOUT_DRAFTS
from redress.letters.delivery.channel import (
    Accepted,
    CannotAsk,
    Channel,
    DeliveryError,
    Lost,
    NotNow,
    Refused,
    TooLarge,
    Unsure,
)
from redress.letters.delivery.channels import Channels
from redress.letters.delivery.notice import (
    INFECTED,
    NO_CHANNEL,
    NOT_THERE,
    UNDELIVERED,
    How,
    hand_day,
    notice,
)
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.drafts import DraftWriter, effect_of, lacking
from redress.letters.recipients import whose
from redress.letters.stored_enclosures import EnclosedContent, EnclosureLookup
from redress.procedures.loader import authority
from redress.security.keyring import KeyDestroyed, Unreadable
from redress.store import letters as letter_store
from redress.store.letters import LetterRow, NewLetter, State
from redress.store.outbound import Recipient, mark_of
from redress.store.register import Register

if TYPE_CHECKING:
    from redress.letters.printing import PrintReady

log = logging.getLogger(__name__)

LEFT_ALONE_FOR = 5.0
"""Seconds for which a channel that is down is left alone, so that not every attempt waits for it."""

ENCLOSURES = "enclosures"
"""As what the document store and ClamAV are left alone: either may say nothing for a minute, in which letters
that enclose nothing would wait for a thread."""

LONGEST_PAUSE = 3600.0
"""Seconds between two tries, at most."""

ASKED_FOR_DAYS = 6.0
"""Days within which GOV.UK Notify can be asked what it has; it forgets after seven."""

MOST_LOST = 2
"""How often a letter that was lost under way is sent anew before it goes another way or is raised."""

DAY = 86_400.0

LOOKED_AGAIN_AFTER = 300.0
"""Seconds after which it is looked again whether an enclosure has come; attaching one asks at once."""

NOT_GONE: tuple[State, ...] = ("waiting", "approved", *letter_store.OPEN)
"""Letters that are to leave, or to arrive; the first two may wait for an enclosure."""


class SendLimits(NamedTuple):
    """`within`: seconds one letter may take; `days`: how long it is tried before somebody is told.

    `noting`: seconds that noting what became of it may take.
    """

    within: float = 20.0
    days: float = 2.0
    noting: float = NOTING.total_seconds()

    @property
    def lease(self) -> float:
        """Seconds after which a sender is taken to be gone: it could have sent, and noted the outcome."""
        return self.within + self.noting


class Remaining(NamedTuple):
    """Letters of a complaint that have not left yet, or are not known to have arrived."""

    to_leave: int
    to_arrive: int
    next_in: float
    """Seconds until it is worth trying again."""
    to_enclose: int = 0
    """Letters that wait for an enclosure."""


class Raised(NamedTuple):
    """Why a letter is raised to the Complaints Manager; `file`: where one to be sent by hand lies."""

    how: How
    reason: str
    file: str = ""


class Attempt(NamedTuple):
    """A letter as it is kept and as it is sent; `claim`: where it is leased, by whom."""

    row: LetterRow
    letter: OutboundLetter
    claim: str | None


class CircuitBreaker:
    """Which channels are down and left alone for a while. Used from several threads, a single step each."""

    def __init__(self) -> None:
        self._open_until: dict[str, float] = {}

    def open(self, channel: str) -> None:
        """The channel is down: leave it alone for `LEFT_ALONE_FOR`."""
        self._open_until[channel] = monotonic() + LEFT_ALONE_FOR

    def is_open(self, channel: str) -> bool:
        """Whether the channel is left alone now."""
        return self._open_until.get(channel, 0.0) > monotonic()

    def close(self) -> None:
        """Try every channel again."""
        self._open_until.clear()


class LetterDispatcher:
    """The letters of a register, and the channels they leave by. Used from several threads and processes."""

    def __init__(
        self,
        register: Register,
        channels: Channels,
        limits: SendLimits | None = None,
        content: EnclosedContent | None = None,
    ) -> None:
        """`content`: what is in enclosures; without, no letter with any leaves."""
        self.register = register
        self.content = content
        self.channels = channels
        self.limits = limits or SendLimits()
        self.breaker = CircuitBreaker()
        self.drafts = DraftWriter(register, texts="text" in channels.by_route)

    # --- writing ---------------------------------------------------------------------------------

    def write(
        self,
        db: Connection,
        case: Case,
        effects: list[tuple[dict[str, Any], date]],
        *,
        again: bool = False,
        rounds: Mapping[tuple[str, str], int] = {},
    ) -> bool:
        """Write the letters of effects, each dated as said, and keep them; whether all could be written.

        Within the transaction that records the effects: then a letter is there once, and never lost. What
        waits for an enclosure is noted as such. `again`: they could not be written before, or are written
        anew; `rounds`: the how manieth time.
        """
        done = letter_store.written(db, case.reference)
        directory = directory_of(self.register, db, case)
        lookup = EnclosureLookup(self.register, db)
        new: list[NewLetter] = []
        all_written, texts = True, "text" in self.channels.by_route
        for effect, on in effects:
            if "draft" in effect["facts"]:
                continue  # an approved draft is written by itself
            try:
                if effect["template"] == FOLLOW_UP:  # it looks at what the one before it left without
                    self._put(db, case, new, done, rounds)
                if effect["template"] in ABOUT_DRAFTS:
                    lacks = lacking(case, effect["facts"], on, directory, lookup)
                    effect = {**effect, "facts": {**effect["facts"], "draft_lacks": lacks}}
                enclosing = lookup.of(case, effect)
                then = case.as_if_leaving(effect["key"], on) if enclosing and again else case
                letters = [*written(then, effect, on, texts=texts, directory=directory, enclosing=enclosing)]
            except Exception as error:  # a letter that cannot be written must not hold up the record
                what = f"{effect['template']} cannot be written: {type(error).__name__}"
                log.error("%s: %s", case.reference, what)  # its text could hold names: never logged
                letter_store.put_unwritten(db, case.reference, effect, on)
                all_written = False
                continue
            letters = [letter for letter in letters if (letter.key, letter.recipient) not in done]
            missing = [letter for letter in letters if letter.missing]
            letter_store.put_waiting(db, case.reference, missing, rounds)
            new += [letter for letter in letters if not letter.missing]
        self._put(db, case, new, done, rounds)
        return all_written

    def _put(
        self,
        db: Connection,
        case: Case,
        new: list[NewLetter],
        done: dict[tuple[str, str], int],
        rounds: Mapping[tuple[str, str], int],
    ) -> None:
        """Keep what is written; `done`: the positions of all that is."""
        last = max(done.values(), default=0)
        letter_store.put(db, self.register.cipher, case.reference, new, last, rounds)
        done |= {(letter.key, letter.recipient): last + at for at, letter in enumerate(new, 1)}
        new.clear()

    def _write_again(self, reference: str) -> bool:
        """Write the letters of a complaint that could not be written before; whether all could be now."""
        try:
            with self.register.writing() as db:
                recorded = self.register.case(db, reference)
                if recorded is None:
                    return True
                case, last = recorded
                today = max(last, london_date(datetime.now(UTC)))
                waiting = self.register.waiting_letters(db, reference, today)
                unwritten = letter_store.in_state(db, ("waiting",), reference)
                rounds = {(row.key, row.recipient): int(row.round or 0) for row in unwritten}
                self.register.forget_unwritten(db, reference)
                return self.write(db, case, waiting, again=True, rounds=rounds)
        except KeyDestroyed:  # erased: there is nobody left to write to
            return True

    def _write_approved(self, reference: str) -> bool:
        """Write the approved letters of a complaint that could not be written before; whether all are now."""
        try:
            with self.register.reading() as db:
                if not letter_store.in_state(db, letter_store.TO_APPROVE, reference):
                    return True
            with self.register.writing() as db:
                recorded = self.register.case(db, reference)
                if recorded is None:
                    return True
                case, last = recorded
                return self.drafts.see_to(db, case, max(last, london_date(datetime.now(UTC))))
        except KeyDestroyed:
            return True

    def _date_anew(self, reference: str, approved: Sequence[str]) -> None:
        """Write approved letters that no carrier took on their day as of today: their dates count from it.

        Not one of which a sender has, or had, a copy in hand: it may have left.
        """
        today = london_date(datetime.now(UTC))
        with self.register.reading() as db:
            rows = letter_store.of_drafts(db, reference, approved)
        held = {
            key
            for key in approved
            if (its := [row for row in rows if row.key == key])
            and all(row.state == "ready" and row.on_date < today for row in its)
        }
        if not held:
            return
        with suppress(KeyDestroyed), self.register.writing() as db:
            recorded = self.register.case(db, reference)
            if recorded is not None:
                recorded[0].state.advance(today)
                self.drafts.see_to(db, recorded[0], today, held)

    def _enclose_anew(self, reference: str, rows: list[LetterRow]) -> bool:
        """Take back letters that have not left and enclose what their readers may not, or need not, have now.

        Something was withheld, struck out, or attached in its place since they were written. They are written
        anew as others are that wait for an enclosure. Whether there were any.
        """
        ready = [row for row in rows if row.state == "ready" and row.sent_at is None]
        enclosing = [row for row in ready if self._envelope_of(row).enclosed]
        if not enclosing:
            return False
        with suppress(KeyDestroyed), self.register.writing() as db:
            recorded = self.register.case(db, reference)
            if recorded is None:
                return False
            case, last = recorded
            stale = [row for row in enclosing if not self._encloses_still(db, case, row, last)]
            drafted = {draft.key for draft in case.state.drafts if draft.left is None}
            gone = {"position": 0, "envelope": None, "text": None}
            for row in stale:
                again, state = int(row.round or 0) + 1, "approved" if row.key in drafted else "waiting"
                fresh = {**gone, "state": state, "round": again}
                letter_store.change(db, row, ("ready",), {"round": row.round}, **fresh)
            if any(row.key in drafted for row in stale):
                self.drafts.see_to(db, case, max(last, london_date(datetime.now(UTC))))
            return bool(stale)
        return False

    def _envelope_of(self, row: LetterRow) -> Recipient:
        try:
            return letter_store.recipient_of(self.register.cipher, row)
        except KeyDestroyed:
            return Recipient(subject="", sender="")

    def _encloses_still(self, db: Connection, case: Case, row: LetterRow, on: date) -> bool:
        """Whether a letter would enclose the same if it were written now; an approved draft: no less."""
        effect = next((each for each in case.state.effects if each.key == row.key), None)
        draft = next((each for each in case.state.drafts if each.key == row.key), None)
        if effect is not None:
            said = {"key": effect.key, "template": row.letter, "facts": effect.shown()}
        elif draft is not None and (found := effect_of(case, draft, on)) is not None:
            case, said = found
        else:
            return True
        enclosing = EnclosureLookup(self.register, db).of(case, said)
        directory = directory_of(self.register, db, case)
        try:
            letters = [*written(case, said, on, texts=False, directory=directory, enclosing=enclosing)]
        except Exception as error:  # it waits as what cannot be written does, and holds up no other letter
            log.error("%s: %s cannot be written anew: %s", case.reference, row.letter, type(error).__name__)
            return False
        now = next((each for each in letters if each.recipient == row.recipient), None)
        if now is None:
            return True
        before = [each.document for each in self._envelope_of(row).enclosed]
        after = [each.document for each in now.envelope.enclosed]
        if effect is None:
            return {*before} <= {*after}
        return not now.missing and after == before

    def left(self, reference: str, keys: Sequence[str]) -> list[LeftLetter]:
        """Which of the letters of these keys have left, and on which London date: the first of their copies.

        Copies for those who complain say so, for want of one that for an advocate.
        """
        posted = self._posted(reference)
        with self.register.reading() as db:
            rows = letter_store.told(db, letter_store.LetterFilter(reference), posted)
        left = []
        for key in keys:
            copies = _copies_that_count([row for row in rows if row.key == key])
            gone = [
                LeftLetter(mark=mark_of(row.key, row.recipient), on=_day_of(row).isoformat())
                for row in copies
                if row.shown in ("done", "arrived") and row.sent_at is not None
            ]
            left += sorted(gone, key=lambda each: each.on)[:1]
        return left

    def answers_left(self, reference: str, answers: Sequence[AnswerToLeave]) -> SentLetters:
        """What a complaint does not know of the letters with its answers, and of those with enclosures.

        Which copies have left after all, or later than it takes them to have, and on which London date; and
        which have not: refused, come back, of unknown fate, or not taken by any carrier on a later day still;
        or they wait for an enclosure. What lies in a folder has left where the authority says that it is
        posted daily, else when somebody says so; where it says that windows count from there
        (`folder_starts_windows`) as it was taken to. The copy for each of those who complain counts; for want
        of one that for their advocate.
        """
        council = self.register.authority_of(reference)
        starts_windows = council is not None and authority(council).folder_starts_windows
        posted = self._posted(reference)
        with self.register.reading() as db:
            rows = letter_store.told(db, letter_store.LetterFilter(reference), posted)
        news = SentLetters()
        for answer in answers:
            copies = [row for row in rows if row.key == answer.key]
            counting = copies if answer.everybody else _copies_that_count(copies)
            for row in copies:
                mark, kinds = mark_of(row.key, row.recipient), letter_store.kinds_missing(row)
                if kinds and kinds != answer.waits.get(mark):
                    is_copy = row not in counting
                    news.waiting.append(WaitingLetter(mark=mark, kinds=kinds, is_copy=is_copy))
            for row in counting:
                mark, on = mark_of(row.key, row.recipient), _day_of(row).isoformat()
                known = answer.left_later.get(mark, answer.left)
                if row.shown in ("done", "arrived"):
                    if mark in answer.not_left or on > known:
                        news.left.append(LeftLetter(mark=mark, on=on))
                elif letter_store.kinds_missing(row) or (answer.everybody and _is_for_them(row)):
                    continue  # it waits, or whoever said that it went to everybody sent that one themselves
                elif mark not in answer.not_left and (
                    _has_not_left(row, known, on) or (row.shown == "by_hand" and not starts_windows)
                ):
                    news.not_left.append(mark)
        return news

    def _posted(self, reference: str) -> list[str]:
        council = self.register.authority_of(reference)
        return [council] if council is not None and authority(council).folder_posted_daily else []

    # --- sending ---------------------------------------------------------------------------------

    def send(self, reference: str) -> Remaining:
        """Send what is ready of a complaint, and ask what became of what was taken. Gives what remains.

        Never in a transaction of the caller's: a channel may take its time. What is left after the budget of
        one attempt is for the next.
        """
        return self._send(reference, self._not_gone(reference))

    def write_and_send(self, reference: str, approved: Sequence[str] = ()) -> tuple[bool, Remaining]:
        """The same, once what could not be written before has been; also whether all are written now.

        `approved`: the keys of approved letters that may be among those.
        """
        if approved:
            self._date_anew(reference, approved)
        if approved and not self._write_approved(reference):
            return False, self.send(reference)
        rows = self._not_gone(reference)
        if self._enclose_anew(reference, rows):
            rows = self._not_gone(reference)
        if not any(row.state == "waiting" for row in rows):
            return True, self._send(reference, rows)
        return self._write_again(reference), self.send(reference)

    def _send(self, reference: str, rows: list[LetterRow]) -> Remaining:
        ends = monotonic() + SENDING_BUDGET.total_seconds()
        tried: set[tuple[str, str, str, int]] = set()
        while True:
            row = next((row for row in _first_in_line(rows) if _try_of(row) not in tried), None)
            if row is None or monotonic() > ends:
                return self._remaining(rows)
            tried.add(_try_of(row))
            self._deal_with(row)
            rows = self._not_gone(reference)

    def _not_gone(self, reference: str) -> list[LetterRow]:
        with self.register.reading() as db:
            return letter_store.in_state(db, NOT_GONE, reference)

    def _deal_with(self, row: LetterRow) -> None:
        try:
            letter = self._letter_of(row)
        except KeyDestroyed:
            with self.register.writing() as db:
                letter_store.change(db, row, letter_store.OPEN, state="erased", envelope=None, text=None)
            return
        if row.state == "ready":
            self._send_one(Attempt(row, letter, claim=None))
        elif row.state == "sending" and letter_store.age_of(row.claimed_at) > self.limits.lease:
            self._look_for(Attempt(row, letter, row.claim))
        elif row.state == "accepted":
            self._ask_after(Attempt(row, letter, row.claim))

    def _send_one(self, attempt: Attempt) -> None:
        """Lease a letter and send it; whatever happens, it is one of five things."""
        letter = attempt.letter
        beyond = letter.route == "none" and bool(letter.recipient.routes) and letter.name != UNDELIVERED
        channel = self.channels.outbox if beyond else self.channels.channel(letter.route)
        if channel is None:
            self._give_up(attempt, letter.recipient.why_no_route or NO_CHANNEL)
            return
        if self.breaker.is_open(channel.name):
            self._put_off(attempt)
            return
        with ExitStack() as stack:
            whole = self._with_enclosures(attempt, stack)
            if whole is not None and beyond:
                self._by_hand(whole)
            elif whole is not None:
                self._hand_over(whole, channel)

    def _with_enclosures(self, attempt: Attempt, stack: ExitStack) -> Attempt | None:
        """The letter with what it encloses at hand; None: it cannot leave with it, now or ever."""
        letter = attempt.letter
        if not letter.enclosures:
            return attempt
        if self.breaker.is_open(ENCLOSURES):
            self._put_off(attempt, attempt.row.reason or "its enclosures could not be read a moment ago")
            return None
        try:
            if self.content is None:
                raise StoreUnavailable("no document store is set here")
            at_hand = self.content.fetched(letter.enclosures, stack)
        except StoreUnavailable as error:
            self.breaker.open(ENCLOSURES)
            log.warning("%s: an enclosure cannot be read now: %s", letter.reference, error)
            self._put_off(attempt, "the document store, where its enclosures lie, cannot be reached")
        except CannotScan:
            self.breaker.open(ENCLOSURES)
            self._put_off(attempt, "ClamAV, which looks into an enclosure first, cannot be reached")
        except Infected:
            self._give_up(attempt, INFECTED)
        except Unreadable:
            give_up = self._give_up if self._is_old(attempt.row) else self._put_off
            give_up(attempt, NOT_THERE)
        else:
            return attempt._replace(letter=letter._replace(enclosures=at_hand))
        return None

    def _hand_over(self, attempt: Attempt, channel: Channel) -> None:
        letter = attempt.letter
        with self.register.writing() as db:
            claim = letter_store.lease(db, attempt.row, channel.name)
        if claim is None:
            return  # somebody else has it
        attempt = attempt._replace(claim=claim)
        try:
            accepted = channel.send(letter)
        except NotNow as failure:
            self._requeue(attempt, channel, failure)
        except Refused as failure:
            self._try_fallback(attempt, failure)
        except Unsure as failure:
            self._outcome_unknown(attempt, channel, failure.reason)
        except Exception as error:  # a fault of ours: nobody knows how far it came
            log.exception("%s: a fault while a letter was sent", letter.reference)
            self._outcome_unknown(attempt, channel, f"a fault of the software: {type(error).__name__}")
        else:
            self._accepted(attempt, accepted)

    def _accepted(self, attempt: Attempt, accepted: Accepted) -> None:
        values = {"place": accepted.place, "sent_at": datetime.now(UTC), "reason": None}
        self._record(attempt, "sent" if accepted.arrived else "accepted", values)
        self.channels.outbox.remove_by_hand(attempt.letter)

    def _record(
        self, attempt: Attempt, state: State, values: Mapping[str, object], raises: Raised | None = None
    ) -> None:
        """Keep what became of a letter, and raise it where asked: worth some patience with the register."""
        more = {} if raises is None else {"raised_at": datetime.now(UTC)}
        for pause in (0.2, 1.0, 3.0):
            try:
                with self.register.writing() as db:
                    done = letter_store.end(db, attempt.row, attempt.claim, state, **values, **more)
                    if done and raises is not None:
                        self._raise(db, attempt, raises)
                return
            except SQLAlchemyError:
                sleep(pause)
        log.error("%s: what became of a letter could not be written down", attempt.row.reference)

    def _requeue(self, attempt: Attempt, channel: Channel, failure: NotNow) -> None:
        """Not now. After some days somebody is told, and a letter that alone is refused is given up."""
        reason = failure.reason
        log.warning("%s: %s did not leave: %s", attempt.letter.reference, attempt.letter.name, reason)
        if failure.down:
            self.breaker.open(channel.name)
        elif self._is_old(attempt.row):
            self._give_up(attempt, reason)
            return
        self._record(attempt, "ready", {"reason": reason, "claim": None}, self._late(attempt.row, reason))

    def _put_off(self, attempt: Attempt, reason: str = "") -> None:
        """What it needs is down: it counts as a try, and after some days somebody is told.

        `reason`: where nobody has said yet why it does not leave.
        """
        row = attempt.row
        why = reason or row.reason or "what it leaves by cannot be reached"
        values = {"attempts": (row.attempts or 0) + 1, "tried_at": row.tried_at or datetime.now(UTC)}
        self._record(attempt, "ready", {**values, "reason": why}, self._late(row, why))

    def _is_old(self, row: LetterRow) -> bool:
        return letter_store.age_of(row.tried_at) > self.limits.days * DAY

    def _late(self, row: LetterRow, reason: str) -> Raised | None:
        return Raised("late", reason) if self._is_old(row) and row.raised_at is None else None

    def _try_fallback(self, attempt: Attempt, failure: DeliveryError) -> None:
        """Refused for good: by another route where there is one, else it is for a person.

        What only was too large goes by hand then.
        """
        letter, reason = attempt.letter, failure.reason
        fallback = self.channels.fallback(letter.route, letter.recipient)
        if fallback is None and isinstance(failure, TooLarge):
            fallback = "none"
        if fallback is None:
            self._give_up(attempt, reason)
            return
        log.warning("%s: %s goes by %s: %s", letter.reference, letter.name, fallback, reason)
        fresh = {"means": fallback, "claim": None, "attempts": 0, "tried_at": None, "place": None}
        self._record(attempt, "ready", {"reason": reason, **fresh})

    def _give_up(self, attempt: Attempt, reason: str) -> None:
        """It cannot leave: the Complaints Manager is told, at the worst by a letter in the outbox."""
        if attempt.letter.name == UNDELIVERED and self._write_to_outbox(attempt):
            return
        log.error("%s: %s could not be delivered: %s", attempt.letter.reference, attempt.letter.name, reason)
        self._record(attempt, "failed", {"reason": reason}, Raised("failed", reason))

    def _by_hand(self, attempt: Attempt) -> None:
        """No channel can carry it: it lies ready to be printed, and somebody is to send it by a day.

        Until they say that they have it has not left, and what counts from it waits.
        """
        from redress.letters.printing import lay, print_ready  # here: most workers never come to it

        letter, outbox = attempt.letter, self.channels.outbox
        reason = str(attempt.row.reason or "no channel can carry it")
        with self.register.writing() as db:
            claim = letter_store.lease(db, attempt.row, outbox.name)
        if claim is None:
            return
        attempt = attempt._replace(claim=claim)
        try:
            place = lay(outbox, letter, print_ready(letter))
        except OSError as error:
            self._requeue(
                attempt, outbox, NotNow(f"the outbox cannot be used: {type(error).__name__}", down=True)
            )
        except Exception as error:  # a fault of ours: it can still be read, and raised
            log.exception("%s: a letter could not be made ready to print", letter.reference)
            self._give_up(attempt, f"{reason}; and it could not be printed: {type(error).__name__}")
        else:
            log.warning("%s: %s is to be sent by hand: %s", letter.reference, letter.name, reason)
            values = {"place": place, "reason": reason}
            self._record(attempt, "failed", values, Raised("by_hand", reason, place))

    def _write_to_outbox(self, attempt: Attempt) -> bool:
        outbox = self.channels.outbox
        try:
            accepted = outbox.send(attempt.letter)
        except NotNow:
            return False
        values = {"place": accepted.place, "sent_at": datetime.now(UTC), "channel": outbox.name}
        self._record(attempt, "sent", values)
        return True

    def _outcome_unknown(self, attempt: Attempt, channel: Channel, reason: str) -> None:
        """Nobody said whether it was taken. Who can be asked is asked, once it is certain to be over."""
        self.breaker.open(channel.name)
        try:
            accepted = channel.find(attempt.letter)
        except CannotAsk:
            self._unsure(attempt, reason)
        except NotNow:
            return  # it stays in hand until it can be asked
        else:
            if accepted is not None:
                self._accepted(attempt, accepted)

    def _unsure(self, attempt: Attempt, reason: str) -> None:
        letter = attempt.letter
        log.error("%s: it is not known whether %s left: %s", letter.reference, letter.name, reason)
        self._record(attempt, "unsure", {"reason": reason}, Raised("unsure", reason))

    # --- asking ----------------------------------------------------------------------------------

    def _look_for(self, attempt: Attempt) -> None:
        """Find out whether somebody who is gone had sent a letter before."""
        row, letter = attempt.row, attempt.letter
        channel = self.channels.named(str(row.channel))
        try:
            if channel is None or letter_store.age_of(row.claimed_at) > ASKED_FOR_DAYS * DAY:
                raise CannotAsk
            accepted = channel.find(letter)
        except CannotAsk:
            self._unsure(
                attempt, "whoever was handing it over stopped before they could say what became of it"
            )
        except NotNow as failure:
            log.warning("%s: %s", letter.reference, failure.reason)
        else:
            if accepted is not None:
                self._accepted(attempt, accepted)
            else:
                self._record(attempt, "ready", {"claim": None})

    def _ask_after(self, attempt: Attempt) -> None:
        """What became of a letter that was taken."""
        channel = self.channels.named(str(attempt.row.channel))
        try:
            if channel is None:
                raise CannotAsk
            arrived = channel.has_arrived(str(attempt.row.place))
        except Refused as failure:
            self._try_fallback(attempt, failure)
        except Lost as failure:
            self._send_anew(attempt, failure)
        except CannotAsk as unknown:
            self._unsure(attempt, str(unknown) or "it was taken, and nobody ever said whether it arrived")
        except NotNow as failure:
            log.warning("%s: %s", attempt.letter.reference, failure.reason)
        else:
            if arrived:
                self._record(attempt, "sent", {})

    def _send_anew(self, attempt: Attempt, failure: Lost) -> None:
        """It was lost under way: as another letter, since under its token it is found as the lost one."""
        lost, reason = attempt.row.round or 0, failure.reason
        if lost >= MOST_LOST:
            self._try_fallback(attempt, failure)
            return
        log.warning("%s: %s is sent anew: %s", attempt.letter.reference, attempt.letter.name, reason)
        self._record(attempt, "ready", {"round": lost + 1, "claim": None, "place": None, "reason": reason})

    # --- printing --------------------------------------------------------------------------------

    def printed(self, row: LetterRow) -> tuple[OutboundLetter, PrintReady]:
        """A letter that is written for good, and what it is printed from, whatever became of it.

        Raises `KeyDestroyed`, and as `EnclosedContent.fetched` where an enclosure cannot be read.
        """
        from redress.letters.printing import print_ready  # here: most workers never come to it

        letter = self._letter_of(row)
        return letter, print_ready(letter)

    # --- raising ---------------------------------------------------------------------------------

    def _raise(self, db: Connection, attempt: Attempt, raises: Raised) -> None:
        """A letter to the Complaints Manager about a letter: which one, to whom, since when, what to do."""
        row = attempt.row
        if row.letter == UNDELIVERED:
            return
        recorded = self.register.case(db, row.reference)
        if recorded is None:
            return
        case, today = recorded[0], london_date(datetime.now(UTC))
        send_by = hand_day(case.state.calendar, today) if raises.how == "by_hand" else None
        effect = notice(
            attempt.letter, row.round or 0, raises.how, raises.reason, send_by=send_by, file=raises.file
        )
        self.write(db, case, [(effect, today)])

    # --- what else -------------------------------------------------------------------------------

    def _letter_of(self, row: LetterRow) -> OutboundLetter:
        """A row as a channel gets it. Raises `KeyDestroyed` where the complaint was erased."""
        cipher = self.register.cipher
        recipient = letter_store.recipient_of(cipher, row)
        return OutboundLetter(
            reference=row.reference,
            key=row.key,
            role=row.recipient,
            name=row.letter,
            on=row.on_date,
            route=row.means,
            token=letter_store.token_of(cipher, row),
            recipient=recipient,
            text=letter_store.text_of(cipher, row),
            authority=self.register.authority_of(row.reference) or "",
            enclosures=_enclosures(self.content, row.reference, recipient),
        )

    def _remaining(self, rows: list[LetterRow]) -> Remaining:
        pauses = [self._pause(row) for row in _first_in_line(rows)]  # those behind them wait for them
        of_state = Counter(row.state for row in rows)
        to_enclose = sum(bool(letter_store.kinds_missing(row)) for row in rows)
        if to_enclose:
            pauses.append(LOOKED_AGAIN_AFTER)
        return Remaining(
            to_leave=of_state["ready"] + of_state["sending"],
            to_arrive=of_state["accepted"],
            next_in=min(pauses, default=0.0),
            to_enclose=to_enclose,
        )

    def _pause(self, row: LetterRow) -> float:
        """Seconds until a letter is worth another look."""
        if row.state == "sending":
            return max(self.limits.lease - letter_store.age_of(row.claimed_at) + 1, LEFT_ALONE_FOR)
        if row.state == "accepted":
            age = letter_store.age_of(row.sent_at)
            return 30.0 if age < 600 else 300.0 if age < 7200 else LONGEST_PAUSE
        return float(min(2 ** min(row.attempts or 0, 12), LONGEST_PAUSE))


def _enclosures(
    content: EnclosedContent | None, reference: str, recipient: Recipient
) -> tuple[Enclosure, ...]:
    """What leaves with a letter; without a store it is named, and cannot be read."""
    if content is not None:
        return content.of(reference, recipient)
    return tuple(Enclosure(each.name, each.media_type, each.size, _no_content) for each in recipient.enclosed)


def _no_content() -> Iterator[bytes]:
    raise StoreUnavailable("no document store is set here")


def _first_in_line(rows: list[LetterRow]) -> Iterator[LetterRow]:
    """Of each recipient's written letters the first that has not left; and all that are heard of later."""
    served: set[str] = set()
    for row in (row for row in rows if row.state in letter_store.OPEN):
        if row.state == "accepted":
            yield row
        elif row.recipient not in served:
            served.add(row.recipient)
            yield row


def _try_of(row: LetterRow) -> tuple[str, str, str, int]:
    """What is tried once in one go: a letter, by one route, in one round."""
    return (row.key, row.recipient, str(row.means), row.round or 0)


def _copies_that_count(rows: Sequence[LetterRow]) -> list[LetterRow]:
    """Of the copies of a letter those that say whether somebody has it: their own, else their advocate's."""
    copies = {row.recipient: row for row in rows}
    counts = {whose(reader): copies[reader] for reader in reversed(READERS) if reader in copies}
    return [counts[number] for number in sorted(counts, key=lambda number: number or 0)]


def _day_of(row: LetterRow) -> date:
    """The London date on which a letter left, as far as it has; else today."""
    on: date = row.on_date
    return max(on, london_date(row.sent_at or datetime.now(UTC)))


def _is_for_them(row: LetterRow) -> bool:
    """Whether a copy has no way of its own, and nobody was told to send it by hand."""
    return row.means == "none" and not row.place


def _has_not_left(row: LetterRow, taken: str, today: str) -> bool:
    """Whether a copy failed, came back or is of unknown fate, or waits for a carrier since another day.

    `taken`: the London date on which the complaint takes it to have left.
    """
    waits = row.state in ("ready", "sending") and not row.sent_at and today > taken
    return row.state in letter_store.RAISED or waits
