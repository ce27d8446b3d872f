"""Things break: the worker is killed, the register and the post are gone. Nothing is lost or doubled."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, select
from temporalio.exceptions import ApplicationError

from redress.procedures.bank_holidays import calendar_today
from redress.store import tables
from tests.conftest import Life
from tests.faults.conftest import Installation, locked
from tests.forking import command
from tests.waiting import eventually, recorded

CALENDAR = calendar_today()


def _rows(installation: Installation, reference: str) -> Sequence[Row[Any]]:
    with installation.register.reading() as db:
        table = tables.letters
        return db.execute(select(table).where(table.c.reference == reference)).all()


def _sent(installation: Installation, reference: str) -> Counter[tuple[str, str]]:
    return Counter(
        (row.letter, row.recipient) for row in _rows(installation, reference) if row.state == "sent"
    )


def _all_sent(installation: Installation, reference: str, last: tuple[str, str]) -> bool:
    """No letter waits, and the last one is among them."""
    rows = _rows(installation, reference)
    return last in {(row.letter, row.recipient) for row in rows} and {row.state for row in rows} == {"sent"}


def _recorded(installation: Installation, reference: str, kind: str) -> list[str]:
    with installation.register.reading() as db:
        table = tables.events
        rows = db.execute(
            select(table.c.key)
            .where(table.c.reference == reference, table.c.kind == kind)
            .order_by(table.c.id)
        )
        return [row.key for row in rows]


async def test_the_worker_is_killed_at_each_step(own: Installation) -> None:
    life = own.life()
    await life.open(received_on=date.today().isoformat())
    meeting = CALENDAR.add(life.today, 15).isoformat()
    steps: list[tuple[str, dict[str, object]]] = [
        ("acknowledge", {}),
        ("respond", {"outcome": "not_upheld"}),
        ("escalate", {}),
        ("appoint", {"role": "investigating_officer", "person": {"id": "a"}, "connection": "employee"}),
        ("appoint", {"role": "independent_person", "person": {"id": "b"}, "connection": "none"}),
        ("agree_statement", {"points": ["One."]}),
        ("extend", {"reason": "Two agencies."}),
        ("report", {"kind": "investigation"}),
        ("respond", {"outcome": "upheld"}),
        ("escalate", {}),
        ("schedule_panel", {"meeting_on": meeting}),
        ("withdraw", {}),
    ]
    for action, fields in steps:
        if action == "respond":
            await life.reports()
        await own.stop_worker()  # while what the step before asked for is being recorded and sent
        own.start_worker()
        answer = await life.send(action, **fields)
        assert answer.applied, (action, answer.reason)
        assert not answer.repeated
    status = await life.status()
    assert (status["stage"], status["closed_as"]) == ("stage_3", "withdrawn")
    assert [m["action"] for m in status.get("messages", [])] == [action for action, _ in steps]
    last = ("withdrawal", "complainant")
    await life.settled(lambda: _all_sent(own, life.reference, last), 90)  # an activity may wait for its retry
    sent = _sent(own, life.reference)
    assert set(sent.values()) == {1}
    assert ("adjudication", "complainant") in sent
    assert len(_recorded(own, life.reference, "message")) == len(steps)


async def test_a_new_worker_takes_over_before_reminder_and_due_day(own: Installation) -> None:
    """Reminder, breach and letters come once, in order. (What is overtaken while nobody works is skipped:
    tests/rules/test_effects.py; a server moves no clock past a task that nobody takes.)
    """
    life = own.life()
    await life.open()
    await life.send("acknowledge")
    await life.settled(lambda: "acknowledgement-complainant" in life.letters())
    due = CALENDAR.add(life.today, 10)
    assert await own.stop_worker() == {-signal.SIGKILL}
    own.start_worker()
    await life.move_to(CALENDAR.add(due, 1), "10:00")
    late = ("stage_1_late", "complainant")
    await life.settled(lambda: _all_sent(own, life.reference, late), 90)
    effects = _recorded(own, life.reference, "effect")
    breach = next(key for key in effects if key.startswith("effect:breach:stage_1_response"))
    assert effects.count(breach) == 1
    assert set(_sent(own, life.reference).values()) == {1}
    order = [key.split(":")[1] for key in effects if "stage_1_response" in key]
    assert order.index("reminder") < order.index("breach") < order.index("stage_1_late")


async def test_opened_while_no_worker_runs(own: Installation) -> None:
    """The start waits for a worker, and counts once."""
    life = own.life()
    await own.stop_worker()
    await life.open()
    own.start_worker()
    await life.send("acknowledge")
    await life.settled(lambda: len(_recorded(own, life.reference, "message")) == 1)
    assert _recorded(own, life.reference, "opened") == ["opened"]


async def test_the_register_is_broken_for_a_whole_life(own: Installation) -> None:
    """Every clock runs and every message is taken; when it is back nothing is missing."""
    life = own.life()
    await life.open()
    await life.send("acknowledge")
    await life.settled(lambda: "acknowledgement-complainant" in life.letters())
    database = own.settings.state / "register.db"
    own.register.engine.dispose()
    await own.stop_worker(signal.SIGTERM)
    kept = own.settings.state / "kept"
    kept.mkdir()
    for part in own.settings.state.glob("register.db*"):
        part.rename(kept / part.name)
    database.mkdir()  # no database can be opened here
    own.start_worker()
    # A worker cannot even start on a broken register's tables: it must come up all the same.
    due = CALENDAR.add(life.today, 10)
    await life.move_to(CALENDAR.add(due, 1), "10:00")
    assert (await life.status())["overdue"]
    assert (await life.send("escalate", reason="Late.")).applied
    assert (await life.send("add_note", note="While the register was gone.")).applied
    assert life.letters() == ["acknowledgement-complainant"]
    database.rmdir()
    for part in kept.glob("register.db*"):
        part.rename(own.settings.state / part.name)
    await life.move_to(CALENDAR.add(due, 3), "10:00")
    last = ("stage_2_opening", "complainant")
    await life.settled(lambda: _all_sent(own, life.reference, last), 90)
    assert len(_recorded(own, life.reference, "message")) == 3
    assert set(_sent(own, life.reference).values()) == {1}
    status = await life.status()
    recorded = own.register.status(life.reference, life.today)
    assert recorded is not None
    assert recorded["deadlines"] == status["deadlines"]


async def test_letters_that_cannot_leave_are_tried_until_they_do(own: Installation) -> None:
    """The outbox is gone: the record stands, clocks run, and the letters come later, once."""
    life = own.life()
    await life.open()
    own.settings.outbox_folder.mkdir(exist_ok=True)
    life.outbox.write_text("not a folder")
    await life.send("acknowledge")
    await life.send("respond", outcome="not_upheld")
    await life.settled(lambda: len(_recorded(own, life.reference, "message")) == 2)
    assert life.letters() == []
    life.outbox.unlink()
    last = ("stage_1_response", "complainant")
    await life.settled(lambda: _all_sent(own, life.reference, last), 90)
    await life.settled(lambda: "acknowledgement-complainant" in life.letters())
    assert set(_sent(own, life.reference).values()) == {1}


async def test_the_worker_stops_cleanly(own: Installation) -> None:
    life = own.life()
    await life.open()
    await life.send("acknowledge")
    assert await own.stop_worker(signal.SIGTERM) == {0}
    own.start_worker()
    log = (own.settings.state / "worker.log").read_text()
    assert "stopped" in log
    assert "Testa" not in log


async def test_lives_of_several_complaints_do_not_touch(own: Installation) -> None:
    lives: list[Life] = [own.life() for _ in range(5)]
    for number, life in enumerate(lives):
        await life.open(source_id=f"several-{number}")
        await life.send("acknowledge")
    await lives[2].send("withdraw")
    states = [(await life.status())["state"] for life in lives]
    assert states == ["open", "open", "closed", "open", "open"]


async def test_an_errand_that_somebody_ends_by_hand_is_asked_for_anew(own: Installation) -> None:
    """`temporal activity fail`: else nothing would ever be recorded of the complaint again."""
    life = own.life()
    await life.open()
    await life.settled(lambda: _recorded(own, life.reference, "opened") == ["opened"])
    with locked(own):
        await life.send("acknowledge")
        activity = await eventually(lambda: _pending(life), bool)
        by_hand = own.client.get_async_activity_handle(
            workflow_id=life.handle.id, run_id=None, activity_id=activity
        )
        await by_hand.fail(ApplicationError("by hand", non_retryable=True))
        await eventually(lambda: _pending(life), lambda pending: pending != activity)
    await life.skipper.fast_forward(life.handle, timedelta(minutes=2))
    last = ("acknowledgement", "complainant")
    await life.settled(lambda: _all_sent(own, life.reference, last))
    assert (await life.send("add_note", note="Later.")).applied
    await recorded(own.register, life.reference, messages=2)
    assert set(_sent(own, life.reference).values()) == {1}


async def test_an_operator_sees_what_waits_to_be_recorded(own: Installation) -> None:
    """Answered at once, recorded when the register can be written again (finding K10)."""
    life = own.life()
    await life.open()
    await life.settled(lambda: _recorded(own, life.reference, "opened") == ["opened"])
    with locked(own):
        assert (await life.send("acknowledge")).applied
        shown = await eventually(
            lambda: _waiting(own),
            lambda found: any(each["problem"] for each in found if each["reference"] == life.reference),
        )
    [line] = [each for each in shown if each["reference"] == life.reference]
    assert line["what"] == "the record"
    assert line["problem"] in ("OperationalError", "in the worker's log")  # as far as Temporal keeps it
    assert line["seconds"] >= 0 < line["tries"]
    await recorded(own.register, life.reference, messages=1)
    assert life.reference not in {each["reference"] for each in await _waiting(own)}


async def _waiting(own: Installation) -> list[dict[str, Any]]:
    ran = await command(("waiting", "--json", "--longer-than", "0"), own.environment)
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


async def _pending(life: Life) -> str:
    """The id of the activity that is under way; empty where there is none."""
    pending = (await life.handle.describe()).raw_description.pending_activities
    return pending[0].activity_id if pending else ""
