"""What runs by itself, by Temporal Schedules: the daily maintenance, and the daily digests to staff."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from temporalio import client as temporal

from redress.contract import DAILY_DIGEST, MAINTENANCE, TASK_QUEUE

MAINTENANCE_SCHEDULE = "redress-maintenance"
"""Its id; each run's workflow id begins with it."""

DIGEST_SCHEDULE = "redress-daily-digest"
"""The same for the daily digests."""


class Daily(NamedTuple):
    """What runs once a day at a London time.

    `catchup`: a run that Temporal could not start in time is started up to so much later.
    """

    id: str
    workflow: str
    what: str
    summary: str
    hour: int
    minute: int
    catchup: timedelta


DAILY = (
    Daily(
        MAINTENANCE_SCHEDULE,
        MAINTENANCE,
        "the maintenance",
        "Daily maintenance: personal data past its retention",
        2,
        30,
        timedelta(days=2),
    ),
    Daily(
        DIGEST_SCHEDULE,
        DAILY_DIGEST,
        "the digests to staff",
        "Daily digest: what staff have late, due and to decide",
        7,
        0,
        timedelta(hours=12),
    ),
)


async def schedule_daily(client: temporal.Client) -> list[str]:
    """Have what is daily scheduled; gives a sentence where something was changed, none if nothing.

    When it runs, and whether it is paused, is left as operators have set it; what it runs is ours.
    """
    return [sentence for daily in DAILY for sentence in await _schedule(client, daily)]


async def _schedule(client: temporal.Client, daily: Daily) -> list[str]:
    action = temporal.ScheduleActionStartWorkflow(
        daily.workflow, id=daily.id, task_queue=TASK_QUEUE, static_summary=daily.summary
    )
    at = temporal.ScheduleCalendarSpec(
        hour=[temporal.ScheduleRange(daily.hour)], minute=[temporal.ScheduleRange(daily.minute)]
    )
    schedule = temporal.Schedule(
        action=action,
        spec=temporal.ScheduleSpec(calendars=[at], time_zone_name="Europe/London"),
        policy=temporal.SchedulePolicy(
            overlap=temporal.ScheduleOverlapPolicy.SKIP, catchup_window=daily.catchup
        ),
    )
    try:
        await client.create_schedule(daily.id, schedule)
    except temporal.ScheduleAlreadyRunningError:
        return await _put_right(client, action, daily)
    return [f"scheduled {daily.what} daily at {daily.hour:02}:{daily.minute:02}, London time"]


async def _put_right(
    client: temporal.Client, action: temporal.ScheduleActionStartWorkflow, daily: Daily
) -> list[str]:
    handle = client.get_schedule_handle(daily.id)
    there = (await handle.describe()).schedule.action
    if isinstance(there, temporal.ScheduleActionStartWorkflow) and (there.workflow, there.task_queue) == (
        action.workflow,
        action.task_queue,
    ):
        return []

    def with_ours(found: temporal.ScheduleUpdateInput) -> temporal.ScheduleUpdate:
        found.description.schedule.action = action
        return temporal.ScheduleUpdate(found.description.schedule)

    await handle.update(with_ours)
    return [f"scheduled {daily.what}: it runs this version's workflow"]
