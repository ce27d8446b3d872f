"""Recording waits for no letter, and letters leave in the order of their causes (findings A1, K3, K10)."""

from __future__ import annotations

import pytest

from tests.blackbox.conftest import Installation, until
from tests.letters.delivery.mail_server import MailServer

pytestmark = pytest.mark.timeout(240)


async def test_while_a_mail_server_takes_its_time_the_record_goes_on(
    installation: Installation, mail: MailServer
) -> None:
    """The server has a letter in hand all the while: nothing here depends on how long it takes."""
    slow, other = "slow@inventata.example", "other@inventata.example"
    first = await installation.open(slow)
    second = await installation.open(other)
    mail.mailbox.once[slow] = "hold"
    assert (await installation.send(first, "acknowledge"))[0] == 0
    assert await until(lambda: slow in mail.mailbox.reached), "the mail server has the letter"
    assert (await installation.send(first, "add_note", note="An invented note."))[0] == 0
    assert await until(lambda: installation.recorded(first, "add_note") == 1), "recorded meanwhile"
    assert (await installation.send(second, "acknowledge"))[0] == 0
    assert await until(lambda: other in mail.mailbox.recipients), "another's letter leaves meanwhile"
    assert slow not in mail.mailbox.recipients, "and the server still has not taken the first"
    mail.mailbox.let_go(slow)
    assert await until(lambda: mail.mailbox.recipients.count(slow) == 1)
    assert list(mail.mailbox.counted().values()) == [1] * len(mail.mailbox.taken)


async def test_letters_to_one_person_leave_in_the_order_of_their_causes(
    installation: Installation, mail: MailServer
) -> None:
    """Held up together, they leave one after the other; by name the acknowledgement would be first."""
    person = "in-order@inventata.example"
    reference = await installation.open(person)
    mail.stop()
    assert (await installation.send(reference, "extend", reason="Two invented teams."))[0] == 0
    assert (await installation.send(reference, "acknowledge"))[0] == 0
    assert await until(lambda: installation.recorded(reference, "acknowledge") == 1)
    mail.start()
    assert await until(lambda: mail.mailbox.recipients.count(person) == 2)
    subjects = [str(each["Subject"]) for each in mail.mailbox.taken if person in str(each["To"])]
    assert [("more time" in subject.lower()) for subject in subjects] == [True, False], subjects


async def test_letters_have_a_task_queue_with_workers_of_its_own(
    installation: Installation, mail: MailServer
) -> None:
    person = "own-queue@inventata.example"
    await installation.stop_workers()
    installation.start_worker(REDRESS_QUEUES="complaints")
    reference = await installation.open(person)
    assert (await installation.send(reference, "acknowledge"))[0] == 0
    assert await until(lambda: installation.recorded(reference, "acknowledge") == 1)
    history = await installation.handle(reference).fetch_history()
    queues = {
        event.activity_task_scheduled_event_attributes.task_queue.name
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    }
    assert queues == {"letters"}
    assert person not in mail.mailbox.recipients
    installation.start_worker(REDRESS_QUEUES="letters")
    assert await until(lambda: mail.mailbox.recipients.count(person) == 1)
