"""Letters while things break: workers killed around the hand-over, mail servers that hang, close and die.

Afterwards each letter has left once, or is raised to the Complaints Manager; none is lost.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from redress.letters.dispatcher import LEFT_ALONE_FOR
from redress.procedures.bank_holidays import calendar_today
from redress.services import letters as service
from redress.store import tables
from tests.conftest import Life
from tests.faults.conftest import Installation, locked
from tests.letters.delivery import certificates, mail_server, notify_service
from tests.letters.delivery.mail_server import MailServer
from tests.letters.delivery.notify_service import NotifyService
from tests.waiting import until

CALENDAR = calendar_today()
WITHIN = 8.0
"""Seconds a letter may take here; whoever took it in hand is given up after three times that."""

HANGS: tuple[mail_server.Fault, ...] = ("hang_at_recipient", "hang_with_message", "take_and_hang", "hold")
FAILS: tuple[mail_server.Fault, ...] = ("put_off_person", "refuse_message", "refuse_person", "none")
LATER: tuple[mail_server.Fault, ...] = ("close_in_data", "take_and_die")
"""What makes a worker leave the mail server alone for some seconds."""
NOTIFY_HANGS: tuple[notify_service.Fault, ...] = ("hang", "take_and_wait")
NOTIFY_FAILS: tuple[notify_service.Fault, ...] = ("take_and_500", "take_and_hang_up", "none")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def mail(trusted: certificates.Certificates) -> Iterator[MailServer]:
    server = MailServer(trusted)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def notify() -> Iterator[NotifyService]:
    service = NotifyService()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def surroundings(
    mail: MailServer, notify: NotifyService, trusted: certificates.Certificates
) -> dict[str, str]:
    """E-mail by the mail server, post by Notify, letters to staff into the outbox."""
    return {
        "REDRESS_SEND_EMAIL": "smtp",
        "REDRESS_SEND_POST": "notify",
        "REDRESS_SEND_WITHIN": str(WITHIN),
        "REDRESS_SMTP_HOST": "localhost",
        "REDRESS_SMTP_PORT": str(mail.port),
        "REDRESS_SMTP_CA": str(trusted.ca),
        "REDRESS_SMTP_USER": mail_server.USER,
        "REDRESS_SMTP_PASSWORD": mail_server.PASSWORD,
        "REDRESS_SMTP_FROM": "complaints@exampleshire.example",
        "REDRESS_NOTIFY_KEY": notify_service.KEY,
        "REDRESS_NOTIFY_URL": notify.url,
    }


def rows(installation: Installation, reference: str) -> list[Any]:
    table = tables.letters
    with installation.register.reading() as db:
        return list(db.execute(select(table).where(table.c.reference == reference)).all())


def ended(installation: Installation, life: Life) -> Counter[str]:
    """How the letters to the complainant stand."""
    return Counter(row.state for row in rows(installation, life.reference) if row.recipient == "complainant")


def is_over(installation: Installation, life: Life, letters: int) -> bool:
    """Whether each letter has left or is raised, and somebody has been told of each that is raised."""
    states = ended(installation, life)
    told = [
        row
        for row in rows(installation, life.reference)
        if (row.letter, row.state) == ("undelivered", "sent")
    ]
    raised = states["failed"] + states["unsure"]
    return states.total() == letters == states["sent"] + raised and len(told) == raised


async def opened(installation: Installation, complainant: dict[str, str]) -> Life:
    life = installation.life()
    await life.open(complainant={"name": "Testa Inventata", "role": "parent", **complainant})
    return life


def by_mail(fault: str) -> dict[str, str]:
    return {"email": f"{fault}@inventata.example"}


def by_post(fault: str) -> dict[str, str]:
    return {"address": f"{fault}\nExampletown\nEX1 1AA", "format": "post"}


async def test_whatever_breaks_each_letter_leaves_once_or_is_raised(
    own: Installation, mail: MailServer, notify: NotifyService
) -> None:
    """Two workers at once, each letter with a fault of its own, and both workers killed in between:

    before a message was given to the mail server, with it, after it was taken, and between the server's yes
    and the note of it; before Notify had a letter, and after.
    """
    box = mail.mailbox
    mail_faults = (*HANGS, *FAILS, *LATER)
    box.once = {by_mail(fault)["email"]: fault for fault in mail_faults if fault != "none"}
    notify.once = {fault: fault for fault in (*NOTIFY_HANGS, *NOTIFY_FAILS) if fault != "none"}
    own.start_worker()
    mails = {fault: await opened(own, by_mail(fault)) for fault in mail_faults}
    posts = {fault: await opened(own, by_post(fault)) for fault in (*NOTIFY_HANGS, *NOTIFY_FAILS)}
    lives = [*mails.values(), *posts.values()]

    hanging = {by_mail(fault)["email"] for fault in HANGS}
    await asyncio.gather(
        *(mails[fault].send("acknowledge") for fault in (*HANGS, *FAILS)),
        *(posts[fault].send("acknowledge") for fault in NOTIFY_HANGS),
    )
    await until(lambda: hanging <= box.reached and set(NOTIFY_HANGS) <= notify.reached)
    with locked(own):
        box.let_go(by_mail("hold")["email"])
        await until(lambda: by_mail("hold")["email"] in box.recipients)
        await asyncio.sleep(0.2)  # it has its answer, and cannot write it down
        await own.stop_worker(signal.SIGKILL)
    own.start_worker(2)
    await asyncio.gather(
        *(mails[fault].send("acknowledge") for fault in LATER),
        *(posts[fault].send("acknowledge") for fault in NOTIFY_FAILS),
    )

    for life in lives:
        await until(partial(is_over, own, life, 1))
    for fault in HANGS:
        assert ended(own, mails[fault]) == {"unsure": 1}, fault
    for life in posts.values():
        assert ended(own, life) == {"sent": 1}, "Notify can be asked: nobody need be told"
    counted = box.counted()
    assert set(counted.values()) == {1}, "nothing left twice"
    assert set(notify.counted().values()) == {1}
    assert len(notify.taken) == len(posts)
    sent = {
        f"<{row.place.removeprefix('smtp/')}>"
        for life in mails.values()
        for row in rows(own, life.reference)
        if (row.state, row.channel) == ("sent", "smtp")
    }
    assert sent <= set(counted), "what is told as sent was taken"
    unsure = sum(ended(own, life)["unsure"] for life in lives)
    assert len(counted) - len(sent) <= unsure, "what was taken and is not told as sent is raised"
    log = (own.settings.state / "worker.log").read_text()
    for secret in ("inventata.example", "Testa", mail_server.PASSWORD):
        assert secret not in log


async def test_a_mail_server_that_is_down_for_days_gets_everything_once(
    own: Installation, mail: MailServer
) -> None:
    """Letters wait; a worker that dies before it takes them in hand changes nothing."""
    mail.stop()
    before = len(mail.mailbox.taken)
    life = await opened(own, by_mail("later"))
    await life.send("acknowledge")
    await life.send("extend", reason="Two teams.")
    await until(lambda: ended(own, life) == {"ready": 2})
    await own.stop_worker(signal.SIGKILL)
    own.start_worker()
    await life.send("respond", outcome="not_upheld")
    await until(lambda: ended(own, life) == {"ready": 3})
    await life.move_to(CALENDAR.add(life.today, 3), "10:00")
    assert ended(own, life) == {"ready": 3}
    mail.start()
    await asyncio.sleep(LEFT_ALONE_FOR)  # a try that finds it so is put off for up to an hour
    await life.move_to(CALENDAR.add(life.today, 1), "10:00")
    await until(lambda: ended(own, life) == {"sent": 3})
    assert len(mail.mailbox.taken) == before + 3
    assert set(mail.mailbox.counted().values()) == {1}


def drafted(installation: Installation, life: Life, state: str) -> str:
    """The mark of the complainant's copy of a letter in a state."""
    lines = service.lines(installation.register, life.reference)
    return next(
        (line["mark"] for line in lines if line["state"] == state and line["to"] == "complainant"), ""
    )


