"""What no way can carry: printed whole, with somebody to send it by a day, and not gone until they have."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from redress.contract import AnswerToLeave
from redress.domain.calendar import full_date
from redress.letters.dispatcher import SendLimits
from redress.letters.printing import Files, write
from redress.letters.stored_enclosures import content_for
from redress.procedures.bank_holidays import calendar_today
from redress.security.keyring import Unreadable
from redress.services import digests, letters, printing
from redress.services.clock import today
from redress.services.documents import Attachment, Documents
from redress.services.errors import Rejected
from redress.settings import Settings
from redress.store import letters as kept
from redress.store.outbound import EnclosedDocument
from tests.documents.samples import DOCX
from tests.letters.delivery.conftest import RecordedComplaint
from tests.letters.delivery.enclosing import GIF, enclose, enclosure, report, send_again
from tests.letters.delivery.mail_server import MailServer
from tests.letters.delivery.notify_service import NotifyService


def the_letter(at: RecordedComplaint, name: str = "stage_1_response") -> letters.LetterLine:
    listed = letters.lines(at.register, at.reference)
    return next(each for each in listed if (each["letter"], each["to"]) == (name, "complainant"))


def laid(at: RecordedComplaint) -> Path:
    """Where the PDF of the letter lies."""
    return at.settings.outbox_folder / the_letter(at)["place"]


def answered(at: RecordedComplaint, **person: Any) -> None:
    at.open(**person)
    at.says("acknowledge", "2026-06-02")
    send_again(at, 1)
    at.says("respond", "2026-06-03", outcome="not_upheld", summary="An invented answer.")


def test_more_than_notify_prints_goes_by_hand(by_notify: Settings, notify: NotifyService) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)), enclosure("notes.docx", DOCX, "application/msword"))
    answered(at, format="letter")
    assert [each["line_1"] for each in notify.taken.values() if each["type"] == "letter"] == [
        "Testa Inventata"  # the acknowledgement
    ]
    line = the_letter(at)
    due = calendar_today().add(today(), 2)
    assert (line["state"], line["left_on"], line["send_by"]) == ("by_hand", None, due.isoformat())
    assert "files of other kinds" in line["reason"]
    pdf = PdfReader(laid(at))
    assert len(pdf.pages) - 12 - 1 in (1, 2), "the letter, its report, and what goes beside"
    assert "notes.docx" in pdf.pages[-1].extract_text()
    assert "An invented report. Page 12." in pdf.pages[-2].extract_text()
    [beside] = [each for each in laid(at).parent.iterdir() if each != laid(at)]
    assert (beside.name, beside.read_bytes()) == ("01-notes.docx", DOCX)
    assert {each.stat().st_mode & 0o777 for each in laid(at).parent.iterdir()} == {0o600}
    told = at.told()[-1]
    for words in ("has to be sent by hand", full_date(due), line["place"], line["mark"], "done"):
        assert words in told, words


def test_its_window_waits_until_somebody_says_that_it_left(by_notify: Settings) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter")
    line = the_letter(at)
    [row] = [row for row in at.rows("stage_1_response") if row.recipient == "complainant"]
    answer = AnswerToLeave(key=row.key, left="2026-06-03")
    assert at.dispatcher.answers_left(at.reference, [answer]).not_left == [line["mark"]]
    done = letters.done(at.register, at.reference, line["mark"], date(2026, 6, 5))
    assert (done["state"], done["left_on"]) == ("done", "2026-06-05")
    waited = AnswerToLeave(key=row.key, left="2026-06-03", not_left=[line["mark"]])
    [left] = at.dispatcher.answers_left(at.reference, [waited]).left
    assert (left.mark, left.on) == (line["mark"], "2026-06-05")


@pytest.mark.parametrize("killed", ["before it is laid", "after it is laid"])
def test_whoever_was_killed_while_it_was_laid_lays_it_again(by_notify: Settings, killed: str) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter", email="")
    [row] = at.rows("stage_1_response")
    first = laid(at).read_bytes()
    if killed == "before it is laid":
        shutil.rmtree(laid(at).parent)
    with at.register.writing() as db:  # as it was while somebody had it in hand
        kept.change(db, row, ("failed",), state="ready", raised_at=None, place=None)
        [again] = kept.in_state(db, ("ready",), at.reference)
        assert kept.lease(db, again, "outbox")
    at.restart(by_notify, SendLimits(within=0.0, noting=0.0))
    enclose(at, enclosure("report.pdf", report(12)))
    send_again(at)
    assert the_letter(at)["state"] == "by_hand"
    assert laid(at).read_bytes() == first
    assert [each.name for each in (at.settings.outbox_folder / at.reference).iterdir() if each.is_dir()] == [
        laid(at).parent.name
    ]
    assert sum("has to be sent by hand" in told for told in at.told()) == 1


def test_what_is_too_large_for_e_mail_goes_by_post_in_one_piece(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    scan = enclosure("scan.gif", GIF, "image/gif")  # Notify sends no such files
    enclose(at, enclosure("report.pdf", report(2)), scan)
    answered(at)
    send_again(at)
    [posted] = [each for each in notify.taken.values() if each["type"] == "letter"]
    assert len(PdfReader(io.BytesIO(notify.printed[posted["id"]])).pages) - 2 - 1 in (1, 2)
    assert (the_letter(at)["state"], notify.files) == ("arrived", {})


def test_resent_it_is_tried_by_its_own_way_again(by_notify: Settings) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter")
    mark = the_letter(at)["mark"]
    at.restart(by_notify)  # meanwhile the report was made shorter
    enclose(at, enclosure("report.pdf", report(2)))
    by_hand = laid(at)
    assert letters.again(at.dispatcher, at.reference, mark)["state"] == "done"
    assert the_letter(at)["send_by"] is None
    assert not by_hand.parent.exists(), "it has left: nobody is to post it once more"


def test_resent_in_vain_it_is_still_to_be_sent_by_hand_by_the_same_day(
    by_notify: Settings, notify: NotifyService
) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter")
    before, by_hand = the_letter(at), laid(at)
    notify.fault = "429"
    enclose(at, enclosure("report.pdf", report(2)))
    after = letters.again(at.dispatcher, at.reference, before["mark"])
    assert [after[each] for each in ("state", "send_by", "place")] == [
        before[each] for each in ("state", "send_by", "place")
    ]
    assert by_hand.is_file()


def test_where_the_outbox_cannot_be_used_it_waits_and_nothing_is_lost(by_notify: Settings) -> None:
    blocked = by_notify.state / "blocked"
    blocked.write_text("not a folder")
    at = RecordedComplaint(by_notify.model_copy(update={"outbox": blocked}))
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter")
    assert the_letter(at)["state"] == "leaving"
    blocked.unlink()
    at.rested()
    send_again(at)
    assert the_letter(at)["state"] == "by_hand"
    assert laid(at).is_file()


def test_a_digest_says_by_when(by_notify: Settings) -> None:
    at = RecordedComplaint(by_notify)
    enclose(at, enclosure("report.pdf", report(12)))
    answered(at, format="letter")
    due = full_date(calendar_today().add(today(), 2))
    [waits] = digests._to_decide(at.register, "family-rights").values()
    assert f"a letter has to be sent by hand, by {due}" in waits


def test_documents_of_the_store_are_printed_and_laid_with_it(
    by_notify: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the encrypted store into one PDF, into a ZIP, and into the folder of whoever sends it."""
    at = RecordedComplaint(by_notify)
    answered(at, format="letter")
    send_again(at)
    documents = Documents(at.register, at.settings)
    enclosed = []
    for name, content in (("report.pdf", report(12)), ("notes.docx", DOCX)):
        with documents.spool() as spool:
            spool.write(content)
            line = documents.attach(at.reference, spool, Attachment(name, "report", "", ""), "test").document
        fields = {each: line[each] for each in ("document", "name", "kind", "media_type", "size")}
        enclosed.append(EnclosedDocument.model_validate(fields))
    cipher = at.register.cipher
    [row] = [row for row in at.rows("stage_1_response") if row.recipient == "complainant"]
    whole = kept.recipient_of(cipher, row).model_copy(update={"enclosed": enclosed})
    with at.register.writing() as db:
        envelope = kept.encrypted_recipient(cipher, whole, row._mapping)
        kept.change(db, row, (row.state,), state="ready", round=1, envelope=envelope)
    at.dispatcher.content = content_for(at.register, at.settings)
    send_again(at)
    line_of_letter = the_letter(at)
    assert line_of_letter["state"] == "by_hand"
    assert {each.name for each in laid(at).parent.iterdir()} == {laid(at).name, "01-notes.docx"}
    name, archive = printing.download(at.register, at.settings, at.reference, line_of_letter["mark"])
    with ZipFile(io.BytesIO(archive)) as zipped:
        assert name == laid(at).with_suffix(".zip").name
        assert {each: len(zipped.read(each)) for each in zipped.namelist()} == {
            laid(at).name: laid(at).stat().st_size,
            "01-notes.docx": len(DOCX),
        }
    monkeypatch.setattr("redress.letters.printing.MOST_IN_PDF", 1)
    monkeypatch.setattr(printing, "MOST_IN_ZIP", len(DOCX) + 1)
    with pytest.raises(Rejected, match="2 files of"):
        printing.download(at.register, at.settings, at.reference, line_of_letter["mark"])
    out = at.settings.state / "to-print"
    mark = line_of_letter["mark"]
    assert [each.name for each in printing.print_into(at.register, at.settings, at.reference, mark, out)] == [
        laid(at).name,
        "01-report.pdf",
        "02-notes.docx",
    ]
    monkeypatch.undo()
    shutil.rmtree(at.settings.state / "documents")
    with pytest.raises(Unreadable):
        printing.download(at.register, at.settings, at.reference, line_of_letter["mark"])


