"""`make up` and `make down`: the embedded server with its UI, a worker and the API, left running.

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
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import ValidationError
from temporalio.service import RPCError

from redress.api.settings import ApiSettings
from redress.bootstrap_keys import cipher_for
from redress.security.encryption import Cipher
from redress.security.keyring import KeyringError, add_key
from redress.services.clock import today
from redress.services.links import lines
from redress.services.migrating import migrate_stores
from redress.settings import TRIAL
from redress.temporal.client import connect, quiet_runtime, where
from redress.temporal.embedded import server_command, wait_for_server
from redress.temporal.namespace import prepare
from tools.processes import ROOT, Processes

LOOPBACK = {"127.0.0.1", "localhost"}

PORT, UI_PORT, API_PORT = 7233, 8233, ApiSettings.model_fields["api_port"].default
"""Where the server, its UI and the API are unless a setting says otherwise."""


class CannotStart(RuntimeError):
    """Says what stands in the way, and what would help."""


class Ports(NamedTuple):
    """Where the parts listen, all on the loopback."""

    server: int
    ui: int
    api: int


def say(line: str) -> None:
    """Print for whoever typed the command."""
    print(line, flush=True)  # noqa: T201  # what the command is for


def ports_of(settings: ApiSettings) -> Ports:
    """The ports that the settings name. Raises `CannotStart` where one names another machine."""
    server = _here("TEMPORAL_ADDRESS", f"//{where()}", f"127.0.0.1:{PORT}", PORT)
    ui = _here("REDRESS_UI", settings.ui, f"http://127.0.0.1:{UI_PORT}", 80)
    ports = Ports(server, ui, settings.api_port)
    if len(set(ports)) < len(ports):
        raise CannotStart(
            "TEMPORAL_ADDRESS, REDRESS_UI and REDRESS_API_PORT have to be three different ports"
        )
    return ports


def _here(setting: str, address: str, example: str, otherwise: int) -> int:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or otherwise
    except ValueError:
        host, port = None, otherwise
    if host not in LOOPBACK:
        raise CannotStart(
            f"{setting} is {address.removeprefix('//')}: make up starts what runs on this machine alone, "
            f"such as {example}. For a Temporal elsewhere run worker.py (docs/operating.md)"
        )
    return port


def _free(name: str, port: int, setting: str) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return
    raise CannotStart(
        f"port {port}, for {name}, is in use: stop what uses it (make down, docker compose down), "
        f"or set {setting}"
    )


async def up(processes: Processes, settings: ApiSettings) -> None:
    """Start what does not run yet and say where to look. Raises `CannotStart` and what it is made of."""
    ports = ports_of(settings)
    if processes.running("server") is None:
        _free("Temporal", ports.server, "TEMPORAL_ADDRESS, such as 127.0.0.1:17233")
        _free("its UI", ports.ui, "REDRESS_UI, such as http://127.0.0.1:18233")
    if processes.running("api") is None:
        _free("the API", ports.api, "REDRESS_API_PORT, such as 18400")
    if not settings.keys_file.exists() and settings.trial != TRIAL:
        say(f"keys          a new ring of keys: {settings.keys_file} ({add_key(settings.keys_file)})")
    migrate_stores(settings, settings.store_url)
    api = f"http://{settings.api_host}:{ports.api}"
    await _started(processes, settings, ports, cipher_for(settings), api)
    _say_where(processes, settings, ports, api)


async def _started(
    processes: Processes, settings: ApiSettings, ports: Ports, cipher: Cipher, api: str
) -> None:
    if processes.running("server") is None:
        database = ROOT / settings.state / "temporal.db"
        processes.start(
            "server",
            server_command(ports.server, ui_port=ports.ui, database=database, codec=f"{api}/codec"),
        )
    await processes.listening("server", ports.server)
    await wait_for_server(f"127.0.0.1:{ports.server}", cipher=cipher)
    client = await connect(cipher)
    await prepare(client)
    if processes.running("worker") is None:
        processes.start("worker", [sys.executable, "worker.py"])
    if processes.running("api") is None:
        origins = [f"http://{host}:{ports.ui}" for host in sorted(LOOPBACK)]
        processes.start(
            "api", [sys.executable, "-m", "redress.api"], {"REDRESS_CODEC_ORIGINS": json.dumps(origins)}
        )
    await processes.listening("api", ports.api)
    processes.check("worker")


def _say_where(processes: Processes, settings: ApiSettings, ports: Ports, api: str) -> None:
    ui = f"http://127.0.0.1:{ports.ui}"
    say(f"Temporal      127.0.0.1:{ports.server}   (log: {processes.log('server')})")
    say(f"its UI        {ui}")
    say(f"worker        log: {processes.log('worker')}")
    say(f"api       {api}   (log: {processes.log('api')})")
    say(f"  its pages   {api}/docs   {api}/openapi.json")
    say("  a token     .venv/bin/python starter.py token new NAME --role intake   (docs/api.md)")
    if settings.trial != TRIAL:
        say(f"  names in the UI: a token of the role codec, at {api}/codec/login   (docs/operators.md)")
    say(f"register      {settings.database_url}")
    say(f"letters       {settings.outbox_folder}")
    say("\nReady lists in the UI, with the dates of today (make links: anew):")
    for line in lines(ui, os.environ.get("TEMPORAL_NAMESPACE", "default"), today()):
        say(f"  {line}")
    if ports != (PORT, UI_PORT, API_PORT):
        said = f"TEMPORAL_ADDRESS=127.0.0.1:{ports.server} REDRESS_UI={ui} REDRESS_API_PORT={ports.api}"
        say(f"\nNot the usual ports. Wherever you type commands:  export {said}")
    say("\nTry:  .venv/bin/python starter.py open examples/under-way.json")
    say("End:  make down")


def down(processes: Processes) -> None:
    """Stop the API, the worker, then the server."""
    names = ("api", "worker", "server")
    if all(processes.running(name) is None for name in names):
        say("nothing is running here")
    for name in names:
        if processes.stop(name):
            say(f"{name} stopped")


def main(words: list[str]) -> int:
    """Do what the word says: `up`, else `down`; gives the exit status."""
    os.umask(0o077)  # whatever lies in the state folder names people
    quiet_runtime()
    try:
        settings = ApiSettings()
        processes = Processes(ROOT / settings.state)
        if words == ["down"]:
            down(processes)
        else:
            asyncio.run(up(processes, settings))
    except ValidationError as error:
        for each in error.errors():
            sys.stderr.write(f"REDRESS_{str(each['loc'][0]).upper()}: {each['msg']}\n")
        return 2
    except BrokenPipeError:  # whoever read along has seen enough
        sys.stdout = sys.stderr
    except (RuntimeError, KeyringError, RPCError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
