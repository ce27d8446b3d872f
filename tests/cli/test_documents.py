"""`attach` and `documents` as a user types them, and the documents of an `export`."""

from __future__ import annotations

import stat
from pathlib import Path

from redress.cli.console import MALFORMED, NO_ANSWER, REFUSED, UNKNOWN
from tests.cli.conftest import Cli
from tests.documents import samples
from tests.documents.samples import HTML, PDF


async def test_attached_listed_written_and_exported(cli: Cli, tmp_path: Path) -> None:
    reference = await cli.open()
    mail = tmp_path / "from the family.eml"
    mail.write_bytes(samples.email(("report.pdf", PDF), ("page.html", HTML)))
    done = await cli("attach", reference, str(mail), "--kind", "correspondence", "--json")
    assert done.status == 0, done.err
    said = done.document
    assert (said["created"], said["kind"], said["name"]) == (True, "correspondence", "from the family.eml")
    again = await cli("attach", reference, str(mail))
    assert (again.status, again.lines) == (0, ["the complaint had it already"])

    report = tmp_path / "both.pdf"
    report.write_bytes(PDF + b"%% with the papers\n")
    assert (await cli("attach", reference, str(report), "--kind", "investigation_report")).status == 0
    papers = await cli("attach", reference, str(report), "--kind", "panel_papers")
    assert "it was investigation_report, and letters enclose it as that no more" in papers.lines
    assert (await cli("attach", reference, str(report), "--kind", "panel_papers")).lines == again.lines

    [part] = said["parts"]
    withheld = await cli(
        *("send", reference, "withhold", "--set", f"document={part['document']}"),
        *("--set", "from=complainant", "--set", "reason=It is about another child."),
    )
    assert withheld.status == 0, withheld.err
    listed = await cli("documents", reference)
    assert [each in listed.out for each in (part["document"], "report.pdf", "page.html", "unscanned")]

    out = tmp_path / "written.pdf"
    assert (await cli("documents", reference, part["document"], "--out", str(out))).status == 0
    assert out.read_bytes() == PDF
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    file = tmp_path / "file.txt"
    for _ in range(40):
        assert (await cli("export", reference, "--out", str(file))).status == 0
        if "WITHHELD" in file.read_text():
            break
    text = file.read_text()
    assert "WITHHELD from complainant: It is about another child." in text
    folder = tmp_path / "file-documents"
    assert (folder / "01-from the family.eml").read_bytes() == mail.read_bytes()
    assert (folder / "withheld" / "02-report.pdf").read_bytes() == PDF

    (cli.state / "documents" / reference / said["document"]).unlink()
    lost = await cli("export", reference, "--out", str(tmp_path / "again.txt"))
    assert (lost.status, "not written" in lost.err) == (1, True)
    assert (tmp_path / "again-documents" / "withheld" / "02-report.pdf").exists(), "the others are there"


async def test_one_is_copied_to_a_linked_complaint(cli: Cli, tmp_path: Path) -> None:
    first = await cli.open()
    part = await cli.open(linked_to=first)
    file = tmp_path / "report.pdf"
    file.write_bytes(PDF)
    document = (await cli("attach", first, str(file), "--json")).document["document"]
    back = await cli("documents", first, document, "--copy-to", first)
    assert (back.status, "to: should be the reference of a complaint" in back.err) == (MALFORMED, True)
    done = await cli("documents", first, document, "--copy-to", part)
    assert (done.status, done.lines[-1:]) == (0, [f"copied to {part}"]), done.err
    assert "report.pdf" in (await cli("documents", part)).out
    without = await cli("documents", first, "--copy-to", part)
    assert (without.status, "--copy-to: name the document" in without.err) == (MALFORMED, True)


async def test_what_cannot_be_done_is_said(cli: Cli, tmp_path: Path) -> None:
    reference = await cli.open()
    page, report = tmp_path / "page.pdf", tmp_path / "report.pdf"
    page.write_bytes(HTML)
    report.write_bytes(PDF)
    away = tmp_path / "away"
    away.write_text("no folder")
    lost = Cli(cli.address, cli.state, {"REDRESS_DOCUMENTS": str(away)})
    small = Cli(cli.address, cli.state, {"REDRESS_DOCUMENT_BYTES": "10"})
    for at, status, words in (
        (cli, MALFORMED, ("attach", reference, str(page))),
        (cli, MALFORMED, ("attach", reference, str(tmp_path / "none.pdf"))),
        (cli, MALFORMED, ("attach", reference, str(report), "--kind", "A Report")),
        (cli, MALFORMED, ("documents", reference, "0" * 32)),
        (cli, MALFORMED, ("documents", reference, "--out", str(tmp_path / "x"))),
        (cli, REFUSED, ("documents", reference, "--scan")),
        (cli, UNKNOWN, ("attach", "CYP-1999-000001", str(report))),
        (small, MALFORMED, ("attach", reference, str(report))),
        (lost, NO_ANSWER, ("attach", reference, str(report))),
    ):
        ran = await at(*words)
        assert (ran.status, len(ran.lines)) == (status, 1), (words, ran.err)
    assert (await cli("documents", reference, "--json")).document == []
