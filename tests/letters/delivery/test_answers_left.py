"""The time to go on after an answer, on a real mail server: it does not run while its letter is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from redress.bootstrap import activities_for, running_workers
from redress.cli.main import commands
from redress.cli.shared import cipher
from redress.contract import AnswerToLeave, SentLetters
from redress.domain.status import Status
from redress.letters import dispatcher
from redress.letters.delivery.configuration import channels_for
from redress.procedures.authority import Authority
from redress.procedures.loader import authority
from redress.services import intake, letters, sending
from redress.services.clock import today
from redress.settings import Settings
from redress.temporal.embedded import embedded_server
from tests.letters.delivery.conftest import PERSON, RecordedComplaint
from tests.letters.delivery.mail_server import MailServer
from tests.stores import migrated
from tests.waiting import until


@pytest.fixture
def typed(by_environment: Settings) -> Iterator[Settings]:
    """The settings of the worker, and of the command as somebody sets them."""
    cipher.cache_clear()  # commands keep one for the process, and other tests have other keys
    yield migrated(by_environment)
    cipher.cache_clear()


async def test_no_window_runs_from_a_letter_that_was_refused_until_it_is_sent_again(
    typed: Settings, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    activities = activities_for(typed, channels=channels_for(typed))
    register = activities.register
    async with embedded_server() as (address, client), running_workers(client, activities, typed):
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        opening: dict[str, Any] = {
            "authority": "family-rights",
            "kind": "complaint",
            "statutory": False,
            "source": "test",
            "source_id": "1",
            "channel": "email",
            "received_on": today().isoformat(),
            "points": ["An invented point."],
            "complainant": PERSON,
        }
        reference = (await intake.open_complaint(client, register, opening)).reference

        async def says(action: str, **fields: object) -> bool:
            name, message = sending.complete(action, {"on": today().isoformat(), **fields})
            return (await sending.send(client, register, reference, name, message, 60)).applied

        async def stands() -> Status:
            return await sending.status(client, register, reference, today(), 60)

        async def window() -> str:
            its = (each for each in (await stands())["deadlines"] if each["name"] == "stage_1_review")
            return next((each["state"] for each in its), "")

        async def is_held() -> bool:
            return await window() == "paused"

        async def runs() -> bool:
            return await window() == "running"

        assert await says("acknowledge")
        mail.mailbox.fault = "refuse_person"
        assert await says("respond", outcome="not_upheld", summary="An invented answer.")
        await until(is_held)
        status = await stands()
        assert (status["waiting_for"], status["next_due_on"]) == ("complaints_manager", None)
        line = next(each for each in letters.lines(register, reference) if each["letter"] == "answer")
        assert (line["state"], line["left_on"]) == ("failed", None)
        await until(lambda: letters.is_awaited(register, reference, line["mark"], today()))
        mail.mailbox.fault = "none"
        words = ["letters", "resend", reference, line["mark"]]
        again = await asyncio.to_thread(CliRunner().invoke, commands(), words)
        assert (again.exit_code, again.stderr) == (0, "")
        await until(runs)
        assert (await stands())["waiting_for"] == "complainant"


def test_of_each_of_several_people_it_is_told_whether_their_own_copy_left(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail)
    at.open(also=[{"name": "Fabian Makebelieve", "role": "parent", "email": "fabian@inventata.example"}])
    at.says("acknowledge", "2026-06-02")
    mail.mailbox.once["fabian@inventata.example"] = "refuse_person"
    at.says("respond", "2026-06-03", outcome="not_upheld", summary="Invented.", letter="at_once")
    (letter,) = at.case.answers_to_leave
    asked = AnswerToLeave(key=letter.key, left="2026-06-03")
    told = at.dispatcher.answers_left(at.reference, [asked])
    assert [(each.mark, each.on) for each in told.left] == [(letter.copies[1], today().isoformat())]
    assert told.not_left == [letter.copies[2]]
    known = asked.model_copy(
        update={"left_later": {letter.copies[1]: today().isoformat()}, "not_left": told.not_left}
    )
    assert at.dispatcher.answers_left(at.reference, [known]) == SentLetters()
    # An approved letter has left once the first of them has it.
    assert [each.mark for each in at.dispatcher.left(at.reference, [letter.key])] == [letter.copies[1]]


@pytest.mark.parametrize(
    ("says", "not_left"),
    [
        ({"folder_starts_windows": False}, True),
        ({"folder_starts_windows": False, "folder_posted_daily": True}, False),
        ({}, False),
    ],
)
def test_what_lies_in_the_folder_has_left_where_the_authority_says_so(
    by_mail: Settings,
    monkeypatch: pytest.MonkeyPatch,
    says: dict[str, bool],
    not_left: bool,
) -> None:
    its = authority("family-rights").model_copy(update=says)
    monkeypatch.setattr(dispatcher, "authority", lambda _: its)
    monkeypatch.setattr(letters, "authority", lambda _: its)
    at = RecordedComplaint(by_mail.model_copy(update={"send_email": "outbox"}))
    at.open()
    at.says("respond", today().isoformat(), outcome="not_upheld", summary="Invented.", letter="at_once")
    (letter,) = at.case.answers_to_leave
    asked = AnswerToLeave(key=letter.key, left=letter.left.isoformat())
    told = at.dispatcher.answers_left(at.reference, [asked])
    assert told == SentLetters(not_left=[letter.copies[1]] if not_left else [])
    if not_left:
        known = asked.model_copy(update={"not_left": told.not_left})
        assert at.dispatcher.answers_left(at.reference, [known]) == SentLetters()
        letters.done(at.register, at.reference, letter.copies[1], today())
        [left] = at.dispatcher.answers_left(at.reference, [known]).left
        assert (left.mark, left.on) == (letter.copies[1], today().isoformat())


def test_an_authority_that_says_nothing_waits_until_somebody_says_that_they_posted_it() -> None:
    defaults = {name: field.default for name, field in Authority.model_fields.items()}
    assert (defaults["folder_posted_daily"], defaults["folder_starts_windows"]) == (False, False)
