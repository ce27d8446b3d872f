"""What a complaint has given rise to: letters, reminders, breaches and parts, in the order they came up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

from redress.domain.deadline import Deadline
from redress.domain.deadlines import Deadlines
from redress.domain.effects import Effect, EffectKind, Fact
from redress.domain.facts import facts_of, next_step, step_of, to_the_ombudsman
from redress.domain.log import LogEntry

CHASE = "chase"
"""The letter that tells the Complaints Manager again of everything that is late."""


class EffectLog:
    """The effects of one complaint. Each has a key that stays the same however often they are made anew.

    `by_clock` says whether time causes what is added now, or a message. `knew_on`: when the person knew of
    the matter; the Ombudsman's time counts from it.
    """

    def __init__(self, deadlines: Deadlines, knew_on: date) -> None:
        self.by_clock = False
        self._deadlines = deadlines
        self.knew_on = knew_on
        self.heard: list[LogEntry] = []
        """The messages that were taken, in the order of their dates."""
        self._effects: list[Effect] = []
        self._completed = 0
        self._chased = ""  # the key of the latest chase

    def __iter__(self) -> Iterator[Effect]:
        return iter(self._effects)

    def next_step(self, besides: Deadline | None = None) -> Fact:
        """The date by which something happens next, what, and who owes it."""
        return next_step(self._deadlines, self.knew_on, besides)

    def nothing_more(self) -> Fact:
        """What is next for somebody for whom it does not go on: by when to go to the Ombudsman."""
        return to_the_ombudsman(self._deadlines, self.knew_on)

    def add_next_steps(self) -> None:
        """Complete the effects that came up since this was last done: each says what happens next."""
        for effect in self._effects[self._completed :]:
            if "next" not in effect.facts:
                effect.facts["next"] = self.next_step()
        self._completed = len(self._effects)

    # --- that time causes ------------------------------------------------------------------------

    def remind(self, deadline: Deadline, number: int, **more: Fact) -> None:
        """Whoever owes something is reminded of it."""
        facts = facts_of(self._deadlines, deadline) | {"next": step_of(deadline)} | more
        key = f"reminder:{deadline.name}:{deadline.due_on}:{number}"
        self._add(key, "reminder", deadline.limit.remind_letter, facts)

    def breach(self, deadline: Deadline) -> None:
        """A limit has run out."""
        key = f"breach:{deadline.name}:{deadline.due_on}"
        self._add(key, "breach", "", facts_of(self._deadlines, deadline))

    def notify(self, template: str, deadline: Deadline, number: int | None = None) -> None:
        """A letter about a deadline that has passed; `number` where it is one of several."""
        key = f"{template}:{deadline.name}:{deadline.due_on}" + ("" if number is None else f":{number}")
        facts = facts_of(self._deadlines, deadline) | {"next": self.next_step(besides=deadline)}
        self._add(key, "letter", template, facts)

    def resume(self) -> None:
        """A pause has ended by itself, on its last day."""
        day = self._deadlines.day.isoformat()
        facts: dict[str, Fact] = {"resumed_on": day, "stage": self._deadlines.position.stage}
        self._add(f"resumption:{day}", "letter", "resumption", facts)

    def chase(self) -> None:
        """What is late is told again: once in a calendar week, all of it together."""
        year, week, _ = self._deadlines.day.isocalendar()
        key = f"{CHASE}:{year}-{week:02}"
        if key != self._chased:
            self._chased = key
            self._add(key, "letter", CHASE, {"next": self.next_step()})

    # --- that a message causes -------------------------------------------------------------------

    def send(self, template: str, entry: LogEntry, *, to: str = "", once: bool = False, **more: Fact) -> None:
        """A letter that a message causes; `to`: one of several, to this owner.

        `once`: the stage has one such letter, whatever another message that could have caused it says. `more`
        are its facts; `stage` among them where it is about another than the present one.
        """
        more.setdefault("stage", self._deadlines.position.stage)
        if to:
            more["owner"] = to
        key = f"{template}:{mark_of(entry)}" + (f":{to}" if to else "")
        self._add(key, "letter", template, more, entry, shows_message=True, once=once)

    def ask_owner(self, deadline: Deadline, entry: LogEntry, **more: Fact) -> None:
        """A decision is needed: tell whoever owes it at once, not only when it is nearly late."""
        facts = facts_of(self._deadlines, deadline) | {"next": step_of(deadline)} | more
        self._add(f"decision_needed:{mark_of(entry)}", "letter", "decision_needed", facts, entry)

    def release(self, template: str, key: str, letter: str, approval: LogEntry) -> None:
        """A draft is approved: the letter of this key is written for good, and leaves."""
        self._add(key, "letter", template, {"draft": letter}, approval)

    def add_paragraphs(self, template: str, seq: int, paragraphs: list[str]) -> None:
        """What was added to a letter by hand stands after its text."""
        for effect in self._effects:
            if effect.seq == seq and effect.template == template and paragraphs:
                effect.facts["paragraphs"] = [*paragraphs]

    def open_part(self, facts: dict[str, Fact], entry: LogEntry) -> None:
        """A linked complaint is to be opened with the points that were split off."""
        self._add(f"part:{mark_of(entry)}", "split", "", facts, entry)

    def _add(
        self,
        key: str,
        kind: EffectKind,
        template: str,
        facts: dict[str, Fact],
        entry: LogEntry | None = None,
        *,
        shows_message: bool = False,
        once: bool = False,
        on: date | None = None,
    ) -> None:
        """What a message causes (`entry`) or time alone, on a day; without one, today."""
        effect = Effect(key, kind, template, on or self._deadlines.day, facts, by_clock=True, once=once)
        if entry is not None:
            effect.by_clock, effect.seq = self.by_clock, entry.seq
            effect.message = entry.message if shows_message else None
        self._effects.append(effect)

    # --- that either causes ----------------------------------------------------------------------

    def close(self, letter: str, entry: LogEntry | None, facts: dict[str, Fact]) -> None:
        """The letter that says how the complaint has ended: by a message, or (no entry) by time."""
        key = f"{letter}:{mark_of(entry) if entry else facts['closed_on']}"
        self._add(key, "letter", letter, facts, entry, shows_message=True, once=True)

    def take_back(self, strike: LogEntry, on: date, facts: dict[str, Fact]) -> None:
        """The letter about letters that left because of what was struck out, on the day of the strike."""
        self._add(f"letter_taken_back:{mark_of(strike)}", "letter", "letter_taken_back", facts, strike, on=on)

    def correct_dates(self, entry: LogEntry, on: date, facts: dict[str, Fact]) -> None:
        """The letter about the due dates that a correction moved, on the day it was made."""
        key = f"dates_corrected:{mark_of(entry)}"
        self._add(key, "letter", "dates_corrected", facts, entry, shows_message=True, on=on)

    def tell_undone(self, entry: LogEntry, on: date, facts: dict[str, Fact]) -> None:
        """The manager is told what a correction has undone, on the day it was made."""
        key = f"correction_undid:{mark_of(entry)}"
        self._add(key, "letter", "correction_undid", facts, entry, shows_message=True, on=on)


def mark_of(entry: LogEntry) -> str:
    """What tells messages apart in a key, in whatever order they come; an id itself may hold a name."""
    return mark_of_id(entry.message.message_id)


def mark_of_id(message_id: str) -> str:
    """The same by a message's id."""
    return sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
