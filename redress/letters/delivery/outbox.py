"""The outbox: a folder where letters are laid to be posted, one folder a complaint."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from redress.domain.identifiers import checked_reference
from redress.letters.delivery.channel import Accepted, NotNow
from redress.letters.delivery.enclosure_files import ending_of, pieces_of
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.letter import Letter
from redress.settings import Settings
from redress.startup import SetupError
from redress.store.outbound import Route, mark_of


class FileChannel:
    """Letters as files that only their owner can read. Each file is written whole or not at all.

    Beside a letter's text lies what somebody needs who posts it: the letter as a PDF, and what is enclosed,
    under the same name. The text is the last: where it lies, all of it does. `pdf`: of which letters, of
    those by post and with enclosures, or of all that go outside.
    """

    name = "outbox"

    def __init__(self, folder: Path, pdf: Literal["post", "all"] = "post") -> None:
        self.folder = folder
        self.pdf = pdf

    def write(self, reference: str, letter: Letter) -> str:
        """Write the letter; a second time it is the same file."""
        if Path(letter.file_name).name != letter.file_name:
            raise ValueError("a letter's file lies in its complaint's folder")
        _lay(self._folder_of(reference), letter.file_name, [letter.text.encode()])
        return f"{reference}/{letter.file_name}"

    def send(self, letter: OutboundLetter) -> Accepted:
        """Lay a letter into the folder. Raises `NotNow` where it cannot be used, or something not be read."""
        try:
            self._write_beside(letter)
            return Accepted(self.write(letter.reference, letter.as_letter()), arrived=True)
        except SetupError as fault:
            raise NotNow(f"it cannot be drawn: {fault}") from None
        except OSError as error:
            raise NotNow(f"the outbox cannot be used: {type(error).__name__}", down=True) from None

    def _write_beside(self, letter: OutboundLetter) -> None:
        """What is posted with a letter's text, or in its place."""
        files: dict[str, Iterable[bytes]] = {}
        if self._is_printed(letter):
            from redress.letters.form.pdf import pdf_of  # here: most letters are sent without any

            files[".pdf"] = [pdf_of(letter)]
        for number, enclosure in enumerate(letter.enclosures, 1):
            files[f"-enclosure-{number}{ending_of(enclosure.name)}"] = pieces_of(enclosure)
        folder, stem = self.folder / letter.reference, letter.as_letter().file_name.removesuffix(".txt")
        if files:
            folder = self._folder_of(letter.reference)
        for ending, pieces in files.items():
            _lay(folder, f"{stem}{ending}", pieces)
        for path in folder.iterdir() if folder.is_dir() else ():  # others were enclosed before
            if path.name.startswith(f"{stem}-enclosure-") and path.name.removeprefix(stem) not in files:
                path.unlink()

    def _is_printed(self, letter: OutboundLetter) -> bool:
        if letter.route in ("post", "none") or letter.enclosures:
            return True
        return self.pdf == "all" and letter.route == "email"

    def _folder_of(self, reference: str) -> Path:
        """The folder of a complaint, made where it is not there."""
        folder = self.folder / checked_reference(reference)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    def folder_by_hand(self, letter: OutboundLetter) -> Path:
        """The folder of a letter that somebody is to send by hand, within its complaint's."""
        return (
            self.folder / checked_reference(letter.reference) / f"by-hand-{mark_of(letter.key, letter.role)}"
        )

    def remove_by_hand(self, letter: OutboundLetter) -> None:
        """It has left by another way: nobody is to post it a second time."""
        shutil.rmtree(self.folder_by_hand(letter), ignore_errors=True)

    def find(self, letter: OutboundLetter) -> Accepted | None:
        """The letter, where it lies there already."""
        place = f"{letter.reference}/{letter.as_letter().file_name}"
        try:
            is_there = (self.folder / place).is_file()
        except OSError as error:
            raise NotNow(f"the outbox cannot be used: {type(error).__name__}", down=True) from None
        return Accepted(place, arrived=True) if is_there else None

    def has_arrived(self, place: str) -> bool:
        """What lies there has arrived."""
        return True


def _lay(folder: Path, name: str, pieces: Iterable[bytes]) -> None:
    """Write a file whole, or leave what was there."""
    handle, draft_name = tempfile.mkstemp(dir=folder, prefix=".draft-")  # mode 0600
    draft = Path(draft_name)
    try:
        with open(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def build(settings: Settings, routes: frozenset[Route]) -> FileChannel:
    """The channel in the folder of the settings."""
    return FileChannel(settings.outbox_folder, settings.outbox_pdf)
