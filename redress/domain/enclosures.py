"""Letters that wait for what they enclose: who owes it, what is sent later, and what counts only from then.

Documents themselves are unknown here. Redress tells by `letter_not_left` that a letter waits for kinds of
them, and by `letter_left` that it has left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from redress.domain.deadline import Deadline
from redress.domain.deadlines import Deadlines
from redress.domain.drafts import READERS
from redress.domain.effect_log import mark_of
from redress.domain.effects import letter_mark
from redress.domain.log import LogEntry
from redress.domain.messages import Withhold
from redress.domain.procedure import Limit

FOLLOW_UP = "enclosure_follows"
"""The letter that brings what another left without."""

APPOINTED = tuple(
    f"appointed_{role}" if number == 1 else f"appointed_{role}_{number}"
    for role in (
        *("independent_person", "investigating_officer", "adjudicating_officer"),
        *("panel_chair", "panel_member"),
    )
    for number in range(1, 11)
)

EVERYBODY = (*READERS, *APPOINTED, "complaints_manager", "adjudicating_officer", "director")
"""Whom copies of a letter with enclosures may go to."""

WAITS = Limit(
    name="enclosure",
    stage="ombudsman",  # whatever stage it is in: it ends with the letter, not with a stage
    title="A letter waits for its enclosure",
    kind="target",
    days=2,
    starts="received",
    owner="complaints_manager",
    outlives="closure",
    again=True,
    remind=[1],
    chase=[2],
    source="Local practice: two working days; a letter does not leave without what it speaks of",
)
"""By when what a letter waits for is to be attached, or the letter released without it."""

FOLLOWS = Limit(
    name=FOLLOW_UP,
    stage="ombudsman",
    title="What a letter left without is sent",
    kind="limit",
    days=5,
    starts="received",
    owner="complaints_manager",
    outlives="closure",
    again=True,
    remind=[1],
    chase=[2],
    says="By {day} we will send you what could not go with our letter.",
    source="The day that the letter promised",
)
"""By when what a letter promised to send later has left."""


class SentLetter(NamedTuple):
    """A letter with enclosures that is no answer: by which message, and from when it is taken to have left.

    `milestone`: what has happened once everybody's copy has left; `limit`: what that meets.
    """

    key: str
    entry: LogEntry
    left: date
    milestone: str = ""
    limit: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """What its copies are called."""
        return tuple(letter_mark(self.key, role) for role in EVERYBODY)


class Release(NamedTuple):
    """A letter that leaves without kinds of documents, by a manager's decision.

    `lacking`: those kinds, by the reader whose copy waited for them.
    """

    entry: LogEntry
    key: str
    lacking: dict[str, tuple[str, ...]]
    follows_by: date

    @property
    def kinds(self) -> tuple[str, ...]:
        """What any copy leaves without."""
        return (*dict.fromkeys(kind for kinds in self.lacking.values() for kind in kinds),)

    def kinds_for(self, reader: str) -> tuple[str, ...]:
        """What this reader's copy leaves without; of one that was not known to wait, what any does."""
        return self.lacking.get(reader, self.kinds)

    @property
    def follow_up(self) -> str:
        """The key of the letter that brings them."""
        return f"{FOLLOW_UP}:{mark_of(self.entry)}"


