"""`make up` and `make down`: an embedded Temporal server with its UI, a worker and the API, left running.

For trying things and for development. Data lies in `.redress`; real use is docker-compose.yml. Other ports
are taken by the settings that everything else reads too: `TEMPORAL_ADDRESS`, `REDRESS_UI`,
`REDRESS_API_PORT`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, Popen
from urllib.parse import urlsplit

import psutil
from temporalio.service import RPCError

from redress.api.settings import ApiSettings
from redress.bootstrap_keys import cipher_for
from redress.exit import leave
from redress.security.keyring import add_key
from redress.services.clock import today
from redress.services.links import lines
from redress.services.migrating import migrate_stores
from redress.settings import TRIAL
from redress.startup import SetupError, read_settings
from redress.temporal.client import connect, quiet_runtime, where
from redress.temporal.embedded import server_command, wait_for_server
from redress.temporal.namespace import prepare

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "localhost")
WORKER = [sys.executable, "worker.py"]
API = [sys.executable, "-m", "redress.api"]

START_SECONDS, STOP_SECONDS = 60, 40
"""How long a process may take until it listens, and until it has ended."""

LAST_LINES = 5
"""Of the log of a process that has ended."""

NAMES = ("api", "worker", "server")
"""Of the processes, in the order in which they are stopped."""

MARK = "REDRESS_DEVSERVER_LOG"
"""The environment variable by which a process that was started here is found again."""

RUNNING = Path(__file__).with_name("running.txt")
"""What `make up` says in the end."""


class CannotStart(RuntimeError):
    """Says what stands in the way, and what would help."""


class Process:
    """A process that outlives this one; its output is in `logs/NAME.log`."""

    def __init__(self, name: str, state: Path) -> None:
        self.name = name
        self.log = state / "logs" / f"{name}.log"
        self._started: Popen[bytes] | None = None

    @property
    def running(self) -> psutil.Process | None:
        """The process, if it was started here and still runs."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # somebody else's, or it has just ended
                if process.environ().get(MARK) == str(self.log):
                    return process
        return None

    def start(self, command: list[str], **defaults: str) -> None:
        """Start it unless it runs; `defaults`: settings that the environment may override."""
        if self.running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        env = defaults | os.environ | {MARK: str(self.log)}
        with open(self.log, "ab") as log:
            self._started = Popen(
                command, cwd=ROOT, env=env, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def check(self) -> None:
        """Raise `CannotStart`, with the end of its log, where it does not run.

        One that was started here is asked itself: for a moment after its start the system shows no
        environment of it, by which others are known.
        """
        started = self._started
        runs = started.poll() is None if started is not None else self.running is not None
        if not runs:
            end = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise CannotStart("\n  ".join([f"the {self.name} has ended; the end of {self.log}:", *end]))

    async def wait_for_port(self, port: int) -> None:
        """Wait until it listens. Raises `CannotStart`."""
        for _ in range(START_SECONDS * 10):
            if not _is_free(port):
                return
            self.check()
            await asyncio.sleep(0.1)
        raise CannotStart(f"the {self.name} does not listen on port {port}; its log: {self.log}")

    def stop(self) -> bool:
        """Ask it to end, and wait for that; gives whether it ran."""
        process = self.running
        if process is not None:
            process.terminate()
            if not _has_ended(process):
                process.kill()
                _has_ended(process)
        return process is not None


def _has_ended(process: psutil.Process) -> bool:
    """Whether it ends within the time; also where nobody asks it how it ended, as in many a container."""
    until = time.monotonic() + STOP_SECONDS
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


def processes(state: Path) -> dict[str, Process]:
    """All three by name, whether they run or not."""
    return {name: Process(name, state) for name in NAMES}


def _port(process: Process, setting: str, address: str, example: str) -> int:
    """The port of an address on the loopback, free or used by the process. Raises `CannotStart`."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # no address at all
        host = port = None
    if host not in LOOPBACK or port is None:
        raise CannotStart(
            f"{setting} is {address.removeprefix('//')}: make up starts what runs on this machine alone, "
            f"such as {example}. For a Temporal elsewhere run worker.py (docs/operating.md)"
        )
    if process.running or _is_free(port):
        return port
    raise CannotStart(
        f"port {port}, for the {process.name}, is in use: stop what uses it (make down, docker compose down) "
        f"or set {setting}, such as {example}"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def up(settings: ApiSettings) -> None:
    """Start what does not run yet and say where to look. Raises `CannotStart`."""
    state = ROOT / settings.state
    api, worker, server = processes(state).values()
    port = _port(server, "TEMPORAL_ADDRESS", f"//{where()}", "127.0.0.1:17233")
    ui_port = _port(server, "REDRESS_UI", settings.ui, "http://127.0.0.1:18233")
    api_port = _port(api, "REDRESS_API_PORT", f"//127.0.0.1:{settings.api_port}", "18400")
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    if not settings.keys_file.exists() and settings.trial != TRIAL:
        print(f"keys          new: {settings.keys_file} ({add_key(settings.keys_file)})")
    migrate_stores(settings, settings.store_url)
    cipher = cipher_for(settings)
    codec = f"http://{settings.api_host}:{api_port}/codec"
    server.start(server_command(port, ui_port=ui_port, database=state / "temporal.db", codec=codec))
    await server.wait_for_port(port)
    await wait_for_server(f"127.0.0.1:{port}", cipher=cipher)
    await prepare(await connect(cipher))
    worker.start(WORKER)
    origins = [f"http://{host}:{ui_port}" for host in LOOPBACK]
    api.start(API, REDRESS_CODEC_ORIGINS=json.dumps(origins))
    await api.wait_for_port(api_port)
    worker.check()
    lists = lines(origins[0], os.environ.get("TEMPORAL_NAMESPACE", "default"), today())
    print(
        RUNNING.read_text(encoding="utf-8").format(
            port=port,
            ui=origins[0],
            api=f"http://{settings.api_host}:{api_port}",
            api_port=api_port,
            logs=state / "logs",
            register=settings.database_url,
            letters=settings.outbox_folder,
            lists="\n  ".join(lists),
        ),
        end="",
    )


def down(settings: ApiSettings) -> None:
    """Stop what runs: the API, the worker, then the server."""
    stopped = [name for name, process in processes(ROOT / settings.state).items() if process.stop()]
    print("\n".join(f"{name} stopped" for name in stopped) or "nothing is running here")


def main(command: str) -> int:
    """Do `up` or `down`; gives the exit status."""
    os.umask(0o077)  # whatever lies in the state folder names people
    quiet_runtime()
    try:
        settings = read_settings(ApiSettings)
        if command == "down":
            down(settings)
        else:
            asyncio.run(up(settings))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:  # whoever read along has seen enough
        sys.stdout = sys.stderr
    except (RuntimeError, RPCError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1]))
