"""Attaching, reading, scanning and losing documents, on a register with keys and on both stores."""

from __future__ import annotations

import os
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from redress.documents.errors import Infected, StoreUnavailable, TooLarge, WrongType
from redress.documents.scanning import ClamAV
from redress.domain.erasure import Erased
from redress.domain.parsing import Malformed
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import Unreadable
from redress.services.documents import Attachment
from redress.services.errors import NotFound, Rejected
from redress.services.exporting import export
from redress.services.verifying import verify
from redress.store import documents as kept
from redress.store import tables
from redress.store.outbound import mark_of
from tests.documents import samples
from tests.documents.conftest import S3, ClamdStandIn, DocumentedComplaint, settings_in
from tests.documents.samples import DOCX, EICAR, HTML, PDF, PNG
from tests.letters.delivery.conftest import RecordedComplaint
from tests.marks import holding

MARK = "Quillendorf"
MARKED = PDF + b"%% Quillendorf of Nowhere Lane\n"


@pytest.fixture(params=["folder", "s3"])
def anywhere(
    request: pytest.FixtureRequest, complaint: RecordedComplaint, tmp_path: Path
) -> DocumentedComplaint:
    """The same on both stores."""
    if request.param == "folder":
        return DocumentedComplaint(complaint, settings_in(tmp_path))
    s3 = request.getfixturevalue("s3").settings() | {"documents": f"s3://papers/{tmp_path.name}"}
    return DocumentedComplaint(complaint, settings_in(tmp_path, **s3))


def test_attached_once_listed_and_read_as_it_was(anywhere: DocumentedComplaint, tmp_path: Path) -> None:
    first = anywhere.attach(MARKED, f"report of {MARK}.pdf", kind="report")
    assert (first.created, first.document["state"]) == (True, "unscanned")
    again = anywhere.attach(MARKED, "the same under another name.pdf")
    assert not again.created
    assert again.document == first.document
    line = first.document
    assert (line["name"], line["kind"], line["media_type"]) == (
        f"report of {MARK}.pdf",
        "report",
        "application/pdf",
    )
    assert anywhere.documents.listed(anywhere.reference) == [line]
    assert anywhere.read(line["document"]) == MARKED
    files = [*tmp_path.rglob("*"), *anywhere.complaint.settings.state.rglob("*")]
    assert holding([file for file in files if file.is_file()], MARK) == []


def test_the_same_report_has_another_name_in_another_complaint(documented: DocumentedComplaint) -> None:
    one = documented.attach(PDF).document["document"]
    documented.reference = documented.complaint.open()
    assert documented.attach(PDF).document["document"] != one


def test_to_a_message_and_to_a_letter(documented: DocumentedComplaint) -> None:
    assert documented.complaint.says("add_note", "2026-06-02", note="An invented note.")
    assert documented.complaint.says("acknowledge", "2026-06-02")
    letter, *_ = documented.complaint.rows("acknowledgement")
    mark = mark_of(letter.key, letter.recipient)
    documented.attach(PDF, message="add_note-2026-06-02")
    both = documented.attach(PDF, letter=mark).document
    assert (both["messages"], both["letters"]) == (["add_note-2026-06-02"], [mark])
    wrong: list[dict[str, Any]] = [{"message": "no-such"}, {"letter": "00000000"}, {"kind": "A Report"}]
    for each in wrong:
        with pytest.raises(Malformed):
            documented.attach(PNG, **each)
    assert len(documented.names()) == 1


