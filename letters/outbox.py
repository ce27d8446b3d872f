"""The outbox: a folder where letters are laid as text files, one folder a complaint."""

from __future__ import annotations

import os
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
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = folder / letter.file_name
        draft = folder / f".{letter.file_name}.{os.getpid()}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(letter.text)
        draft.replace(place)
        return f"{reference}/{letter.file_name}"
