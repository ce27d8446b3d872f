"""What the workflow and the world agree on: names, inputs, outputs, timeouts, search attributes.

Workflows, activities, services and the worker import this; it imports the rules alone. Nothing here is
personal: ids, search attributes and names of activities stand in the clear everywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict
from temporalio.common import RawValue, SearchAttributeKey
from temporalio.exceptions import ApplicationError

from redress.domain.identifiers import Reference, checked_reference
from redress.domain.parsing import Malformed, Problem

# --- names ---------------------------------------------------------------------------------------

WORKFLOW = "Complaint"
WORKFLOW_ID_PREFIX = "complaint-"
TASK_QUEUE = "complaints"
LETTERS_QUEUE = "letters"
"""The task queue of what sends letters: a slow mail server takes no worker from the complaints."""

STATUS = "status"
WHO = "who_complains"
MOVES = "what_a_recount_moves"

BEGIN = "begin_complaint"
RECORD = "record_entries"
SEND_LETTERS = "send_letters"
DOCUMENTS_CHANGED = "documents_changed"
"""The signal that a document was attached: letters that wait for it are looked at again."""

MAINTENANCE = "Maintenance"
"""The workflow of what is done once a day."""

ERASE_DUE = "erase_due"

DAILY_DIGEST = "DailyDigest"
"""The workflow that sends staff their daily digests."""

SEND_DIGESTS = "send_digests"

MALFORMED = "Malformed"
"""The type of the failure that tells the sender of an update what is wrong with it, field by field."""

REFUSED = "Refused"
"""The type of the failure of an update that is recorded as refused; its first detail is the answer."""

STILL_OPENING = "the complaint is being opened; ask again in a moment"
"""What queries say until the rules are there."""


def workflow_id(reference: str) -> str:
    """The id of a complaint's workflow. Raises `ValueError` for what is no reference."""
    return WORKFLOW_ID_PREFIX + checked_reference(reference)


# --- timeouts: each follows from those above it ----------------------------------------------------

HEARTBEAT_INTERVAL = timedelta(seconds=3)
HEARTBEAT_TIMEOUT = 3 * HEARTBEAT_INTERVAL + timedelta(seconds=1)
"""Without a heartbeat for so long the worker is taken to be gone; two that are lost or late do no harm."""

LOCAL_WITHIN = timedelta(seconds=2)
"""How long a workflow task stays open for the register; after that an ordinary activity goes on trying."""

START_TO_CLOSE = timedelta(seconds=30)
"""At most, for an activity that reads and writes the register."""

SEND_WITHIN_AT_MOST = timedelta(seconds=60)
"""The largest `REDRESS_SEND_WITHIN`: what a mail server or Notify may take for one letter."""

SENDING_BUDGET = timedelta(seconds=60)
"""For so long one attempt goes on to the next letter of a complaint."""

NOTING = START_TO_CLOSE / 2
"""What noting the outcome of a letter may take with a busy register; then its sender counts as gone."""

SEND_START_TO_CLOSE = SENDING_BUDGET + SEND_WITHIN_AT_MOST + NOTING
"""An attempt that began its last letter at the end of its budget still notes what became of it."""

RETRY_INTERVAL_AT_MOST = timedelta(hours=1)
"""Between two attempts of what is tried until it works."""

STARTED_AGAIN_AFTER = timedelta(minutes=1)
"""After somebody ended an activity by hand (`temporal activity fail`)."""


# --- inputs and outputs ----------------------------------------------------------------------------

EntryKind = Literal["opened", "message", "rejected", "effect", "ended", "erased"]


class RegisterEntry(BaseModel):
    """One event of the record. The key is unique within a complaint; `on` is an ISO London date."""

    key: str
    kind: EntryKind
    on: str
    body: dict[str, Any]


class Chained(BaseModel):
    """How long a complaint's record is, and the code of its chain over it all.

    Kept in the workflow's history, outside the register: `starter.py verify` compares them.
    """

    entries: int = 0
    head: str = ""