@pytest.mark.parametrize(
    ("given", "content", "kept"),
    [
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("C:\\papers\\a report.PDF", PDF, "a report.PDF"),
        ("invoice.exe", PDF, "invoice.exe.pdf"),
        ("picture.jpeg", samples.JPEG, "picture.jpeg"),
        ("", PNG, "document.png"),
        ("a\u202efdp.exe\n\0", DOCX, "afdp.exe.docx"),
        ("x" * 400 + ".pdf", PDF, "x" * 196 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere_and_ends_as_its_type_does(
    documented: DocumentedComplaint, given: str, content: bytes, kept: str
) -> None:
    assert documented.attach(content, given).document["name"] == kept


def test_an_email_comes_with_its_attachments(documented: DocumentedComplaint) -> None:
    mail = samples.email(("report.pdf", PDF), ("page.html", HTML), ("bild.png", PNG), ("same.pdf", PDF))
    done = documented.attach(mail, "from the family.eml", kind="correspondence")
    mother = done.document["document"]
    assert [line["name"] for line in done.parts] == ["report.pdf", "bild.png"]
    assert {(line["kind"], *line["part_of"]) for line in done.parts} == {("attachment", mother)}
    [left] = done.document["left_out"]
    assert left["name"] == "page.html"
    assert documented.read(mother) == mail
    assert documented.read(done.parts[0]["document"]) == PDF
    assert not documented.attach(mail).created


@pytest.mark.parametrize(
    ("content", "error"),
    [(HTML, WrongType), (samples.EXE, WrongType), (samples.DOCM, WrongType), (b"", Malformed)],
)
def test_what_is_not_taken_changes_nothing(
    documented: DocumentedComplaint, content: bytes, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        documented.attach(content, "honest.pdf")
    assert documented.names() == []
    assert not [*(tmp_path / "documents").rglob("*")]


def test_bounded_in_size_and_number_with_a_reserve_for_the_authority(
    complaint: RecordedComplaint, tmp_path: Path
) -> None:
    documented = DocumentedComplaint(
        complaint, settings_in(tmp_path, document_bytes=1000, documents_at_most=4)
    )
    with pytest.raises(TooLarge):
        documented.attach(PDF + bytes(1000))
    for number in range(2):
        documented.attach(PDF + b"%%%d" % number, from_intake=True)
    with pytest.raises(Rejected, match="2 documents"):
        documented.attach(PDF + b"%%3", from_intake=True)
    assert not documented.attach(PDF + b"%0", from_intake=True).created, (
        "what is there already may come again"
    )
    for number in range(3, 5):
        documented.attach(PDF + b"%%%d" % number)
    with pytest.raises(Rejected, match="4 documents"):
        documented.attach(PDF + b"%%5")
    assert len(documented.names()) == 4 == len(documented.documents.store.names(documented.reference))


def test_large_ones_go_through_piece_by_piece(complaint: RecordedComplaint, tmp_path: Path) -> None:
    documented = DocumentedComplaint(complaint, settings_in(tmp_path, document_bytes=64 * 1024 * 1024))
    piece = os.urandom(1024 * 1024)
    tracemalloc.start()
    with documented.documents.spool() as spool:
        spool.write(PDF)
        for _ in range(40):
            spool.write(piece)
        done = documented.documents.attach(documented.reference, spool, Attachment("large.pdf"), "tests")
    _, pieces = documented.documents.read(documented.reference, done.document["document"])
    assert sum(map(len, pieces)) == len(PDF) + 40 * len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


# --- ClamAV -----------------------------------------------------------------------------------------


def test_infected_ones_are_not_kept(documented: DocumentedComplaint, clamd: ClamdStandIn) -> None:
    documented.documents.scanner = ClamAV(clamd.address, 10)
    with pytest.raises(Infected, match="Eicar"):
        documented.attach(PDF + EICAR)
    with pytest.raises(Infected):
        documented.attach(samples.email(("report.pdf", PDF + EICAR)), "mail.eml")
    assert documented.names() == []
    assert documented.attach(PDF).document["state"] == "clean"


def test_until_it_is_set_or_answers_they_are_unscanned_and_then_scanned_before_they_are_read(
    documented: DocumentedComplaint, clamd: ClamdStandIn
) -> None:
    good = documented.attach(PDF).document["document"]
    bad = documented.attach(PDF + EICAR).document["document"]
    assert documented.read(bad) == PDF + EICAR, "without ClamAV its state is all there is to say"
    documented.documents.scanner = ClamAV(clamd.address, 10)
    clamd.answers = False
    assert documented.attach(PNG, "bild.png").document["state"] == "unscanned"
    with pytest.raises(ConnectionError):
        documented.read(good)
    clamd.answers = True
    assert documented.read(good) == PDF
    for _ in range(2):
        with pytest.raises(Rejected, match="not given out"):
            documented.read(bad)
    states = {line["document"]: line["state"] for line in documented.documents.scan(documented.reference)}
    assert (states.pop(good), states.pop(bad), [*states.values()]) == ("clean", "infected", ["clean"])
    before = clamd.scanned
    documented.documents.scan(documented.reference)
    assert clamd.scanned == before


# --- what is lost, changed or gone --------------------------------------------------------------------


def test_a_store_that_is_lost_loses_no_record(documented: DocumentedComplaint, tmp_path: Path) -> None:
    document = documented.attach(PDF).document["document"]
    shutil.move(tmp_path / "documents", tmp_path / "away")
    (tmp_path / "documents").write_text("what is here is no folder")
    with pytest.raises(StoreUnavailable):
        documented.attach(PNG)
    with pytest.raises(StoreUnavailable):
        documented.read(document)
    assert documented.complaint.says("acknowledge", "2026-06-02"), "the complaint goes on"
    assert len(documented.names()) == 1
    (tmp_path / "documents").unlink()
    shutil.move(tmp_path / "away", tmp_path / "documents")
    assert documented.read(document) == PDF
    assert documented.attach(PNG).created


def test_where_the_register_fails_the_file_goes_again(
    documented: DocumentedComplaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the register is gone")

    with monkeypatch.context() as broken:
        broken.setattr("redress.store.documents.add", fails)
        with pytest.raises(RuntimeError):
            documented.attach(PDF)
    assert documented.documents.store.names(documented.reference) == []


async def test_verify_names_what_is_missing_changed_or_without_a_row(
    documented: DocumentedComplaint, tmp_path: Path
) -> None:
    async def faults() -> list[tuple[str, str]]:
        found = await verify(None, documented.register, documented.reference, documented.documents)
        return [(fault.fault, fault.what) for fault in found.faults]

    one, two = (documented.attach(content).document["document"] for content in (PDF, PDF + b"2"))
    assert await faults() == []
    folder = tmp_path / "documents" / documented.reference
    whole = (folder / one).read_bytes()
    (folder / one).write_bytes(whole[:-1])
    assert await faults() == [("changed", f"document {one}: its file is not as it was attached")]
    with pytest.raises(Unreadable):
        documented.read(one)
    (folder / one).write_bytes((folder / two).read_bytes())
    assert [fault for fault, _ in await faults()] == ["changed"]
    (folder / one).unlink()
    assert await faults() == [("missing", f"document {one}: its file is not in the document store")]
    (folder / one).write_bytes(whole)
    with documented.register.writing() as db:
        db.execute(delete(tables.documents).where(tables.documents.c.document == two))
    [(fault, what)] = await faults()
    assert (fault, "its row is not in the register" in what) == ("missing", True)
    with documented.register.writing() as db:
        own = tables.documents.c.reference == documented.reference
        db.execute(update(tables.documents).where(own).values(state="clean"))
    assert "changed" in [fault for fault, _ in await faults()], "a state is bound to what it is a state of"


def test_files_of_an_erased_complaint_that_a_backup_brought_back_are_found(
    documented: DocumentedComplaint,
) -> None:
    documented.attach(PDF)
    assert documented.documents.of_erased() == []
    cipher = documented.register.cipher
    assert isinstance(cipher, EnvelopeCipher)
    cipher.key_store.destroy(documented.reference)
    assert documented.documents.of_erased() == [documented.reference]
    documented.documents.erase(documented.reference)
    assert documented.documents.of_erased() == []


async def test_verify_says_so_where_the_store_is_out_of_reach(
    documented: DocumentedComplaint, tmp_path: Path
) -> None:
    documented.attach(PDF)
    shutil.rmtree(tmp_path / "documents")
    (tmp_path / "documents").write_text("no folder")
    found = await verify(None, documented.register, documented.reference, documented.documents)
    assert found.whole
    assert any("document store" in each for each in found.cannot_prove)


def test_gone_with_the_complaint(anywhere: DocumentedComplaint) -> None:
    document = anywhere.attach(MARKED, f"{MARK}.pdf").document["document"]
    in_a_backup = b"".join(anywhere.documents.store.get(anywhere.reference, document))
    cipher = anywhere.register.cipher
    assert isinstance(cipher, EnvelopeCipher)
    cipher.key_store.destroy(anywhere.reference)
    assert anywhere.documents.erase(anywhere.reference) == (1, [])
    [line] = anywhere.documents.listed(anywhere.reference)
    assert (line["state"], line["name"], line["kind"]) == ("erased", "", "")
    for use in (lambda: anywhere.read(document), lambda: anywhere.attach(PDF)):
        with pytest.raises(Erased):
            use()
    assert anywhere.documents.store.names(anywhere.reference) == []
    anywhere.documents.store.put(anywhere.reference, document, [in_a_backup])
    [(fault, what)] = anywhere.documents.faults(anywhere.reference)
    assert (fault, "erased" in what) == ("changed", True)


def test_erased_while_it_is_attached(
    documented: DocumentedComplaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    cipher = documented.register.cipher
    assert isinstance(cipher, EnvelopeCipher)
    add = kept.add

    def erased_first(*given: object) -> object:
        cipher.key_store.destroy(documented.reference)
        return add(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("redress.store.documents.add", erased_first)
    with pytest.raises(Erased):
        documented.attach(PDF)
    assert documented.documents.store.names(documented.reference) == []


def test_what_is_withheld_is_said_with_the_document_and_in_the_export(
    documented: DocumentedComplaint,
) -> None:
    document = documented.attach(PDF, "report.pdf", kind="report").document["document"]
    withheld = {"document": document, "from": "complainant", "parts": "Page 3", "reason": "Another child."}
    documented.complaint.says("withhold", "2026-06-02", **withheld)
    [line] = documented.documents.listed(documented.reference)
    assert line["withheld"] == [
        {"withheld_from": "complainant", "parts": "Page 3", "reason": "Another child."}
    ]
    assert export(documented.register, documented.reference, documented.documents)["documents"] == [line]


def test_there_is_no_such_complaint_or_document(documented: DocumentedComplaint) -> None:
    with pytest.raises(Malformed):
        documented.read("0" * 32)
    documented.reference = "CYP-1999-000001"
    for use in (lambda: documented.attach(PDF), lambda: documented.names()):
        with pytest.raises(NotFound):
            use()


def test_s3_holds_nothing_that_can_be_read(s3: S3, complaint: RecordedComplaint, tmp_path: Path) -> None:
    documented = DocumentedComplaint(complaint, settings_in(tmp_path, **s3.settings()))
    document = documented.attach(MARKED, f"{MARK}.pdf").document["document"]
    key = f"redress/{documented.reference}/{document}"
    assert key in s3.objects()
    assert MARK.encode() not in s3.client().get_object(Bucket="papers", Key=key)["Body"].read()
