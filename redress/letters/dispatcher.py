"""Letters on their way out: each is leased by one sender, sent once, and what became of it is kept.

Letters of one complaint to one recipient leave in the order of their causes. What is certain not to have
left is tried again; what nobody can be sure of is not: it is raised to the Complaints Manager, as is what can
never leave. A letter that failed or is unsure holds up no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from threading import Lock
from time import monotonic, sleep
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from redress.contract import SENDING_BUDGET, START_TO_CLOSE
from redress.domain.case import Case
from redress.domain.london import london_date
from redress.letters.addressing import written
from redress.letters.delivery.channel import Accepted, CannotAsk, Channel, Lost, NotNow, Refused, Unsure
from redress.letters.delivery.channels import Channels
from redress.letters.delivery.notice import UNDELIVERED, How, notice
from redress.letters.delivery.outbound import OutboundLetter
from redress.store import letters as kept
from redress.store.key_store import KeyDestroyed
from redress.store.letters import Kept
from redress.store.register import Register

log = logging.getLogger(__name__)

REST = 5.0
"""Seconds for which a channel that is down is left alone, so that not every errand waits for it."""

LONGEST_PAUSE = 3600.0
"""Seconds between two tries, at most."""

ASKED_FOR_DAYS = 6.0
"""Days within which GOV.UK Notify can be asked what it has; it forgets after seven."""

MOST_LOST = 2
"""How often a letter that was lost under way is handed over anew before it goes another way or is raised."""

DAY = 86_400.0


class SendLimits(NamedTuple):
    """`within`: seconds one letter may take; `days`: how long it is tried before somebody is told.

    `noting`: seconds that noting what became of it may take.
    """

    within: float = 20.0
    days: float = 2.0
    noting: float = START_TO_CLOSE.total_seconds()

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


class LetterDispatcher:
    """The letters of a register, and the channels they leave by. Used from several threads and processes."""

    def __init__(self, register: Register, routes: Channels, patience: SendLimits | None = None) -> None:
        self.register = register
        self.routes = routes
        self.patience = patience or SendLimits()
        self._resting: dict[str, float] = {}
        self._lock = Lock()

    # --- writing ---------------------------------------------------------------------------------

    def write(self, db: Connection, case: Case, effects: list[tuple[dict[str, Any], date]]) -> bool:
        """Write the letters of effects, each dated as said, and keep them; whether all could be written.

        Within the transaction that records the effects: then a letter is there once, and never lost.
        """
        done = kept.written(db, case.reference, [effect["key"] for effect, _ in effects])
        could = True
        for effect, on in effects:
            try:
                made = [*written(case, effect, on, texts=self.routes.text is not None)]
            except Exception as error:  # a letter that cannot be written must not hold up the record
                what = f"{effect['template']} cannot be written: {type(error).__name__}"
                log.error("%s: %s", case.reference, what)  # its text could hold names: never logged
                kept.put_unwritten(db, case.reference, effect, on)
                could = False
                continue
            new = [each for each in made if (each.key, each.recipient) not in done]
            kept.put(db, self.register.cipher, case.reference, new)
        return could

    def write_again(self, reference: str) -> bool:
        """Write the letters of a complaint that could not be written before; whether all are written now."""
        with self.register.reading() as db:
            if not self.register.waiting_letters(db, reference):
                return True
        try:
            with self.register.writing() as db:
                waiting = self.register.waiting_letters(db, reference)
                found = self.register.case(db, reference)
                if found is None:
                    return True
                self.register.forget_unwritten(db, reference)
                return self.write(db, found[0], waiting)
        except KeyDestroyed:  # erased: there is nobody left to write to
            return True

    # --- sending ---------------------------------------------------------------------------------

    def send(self, reference: str) -> Remaining:
        """Send what is ready of a complaint, and ask what became of what was taken. Gives what remains.

        Never in a transaction of the caller's: a channel may take its time. What is left after the budget of
        one attempt is for the next.
        """
        ends = monotonic() + SENDING_BUDGET.total_seconds()
        tried: set[tuple[str, str, str, int]] = set()
        while True:
            rows = self._open(reference)
            row = next((row for row in _first_in_line(rows) if _try_of(row) not in tried), None)
            if row is None or monotonic() > ends:
                return self._remaining(rows)
            tried.add(_try_of(row))
            self._see_to(row)

    def _open(self, reference: str) -> list[Kept]:
        with self.register.reading() as db:
            return kept.in_state(db, kept.OPEN, reference)

    def _see_to(self, row: Kept) -> None:
        try:
            parcel = self._parcel(row)
        except KeyDestroyed:
            with self.register.writing() as db:
                kept.change(db, row, kept.OPEN, state="erased", envelope=None, text=None)
            return
        if row.state == "ready":
            self._hand_over(row, parcel)
        elif row.state == "sending" and kept.age_of(row.claimed_at) > self.patience.lease:
            self._look_for(row, parcel)
        elif row.state == "accepted":
            self._ask_after(row, parcel)

    def _hand_over(self, row: Kept, parcel: OutboundLetter) -> None:
        """Take a letter in hand and hand it over; whatever happens, it is one of five things."""
        channel = self.routes.channel(parcel.means)
        if channel is None:
            self._give_up(row, parcel, parcel.envelope.why_none or "no channel takes it: see the settings")
            return
        if self._rests(channel):
            self._let_wait(row, parcel)
            return
        with self.register.writing() as db:
            claim = kept.claim(db, row, channel.name)
        if claim is None:
            return  # somebody else has it
        try:
            handed = channel.send(parcel)
        except NotNow as no:
            self._put_back(row, parcel, claim, channel, no)
        except Refused as no:
            self._go_another_way(row, parcel, claim, no.reason)
        except Unsure as no:
            self._leave_open(row, parcel, claim, channel, no.reason)
        except Exception as error:  # a fault of ours: nobody knows how far it came
            log.exception("%s: a fault while a letter was handed over", parcel.reference)
            self._leave_open(row, parcel, claim, channel, f"a fault of the software: {type(error).__name__}")
        else:
            self._taken(row, claim, handed)

    def _taken(self, row: Kept, claim: str | None, handed: Accepted) -> None:
        state: kept.State = "sent" if handed.arrived else "accepted"
        values = {"place": handed.place, "sent_at": datetime.now(UTC), "reason": None}
        self._write_down(row, lambda db: kept.settle(db, row, claim, state, **values))

    def _write_down(self, row: Kept, what: Callable[[Connection], object]) -> None:
        """Keep what became of a letter that was handed over: worth some patience with the register."""
        for pause in (0.2, 1.0, 3.0):
            try:
                with self.register.writing() as db:
                    what(db)
                return
            except SQLAlchemyError:
                sleep(pause)
        log.error("%s: what became of a letter could not be written down", row.reference)

    def _put_back(self, row: Kept, parcel: OutboundLetter, claim: str, channel: Channel, no: NotNow) -> None:
        """Not now. After some days somebody is told, and a letter that alone is refused is given up."""
        log.warning("%s: %s did not leave: %s", parcel.reference, parcel.letter, no.reason)
        if no.down:
            with self._lock:
                self._resting[channel.name] = monotonic() + REST
        is_old = kept.age_of(row.tried_at) > self.patience.days * DAY
        if is_old and not no.down:
            self._give_up(row, parcel, no.reason, claim)
            return
        tell = is_old and row.raised_at is None
        raised = {"raised_at": datetime.now(UTC)} if tell else {}

        def put_back(db: Connection) -> None:
            done = kept.settle(db, row, claim, "ready", reason=no.reason, claim=None, **raised)
            if done and tell:
                self._tell(db, row, parcel, "late", no.reason)

        self._write_down(row, put_back)

    def _let_wait(self, row: Kept, parcel: OutboundLetter) -> None:
        """The channel was down a moment ago: it counts as a try, and after some days somebody is told."""
        now = datetime.now(UTC)
        tell = kept.age_of(row.tried_at) > self.patience.days * DAY and row.raised_at is None
        values: dict[str, object] = {"attempts": (row.attempts or 0) + 1, "tried_at": row.tried_at or now}
        with self.register.writing() as db:
            done = kept.change(db, row, ("ready",), **values, **({"raised_at": now} if tell else {}))
            if done and tell:
                self._tell(db, row, parcel, "late", "what it leaves by cannot be reached")

    def _go_another_way(self, row: Kept, parcel: OutboundLetter, claim: str | None, reason: str) -> None:
        """Refused for good: by another means where there is one, else it is for a person."""
        instead = self.routes.instead(parcel.means, parcel.envelope)
        if instead is None:
            self._give_up(row, parcel, reason, claim)
            return
        log.warning("%s: %s goes by %s: %s", parcel.reference, parcel.letter, instead, reason)
        fresh = {"means": instead, "claim": None, "attempts": 0, "tried_at": None, "place": None}
        self._write_down(row, lambda db: kept.settle(db, row, claim, "ready", reason=reason, **fresh))

    def _give_up(self, row: Kept, parcel: OutboundLetter, reason: str, claim: str | None = None) -> None:
        """It cannot leave: the Complaints Manager is told, at the worst by a letter in the outbox."""
        if parcel.letter == UNDELIVERED and self._lay_down(row, parcel, claim):
            return
        log.error("%s: %s could not be delivered: %s", parcel.reference, parcel.letter, reason)
        values = {"reason": reason, "raised_at": datetime.now(UTC)}

        def give_up(db: Connection) -> None:
            if kept.end(db, row, claim, "failed", **values):
                self._tell(db, row, parcel, "failed", reason)

        self._write_down(row, give_up)

    def _lay_down(self, row: Kept, parcel: OutboundLetter, claim: str | None) -> bool:
        outbox = self.routes.outbox
        try:
            handed = outbox.send(parcel)
        except NotNow:
            return False
        values = {"place": handed.place, "sent_at": datetime.now(UTC), "channel": outbox.name}
        self._write_down(row, lambda db: kept.end(db, row, claim, "sent", **values))
        return True

    def _leave_open(
        self, row: Kept, parcel: OutboundLetter, claim: str, channel: Channel, reason: str
    ) -> None:
        """Nobody said whether it was taken. Who can be asked is asked, once it is certain to be over."""
        with self._lock:
            self._resting[channel.name] = monotonic() + REST
        try:
            found = channel.find(parcel)
        except CannotAsk:
            self._unsure(row, parcel, claim, reason)
        except NotNow:
            return  # it stays in hand until it can be asked
        else:
            if found is not None:
                self._taken(row, claim, found)

    def _unsure(self, row: Kept, parcel: OutboundLetter, claim: str | None, reason: str) -> None:
        log.error("%s: it is not known whether %s left: %s", parcel.reference, parcel.letter, reason)
        values = {"reason": reason, "raised_at": datetime.now(UTC)}

        def unsure(db: Connection) -> None:
            if kept.settle(db, row, claim, "unsure", **values):
                self._tell(db, row, parcel, "unsure", reason)

        self._write_down(row, unsure)

    # --- asking ----------------------------------------------------------------------------------

    def _look_for(self, row: Kept, parcel: OutboundLetter) -> None:
        """Find out whether somebody who is gone had handed a letter over before."""
        channel = self.routes.named(str(row.channel))
        gone = "whoever was handing it over stopped before they could say what became of it"
        if channel is None or kept.age_of(row.claimed_at) > ASKED_FOR_DAYS * DAY:
            self._unsure(row, parcel, row.claim, gone)
            return
        try:
            found = channel.find(parcel)
        except CannotAsk:
            self._unsure(row, parcel, row.claim, gone)
        except NotNow as no:
            log.warning("%s: %s", parcel.reference, no.reason)
        else:
            if found is not None:
                self._taken(row, row.claim, found)
                return
            self._write_down(row, lambda db: kept.settle(db, row, row.claim, "ready", claim=None))

    def _ask_after(self, row: Kept, parcel: OutboundLetter) -> None:
        """What became of a letter that was taken."""
        channel = self.routes.named(str(row.channel))
        try:
            if channel is None:
                raise CannotAsk
            arrived = channel.has_arrived(str(row.place))
        except Refused as no:
            self._go_another_way(row, parcel, row.claim, no.reason)
        except Lost as no:
            self._hand_over_anew(row, parcel, no.reason)
        except CannotAsk:
            self._unsure(row, parcel, row.claim, "it was taken, and nobody ever said whether it arrived")
        except NotNow as no:
            log.warning("%s: %s", parcel.reference, no.reason)
        else:
            if arrived:
                self._write_down(row, lambda db: kept.settle(db, row, row.claim, "sent"))

    def _hand_over_anew(self, row: Kept, parcel: OutboundLetter, reason: str) -> None:
        """It was lost under way: as another letter, since under its token it is found as the lost one."""
        if (row.round or 0) >= MOST_LOST:
            self._go_another_way(row, parcel, row.claim, reason)
            return
        log.warning("%s: %s is handed over anew: %s", parcel.reference, parcel.letter, reason)
        anew = {"round": (row.round or 0) + 1, "claim": None, "place": None, "reason": reason}
        self._write_down(row, lambda db: kept.settle(db, row, row.claim, "ready", **anew))

    # --- telling ---------------------------------------------------------------------------------

    def _tell(self, db: Connection, row: Kept, parcel: OutboundLetter, how: How, reason: str) -> None:
        """A letter to the Complaints Manager about a letter: which one, to whom, since when, what to do."""
        if parcel.letter == UNDELIVERED:
            return
        found = self.register.case(db, parcel.reference)
        if found is None:
            return
        effect = notice(
            key=row.key,
            recipient=row.recipient,
            letter=row.letter,
            on=row.on_date,
            means=row.means,
            round_=row.round or 0,
            how=how,
            reason=reason,
        )
        self.write(db, found[0], [(effect, london_date(datetime.now(UTC)))])

    # --- what else -------------------------------------------------------------------------------

    def _parcel(self, row: Kept) -> OutboundLetter:
        """A row as a channel gets it. Raises `KeyDestroyed` where the complaint was erased."""
        cipher = self.register.cipher
        which = [row.reference, row.key, row.recipient, row.round, row.means]
        return OutboundLetter(
            reference=row.reference,
            key=row.key,
            recipient=row.recipient,
            letter=row.letter,
            on=row.on_date,
            means=row.means,
            token=cipher.digest(which, row.reference)[:32],
            envelope=kept.recipient_of(cipher, row),
            text=kept.text_of(cipher, row),
        )

    def _rests(self, channel: Channel) -> bool:
        with self._lock:
            return self._resting.get(channel.name, 0.0) > monotonic()

    def _remaining(self, rows: list[Kept]) -> Remaining:
        pauses = [self._pause(row) for row in _first_in_line(rows)]  # those behind them wait for them
        to_arrive = sum(row.state == "accepted" for row in rows)
        return Remaining(len(rows) - to_arrive, to_arrive, min(pauses, default=0.0))

    def _pause(self, row: Kept) -> float:
        """Seconds until a letter is worth another look."""
        if row.state == "sending":
            return max(self.patience.lease - kept.age_of(row.claimed_at) + 1, REST)
        if row.state == "accepted":
            age = kept.age_of(row.sent_at)
            return 30.0 if age < 600 else 300.0 if age < 7200 else LONGEST_PAUSE
        return float(min(2 ** min(row.attempts or 0, 12), LONGEST_PAUSE))


def _first_in_line(rows: list[Kept]) -> Iterator[Kept]:
    """Of each recipient's letters the first that has not left; and those of which it is heard later."""
    served: set[str] = set()
    for row in rows:
        if row.state == "accepted":
            yield row
        elif row.recipient not in served:
            served.add(row.recipient)
            yield row


def _try_of(row: Kept) -> tuple[str, str, str, int]:
    """What is tried once in one go: a letter, by one means, in one round."""
    return (row.key, row.recipient, str(row.means), row.round or 0)
