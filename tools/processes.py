"""Processes that are left running, each known by a file with its number in the state folder."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PATIENCE = 60
"""Seconds for a process to listen. A machine that is busy takes a while to load everything."""

LAST_LINES = 5
"""Of the log of a process that ended at once."""

MARKS = {"server": "start-dev", "worker": "worker.py", "api": "api"}
"""A word of each one's command line: by it a process is told from one that was given its number later."""


class Ended(RuntimeError):
    """A process that should run has ended; says where its log is and how it ends."""


class Processes:
    """What runs, by the files `run/NAME.pid`; what each said, in `logs/NAME.log`."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self._state / "logs" / f"{name}.log"

    def running(self, name: str) -> int | None:
        """The number of a process that was started here and still runs."""
        try:
            number = int(self._file(name).read_text())
            os.kill(number, 0)
        except (OSError, ValueError):
            return None
        return number if _is_ours(number, MARKS[name]) else None

    def start(self, name: str, command: list[str], more: Mapping[str, str] | None = None) -> None:
        """Start a process that goes on after this one; `more`: settings that the environment may override."""
        for file in (self._file(name), self.log(name)):
            file.parent.mkdir(parents=True, exist_ok=True)
        self._state.chmod(0o700)
        with open(self.log(name), "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**(more or {}), **os.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._file(name).write_text(str(process.pid))

    def check(self, name: str) -> None:
        """Raise `Ended` where a process does not run."""
        if self.running(name) is None:
            said = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise Ended("\n  ".join([f"the {name} has ended; its log, {self.log(name)}, ends with:", *said]))

    async def listening(self, name: str, port: int) -> None:
        """Wait until a process listens. Raises `Ended`."""
        for _ in range(PATIENCE * 10):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            self.check(name)
            await asyncio.sleep(0.1)
        raise Ended(
            f"the {name} does not listen on port {port} after {PATIENCE} s; its log: {self.log(name)}"
        )

    def stop(self, name: str) -> bool:
        """Ask a process to stop, and wait for it; gives whether there was one."""
        number = self.running(name)
        if number is not None:
            os.kill(number, signal.SIGTERM)
            for _ in range(400):
                if self.running(name) is None:
                    break
                time.sleep(0.1)
            else:
                os.kill(number, signal.SIGKILL)
        self._file(name).unlink(missing_ok=True)
        return number is not None

    def _file(self, name: str) -> Path:
        return self._state / "run" / f"{name}.pid"


def _is_ours(number: int, mark: str) -> bool:
    """Whether a process that exists has a word in its command line, and is more than the remains of one."""
    proc = Path("/proc") / str(number)
    if not proc.exists():  # no Linux
        asked = ["ps", "-o", "command=", "-p", str(number)]
        return mark in subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    try:
        state = (proc / "stat").read_text().rsplit(")", 1)[1].split()[0]
        command = (proc / "cmdline").read_bytes()
    except OSError:  # it has just ended
        return False
    # A process that has just been started has no command line yet.
    return state != "Z" and (not command or mark.encode() in command)
