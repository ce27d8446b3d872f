"""The ready lists show what they say: complaints in every state, moved in time, found by each link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
import pytest_asyncio

from redress.domain.status import Status
from redress.domain.words import TITLES
from redress.procedures.bank_holidays import calendar_today
from redress.procedures.loader import authority_names
from redress.services.clock import today
from redress.services.links import STUCK, end_of_week, list_url, ready_lists
from tests.conftest import Life
from tests.ui.browser import Operator
from tests.ui.conftest import NewLife

CALENDAR = calendar_today()


async def new(life: Life) -> None:
    await life.open()


async def overdue(life: Life) -> None:
    await life.open()
    await life.move_to(CALENDAR.add(life.today, 4))


async def acknowledged(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")


async def answered(life: Life) -> None:
    await acknowledged(life)
    await life.send("respond", outcome="not_upheld")


async def investigated(life: Life) -> None:
    await answered(life)
    await life.send("escalate")
    await life.send("appoint", role="investigating_officer", person={"id": "a"}, connection="employee")
    await life.send("appoint", role="independent_person", person={"id": "b"}, connection="none")
    await life.send("agree_statement", points=["One."])


async def reported(life: Life) -> None:
    await investigated(life)
    await life.send("report", kind="investigation")


async def before_a_panel(life: Life) -> None:
    await reported(life)
    await life.reports()
    await life.attach("panel_papers", "panel_report")
    await life.send("respond", outcome="not_upheld")
    await life.send("escalate")
    await life.send("acknowledge")
    for role, who in (("panel_chair", "c"), ("panel_member", "d"), ("panel_member", "e")):
        await life.send("appoint", role=role, person={"id": who}, connection="none")
    await life.send("schedule_panel", meeting_on=life.today.isoformat(), place="An invented hall")
    await life.send("send_papers")
    await life.send("hold_panel")


async def after_a_panel(life: Life) -> None:
    await before_a_panel(life)
    await life.send("report", kind="panel")


async def with_the_ombudsman(life: Life) -> None:
    await after_a_panel(life)
    await life.send("respond", outcome="not_upheld", independent_person_consulted=True)
    await life.send("refer_to_ombudsman")


async def suspended(life: Life) -> None:
    await life.open(authority="north-somerset")
    await life.send("acknowledge")
    await life.send(
        "suspend", reason="Court.", proceedings="Court", review_on=CALENDAR.add(life.today, 30).isoformat()
    )


async def withdrawn(life: Life) -> None:
    await acknowledged(life)
    await life.send("withdraw")


async def ended(life: Life) -> None:
    await withdrawn(life)
    await life.move_to(CALENDAR.add(life.today, 63))


async def drafted(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="upheld", letter="draft")


async def applied(life: Life) -> None:
    await life.open(authority="irm", complainant={"name": "Testa Inventata", "role": "applicant"})


STORIES: dict[str, Callable[[Life], Awaitable[None]]] = {
    story.__name__: story
    for story in (
        new,
        overdue,
        acknowledged,
        answered,
        investigated,
        reported,
        before_a_panel,
        after_a_panel,
        with_the_ombudsman,
        suspended,
        withdrawn,
        ended,
        drafted,
        applied,
    )
}

WAITS_FOR = {
    "waiting for the Complaints Manager": "new overdue suspended",
    "waiting for the manager of the team concerned": "acknowledged applied",
    "waiting for the complainant": "answered",
    "waiting for the Investigating Officer": "investigated",
    "waiting for the Adjudicating Officer": "reported",
    "waiting for the Chair of the Review Panel": "before_a_panel",
    "waiting for the Director of Children's Services": "after_a_panel",
    "waiting for the Ombudsman": "with_the_ombudsman",
    "waiting for the person who approves letters": "drafted",
}

OPEN = {
    "open: irm": "applied",
    "open: north-somerset": "suspended",
    "open: rotherham": "",
    "open: young-people": "",
    "open: family-rights": "new overdue acknowledged answered investigated reported before_a_panel"
    " after_a_panel drafted",
}

SHOWN = {
    **WAITS_FOR,
    **OPEN,
    "overdue": "overdue",
    "suspended": "suspended",
    "closed, the file still open": "withdrawn with_the_ombudsman",
    "file closed this month": "ended",
}
"""Which stories each list shows, the ones whose content hangs on the day apart."""


@pytest_asyncio.fixture(scope="module")
async def lives(new_life: NewLife) -> dict[str, Life]:
    """Every story told, all at once."""
    told = {name: new_life() for name in STORIES}
    await asyncio.gather(*(story(told[name]) for name, story in STORIES.items()))
    return told


def query_of(name: str, on: date | None = None) -> str:
    lists = ready_lists(on or today(), authority_names())
    return next(each.query for each in lists if each.name == name)


async def shows(
    operator: Operator, lives: dict[str, Life], name: str, expected: set[str], on: date | None = None
) -> None:
    """Which stories a list of the UI shows; what was done a moment ago may take a second to be listed.

    Complaints of other tests stand in the lists too.
    """
    names = {life.reference: name for name, life in lives.items()}
    link = list_url(operator.ui, "default", query_of(name, on))
    for _ in range(20):
        found = {names[reference] for reference in await operator.follows(link) if reference in names}
        if found == expected:
            break
        await asyncio.sleep(0.5)
        await operator.page.reload()
    assert found == expected


@pytest.mark.parametrize("name", SHOWN)
async def test_a_list_shows_what_it_says(name: str, lives: dict[str, Life], operator: Operator) -> None:
    await shows(operator, lives, name, set(SHOWN[name].split()))


def test_every_list_is_tried() -> None:
    names = {each.name for each in ready_lists(today(), authority_names())}
    assert names == SHOWN.keys() | {"due this week", STUCK}


async def test_a_complaint_is_waited_for_by_one_list(lives: dict[str, Life]) -> None:
    """What the lists are made of is what each complaint says of itself."""
    roles = {f"waiting for the {title}": role for role, title in TITLES.items()}
    for name, stories in WAITS_FOR.items():
        for story in stories.split():
            assert (await lives[story].status())["waiting_for"] == roles[name], story


async def test_what_is_due_this_week(lives: dict[str, Life], operator: Operator) -> None:
    """The same link made in this week, the next ones and a month later: each time up to its Sunday."""
    open_now = {name: await life.status() for name, life in lives.items() if name != "ended"}
    shown_once: set[str] = set()
    for weeks in (0, 1, 2, 5):
        on = today() + timedelta(weeks=weeks)
        before = {name for name, status in open_now.items() if due_by(status, end_of_week(on))}
        await shows(operator, lives, "due this week", before, on)
        shown_once |= before
    assert {"new", "acknowledged", "answered"} <= shown_once
    assert "overdue" not in shown_once
    assert "new" in {name for name, status in open_now.items() if due_by(status, today() + timedelta(days=7))}
    assert "answered" not in {name for name, status in open_now.items() if due_by(status, today())}


def due_by(status: Status, last: date) -> bool:
    due_on = status["next_due_on"]
    return due_on is not None and date.fromisoformat(due_on) <= last and not status["overdue"]


def test_the_week_ends_on_its_sunday() -> None:
    monday = date(2026, 11, 23)
    ends = [end_of_week(monday + timedelta(days=n)) for n in range(7)]
    assert ends == [date(2026, 11, 29)] * 5 + [date(2026, 12, 6)] * 2
