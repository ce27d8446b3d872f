"""A complaint's page: title, current details, sentences on the timeline, query results in order."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect
from temporalio.api.enums.v1 import EventType

from redress.contract import workflow_id
from redress.domain.calendar import long_date
from redress.domain.sentences import LONGEST
from redress.domain.status import Status
from redress.procedures.bank_holidays import calendar_today
from tests.conftest import Life
from tests.test_docs import example
from tests.ui.browser import Operator
from tests.ui.conftest import NewLife
from tests.workflows.paths import PATHS
from workflows.details import current_details

CALENDAR = calendar_today()

A_DAY = r"\w{3} \d{1,2} \w{3} \d{4}"
TIMER = re.compile(rf"(By|Until|On) {A_DAY} .+")
ACTIVITY = re.compile(r"[A-Z][^_]+")


async def test_an_overdue_complaint_says_so_first(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open(points=["One.", "Two."])
    due = CALENDAR.add(life.today, 3)
    stage_1 = CALENDAR.add(life.today, 10)
    await life.move_to(CALENDAR.add(life.today, 4))
    await operator.opens(life.reference)
    assert await operator.reads("summary") == f"Complaint {life.reference} to family-rights"
    assert "More Actions, then Send an Update" in await operator.reads("details")
    lines = [line for line in (await operator.reads("current-details")).splitlines() if line]
    assert lines[:4] == [
        "Stage 1: local resolution · open",
        "Owed now",
        f"overdue: Acknowledgement, due {long_date(due)} (Complaints Manager)",
        f"by {long_date(stage_1)}: Stage 1 response (manager of the team concerned)",
    ]
    assert lines[-4] == "Lists: everything that is overdue · everything that waits for the Complaints Manager"
    assert lines[-3].startswith(f"{life.reference} · family-rights · received ")
    assert lines[-2].endswith("and what they want: query who_complains")
    assert "social care complaints: statutory procedure (statutory). Why: " in lines[-1]


async def test_what_was_late_stays_on_the_page(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open()
    due = CALENDAR.add(life.today, 3)
    await life.move_to(CALENDAR.add(life.today, 5))
    await life.send("acknowledge")
    await life.send("extend", reason="Two teams.")
    await operator.opens(life.reference)
    said = await operator.reads("current-details")
    assert (
        f"Was late\nAcknowledgement: due {long_date(due)}, done {long_date(life.today)}, 2 working days late"
        in (re.sub(r"\n+", "\n", said))
    )
    assert f"Last message: extend of {long_date(life.today)}" in said


async def test_linked_complaints_are_one_click_away(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open(points=["One.", "Two."])
    await life.send("split", points=[2], procedure="corporate")
    part = f"{life.reference}-1"
    await life.settled(lambda: True)
    await operator.opens(life.reference)
    await operator.reads("current-details")
    link = operator.page.frame_locator("#user-metadata-current-details").get_by_role("link", name=part)
    async with operator.context.expect_page() as opened:
        await link.click()
    there = Operator(await opened.value, operator.context, operator.ui)
    await expect(there.page.get_by_test_id("timeline-tab")).to_be_visible()
    assert await there.reads("summary") == f"Complaint {part}, split off {life.reference}"
    back = there.page.frame_locator("#user-metadata-current-details").get_by_role("link", name=life.reference)
    await expect(back).to_be_visible()
    await there.page.close()  # a page behind another one is slow


async def test_other_work_is_one_click_away(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open()
    await operator.opens(life.reference)
    await operator.reads("current-details", until="Lists: ")
    shown = operator.page.frame_locator("#user-metadata-current-details")
    async with operator.context.expect_page() as opened:
        await shown.get_by_role("link", name="everything that waits for the Complaints Manager").click()
    there = await opened.value
    await expect(there.get_by_role("link", name=workflow_id(life.reference))).to_be_visible()
    await there.close()


async def test_a_closed_complaint_says_when_and_how(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open()
    await life.send("withdraw", reason="Sorted out.")
    await operator.opens(life.reference)
    current_details = await operator.reads("current-details", until="Last message")
    assert current_details.startswith(f"Closed on {long_date(life.today)} as withdrawn\n")


async def test_the_status_is_in_the_order_in_which_it_is_read(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open()
    await operator.opens(life.reference)
    shown = re.findall(r'^  "(\w+)":', await operator.asks("status"), re.MULTILINE)
    assert shown[:6] == ["reference", "state", "stage", "overdue", "waiting_for", "next_due_on"]
    status = await life.status()
    assert shown == list(status)[: len(shown)]
    assert set(status) <= set(Status.__annotations__)


async def test_the_status_of_another_day_can_be_asked(new_life: NewLife, operator: Operator) -> None:
    life = new_life()
    await life.open()
    later = CALENDAR.add(life.today, 12)
    await operator.opens(life.reference)
    assert '"overdue": false' in await operator.asks("status")
    assert '"overdue": true' in await operator.asks("status", f'"{later.isoformat()}"')


@pytest.mark.parametrize("name", sorted(PATHS))
async def test_what_the_history_shows_are_sentences(name: str, new_life: NewLife, operator: Operator) -> None:
    """Of every procedure and turn: timers, activities and children; the timeline shows those that it can."""
    life = new_life()
    await PATHS[name](life)
    timers, activities, local = await sentences(life)
    assert timers
    assert local
    for said in timers:
        assert TIMER.fullmatch(said), said
    for sentence in [*activities, *local]:
        assert ACTIVITY.fullmatch(sentence), sentence
    assert max(map(len, [*timers, *activities, *local])) <= LONGEST
    await operator.opens(life.reference)
    shown = await operator.timeline()
    assert any(label in timers for label in shown)
    # Of what was done within a workflow task the UI shows the name alone; its sentence is in the history.
    assert not activities or any(label.partition(" • ")[2] in activities for label in shown)


async def sentences(life: Life) -> tuple[list[str], list[str], list[str]]:
    """The summaries of timers, of activities and children, and of local activities, in a history."""
    found: dict[EventType.ValueType, list[str]] = {
        EventType.EVENT_TYPE_TIMER_STARTED: [],
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: [],
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: [],
        EventType.EVENT_TYPE_MARKER_RECORDED: [],
    }
    async for event in life.handle.fetch_history_events():
        if event.event_type in found:
            (summary,) = await life.client.data_converter.decode([event.user_metadata.summary], [str])
            found[event.event_type].append(summary)
    timers, activities, children, local = found.values()
    return timers, activities + children, local


def test_a_card_is_short_whatever_happens() -> None:
    """The UI fetches it in an address: 20 kB are Temporal's limit, 8 kB many a proxy's."""
    case = example("three-stages")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    said = {"outcome": "upheld", "remedies": [{"what": "Do a thing."}] * 50}
    case.receive(case.parse("respond", said, now), now)
    shown = current_details(case, now.date(), "default")
    assert "and 3" in shown
    assert len(shown.encode()) < 5_000


def test_nobody_is_named_on_a_card() -> None:
    case = example("three-stages")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for action, said in (
        ("appoint", {"role": "investigating_officer", "person": {"name": "MARKED"}, "connection": "none"}),
        ("respond", {"outcome": "upheld", "summary": "MARKED", "remedies": [{"what": "MARKED"}]}),
        ("escalate", {"reason": "MARKED"}),
        ("suspend", {"reason": "MARKED", "review_on": "2026-12-01"}),
        ("add_note", {"note": "MARKED"}),
    ):
        case.receive(case.parse(action, {**said, "note": "MARKED", "by": "MARKED"}, now), now)
        shown = current_details(case, now.date(), "default")
        assert "MARKED" not in shown
        assert case.opening.complainant is not None
        assert case.opening.complainant.name not in shown
