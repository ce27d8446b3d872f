"""A letter of the register ready to print: what somebody prints who sends it by hand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from redress.domain.parsing import Malformed, Problem
from redress.letters.delivery.configuration import outbox_only
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.printing import Files, files_of, write
from redress.letters.stored_enclosures import content_for
from redress.services.errors import Rejected
from redress.services.letters import BECAME, found
from redress.settings import Settings
from redress.store.letters import TO_APPROVE
from redress.store.register import Register

MOST_IN_ZIP = 128 * 1024 * 1024
"""Bytes of files that one download has beside the PDF: it is made in memory."""


def print_into(register: Register, settings: Settings, reference: str, mark: str, folder: Path) -> list[Path]:
    """Write a letter and all that is enclosed with it into a folder, ready to print; the PDF first.

    Raises as `_files`, and `OSError`, also where there is a file of such a name.
    """
    files = _files(register, settings, reference, mark)
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / name for name in write(folder, files)]


def download(register: Register, settings: Settings, reference: str, mark: str) -> tuple[str, bytes]:
    """The same as one file, with its name: the PDF, or a ZIP where something goes beside it.

    Raises as `_files`, and `Rejected` where more goes beside it than is put into one file.
    """
    files = _files(register, settings, reference, mark, most_beside=MOST_IN_ZIP)
    name, *beside = files
    if not beside:
        return name, b"".join(files[name]())
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for each, pieces in files.items():
            archive.writestr(each, b"".join(pieces()))
    return str(Path(name).with_suffix(".zip")), written.getvalue()


def _files(
    register: Register, settings: Settings, reference: str, mark: str, *, most_beside: int | None = None
) -> Files:
    """A letter as it goes by hand; `most_beside`: bytes that may go beside its PDF; None: any.

    Raises `Malformed` where there is none of this mark or its text is not kept; `Rejected` where it is not
    written for good; as `LetterDispatcher.printed` where an enclosure cannot be read.
    """
    row = found(register, reference, mark)
    if row.state == "waiting" or row.state in TO_APPROVE:
        raise Rejected(f"this letter is {BECAME[row.shown]}: it can be printed once it is written for good")
    if row.text is None:
        raise Malformed([Problem("MARK", "its text is not kept here: there is nothing to print")])
    dispatcher = LetterDispatcher(register, outbox_only(settings), content=content_for(register, settings))
    letter, ready = dispatcher.printed(row)
    beside = sum(each.size for each in ready.beside)
    if most_beside is not None and beside > most_beside:
        what = f"{len(ready.beside)} files of {beside:,} bytes in all go beside its PDF"
        raise Rejected(f"{what}: that is too much for one file; see 'starter.py letters print'")
    return files_of(letter, ready)
