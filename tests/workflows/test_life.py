"""Whole lives on the real server, with time moved for each complaint alone."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from redress.procedures.bank_holidays import calendar_today
from redress.store import tables
from tests.conftest import Life

CALENDAR = calendar_today()


async def _to_stage_2(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld", summary="An invented answer.")
    await life.send("escalate", reason="Not content.")


async def test_three_stages_in_time(life: Life) -> None:
    await _to_stage_2(life)
    await life.send("appoint", role="investigating_officer", person={"id": "a"}, connection="employee")
    await life.send("appoint", role="independent_person", person={"id": "b"}, connection="none")
    await life.send("agree_statement", points=["One."])
    await life.send("report", kind="investigation")
    await life.reports()
    await life.send("respond", outcome="partly_upheld", summary="Adjudicated.")
    await life.send("escalate")
    await life.send("acknowledge")
    for role, who in (("panel_chair", "c"), ("panel_member", "d"), ("panel_member", "e")):
        assert (await life.send("appoint", role=role, person={"id": who}, connection="none")).applied
    meeting = CALENDAR.add(life.today, 15)
    await life.send("schedule_panel", meeting_on=meeting.isoformat(), place="An invented hall")
    await life.attach("panel_papers", "panel_report")
    await life.send("send_papers")
    await life.move_to(meeting)
    await life.send("hold_panel")
    await life.send("report", kind="panel", recommendations=[{"what": "Say sorry", "who": "the director"}])
    answer = await life.send("respond", outcome="upheld", independent_person_consulted=True)
    assert answer.applied
    status = await life.status()
    assert (status["state"], status["closed_as"], status["closed_on"]) == (
        "closed",
        "completed",
        life.today.isoformat(),
    )
    assert {d["state"] for d in status["deadlines"]} == {"met"}
    assert status["irregular"] == []
    await life.settled(lambda: "final_response-complainant" in life.letters())
    assert {"acknowledgement-complainant", "adjudication-complainant", "panel_notice-complainant"} <= set(
        life.letters()
    )


async def test_stage_1_passes_in_silence(life: Life) -> None:
    """Reminded before in the digest, breach on the day, letters at nine, once each, and Stage 2 open."""
    await life.open()
    await life.send("acknowledge")
    due = CALENDAR.add(life.today, 10)
    await life.move_to(CALENDAR.before(due, 2), "08:30")
    assert not [key for key in life.reminded() if ":stage_1_response:" in key]
    await life.move_to(CALENDAR.before(due, 2), "09:30")
    await life.settled(lambda: any(":stage_1_response:" in key for key in life.reminded()))
    assert "reminder-stage_manager" not in life.letters(), "it stands in the daily digest"
    await life.move_to(due, "23:30")
    assert not (await life.status())["overdue"]
    first_late = CALENDAR.add(due, 1)
    await life.move_to(first_late, "00:30")
    status = await life.status(first_late)
    assert status["overdue"]
    assert (await life.deadline("stage_1_response"))["days_late"] == 1
    assert "stage_1_late-complainant" not in life.letters()
    await life.move_to(first_late, "09:30")
    await life.settled(lambda: "stage_1_late-complainant" in life.letters())
    await life.settled(lambda: "breach_notice-complaints_manager" in life.letters())
    answer = await life.send("escalate", reason="You are late.")
    assert answer.applied
    assert (await life.status())["stage"] == "stage_2"
    assert len(life.letters()) == len(set(life.letters()))


async def test_day_25_without_adjudication(life: Life) -> None:
    await _to_stage_2(life)
    due = date.fromisoformat((await life.deadline("stage_2_response"))["due_on"])
    assert due == CALENDAR.add(life.today, 25)
    await life.move_to(CALENDAR.add(due, 1), "10:00")
    await life.settled(lambda: "stage_2_delay-complainant" in life.letters())
    status = await life.status()
    assert status["overdue"]
    assert (status["stage"], status["state"]) == ("stage_2", "open")
    late = await life.send("extend", reason="Two agencies.")
    assert late.applied
    deadline = await life.deadline("stage_2_response")
    assert deadline["moved"] == [{"due_on": due.isoformat(), "reason": "Two agencies.", "breach": True}]
    assert deadline["state"] == "running"


async def test_review_after_stage_1_lapses_and_stage_2_opens_later(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld")
    last = CALENDAR.add(life.today, 20)
    await life.move_to(CALENDAR.add(last, 1), "10:00")
    status = await life.status()
    assert (status["closed_as"], status["state"]) == ("lapsed", "closed")
    await life.settled(lambda: "closure-complainant" in life.letters())
    assert "stage_2_offer-complainant" in life.letters()
    await life.move_to(CALENDAR.add(last, 30), "10:00")
    assert (await life.send("escalate")).applied
    status = await life.status()
    assert (status["stage"], status["state"], status["closed_on"]) == ("stage_2", "open", None)


async def test_late_request_for_a_panel_waits_for_a_decision(life: Life) -> None:
    await _to_stage_2(life)
    await life.send("respond", outcome="not_upheld", received_on=life.today.isoformat())
    last = CALENDAR.add(life.today, 20)
    await life.move_to(CALENDAR.add(last, 3), "10:00")
    answer = await life.send("escalate", reason="I was in hospital.")
    assert (answer.applied, answer.pending) == (False, True)
    status = await life.status()
    assert status["waiting_for"] == "complaints_manager"
    assert [p["action"] for p in status["pending"]] == ["escalate"]
    assert (await life.send("decide_late", accept=True, reason="A good reason.")).applied
    status = await life.status()
    assert (status["stage"], status["state"], status["pending"]) == ("stage_3", "open", [])


async def test_the_workflow_ends_after_its_tail_and_is_taken_up_again(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.send("withdraw")
    tail = CALENDAR.add(life.today, 60)
    await life.move_to(CALENDAR.add(tail, 2), "10:00")
    description = await life.handle.describe()
    assert description.status is not None
    assert description.status.name == "COMPLETED"
    life.ahead = timedelta()  # the new run starts with the real clock
    note = await life.send("add_note", note="Something for the file.")
    assert note.applied
    status = await life.status()
    assert status["closed_as"] == "withdrawn"
    assert [m["action"] for m in status.get("messages", [])] == ["acknowledge", "withdraw", "add_note"]
    repeated = await life.send("add_note", note="Something for the file.", message_id=note.message_id)
    assert repeated.repeated


async def test_the_register_holds_what_the_complaint_holds(life: Life) -> None:
    await _to_stage_2(life)
    refused = await life.send("extend", reason="Too long.", until=CALENDAR.add(life.today, 66).isoformat())
    assert not refused.applied
    status = await life.status()

    def recorded() -> bool:
        with life.register.reading() as db:
            table = tables.messages
            count = db.execute(
                select(func.count()).select_from(table).where(table.c.reference == life.reference)
            ).scalar_one()
        return bool(count == 4)

    await life.settled(recorded)
    kept = life.register.status(life.reference, life.today)
    assert kept is not None
    for name in ("deadlines", "stage", "state", "waiting_for", "next_due_on", "messages", "refused"):
        assert kept[name] == status[name], name
    with life.register.reading() as db:
        table = tables.refusals
        rows = db.execute(select(table).where(table.c.reference == life.reference)).all()
    assert [row.action for row in rows] == ["extend"]
