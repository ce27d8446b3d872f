"""Striking out what came to a complaint by mistake: it is made anew as if that had never come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from redress.domain.drafts import READERS, DecidingMessage
from redress.domain.effect_log import mark_of
from redress.domain.effects import letter_mark
from redress.domain.log import LogEntry, Outcome
from redress.domain.messages import EditLetter, SendBackLetter, StrikeOut

MOST_STRIKES = 40


class Struck(NamedTuple):
    """A message that was struck out, and what struck it out."""

    entry: LogEntry
    by: LogEntry

    @property
    def outcome(self) -> Outcome:
        """What became of it: no word of what it said."""
        return Outcome("struck_out", f"struck out on {self.by.message.on.isoformat()}")


class Strikes(NamedTuple):
    """What is struck out of a log, by its place there."""

    struck: dict[int, Struck]

    def kept(self, log: Sequence[LogEntry]) -> list[LogEntry]:
        """The log as if what is struck out had never come."""
        return [entry for entry in log if entry.seq not in self.struck]

    def made_by(self, seq: int) -> Struck | None:
        """What the message at a place in the log struck out; None: nothing."""
        return next((struck for struck in self.struck.values() if struck.by.seq == seq), None)


class StruckLetter(NamedTuple):
    """The letter of a draft whose message was struck out: its key, its name, and what struck it out."""

    key: str
    template: str
    by: LogEntry


def struck_letters(strikes: Strikes, letters: Collection[str]) -> list[StruckLetter]:
    """The letters that drafts of struck messages can have had; `letters`: the names that drafts can have."""
    return [
        StruckLetter(f"{letter}:{mark_of(wrong.entry)}", letter, wrong.by)
        for wrong in strikes.struck.values()
        if isinstance(wrong.entry.message, DecidingMessage)
        for letter in letters
    ]


def strikes_in(log: Iterable[LogEntry]) -> Strikes:
    """What is struck out of a log: of what is dated before each strike that is not struck out itself.

    The last is looked at first, since it may strike out another. Of two that strike out the same the first
    counts. Dates decide and not the order of arrival, as everywhere. What the project's own commands send,
    such as a newer calendar, stays.
    """
    entries = sorted(log, key=LogEntry.by_date)
    strikes = [entry for entry in entries if isinstance(entry.message, StrikeOut)]
    if not strikes:
        return Strikes({})
    by_id = {entry.message.message_id: entry for entry in entries}
    struck: dict[int, Struck] = {}
    for strike in reversed(strikes[:MOST_STRIKES]):
        assert isinstance(strike.message, StrikeOut)
        wrong = by_id.get(strike.message.message)
        if (
            strike.seq not in struck
            and wrong
            and wrong.by_date() < strike.by_date()
            and wrong.message.sent_by
        ):
            struck[wrong.seq] = Struck(wrong, strike)
    return Strikes(struck)


def with_words_of_drafts(strikes: Strikes, log: Iterable[LogEntry], letters: Collection[str]) -> Strikes:
    """The same, and what the drafts of struck messages were edited to, and sent back for, before the strike.

    It may say what the message said. `letters`: the names that drafts can have.
    """
    said = [entry for entry in log if isinstance(entry.message, EditLetter | SendBackLetter)]
    if not (strikes.struck and said):
        return strikes
    of_mark = {
        letter_mark(letter.key, reader): letter.by
        for letter in struck_letters(strikes, letters)
        for reader in READERS
    }
    struck = dict(strikes.struck)
    for entry in said:
        assert isinstance(entry.message, EditLetter | SendBackLetter), "chosen above"
        strike = of_mark.get(entry.message.mark)
        if strike is not None and entry.by_date() < strike.by_date():
            struck.setdefault(entry.seq, Struck(entry, strike))
    return Strikes(struck)
