"""`make up` and `make down`: the embedded server with its UI, a worker and the gateway, left running.

For trying things and for development. Data lies in `.redress`; real use is docker-compose.yml.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from doors.clock import today
from doors.links import lines
from engine.connection import quiet_runtime
from engine.embedded import NoServer, server_command, wait_for_server
from engine.namespace import prepare
from engine.seals import seals_for
from engine.settings import TRIAL, Settings
from gateway.settings import GatewaySettings
from privacy.ring import add_key

ROOT = Path(__file__).resolve().parent.parent
PORT, UI_PORT = 7233, 8233


def say(line: str) -> None:
    """Print for whoever typed the command."""
    print(line, flush=True)  # noqa: T201  # what the command is for


class House:
    """The processes, by their pid files in the state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.run = state / "run"
        self.logs = state / "logs"

    def running(self, name: str) -> int | None:
        """The pid of a process that was started here and still runs."""
        try:
            pid = int((self.run / f"{name}.pid").read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def start(self, name: str, command: list[str]) -> None:
        """Start a process that goes on after this one."""
        with open(self.logs / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        (self.run / f"{name}.pid").write_text(str(process.pid))

    def stop(self, name: str) -> None:
        """Ask a process to stop, and wait for it."""
        pid = self.running(name)
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        for _ in range(400):
            if self.running(name) is None or _is_zombie(pid):
                break
            time.sleep(0.1)
        else:
            os.kill(pid, signal.SIGKILL)
        (self.run / f"{name}.pid").unlink(missing_ok=True)
        say(f"{name} stopped")


async def up(house: House) -> int:
    """Start what does not run yet and say where to look."""
    house.run.mkdir(parents=True, exist_ok=True)
    house.state.chmod(0o700)  # whatever lies in it names people
    house.logs.mkdir(parents=True, exist_ok=True)
    quiet_runtime()
    settings = Settings()
    if not settings.keys_file.exists() and settings.trial != TRIAL:
        say(f"keys          a new ring of keys: {settings.keys_file} ({add_key(settings.keys_file)})")
    seals = seals_for(settings)
    ways_in = GatewaySettings()
    gateway = f"http://{ways_in.gateway_host}:{ways_in.gateway_port}"
    if house.running("gateway") is None and _taken(ways_in.gateway_port):
        say(f"port {ways_in.gateway_port} is in use: stop what uses it, or set REDRESS_GATEWAY_PORT")
        return 1
    if house.running("server") is None:
        for port in (PORT, UI_PORT):
            if _taken(port):
                say(f"port {port} is in use: stop what uses it, or set TEMPORAL_ADDRESS and run worker.py")
                return 1
        command = server_command(
            PORT, ui_port=UI_PORT, database=house.state / "temporal.db", codec=f"{gateway}/codec"
        )
        house.start("server", command)
    try:
        client = await wait_for_server(f"127.0.0.1:{PORT}", seals=seals)
        await prepare(client)
    except NoServer as error:
        say(f"{error}; its log: {house.logs / 'server.log'}")
        return 1
    if house.running("worker") is None:
        house.start("worker", [sys.executable, "worker.py"])
    if house.running("gateway") is None:
        house.start("gateway", [sys.executable, "-m", "gateway"])
    say(f"Temporal      127.0.0.1:{PORT}   (log: {house.logs / 'server.log'})")
    say(f"its UI        http://127.0.0.1:{UI_PORT}")
    say(f"worker        log: {house.logs / 'worker.log'}")
    say(f"gateway       {gateway}   (log: {house.logs / 'gateway.log'})")
    say(f"  its pages   {gateway}/docs   {gateway}/openapi.json")
    say("  a token     .venv/bin/python starter.py token new NAME --role intake   (docs/gateway.md)")
    say(f"  names in the UI: a token of the role codec, at {gateway}/codec/login   (docs/operators.md)")
    say(f"register      {Settings().database_url}")
    say(f"letters       {Settings().outbox_folder}")
    say("\nReady lists in the UI, with the dates of today (make links: anew):")
    for line in lines(f"http://127.0.0.1:{UI_PORT}", "default", today()):
        say(f"  {line}")
    say("\nTry:  .venv/bin/python starter.py open examples/under-way.json")
    say("End:  make down")
    return 0


def down(house: House) -> int:
    """Stop the gateway, the worker, then the server."""
    if all(house.running(name) is None for name in ("gateway", "worker", "server")):
        say("nothing is running here")
    house.stop("gateway")
    house.stop("worker")
    house.stop("server")
    return 0


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False


if __name__ == "__main__":
    os.umask(0o077)
    at = House(ROOT / Settings().state)
    status = down(at) if sys.argv[1:] == ["down"] else asyncio.run(up(at))
    sys.stdout.flush()
    os._exit(status)
