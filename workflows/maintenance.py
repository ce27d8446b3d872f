"""What is done once a day, started by a Schedule: `redress.temporal.schedules`."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from redress.contract import ERASE_DUE, HEARTBEAT_TIMEOUT, MAINTENANCE, ErasureReport

START_TO_CLOSE = timedelta(hours=4)
"""At most, for one attempt; erasing a complaint takes seconds."""

SCHEDULE_TO_CLOSE = timedelta(hours=20)
"""At most, for all attempts: what could not be done by then is done by the next day's run."""


@workflow.defn(name=MAINTENANCE)
class Maintenance:
    """The daily maintenance. What it did stands in its result, without a name."""

    @workflow.run
    async def run(self) -> ErasureReport:
        """Erase what is past its retention, where the authority has switched that on; count the rest."""
        report: ErasureReport = await workflow.execute_activity(
            ERASE_DUE,
            result_type=ErasureReport,
            start_to_close_timeout=START_TO_CLOSE,
            schedule_to_close_timeout=SCHEDULE_TO_CLOSE,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=10)),
            summary="Complaints past their retention are counted, and erased where that is switched on",
        )
        return report
