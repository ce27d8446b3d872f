"""`make demo`: real complaints on a real Temporal server, from nothing, ending by itself.

One is walked through all three stages by moving its own clock, one is loaded under way and overdue,
one is withdrawn. Each one's dated course is printed, and a letter it caused.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client

from redress.bootstrap import register_for
from redress.domain.calendar import long_date
from redress.domain.london import london_date
from redress.domain.status import Status
from redress.exit import leave
from redress.procedures.loader import procedure
from redress.security.encryption import Cipher, PlaintextCipher
from redress.services import sending
from redress.services.clock import today
from redress.services.migrating import migrate_stores
from redress.services.rehearsal import Simulation
from redress.services.timeline import timeline
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import NoServer, embedded_server, free_port
from scripts.devserver import ROOT, WORKER

FOLDER = ROOT / ".redress" / "demo"


async def main() -> int:
    """Run the demo; gives the exit status."""
    quiet_runtime()
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "inbox").mkdir(parents=True)
    migrate_stores(Settings(state=FOLDER, register_url="", key_store_url="", outbox=None))
    cipher = PlaintextCipher()  # everybody in it is invented: its UI is there to be read
    ui_port = free_port()
    print("Redress demo: invented complaints on a real Temporal server, kept in .redress/demo")
    try:
        async with embedded_server(
            cipher=cipher, ui_port=ui_port, moves_time=True, log=FOLDER / "server.log"
        ) as (address, client):
            print(f"  Temporal at {address}, its UI while the demo runs: http://127.0.0.1:{ui_port}")
            environment = os.environ | {
                "TEMPORAL_ADDRESS": address,
                "REDRESS_STATE": str(FOLDER),
                "REDRESS_KEYS": str(FOLDER / "no keys"),
                "REDRESS_TRIAL": TRIAL,
                "PYTHONPATH": str(ROOT),
            }
            with open(FOLDER / "worker.log", "ab") as log:
                worker = subprocess.Popen(WORKER, cwd=ROOT, env=environment, stderr=log)
            try:
                await _three_complaints(client, cipher, environment)
            finally:
                worker.terminate()
                await asyncio.to_thread(worker.wait)
    except NoServer as error:
        print(f"the demo cannot run: {error}")
        return 1
    print(
        "\nDone. Every letter: .redress/demo/outbox. To keep a server, its UI and a worker running: make up"
    )
    return 0


async def _three_complaints(client: Client, cipher: Cipher, environment: dict[str, str]) -> None:
    settings = Settings(state=FOLDER, register_url="", outbox=None)
    register = register_for(settings, cipher)

    print("\n=== Three complaints are opened, from the files an intake system would send")
    walked = _starter(environment, "open", str(_received_today("three-stages.json").relative_to(ROOT)))
    loaded = _starter(environment, "open", "examples/under-way.json")
    withdrawn = _starter(environment, "open", "examples/withdrawn.json")
    print(_starter(environment, "list"))

    print(f"=== 1. {walked}: a young person's complaint through all three stages, by moving its own clock")
    rules = procedure("statutory", "north-somerset")
    simulation = Simulation(client, register, rules, walked, progress=lambda line: print(f"  {line}"))
    await simulation.run()
    await _print_timeline(simulation.client, register, walked, simulation)

    print(
        f"\n=== 2. {loaded}: under way since May and loaded today; nobody gets letters about days long past"
    )
    print(_starter(environment, "show", loaded))
    _print_letters(loaded)

    print(f"\n=== 3. {withdrawn}: withdrawn")
    print(_starter(environment, "send", withdrawn, "acknowledge"))
    print(_starter(environment, "send", withdrawn, "withdraw", "--set", "reason=It was sorted out."))
    await _print_timeline(client, register, withdrawn)


async def _print_timeline(
    client: Client, register: Register, reference: str, simulation: Simulation | None = None
) -> None:
    day = london_date(simulation.now) if simulation else today()
    status: Status = await sending.status(client, register, reference, day, 30)
    print(f"\n  The course of {reference}:")
    for line in timeline(status):
        print(f"    {long_date(date.fromisoformat(line['on']))}  {line['what']}")
    _print_letters(reference, expected=sum(letter["state"] == "done" for letter in status["letters"]))


def _print_letters(reference: str, expected: int = 1) -> None:
    """List the letters that lie in the outbox, and show the last one to the complainant."""
    folder = FOLDER / "outbox" / reference
    for _ in range(100):  # letters follow within seconds
        names = {path.name.rsplit("-", 2)[0] for path in folder.glob("*.txt")}
        if len(names) >= expected:
            break
        time.sleep(0.1)
    found = sorted(folder.glob("*.txt"))
    print(f"\n  Its letters ({len(found)}) in .redress/demo/outbox/{reference}:")
    for path in found:
        print(f"    {path.name}")
    to_read = [path for path in found if "-complainant-" in path.name] or found
    if to_read:
        print("\n  The last of them reads:")
        for line in to_read[-1].read_text(encoding="utf-8").splitlines():
            print(f"    | {line}")


def _received_today(name: str) -> Path:
    """A copy of an example that is received today: its clock has not begun to run."""
    opening: dict[str, Any] = json.loads((ROOT / "examples" / name).read_text(encoding="utf-8"))
    copy = FOLDER / "inbox" / name
    copy.write_text(json.dumps(opening | {"received_on": today().isoformat()}), encoding="utf-8")
    return copy


def _starter(environment: dict[str, str], *words: str) -> str:
    print(f"  $ python starter.py {' '.join(word if ' ' not in word else repr(word) for word in words)}")
    done = subprocess.run(
        [sys.executable, "starter.py", *words],
        cwd=ROOT,
        env=environment | {"COLUMNS": "110"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"starter.py {words[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout.rstrip()


if __name__ == "__main__":
    os.umask(0o077)
    started = time.monotonic()
    status = asyncio.run(main())
    print(f"(took {timedelta(seconds=round(time.monotonic() - started))})")
    leave(status)
