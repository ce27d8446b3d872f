"""Letters that wait to be approved, and their messages, which count for nothing until the letter has left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from redress.domain.deadline import Deadline
from redress.domain.deadlines import Deadlines
from redress.domain.effect_log import mark_of
from redress.domain.effects import Effect, letter_mark
from redress.domain.log import LogEntry, Outcome
from redress.domain.messages import (
    AddNote,
    ApproveLetter,
    Assign,
    Close,
    DecideLate,
    Decline,
    EditLetter,
    LetterLeft,
    LetterNotLeft,
    Message,
    RecordContact,
    ReleaseLetter,
    Respond,
    SendBackLetter,
)
from redress.domain.procedure import Approver, LetterRule, Limit, StageName

APPROVAL = Limit(
    name="letter_approval",
    stage="ombudsman",  # whatever stage it is in: it ends with the draft, not with a stage
    title="Approval of a letter",
    kind="target",
    days=2,
    starts="received",
    before=True,
    owner="complaints_manager",
    outlives="closure",
    again=True,
    chase=[1],
    source="Local practice: two working days before the limit that the letter meets",
)
"""By when a draft is to be approved; the first notice after it goes to the deputy, the next are urgent."""

CHANGES_NOTHING = (
    *(AddNote, RecordContact, Assign),
    *(ApproveLetter, SendBackLetter, EditLetter, LetterLeft, LetterNotLeft, ReleaseLetter),
)
"""Messages that leave an approval as it is; those about one draft see to that draft themselves."""

READERS = tuple(
    role if number == 1 else f"{role}_{number}"
    for role in ("complainant", "advocate")
    for number in range(1, 51)
)
"""Whom copies of a letter that decides something may go to; the first that has one says when it left."""

Turn = Literal["approver", "deputy", "complaints_manager"]
"""Whose turn it is to approve a draft: it passes on where nobody has in time."""

DecidingMessage = Close | DecideLate | Decline | Respond

_FINDING = re.compile(r"findings\[(\d{1,2})\]\.reason")


class Remark(NamedTuple):
    """Why a draft was sent back."""

    on: date
    by: str
    reason: str


@dataclass(slots=True, eq=False)
class Draft:
    """A letter that waits to be approved. `entry` holds its message, as it has been edited.

    `stage`: that which an answer answers, fixed when it was drafted. `response`: the limit that it meets.
    `approved`: the approval that stands; `was_approved`: whether one ever did. `other_keys`: those that its
    letter has under the other procedures that the complaint was under.
    """

    entry: LogEntry
    template: str
    rule: LetterRule
    key: str
    stage: StageName
    response: str
    points: frozenset[int]
    paragraphs: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    approved: LogEntry | None = None
    was_approved: bool = False
    left: LogEntry | None = None
    withdrawn: str = ""
    other_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that its letter has or had."""
        return (self.key, *self.other_keys)

    @property
    def left_as_another(self) -> bool:
        """Whether its letter left by the name that it had under another procedure."""
        mark = getattr(self.left.message, "mark", None) if self.left is not None else None
        return mark is not None and mark not in marks_of(self.key)

    @property
    def is_open(self) -> bool:
        """Whether it has neither left nor been withdrawn."""
        return self.left is None and not self.withdrawn

    @property
    def state(self) -> Literal["draft", "approved", "left", "withdrawn"]:
        """Where it stands."""
        if self.left is not None:
            return "left"
        if self.withdrawn:
            return "withdrawn"
        return "approved" if self.approved is not None else "draft"

    @property
    def marks(self) -> tuple[str, ...]:
        """What its copies are called, and were under other procedures."""
        return tuple(mark for key in self.keys for mark in marks_of(key))

    @property
    def release(self) -> str:
        """The key of the effect by which its approval has it leave; empty without one."""
        return f"approved:{mark_of(self.approved)}:{self.key}" if self.approved is not None else ""

    def leaving(self, left: LogEntry) -> LogEntry:
        """Its message as it counts: dated with the day its letter left, at the stage it was drafted for."""
        message, on = self.entry.message, max(left.message.on, self.entry.message.on)
        fixed: dict[str, object] = {"on": on}
        if isinstance(message, Respond) and message.amends is None:
            fixed |= {"stage": self.stage}
        return self.entry._replace(
            message=message.model_copy(update=fixed), assumed=left.assumed, leaves_on=on
        )

    def send_back(self, entry: LogEntry) -> None:
        """Keep why it was sent back."""
        reason = entry.message.reason if isinstance(entry.message, SendBackLetter) else ""
        self.remarks.append(Remark(entry.message.on, entry.message.by, reason))

    def edit(self, texts: dict[str, str], paragraphs: list[str] | None) -> str:
        """Word its free texts anew; why not, where one of them is none of its message's."""
        message = self.entry.message
        free = free_texts(message)
        unknown = [name for name in texts if name not in free]
        if unknown:  # it may be anything that somebody wrote, and a reason is shown to everybody
            return f"texts: names what is no free text of this letter; those are: {', '.join(free)}."
        needed = [name for name, text in texts.items() if not text and name == "reason"]
        if needed:
            return "The reason should say something: the letter gives it."
        self.entry = self.entry._replace(message=_with_texts(message, texts))
        if paragraphs is not None:
            self.paragraphs = paragraphs
        return ""


