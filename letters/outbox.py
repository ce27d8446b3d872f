"""The outbox: a folder where letters are laid as text files, one folder a complaint."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol

from letters.letter import Letter


class Post(Protocol):
    """Something that letters leave by. Sending the same letter again must change nothing."""

    def send(self, reference: str, letter: Letter) -> str:
        """Send one letter; gives the place or number under which it can be found."""
        ...


class Outbox:
    """Letters as files that only their owner can read. Written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, reference: str, letter: Letter) -> str:
        """Write the letter; a second time it is the same file."""
        folder = self.folder / reference
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
