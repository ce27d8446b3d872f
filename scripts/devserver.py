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
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
from pydantic import ValidationError
from temporalio.service import RPCError

from redress.api.settings import ApiSettings
from redress.bootstrap_keys import cipher_for
from redress.exit import leave
from redress.security.keyring import KeyringError, add_key
from redress.services.clock import today
from redress.services.links import lines
from redress.services.migrating import migrate_stores
from redress.settings import TRIAL
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

MARKERS = {"api": API[-1], "worker": WORKER[-1], "server": "start-dev"}
"""A word of each command line, by which a process is told from one that was given its number later. In the
order in which they are stopped."""


class CannotStart(RuntimeError):
    """Says what stands in the way, and what would help."""


class Ports(NamedTuple):
    """Where the parts listen, all on the loopback."""

    temporal: int
    ui: int
    api: int


DEFAULT = Ports(7233, 8233, ApiSettings.model_fields["api_port"].default)


class Process:
    """A process that outlives this one: its number is in `run/NAME.pid`, its output in `logs/NAME.log`."""

    def __init__(self, name: str, state: Path) -> None:
        self.name = name
        self.log = state / "logs" / f"{name}.log"
        self._pid_file = state / "run" / f"{name}.pid"

    @property
    def running(self) -> psutil.Process | None:
        """The process, if it was started here and still runs."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            command = process.cmdline()  # empty while it is being started
            is_ours = not command or any(MARKERS[self.name] in word for word in command)
            return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, psutil.Error):
            return None

    def start(self, command: list[str], **defaults: str) -> None:
        """Start it unless it runs; `defaults`: settings that the environment may override."""
        if self.running:
            return
        for folder in (self._pid_file.parent, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        env = defaults | os.environ
        with open(self.log, "ab") as log:
            process = Popen(
                command, cwd=ROOT, env=env, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(process.pid))

    def check(self) -> None:
        """Raise `CannotStart`, with the end of its log, where it does not run."""
        if self.running is None:
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
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
        self._pid_file.unlink(missing_ok=True)
        return process is not None


def processes(state: Path) -> dict[str, Process]:
    """All three by name, whether they run or not."""
    return {name: Process(name, state) for name in MARKERS}


def ports_of(settings: ApiSettings) -> Ports:
    """The ports that the settings name. Raises `CannotStart` where one names another machine."""
    temporal = _local_port("TEMPORAL_ADDRESS", f"//{where()}", f"127.0.0.1:{DEFAULT.temporal}", 7233)
    ui = _local_port("REDRESS_UI", settings.ui, f"http://127.0.0.1:{DEFAULT.ui}", 80)
    ports = Ports(temporal, ui, settings.api_port)
    if len(set(ports)) < len(ports):
        raise CannotStart("TEMPORAL_ADDRESS, REDRESS_UI and REDRESS_API_PORT must be different ports")
    return ports


def _local_port(setting: str, address: str, example: str, default: int) -> int:
    try:
        parts = urlsplit(address)
        if parts.hostname in LOOPBACK:
            return parts.port or default
    except ValueError:
        pass  # no address at all
    raise CannotStart(
        f"{setting} is {address.removeprefix('//')}: make up starts what runs on this machine alone, "
        f"such as {example}. For a Temporal elsewhere run worker.py (docs/operating.md)"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def up(settings: ApiSettings) -> None:
    """Start what does not run yet and say where to look. Raises `CannotStart`."""
    ports = ports_of(settings)
    state = ROOT / settings.state
    found = processes(state)
    server, worker, api = found["server"], found["worker"], found["api"]
    for process, port, used_for, hint in (
        (server, ports.temporal, "Temporal", "TEMPORAL_ADDRESS, such as 127.0.0.1:17233"),
        (server, ports.ui, "its UI", "REDRESS_UI, such as http://127.0.0.1:18233"),
        (api, ports.api, "the API", "REDRESS_API_PORT, such as 18400"),
    ):
        if not (process.running or _is_free(port)):
            stop = "stop what uses it (make down, docker compose down)"
            raise CannotStart(f"port {port}, for {used_for}, is in use: {stop}, or set {hint}")
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    if not settings.keys_file.exists() and settings.trial != TRIAL:
        print(f"keys          new: {settings.keys_file} ({add_key(settings.keys_file)})")
    migrate_stores(settings, settings.store_url)
    cipher = cipher_for(settings)
    address, ui = f"127.0.0.1:{ports.temporal}", f"http://127.0.0.1:{ports.ui}"
    api_url = f"http://{settings.api_host}:{ports.api}"
    codec, database = f"{api_url}/codec", state / "temporal.db"
    server.start(server_command(ports.temporal, ui_port=ports.ui, database=database, codec=codec))
    await server.wait_for_port(ports.temporal)
    await wait_for_server(address, cipher=cipher)
    await prepare(await connect(cipher))
    worker.start(WORKER)
    api.start(API, REDRESS_CODEC_ORIGINS=json.dumps([f"http://{host}:{ports.ui}" for host in LOOPBACK]))
    await api.wait_for_port(ports.api)
    worker.check()
    print(f"Temporal      {address}   (log: {server.log})")
    print(f"its UI        {ui}")
    print(f"worker        log: {worker.log}")
    print(f"API           {api_url}   (log: {api.log})")
    print(f"  its pages   {api_url}/docs   {api_url}/openapi.json")
    print("  a token     .venv/bin/python starter.py token new NAME --role intake   (docs/api.md)")
    if settings.trial != TRIAL:
        print(f"  names in the UI: a token of the role codec, at {codec}/login   (docs/operators.md)")
    print(f"register      {settings.database_url}")
    print(f"letters       {settings.outbox_folder}")
    print("\nReady lists in the UI, with the dates of today (make links: anew):")
    for line in lines(ui, os.environ.get("TEMPORAL_NAMESPACE", "default"), today()):
        print(f"  {line}")
    if ports != DEFAULT:
        exports = f"TEMPORAL_ADDRESS={address} REDRESS_UI={ui} REDRESS_API_PORT={ports.api}"
        print(f"\nNot the usual ports. Wherever you type commands:  export {exports}")
    print("\nTry:  .venv/bin/python starter.py open examples/under-way.json")
    print("End:  make down")


def down(settings: ApiSettings) -> None:
    """Stop what runs: the API, the worker, then the server."""
    stopped = [name for name, process in processes(ROOT / settings.state).items() if process.stop()]
    print("\n".join(f"{name} stopped" for name in stopped) or "nothing is running here")


def main(command: str) -> int:
    """Do `up` or `down`; gives the exit status."""
    os.umask(0o077)  # whatever lies in the state folder names people
    quiet_runtime()
    try:
        settings = ApiSettings()
        if command == "down":
            down(settings)
        else:
            asyncio.run(up(settings))
    except ValidationError as error:
        for problem in error.errors():
            sys.stderr.write(f"REDRESS_{str(problem['loc'][0]).upper()}: {problem['msg']}\n")
        return 2
    except BrokenPipeError:  # whoever read along has seen enough
        sys.stdout = sys.stderr
    except (RuntimeError, KeyringError, RPCError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1]))
