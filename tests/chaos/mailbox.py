"""A mail server in a process of its own, which can be killed: what it said it has is on the disk.

`python -m tests.chaos.mailbox PORT FOLDER`; each letter is a file in the folder.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import NamedTuple, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class Keeps:
    """Keeps each letter before it says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """As aiosmtpd names it."""
        file = self._folder / f"{time.time_ns()}-{os.getpid()}"
        with open(file.with_suffix(".part"), "wb") as part:
            part.write("\n".join(envelope.rcpt_tos).encode() + b"\n\n" + cast(bytes, envelope.content))
            part.flush()
            os.fsync(part.fileno())
        file.with_suffix(".part").rename(file.with_suffix(".mail"))
        return "250 2.0.0 taken"


class Mail(NamedTuple):
    """A letter that was taken: for whom, and when (Unix seconds)."""

    to: str
    at: float
    subject: str
    text: str
    file: Path


def mails(folder: Path) -> Iterator[Mail]:
    """Every letter that was taken, one for each recipient, in that order."""
    for file in sorted(folder.glob("*.mail")):
        envelope, _, content = file.read_bytes().partition(b"\n\n")
        message = BytesParser(policy=default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if isinstance(body, EmailMessage) else ""
        at = int(file.name.split("-")[0]) / 1e9
        for to in envelope.decode().splitlines():
            yield Mail(to, at, str(message["Subject"]), text, file)


async def serve(port: int, folder: Path) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keeps(folder), hostname="localhost"), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
