"""Readings of personal data: who reads at the command line, and the audit that tells of all of them.

The command line may be used while no database answers, so it writes a file, of which each line has reached
the disk before anything is shown. Whoever next looks after the audit takes the file in.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import getpass
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from redress.domain.parsing import Malformed, Problem
from redress.store.readings import Entry, Place, Reading, ReadingFilter, Readings, minute

DOOR_LENGTH = 100


class ReadingPage(NamedTuple):
    """Entries, the newest first; `next`: what gives the page after this one."""

    entries: list[Entry]
    next: str | None


def page(readings: Readings, wanted: ReadingFilter, *, limit: int, after: str = "") -> ReadingPage:
    """A page of the audit; `after`: `next` of the page before. Raises `Malformed`."""
    found = readings.page(wanted, limit + 1, _place(after) if after else None)
    shown = found[:limit]
    more = f"{shown[-1].at.isoformat()} {shown[-1].id}" if len(found) > limit else ""
    return ReadingPage(shown, base64.urlsafe_b64encode(more.encode()).decode() if more else None)


def _place(after: str) -> Place:
    try:
        at, _, id = base64.urlsafe_b64decode(after.encode("ascii")).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        return moment.astimezone(UTC), id
    except (ValueError, OverflowError):
        raise Malformed([Problem("after", "is no place of a page: give `next` of the page before")]) from None


def look_after(readings: Readings, file: Path, days: int) -> int:
    """Take in what the command line read, and remove what is older than so many days; gives how much.

    Raises what SQLAlchemy and the file system raise; what was not taken in stays where it is.
    """
    take_in(readings, file)
    return readings.remove_before(minute() - timedelta(days=days))


def local_reading(door: str, complaints: Mapping[str, str]) -> Reading:
    """A reading at the command line, by whom the system says that it is: nobody here can prove it."""
    return Reading(minute(), _user(), "command_line", (), door[:DOOR_LENGTH], complaints)


def write_down(file: Path, reading: Reading) -> None:
    """Write a reading to the file of the command line, and to the disk. Raises `OSError`."""
    document = reading._asdict() | {"at": reading.at.isoformat(), "complaints": dict(reading.complaints)}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(file) as handle:
        size = os.lseek(handle, 0, os.SEEK_END)
        # On a line of its own, also after a crash in the middle of the one before.
        line = (b"" if _ends_whole(handle, size) else b"\n") + json.dumps(document).encode() + b"\n"
        if os.write(handle, line) < len(line):
            os.ftruncate(handle, size)  # the disk is full: half a line would take the next one with it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)


def take_in(readings: Readings, file: Path) -> None:
    """Move what is in the file into the audit; what was moved twice counts once. Raises `OSError`."""
    if not file.exists() or not file.stat().st_size:
        return
    with _locked(file) as handle:
        lines = os.read(handle, os.fstat(handle).st_size).splitlines()
        readings.add([*_readings_in(lines)])
        os.ftruncate(handle, 0)
        os.fsync(handle)


def _readings_in(lines: Sequence[bytes]) -> Iterator[Reading]:
    for line in lines:
        try:
            raw = json.loads(line)
            at, complaints = datetime.fromisoformat(raw["at"]).astimezone(UTC), raw["complaints"].items()
            shown = {_stored(reference, 80): _stored(authority) for reference, authority in complaints}
            roles = tuple(_stored(role) for role in raw["roles"])
            reader, door = _stored(raw["reader"], 200), _stored(raw["door"])
            yield Reading(at, reader, "command_line", roles, door, shown)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            continue  # half a line, from a crash while it was written: nothing was shown for it


def _stored(text: object, most: int = 100) -> str:
    """A text as any database takes it: one line that none takes would keep all others out of the audit."""
    return str(text).encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:most]


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _ends_whole(handle: int, size: int) -> bool:
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
