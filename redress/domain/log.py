"""The messages of a complaint in the order they came, what became of them, and what of them is recorded."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from redress.domain.fields import IsoDay
from redress.domain.messages import KNOWN, Message
from redress.domain.opening import Opening
from redress.domain.parsing import Malformed, Parsed, Problem, fingerprint
from redress.domain.room import Room

Difference = TypedDict(
    "Difference",
    {
        "what": Annotated[
            str,
            Field(description="`stage`, `state`, a deadline's name, a person's detail, or a message undone."),
        ],
        "was": Annotated[str | None, Field(description="As it was; null: not there.")],
        "is": Annotated[str | None, Field(description="As it is; null: no longer there.")],
        "was_due_on": NotRequired[Annotated[IsoDay | None, Field(description="Of a deadline, before.")]],
        "due_on": NotRequired[Annotated[IsoDay | None, Field(description="Of a deadline, now.")]],
    },
)
"""One thing that a message moved."""

EffectStatus = Literal["done", "skipped", "history"]
"""What became of an effect: carried out, overtaken, or of a day before the complaint came here."""


class LogEntry(NamedTuple):
    """A message in the log: `seq` is the order of receipt; `assumed` that nobody gave its date.

    `in_clear`: it came unencrypted though there are keys, so it stays readable in Temporal's history.
    `from_intake`: an intake system passed it on, not the authority's staff. `leaves_on`: the London date on
    which a letter that it causes leaves at the earliest; None where Redress writes none about it, since it
    is of a past that the complaint was brought here with.
    """

    seq: int
    message: Message
    assumed: bool = False
    in_clear: bool = False
    from_intake: bool = False
    leaves_on: date | None = None

    def by_date(self) -> tuple[date, int]:
        """The order in which messages take effect: by their dates, on one day as they came."""
        return self.message.on, self.seq


class Outcome(NamedTuple):
    """What became of a message, and why.

    `applied`, `pending` or `refused`; of what waited also `overtaken` or `not_accepted`; `struck_out`: it is
    as if it had never come. `since`: the day on
    which what waited took effect.
    """

    outcome: Literal["applied", "pending", "refused", "overtaken", "not_accepted", "struck_out"]
    reason: str = ""
    since: date | None = None


APPLIED = Outcome("applied")


def refused(reason: str) -> Outcome:
    """A refusal, with its reason in one sentence."""
    return Outcome("refused", reason)


def pending(reason: str) -> Outcome:
    """A message that waits, and for what."""
    return Outcome("pending", reason)


class Irregular(NamedTuple):
    """Something that should have been there before a message and was not."""

    seq: int
    action: str
    on: date
    what: str


class Answer(BaseModel):
    """What the sender of a message is told: first whether it took effect, and why it did not."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    applied: bool = Field(examples=[True])
    """Whether it was carried out."""

    pending: bool
    """Whether it waits: for a person's decision, or for its day."""

    reason: str = Field(
        default="", examples=["It came after the window, which ended on Fri 18 Dec 2026: a person decides."]
    )
    """Why it waits."""

    changed: list[Difference] = []
    """What moved: stage, state, and each deadline, as it was and is."""

    on: date
    """The London date it happened or was received."""

    message_id: str
    """What the message is called from now on."""

    repeated: bool = False
    """Whether it came before; this is the first answer again."""


class Rejected(BaseModel):
    """A signal that could not be taken: recorded, since nobody waited for an answer.

    `count` stands for so many of one name, beyond the first that are kept with what they brought.
    """

    action: str
    on: date
    problems: list[str]
    received: str
    in_clear: bool = False
    count: int = 1


