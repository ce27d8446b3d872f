"""Clocks of single processes that are wrong, and a midnight that comes while the traffic runs.

London's midnight is moved by a time zone database of the run's own (`PYTHONTZPATH`), the same for every
process. Who is to be ahead or behind gets libfaketime where there is one; else a database of its own, in
which London is as many seconds ahead: it judges dates as a process with a wrong clock does.
"""

from __future__ import annotations

import os
import struct
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

HALF_A_DAY, DAY = 43_200, 86_400

FAKETIME = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)


def libfaketime() -> Path | None:
    """Where it is installed; the setting CHAOS_FAKETIME names another file."""
    named = os.environ.get("CHAOS_FAKETIME")
    if named:
        return Path(named)
    found = [path for pattern in FAKETIME for path in sorted(Path("/").glob(pattern[1:]))]
    return found[0] if found else None


class Clocks:
    """London in a run: `midnight` is the instant at which its next day begins."""

    def __init__(self, folder: Path, midnight: datetime) -> None:
        after = int(midnight.timestamp()) % DAY
        self.ahead_of_utc = -after if after <= HALF_A_DAY else DAY - after
        self._folder = folder
        self._library = libfaketime()
        self.skewed_by = "libfaketime" if self._library else "a time zone of each process"

    @property
    def can_be_wrong(self) -> tuple[str, ...]:
        """Whose clock may be wrong.

        A worker's only by libfaketime: where London lies is part of what it replays a workflow by, and two
        workers that place it differently are no pair with wrong clocks but one that does not agree.
        """
        return ("api", "worker-1", "worker-2") if self._library else ("api",)

    def today(self, seconds: int = 0) -> date:
        """London's date by a clock that is so many seconds ahead."""
        return self.day(datetime.now(UTC).timestamp() + seconds)

    def day(self, at: float) -> date:
        """London's date at an instant, in Unix seconds."""
        return (datetime.fromtimestamp(at, UTC) + timedelta(seconds=self.ahead_of_utc)).date()

    def settings(self, seconds: int = 0) -> dict[str, str]:
        """The environment of a process whose clock is so many seconds ahead."""
        if not seconds or self._library is None:
            return {"PYTHONTZPATH": self._database(seconds)}
        fake = {"LD_PRELOAD": str(self._library), "FAKETIME": f"{seconds:+d}"}
        return {"PYTHONTZPATH": self._database(0), "FAKETIME_DONT_FAKE_MONOTONIC": "1", **fake}

    def _database(self, seconds: int) -> str:
        folder = self._folder / f"zones{seconds:+d}"
        if not folder.exists():
            (folder / "Europe").mkdir(parents=True)
            (folder / "Europe" / "London").write_bytes(_zone(self.ahead_of_utc + seconds))
        return os.pathsep.join([str(folder), *zoneinfo.TZPATH])


def _zone(ahead: int) -> bytes:
    """A compiled time zone (RFC 8536) that is always so many seconds ahead of UTC."""
    block = struct.pack(">ibb", ahead, 0, 0) + b"LON\0"

    def header(version: bytes) -> bytes:
        return b"TZif" + version + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)

    sign, left = ("-" if ahead >= 0 else "+"), abs(ahead)
    footer = f"\nLON{sign}{left // 3600}:{left // 60 % 60:02}:{left % 60:02}\n"
    return header(b"2") + block + header(b"2") + block + footer.encode()
