"""A letter's PDF and HTML say what its text says, and can be read by those who cannot see."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.form import html_of, pdf_of
from redress.letters.form.pdf import check_letterheads
from redress.letters.letter import Letter
from redress.procedures.files import FileError
from redress.store.outbound import Recipient
from tests.authorities import forget, own_authorities
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


def placed(pdf: bytes, page: int = 0) -> list[tuple[str, float, float]]:
    """The pieces of text of a page, with how far each begins from the left and the top, in mm."""
    found: list[tuple[str, float, float]] = []

    def visit(text: str, at: list[float], matrix: list[float], *_: Any) -> None:
        if text.strip():
            x = matrix[4] * at[0] + matrix[5] * at[2] + at[4]
            y = matrix[4] * at[1] + matrix[5] * at[3] + at[5]
            found.append((text.strip(), x / 72 * 25.4, 297 - y / 72 * 25.4))

    read(pdf).pages[page].extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("lines", [1, 4, 7])
def test_the_address_stands_in_the_window_and_nothing_else_does(lines: int) -> None:
    """As window envelopes have it, and GOV.UK Notify's specification of letters: in mm from left and top."""
    address = "\n".join(["Philippa Madeupname", *(f"{n} Nowhere Lane" for n in range(1, lines))])
    letter = written("What we say. " * 300)
    text = letter.text.replace("Philippa Madeupname\n1 Nowhere Lane\n", f"{address}\n{EMAIL}\n", 1)
    pdf = pdf_of(letter._replace(text=text))
    pieces = placed(pdf)
    window = [text for text, x, y in pieces if x < 120 and 30 < y < 95]
    assert window == address.splitlines()
    assert all(24 < x < 120 and 40 < y < 66.2 for text, x, y in pieces if text in window)
    assert all(15 <= x <= 195 and 5 <= y <= 292 for _, x, y in pieces)
    body = [y for text, _, y in pieces if text in (EMAIL, "Monday 1 June 2026") or "What we say" in text]
    assert len(body) > 2
    assert min(body) > 95
    assert all(15 <= x <= 195 and 5 <= y <= 292 for _, x, y in placed(pdf, 1))


# --- the letterhead ----------------------------------------------------------------------------------

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20"/></svg>'


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Gives `our-council` a letterhead, as its file would say it."""
    with own_authorities(tmp_path, monkeypatch) as folder:
        (folder / "logo.svg").write_bytes(LOGO)
        (folder / "broken.png").write_bytes(b"no picture")

        def says(lines: str) -> None:
            text = (folder / "family-rights.toml").read_text(encoding="utf-8")
            text = text.replace('name = "family-rights"', 'name = "our-council"', 1)
            own = folder / "our-council.toml"
            own.write_text(f"{text}\n[letterhead]\n{lines}\n", encoding="utf-8")
            forget()

        yield says


def test_a_letter_has_the_councils_own_logo_and_colour(council: Callable[[str], None]) -> None:
    plain = pdf_of(written("Hello.", authority="family-rights"))
    council('logo = "logo.svg"\ncolour = "#1d3557"\nfont = "New Computer Modern"')
    check_letterheads()
    letter = written("Hello.", authority="our-council")
    drawn = pdf_of(letter)
    assert joined(printed(drawn)) == joined(letter.text)
    assert "NewCM10" in str(fonts_of(drawn))
    assert "NewCM10" not in str(fonts_of(plain))
    assert "Exampleshire County Council" in alternatives(drawn)


def alternatives(pdf: bytes) -> set[str]:
    """What is read aloud in place of pictures."""
    return {str(each["/Alt"]) for each in _marks(read(pdf)) if isinstance(each, dict) and "/Alt" in each}


def _marks(pdf: PdfReader) -> list[Any]:
    def within(each: Any) -> Iterator[Any]:
        yield each
        below = each.get("/K", []) if isinstance(each, dict) else []
        for one in below if isinstance(below, list) else [below]:
            yield from within(one.get_object())

    return [*within(pdf.root_object["/StructTreeRoot"])]


def fonts_of(pdf: bytes) -> set[str]:
    fonts: Any = read(pdf).pages[0]["/Resources"]
    return {str(font.get_object()["/BaseFont"]) for font in fonts["/Font"].values()}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('logo = "broken.png"', "our-council.toml: letterhead.logo: the letterhead cannot be drawn: "),
        (
            'font = "New Computer Moderm"',
            "there is no font .* .is New Computer Modern meant",
        ),
    ],
)
def test_a_letterhead_that_cannot_be_drawn_is_told_before_any_letter(
    council: Callable[[str], None], lines: str, told: str
) -> None:
    council(lines)
    with pytest.raises(FileError, match=told):
        check_letterheads()
