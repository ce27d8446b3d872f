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
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client

from redress.bootstrap import register_for
from redress.domain.calendar import long_date
from redress.domain.london import london_date
from redress.domain.status import Status
from redress.procedures.loader import procedure
from redress.security.encryption import Cipher, PlaintextCipher
from redress.services import sending
from redress.services.clock import today
from redress.services.migrating import migrate_stores
from redress.services.rehearsal import Walker
from redress.services.timeline import course
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import NoServer, embedded_server, free_port

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".redress" / "demo"


def say(line: str = "") -> None:
    """Print at once, so that the demo shows its progress also through a pipe."""
    print(line, flush=True)  # noqa: T201  # what the demo is for


async def main() -> int:
    """Run the demo; gives the exit status."""
    quiet_runtime()
    shutil.rmtree(PLACE, ignore_errors=True)
    (PLACE / "inbox").mkdir(parents=True)
    migrate_stores(Settings(state=PLACE, register_url="", key_store_url="", outbox=None))
    cipher = PlaintextCipher()  # everybody in it is invented: its UI is there to be read
    ui_port = free_port()
    say("Redress demo: invented complaints on a real Temporal server, kept in .redress/demo")
    try:
        async with embedded_server(
            cipher=cipher, ui_port=ui_port, moves_time=True, log=PLACE / "server.log"
        ) as (address, client):
            say(f"  Temporal at {address}, its UI while the demo runs: http://127.0.0.1:{ui_port}")
            environment = os.environ | {
                "TEMPORAL_ADDRESS": address,
                "REDRESS_STATE": str(PLACE),
                "REDRESS_KEYS": str(PLACE / "no keys"),
                "REDRESS_TRIAL": TRIAL,
                "PYTHONPATH": str(ROOT),
            }
            with open(PLACE / "worker.log", "ab") as log:
                worker = subprocess.Popen(
                    [sys.executable, "worker.py"], cwd=ROOT, env=environment, stderr=log
                )
            try:
                await _three_complaints(client, cipher, environment)
            finally:
                worker.terminate()
                await asyncio.to_thread(worker.wait)
    except NoServer as error:
        say(f"the demo cannot run: {error}")
        return 1
    say("\nDone. Every letter: .redress/demo/outbox. To keep a server, its UI and a worker running: make up")
    return 0


async def _three_complaints(client: Client, cipher: Cipher, environment: dict[str, str]) -> None:
    settings = Settings(state=PLACE, register_url="", outbox=None)
    register = register_for(settings, cipher)

    say("\n=== Three complaints are opened, from the files an intake system would send")
    walked = _starter(environment, "open", str(_received_today("three-stages.json").relative_to(ROOT)))
    loaded = _starter(environment, "open", "examples/under-way.json")
    withdrawn = _starter(environment, "open", "examples/withdrawn.json")
    say(_starter(environment, "list"))

    say(f"=== 1. {walked}: a young person's complaint through all three stages, by moving its own clock")
    walker = Walker(
        client,
        register,
        procedure("statutory", "north-somerset"),
        settings.answer_within,
        lambda line: say(f"  {line}"),
        walked,
    )
    await walker.walk()
    await _show(walker.skipper.client, register, walked, walker)

    say(f"\n=== 2. {loaded}: under way since May and loaded today; nobody gets letters about days long past")
    say(_starter(environment, "show", loaded))
    _letters(loaded)

    say(f"\n=== 3. {withdrawn}: withdrawn")
    say(_starter(environment, "send", withdrawn, "acknowledge"))
    say(_starter(environment, "send", withdrawn, "withdraw", "--set", "reason=It was sorted out."))
    await _show(client, register, withdrawn)


async def _show(client: Client, register: Register, reference: str, walker: Walker | None = None) -> None:
    day = london_date(walker.now) if walker else today()
    status: Status = await sending.status(client, register, reference, day, 30)
    say(f"\n  The course of {reference}:")
    for line in course(status):
        say(f"    {_long(line['on'])}  {line['what']}")
    _letters(reference, expected=sum(letter["state"] == "done" for letter in status["letters"]))


def _letters(reference: str, expected: int = 1) -> None:
    """List the letters that lie in the outbox, and show the last one to the complainant."""
    folder = PLACE / "outbox" / reference
    for _ in range(100):  # letters follow within seconds
        names = {path.name.rsplit("-", 2)[0] for path in folder.glob("*.txt")}
        if len(names) >= expected:
            break
        time.sleep(0.1)
    found = sorted(folder.glob("*.txt"))
    say(f"\n  Its letters ({len(found)}) in .redress/demo/outbox/{reference}:")
    for path in found:
        say(f"    {path.name}")
    to_read = [path for path in found if "-complainant-" in path.name] or found
    if to_read:
        say("\n  The last of them reads:")
        for line in to_read[-1].read_text(encoding="utf-8").splitlines():
            say(f"    | {line}")


def _received_today(name: str) -> Path:
    """A copy of an example that is received today: its clock has not begun to run."""
    opening: dict[str, Any] = json.loads((ROOT / "examples" / name).read_text(encoding="utf-8"))
    copy = PLACE / "inbox" / name
    copy.write_text(json.dumps(opening | {"received_on": today().isoformat()}), encoding="utf-8")
    return copy


def _starter(environment: dict[str, str], *words: str) -> str:
    say(f"  $ python starter.py {' '.join(word if ' ' not in word else repr(word) for word in words)}")
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


def _long(iso: str) -> str:
    return long_date(today().fromisoformat(iso))


if __name__ == "__main__":
    os.umask(0o077)
    started = time.monotonic()
    status = asyncio.run(main())
    say(f"(took {timedelta(seconds=round(time.monotonic() - started))})")
    sys.stdout.flush()
    os._exit(status)
