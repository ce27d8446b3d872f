"""How GOV.UK Notify judges a letter that came as a PDF, by its letter specification.

As published (https://www.notifications.service.gov.uk/using-notify/guidance/letter-specification) and as its
own service does it: at most ten pages and 2 MB, A4 upright, the address read from its place on page one,
every page drawn with what may be printed covered in white, after which nothing may be seen. Typst draws.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import typst
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from redress.domain.postal_address import NOT_AT_THE_BEGINNING, ends_well

Areas = tuple[tuple[float, float, float, float], ...]

MM = 72 / 25.4
MOST_PAGES, MOST_BYTES = 10, 2 * 1024 * 1024

ADDRESS = (24.6, 39.5, 120.0, 66.3)
"""Where the address stands: left, top, right, bottom, in mm from the left and the top of the page."""

FIRST_PAGE = (
    (15.0, 95.0, 195.0, 292.0),  # the letter itself
    (125.0, 5.0, 195.0, 95.0),  # the sender's address
    (15.0, 5.0, 125.0, 30.0),  # the logo
    ADDRESS,
)
OTHER_PAGES = ((15.0, 5.0, 195.0, 292.0),)
"""Where may be printed; Notify itself allows a millimetre more."""

Wrong = str
"""Notify's own words for what is wrong; empty: nothing is."""


def judged(pdf: bytes) -> tuple[list[str], Wrong]:
    """The lines of the address, and why the letter is not printed."""
    try:
        pages = len(PdfReader(BytesIO(pdf)).pages)
    except (PyPdfError, ValueError):
        return [], "unable-to-read-the-file"
    if pages > MOST_PAGES:
        return [], "letter-too-long"
    if len(pdf) > MOST_BYTES:
        return [], "file-too-large"
    if not all(_is_upright_a4(page) for page in PdfReader(BytesIO(pdf)).pages):
        return [], "letter-not-a4-portrait-oriented"
    if any(_outside(pdf, pages)):
        return [], "content-outside-printable-area"
    lines = address_in(pdf)
    return lines, _wrong_address(lines)


def _is_upright_a4(page: Any) -> bool:
    wide, high = float(page.mediabox.width) / MM, float(page.mediabox.height) / MM
    lies = page.get("/Rotate") in (90, 270)
    wide, high = (high, wide) if lies else (wide, high)
    return abs(wide - 210) <= 2 and abs(high - 297) <= 2


def _outside(pdf: bytes, pages: int) -> Iterator[bool]:
    """Of each page whether anything is seen outside of where may be printed."""
    areas = [FIRST_PAGE if page == 1 else OTHER_PAGES for page in range(1, pages + 1)]
    yield from (drawn != _blank() for drawn in _drawn_pages(pdf, areas))


def pictures_of(pdf: bytes) -> list[bytes]:
    """What every page of a PDF looks like, as a picture."""
    return _drawn_pages(pdf, [()] * len(PdfReader(BytesIO(pdf)).pages))


def _drawn_pages(pdf: bytes, covered: Sequence[Areas]) -> list[bytes]:
    """Each page as a picture, with areas of it covered in white."""
    with open(os.memfd_create("letter"), "w+b") as file:
        file.write(pdf)
        file.flush()
        where = f'"/{file.fileno()}", format: "pdf", width: 210mm, height: 297mm'
        pages = (_page(f"image({where}, page: {page})", areas) for page, areas in enumerate(covered, 1))
        return _drawn("".join(pages))


def _page(picture: str, areas: Areas) -> str:
    covers = "".join(
        f"#place(top + left, dx: {left - 1}mm, dy: {top - 1}mm, rect(stroke: none, fill: white, "
        f"width: {right - left + 2}mm, height: {bottom - top + 2}mm))\n"
        for left, top, right, bottom in areas
    )
    page = "#page(width: 210mm, height: 297mm, margin: 0mm, fill: white)"
    return f"{page}[#place(top + left, {picture})\n{covers}]\n"


@cache
def _blank() -> bytes:
    [drawn] = _drawn("#page(width: 210mm, height: 297mm, margin: 0mm, fill: white)[]")
    return drawn


def _drawn(source: str) -> list[bytes]:
    """Each page as a picture."""
    sources: Any = {"main.typ": source.encode()}
    drawn: Any = typst.compile(
        sources, root="/proc/self/fd", format="png", ppi=72.0, ignore_system_fonts=True
    )
    return [drawn] if isinstance(drawn, bytes) else list(drawn)


def address_in(pdf: bytes) -> list[str]:
    """What stands in the address's place on page one, line by line."""
    page = PdfReader(BytesIO(pdf)).pages[0]
    height = float(page.mediabox.height)
    lines: dict[int, str] = {}

    def note(text: str, within: list[float], at: list[float], font: object, size: float) -> None:
        x = at[4] * within[0] + at[5] * within[2] + within[4]
        y = at[4] * within[1] + at[5] * within[3] + within[5]
        left, top = x / MM, (height - y) / MM
        is_inside = ADDRESS[0] - 3 <= left <= ADDRESS[2] + 3 and ADDRESS[1] - 3 <= top <= ADDRESS[3] + 3
        if text.strip() and is_inside:
            lines[round(top * 2)] = (lines.get(round(top * 2), "") + text).strip("\n")

    page.extract_text(visitor_text=note)
    return [line.strip() for _, line in sorted(lines.items())]


def _wrong_address(lines: list[str]) -> Wrong:
    if not lines:
        return "address-is-empty"
    if len(lines) < 3:
        return "not-enough-address-lines"
    if len(lines) > 7:
        return "too-many-address-lines"
    if not ends_well(lines):
        return "not-a-real-uk-postcode-or-country"
    if any(line.startswith(tuple(NOT_AT_THE_BEGINNING)) for line in lines):
        return "invalid-char-in-address"
    return ""
