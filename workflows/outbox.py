"""What a complaint has asked the world for: carried out in order, one errand after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

from redress.contract import CARRY_OUT, DELIVER, WORKFLOW, Errand, ErrandOutcome, Start, workflow_id
from redress.domain.case import Case
from redress.domain.london import london_date
from redress.domain.record_entry import EntryKind, RegisterEntry
from redress.domain.sentences import errand
from redress.domain.splitting import part_of
from workflows.details import STATIC_DETAILS, title

RETRY_FOREVER = RetryPolicy(maximum_interval=timedelta(hours=1))
"""The register and the post are tried again until they work; no clock waits for them."""

START_TO_CLOSE = timedelta(seconds=30)
"""At most."""

HEARTBEAT_TIMEOUT = timedelta(seconds=10)
"""Without one for so long the worker is taken to be gone, and its errand is taken up by another."""

ASKED_ANEW = timedelta(minutes=1)
"""After an errand was ended in vain by somebody's hand."""

BATCH_ENTRIES, BATCH_BYTES = 50, 400_000
"""How many entries and bytes of them one errand carries."""


class Outbox:
    """The entries that wait to be carried out, and whether letters wait beside them.

    `emptied` is called when the last of them is done.
    """

    def __init__(self, emptied: Callable[[], None]) -> None:
        self.entries: list[RegisterEntry] = []
        self.undelivered = False
        self._ready = False
        self._left_since = False
        self._emptied = emptied

    @property
    def is_done(self) -> bool:
        """Whether nothing waits, letters included."""
        return not (self.entries or self.undelivered)

    @property
    def fits_one_errand(self) -> bool:
        """Whether what waits is small enough to be handed on to the next run."""
        return sum(map(_size, self.entries)) < BATCH_BYTES

    def put(self, kind: EntryKind, key: str, body: dict[str, Any]) -> None:
        """Add what has happened; it goes with the next errand, at the latest after `release`."""
        on = london_date(workflow.now()).isoformat()
        self.entries.append(RegisterEntry(kind=kind, key=key, on=on, body=body))

    def release(self) -> None:
        """What was put may go: the complaint has said all that is due at this moment."""
        self._ready = bool(self.entries)

    async def carry_out(self, case: Case) -> None:
        """For as long as the complaint lives: carry out what is released, in order."""
        late_post: asyncio.Task[None] | None = None
        if self.undelivered:
            late_post = asyncio.create_task(self._deliver(case.reference))
        while True:
            await workflow.wait_condition(lambda: self._ready and bool(self.entries))
            batch = _batch(self.entries)
            asked = Errand(reference=case.reference, entries=batch)
            outcome: ErrandOutcome = await _until_done(CARRY_OUT, asked, ErrandOutcome, errand(batch))
            for entry in batch:
                await _open_part(case, entry)
            del self.entries[: len(batch)]
            self.release()
            if not self.entries:
                self._emptied()
            if not outcome.delivered:
                self.undelivered = self._left_since = True
                if late_post is None or late_post.done():
                    late_post = asyncio.create_task(self._deliver(case.reference))

    async def _deliver(self, reference: str) -> None:
        """Letters that could not leave at once are tried until they do; nothing else waits for them."""
        self._left_since = True
        while self._left_since:  # one that stayed behind while others were leaving is not forgotten
            self._left_since = False
            await _until_done(DELIVER, reference, None, "Letters that could not leave are tried again")
        self.undelivered = False


async def _until_done(
    activity: str, asked: Errand | str, gives: type[ErrandOutcome] | None, summary: str
) -> Any:
    """Have it tried until it works; also where somebody ended it by hand (`temporal activity fail`)."""
    while True:
        try:
            return await workflow.execute_activity(
                activity,
                asked,
                result_type=gives,
                start_to_close_timeout=START_TO_CLOSE,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRY_FOREVER,
                summary=summary,
            )
        except ActivityError:
            await workflow.sleep(ASKED_ANEW, summary="An errand was ended by hand: it is asked for anew")


async def _open_part(case: Case, entry: RegisterEntry) -> None:
    """Points split off become a complaint of their own; its reference stands in the register already."""
    if entry.body.get("kind") != "split" or entry.body.get("state") != "done":
        return
    part = part_of(case, entry.body["facts"])
    try:
        await workflow.start_child_workflow(
            WORKFLOW,
            Start(reference=part.reference, opening=part.opening).model_dump(mode="json", exclude_none=True),
            id=workflow_id(part.reference),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=title(part.reference, part_of=case.reference),
            static_details=STATIC_DETAILS,
        )
    except WorkflowAlreadyStartedError:
        return  # an earlier run of ours has started it


def _size(entry: RegisterEntry) -> int:
    return len(str(entry.body))


def _batch(entries: list[RegisterEntry]) -> list[RegisterEntry]:
    """The first entries, as many as one errand carries; always one."""
    batch, size = [entries[0]], _size(entries[0])
    for entry in entries[1:BATCH_ENTRIES]:
        size += _size(entry)
        if size > BATCH_BYTES:
            break
        batch.append(entry)
    return batch
