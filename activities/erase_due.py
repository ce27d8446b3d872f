"""Erases, for the daily maintenance, personal data that is past its authority's retention."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.serving import serve_maintenance
from redress.contract import ERASE_DUE, ErasureReport
from redress.services.clock import today
from redress.services.documents import Documents
from redress.services.erasing import due_for_erasure, erase
from redress.services.errors import Rejected
from redress.store.register import Register

log = logging.getLogger(__name__)


class EraseDue:
    """The activity, with what it works on: Temporal, the register, letters, the state folder, documents."""

    def __init__(
        self,
        client: Client,
        register: Register,
        outbox: Path,
        state: Path,
        documents: Documents | None = None,
    ) -> None:
        self._client = client
        self._register = register
        self._outbox = outbox
        self._state = state
        self._documents = documents

    @activity.defn(name=ERASE_DUE, no_thread_cancel_exception=True)
    def erase_due(self) -> ErasureReport:
        """Count what is past its retention; erase it where `[retention] erase_automatically` says so.

        May run again: what is erased is due no more. Raises where the worker is told to stop, so that
        another goes on.
        """
        serve_maintenance()
        due = due_for_erasure(self._register, today())
        report = ErasureReport(due=len(due.confirmed), unconfirmed=len(due.unconfirmed))
        # In a thread and with an event loop of its own: between its calls to Temporal an erasure reads and
        # writes databases, and in the worker's loop every complaint would wait for them.
        asyncio.run(self._erase(due.automatic, report))
        log.info(
            "past their retention: %d complaints, of which %d are erased, %d could not be and %d are kept "
            "until somebody erases them; %d more are past a period that is not confirmed",
            report.due,
            report.erased,
            report.failed,
            report.due - report.erased - report.failed,
            report.unconfirmed,
        )
        return report

    async def _erase(self, references: Iterable[str], report: ErasureReport) -> None:
        for reference in references:
            if activity.is_worker_shutdown():
                raise ApplicationError(f"the worker stops after {report.erased} erasures; another goes on")
            try:
                proof = await erase(
                    self._client,
                    self._register,
                    self._outbox,
                    reference,
                    self._state,
                    documents=self._documents,
                )
            except Rejected as error:
                log.warning("%s is not erased: %s", reference, error)
                report.failed += 1
            except Exception as error:  # whatever befell one complaint, the others are seen to
                log.warning("%s is not erased: %s", reference, type(error).__name__)
                report.failed += 1
            else:
                report.erased += proof.holds
                report.failed += not proof.holds
                if not proof.holds:
                    log.error("%s: personal data is still readable: starter.py erase shows where", reference)
