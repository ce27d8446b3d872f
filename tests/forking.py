"""Processes of ours that need not load first what all of their kind load, which takes longer than most tests.

One process of each kind has loaded it, and forks for each that is asked for: a process of its own, with its
arguments, environment, files, exit status and death, that runs what Python would have run. What belongs to
Python's own start cannot be told afterwards: `tests/chaos` and others start theirs as users do.

As a program it is the process that forks: it serves the socket that is its standard input.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, NoReturn

ROOT = Path(__file__).parent.parent

Kind = Literal["starter", "worker", "api", "devserver"]


def _in(folder: str) -> list[str]:
    """The modules of a folder."""
    return [f"{folder.replace('/', '.')}.{file.stem}" for file in (ROOT / folder).glob("[a-z]*.py")]


LOADED: dict[Kind, tuple[str, ...]] = {
    "starter": ("redress.bootstrap", *_in("redress/cli"), "alembic.command", "holidays.countries"),
    "worker": ("redress.worker", "holidays.countries"),
    "api": ("redress.api.__main__", *_in("redress/api/routes"), "holidays.countries"),
    "devserver": ("scripts.devserver", "alembic.command"),
}
"""What each kind loads, now or when it first migrates a store or counts a day."""

MODULES: dict[Kind, str] = {"api": "redress.api", "devserver": "scripts.devserver"}
"""What is run as a module and not as a file."""

OF_PYTHON = ("PYTHON", "LANG", "LC_", "MALLOC", "LD_")
"""How settings begin that a process reads while it starts."""

LARGEST = 1 << 20
"""Bytes of arguments and environment."""

_NUMBER = struct.Struct("i")


class Forked:
    """A process, as `subprocess.Popen` gives one."""

    def __init__(self, tells: int) -> None:
        self._tells = tells
        (self.pid,) = _NUMBER.unpack(os.read(tells, _NUMBER.size))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, if it has ended."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises `subprocess.TimeoutExpired`."""
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within: float | None) -> int | None:
        if self.returncode is None and select.select([self._tells], [], [], within)[0]:
            (status,) = _NUMBER.unpack(os.read(self._tells, _NUMBER.size))
            os.close(self._tells)
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Ended(NamedTuple):
    """The exit status of a command and what it wrote."""

    status: int
    out: bytes
    err: bytes


class Forking:
    """A process that forks, and the way to it."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._way, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._way.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        command, nowhere = [sys.executable, "-m", __name__, kind], subprocess.DEVNULL  # no terminal
        with theirs:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=theirs.fileno(), stdout=nowhere)

    def start(self, words: Sequence[str], env: dict[str, str], *streams: IO[Any]) -> Forked:
        """Start one; `streams`: its standard input, output and errors."""
        assert not set_at_start(env), "only a process that Python starts can have such settings"
        tells, writes = os.pipe()
        try:
            told = json.dumps([self._kind, words, env]).encode()
            socket.send_fds(self._way, [told], [*(each.fileno() for each in streams), writes])
        finally:
            os.close(writes)
        return Forked(tells)

    def close(self) -> None:
        self._way.close()
        self._process.wait()


@cache
def forking(kind: Kind) -> Forking:
    """The one of a kind, for all tests of this process."""
    made = Forking(kind)
    atexit.register(made.close)
    return made


def started(kind: Kind, env: dict[str, str], log: IO[Any]) -> Forked:
    """A worker or an API that writes into a log."""
    with open(os.devnull, "rb") as nothing:
        return forking(kind).start([], env, nothing, log, log)


async def command(
    words: Sequence[str], env: dict[str, str], given: bytes = b"", patience: float = 80
) -> Ended:
    """Run a command of `starter.py`. Raises `TimeoutError` where it takes longer than `patience` seconds."""
    with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        into.write(given)
        into.seek(0)
        process: Forked | subprocess.Popen[bytes]
        if set_at_start(env):
            arguments = [sys.executable, "starter.py", *words]
            process = subprocess.Popen(arguments, cwd=ROOT, env=env, stdin=into, stdout=out, stderr=err)
        else:
            fork = forking("starter")
            process = await asyncio.to_thread(fork.start, words, env, into, out, err)
        async with asyncio.timeout(patience):
            while (status := process.poll()) is None:
                await asyncio.sleep(0.01)
        for each in (out, err):
            each.seek(0)
        return Ended(status, out.read(), err.read())


def completed(kind: Kind, words: Sequence[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One that ends by itself, and what it wrote. Raises `subprocess.TimeoutExpired` after two minutes."""
    with (
        open(os.devnull, "rb") as nothing,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        process = forking(kind).start(words, env, nothing, out, err)
        try:
            status = process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        for each in (out, err):
            each.seek(0)
        return subprocess.CompletedProcess(words, status, out.read(), err.read())


def set_at_start(env: dict[str, str]) -> bool:
    """Whether an environment differs from ours in what Python reads while it starts."""
    return any(env.get(name) != os.environ.get(name) for name in env if name.startswith(OF_PYTHON))


# --- the process that forks --------------------------------------------------------------------------------


def serve(way: socket.socket) -> None:
    """Fork for each that is asked for, until the other side closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait for one
    while True:
        told, files, _, _ = socket.recv_fds(way, LARGEST, 4)
        if not told:
            return
        if os.fork() == 0:
            way.close()
            _attend(told, files)
        for each in files:
            os.close(each)


def _attend(told: bytes, files: list[int]) -> NoReturn:
    """Run one in a process of its own; tell its number, and how it ended."""
    *streams, tells = files
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(tells)
        for number, each in enumerate(streams):
            os.dup2(each, number)
            os.close(each)
        try:
            _become(*json.loads(told))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)  # ours leave by themselves: redress/exit.py
    for each in (0, *streams):
        os.close(each)
    os.write(tells, _NUMBER.pack(child))
    os.write(tells, _NUMBER.pack(os.waitpid(child, 0)[1]))
    os._exit(0)


def _become(kind: Kind, words: list[str], env: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    if kind in MODULES:
        sys.argv[1:] = words
        del sys.modules[LOADED[kind][0]]  # what it loads stays; runpy warns of it by that name
        runpy.run_module(MODULES[kind], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = [f"{kind}.py", *words]
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    for name in LOADED[sys.argv[1]]:  # type: ignore[index]  # as `Forking` starts it
        import_module(name)
    gc.freeze()  # what is loaded stays: those that fork look through it for garbage no more
    serve(socket.socket(fileno=os.dup(0)))
