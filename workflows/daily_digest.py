"""Telling staff once a day what they owe, started by a Schedule: `redress.temporal.schedules`."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from redress.contract import DAILY_DIGEST, HEARTBEAT_TIMEOUT, LETTERS_QUEUE, SEND_DIGESTS, DigestReport

START_TO_CLOSE = timedelta(minutes=30)
"""At most, for one attempt; a digest takes seconds."""

SCHEDULE_TO_CLOSE = timedelta(hours=12)
"""At most, for all attempts: a digest that could not leave by the evening is told with the next day's."""


@workflow.defn(name=DAILY_DIGEST)
class DailyDigest:
    """The daily digests. What became of them stands in its result, without a name."""

    @workflow.run
    async def run(self) -> DigestReport:
        """Send each mailbox of staff what it has late, due and to decide."""
        report: DigestReport = await workflow.execute_activity(
            SEND_DIGESTS,
            result_type=DigestReport,
            task_queue=LETTERS_QUEUE,
            start_to_close_timeout=START_TO_CLOSE,
            schedule_to_close_timeout=SCHEDULE_TO_CLOSE,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=10)),
            summary="Staff are told what they have late, due and to decide: a digest for each mailbox",
        )
        return report