class Carried(Chained):
    """What one run hands to the next when it continues as new."""

    terms: str
    state: str
    outbox: list[RegisterEntry] = []
    letters_waiting: bool = False
    holds_clear_signals: bool = False


class Start(BaseModel):
    """What a complaint's workflow is started with.

    A new complaint brings its opening; one that is taken up again after its workflow ended brings
    nothing and is read from the register; a run that continues brings what it carried. `accepted_on`: the
    London date by which an entry point judged the opening's dates.
    """

    model_config = ConfigDict(extra="forbid")

    reference: Reference
    opening: dict[str, Any] | None = None
    accepted_on: date | None = None
    carried: Carried | None = None


class BeginRequest(BaseModel):
    """Asks for the rules of a complaint that is being opened on a London date."""

    reference: Reference
    opened_on: str
    opening: dict[str, Any] | None = None


class BeginResult(Chained):
    """The rules, packed, for good; and an earlier case's state.

    `recorded` says whether the opening stands in the register already, `letters_waiting` whether letters of
    an earlier run have not left, `holds_clear_signals` that signals which come unencrypted are not applied.
    """

    terms: str
    recorded: bool
    state: str | None = None
    letters_waiting: bool = False
    holds_clear_signals: bool = False


class RecordRequest(BaseModel):
    """What the register must keep about one complaint, in order."""

    reference: Reference
    entries: list[RegisterEntry]


class RecordResult(Chained):
    """Whether letters were written that have to leave."""

    letters_waiting: bool = False


class LeftLetter(BaseModel):
    """An approved letter that has left, and the London date on which it did."""

    mark: str
    on: str


class AnswerToLeave(BaseModel):
    """A letter with an answer or enclosures, as its complaint knows it: when it left, or has not."""

    key: str
    left: str
    """The London date on which it left, as far as the complaint knows."""
    not_left: list[str] = []
    """The marks of copies that failed or came back."""
    left_later: dict[str, str] = {}
    """The London date on which a copy left, by its mark, where that is known to be another."""
    waits: dict[str, list[str]] = {}
    """The kinds of documents that copies wait for, by mark."""
    everybody: bool = False
    """Whether it counts once everybody's copy has left, not those alone of who complains."""


class SendRequest(BaseModel):
    """Asks that a complaint's letters leave.

    `approved`: the keys of approved letters of which it has not heard that they left; `answers`: the letters
    with answers, as it knows them.
    """

    reference: Reference
    approved: list[str] = []
    answers: list[AnswerToLeave] = []


class WaitingLetter(BaseModel):
    """A copy that waits for kinds of documents; `is_copy`: another says when the person had the letter."""

    mark: str
    kinds: list[str]
    is_copy: bool = False


class SentLetters(BaseModel):
    """Which of the letters that were asked about have left, and which copies have not (marks)."""

    left: list[LeftLetter] = []
    not_left: list[str] = []
    waiting: list[WaitingLetter] = []
    """Copies that wait for an enclosure, where that is news; they are not among `not_left`."""


class ErasureReport(BaseModel):
    """What is past its retention, in numbers of complaints; no name and no reference.

    What is due and neither erased nor failed waits for a person: its authority has not switched on
    `erase_automatically`.
    """

    due: int = 0
    """Past a period that their authority has confirmed."""
    unconfirmed: int = 0
    """Past one that it has not confirmed: not to be erased."""
    erased: int = 0
    """With proof."""
    failed: int = 0
    """Not erased, though switched on; the worker's log says why. They stay due."""


class DigestReport(BaseModel):
    """What became of a day's digests, in numbers; those that had left before are not counted again."""

    sent: int = 0
    """They have left."""
    failed: int = 0
    """They have not, or nobody knows; the worker's log says why. The next day's tell the same."""


# --- what comes in ---------------------------------------------------------------------------------

MessageT = TypeVar("MessageT")

KEPT_BYTES = 4096
"""Bytes kept of what could not be read."""


