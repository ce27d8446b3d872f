"""What runs by itself, by Temporal Schedules: the daily maintenance."""

from __future__ import annotations

from datetime import timedelta

from temporalio import client as temporal

from redress.contract import MAINTENANCE, TASK_QUEUE

MAINTENANCE_SCHEDULE = "redress-maintenance"
"""Its id; each run's workflow id begins with it."""

CATCHUP_WINDOW = timedelta(days=2)
"""A run that Temporal could not start in time is started later, up to so much."""


async def schedule_maintenance(client: temporal.Client) -> list[str]:
    """Have the daily maintenance scheduled; gives a sentence where something was changed, none if nothing.

    When it runs, and whether it is paused, is left as operators have set it; what it runs is ours.
    """
    action = temporal.ScheduleActionStartWorkflow(
        MAINTENANCE,
        id=MAINTENANCE_SCHEDULE,
        task_queue=TASK_QUEUE,
        static_summary="Daily maintenance: personal data past its retention",
    )
    at = temporal.ScheduleCalendarSpec(hour=[temporal.ScheduleRange(2)], minute=[temporal.ScheduleRange(30)])
    schedule = temporal.Schedule(
        action=action,
        spec=temporal.ScheduleSpec(calendars=[at], time_zone_name="Europe/London"),
        policy=temporal.SchedulePolicy(
            overlap=temporal.ScheduleOverlapPolicy.SKIP, catchup_window=CATCHUP_WINDOW
        ),
    )
    try:
        await client.create_schedule(MAINTENANCE_SCHEDULE, schedule)
    except temporal.ScheduleAlreadyRunningError:
        return await _put_right(client, action)
    return ["scheduled the maintenance daily at 02:30, London time"]


async def _put_right(client: temporal.Client, action: temporal.ScheduleActionStartWorkflow) -> list[str]:
    handle = client.get_schedule_handle(MAINTENANCE_SCHEDULE)
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
    return ["the scheduled maintenance runs this version's workflow"]
