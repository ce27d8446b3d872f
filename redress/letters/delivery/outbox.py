"""The outbox: a folder where letters are laid as text files, one folder a complaint."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from redress.domain.identifiers import checked_reference
from redress.letters.delivery.channel import Accepted, NotNow
from redress.letters.delivery.outbound import OutboundLetter
from redress.letters.letter import Letter
from redress.settings import Settings
from redress.store.outbound import Route


class FileChannel:
    """Letters as files that only their owner can read. Written whole or not at all."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, reference: str, letter: Letter) -> str:
        """Write the letter; a second time it is the same file."""
        folder = self.folder / checked_reference(reference)
        if Path(letter.file_name).name != letter.file_name:
            raise ValueError("a letter's file lies in its complaint's folder")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".draft-")  # mode 0600
        draft = Path(name)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(letter.text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(folder / letter.file_name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return f"{reference}/{letter.file_name}"

    def send(self, letter: OutboundLetter) -> Accepted:
        """Lay a letter into the folder. Raises `NotNow` where it cannot be used."""
        try:
            return Accepted(self.write(letter.reference, letter.as_letter()), arrived=True)
        except OSError as error:
            raise NotNow(f"the outbox cannot be used: {type(error).__name__}", down=True) from None

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


def build(settings: Settings, routes: frozenset[Route]) -> FileChannel:
    """The channel in the folder of the settings."""
    return FileChannel(settings.outbox_folder)