def test_what_cannot_be_printed_whole_leaves_no_files(tmp_path: Path) -> None:
    """Else the same again would be refused for the files of the first time."""

    def unreadable() -> Iterator[bytes]:
        yield b"first"
        raise Unreadable("not as it was attached")

    files: Files = {"letter.pdf": lambda: [report()], "01-notes.docx": unreadable}
    with pytest.raises(Unreadable):
        write(tmp_path, files)
    assert not [*tmp_path.iterdir()]
    (tmp_path / "01-notes.docx").write_text("somebody's own")
    with pytest.raises(FileExistsError):
        write(tmp_path, files)
    assert [each.name for each in tmp_path.iterdir()] == ["01-notes.docx"]


def test_more_than_a_mailbox_takes_goes_by_hand_and_windows_wait(by_mail: Settings, mail: MailServer) -> None:
    """Post is laid into the folder here: nothing that carries it by itself."""
    at = RecordedComplaint(by_mail.model_copy(update={"email_bytes": 64 * 1024}))
    enclose(at, enclosure("scan.pdf", report() + bytes(64 * 1024)))
    answered(at)
    line = the_letter(at)
    assert (line["state"], line["left_on"]) == ("by_hand", None)
    assert "larger than an e-mail may be here" in line["reason"]
    assert len(mail.mailbox.taken) == 2, "the acknowledgement, and what the Complaints Manager is told"
    assert laid(at).is_file()
    assert letters.is_awaited(at.register, at.reference, line["mark"], today())


@pytest.mark.parametrize(
    ("person", "says"),
    [
        ({"format": "large print"}, "print it, have it made in the form that was asked for"),
        ({"email": "", "address": ""}, "ask how they can be reached, correct that in the complaint"),
        ({"email": "", "format": "email"}, "ask how they can be reached, correct that in the complaint"),
    ],
)
def test_what_is_to_be_done_depends_on_why_a_letter_does_not_leave(
    person: dict[str, Any], says: str, by_mail: Settings
) -> None:
    at = RecordedComplaint(by_mail)
    at.open(**person)
    at.says("acknowledge", "2026-06-02")
    [told] = at.told()
    assert "A letter has to be sent by hand" in told
    assert f"What to do: {says}" in told
    assert "could not be delivered" not in told
