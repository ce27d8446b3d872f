"""What people see of letters that did not leave, and what they decide about them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner, Result

from redress.cli.main import commands
from redress.domain.parsing import Malformed
from redress.procedures.loader import authority
from redress.services import letters, sending
from redress.services.clock import today
from redress.services.errors import NotFound, Rejected
from redress.services.exporting import export
from redress.services.lists import list_complaints, statuses
from redress.settings import Settings
from redress.store.database import connect
from redress.store.listing import ComplaintFilter
from redress.store.register import Register
from tests.letters.delivery.conftest import PERSON, RecordedComplaint
from tests.letters.delivery.mail_server import Fault, MailServer
from tests.letters.delivery.notify_service import NotifyService

ROOT = Path(__file__).parent.parent.parent.parent


def mark_of(at: RecordedComplaint, letter: str = "acknowledgement") -> str:
    return next(line["mark"] for line in letters.lines(at.register, at.reference) if line["letter"] == letter)


def test_what_is_not_done_with_is_listed_for_all(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    mail.mailbox.fault = "refuse_person"
    at.open()
    at.says("acknowledge", "2026-06-02")
    [line] = letters.lines(at.register, None)
    assert (line["reference"], line["letter"], line["state"]) == (at.reference, "acknowledgement", "failed")
    assert line["reason"] == "the mail server refused it: 550 5.1.1"
    assert {each["letter"] for each in letters.lines(at.register, at.reference)} == {
        "acknowledgement",
        "undelivered",
    }
    with pytest.raises(NotFound):
        letters.lines(at.register, "CYP-2026-999999")


def test_sent_again_it_is_another_message(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = "take_and_die"
    at.says("acknowledge", "2026-06-02")
    mail.mailbox.fault = "none"
    at.rested()
    assert letters.again(at.dispatcher, at.reference, mark_of(at))["state"] == "done"
    assert list(mail.mailbox.counted().values()) == [1, 1], "each with an id of its own"
    with pytest.raises(Rejected, match="this letter is sent"):
        letters.again(at.dispatcher, at.reference, mark_of(at))
    assert letters.lines(at.register, None) == []


def test_sent_again_in_vain_it_is_as_before(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    mail.mailbox.fault = "refuse_person"
    at.says("acknowledge", "2026-06-02")
    mail.stop()
    line = letters.again(at.dispatcher, at.reference, mark_of(at))
    assert (line["state"], line["reason"].partition(":")[0]) == ("failed", "the mail server is out of reach")


def test_sent_again_it_goes_to_the_address_that_was_corrected(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open(email="wrong@inventata.example", address="")
    mail.mailbox.fault = "refuse_person"
    at.says("acknowledge", "2026-06-02")
    mail.mailbox.fault = "none"
    right = PERSON | {"email": "right@inventata.example"}
    at.says("correct", "2026-06-03", field="complainant", value=right, reason="A slip of the pen.")
    mail.mailbox.recipients.clear()
    assert letters.again(at.dispatcher, at.reference, mark_of(at))["state"] == "done"
    assert mail.mailbox.recipients == ["right@inventata.example"]


def test_sent_again_it_goes_by_the_means_that_was_added(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open(email="", address="")
    at.says("acknowledge", "2026-06-02")
    assert at.states()["acknowledgement to complainant"] == "failed"
    at.says("correct", "2026-06-03", field="complainant", value=PERSON, reason="They rang us.")
    mail.mailbox.recipients.clear()
    assert letters.again(at.dispatcher, at.reference, mark_of(at))["state"] == "done"
    assert mail.mailbox.recipients == [PERSON["email"]]


def test_a_copy_for_an_advocate_who_was_replaced_goes_to_nobody_else(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    first = {"name": "Ada Vocata", "email": "ada@advocates.example"}
    second = {"name": "Bede Vocatus", "email": "bede@advocates.example"}
    at.says("set_advocate", "2026-06-02", advocate=first, gets_letters=True)
    mail.mailbox.fault = "refuse_person"
    at.says("acknowledge", "2026-06-02")
    copy = next(each for each in letters.lines(at.register, at.reference) if each["to"] == "advocate")
    at.says("set_advocate", "2026-06-03", advocate=second, gets_letters=True)
    letters.again(at.dispatcher, at.reference, copy["mark"])
    assert "bede@advocates.example" not in mail.mailbox.tried
    corrected = first | {"email": "ada@new.example"}
    at.says("set_advocate", "2026-06-04", advocate=corrected, gets_letters=True)
    mail.mailbox.fault = "none"
    assert letters.again(at.dispatcher, at.reference, copy["mark"])["state"] == "done"
    assert mail.mailbox.recipients[-1] == "ada@new.example"


def test_sent_by_hand_it_is_tried_no_more(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    mail.stop()
    at.says("acknowledge", "2026-06-02")
    line = letters.done(at.register, at.reference, mark_of(at), date(2026, 6, 2))
    assert (line["state"], line["left_on"]) == ("done", "2026-06-02")
    mail.start()
    at.rested()
    at.activities.send_letters(at.reference)
    assert mail.mailbox.taken == []
    with pytest.raises(Rejected):
        letters.done(at.register, at.reference, mark_of(at), date(2026, 6, 2))


def test_a_text_is_there_to_be_read(by_mail: Settings) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    at.says("acknowledge", "2026-06-02")
    assert "Dear Testa Inventata\n" in letters.text(at.register, at.reference, mark_of(at))
    with pytest.raises(Malformed, match="has no letter"):
        letters.text(at.register, at.reference, "00000000")


def test_a_letter_is_read_on_the_letterhead(by_mail: Settings) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    at.says("acknowledge", "2026-06-02")
    drawn = letters.pdf(at.register, at.reference, mark_of(at))
    pdf = PdfReader(BytesIO(drawn))
    assert "Dear Testa Inventata" in pdf.pages[0].extract_text()
    assert pdf.metadata is not None
    assert pdf.metadata.author == "Exampleshire County Council"
    assert letters.pdf(at.register, at.reference, mark_of(at)) == drawn
    with pytest.raises(Malformed, match="has no letter"):
        letters.pdf(at.register, at.reference, "00000000")


def test_a_status_tells_what_became_of_each_letter(by_mail: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    at.open()
    shown = {}
    faults: list[tuple[str, str, Fault]] = [
        ("acknowledge", "2026-06-02", "refuse_person"),
        ("extend", "2026-06-03", "take_and_die"),
        ("respond", "2026-06-04", "put_off_person"),
    ]
    for action, on, fault in faults:
        mail.mailbox.fault = fault
        at.rested()
        more = {"extend": {"reason": "Two teams."}, "respond": {"outcome": "upheld"}}.get(action, {})
        at.says(action, on, **more)
    found = at.register.status(at.reference, at.case.state.day)
    assert found is not None
    for letter in letters.with_delivery(at.register, found)["letters"]:
        shown[letter["letter"]] = letter["state"]
    assert {name: shown[name] for name in ("acknowledgement", "extension", "stage_1_response")} == {
        "acknowledgement": "failed",
        "extension": "unsure",
        "stage_1_response": "leaving",
    }


def test_a_letter_that_failed_is_told_so_in_lists_exports_and_while_temporal_is_down(
    by_mail: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_staff": "outbox"}))
    mail.mailbox.fault = "refuse_person"
    at.open()
    at.says("acknowledge", "2026-06-02")

    async def ask(work: Callable[[Register], Any]) -> Any:
        return work(at.register)

    day = at.case.state.day
    read = asyncio.run(sending.read_status(None, ask, at.reference, day, 1, although_down=True))
    with at.register.reading() as db:
        found = at.register.latest_status(db, at.reference, day)
    assert found is not None
    lines = list_complaints(at.register, ComplaintFilter(closed=True), day).complaints
    for status in (
        read.status,
        *statuses(at.register, lines, day),
        export(at.register, at.reference)["status"],
    ):
        told = {each["letter"]: each["state"] for each in status["letters"]}
        assert told["acknowledgement"] == "failed"


def test_what_the_register_does_not_say_is_not_told_as_left(by_mail: Settings) -> None:
    at = RecordedComplaint(by_mail)
    at.open()
    at.says("acknowledge", "2026-06-02")
    status = at.register.status(at.reference, at.case.state.day)
    assert status is not None
    away = Register(connect("sqlite:////nowhere/at/all.db"))
    assert {each["state"] for each in letters.with_delivery(away, status)["letters"]} <= {
        *("leaving", "waiting", "skipped", "history"),
    }


def test_one_in_the_folder_is_for_somebody_to_send(
    by_mail: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_email": "outbox", "send_staff": "outbox"}))
    at.open(email="", address="1 Nowhere Lane", format="post")
    at.says("acknowledge", "2026-06-02")
    [line] = letters.lines(at.register, at.reference)
    assert (line["state"], line["left_on"], line["by"]) == ("by_hand", None, "outbox")
    # An authority whose folder is posted daily: laid there, it has left. Without an address it has not.
    posted = authority("family-rights").model_copy(update={"folder_posted_daily": True})
    with monkeypatch.context() as patched:
        patched.setattr(letters, "authority", lambda _: posted)
        [line] = letters.lines(at.register, at.reference)
        assert line["state"] == "done"
        assert line["left_on"] == today().isoformat()
    with pytest.raises(Malformed, match="on: 2099-01-01 should lie between 2026-06-02"):
        letters.done(at.register, at.reference, line["mark"], date(2099, 1, 1))
    line = letters.done(at.register, at.reference, line["mark"], date(2026, 6, 3))
    assert (line["state"], line["left_on"]) == ("done", "2026-06-03")
    with pytest.raises(Rejected, match="this letter is sent"):
        letters.done(at.register, at.reference, line["mark"], date(2026, 6, 3))


@pytest.mark.parametrize("channel", ["outbox", "smtp"])
def test_one_without_any_address_is_by_hand(by_mail: Settings, channel: str) -> None:
    at = RecordedComplaint(by_mail.model_copy(update={"send_email": channel, "send_staff": "outbox"}))
    at.open(email="", address="", telephone="")
    at.says("acknowledge", "2026-06-02")
    line = next(each for each in letters.lines(at.register, at.reference) if each["to"] == "complainant")
    assert (line["letter"], line["state"], line["left_on"]) == ("acknowledgement", "by_hand", None)


def test_what_is_under_way_by_notify_can_be_asked_after(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify)
    at.open()
    at.says("acknowledge", "2026-06-02")
    assert letters.again(at.dispatcher, at.reference, mark_of(at))["state"] == "arrived"
    assert list(notify.counted().values()) == [1]


@pytest.fixture
def typed(by_environment: Settings) -> Settings:
    """The settings of the command as somebody sets them; letters to staff go into the outbox."""
    keys = by_environment.state / "keys.txt"
    keys.write_text("test AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
    keys.chmod(0o600)
    return by_environment


def test_the_command_as_it_is_typed(typed: Settings, mail: MailServer) -> None:
    at = RecordedComplaint(typed)
    at.open()
    mail.mailbox.fault = "refuse_person"
    at.says("acknowledge", "2026-06-02")

    def run(*words: str) -> Result:
        return CliRunner().invoke(commands(), ["letters", *words])

    mark = json.loads(run("--json").stdout)[0]["mark"]
    assert "Dear Testa Inventata" in run("show", at.reference, mark).stdout
    file = typed.state / "letter.pdf"
    assert run("show", mark, "--pdf", str(file)).exit_code == 0
    assert "Dear Testa Inventata" in PdfReader(file).pages[0].extract_text()
    assert file.stat().st_mode & 0o077 == 0
    assert run("--pdf", str(file)).exit_code == 2
    to_print = typed.state / "to print"
    printed = run("print", at.reference, mark, "--out", str(to_print))
    assert (printed.exit_code, printed.stderr) == (0, "")
    [pdf] = to_print.iterdir()
    assert printed.stdout.strip() == str(pdf)
    assert "Dear Testa Inventata" in PdfReader(pdf).pages[0].extract_text()
    once_more = run("print", at.reference, mark, "--out", str(to_print))
    assert (once_more.exit_code, [*to_print.iterdir()]) == (2, [pdf])
    assert run("print", at.reference, mark).exit_code == 2
    assert run("resend", at.reference, mark).exit_code == 3
    mail.mailbox.fault = "none"
    again = run("resend", at.reference, mark)
    assert (again.exit_code, again.stderr) == (0, "")
    assert len(mail.mailbox.taken) == 1
    refused = run("resend", at.reference, mark)
    assert refused.exit_code == 4
    assert "there is nothing to send again" in refused.stderr
    assert run("resend").exit_code == 2
    assert run("done", at.reference, mark).exit_code == 2
    assert run("--state", "lost").exit_code == 2
    assert run("show", "00000000").exit_code == 2
    staff = json.loads(run("--state", "by_hand", "--json").stdout)
    assert {each["letter"] for each in staff} == {"undelivered"}
    done = run("done", staff[0]["mark"], "--on", staff[0]["on"], "--json")
    assert json.loads(done.stdout)[0]["state"] == "done"
    assert run().stdout.strip() == "no letters to show"


def test_as_a_process_of_its_own_it_tells_a_person_and_a_closed_pipe(
    typed: Settings, mail: MailServer
) -> None:
    at = RecordedComplaint(typed)
    at.open()
    mail.mailbox.fault = "refuse_person"
    at.says("acknowledge", "2026-06-02")
    command = [sys.executable, "starter.py", "letters"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert "the mail server refused it: 550 5.1.1" in " ".join(listed.stdout.split())
    reading, writing = os.pipe()
    os.close(reading)  # whoever read, such as `head`, has seen enough
    unread = subprocess.run(
        command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False
    )
    os.close(writing)
    assert (unread.returncode, unread.stderr) == (0, b"")
