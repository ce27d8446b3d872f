"""A letter's PDF and HTML say what its text says, and can be read by those who cannot see."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.form import html_of, pdf_of
from redress.letters.letter import Letter
from redress.store.outbound import Recipient
from tests.letters.lives import REFERENCE, lives

EMAIL = "philippa@madeup.example"
FOOTER = re.compile(rf"(Our reference: {REFERENCE})?\s*Page \d+ of \d+\s*$")


def outbound(letter: Letter, **more: Any) -> OutboundLetter:
    to = Recipient(subject=letter.subject, sender="Exampleshire County Council", email=EMAIL)
    fields = (letter.key, letter.recipient, letter.name, letter.on, "email", "token", to, letter.text)
    return OutboundLetter(REFERENCE, *fields)._replace(**more)  # type: ignore[arg-type]


def written(body: str, *, name: str = "Philippa Madeupname", **more: Any) -> OutboundLetter:
    """A letter in its frame, with a body of its own."""
    head = "Exampleshire County Council\nCounty Hall\nExampletown EX1 1AA"
    said = (
        f"Monday 1 June 2026\nOur reference: {REFERENCE}\n\nWe have your complaint\n\nDear {name}\n\n{body}"
    )
    text = f"{head}\n\n{name}\n1 Nowhere Lane\n\n{said}\n\nYours sincerely\n\nComplaints Manager\n"
    letter = Letter("key", "acknowledgement", "complainant", date(2026, 6, 1), "We have your complaint", text)
    return outbound(letter, **more)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def printed(pdf: bytes) -> str:
    """The words of a PDF, without what stands at the foot of each page."""
    return "\n".join(FOOTER.sub("", page.extract_text()) for page in read(pdf).pages)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        self._within = tag
        if tag == "li":
            self.words.append(f"{values['value']}." if "value" in values else "-")

    def handle_data(self, data: str) -> None:
        if self._within != "title":
            self.words += data.split()

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


def shown(html: str) -> _Words:
    reader = _Words()
    reader.feed(html)
    return reader


def joined(text: str) -> str:
    """Text without its spaces: where a line breaks on paper, one may be missing."""
    return "".join(text.split()).replace("•", "-")


@pytest.mark.parametrize(
    "life", ["in_full", "young_in_full", "corporate", "undelivered", "contact_restricted"]
)
def test_pdf_and_html_say_what_the_text_says(life: str) -> None:
    one_of_each = {(letter.name, letter.recipient): letter for letter in lives()[life].letters}
    for letter in one_of_each.values():
        sent = outbound(letter)
        assert shown(html_of(sent)).words == letter.text.split()
        on_paper = joined(printed(pdf_of(sent)))
        words = letter.text
        if letter.recipient == "complainant" and f"\n{EMAIL}\n" in letter.text:  # no part of the address
            words = words.replace(f"\n{EMAIL}\n", "\n", 1)
            on_paper = on_paper.replace(EMAIL, "", 1)
        assert on_paper == joined(words), letter.name


def test_it_is_tagged_and_says_what_it_is() -> None:
    for letter in (written("Hello."), written("Hello.", authority="north-somerset")):
        pdf = read(pdf_of(letter))
        root: Any = pdf.root_object
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en-GB"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert "/StructTreeRoot" in root
        assert b"pdfuaid" in root["/Metadata"].get_data()
        assert pdf.metadata is not None
        assert (pdf.metadata.title, pdf.metadata.author) == (
            "We have your complaint",
            "Exampleshire County Council",
        )
        box = pdf.pages[0].mediabox
        assert [round(float(side) / 72 * 25.4) for side in (box.width, box.height)] == [210, 297]


def test_the_same_letter_is_the_same_file() -> None:
    assert pdf_of(written("Hello.")) == pdf_of(written("Hello."))
    assert pdf_of(written("Hello.")) != pdf_of(written("Hello!"))


STRANGE = [
    '#read("letter.json") #sys.version #panic("no")',
    "$x^2$ and a price of $5, \\ back, \\u{41}, *bold*, _low_, `code`, ``` more",
    "<label> @reference <script>alert(1)</script> &amp; & \"quoted\" 'so'",
    "= no heading\n- no list\n+ none\n/ term: none\n// no comment /* nor this */ https://example.example/a_b",
    "żółć Ünïcödé naïve Ελληνικά Русский ½ £250 — “so” … Gwasanaethau’r plant",
    "שלום עולם and مرحبا بالعالم",
    "[ ] { } ( ) ~ ^ % | ' \" -- --- ... ?- ?",
]


@pytest.mark.parametrize("words", STRANGE)
def test_what_people_write_is_never_markup(words: str) -> None:
    letter = written(words)
    html = shown(html_of(letter))
    assert html.words == letter.text.split()
    assert not {"script", "img", "link", "iframe", "a"} & {tag for tag, _ in html.tags}
    if not re.search("[\u0590-\u06ff]", words):  # read from right to left, and so in pieces
        assert joined(words).replace("-nolist", "") in joined(printed(pdf_of(letter))).replace("-nolist", "")
    else:
        assert "שלום" in printed(pdf_of(letter))


def test_a_character_that_no_font_has_is_printed_by_its_name() -> None:
    pdf = printed(pdf_of(written("He wrote 😀👍🏽 ❤️ and 日本語 then \u0378.", name="Ada 🦊 Notareal")))
    for name in ("[grinning face]", "[fox face]", "[cjk unified ideograph-65e5]", "[U+0378]"):
        assert joined(name) in joined(pdf)


def test_long_words_break_and_long_letters_go_on() -> None:
    word = "x" * 3000
    pdf = pdf_of(written(word))
    assert word in joined(printed(pdf))
    many = "\n\n".join(f"Paragraph {number}: " + "what was said and done. " * 30 for number in range(100))
    pages = read(pdf_of(written(many))).pages
    assert len(pages) > 20
    for number, page in enumerate(pages, 1):
        assert f"Our reference: {REFERENCE}" in page.extract_text()
        assert f"Page {number} of {len(pages)}" in page.extract_text()


def test_a_text_of_another_shape_is_drawn_as_well() -> None:
    for text in ("", "\n", "One line", "Late:\n  - one\n\n  - two\n    more\n\n    still\nend\n  12. twelve"):
        letter = written("")._replace(text=text)
        assert shown(html_of(letter)).words == text.split()
        assert joined(printed(pdf_of(letter))) == joined(text)


def test_workflows_load_nothing_that_draws() -> None:
    said = "import sys, workflows.complaint; print({'typst', 'redress.letters.form'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
