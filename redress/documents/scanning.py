"""Looking for viruses with ClamAV: its daemon's own protocol, by which a file is handed over as a stream.

Written here because it is a dozen lines, and the clients on PyPI have had no release for ten years.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Protocol

from redress.documents.errors import CannotScan
from redress.settings import Settings

PIECE_AT_MOST = 1024 * 1024

LONGEST_ANSWER = 4096


class Scanner(Protocol):
    """What looks into a document."""

    def scan(self, data: Iterable[bytes]) -> str | None:
        """What was found in it, by its name in the scanner's list; None: nothing. Raises `CannotScan`."""


class ClamAV:
    """`clamd`, by TCP (`tcp://HOST:PORT`) or a socket of this machine (`unix:/run/clamav/clamd.ctl`)."""

    def __init__(self, address: str, within: float) -> None:
        self._address = address
        self._within = within

    def scan(self, data: Iterable[bytes]) -> str | None:
        """The command INSTREAM: pieces with their lengths before them, an empty one at the end."""
        try:
            with self._connected() as line:
                line.sendall(b"zINSTREAM\0")
                try:
                    for piece in data:
                        for start in range(0, len(piece), PIECE_AT_MOST):
                            part = piece[start : start + PIECE_AT_MOST]
                            line.sendall(len(part).to_bytes(4) + part)
                    line.sendall(bytes(4))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it had enough, and says why
                answer = _answer(line)
        except OSError as error:
            raise CannotScan(f"ClamAV does not answer: {type(error).__name__}") from None
        if answer == "stream: OK":
            return None
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise CannotScan("ClamAV gave no result: see StreamMaxLength in its configuration, and its log")

    def _connected(self) -> socket.socket:
        if self._address.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(self._within)
            try:
                line.connect(self._address.removeprefix("unix:"))
            except OSError:
                line.close()
                raise
            return line
        host, _, port = self._address.removeprefix("tcp://").rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), self._within)


def scanner_for(settings: Settings) -> Scanner | None:
    """What looks into documents, where the settings name it."""
    return ClamAV(settings.clamav, settings.clamav_within) if settings.clamav else None


def _answer(line: socket.socket) -> str:
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER and (part := line.recv(LONGEST_ANSWER)):
        answer += part
    return answer.partition(b"\0")[0].decode("ascii", "replace").strip()
