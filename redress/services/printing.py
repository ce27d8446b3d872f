"""A letter of the register ready to print: what somebody prints who sends it by hand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from redress.domain.parsing import Malformed, Problem
from redress.letters.delivery.configuration import outbox_only
from redress.letters.dispatcher import LetterDispatcher
from redress.letters.enclosing import content_for
from redress.letters.printing import Files, files_of, write
from redress.services.errors import Rejected
from redress.services.letters import BECAME, found
from redress.settings import Settings
from redress.store.letters import TO_APPROVE
from redress.store.register import Register


def print_into(register: Register, settings: Settings, reference: str, mark: str, folder: Path) -> list[Path]:
    """Write a letter and all that is enclosed with it into a folder, ready to print; the PDF first.

    Raises as `_files`, and `OSError`, also where there is a file of such a name.
    """
    files = _files(register, settings, reference, mark)
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / name for name in write(folder, files)]


def download(register: Register, settings: Settings, reference: str, mark: str) -> tuple[str, bytes]:
    """The same as one file, with its name: the PDF, or a ZIP where something goes beside it."""
    files = _files(register, settings, reference, mark)
    name, *beside = files
    if not beside:
        return name, b"".join(files[name]())
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for each, pieces in files.items():
            archive.writestr(each, b"".join(pieces()))
    return str(Path(name).with_suffix(".zip")), written.getvalue()


def _files(register: Register, settings: Settings, reference: str, mark: str) -> Files:
    """A letter as it goes by hand.

    Raises `Malformed` where there is none of this mark or its text is not kept; `Rejected` where it is not
    written for good; `StoreUnavailable` where an enclosure cannot be read.
    """
    row = found(register, reference, mark)
    if row.state == "waiting" or row.state in TO_APPROVE:
        raise Rejected(f"this letter is {BECAME[row.shown]}: it can be printed once it is written for good")
    if row.text is None:
        raise Malformed([Problem("MARK", "its text is not kept here: there is nothing to print")])
    dispatcher = LetterDispatcher(register, outbox_only(settings), content=content_for(register, settings))
    return files_of(*dispatcher.printed(row))
