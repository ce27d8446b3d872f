"""`make demo`: real complaints on a real Temporal server, from nothing, ending by itself.

One is walked through all three stages by moving its own clock, one is loaded under way and overdue,
one is withdrawn, and one has its answer approved before it leaves. Each one's dated course is printed, and a
letter it caused.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from datetime import date, timedelta
from subprocess import PIPE

from temporalio.client import Client

from redress.bootstrap import activities_for, running_workers
from redress.domain.calendar import long_date
from redress.exit import leave
from redress.procedures.loader import procedure
from redress.security.encryption import PlaintextCipher
from redress.services.clock import today
from redress.services.documents import Documents
from redress.services.migrating import migrate_stores
from redress.services.rehearsal import Simulation
from redress.services.timeline import timeline
from redress.settings import TRIAL, Settings
from redress.store.register import Register
from redress.temporal.client import quiet_runtime
from redress.temporal.embedded import NoServer, embedded_server, free_port
from scripts.devserver import ROOT

FOLDER = ROOT / ".redress" / "demo"


async def main() -> int:
    """Run the demo; gives the exit status."""
    quiet_runtime()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    settings = Settings(state=FOLDER, register_url="", key_store_url="", outbox=None)
    migrate_stores(settings)
    activities = activities_for(settings, PlaintextCipher())  # everybody in it is invented
    ui_port = free_port()
    print("Redress demo: invented complaints on a real Temporal server, kept in .redress/demo")
    try:
        async with embedded_server(ui_port=ui_port, moves_time=True, log=FOLDER / "server.log") as (
            address,
            client,
        ):
            print(f"  Temporal at {address}, its UI while the demo runs: http://127.0.0.1:{ui_port}")
            os.environ |= {
                "TEMPORAL_ADDRESS": address,
                "REDRESS_STATE": str(FOLDER),
                "REDRESS_KEYS": str(FOLDER / "no keys"),
                "REDRESS_TRIAL": TRIAL,
                "REDRESS_OUTBOX_PDF": "all",
                "COLUMNS": "110",
            }
            async with running_workers(client, activities, settings):
                await _four_complaints(client, activities.register, Documents(activities.register, settings))
    except NoServer as error:
        print(f"the demo cannot run: {error}")
        return 1
    print(
        "\nDone. Every letter: .redress/demo/outbox. To keep a server, its UI and a worker running: make up"
    )
    return 0


async def _four_complaints(client: Client, register: Register, documents: Documents) -> None:
    print("\n=== Four complaints are opened, from the files an intake system would send")
    walked = await _starter("open", _received_today("three-stages.json"))
    loaded = await _starter("open", "examples/under-way.json")
    withdrawn = await _starter("open", "examples/withdrawn.json")
    drafted = await _starter("open", _received_today("withdrawn.json", source_id="example-0009"))
    print(await _starter("list"))

    print(f"=== 1. {walked}: a young person's complaint through all three stages, by moving its own clock")
    rules = procedure("statutory", "north-somerset")
    life = Simulation(client, register, rules, walked, lambda line: print(f"  {line}"), documents)
    status = await life.run()
    print(f"\n  The course of {walked}:")
    for entry in timeline(status):
        print(f"    {long_date(date.fromisoformat(entry['on']))}  {entry['what']}")
    await _print_letters(walked, expected=sum(letter["state"] == "done" for letter in status["letters"]))

    print(
        f"\n=== 2. {loaded}: under way since May and loaded today; nobody gets letters about days long past"
    )
    print(await _starter("show", loaded))
    await _print_letters(loaded)

    print(f"\n=== 3. {withdrawn}: withdrawn")
    print(await _starter("send", withdrawn, "acknowledge"))
    print(await _starter("send", withdrawn, "withdraw", "--set", "reason=It was sorted out."))
    print(await _starter("show", withdrawn))
    await _print_letters(withdrawn)

    print(f"\n=== 4. {drafted}: an answer is drafted, edited, approved and posted, and counts from then")
    await _approve_a_draft(drafted)


async def _approve_a_draft(reference: str) -> None:
    """An answer by one person, approved by another: no limit is met before its letter has left."""
    said = ("outcome=upheld", "summary=Nobody rang you back.", "letter=draft", "by=Team manager (invented)")
    print(await _starter("send", reference, "respond", *said))
    mark = ""
    for _ in range(100):  # the register follows within seconds
        listed = json.loads(await _starter("letters", reference, "--state", "draft", "--json", quiet=True))
        mark = next((line["mark"] for line in listed if line["to"] == "complainant"), "")
        if mark:
            break
        await asyncio.sleep(0.1)
    print(await _starter("letters", reference))
    await _starter("letters", "edit", mark, "--set", "summary=Nobody rang you back. We are sorry.")
    for line in (await _starter("letters", "show", mark)).splitlines():
        print(f"    | {line}")
    print(await _starter("letters", "approve", mark, "--by", "Complaints manager (invented)"))
    for _ in range(100):
        if (FOLDER / "outbox" / reference).is_dir() and [
            *(FOLDER / "outbox" / reference).glob("*-stage_1_response-complainant-*")
        ]:
            break
        await asyncio.sleep(0.1)
    print("  It lies in the folder; somebody posts it:")
    print(await _starter("letters", "done", mark, "--on", today().isoformat()))
    print(await _starter("show", reference))


async def _print_letters(reference: str, expected: int = 1) -> None:
    """List the letters that lie in the outbox, and show the last one to the complainant."""
    folder = FOLDER / "outbox" / reference
    for _ in range(100):  # letters follow within seconds
        if len({path.name.rsplit("-", 2)[0] for path in folder.glob("*.txt")}) >= expected:
            break
        await asyncio.sleep(0.1)
    letters = sorted(folder.glob("*.txt"))
    print(f"\n  Its letters ({len(letters)}) in .redress/demo/outbox/{reference}:")
    for letter in letters:
        print(f"    {letter.name}")
    to_read = [letter for letter in letters if "-complainant-" in letter.name] or letters
    for letter in to_read[-1:]:
        print("\n  The last of them reads:")
        for line in letter.read_text(encoding="utf-8").splitlines():
            print(f"    | {line}")


def _received_today(name: str, **more: str) -> str:
    """A copy of an example that is received today: its clock has not begun to run."""
    opening = json.loads((ROOT / "examples" / name).read_text(encoding="utf-8"))
    copy = FOLDER / f"{len([*FOLDER.glob('*.json')])}-{name}"
    copy.write_text(json.dumps(opening | {"received_on": today().isoformat()} | more), encoding="utf-8")
    return str(copy.relative_to(ROOT))


async def _starter(*words: str, quiet: bool = False) -> str:
    """Run a command as anybody would; gives what it prints. `quiet`: nobody need see that it was run."""
    if not quiet:
        print(f"  $ python starter.py {' '.join(word if ' ' not in word else repr(word) for word in words)}")
    command = [sys.executable, "starter.py", *words]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"starter.py {words[0]} ended with {process.returncode}: {errors.decode()}")
    return output.decode().rstrip()


if __name__ == "__main__":
    os.umask(0o077)
    started = time.monotonic()
    status = asyncio.run(main())
    print(f"(took {timedelta(seconds=round(time.monotonic() - started))})")
    leave(status)