@dataclass(frozen=True)
class Inbound(Generic[MessageT]):
    """What came for a handler: one decoded JSON document, or what could not be read, with its problems.

    `MessageT` is what the document should be. `in_clear`: it came unencrypted though there are keys.
    """

    document: object = None
    problems: tuple[Problem, ...] = ()
    unread: str = ""
    in_clear: bool = False

    def opened(self) -> object:
        """The document. Raises `Malformed` where there is none to be read."""
        if self.problems:
            raise Malformed(list(self.problems))
        return self.document

    @property
    def received(self) -> str:
        """The beginning of what came, as text, for whoever looks into what could not be taken."""
        text = self.unread if self.problems else json.dumps(self.document, ensure_ascii=False, default=ascii)
        return text.encode("utf-8", "replace")[:KEPT_BYTES].decode("utf-8", "ignore").replace("\x00", "\\x00")


@dataclass
class Surplus:
    """Signals of unknown names that came within one step of a workflow, beyond the first of them.

    Those are handed over as they came; the rest, of which nothing is kept but how many, by name.
    """

    handed_over: int = 0
    names: Counter[str] = field(default_factory=Counter)

    def after_one(self) -> dict[str, int]:
        """One that was handed over has been dealt with; gives the rest after the last of them."""
        self.handed_over -= 1
        return {} if self.handed_over else dict(self.names)


SURPLUS: ContextVar[Surplus | None] = ContextVar("surplus", default=None)
"""What the worker (`redress.temporal.runner`) took out of a step; None where it took nothing."""


def text_of(arguments: Sequence[object]) -> str:
    """What came as several arguments, as far as it can be kept."""
    return ", ".join(_as_text(each) for each in arguments[:4])


def _as_text(value: object) -> str:
    if isinstance(value, RawValue):
        return value.payload.data[:KEPT_BYTES].decode("utf-8", "backslashreplace")
    return Inbound(value).received


NOTHING: Inbound[Any] = Inbound()
"""No argument: a message without fields."""


class RejectedUpdate(ApplicationError):
    """A malformed update, turned away before it was accepted: its text goes to the sender and is not kept.

    It names fields and what each should be, so it may stay readable where failures are encrypted: the UI
    decrypts no failure of an update.
    """


def rejection(malformed: Malformed, kind: type[ApplicationError] = ApplicationError) -> ApplicationError:
    """A malformed message as the failure that its sender is told, each problem by its field."""
    details = [{"field": each.field, "problem": each.what, "code": each.code} for each in malformed.problems]
    return kind("; ".join(map(str, malformed.problems)), *details, type=MALFORMED, non_retryable=True)


# --- search attributes: never encrypted, so nothing personal ---------------------------------------

AUTHORITY = SearchAttributeKey.for_keyword("Authority")
PROCEDURE = SearchAttributeKey.for_keyword("Procedure")
STAGE = SearchAttributeKey.for_keyword("Stage")
STATE = SearchAttributeKey.for_keyword("State")
WAITING_FOR = SearchAttributeKey.for_keyword("WaitingFor")
NEXT_DUE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("NextDue")
OVERDUE = SearchAttributeKey.for_bool("Overdue")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey, ...] = (  # type: ignore[type-arg]  # keys of several value types
    AUTHORITY,
    PROCEDURE,
    STAGE,
    STATE,
    WAITING_FOR,
    NEXT_DUE,
    OVERDUE,
)

TYPE_NAMES = {key.name: key.indexed_value_type.name.title() for key in SEARCH_ATTRIBUTES}
"""Name to type as the `temporal` command writes it: `Keyword`, `Datetime`, `Bool`."""

RUNNING = "ExecutionStatus = 'Running'"
"""In every list of open work: a run that went on as a new one keeps its last search attributes."""

ALL_OVERDUE = f"{OVERDUE.name} = true AND {RUNNING}"


def waiting_for(owner: str) -> str:
    """The query for what waits for a role."""
    return f"{WAITING_FOR.name} = '{owner}' AND {RUNNING}"


def list_path(namespace: str, query: str) -> str:
    """Where the Temporal UI lists what a query finds, from the root of its address."""
    return f"/namespaces/{namespace}/workflows?query={quote(query)}"