def marks_of(key: str) -> tuple[str, ...]:
    """What the copies of a letter are called."""
    return tuple(letter_mark(key, role) for role in READERS)


def free_texts(message: Message) -> list[str]:
    """The texts of a message that an edit of its letter may change."""
    if isinstance(message, Respond):
        return ["summary", *(f"findings[{at}].reason" for at in range(len(message.findings)))]
    return ["reason"]


def _with_texts(message: Message, texts: dict[str, str]) -> Message:
    update: dict[str, object] = {name: text for name, text in texts.items() if "[" not in name}
    if isinstance(message, Respond):
        findings = [*message.findings]
        for name, text in texts.items():
            finding = _FINDING.fullmatch(name)
            if finding is not None:
                at = int(finding[1])
                findings[at] = findings[at].model_copy(update={"reason": text})
        update["findings"] = findings
    return message.model_copy(update=update)


class Drafts:
    """The drafts of one complaint, in the order of their messages' dates, and by when they are owed."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._all: dict[int, Draft] = {}

    def __iter__(self) -> Iterator[Draft]:
        return iter(self._all.values())

    @property
    def open(self) -> list[Draft]:
        """Those that have not left."""
        return [draft for draft in self if draft.is_open]

    @property
    def unapproved(self) -> list[Draft]:
        """Those that somebody has to approve."""
        return [draft for draft in self.open if draft.approved is None]

    def of(self, entry: LogEntry) -> Draft | None:
        """The draft of a message."""
        return self._all.get(entry.seq)

    def marked(self, mark: str) -> Draft | None:
        """The draft of a mark: the latest, where one took the place of another."""
        return next((draft for draft in reversed(self._all.values()) if mark in draft.marks), None)

    def has_left(self, key: str) -> bool:
        """Whether a letter is one that was drafted, and has left."""
        return any(draft.left is not None and key in draft.keys for draft in self)

    def own_mark(self, mark: str) -> str:
        """What a copy is called under the procedure that the complaint follows."""
        draft = self.marked(mark)
        return draft.marks[draft.marks.index(mark) % len(READERS)] if draft is not None else mark

    def stands(self, effect: Effect) -> bool:
        """Whether the approval that has a letter leave has not been voided."""
        return any(draft.release == effect.key for draft in self.open)

    def put(self, draft: Draft) -> None:
        """Somebody has drafted a letter."""
        self._all[draft.entry.seq] = draft

    def alike(self, message: Message, stage: StageName, points: frozenset[int]) -> list[Draft]:
        """What waits to say the same as a message: it is not to leave any more, this is said in its place."""
        same = [draft for draft in self.open if draft.entry.message.action == message.action]
        if not isinstance(message, Respond):
            return same
        return [
            draft
            for draft in same
            if isinstance(draft.entry.message, Respond)
            and draft.entry.message.amends == message.amends
            and draft.stage == stage
            and points & draft.points
        ]

    # --- approval --------------------------------------------------------------------------------

    def void(self, entry: LogEntry, outcome: Outcome) -> None:
        """A message changed the complaint: what was approved before it came is to be looked at again."""
        if isinstance(entry.message, CHANGES_NOTHING) or outcome.outcome in ("refused", "struck_out"):
            return
        for draft in self.open:
            if draft.approved is not None and draft.approved.seq < entry.seq != draft.entry.seq:
                draft.approved = None

    def due_on(self, draft: Draft) -> date:
        """By when a draft is to be approved: two working days before the limit that its letter meets."""
        calendar, limit = self._deadlines.calendar, self._deadlines.latest.get(draft.response)
        if limit is None or not limit.is_open:
            return calendar.add(draft.entry.message.on, APPROVAL.days)
        return calendar.before(limit.last_in_time, APPROVAL.days)

    def last_day(self, draft: Draft) -> date | None:
        """The last day in time of what its letter meets."""
        limit = self._deadlines.latest.get(draft.response)
        return limit.last_in_time if limit is not None and limit.is_open else None

    def owe(self) -> None:
        """Bring what is owed up to date: approval, by the day of the draft that is due first."""
        running = self._deadlines.latest.get(APPROVAL.name)
        running = running if running is not None and running.is_open else None
        waiting = self.unapproved
        if not waiting:
            if running is not None:
                self._deadlines.meet(running, self._deadlines.day)
            return
        first, day = min(waiting, key=self.due_on), self._deadlines.day
        due_on = self.due_on(first)
        if running is None:
            running = Deadline(APPROVAL, APPROVAL.name, day, due_on, APPROVAL.days)
            self._deadlines.run(running)
        else:
            running.move(self._deadlines.calendar, due_on, "a letter is due on another day", day)
        running.owner = self.asked(first)

    def turn(self, draft: Draft, on: date | None = None) -> Turn:
        """Whose turn it is to approve a draft on a London date; left out: today.

        Up to the day it is owed by the approver's, the next working day their deputy's, then the Complaints
        Manager's. One that is drafted later still is the approver's on that day.
        """
        day, due_on = on or self._deadlines.day, self.due_on(draft)
        if day <= due_on:
            return "approver"
        if day > self._deadlines.calendar.add(due_on, 1):
            return "complaints_manager"
        return "approver" if day == draft.entry.message.on else "deputy"

    def asked(self, draft: Draft) -> Approver:
        """The role that is asked to approve a draft today.

        Who that is by name only a directory knows; so it is with the deputy of whoever was asked, where the
        file names no role for that (`redress.letters.approvers`).
        """
        turn = self.turn(draft)
        if turn == "approver":
            return draft.rule.approver
        return (draft.rule.deputy if turn == "deputy" else None) or "complaints_manager"

    def pass_on(self) -> Literal["", "letter_to_approve", "letter_urgent"]:
        """Nobody has approved in time: the next in turn owes it. Gives the letter to them about it.

        None to whoever was asked this very day already.
        """
        running, day = self._deadlines.latest[APPROVAL.name], self._deadlines.day
        first = min(self.unapproved, key=self.due_on)
        running.owner = self.asked(first)
        if day > self._deadlines.calendar.add(running.due_on, 1):
            return "letter_urgent"
        was_asked = running.owner == first.rule.approver and first.entry.message.on == day
        return "" if was_asked else "letter_to_approve"
