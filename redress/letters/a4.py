"""What is enclosed with a letter, on A4 pages to print: PDFs and pictures; anything else stays a file.

Each page of a PDF becomes one A4 page, upright, made smaller where it would not fit and never larger, with
what was written into its fields and onto it. What would not print as it is seen is not drawn at all
(`NotDrawn`): a PDF with a password, with layers that are turned off, with fields that only the program that
made it can draw.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    RectangleObject,
    StreamObject,
)

from redress.letters.picture_size import pixels_of

MM = 72 / 25.4
"""Points in a millimetre."""

A4_WIDTH, A4_HEIGHT = 210 * MM, 297 * MM
"""In points."""

PDF = "application/pdf"

PICTURES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
"""Pictures that Typst draws, by media type, with its name for them."""

PICTURE_PAGE = """
#let data = json("data.json")
#set document(title: data.name)
#set page(paper: "a4", margin: (x: data.side * 1mm, y: data.end * 1mm))
#align(center + horizon, image(data.picture, format: data.format, width: 100%, height: 100%, fit: "contain"))
"""

HIDDEN, NO_VIEW = 1 << 1, 1 << 5
"""Flags of an annotation that is not seen (PDF 32000-1, table 165)."""


MOST_PIXELS = 60_000_000
"""Of a picture that is drawn: each takes eight bytes of memory, however small the file is."""

MOST_PAGES, MOST_DRAWN = 2_000, 128 * 1024 * 1024
"""Pages of a PDF that are drawn, and bytes of what draws them: a few hundred kilobytes can hold a thousand
pages that take a minute each."""


class Margins(NamedTuple):
    """What stays blank around an enclosure, in mm: at each `side`, and at each `end`, top and bottom."""

    side: float = 0.0
    end: float = 0.0


NONE = Margins()
"""A page that fits is printed as it is."""


class NotDrawn(Exception):
    """It cannot be drawn on pages, or not as it is seen."""


def pages_of(media_type: str, name: str, content: bytes, margins: Margins) -> bytes:
    """A PDF or a picture on A4 pages, as a PDF. Raises `NotDrawn`."""
    if media_type == PDF:
        try:
            return _of_pdf(content, margins)
        except NotDrawn:
            raise
        except Exception as error:  # strangers made it: whatever is wrong with it, it stays a file
            raise NotDrawn(f"a PDF that cannot be read: {type(error).__name__}") from None
    if media_type in PICTURES:
        return _of_picture(PICTURES[media_type], name, content, margins)
    raise NotDrawn("neither a PDF nor a picture")


def pages_in(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(PdfReader(BytesIO(pdf)).pages)


def _of_picture(kind: str, name: str, content: bytes, margins: Margins) -> bytes:
    try:
        is_huge = pixels_of(kind, content) > MOST_PIXELS
    except ValueError as error:
        raise NotDrawn("a picture that cannot be read") from error
    if is_huge:
        raise NotDrawn("a picture of more pixels than is printed")
    about = {"format": kind, "name": name, "side": max(margins.side, 10.0), "end": max(margins.end, 10.0)}
    try:
        return drawn(PICTURE_PAGE, about, content)
    except ValueError as error:
        raise NotDrawn("a picture that cannot be read") from error


def drawn(source: str, data: Mapping[str, Any], picture: bytes = b"") -> bytes:
    """What Typst makes of a source and what it reads as `data.json`, as a PDF. Raises `ValueError`.

    Typst reads a picture from a file alone. Its name is in `data.picture`; it is in memory, never on a disk.
    """
    import typst  # here: whoever prints nothing goes without it

    with open(os.memfd_create("picture"), "w+b") as file:
        file.write(picture)
        file.flush()
        about = json.dumps({**data, "picture": f"/{file.fileno()}"})
        sources: Any = {"main.typ": source.encode(), "data.json": about.encode()}  # not in its annotations
        try:
            return typst.compile(sources, root="/proc/self/fd", format="pdf", ignore_system_fonts=True)
        except typst.TypstError as error:
            raise ValueError(str(error)) from None


def _of_pdf(content: bytes, margins: Margins) -> bytes:
    reader = PdfReader(BytesIO(content))
    _refuse_what_prints_otherwise(reader)
    sheets = PdfWriter()
    size = 0
    for number, page in enumerate(reader.pages):
        size += _draw(page, sheets, margins)
        if number >= MOST_PAGES or size > MOST_DRAWN:
            raise NotDrawn("a PDF with more on its pages than is printed")
    if not sheets.pages:
        raise NotDrawn("a PDF without pages")
    written = BytesIO()
    sheets.write(written)
    return written.getvalue()


def _refuse_what_prints_otherwise(reader: PdfReader) -> None:
    """Raise `NotDrawn` for what only the program that made it shows as it is meant."""
    root = reader.root_object
    if root.get("/NeedsRendering") or "/Collection" in root:
        raise NotDrawn("a form, or a collection of files, that only some programs show")
    layers = root.get("/OCProperties")
    if layers is not None:
        shown = layers.get_object().get("/D", DictionaryObject()).get_object()
        if shown.get("/OFF", ArrayObject()).get_object() or shown.get("/BaseState", "/ON") != "/ON":
            raise NotDrawn("a PDF with layers that are turned off")


def _draw(page: PageObject, sheets: PdfWriter, margins: Margins) -> int:
    """One page on a new A4 page: turned upright, shrunk to what the margins leave, in the middle.

    Gives how many bytes draw it.
    """
    box, unit = page.cropbox, float(page.user_unit)
    width, height = float(box.width) * unit, float(box.height) * unit
    if min(width, height) <= 0:
        raise NotDrawn("a page without a size")
    turned = -page.rotation  # what the page says is clockwise
    if page.rotation % 180:
        width, height = height, width
    if width > height:  # a landscape page lies on its side
        turned += 90
        width, height = height, width
    room = (A4_WIDTH - 2 * margins.side * MM, A4_HEIGHT - 2 * margins.end * MM)
    scale = min(room[0] / width, room[1] / height, 1.0) * unit
    middle = (float(box.left + box.right) / 2, float(box.bottom + box.top) / 2)
    to_sheet = (
        Transformation()
        .translate(-middle[0], -middle[1])
        .rotate(turned)
        .scale(scale)
        .translate(A4_WIDTH / 2, A4_HEIGHT / 2)
    )
    size, content, names = _content(page, sheets)
    whole = _form(sheets, content, names, box)
    sheet = sheets.add_blank_page(A4_WIDTH, A4_HEIGHT)
    itself = DictionaryObject({NameObject("/E"): whole})
    sheet[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): itself})
    sheet.replace_contents(_stream(sheets, _shown(to_sheet, "/E")))
    return size


def _content(page: PageObject, sheets: PdfWriter) -> tuple[int, bytes, DictionaryObject]:
    """What draws a page and all that stands on it, and the resources for that; first its bytes."""
    names, size = DictionaryObject(), 0
    drawn_by: list[bytes] = []
    contents = page.get_contents()
    if contents is not None:
        resources = page.get("/Resources", DictionaryObject()).get_object().clone(sheets)
        data = contents.get_data()
        size += len(data)
        itself = _form(sheets, data, resources, page.mediabox, page.get("/Group"))
        names[NameObject("/P")] = itself
        drawn_by.append(b"q /P Do Q")
    for number, (annotation, appearance) in enumerate(_annotations(page)):
        name = f"/A{number}"
        size += len(appearance.get_data())
        names[NameObject(name)] = appearance.clone(sheets).indirect_reference
        drawn_by.append(_shown(_onto(annotation, appearance), name))
    return size, b"\n".join(drawn_by), DictionaryObject({NameObject("/XObject"): names})


def _annotations(page: PageObject) -> Iterator[tuple[DictionaryObject, StreamObject]]:
    """What stands on a page and is seen, each with what draws it: fields, stamps, notes."""
    for reference in page.get("/Annots", ArrayObject()).get_object():
        annotation = reference.get_object()
        if not isinstance(annotation, DictionaryObject) or annotation.get("/Subtype") in ("/Popup", "/Link"):
            continue
        if int(annotation.get("/F", 0)) & (HIDDEN | NO_VIEW):
            continue
        appearance = annotation.get("/AP", DictionaryObject()).get_object().get("/N")
        appearance = appearance.get_object() if appearance is not None else None
        if isinstance(appearance, DictionaryObject) and not isinstance(appearance, StreamObject):
            state = appearance.get(annotation.get("/AS", "/Off"))
            if state is None:
                continue  # a box that is not ticked
            appearance = state.get_object()
        if isinstance(appearance, StreamObject):
            yield annotation, appearance
        elif annotation.get("/Subtype") == "/Widget" and _value(annotation):
            raise NotDrawn("a form with fields that only some programs show")


def _value(field: DictionaryObject) -> object:
    """What a field of a form holds; its parent may hold it."""
    if "/V" in field or "/Parent" not in field:
        value = field.get("/V")
        return value.get_object() if value is not None else None
    return _value(field["/Parent"].get_object())  # type: ignore[arg-type]


def _onto(annotation: DictionaryObject, appearance: StreamObject) -> Transformation:
    """What moves an appearance to where its annotation lies (PDF 32000-1, 12.5.5)."""
    box = RectangleObject(appearance["/BBox"].get_object())  # type: ignore[arg-type]
    own = [float(each) for each in appearance.get("/Matrix", [1, 0, 0, 1, 0, 0])]
    matrix = Transformation((own[0], own[1], own[2], own[3], own[4], own[5]))
    corners = [
        matrix.apply_on((float(x), float(y))) for x in (box.left, box.right) for y in (box.bottom, box.top)
    ]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    bottom, top = min(y for _, y in corners), max(y for _, y in corners)
    target = RectangleObject(annotation["/Rect"].get_object())  # type: ignore[arg-type]
    wide = float(target.width) / (right - left) if right > left else 1.0
    high = float(target.height) / (top - bottom) if top > bottom else 1.0
    return (
        Transformation()
        .translate(-left, -bottom)
        .scale(wide, high)
        .translate(float(target.left), float(target.bottom))
    )


def _form(
    sheets: PdfWriter, content: bytes, resources: DictionaryObject, box: RectangleObject, group: Any = None
) -> IndirectObject:
    """What draws something within a box, to be drawn by name."""
    form = DecodedStreamObject()
    form.set_data(content)
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/BBox")] = RectangleObject(box)
    form[NameObject("/Resources")] = resources
    if group is not None:
        form[NameObject("/Group")] = group.get_object().clone(sheets)
    reference: IndirectObject = sheets._add_object(form.flate_encode())
    return reference


def _shown(by: Transformation, name: str) -> bytes:
    numbers = b" ".join(FloatObject(round(number, 6)).myrepr().encode() for number in by.ctm)
    return b"q " + numbers + b" cm " + name.encode() + b" Do Q"


def _stream(sheets: PdfWriter, content: bytes) -> ContentStream:
    stream = ContentStream(None, sheets)
    stream.set_data(content)
    return stream
