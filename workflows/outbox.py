"""What a complaint asks the world for: its record first, in order; its letters beside that.

Recording waits for no letter, and nothing in the complaint waits for either: entries stand here until the
register has them, and letters are tried until they have left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError, WorkflowAlreadyStartedError

from redress import contract
from redress.domain.case import Case
from redress.domain.london import london_date
from redress.domain.splitting import part_of
from workflows.details import STATIC_DETAILS, title
from workflows.summaries import leaving, letters_in, recorded

RETRY_FOREVER = RetryPolicy(maximum_interval=contract.RETRY_INTERVAL_AT_MOST)

T = TypeVar("T", bound=BaseModel)

BATCH_ENTRIES, BATCH_BYTES = 50, 400_000
"""How many entries, and bytes of them, are recorded at once."""


class Outbox:
    """The entries that wait for the register, and whether letters wait.

    `on_empty` is called when the last entry is recorded, `on_left` when a letter has left that the complaint
    waits to hear of, `on_not_left` with one that has not; both give whether that is news.
    """

    def __init__(
        self,
        on_empty: Callable[[], None],
        on_left: Callable[[contract.LeftLetter], bool],
        on_not_left: Callable[[contract.WaitingLetter], bool],
    ) -> None:
        self.entries: list[contract.RegisterEntry] = []
        self.letters_waiting = False
        self.chained = contract.Chained()
        self._on_empty = on_empty
        self._on_left = on_left
        self._on_not_left = on_not_left
        self._is_released = False
        self._register_lags = False
        self._new_letters = False
        self._leaving: list[str] = []

    @property
    def is_done(self) -> bool:
        """Whether nothing waits, letters included."""
        return not (self.entries or self.letters_waiting)

    @property
    def fits_one_batch(self) -> bool:
        """Whether what waits is small enough to be handed on to the next run."""
        return sum(map(_size, self.entries)) < BATCH_BYTES

    def put(self, kind: contract.EntryKind, key: str, body: dict[str, Any]) -> None:
        """Add what has happened; it is recorded with the next batch, at the latest after `release`."""
        on = london_date(workflow.now()).isoformat()
        self.entries.append(contract.RegisterEntry(kind=kind, key=key, on=on, body=body))

    def look_again(self) -> None:
        """Something has come that a letter may wait for: letters that wait are tried at once."""
        self._new_letters = self._new_letters or self.letters_waiting

    def release(self) -> None:
        """What was put may be recorded: the complaint has said all that is due at this moment."""
        self._is_released = bool(self.entries)

    async def run(self, case: Case) -> None:
        """For as long as the complaint lives: record what is released, and have its letters sent."""
        self._new_letters = self.letters_waiting
        await asyncio.gather(self._send_letters(case), self._record(case))

    # --- the record --------------------------------------------------------------------------------

    async def _record(self, case: Case) -> None:
        while True:
            await workflow.wait_condition(lambda: self._is_released and bool(self.entries))
            batch = _batch(self.entries)
            result = await self._recorded(contract.RecordRequest(reference=case.reference, entries=batch))
            self.chained = contract.Chained(entries=result.entries, head=result.head)
            for entry in batch:
                await _open_part(case, entry)
            del self.entries[: len(batch)]
            if result.letters_waiting:  # those of a part that was split off name it: it is open by now
                self.letters_waiting = self._new_letters = True
                self._leaving += letters_in(batch)
            self.release()
            if not self.entries:
                self._on_empty()

    async def _recorded(self, request: contract.RecordRequest) -> contract.RecordResult:
        """Within this workflow task while the register keeps up; else by an activity that operators see."""
        asked = contract.RECORD, request, contract.RecordResult, recorded(request.entries)
        if not self._register_lags:
            result = await at_once(*asked)
            if result is not None:
                return result
            self._register_lags = True
        while True:
            with suppress(ActivityError):
                result = await until_it_works(*asked)
                self._register_lags = False
                return result
            await _pause("Recording was ended by hand: it is started again")

    # --- letters -----------------------------------------------------------------------------------

    async def _send_letters(self, case: Case) -> None:
        while True:
            await workflow.wait_condition(lambda: self._new_letters)
            self._new_letters = False
            if await self._sent(case):
                self.letters_waiting = self._new_letters
                self._leaving = self._leaving if self._new_letters else []

    async def _sent(self, case: Case) -> bool:
        """Whether all have left. New ones that come meanwhile do not wait for the next attempt."""
        sending = workflow.start_activity(
            contract.SEND_LETTERS,
            _asked_of(case),
            result_type=contract.SentLetters,
            task_queue=contract.LETTERS_QUEUE,
            start_to_close_timeout=contract.SEND_START_TO_CLOSE,
            heartbeat_timeout=contract.HEARTBEAT_TIMEOUT,
            retry_policy=RETRY_FOREVER,
            summary=leaving(self._leaving),
        )
        await workflow.wait_condition(lambda: sending.done() or self._new_letters)
        if not sending.done():
            sending.cancel()
        try:
            sent: contract.SentLetters = await sending
        except (ActivityError, asyncio.CancelledError):
            if not self._new_letters:
                await _pause("Sending was ended by hand: it is started again")
                self._new_letters = True
            return False
        not_left = [contract.WaitingLetter(mark=mark, kinds=[]) for mark in sent.not_left] + sent.waiting
        for is_news in [*map(self._on_left, sent.left), *map(self._on_not_left, not_left)]:
            if is_news:
                self._new_letters = True  # others may be on their way still
        return True


async def at_once(activity: str, request: BaseModel, result_type: type[T], summary: str) -> T | None:
    """What an activity gives within this workflow task; None where it fails: the ordinary one says why."""
    with suppress(FailureError):  # the SDK gives a local activity's error as it was raised
        result: T = await workflow.execute_local_activity(
            activity,
            request,
            result_type=result_type,
            schedule_to_close_timeout=contract.LOCAL_WITHIN,
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary=summary,
        )
        return result
    return None


async def until_it_works(activity: str, request: BaseModel, result_type: type[T], summary: str) -> T:
    """What an activity gives that operators see, and that is tried until it works."""
    result: T = await workflow.execute_activity(
        activity,
        request,
        result_type=result_type,
        start_to_close_timeout=contract.START_TO_CLOSE,
        heartbeat_timeout=contract.HEARTBEAT_TIMEOUT,
        retry_policy=RETRY_FOREVER,
        summary=summary,
    )
    return result


async def _pause(summary: str) -> None:
    await workflow.sleep(contract.STARTED_AGAIN_AFTER, summary=summary)


async def _open_part(case: Case, entry: contract.RegisterEntry) -> None:
    """Points split off become a complaint of their own; its reference stands in the register already."""
    if entry.body.get("kind") != "split" or entry.body.get("state") != "done":
        return
    part = part_of(case, entry.body["facts"])
    with suppress(WorkflowAlreadyStartedError):  # an earlier run of ours has started it
        accepted_on = max(date.fromisoformat(entry.on), date.fromisoformat(entry.body["on"]))
        start = contract.Start(reference=part.reference, opening=part.opening, accepted_on=accepted_on)
        await workflow.start_child_workflow(
            contract.WORKFLOW,
            start.model_dump(mode="json", exclude_none=True),
            id=contract.workflow_id(part.reference),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=title(part.reference, part_of=case.reference),
            static_details=STATIC_DETAILS,
        )


def _asked_of(case: Case) -> contract.SendRequest:
    """What the sender is to look for besides sending: nothing for most complaints."""
    answers = [
        contract.AnswerToLeave(
            key=each.key,
            left=each.left.isoformat(),
            not_left=each.not_left,
            left_later=each.left_later,
            waits=each.waits,
            everybody=each.everybody,
        )
        for each in case.letters_to_leave
    ]
    return contract.SendRequest(reference=case.reference, approved=case.leaving, answers=answers)


def _size(entry: contract.RegisterEntry) -> int:
    return len(str(entry.body).encode("utf-8", "replace"))


def _batch(entries: list[contract.RegisterEntry]) -> list[contract.RegisterEntry]:
    """The first entries, as many as are recorded at once; always one."""
    batch, size = [entries[0]], _size(entries[0])
    for entry in entries[1:BATCH_ENTRIES]:
        size += _size(entry)
        if size > BATCH_BYTES:
            break
        batch.append(entry)
    return batch
