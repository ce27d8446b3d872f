"""Letters while things break: workers killed around the hand-over, mail servers that hang, close and die.

Afterwards each letter has left once, or is raised to the Complaints Manager; none is lost.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from redress.holidays_england import calendar_today
from register import schema
from tests.conftest import Life
from tests.faults.conftest import House
from tests.post import certificates, mail_server, notify_service
from tests.post.mail_server import Fault, MailServer
from tests.post.notify_service import NotifyService

pytestmark = pytest.mark.skipif(
    not os.environ.get("REDRESS_LONG_TESTS"), reason="minutes of killing and waiting: make test-long"
)

CALENDAR = calendar_today()
PERSON = {"name": "Testa Inventata", "role": "parent", "email": "testa@inventata.example"}
WITHIN = 2.0
"""Seconds a letter may take here; whoever took it in hand is given up after three times that."""


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def mail(trusted: certificates.Certificates) -> Iterator[MailServer]:
    server = MailServer(trusted)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def notify() -> Iterator[NotifyService]:
    service = NotifyService()
    yield service
    service.stop()


async def send_by_mail(house: House, mail: MailServer, ca: Path) -> None:
    """Letters to the complainant by e-mail, those to staff into the outbox."""
    house.environment |= {
        "REDRESS_SEND_EMAIL": "smtp",
        "REDRESS_SEND_WITHIN": str(WITHIN),
        "REDRESS_SMTP_HOST": "localhost",
        "REDRESS_SMTP_PORT": str(mail.port),
        "REDRESS_SMTP_CA": str(ca),
        "REDRESS_SMTP_USER": mail_server.USER,
        "REDRESS_SMTP_PASSWORD": mail_server.PASSWORD,
        "REDRESS_SMTP_FROM": "complaints@exampleshire.example",
    }
    await house.stop_worker()
    house.start_worker()


async def send_by_notify(house: House, notify: NotifyService) -> None:
    house.environment |= {
        "REDRESS_SEND_EMAIL": "notify",
        "REDRESS_SEND_WITHIN": str(WITHIN),
        "REDRESS_NOTIFY_KEY": notify_service.KEY,
        "REDRESS_NOTIFY_URL": notify.url,
        "REDRESS_NOTIFY_EMAIL_TEMPLATE": notify_service.EMAIL,
    }
    await house.stop_worker()
    house.start_worker()


def rows(house: House, reference: str) -> list[Any]:
    table = schema.letters
    with house.register.reading() as db:
        return list(db.execute(select(table).where(table.c.reference == reference)).all())


def ended(house: House, reference: str) -> Counter[str]:
    """How the letters to the complainant stand."""
    return Counter(row.state for row in rows(house, reference) if row.recipient == "complainant")


def raised(house: House, reference: str) -> list[str]:
    """The letters about letters that have left."""
    return [row.key for row in rows(house, reference) if (row.letter, row.state) == ("undelivered", "sent")]


async def until(what: Callable[[], bool], seconds: float = 180) -> None:
    for _ in range(int(seconds * 10)):
        if what():
            return
        await asyncio.sleep(0.1)
    assert what(), "it did not come to pass"


def everything_is_told(house: House, reference: str) -> bool:
    """Whether the Complaints Manager has a letter about each letter that is raised."""
    states = ended(house, reference)
    return len(raised(house, reference)) == states["unsure"] + states["failed"]


def is_over(house: House, reference: str, letters: int) -> bool:
    states = ended(house, reference)
    return sum(states.values()) == letters == states["sent"] + states["failed"] + states["unsure"]


async def test_killed_while_the_mail_server_has_it(
    own: House, mail: MailServer, trusted: certificates.Certificates
) -> None:
    """Before it was given the message, and after: afterwards nobody can say which. Both are raised."""
    await send_by_mail(own, mail, trusted.ca)
    life = own.life()
    await life.open(complainant=PERSON)
    steps: list[tuple[str, Fault, dict[str, object]]] = [
        ("acknowledge", "hang_at_recipient", {}),
        ("extend", "take_and_hang", {"reason": "Two teams."}),
    ]
    for action, fault, fields in steps:
        mail.mailbox.fault = fault
        seen = mail.mailbox.asked
        await life.send(action, **fields)
        while mail.mailbox.asked == seen:
            await asyncio.sleep(0.1)
        await own.stop_worker(signal.SIGKILL)
        mail.mailbox.fault = "none"
        own.start_worker()
    await until(lambda: is_over(own, life.reference, 2))
    await until(lambda: len(raised(own, life.reference)) == 2)
    assert ended(own, life.reference) == {"unsure": 2}
    assert set(mail.mailbox.counted().values()) <= {1}


async def test_killed_after_the_mail_server_said_yes_and_before_it_was_written_down(
    own: House, mail: MailServer, trusted: certificates.Certificates
) -> None:
    await send_by_mail(own, mail, trusted.ca)
    life = own.life()
    await life.open(complainant=PERSON)
    mail.mailbox.fault = "hold"
    await life.send("acknowledge")
    await until(lambda: mail.mailbox.holds == 1)
    with locked(own):
        mail.mailbox.fault = "none"
        await until(lambda: len(mail.mailbox.taken) == 1)
        await asyncio.sleep(0.5)
        await own.stop_worker(signal.SIGKILL)
    own.start_worker()
    await until(lambda: is_over(own, life.reference, 1))
    await until(lambda: len(raised(own, life.reference)) == 1)
    assert ended(own, life.reference) == {"unsure": 1}
    assert list(mail.mailbox.counted().values()) == [1]


async def test_killed_before_anything_was_handed_over(
    own: House, mail: MailServer, trusted: certificates.Certificates
) -> None:
    """The letter is written, and the worker dies before it takes it in hand: it leaves once, later."""
    mail.stop()
    await send_by_mail(own, mail, trusted.ca)
    life = own.life()
    await life.open(complainant=PERSON)
    await life.send("acknowledge")
    await until(lambda: ended(own, life.reference) == {"ready": 1})
    await own.stop_worker(signal.SIGKILL)
    mail.start()
    own.start_worker()
    await until(lambda: ended(own, life.reference) == {"sent": 1})
    assert list(mail.mailbox.counted().values()) == [1]


async def test_killed_around_notify_each_letter_is_taken_once(own: House, notify: NotifyService) -> None:
    """Notify can be asked: what it has is found, what it has not is handed over."""
    await send_by_notify(own, notify)
    life = own.life()
    await life.open(complainant=PERSON)
    notify.fault = "hang"
    seen = notify.requests
    await life.send("acknowledge")
    await until(lambda: notify.requests > seen)
    await own.stop_worker(signal.SIGKILL)
    notify.fault = "take_and_wait"
    own.start_worker()
    await until(lambda: len(notify.taken) == 1)
    await own.stop_worker(signal.SIGKILL)
    notify.fault = "none"
    own.start_worker()
    await until(lambda: ended(own, life.reference) == {"sent": 1})
    assert list(notify.counted().values()) == [1]


async def test_a_mail_server_that_is_down_for_days_gets_everything_once(
    own: House, mail: MailServer, trusted: certificates.Certificates
) -> None:
    await send_by_mail(own, mail, trusted.ca)
    mail.stop()
    life = own.life()
    await life.open(complainant=PERSON)
    await life.send("acknowledge")
    await life.send("extend", reason="Two teams.")
    await life.send("respond", outcome="not_upheld")
    await until(lambda: ended(own, life.reference) == {"ready": 3})
    await life.move_to(CALENDAR.add(life.today, 3), "10:00")
    assert ended(own, life.reference) == {"ready": 3}
    mail.start()
    await life.move_to(CALENDAR.add(life.today, 1), "10:00")
    await until(lambda: ended(own, life.reference) == {"sent": 3})
    assert list(mail.mailbox.counted().values()) == [1, 1, 1]


async def test_whatever_the_mail_server_does_each_letter_leaves_once_or_is_raised(
    own: House, mail: MailServer, trusted: certificates.Certificates
) -> None:
    """Ten complaints at once, a fault after the other, and the worker killed in between."""
    await send_by_mail(own, mail, trusted.ca)
    lives: list[Life] = [own.life() for _ in range(10)]
    for number, life in enumerate(lives):
        await life.open(source_id=f"storm-{number}", complainant=PERSON)
    faults: list[Fault] = [
        *("put_off_person", "close_in_data", "take_and_die", "refuse_message", "put_off_all"),
        *("none", "hang_with_message", "none", "take_and_die", "none"),
    ]
    for number, (life, fault) in enumerate(zip(lives, faults, strict=True)):
        mail.mailbox.fault = fault
        await life.send("acknowledge")
        await life.send("extend", reason="Two teams.")
        if number in (3, 7):
            await own.stop_worker(signal.SIGKILL)
            own.start_worker()
    mail.mailbox.fault = "none"
    for life in lives:
        await until(partial(is_over, own, life.reference, 2))
        await until(partial(everything_is_told, own, life.reference))
    states = sum((ended(own, life.reference) for life in lives), Counter[str]())
    counted = mail.mailbox.counted()
    assert set(counted.values()) == {1}, "nothing left twice"
    sent = [
        row
        for life in lives
        for row in rows(own, life.reference)
        if (row.state, row.channel) == ("sent", "smtp")
    ]
    assert {f"<{row.place.removeprefix('smtp/')}>" for row in sent} <= set(counted), (
        "what is told as sent was taken"
    )
    assert len(counted) - len(sent) <= states["unsure"], "what was taken and is not told as sent is raised"
    log = (own.settings.state / "worker.log").read_text()
    for secret in ("inventata.example", "Testa", mail_server.PASSWORD):
        assert secret not in log


@contextmanager
def locked(house: House) -> Iterator[None]:
    """The register, held by somebody else: nobody can write anything down."""
    with closing(sqlite3.connect(house.settings.state / "register.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")