async def test_an_approved_letter_leaves_once_though_workers_are_killed_and_counts_from_then(
    own: Installation, mail: MailServer
) -> None:
    """Killed between approval and sending; then between the mail server's yes and the complaint's knowing."""
    own.start_worker()
    life = await opened(own, by_mail("drafted"))
    before = len(mail.mailbox.taken)
    assert (await life.send("respond", outcome="upheld", letter="draft", by="Tess Team")).pending
    await until(lambda: bool(drafted(own, life, "draft")))
    mark = drafted(own, life, "draft")
    mail.stop()
    assert (await life.send("approve_letter", mark=mark, by="Cora")).applied
    await until(lambda: ended(own, life) == {"ready": 1})
    await own.stop_worker(signal.SIGKILL)
    recorded = await asyncio.to_thread(own.register.status, life.reference, life.today)
    assert recorded is not None
    assert recorded["pending"]
    mail.start()
    own.start_worker()
    await until(lambda: ended(own, life) == {"sent": 1})
    await own.stop_worker(signal.SIGKILL)
    own.start_worker()

    async def is_met() -> bool:
        return bool((await life.deadline("stage_1_response"))["met_on"] == life.today.isoformat())

    for _ in range(100):
        if await is_met():
            break
        await asyncio.sleep(0.2)
    assert await is_met()
    status = await life.status()
    assert (status["pending"], status["irregular"]) == ([], [])
    assert len(mail.mailbox.taken) == before + 1