class Enclosures:
    """The letters of one complaint that wait for what they enclose, or left without.

    `waits`: by the key of a letter, of each copy that waits (its recipient) the kinds of documents;
    `letters`: those with enclosures that are no answers; `not_left`: the marks of their copies that have not
    left, `left_later`: when those left that did on another day; `released`, by key; `withheld`: what is kept
    from whom, in the order it was said.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self.waits: dict[str, dict[str, list[str]]] = {}
        self.letters: dict[str, SentLetter] = {}
        self.not_left: set[str] = set()
        self.left_later: dict[str, date] = {}
        self._counted: dict[str, date] = {}  # when a letter's milestone was reached anew
        self.released: dict[str, Release] = {}
        self.withheld: list[Withhold] = []

    def letter_of(self, mark: str) -> SentLetter | None:
        """The letter that is no answer, one copy of which has this mark."""
        return next((each for each in reversed(self.letters.values()) if mark in each.marks), None)

    def waiting_key(self, mark: str) -> str | None:
        """The key of a letter that waits, by the mark of a copy that does, or of the first there may be."""
        return next((key for key in self.waits if mark in _marks(key, EVERYBODY)), None)

    def note_waiting(self, key: str, mark: str, kinds: Iterable[str]) -> None:
        """A copy of a letter waits for kinds of documents."""
        reader = next((each for each in EVERYBODY if letter_mark(key, each) == mark), None)
        if reader is not None:
            self.waits.setdefault(key, {})[reader] = [*kinds]

    def note_not_left(self, letter: SentLetter, mark: str) -> None:
        """A copy has not left: what counts once they all have does not yet."""
        self.not_left.add(mark)
        if letter.milestone:
            self._deadlines.undo(letter.milestone, self._counted.get(letter.key, letter.entry.message.on))

    def note_left(self, mark: str, on: date) -> None:
        """A copy has left: it waits no more; and what counts from everybody's does, once they all have."""
        self._note_no_waiting(mark)
        letter = self.letter_of(mark)
        if letter is None or (on <= self.left_later.get(mark, letter.left) and mark not in self.not_left):
            return
        if mark not in self.not_left:
            self.note_not_left(letter, mark)
        self.not_left.discard(mark)
        self.left_later[mark] = on
        first = [
            self.letters[key]
            for key, each in self.released.items()
            if each.follow_up == letter.key and key in self.letters
        ]
        for each in (letter, *first):
            if not self.all_have_left(each):
                continue
            if each.milestone:
                self._counted[each.key] = max(on, each.left)
                self._deadlines.reach(each.milestone, self._counted[each.key])
            limit = self._deadlines.latest.get(each.limit)
            if limit is not None and limit.is_open:
                self._deadlines.meet(limit, on)

    def _note_no_waiting(self, mark: str) -> None:
        for key in [*self.waits]:
            self.waits[key] = {
                reader: kinds for reader, kinds in self.waits[key].items() if letter_mark(key, reader) != mark
            }
            if not self.waits[key]:
                del self.waits[key]

    @property
    def awaited(self) -> set[str]:
        """The keys of letters that wait for what nobody has promised for a day."""
        later = {*self.released, *(each.follow_up for each in self.released.values())}
        return self.waits.keys() - later

    def all_have_left(self, letter: SentLetter) -> bool:
        """Whether no copy of a letter is known not to have left, nor of the one that brings what it lacks."""
        release = self.released.get(letter.key)
        follow_up = self.letters[release.follow_up].marks if release is not None else ()
        return self.not_left.isdisjoint((*letter.marks, *follow_up))

    def owe(self) -> None:
        """Bring what is owed up to date: while a letter waits, somebody owes what it waits for."""
        running, waits = self._deadlines.latest.get(WAITS.name), self.awaited
        if running is not None and running.is_open:
            if not waits:
                self._deadlines.meet(running, self._deadlines.day)
        elif waits:
            due_on = self._deadlines.calendar.add(self._deadlines.day, WAITS.days)
            self._deadlines.run(Deadline(WAITS, WAITS.name, self._deadlines.day, due_on, WAITS.days))

    def has_followed(self, release: Release) -> bool:
        """Whether what a letter left without has left since."""
        return self.not_left.isdisjoint(self.letters[release.follow_up].marks)

    def release(self, release: Release) -> None:
        """A letter leaves without; what it leaves without is owed by a day that the letter names."""
        self.released[release.key] = release
        name = f"{FOLLOWS.name}_{len(self.released)}"
        self._deadlines.run_until(FOLLOWS, self._deadlines.day, release.follows_by, name=name)
        follow_up = SentLetter(release.follow_up, release.entry, release.entry.message.on, limit=name)
        self.letters[follow_up.key] = follow_up
        self.not_left |= {letter_mark(follow_up.key, reader) for reader in release.lacking}


def _marks(key: str, readers: Iterable[str]) -> set[str]:
    return {letter_mark(key, reader) for reader in readers}
