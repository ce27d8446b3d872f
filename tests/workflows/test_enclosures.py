"""A letter that waits for its enclosure, from outside: it leaves as soon as that is attached."""

from __future__ import annotations

import asyncio

from redress.procedures.bank_holidays import calendar_today
from redress.services import drafts, letters
from tests.conftest import Life

CALENDAR = calendar_today()


async def becomes(life: Life, deadline: str, state: str) -> bool:
    """Whether a deadline comes to a state within the patience that follows a letter."""
    for _ in range(300):
        if (await life.deadline(deadline))["state"] == state:
            return True
        await asyncio.sleep(0.1)
    return False


async def post(life: Life, letter: str) -> None:
    """Somebody posts what lies in the folder, and says so of each copy."""
    for each in letters.lines(life.register, life.reference, "by_hand"):
        if each["letter"] == letter:
            said = (life.client, life.register, life.reference, each["mark"], life.today)
            await drafts.note_as_posted(*said, by="Penny Post", within=60)


async def test_an_adjudication_leaves_when_its_reports_are_attached_and_papers_when_theirs_are(
    life: Life,
) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld")
    await life.send("escalate")
    await life.send("appoint", role="investigating_officer", person={"id": "a"}, connection="employee")
    await life.send("appoint", role="independent_person", person={"id": "b"}, connection="none")
    await life.send("report", kind="investigation")
    await life.send("respond", outcome="not_upheld")

    def states(name: str) -> set[str]:
        return {
            each["state"] for each in letters.lines(life.register, life.reference) if each["letter"] == name
        }

    await life.settled(lambda: states("adjudication") == {"waiting"})
    assert await becomes(life, "stage_3_request", "paused")
    status = await life.status()
    assert status["waiting_for"] == "complaints_manager"
    assert [each["state"] for each in status["letters"] if each["letter"] == "adjudication"] == ["waiting"]
    await life.reports()
    await life.settled(lambda: "adjudication-complainant" in life.letters())
    await life.settled(lambda: states("adjudication") == {"by_hand"})
    await post(life, "adjudication")
    assert await becomes(life, "stage_3_request", "running")
    await life.send("escalate")
    meeting = CALENDAR.add(life.today, 20)
    await life.send("schedule_panel", meeting_on=meeting.isoformat(), place="An invented hall")
    await life.send("send_papers")
    await life.settled(lambda: states("panel_notice") == {"waiting"})
    assert await becomes(life, "panel_papers", "running")
    mark = next(
        each["mark"]
        for each in letters.lines(life.register, life.reference)
        if (each["letter"], each["to"]) == ("panel_notice", "complainant")
    )
    promised = {"reason": "They are copied.", "follows_by": CALENDAR.add(life.today, 2).isoformat()}
    assert (await life.send("release_letter", mark=mark, **promised)).applied
    await life.settled(lambda: "panel_notice-complainant" in life.letters())
    assert (await life.deadline("panel_papers"))["state"] == "running"
    await life.attach("panel_papers")
    await life.settled(lambda: "enclosure_follows-complainant" in life.letters())

    await post(life, "panel_notice")
    assert (await life.deadline("panel_papers"))["state"] == "running"
    await post(life, "enclosure_follows")
    assert await becomes(life, "panel_papers", "met")
