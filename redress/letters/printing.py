"""A letter and all that is enclosed with it as one PDF to print, and what only goes beside it as a file.

It is what GOV.UK Notify prints, and what somebody prints who sends a letter by hand.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from pypdf import PdfWriter
from pypdf.generic import NameObject

from redress.letters.a4 import NONE, Margins, NotDrawn, drawn, pages_of
from redress.letters.delivery.enclosure_files import file_name
from redress.letters.delivery.outbound import Enclosure, OutboundLetter
from redress.letters.delivery.outbox import FileChannel
from redress.letters.form import pdf_of

log = logging.getLogger(__name__)

MOST_IN_PDF = 128 * 1024 * 1024
"""Bytes of enclosures that are put into one PDF, which is made in memory; those after them go beside it."""

LIST_PAGE = """
#let data = json("data.json")
#set document(title: data.title)
#set page(paper: "a4", margin: 30mm)
#set text(lang: "en", region: "GB", size: 12pt)
= #data.title
#data.words
#for name in data.names [
  - #name
]
"""


class PrintReady(NamedTuple):
    """A letter ready to print. `pdf`: A4, the letter first, its enclosures in their order.

    `beside`: enclosures that cannot be put into it, as Word files or e-mails; the last page lists them.
    """

    pdf: bytes
    beside: tuple[Enclosure, ...]


Files = dict[str, Callable[[], Iterable[bytes]]]
"""What is in files, by their names: given anew each time it is asked for."""


def print_ready(letter: OutboundLetter, margins: Margins = NONE) -> PrintReady:
    """A letter with its enclosures as one PDF; `margins`: what stays blank around the pages of enclosures.

    Raises what `pdf_of` raises, and what reading an enclosure does.
    """
    pdf = pdf_of(letter)
    if not letter.enclosures:
        return PrintReady(pdf, ())
    whole = PdfWriter(clone_from=BytesIO(pdf))
    # Of the whole nobody can say what the letter's own says of itself: that it is accessible.
    whole.root_object.pop(NameObject("/Metadata"), None)
    beside, room = [], MOST_IN_PDF
    for enclosure in letter.enclosures:
        room -= enclosure.size
        if room < 0:
            beside.append(enclosure)
            continue
        content = b"".join(enclosure.content())
        try:
            pages = pages_of(enclosure.media_type, enclosure.name, content, margins)
            whole.append(BytesIO(pages), import_outline=False)
        except NotDrawn as why:
            log.info("%s: an enclosure goes beside the letter: %s", letter.reference, why)
            beside.append(enclosure)
    if beside:
        whole.append(BytesIO(_list_of(beside)), import_outline=False)
    written = BytesIO()
    whole.write(written)
    return PrintReady(written.getvalue(), tuple(beside))


def _list_of(beside: Sequence[Enclosure]) -> bytes:
    about = {
        "title": "Enclosed beside this letter",
        "words": "These are not among the pages before this one. Each goes with the letter by itself:",
        "names": [enclosure.name for enclosure in beside],
    }
    return drawn(LIST_PAGE, about)


def lay(outbox: FileChannel, letter: OutboundLetter, ready: PrintReady) -> str:
    """Lay a letter into the outbox folder, to be sent by hand; gives where its PDF lies there.

    Whole or not at all; a second time it takes the first one's place. Raises `OSError`.
    """
    folder = outbox.folder_by_hand(letter)
    outbox.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.parent.mkdir(exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".draft-"))  # mode 0700
    try:
        pdf, *_ = write(draft, files_of(letter, ready))
        if folder.exists():
            shutil.rmtree(folder)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return str((folder / pdf).relative_to(outbox.folder))


def write(folder: Path, files: Files) -> list[str]:
    """Write what a letter is printed from into a folder; gives the names, the PDF's first.

    All of them or none. Raises `OSError`, also where there is a file of such a name, and what reading an
    enclosure does.
    """
    for name in files:
        if (folder / name).exists():
            raise FileExistsError(errno.EEXIST, f"there is a file {name} already")
    with ExitStack() as written:
        for name, pieces in files.items():
            _write(folder / name, pieces(), written)
        written.pop_all()
    return [*files]


def files_of(letter: OutboundLetter, ready: PrintReady) -> Files:
    """What a letter is printed from, the PDF first, and what goes beside it."""
    stem = Path(letter.as_letter().file_name).stem
    files: Files = {f"{stem}.pdf": lambda: [ready.pdf]}
    for number, enclosure in enumerate(ready.beside, 1):
        files[f"{number:02}-{file_name(enclosure.name)}"] = enclosure.content
    return files


def _write(path: Path, pieces: Iterable[bytes], written: ExitStack) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        written.callback(path.unlink, missing_ok=True)
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