class LoggedMessage(BaseModel):
    """A message as it is recorded outside the complaint's own memory.

    `ahead`: an entry point dated it beyond the day that it was here; it took effect then. `leaves_on`: the
    London date on which a letter that it causes leaves at the earliest.
    """

    seq: int
    action: str
    body: dict[str, Any]
    assumed: bool = False
    named: bool = True
    in_clear: bool = False
    from_intake: bool = False
    ahead: bool = False
    leaves_on: date | None = None
    answer: Answer | None = None

    def parsed(self) -> Parsed:
        """The message itself; its form was checked when it first came."""
        message = KNOWN[self.action].model_validate(self.body)
        content = "" if self.named else fingerprint(message)
        return Parsed(message, self.assumed, content, self.from_intake)


class SavedCase(BaseModel):
    """All of a complaint that makes it again: what a new run or the register hands on.

    The messages it was opened with stand in `opening.messages`, or are the first `loaded` of `messages`.
    """

    reference: str
    opening: Opening
    opened_on: date
    loaded: int = 0
    messages: list[LoggedMessage] = []
    rejected: list[Rejected] = []
    settled: dict[str, EffectStatus] = {}


class MessageLog:
    """The messages of one complaint. `entries` in the order they came, `records` by their ids."""

    def __init__(self, room: Room) -> None:
        self.entries: list[LogEntry] = []
        self.records: dict[str, LoggedMessage] = {}
        self._messages: dict[str, Message] = {}
        self._ids: dict[str, str] = {}  # of messages whose senders gave no id, by content
        self.room = room

    def check(self, parsed: Parsed) -> bool:
        """Whether a message is new. Raises `Malformed` where its id is another's, or it has no room."""
        message = parsed.message
        first = self.records.get(message.message_id)
        if first is None:
            self.room.check(message)
            return True
        known = self._messages[message.message_id]
        # Who passed it on is no content: another token, or a signal before, may have brought the same.
        passed_on = ("by", "as_role")
        without = (*passed_on, "on") if first.assumed or parsed.assumed else passed_on
        if fingerprint(known, *without) != fingerprint(message, *without):
            raise Malformed([Problem("message_id", "was used before for a message of other content")])
        return False

    def repeated(self, parsed: Parsed) -> Answer | None:
        """The answer to a message that came before; None where it is new. Notes without ids always are."""
        message = parsed.message
        is_note = message.action == "add_note"
        first = self.records.get(message.message_id)
        if not parsed.named:
            if is_note and message.message_id.startswith("content-"):
                first = None
            elif not is_note and first is None:
                first = self.records.get(self._ids.get(parsed.content, ""))
        return first.answer if first is not None else None

    def add(
        self,
        parsed: Parsed,
        *,
        record: LoggedMessage | None = None,
        in_clear: bool = False,
        leaves_on: date | None = None,
    ) -> LogEntry:
        """Log a message; `record` where it was recorded before, with its answer."""
        message = parsed.message
        if message.message_id in self.records:  # only notes: two alike are two
            message = message.model_copy(update={"message_id": f"{message.message_id}.{len(self.entries)}"})
        in_clear = record.in_clear if record else in_clear
        leaves_on = record.leaves_on if record else leaves_on
        seq = record.seq if record else len(self.entries)
        entry = LogEntry(seq, message, parsed.assumed, in_clear, parsed.from_intake, leaves_on)
        self.entries.append(entry)
        record = record or LoggedMessage(
            seq=entry.seq,
            action=message.action,
            body=message.model_dump(mode="json", by_alias=True, exclude_unset=True),
            assumed=parsed.assumed,
            named=parsed.named,
            in_clear=in_clear,
            from_intake=parsed.from_intake,
            leaves_on=leaves_on,
        )
        self.records[message.message_id] = record
        self._messages[message.message_id] = message
        self.room.add(message, record.body)
        if not parsed.named:
            self._ids.setdefault(parsed.content, message.message_id)
        return entry

    def take_back(self, entry: LogEntry) -> None:
        """The last message is as if it had never come."""
        self.entries.remove(entry)
        record = self.records.pop(entry.message.message_id)
        del self._messages[entry.message.message_id]
        self.room.take_back(entry.message, record.body)
        self._ids = {content: id_ for content, id_ in self._ids.items() if id_ in self.records}
