"""Enclosures on A4 pages: upright, whole, with what stands on them; what would print otherwise stays out."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from redress.letters.a4 import A4_HEIGHT, A4_WIDTH, PICTURES, Margins, NotDrawn, pages_of
from redress.letters.picture_size import pixels_of
from tests.documents.samples import DOCX
from tests.letters.delivery.enclosing import GIF, drawn, picture, report
from tests.letters.delivery.notify_print import pictures_of

NO_MARGINS = Margins()


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def printed(
    content: bytes, margins: Margins = NO_MARGINS, media_type: str = "application/pdf"
) -> list[PageObject]:
    return list(PdfReader(io.BytesIO(pages_of(media_type, "an invented file", content, margins))).pages)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "size", ["width: 210mm, height: 297mm", "width: 420mm, height: 297mm", 'paper: "a6"']
)
def test_every_page_becomes_an_a4_page_with_all_of_it(size: str, turned: int) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(drawn(f"#set page({size}, margin: 5mm)\nCorner")))
    writer.pages[0].rotate(turned)
    [page] = printed(written(writer))
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (round(A4_WIDTH), round(A4_HEIGHT))
    assert page.rotation == 0
    assert "Corner" in page.extract_text()


def test_a_page_that_fits_is_printed_as_it_is() -> None:
    """Drawn by Typst before and after, each point of it is the same."""
    as_it_is = report(1, margin="12mm")
    assert pictures_of(pages_of("application/pdf", "x", as_it_is, Margins())) == pictures_of(as_it_is)


def test_margins_stay_blank() -> None:
    to_the_edge = drawn('#set page(paper: "a4", margin: 0mm, fill: aqua)\nx')
    with_margins = pages_of("application/pdf", "x", to_the_edge, Margins(16, 6))
    again = pages_of("application/pdf", "x", with_margins, Margins())
    assert pictures_of(with_margins) == pictures_of(again) != pictures_of(to_the_edge)


@pytest.mark.parametrize(("media_type", "content"), [("image/png", picture()), ("image/gif", GIF)])
def test_a_picture_has_a_page_of_its_own(media_type: str, content: bytes) -> None:
    assert len(printed(content, media_type=media_type)) == 1


def form(*, appearance: bool) -> bytes:
    """A form with a field that somebody filled in."""
    writer = PdfWriter(clone_from=io.BytesIO(report()))
    note = FreeText(text="Filled in", rect=(100, 400, 300, 430))
    writer.add_annotation(0, note)
    annotations: Any = writer.pages[0]["/Annots"]
    field = annotations[0].get_object()
    field[NameObject("/Subtype")] = NameObject("/Widget")
    field[NameObject("/V")] = TextStringObject("Filled in")
    if appearance:
        stamp = PdfWriter(
            clone_from=io.BytesIO(drawn("#set page(width: 50mm, height: 10mm, margin: 1mm)\nFilled in"))
        )
        from redress.letters.a4 import _form

        page = stamp.pages[0]
        contents, resources = page.get_contents(), cast(DictionaryObject, page["/Resources"].get_object())
        assert contents is not None
        own = _form(writer, contents.get_data(), resources.clone(writer), page.mediabox)
        field[NameObject("/AP")] = DictionaryObject({NameObject("/N"): own})
    else:
        field.pop("/AP", None)
    return written(writer)


def test_what_was_written_into_a_form_is_printed() -> None:
    [page] = printed(form(appearance=True))
    assert "Filled in" in page.extract_text()


def layers_off() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(report()))
    layer = writer._add_object(DictionaryObject({NameObject("/Type"): NameObject("/OCG")}))
    shown = DictionaryObject({NameObject("/OFF"): ArrayObject([layer])})
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject({NameObject("/D"): shown})
    return written(writer)


def locked() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(report()))
    writer.encrypt("invented", algorithm="AES-256")
    return written(writer)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", form(appearance=False)),
        ("application/pdf", layers_off()),
        ("application/pdf", locked()),
        ("application/pdf", report()[:900]),
        ("application/pdf", b"%PDF-1.7 nothing else"),
        ("image/png", b"\x89PNG nothing else"),
        ("image/heif", picture()),
        ("application/msword", DOCX),
    ],
)
def test_what_would_not_print_as_it_is_seen_stays_a_file(media_type: str, content: bytes) -> None:
    with pytest.raises(NotDrawn):
        pages_of(media_type, "x", content, Margins())


@pytest.mark.parametrize(
    ("pages", "drawn"), [(2001, b"0 0 m 10 10 l S"), (60, b"0 0 m 10 10 l S\n" * 2_000_000)]
)
def test_a_small_file_of_endless_pages_is_not_drawn(pages: int, drawn: bytes) -> None:
    """Each page is the same one, so that a hundred kilobytes would take a printer's server for hours."""
    endless = PdfWriter()
    page = endless.add_blank_page(100, 100)
    content = DecodedStreamObject()
    content.set_data(drawn)
    page[NameObject("/Contents")] = endless._add_object(content.flate_encode())
    kids = endless.root_object["/Pages"]["/Kids"]  # type: ignore[index]
    kids.extend([kids[0]] * (pages - 1))
    content_of_it = written(endless)
    with pytest.raises(NotDrawn, match="more on its pages"):
        pages_of("application/pdf", "x", content_of_it, Margins())


def jpeg(width: int, height: int) -> bytes:
    begin = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xff\xc2\x00\x11\x08"
    return begin + height.to_bytes(2) + width.to_bytes(2) + bytes(12)


def webp(name: bytes, data: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + b"EXIF\1\0\0\0x\0" + name + len(data).to_bytes(4, "little") + data


@pytest.mark.parametrize(
    ("kind", "content", "pixels"),
    [
        ("png", picture(), 113 * 85),
        ("gif", GIF, 1),
        ("gif", GIF[:13] + GIF[13:19] + b"\x21\xf9\x02xx\x00" + b"," + bytes(4) + b"\x10\x27\x10\x27", 10**8),
        ("jpg", jpeg(4000, 3000), 12_000_000),
        ("webp", webp(b"VP8X", bytes(4) + b"\x0f\x27\0" + b"\xe7\x03\0"), 10_000_000),
        ("webp", webp(b"VP8L", b"\x2f" + (9 | 19 << 14).to_bytes(4, "little")), 200),
        ("webp", webp(b"VP8 ", bytes(6) + b"\x0a\0\x14\0"), 200),
        ("webp", webp(b"ANMF", bytes(6) + b"\x09\0\0\x13\0\0"), 200),
    ],
)
def test_a_picture_says_how_large_it_is(kind: str, content: bytes, pixels: int) -> None:
    assert pixels_of(kind, content) == pixels


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp"])
@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG", b"\xff\xd8", b"\xff" * 99, bytes(99), b"GIF89a" + b"!" * 99]
)
def test_what_says_no_size_is_not_drawn(kind: str, content: bytes) -> None:
    with pytest.raises(NotDrawn):
        pages_of({v: k for k, v in PICTURES.items()}[kind], "x", content, Margins())


def test_a_picture_of_gigabytes_is_not_drawn() -> None:
    huge = picture()[:16] + (20_000).to_bytes(4) * 2 + picture()[24:]
    with pytest.raises(NotDrawn, match="more pixels"):
        pages_of("image/png", "x", huge, Margins())
    with pytest.raises(NotDrawn, match="more pixels"):
        pages_of("image/jpeg", "x", jpeg(20_000, 20_000), Margins())
